"""Warping: integer shifts are exact, zero flow is the identity."""

import numpy as np
import pytest

from evenflow.geometry.warp import inside, warp


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (3, 0), (0, -2), (-4, 5)])
def test_an_integer_shift_is_exact(dx, dy):
    image = np.random.default_rng(0).random((24, 32), dtype=np.float32)
    flow = np.zeros((24, 32, 2), np.float32)
    flow[..., 0], flow[..., 1] = dx, dy
    moved, seen = warp(image, flow), inside(flow)
    shifted = np.roll(image, (-dy, -dx), (0, 1))
    assert np.array_equal(moved[seen], shifted[seen])
    assert seen.mean() == pytest.approx((1 - abs(dx) / 32) * (1 - abs(dy) / 24))


def test_a_ramp_is_interpolated_in_closed_form():
    ramp = np.add.outer(2.0 * np.arange(20), 3.0 * np.arange(30)).astype(np.float32)
    flow = np.full((20, 30, 2), 0.25, np.float32)
    moved = warp(ramp, flow)
    assert np.allclose(moved[:-1, :-1], ramp[:-1, :-1] + 0.25 * 5.0, atol=1e-3)
