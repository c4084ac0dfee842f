"""Runs: hooks in order, states passed on, stops that leave no trace, clips that keep apart."""

import pytest

torch = pytest.importorskip("torch")

from bed import SHAPE, law  # noqa: E402

from evenflow.core.contracts import Hooks, Step  # noqa: E402
from evenflow.core.errors import Cancelled  # noqa: E402
from evenflow.core.events import CancelToken  # noqa: E402
from evenflow.noise import independent  # noqa: E402
from evenflow.process import FLOW  # noqa: E402
from evenflow.samplers import SAMPLERS, ancestral, euler, heun  # noqa: E402
from evenflow.samplers.run import checked  # noqa: E402
from evenflow.schedules import full_sequence, linear, pinned, staggered  # noqa: E402

LEVELS = staggered(linear(5), num_frames=4, lag=2)
SEEDS = [11, 12, 13]


def start(seeds=SEEDS):
    return independent(seeds, SHAPE)


def squash(x, level, cond, state):
    """A predictor that is not affine, looks at one clip alone, and counts its calls."""
    s = level[:, None, :, None, None]
    return (1 - s) * x.tanh() + 0.1 * x.mean(dim=2, keepdim=True), (state or 0) + 1


@pytest.fixture(params=SAMPLERS)
def sampler(request):
    return SAMPLERS[request.param]


def test_a_clip_depends_on_nothing_but_itself(sampler):
    together = sampler(squash, start(), LEVELS, seeds=SEEDS)
    for i, seed in enumerate(SEEDS):
        assert torch.equal(
            together[i : i + 1], sampler(squash, start([seed]), LEVELS, seeds=[seed])
        )


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    once, again = (ancestral(squash, start(), LEVELS, seeds=SEEDS) for _ in range(2))
    assert torch.equal(once, again)
    other = ancestral(squash, start(), LEVELS, seeds=[11, 12, 14])
    assert torch.equal(once[:2], other[:2]) and not torch.equal(once[2], other[2])


def test_a_run_goes_on_from_any_step_to_the_same_bits(sampler):
    kept = []
    whole = sampler(squash, start(), LEVELS, seeds=SEEDS, keep=kept.append)
    assert [k.index for k in kept] == list(range(1, len(LEVELS)))
    for standing in kept:
        nothing = torch.zeros_like(start())
        rest = sampler(squash, nothing, LEVELS, seeds=SEEDS, resume=standing)
        assert torch.equal(rest, whole)


def test_cancelled_runs_stop_within_one_call_and_go_on(sampler):
    token, kept, calls = CancelToken(), [], []

    def stops(x, level, cond, state):
        calls.append(1)
        if len(calls) == 5:
            token.cancel()
        return squash(x, level, cond, state)

    options = {"seeds": SEEDS, "keep": kept.append}
    with pytest.raises(Cancelled):
        sampler(stops, start(), LEVELS, **options, cancel=token)
    assert len(calls) == 5
    rest = sampler(squash, start(), LEVELS, seeds=SEEDS, resume=kept[-1])
    assert torch.equal(rest, sampler(squash, start(), LEVELS, seeds=SEEDS))


def test_progress_counts_every_step(sampler):
    events = []
    sampler(squash, start(), LEVELS, seeds=SEEDS, progress=events.append)
    assert events[-1].step == events[-1].total == len(LEVELS) - 1
    assert events[-1].phase == "sample"


def test_level_zero_is_a_fixed_point_to_the_bit(sampler):
    x = start()
    still = torch.zeros(4, 4)
    assert torch.equal(sampler(squash, x, still, seeds=SEEDS), x)
    mixed = pinned(linear(4), num_frames=4, frames=[1, 3])
    moved = sampler(squash, x, mixed, seeds=SEEDS)
    assert torch.equal(moved[:, :, [1, 3]], x[:, :, [1, 3]])
    assert not (moved[:, :, [0, 2]] == x[:, :, [0, 2]]).any()


def test_a_frame_that_waits_does_not_change(sampler):
    kept = []
    x = start()
    sampler(squash, x, LEVELS, seeds=SEEDS, keep=kept.append)
    for standing in kept:
        waits = LEVELS[standing.index] == 1
        assert torch.equal(standing.x[:, :, waits], x[:, :, waits])


def test_an_exact_predictor_is_found_in_one_step():
    x = independent([0], SHAPE, dtype=torch.float64)
    once = euler(law().predictor(FLOW), x, full_sequence(linear(1), num_frames=4))
    assert torch.allclose(once[0], law().mean, atol=1e-12)


def test_hooks_are_called_in_order_with_the_levels_of_what_they_see():
    seen = []

    def note(name):
        def hook(x, step: Step):
            seen.append((name, step.index, float(step.level[0, 0]), float(step.next_level[0, 0])))
            return x

        return hook

    hooks = Hooks(**{name: (note(name),) for name in ("init", "input", "clean", "step", "end")})
    levels = full_sequence(linear(2), num_frames=4)
    euler(squash, start(), levels, hooks=hooks)
    assert seen == [
        ("init", 0, 1.0, 0.5),
        *[(name, 0, 1.0, 0.5) for name in ("input", "clean", "step")],
        *[(name, 1, 0.5, 0.0) for name in ("input", "clean", "step")],
        ("end", 1, 0.5, 0.0),
    ]
    seen.clear()
    heun(squash, start(), levels, hooks=hooks)
    middle = [row for row in seen if row[1] == 0][1:]
    assert middle == [
        ("input", 0, 1.0, 0.5),
        ("clean", 0, 1.0, 0.5),
        ("input", 0, 0.5, 0.5),
        ("clean", 0, 0.5, 0.5),
        ("step", 0, 1.0, 0.5),
    ]


def test_hooks_change_what_they_are_given_each_in_its_turn():
    double, plus = (lambda x, step: 2 * x), (lambda x, step: x + 1)
    levels = full_sequence(linear(1), num_frames=4)
    bare = euler(squash, start(), levels)
    assert torch.equal(
        euler(squash, start(), levels, hooks=Hooks(end=(double, plus))), 2 * bare + 1
    )
    started = euler(squash, 2 * start() + 1, levels)
    assert torch.equal(euler(squash, start(), levels, hooks=Hooks(init=(double, plus))), started)
    forced = euler(squash, start(), levels, hooks=Hooks(clean=(lambda x, step: 0 * x + 3,)))
    assert torch.equal(forced, torch.full_like(bare, 3))


def test_hooks_run_in_the_resumed_part_alone():
    kept, seen = [], []
    hooks = Hooks(init=(lambda x, s: seen.append("init") or x + 1,), step=(lambda x, s: 0.9 * x,))
    whole = euler(squash, start(), LEVELS, hooks=hooks, keep=kept.append)
    rest = euler(squash, start(), LEVELS, hooks=hooks, resume=kept[2])
    assert torch.equal(rest, whole) and seen == ["init"]


def test_the_state_goes_from_call_to_call_and_begins_where_it_is_told():
    seen = []

    def counts(x, level, cond, state):
        seen.append((state, cond["step"].index, cond["text"]))
        return squash(x, level, cond, state)

    euler(counts, start(), LEVELS, state=7, cond={"text": "a"})
    steps = len(LEVELS) - 1
    assert seen == [(7 + i, i, "a") for i in range(steps)]


@pytest.mark.parametrize(("name", "calls"), [("euler", 4), ("dpmpp_2m", 4), ("heun", 7)])
def test_calls_of_the_predictor_are_what_each_sampler_says(name, calls):
    kept = []
    levels = full_sequence(linear(4), num_frames=4)
    SAMPLERS[name](squash, start(), levels, keep=kept.append)
    assert kept[-1].state == calls


def test_levels_may_differ_from_clip_to_clip(sampler):
    x = start([1, 2])
    one, two = (
        pinned(linear(4), num_frames=4, frames=[0]),
        pinned(linear(4), num_frames=4, frames=[3]),
    )
    both = sampler(squash, x, torch.stack([one, two], dim=1), seeds=[1, 2])
    assert torch.equal(both[:1], sampler(squash, x[:1], one, seeds=[1]))
    assert torch.equal(both[1:], sampler(squash, x[1:], two, seeds=[2]))


def test_half_precision_is_stepped_in_single():
    x = start().bfloat16()
    seen = []

    def watch(x, level, cond, state):
        seen.append((x.dtype, level.dtype))
        return squash(x, level, cond, state)

    out = euler(watch, x, LEVELS)
    assert out.dtype == torch.bfloat16 and set(seen) == {(torch.float32, torch.float32)}
    assert torch.equal(out, euler(squash, x.float(), LEVELS).bfloat16())


def test_gradients_flow_through_a_run(sampler):
    x = start().requires_grad_()
    sampler(squash, x, LEVELS, seeds=SEEDS).sum().backward()
    assert x.grad is not None and x.grad.isfinite().all() and x.grad.any()


@pytest.mark.parametrize(
    ("levels", "says"),
    [
        (LEVELS.flip(0), "rises from row 0 to row 1"),
        (LEVELS[:, :3], r"do not fit 3 clips of 4"),
        (LEVELS[:1], "k >= 2"),
        (2 * LEVELS, "from 0 to 2"),
        (LEVELS * float("nan"), "in \\[0, 1\\]"),
        (LEVELS[:, None].expand(-1, 2, -1), "do not fit"),
    ],
)
def test_levels_that_make_no_sense_are_refused(levels, says):
    with pytest.raises(ValueError, match=says):
        checked(levels, start())


def test_a_run_checks_its_levels_first():
    with pytest.raises(ValueError, match="rises"):
        euler(lambda *given: pytest.fail("was called"), start(), LEVELS.flip(0))


def test_seeds_are_asked_for_where_they_are_needed():
    with pytest.raises(ValueError, match="pass seeds="):
        ancestral(squash, start(), LEVELS)
    with pytest.raises(ValueError, match="2 numbers for 3 clips"):
        ancestral(squash, start(), LEVELS, seeds=[1, 2])
    with pytest.raises(ValueError, match="eta=2"):
        ancestral(squash, start(), LEVELS, seeds=SEEDS, eta=2.0)
