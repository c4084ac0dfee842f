"""Schedules: invariants of every row, the limits of each, and what they refuse."""

import pytest

torch = pytest.importorskip("torch")

from evenflow.process import PROCESSES, shift_levels  # noqa: E402
from evenflow.schedules import (  # noqa: E402
    LEVELS,
    SCHEDULES,
    autoregressive,
    frame_in,
    full_sequence,
    karras,
    linear,
    log_snr,
    pinned,
    pyramid,
    refine,
    retake,
    shifted,
    staggered,
)

LINE = linear(6)
SETTINGS = {
    "full_sequence": {},
    "autoregressive": {"block": 2},
    "staggered": {"lag": 2, "block": 2},
    "pyramid": {"slope": 1.5},
    "pinned": {"frames": [0, -1], "slope": 0.5},
    "retake": {"start": 2, "end": 4, "strength": 0.8},
    "refine": {"strength": 0.5},
    "frame_in": {"frames": [3], "reach": 2, "strength": 0.4},
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("frames", [5, 7])
def test_every_matrix_only_removes_noise_and_ends_clean(name, frames):
    matrix = SCHEDULES[name](LINE, num_frames=frames, **SETTINGS[name])
    assert matrix.shape[1] == frames and matrix.dtype == LINE.dtype
    assert ((matrix >= 0) & (matrix <= 1)).all()
    assert (matrix.diff(dim=0) <= 0).all()
    assert not matrix[-1].any()
    assert (matrix.diff(dim=0) != 0).any(dim=1).all()  # no step in which nothing moves


@pytest.mark.parametrize("name", LEVELS)
@pytest.mark.parametrize("num_steps", [1, 2, 5, 50])
def test_levels_fall_from_one_to_zero(name, num_steps):
    levels = LEVELS[name](num_steps)
    assert len(levels) == num_steps + 1
    assert levels[0] == 1 and levels[-1] == 0
    assert (levels.diff() < 0).all()


@pytest.mark.parametrize("lag", [0, 1, 2, 6])
def test_the_past_always_leads(lag):
    matrix = staggered(LINE, num_frames=6, lag=lag)
    assert (matrix[0] == 1).all()
    assert (matrix.diff(dim=1) >= 0).all()


def test_lag_zero_is_full_sequence_and_full_lag_autoregression():
    assert torch.equal(staggered(LINE, num_frames=5, lag=0), full_sequence(LINE, num_frames=5))
    matrix = autoregressive(LINE, num_frames=5)
    assert ((matrix.diff(dim=0) != 0).sum(dim=1) == 1).all()  # one frame moves per step
    one_block = autoregressive(LINE, num_frames=5, block=5)
    assert torch.equal(one_block, full_sequence(LINE, num_frames=5))


def test_a_block_begins_when_the_one_before_is_clean():
    matrix = autoregressive(LINE, num_frames=7, block=3)
    assert len(matrix) == 3 * 6 + 1
    for column in (3, 6):
        moving = matrix[:, column] < 1
        assert not matrix[moving][:, :column].any()
    assert torch.equal(matrix[:, 0], matrix[:, 2])


def test_the_pyramid_is_the_formula_of_the_paper():
    s, u = 6, 1.5
    matrix = pyramid(LINE, num_frames=4, slope=u)
    for m in range(len(matrix)):
        for t in range(4):
            k = min(max(s + int(t * u) - m, 0), s)
            assert matrix[m, t] == LINE[s - k]
    assert torch.equal(pyramid(LINE, num_frames=4, slope=2.0), staggered(LINE, num_frames=4, lag=2))
    assert torch.equal(pyramid(LINE, num_frames=4, slope=6.0), autoregressive(LINE, num_frames=4))


def test_pinned_frames_are_never_noisy_and_the_rest_is_a_pyramid_of_its_own():
    matrix = pinned(LINE, num_frames=6, frames=[0, -1, 3], slope=1.0)
    assert not matrix[:, [0, 3, 5]].any()
    assert torch.equal(matrix[:, [1, 2, 4]], pyramid(LINE, num_frames=3, slope=1.0))


def test_a_retake_touches_its_window_only_and_begins_at_its_strength():
    matrix = retake(LINE, num_frames=6, start=1, end=3)
    assert not matrix[:, [0, 3, 4, 5]].any()
    assert torch.equal(matrix[:, 1], LINE) and torch.equal(matrix[:, 2], LINE)
    soft = retake(LINE, num_frames=6, start=1, end=3, strength=0.5)
    assert (soft[0, 1:3] == 0.5).all() and len(soft) < len(matrix)


def test_frames_that_are_refined_less_wait_for_the_others():
    matrix = refine(LINE, num_frames=3, strength=torch.tensor([1.0, 0.5, 0.0]))
    assert matrix[0].tolist() == [1.0, 0.5, 0.0]
    assert (matrix == torch.minimum(matrix[:, :1], matrix[0])).all()
    assert torch.equal(refine(LINE, num_frames=3, strength=1.0), full_sequence(LINE, num_frames=3))


def test_a_new_frame_makes_its_neighbors_give_way_less_with_distance():
    start = frame_in(LINE, num_frames=9, frames=[4], reach=2, strength=0.4)[0]
    assert torch.allclose(start, torch.tensor([0, 0, 0.2, 0.4, 1, 0.4, 0.2, 0, 0]).to(start))
    hard = frame_in(LINE, num_frames=9, frames=[4])
    others = [i for i in range(9) if i != 4]
    assert torch.equal(hard, pinned(LINE, num_frames=9, frames=others))


def test_shifted_levels_are_the_shift_and_karras_the_formula():
    assert torch.allclose(shifted(7, shift=2.0), shift_levels(linear(7), shift=2.0))
    level = karras(5, sigma_min=0.1, sigma_max=10.0, rho=7.0)
    sigma = level / (1 - level)
    ramp = torch.arange(1, 5) / 4
    want = (10 ** (1 / 7) + ramp * (0.1 ** (1 / 7) - 10 ** (1 / 7))) ** 7
    assert torch.allclose(sigma[1:5], want.to(sigma), rtol=1e-6)


@pytest.mark.parametrize("process", PROCESSES.values(), ids=lambda p: p.name)
def test_log_snr_steps_are_equal_in_any_process(process):
    step = process.log_snr(log_snr(9, process=process)[1:-1]).diff()
    assert torch.allclose(step, step[:1], atol=1e-9)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: staggered(LINE, num_frames=3, lag=-1), "lag=-1"),
        (lambda: staggered(LINE, num_frames=3, lag=1, block=0), "block=0"),
        (lambda: pyramid(LINE, num_frames=3, slope=-0.5), "slope=-0.5"),
        (lambda: pinned(LINE, num_frames=3, frames=[3]), "frame 3"),
        (lambda: pinned(LINE, num_frames=2, frames=[0, 1]), "all 2 frames"),
        (lambda: retake(LINE, num_frames=3, start=2, end=2), r"\[2, 2\)"),
        (lambda: retake(LINE, num_frames=3, start=0, end=4), r"\[0, 4\)"),
        (lambda: retake(LINE, num_frames=3, start=0, end=1, strength=0.0), "strength"),
        (lambda: refine(LINE, num_frames=3, strength=1.5), "strength"),
        (lambda: refine(LINE, num_frames=3, strength=torch.ones(2)), "2 numbers for 3"),
        (lambda: frame_in(LINE, num_frames=3, frames=[]), "at least one"),
        (lambda: linear(0), "num_steps=0"),
        (lambda: karras(3, sigma_min=2.0, sigma_max=1.0), "sigma_min=2"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(call, says):
    with pytest.raises(ValueError, match=says):
        call()
