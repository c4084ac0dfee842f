import numpy as np
import pytest

from evenflow.grading import legs, marks


@pytest.mark.parametrize("cycles", [2.0, 3.5])
def test_a_spread_that_swings_twice_a_cycle_counts_cycles(cycles):
    time = np.linspace(0, 1, 49)
    spread = 0.09 + 0.05 * np.cos(4 * np.pi * cycles * time)
    phase = legs.phase(spread)
    assert phase[-1] - phase[0] == pytest.approx(cycles, rel=0.1)
    assert (np.diff(phase) >= 0).all()


def test_legs_that_do_not_move_have_a_phase_that_stands_still():
    rng = np.random.default_rng(0)
    phase = legs.phase(0.05 + 0.002 * rng.normal(size=40))
    assert phase[-1] == 0


def test_too_little_of_a_walker_has_no_phase():
    spread = np.full(20, np.nan)
    spread[4:9] = 0.1
    assert np.isnan(legs.phase(spread)).all()


@pytest.mark.parametrize("rate", [0.0, 0.25, -0.4])
def test_the_paint_of_a_rolling_disc_tells_its_turn(rate):
    y, x = np.mgrid[0:64, 0:64] + 0.5 - 32
    frames = []
    for t in range(30):
        angle = np.arctan2(y, x) - rate * t
        lab = np.zeros((64, 64, 3), np.float32)
        lab[..., 0] = 60 - 0.8 * x  # light stays where it is
        lab[..., 1] = np.where(np.cos(angle) + 0.5 * np.sin(2 * angle + 1) > 0.2, 60, 5)
        frames.append(marks.unrolled(lab, np.array([32.0, 32.0]), 24.0))
    turn = marks.turned(frames)
    if rate == 0:  # what never moves is taken for shading
        assert np.isnan(turn).all() or np.abs(turn).max() < 0.2
    else:
        assert turn[-1] == pytest.approx(29 * rate, rel=0.05)


def test_heading_is_that_of_the_way_and_unknown_while_standing():
    ground = np.zeros((30, 3), np.float32)
    ground[:15, 0] = np.arange(15) * 0.1  # to the right at 1.2 a second
    ground[15:, 0] = 1.4
    heading = marks.facing(ground, 12.0)
    assert heading[5] == pytest.approx(-np.pi / 2, abs=0.02)
    assert np.isnan(heading[25])
