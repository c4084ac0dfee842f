import pytest
import torch

from evenflow.core.contracts import AttentionSpec, KeyValues, Site, Tokens
from evenflow.layers import masks, patches, positions, remember, rotary, waves
from evenflow.layers.attention import Attention, attend
from evenflow.layers.feedforward import SwiGLU

torch.manual_seed(0)
BUILDERS = {
    "full": masks.full(),
    "spatial": masks.spatial(),
    "same_position": masks.same_position(),
    "causal": masks.causal(),
    "block_causal": masks.block_causal(2),
    "windowed": masks.windowed(1),
    "window_causal": masks.windowed(1, causal=True),
    "sparse_causal": masks.sparse_causal(),
}


def some_tokens(frames=4, rows=2, columns=2, text=2, keyframes=1, start=0.0):
    """Text, one register, keyframes and video, in this order."""
    grid = patches.places((frames, rows, columns), start=start)
    slot = patches.places((1, rows, columns), start=2.5)
    prefix = torch.full((text + 1, 3), -1.0)
    place = torch.cat([prefix, *[slot] * keyframes, grid])
    role = torch.tensor(
        [masks.TEXT] * text
        + [masks.REGISTER]
        + [masks.KEYFRAME] * (keyframes * rows * columns)
        + [masks.VIDEO] * len(grid)
    )
    return Tokens(place, role, torch.full_like(role, -1), torch.zeros(len(role)))


def expected(name, query, key):
    """Whether a query sees a key, one pair at a time, from the sentences of the module."""
    (tq, rq, cq), (tk, rk, ck) = query[1], key[1]
    prefix = key[0] in (masks.TEXT, masks.REGISTER)
    if query[0] in (masks.TEXT, masks.REGISTER):
        return prefix
    if prefix or key[0] == masks.KEYFRAME:
        return True
    if query[0] == masks.KEYFRAME:
        return False
    return {
        "full": True,
        "spatial": tq == tk,
        "same_position": (rq, cq) == (rk, ck),
        "causal": tk <= tq,
        "block_causal": tk // 2 <= tq // 2,
        "windowed": abs(tq - tk) <= 1,
        "window_causal": tq - 1 <= tk <= tq,
        "sparse_causal": tk == 0 or tk == max(tq - 1, 0),
    }[name]


@pytest.mark.parametrize("name", BUILDERS)
def test_masks_are_what_their_sentences_say(name):
    tokens = some_tokens()
    each = list(zip(tokens.role.tolist(), tokens.place.tolist(), strict=True))
    made = BUILDERS[name](tokens, tokens)
    wanted = [[expected(name, q, k) for k in each] for q in each]
    assert made.tolist() == wanted
    assert made.any(dim=1).all()  # nobody sees nothing


@pytest.mark.parametrize("name", BUILDERS)
def test_attention_is_the_plain_sum(name):
    tokens = some_tokens()
    mask = BUILDERS[name](tokens, tokens)
    q, k, v = torch.randn(3, 2, 3, len(tokens.role), 8, dtype=torch.float64)
    made = attend(q, k, v, mask)
    for i in range(len(tokens.role)):
        see = mask[i]
        logit = (q[:, :, i, None] * k[:, :, see]).sum(-1) / 8**0.5
        share = logit.exp() / logit.exp().sum(-1, keepdim=True)
        assert torch.allclose(made[:, :, i], (share[..., None] * v[:, :, see]).sum(2), atol=1e-12)


@pytest.mark.parametrize("name", BUILDERS)
def test_what_is_not_seen_has_no_influence(name):
    tokens = some_tokens()
    layer = Attention(24, 2, (4, 4, 4)).double()
    x = torch.randn(1, len(tokens.role), 24, dtype=torch.float64)
    spec = AttentionSpec(mask=BUILDERS[name])
    jacobian = torch.autograd.functional.jacobian(
        lambda y: layer(y, tokens, spec=spec)[0].sum(dim=-1)[0], x
    )[:, 0].abs().sum(-1)  # (query, key)  # fmt: skip
    itself = torch.eye(len(tokens.role), dtype=torch.bool)  # by its query, whatever it sees
    assert ((jacobian > 1e-12) == (BUILDERS[name](tokens, tokens) | itself)).all()


def test_rotation_keeps_length_and_knows_differences_alone():
    axes = (4, 6, 6)
    q, k = torch.randn(2, 1, 1, 1, 16, dtype=torch.float64)
    a, b = torch.randn(2, 1, 3)
    far = torch.tensor([[40.0, -3.0, 7.5]])

    def product(first, second):
        turn = [rotary.angles(p, axes).double() for p in (first, second)]
        return (rotary.rotate(q, turn[0]) * rotary.rotate(k, turn[1])).sum()

    assert torch.allclose(rotary.rotate(q, rotary.angles(a, axes).double()).norm(), q.norm())
    assert torch.allclose(product(a, b), product(a + far, b + far), atol=1e-5)
    assert not torch.allclose(product(a, b), product(a, b + far), atol=1e-3)
    with pytest.raises(ValueError, match="even widths"):
        rotary.angles(a, (3, 6, 7))


@pytest.mark.parametrize("patch", [(1, 1, 1), (1, 2, 2), (3, 2, 4)])
def test_patches_come_back(patch):
    x = torch.randn(2, 5, 6, 4, 8)
    tokens = patches.patchify(x, patch)
    assert torch.equal(patches.unpatchify(tokens, (6, 4, 8), patch), x)
    place = patches.places(patches.grid((6, 4, 8), patch))
    assert len(place) == tokens.shape[1]
    assert place[1].tolist() == ([0, 0, 1] if patch[2] < 8 else [0, 1, 0])
    with pytest.raises(ValueError, match="7 latent rows"):
        patches.patchify(torch.randn(1, 5, 6, 7, 8), (1, 2, 2))


def test_keys_that_were_kept_are_as_good_as_new():
    tokens, layer = some_tokens(frames=4), Attention(24, 2, (4, 4, 4))
    x = torch.randn(2, len(tokens.role), 24)
    spec = AttentionSpec(masks.causal(), remember=remember.everything())
    whole, _ = layer(x, tokens, spec=spec)
    kept, parts = None, []
    for part in torch.arange(len(tokens.role)).split([7, 4, 8, 4]):
        some = Tokens(tokens.place[part], tokens.role[part], tokens.event[part], tokens.level[part])
        made, kept = layer(x[:, part], some, kept, spec=spec)
        parts.append(made)
    assert torch.allclose(torch.cat(parts, dim=1), whole, atol=1e-6)


def a_past(frames):
    tokens = some_tokens(frames=frames)
    n = len(tokens.role)
    return KeyValues(torch.randn(1, 2, n, 4), torch.randn(1, 2, n, 4), tokens)


def test_a_window_keeps_the_last_frames_the_sinks_and_the_prefix():
    past = a_past(6)
    kept = remember.window(2, sinks=1)(None, past, Site(0, "all"))
    video = kept.tokens.role == masks.VIDEO
    assert sorted(set(kept.tokens.place[video, 0].tolist())) == [0, 4, 5]
    assert int((~video).sum()) == int((past.tokens.role != masks.VIDEO).sum())
    assert kept.keys.shape[2] == kept.values.shape[2] == len(kept.tokens.role)
    assert torch.equal(kept.keys[:, :, -1], past.keys[:, :, -1])
    with pytest.raises(ValueError, match="1 frame or more"):
        remember.window(0)


def test_time_is_told_in_seconds_or_from_the_start_of_a_window():
    at_six, at_three = some_tokens(frames=5), some_tokens(frames=5, keyframes=0)
    slow = positions.in_seconds(latent_fps=6.0, trained_fps=3.0)(at_six)[0]
    video = at_six.role == masks.VIDEO
    assert slow[video, 0].max() == 2.0 and slow[~video][0].tolist() == [-1, -1, -1]
    assert slow[at_six.role == masks.KEYFRAME, 0].unique().tolist() == [1.25]
    late = some_tokens(frames=5, start=100.0, keyframes=0)
    assert torch.equal(positions.from_window_start()(late)[0], at_three.place)
    with pytest.raises(ValueError, match="above 0"):
        positions.in_seconds(latent_fps=0.0, trained_fps=3.0)


def test_far_frames_share_positions_and_stay_in_order():
    tokens = some_tokens(frames=33, rows=1, columns=1, text=0, keyframes=0)
    made = positions.grouped(9, 9, shifts=4)(tokens)
    video = tokens.role == masks.VIDEO
    time = made[:, video, 0]
    assert time.max() <= 9 and (time.diff(dim=1) >= 0).all()
    assert len({tuple(row) for row in time.T.tolist()}) == 33  # all of them together tell each
    short = some_tokens(frames=9, rows=1, columns=1)
    assert torch.equal(positions.grouped(4, 9)(short)[0], short.place)


def test_several_positions_are_averaged():
    tokens, layer = some_tokens(), Attention(24, 2, (4, 4, 4))
    x = torch.randn(1, len(tokens.role), 24)
    twice = AttentionSpec(positions=lambda t: torch.stack([t.place, t.place]))
    once = AttentionSpec(positions=lambda t: t.place[None])
    assert torch.allclose(
        layer(x, tokens, spec=twice)[0], layer(x, tokens, spec=once)[0], atol=1e-6
    )


def test_an_edit_stands_between():
    tokens, layer = some_tokens(), Attention(24, 2, (4, 4, 4))
    x = torch.randn(1, len(tokens.role), 24)
    asked = []

    def edit(call, site):
        asked.append(site)
        return lambda q, k, v, mask: 0 * call(q, k, v, mask)

    made, _ = layer(x, tokens, spec=AttentionSpec(edit=edit), site=Site(3, "all"))
    assert made.abs().max() == 0 and asked == [Site(3, "all")]


def test_waves_are_cosines_and_sines():
    made = waves.waves(torch.tensor([0.0, 0.25]), 8)
    assert made.shape == (2, 8)
    assert torch.equal(made[0], torch.tensor([1.0] * 4 + [0.0] * 4))
    assert torch.allclose(made[:, :4] ** 2 + made[:, 4:] ** 2, torch.ones(2, 4))
    with pytest.raises(ValueError, match="pairs"):
        waves.waves(torch.zeros(1), 7)


def test_the_gated_unit_is_its_equation():
    layer = SwiGLU(12)
    x = torch.randn(5, 12)
    gate, value = (x @ w.T for w in layer.inner.weight.chunk(2))
    wanted = (gate * torch.sigmoid(gate) * value) @ layer.out.weight.T
    assert torch.allclose(layer(x), wanted, atol=1e-6)


def test_axes_must_fit():
    with pytest.raises(ValueError, match="add up"):
        Attention(24, 2, (4, 4, 8))
