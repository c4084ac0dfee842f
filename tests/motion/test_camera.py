"""The camera step is recovered in closed form, whatever a third of the picture does."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenflow.motion.camera import camera_step

POINTS = np.random.default_rng(3).uniform(-200, 200, (400, 2)).astype(np.float32)


def moved(dx, dy, zoom, turn):
    s, r = np.expm1(zoom), turn
    x, y = POINTS[:, 0], POINTS[:, 1]
    return np.stack([dx + s * x - r * y, dy + s * y + r * x], axis=1).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.floats(-20, 20), st.floats(-20, 20), st.floats(-0.05, 0.05), st.floats(-0.05, 0.05))
def test_a_similarity_is_recovered(dx, dy, zoom, turn):
    step = camera_step(POINTS, moved(dx, dy, zoom, turn))
    assert (step.dx, step.dy) == (pytest.approx(dx, abs=1e-2), pytest.approx(dy, abs=1e-2))
    assert step.zoom == pytest.approx(zoom, abs=1e-4)
    assert step.rotation == pytest.approx(turn, abs=1e-4)
    assert step.inliers == 1.0


def test_a_third_of_the_picture_may_move_on_its_own():
    moves = moved(2.0, -1.0, 0.0, 0.0)
    moves[:130] += np.float32([9.0, 4.0])
    step = camera_step(POINTS, moves)
    assert (step.dx, step.dy) == (pytest.approx(2.0, abs=0.05), pytest.approx(-1.0, abs=0.05))
    assert step.inliers == pytest.approx(270 / 400, abs=0.01)


def test_too_few_points_are_no_evidence():
    assert camera_step(POINTS[:5], POINTS[:5]).inliers == 0.0
