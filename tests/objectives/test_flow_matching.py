"""Flow matching: the exact network has the loss that theory says, and clips keep apart."""

import math

import pytest

torch = pytest.importorskip("torch")

from bed import EXACT, SHAPE, law  # noqa: E402

from evenflow.objectives import (  # noqa: E402
    LAYOUTS,
    OBJECTIVES,
    WEIGHTS,
    Batch,
    Part,
    flow_matching,
)
from evenflow.process import FLOW, PROCESSES, MixtureVideo, network  # noqa: E402


def noise(num, seed=0):
    return torch.randn(num, *SHAPE, generator=torch.Generator().manual_seed(seed), **EXACT)


def each(num, first=0):
    return [torch.Generator().manual_seed(first + i) for i in range(num)]


class Watched:
    """Keeps what a network is shown."""

    def __init__(self, net):
        self.net, self.seen = net, []

    def __call__(self, x, level, cond, state):
        self.seen.append((x, level, cond))
        return self.net(x, level, cond, state)


def zero(x, level, cond, state):
    return torch.zeros_like(x), None


@pytest.mark.parametrize("layout", ["full", "independent", "infill"])
def test_the_exact_network_has_the_loss_of_the_posterior_variance(layout):
    """E |v - v*|^2 at levels s is the trace of Cov[x | x_s] over s^2, frame by frame."""
    video, num = law(), 160
    watched = Watched(network(video.predictor(FLOW), FLOW))
    batch = Batch(video.draw(noise(num)))
    settings = {"layouts": {layout: 1.0}, "block": 2, "shift": 1.0}
    loss = flow_matching(watched, batch, generator=each(num), **settings)
    per_clip = []
    for row in watched.seen[0][1]:
        variance = video.covariance_given(row, FLOW)[0].diagonal().reshape(4, 2).mean(dim=1)
        learned = row > 0
        per_clip.append((variance[learned] / row[learned] ** 2).mean())
    want = torch.stack(per_clip)
    assert float(loss.value) == pytest.approx(float(want.mean()), rel=0.12)

    def off_by(shift):
        def net(x, level, cond, state):
            return network(video.predictor(FLOW), FLOW)(x, level, cond, state)[0] + shift, None

        return float(flow_matching(net, batch, generator=each(num), **settings).value)

    worse = (off_by(0.3) + off_by(-0.3)) / 2  # what it is off by on average is as good as nothing
    assert worse - float(loss.value) == pytest.approx(0.09, rel=1e-4)


def test_dropped_text_is_learned_as_no_text():
    """The mixture that knows who asks is the exact network; one that does not is worse."""
    both = MixtureVideo(torch.tensor([0.5, 0.5], **EXACT), (law(0, 0.1), law(1, 0.1)))
    num = 200
    text = torch.arange(num) % 2
    batch = Batch(both.draw(noise(num), text), {"text": text})
    net = network(both.predictor(FLOW), FLOW)

    def deaf(x, level, cond, state):
        return net(x, level, {"text": cond["text"]}, state)

    settings = {"generator": each(num), "drop": {"text": 0.5}, "layouts": {"full": 1.0}}
    knows = flow_matching(net, batch, **settings)
    assert float(knows.value) < 0.8 * float(flow_matching(deaf, batch, **settings).value)


def test_the_loss_of_a_batch_is_the_mean_of_its_clips():
    latents = noise(6).float()
    cond = {"text": torch.arange(6), "actions": torch.ones(6, 4, 3)}

    def net(x, level, cond, state):
        hears = (
            cond["actions"].mean(dim=(1, 2))[:, None, None, None, None] if "actions" in cond else 0
        )
        return x.tanh() + hears, None

    whole = flow_matching(net, Batch(latents, cond), generator=each(6))
    parts = []
    for a, b in ((0, 2), (2, 4), (4, 6)):
        part = {name: value[a:b] for name, value in cond.items()}
        parts.append(flow_matching(net, Batch(latents[a:b], part), generator=each(b - a, a)))
    mean = sum(p.value for p in parts) / 3
    assert float(whole.value) == pytest.approx(float(mean), rel=1e-6)
    for name, part in whole.parts.items():
        assert float(part.count) == sum(float(p.parts[name].count) for p in parts)
        assert float(part.total) == pytest.approx(
            sum(float(p.parts[name].total) for p in parts), rel=1e-5
        )


def test_latents_in_half_precision_are_noised_in_single():
    watched = Watched(zero)
    half = noise(2).bfloat16()
    loss = flow_matching(watched, Batch(half), generator=each(2))
    assert watched.seen[0][0].dtype == watched.seen[0][1].dtype == torch.float32
    assert float(loss.value) == float(
        flow_matching(zero, Batch(half.float()), generator=each(2)).value
    )


def test_one_generator_serves_all_clips_and_gives_the_same_again():
    def value(seed):
        generator = torch.Generator().manual_seed(seed)
        return float(flow_matching(zero, Batch(noise(3)), generator=generator).value)

    assert value(1) == value(1) != value(2)
    with pytest.raises(ValueError, match="2 generators for 3 clips"):
        flow_matching(zero, Batch(noise(3)), generator=each(2))


def layouts_of(name, num=2000, frames=9, block=3):
    return [
        LAYOUTS[name](
            frames,
            block=block,
            draw=lambda n, g: 0.2 + 0.7 * torch.rand(n, generator=g),
            generator=torch.Generator().manual_seed(i),
        )
        for i in range(num)
    ]


@pytest.mark.parametrize("name", sorted(set(LAYOUTS) - {"still"}))
def test_every_layout_learns_something_noisy_and_has_levels_by_block(name):
    for layout in layouts_of(name, num=300):
        assert layout.weight.sum() >= 3
        assert (layout.level[layout.weight > 0] > 0.15).all()
        for i in range(0, 9, 3):
            assert len(set(layout.level[i : i + 3].tolist())) == 1
            assert len(set(layout.weight[i : i + 3].tolist())) == 1
        assert sorted(layout.source.tolist()) == list(range(9))


def test_a_clip_that_begins_with_a_picture_learns_all_but_the_picture():
    begun = 0
    for layout, plain in zip(layouts_of("still"), layouts_of("history"), strict=True):
        assert layout.level[0] == layout.weight[0] == layout.jitter[0] == 0
        assert layout.source[0] == 0
        assert torch.equal(layout.level[1:], plain.level[1:])
        assert torch.equal(layout.weight[1:], plain.weight[1:])
        begun += bool(layout.weight[1])
    assert 700 < begun < 1200  # a third of the pasts, and all that have levels of their own
    only = layouts_of("still", num=50, frames=1)
    assert all(layout.weight.tolist() == [1.0] for layout in only)


def test_a_past_is_clean_noisy_or_faulty_as_often_as_said():
    kinds = {"clean": 0, "independent": 0, "faulty": 0, "none": 0}
    firsts = []
    for layout in layouts_of("history"):
        past = layout.weight == 0
        if past.any():
            firsts.append(int(past.sum()) // 3)
            assert past.tolist() == sorted(past.tolist(), reverse=True)  # before what follows
            slight = layout.level[past]
            kinds["clean" if not slight.any() else "faulty"] += 1
            assert (slight <= 0.15).all()
            assert (layout.jitter == (past if slight.any() else 0 * past)).all()
            moved = layout.source != torch.arange(9)
            assert not moved[~past].any()
            assert moved.any() == (bool(slight.any()) and firsts[-1] == 2)
        else:
            kinds["independent" if len(set(layout.level.tolist())) > 1 else "none"] += 1

    def near(count, share):
        return abs(count - 2000 * share) < 4 * (2000 * share * (1 - share)) ** 0.5

    assert near(kinds["clean"], 0.5 * 2 / 3) and near(kinds["faulty"], 0.2 * 2 / 3)
    assert near(kinds["independent"], 0.3) and near(kinds["none"], 0.7 / 3)
    assert {1, 2} == set(firsts)


def test_a_window_has_clean_sides_and_may_be_anywhere():
    windows = set()
    for layout in layouts_of("infill"):
        assert ((layout.level > 0) == (layout.weight > 0)).all()
        windows.add(tuple(int(w) for w in layout.weight[::3]))
    assert windows == {(1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (0, 1, 1), (1, 1, 1)}


def test_a_faulty_past_is_shown_swapped_and_tinted_and_the_rest_as_it_is():
    watched = Watched(zero)
    latents = torch.randn(64, 2, 9, 4, 4, generator=torch.Generator().manual_seed(0))
    flow_matching(watched, Batch(latents), generator=each(64), layouts={"history": 1.0})
    x, level, _ = watched.seen[0]
    clean = level == 0
    shown = clean[:, None, :, None, None].expand_as(x)
    assert torch.equal(x[shown], latents[shown])
    slight = (level > 0) & (level <= 0.15) & (level == level[:, :1])
    faulty = [i for i in range(64) if 3 <= int(slight[i].sum()) < 9]
    swapped = 0
    for i in faulty:
        past = int(slight[i].sum()) // 3
        a, b = x[i, :, :3], latents[i, :, 3:6]
        if past == 2:
            likeness = torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1]
            swapped += int(likeness > 0.8)
            assert likeness > 0.8
    assert swapped > 0


def test_conditions_are_dropped_as_often_as_said_and_marked():
    num = 1000
    watched = Watched(zero)
    cond = {
        "text": torch.ones(num, 5, dtype=torch.int64),
        "actions": torch.ones(num, 4, 3),
        "keyframes": torch.ones(num, 2, 1, 1, 2),
        "keyframe_times": torch.tensor([0.0, 3.0]),
        "camera": torch.ones(num, 6, 4, 1, 2),
    }
    latents = torch.zeros(num, *SHAPE)
    flow_matching(watched, Batch(latents, cond), generator=torch.Generator().manual_seed(0))
    seen = watched.seen[0][2]
    for name, chance in (("text", 0.1), ("actions", 0.1), ("keyframes", 0.3)):
        asked = seen["asked"][name]
        share = 1 - float(asked.double().mean())
        assert share == pytest.approx(chance, abs=4 * (chance * (1 - chance) / num) ** 0.5)
        assert seen[name].dtype == cond[name].dtype
        assert seen[name][asked].all() and not seen[name][~asked].any()
    assert torch.equal(seen["camera"], cond["camera"])
    assert seen["keyframe_times"] is cond["keyframe_times"]
    both = (~seen["asked"]["text"] & ~seen["asked"]["actions"]).double().mean()
    assert float(both) == pytest.approx(0.01, abs=0.013)  # each by its own chance


def test_a_condition_that_all_drop_is_not_there_and_one_that_none_drops_is_not_marked():
    watched = Watched(zero)
    cond = {"text": torch.ones(2, 3), "keyframes": torch.ones(2, 1, 1, 1, 2), "keyframe_times": [0]}
    batch = Batch(noise(2), cond)
    flow_matching(watched, batch, generator=each(2), drop={"text": 0.0, "keyframes": 1.0})
    assert sorted(watched.seen[0][2]) == ["text"]
    assert sorted(cond) == ["keyframe_times", "keyframes", "text"]  # the batch is left alone


@pytest.mark.parametrize("process", PROCESSES.values(), ids=lambda p: p.name)
def test_weights_are_those_of_the_clean_estimate(process):
    s = torch.linspace(0.05, 0.95, 10, **EXACT)
    snr = (process.alpha(s) / process.sigma(s)) ** 2
    assert torch.allclose(WEIGHTS["clean"](process, s), process.sigma(s) ** 2)
    want = snr.clamp_max(5) * process.sigma(s) ** 2
    assert torch.allclose(WEIGHTS["min_snr"](process, s), want)
    assert (WEIGHTS["uniform"](process, s) == 1).all()


def test_the_clean_weight_makes_it_the_error_of_the_clean_estimate():
    watched = Watched(zero)
    latents = noise(5)
    settings = {"generator": each(5), "layouts": {"full": 1.0}}
    loss = flow_matching(watched, Batch(latents), weight="clean", **settings)
    x, level, _ = watched.seen[0]
    clean = FLOW.clean_of(x, torch.zeros_like(x), level)
    assert float(loss.value) == pytest.approx(float((clean - latents).square().mean()), rel=1e-5)


def test_channels_count_as_they_weigh_and_their_mean_counts_as_one():
    latents = torch.randn(5, 3, 4, 2, 2, generator=torch.Generator().manual_seed(1))
    batch, layouts = Batch(latents), {"full": 1.0}
    alone = []
    for channel in range(latents.shape[1]):
        weights = torch.zeros(latents.shape[1])
        weights[channel] = 7
        loss = flow_matching(zero, batch, generator=each(5), layouts=layouts, channels=weights)
        alone.append(float(loss.value.detach()))
    together = float(flow_matching(zero, batch, generator=each(5), layouts=layouts).value)
    assert len(set(alone)) > 1
    assert sum(alone) / len(alone) == pytest.approx(together, rel=1e-5)


def test_parts_add_up_and_carry_no_gradient():
    weight = torch.ones((), requires_grad=True)

    def net(x, level, cond, state):
        return weight * x, None

    loss = flow_matching(net, Batch(noise(8)), generator=each(8), layouts={"independent": 1.0})
    bins = [part for name, part in loss.parts.items() if name.startswith("level")]
    assert len(bins) == 4 and sum(float(part.count) for part in bins) == 8 * 4
    mean = sum(float(part.total) for part in bins) / 32
    assert mean == pytest.approx(float(loss.value.detach()), rel=1e-6)
    assert not any(part.total.requires_grad for part in loss.parts.values())
    loss.value.backward()
    assert weight.grad is not None and weight.grad.isfinite() and weight.grad != 0
    assert Part(torch.tensor(0.0), torch.tensor(0.0)).mean is None


def test_levels_are_drawn_logit_normal_with_the_shift():
    watched = Watched(zero)
    latents = torch.zeros(1500, 1, 3, 1, 1)
    flow_matching(watched, Batch(latents), generator=each(1500), layouts={"full": 1.0}, shift=3.0)
    level = watched.seen[0][1][:, 0]
    logit = (level / (1 - level)).log()
    assert float(logit.mean()) == pytest.approx(math.log(3), abs=4 / 1500**0.5)
    assert float(logit.std()) == pytest.approx(1, abs=0.08)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"layouts": {"histroy": 1.0}}, "did you mean 'history'"),
        ({"layouts": {}}, "must be shares"),
        ({"layouts": {"full": -1.0}}, "must be shares"),
        ({"weight": "snr"}, "no weight is called 'snr'"),
        ({"block": 0}, "block=0"),
        ({"drop": {"text": 1.5}}, "chance 1.5"),
        ({"channels": torch.ones(9)}, "weights of 9"),
    ],
)
def test_what_makes_no_sense_is_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        flow_matching(zero, Batch(noise(2), {}), generator=each(2), **settings)


def test_every_objective_is_in_the_table_under_its_name():
    assert all(row.__name__ == name for name, row in OBJECTIVES.items())
