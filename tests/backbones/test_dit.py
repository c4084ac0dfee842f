import pytest
import torch

from evenflow.backbones.dit import REFERENCE_TIME, SIZES, DiT, DiTConfig
from evenflow.backbones.text import TextAdapter, TextEncoder
from evenflow.backbones.words import BEGIN, PADDING, Words
from evenflow.core.contracts import AttentionSpec
from evenflow.layers import masks, positions, remember

SMALL = DiTConfig(
    channels=3, width=24, layers=3, heads=2, axes=(4, 4, 4), vocabulary=20, text_width=16,
    registers=2, actions=5, camera=6,
)  # fmt: skip


def a_net(seed=0, config=SMALL):
    """A network whose gates are open, or nothing could be told about it."""
    torch.manual_seed(seed)
    net = DiT(config)
    for part in net.parameters():
        if part.abs().max() == 0:
            torch.nn.init.normal_(part, std=0.3)
    return net.eval()


def an_input(frames=6, batch=2, seed=1):
    g = torch.Generator().manual_seed(seed)

    def randn(*shape):
        return torch.randn(*shape, generator=g)

    x, level = randn(batch, 3, frames, 4, 4), torch.rand(batch, frames, generator=g)
    cond = {
        "text": torch.randint(2, 20, (batch, 4), generator=g),
        "keyframes": randn(batch, 2, 3, 4, 4),
        "keyframe_times": torch.tensor([5.0, REFERENCE_TIME]),
        "actions": randn(batch, frames, 5),
        "camera": randn(batch, 6, frames, 4, 4),
    }
    return x, level, cond


def part_of(cond, a, b):
    return {
        **cond,
        "actions": cond["actions"][:, a:b],
        "camera": cond["camera"][:, :, a:b],
    }


def test_a_new_network_says_nothing_and_its_blocks_change_nothing():
    torch.manual_seed(0)
    net = DiT(SMALL)
    x, level, cond = an_input()
    assert net(x, level, cond)[0].abs().max() == 0
    seen = []
    net.blocks[0].register_forward_pre_hook(lambda m, args: seen.append(args[0]))
    net.blocks[-1].register_forward_hook(lambda m, args, out: seen.append(out[0]))
    net(x, level, cond)
    assert torch.equal(seen[0], seen[1])


@pytest.mark.parametrize("size", [1, 2, 3])
@torch.no_grad()
def test_blocks_with_a_cache_are_the_whole_at_once(size):
    net, (x, level, cond) = a_net(), an_input(frames=6)
    spec = AttentionSpec(masks.block_causal(size), remember=remember.everything())
    whole, _ = net(x, level, cond, spec=spec)
    state, parts = None, []
    for a in range(0, 6, size):
        b = a + size
        made, state = net(x[:, :, a:b], level[:, a:b], part_of(cond, a, b), state, spec=spec)
        parts.append(made)
    assert (torch.cat(parts, dim=2) - whole).abs().max() < 1e-5
    assert whole.abs().max() > 0.1 and state.num_frames == 6


@torch.no_grad()
def test_a_window_of_the_cache_is_a_window_of_the_mask():
    net, (x, level, cond) = a_net(), an_input(frames=6)
    del cond["keyframes"], cond["keyframe_times"]
    whole, _ = net(x, level, cond, spec=AttentionSpec(masks.windowed(2, causal=True)))
    spec = AttentionSpec(masks.causal(), remember=remember.window(2))
    state, parts = None, []
    for a in range(6):
        made, state = net(
            x[:, :, a : a + 1], level[:, a : a + 1], part_of(cond, a, a + 1), state, spec=spec
        )
        parts.append(made)
    assert (torch.cat(parts, dim=2) - whole).abs().max() < 1e-5


@torch.no_grad()
def test_a_state_is_a_value_that_can_be_used_twice():
    net, (x, level, cond) = a_net(), an_input(frames=4)
    spec = AttentionSpec(masks.block_causal(2), remember=remember.everything())
    _, state = net(x[:, :, :2], level[:, :2], part_of(cond, 0, 2), spec=spec)
    first, _ = net(x[:, :, 2:], level[:, 2:], part_of(cond, 2, 4), state, spec=spec)
    again, _ = net(x[:, :, 2:], level[:, 2:], part_of(cond, 2, 4), state, spec=spec)
    assert torch.equal(first, again) and state.num_frames == 2


@pytest.mark.parametrize(
    ("builder", "sees"),
    [
        (masks.full(), lambda i, j: True),
        (masks.causal(), lambda i, j: j <= i),
        (masks.block_causal(2), lambda i, j: j // 2 <= i // 2),
        (masks.spatial(), lambda i, j: i == j),
    ],
)
def test_frames_hear_frames_as_the_mask_says_and_no_others(builder, sees):
    net, (x, level, cond) = a_net(), an_input(frames=4, batch=1)
    x = x.requires_grad_()
    out, _ = net(x, level, cond, spec=AttentionSpec(builder))
    for i in range(4):
        gradient = torch.autograd.grad(out[:, :, i].sum(), x, retain_graph=True)[0]
        heard = gradient.abs().amax(dim=(0, 1, 3, 4)) > 0
        assert heard.tolist() == [sees(i, j) for j in range(4)]


@torch.no_grad()
def test_frames_that_are_added_later_change_nothing_before():
    net, (x, level, cond) = a_net(), an_input(frames=6)
    spec = AttentionSpec(masks.causal())
    whole, _ = net(x, level, cond, spec=spec)
    short, _ = net(x[:, :, :4], level[:, :4], part_of(cond, 0, 4), spec=spec)
    assert torch.allclose(whole[:, :, :4], short, atol=1e-6)


@torch.no_grad()
def test_every_level_is_that_of_its_own_frame():
    net, (x, level, cond) = a_net(), an_input(frames=4, batch=1)
    spec = AttentionSpec(masks.spatial())
    before, _ = net(x, level, cond, spec=spec)
    level = level.clone()
    level[:, 2] = 1 - level[:, 2]
    after, _ = net(x, level, cond, spec=spec)
    changed = (after - before).abs().amax(dim=(0, 1, 3, 4)) > 1e-6
    assert changed.tolist() == [False, False, True, False]


@pytest.mark.parametrize("name", ["text", "keyframes", "actions", "camera"])
@torch.no_grad()
def test_every_condition_is_heard_and_may_be_absent(name):
    net, (x, level, cond) = a_net(), an_input()
    with_it, _ = net(x, level, cond)
    less = {k: v for k, v in cond.items() if k not in (name, f"{name[:-1]}_times")}
    without, _ = net(x, level, less)
    assert (with_it - without).abs().max() > 1e-4


@pytest.mark.parametrize("name", ["text", "keyframes", "actions", "camera"])
@torch.no_grad()
def test_some_clips_may_ask_and_others_not(name):
    net, (x, level, cond) = a_net(), an_input(batch=2)
    x, level = x[:1].repeat(2, 1, 1, 1, 1), level[:1].repeat(2, 1)
    cond = {
        k: v if k == "keyframe_times" else v[:1].repeat_interleave(2, 0) for k, v in cond.items()
    }
    other = {**cond, name: torch.cat([cond[name][:1], cond[name][:1].flip(1)])}
    who = {"asked": {name: torch.tensor([True, False])}}
    made, _ = net(x, level, {**cond, **who})
    same, _ = net(x, level, {**other, **who})
    assert torch.allclose(made[1], same[1], atol=1e-6)  # what is not asked for is not heard
    assert not torch.allclose(made[0], made[1], atol=1e-4)
    assert torch.allclose(made[0], net(x, level, cond)[0][0], atol=1e-6)


@torch.no_grad()
def test_a_clip_does_not_depend_on_its_batch():
    net, (x, level, cond) = a_net(), an_input(batch=3)
    together, _ = net(x, level, cond)
    one = {k: v if k == "keyframe_times" else v[1:2] for k, v in cond.items()}
    alone, _ = net(x[1:2], level[1:2], one)
    assert torch.allclose(together[1:2], alone, atol=1e-5)


@torch.no_grad()
def test_a_window_far_along_is_like_one_at_the_start():
    net, (x, level, cond) = a_net(), an_input(frames=4)
    del cond["keyframes"], cond["keyframe_times"]
    spec = AttentionSpec(masks.full(), positions.from_window_start(), remember=lambda *_: None)
    first, state = net(x, level, cond, spec=spec)
    far = type(state)(state.layers, 1000)
    bare = {k: v for k, v in cond.items() if k != "text"}
    here, _ = net(x, level, bare, type(state)(state.layers, 0), spec=spec)
    there, _ = net(x, level, bare, far, spec=spec)
    assert torch.allclose(here, there, atol=1e-5) and not torch.allclose(here, first)


@torch.no_grad()
def test_half_precision_is_close():
    net, (x, level, cond) = a_net(), an_input()
    whole, _ = net(x, level, cond)
    with torch.autocast("cpu", torch.bfloat16):
        half, _ = net(x, level, cond)
    assert (half.float() - whole).abs().mean() < 0.05 * whole.abs().mean()


def test_all_weights_learn():
    net, (x, level, cond) = a_net(), an_input()
    net(x, level, cond)[0].square().sum().backward()
    idle = [n for n, p in net.named_parameters() if p.grad is None or p.grad.abs().max() == 0]
    assert idle == ["no_actions"]  # actions were given


def test_shapes_that_do_not_fit_are_told():
    net, (x, level, cond) = a_net(), an_input()
    with pytest.raises(ValueError, match=r"takes latents \(b, 3, t, h, w\), got \(2, 2"):
        net(x[:, :2], level, cond)
    with pytest.raises(ValueError, match="a level for each of 2 clips and 6"):
        net._checked(x, level[:, :1], cond)  # shapes in annotations are checked in tests alone
    with pytest.raises(ValueError, match="takes actions"):
        net(x, level, {"actions": cond["actions"][:, :3]})
    with pytest.raises(ValueError, match="give both or neither"):
        net(x, level, {"keyframes": cond["keyframes"]})
    with pytest.raises(ValueError, match="1 latent frame"):
        DiTConfig(patch=(2, 2, 2))


def test_sizes_are_about_as_large_as_they_say():
    with torch.device("meta"):
        counts = {name: DiT(config).num_weights / 1e6 for name, config in SIZES.items()}
    assert 0.4 < counts["nano"] < 0.9
    assert 12 < counts["pocket"] < 16 and 20 < counts["pocket-m"] < 26


WORDS = Words(("a", "red", "ball", "rolls", "left-hand", ",", "0", ".", "5"), length=8)


def test_words_become_numbers_and_come_back():
    made = WORDS.encode(["A red ball , rolls", "a"])
    assert made[0, 0] == BEGIN and made[1].tolist() == [BEGIN, 2, *[PADDING] * 6]
    assert WORDS.decode(made[0]) == "a red ball , rolls"
    assert WORDS.decode(WORDS.encode(["left-hand 0.5"])[0]) == "left-hand 0 . 5"
    with pytest.raises(ValueError, match="does not know the word 'bal': nearest are ball"):
        WORDS.encode(["a bal"])
    with pytest.raises(ValueError, match="7 words at most, got 8"):
        WORDS.encode(["a " * 8])
    with pytest.raises(ValueError, match="every word once"):
        Words(("a", "a"))


@torch.no_grad()
def test_padding_is_not_read():
    encoder = TextEncoder(WORDS.size, width=16, heads=2, out=12)
    short = encoder(Words(WORDS.vocabulary, length=4).encode(["a red ball"]))
    padded = encoder(WORDS.encode(["a red ball"]))
    assert torch.allclose(padded[:, :4], short, atol=1e-6) and padded[:, 4:].abs().max() == 0
    other = encoder(WORDS.encode(["ball red a"]))
    assert not torch.allclose(other[:, 1], padded[:, 3], atol=1e-3)  # order is heard
    assert TextAdapter(16, 12)(torch.zeros(1, 3, 16)).abs().max() == 0
