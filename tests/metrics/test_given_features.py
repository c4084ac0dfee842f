import math

import numpy as np
import pytest

from evenflow.core.errors import BadInput
from evenflow.metrics.conditional_alignment import alignment, conditional_alignment
from evenflow.metrics.identity_consistency import consistency, identity_consistency


def turned(*degrees):
    """Unit vectors in a plane, of different lengths."""
    rad = np.radians(degrees)
    return np.stack([np.cos(rad), np.sin(rad)], 1) * np.arange(1, len(degrees) + 1)[:, None]


def test_identity_is_half_the_first_and_half_the_one_before():
    found = identity_consistency(turned(0, 30, 60, 0))
    cosine = [math.cos(math.radians(d)) for d in (0, 30, 60)]
    expected = [cosine[1], (cosine[1] + cosine[2]) / 2, (cosine[2] + 1) / 2]
    np.testing.assert_allclose(found.series[1:], expected, rtol=1e-6)
    assert math.isnan(found.series[0])
    assert found.summary == pytest.approx(np.mean(expected), rel=1e-6)


def test_opposites_count_as_nothing_and_the_same_as_one():
    np.testing.assert_allclose(consistency(turned(0, 180, 180))[1:], [0.0, 0.5], atol=1e-12)
    assert identity_consistency(turned(20, 20, 20)).summary == pytest.approx(1.0)


def test_frames_without_a_face_have_no_entry_and_break_nothing():
    features = turned(0, 0, 60, 0)
    features[1] = np.nan
    features[3] = 0.0
    series = consistency(features)
    assert np.isnan(series[[0, 1, 3]]).all() and series[2] == pytest.approx(0.5)
    features[0] = features[2] = np.nan
    none = identity_consistency(features)
    assert none.summary is None
    assert none.reason == "needs two frames with features, 0 of 4 have them"


def test_half_a_vector_is_refused():
    with pytest.raises(BadInput, match="not finite"):
        identity_consistency([[1.0, math.nan], [1.0, 0.0]])
    with pytest.raises(BadInput, match="rows of different length"):
        identity_consistency([[1.0, 2.0], [1.0]])


def test_alignment_is_the_cosine_to_the_condition():
    found = conditional_alignment(turned(0, 60, 90, 180), [5.0, 0.0])
    np.testing.assert_allclose(found.series, [1.0, 0.5, 0.0, -1.0], atol=1e-6)
    assert found.summary == pytest.approx(0.125, abs=1e-6)
    each = alignment(turned(0, 60), turned(60, 60))
    np.testing.assert_allclose(each, [0.5, 1.0], atol=1e-12)


def test_alignment_needs_directions():
    with pytest.raises(BadInput, match="no direction"):
        conditional_alignment(turned(0, 1), [0.0, 0.0])
    with pytest.raises(BadInput, match="3 frames, 2 conditions"):
        conditional_alignment(turned(0, 1, 2), turned(0, 1))
    with pytest.raises(BadInput, match="one width"):
        conditional_alignment(turned(0, 1), [1.0, 0.0, 0.0])
    none = conditional_alignment([[0.0, 0.0]], [1.0, 0.0])
    assert none.summary is None and "none of 1 frames" in none.reason
