"""Small looks at series: running medians keep steps, rms and runs in closed form."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evenflow.continuity.detectors.drift import ramp
from evenflow.continuity.detectors.shake import smooth_free
from evenflow.continuity.robust import running_median, running_rms, runs


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 4))
def test_runs_cover_every_true_and_keep_their_distance(flags, gap):
    found = runs(np.array(flags, bool), gap=gap)
    covered = {i for a, b in found for i in range(a, b)}
    assert {i for i, f in enumerate(flags) if f} <= covered
    assert all(b[0] - a[1] > gap for a, b in zip(found, found[1:], strict=False))


def test_a_running_median_keeps_a_step_and_drops_single_frames():
    step = np.repeat([0.0, 5.0], 20)
    assert np.array_equal(running_median(step, 7), step)
    spike = np.zeros(30)
    spike[12] = 9.0
    assert not running_median(spike, 5).any()


def test_running_rms_of_a_constant_is_the_constant():
    assert np.allclose(running_rms(np.full(20, -3.0), 5), 3.0)


def test_a_smooth_camera_path_leaves_no_tremble():
    time = np.arange(60) / 24
    path = np.stack([30 * time + 4 * time**2, 10 * np.sin(0.5 * time)], axis=1)
    assert np.abs(smooth_free(path, 24.0)).max() < 0.02
    trembling = path + np.random.default_rng(1).normal(0, 1.0, path.shape)
    assert 0.6 < smooth_free(trembling, 24.0).std() < 1.1


def test_a_ramp_is_told_from_a_step():
    up = np.zeros((48, 3))
    up[:, 1] = np.linspace(0, 8, 48)
    assert abs(ramp(up) - 8) < 0.5
    step = np.zeros((48, 3))
    step[24:, 1] = 8
    assert ramp(step) is None
