import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_pictures import clip, smooth

from evenflow.core.errors import BadInput
from evenflow.metrics import METRICS, measure
from evenflow.metrics.dtw import align, dtw
from evenflow.metrics.euclidean import euclidean
from evenflow.metrics.pattern import pattern_distance, slopes

NUMBERS = st.floats(-100, 100, allow_subnormal=False)


def sequence(most=9):
    return st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=most)


def recursion(a, b, window=None):
    """The definition, cell by cell."""
    x, y = np.array(a, float), np.array(b, float)
    limit = max(len(x), len(y)) if window is None else max(window, abs(len(x) - len(y)))

    @cache
    def cost(i, j):
        if i < 0 or j < 0 or abs(i - j) > limit:
            return 0.0 if i == j == -1 else math.inf
        gap = float(((x[i] - y[j]) ** 2).sum())
        return gap + min(cost(i - 1, j - 1), cost(i - 1, j), cost(i, j - 1))

    return math.sqrt(cost(len(x) - 1, len(y) - 1))


@settings(max_examples=150, deadline=None)
@given(sequence(), sequence(), st.one_of(st.none(), st.integers(0, 9)))
def test_time_warping_is_its_recursion(a, b, window):
    assert dtw(a, b, window=window) == pytest.approx(recursion(a, b, window), rel=1e-12, abs=1e-12)
    found = align(a, b, window=window)
    assert found.distance == dtw(a, b, window=window)
    x, y = np.array(a), np.array(b)
    along = ((x[found.path[:, 0]] - y[found.path[:, 1]]) ** 2).sum()
    assert math.sqrt(along) == pytest.approx(found.distance, rel=1e-9, abs=1e-9)
    steps = {tuple(s) for s in np.diff(found.path, axis=0).tolist()}
    assert steps <= {(1, 1), (1, 0), (0, 1)}
    assert found.path[0].tolist() == [0, 0]
    assert found.path[-1].tolist() == [len(a) - 1, len(b) - 1]


def test_time_warping_is_tslearns():
    x = np.sin(np.arange(30) / 4.0)[:, None] * [1.0, 0.5]
    y = np.sin(np.arange(37) / 5.0 + 0.3)[:, None] * [1.0, 0.6]
    z = np.cos(np.arange(30) / 3.0)[:, None] * [0.7, 1.1]
    # tslearn 0.10.0: dtw(x, y), dtw(x, z), and with global_constraint="sakoe_chiba", radius 3
    assert dtw(x, y) == pytest.approx(0.6323068374646568, rel=1e-12)
    assert dtw(x, z) == pytest.approx(5.098406482997419, rel=1e-12)
    assert dtw(x, z, window=3) == pytest.approx(7.359477857639523, rel=1e-12)


def test_time_warping_forgives_tempo_and_euclid_does_not():
    slow = np.repeat(np.sin(np.arange(20) / 3.0), 3)
    assert dtw(slow, slow[::3]) == 0.0
    late = np.roll(slow, 3)
    assert euclidean(slow, late) > 3 * dtw(slow, late)
    assert dtw(slow, late, window=0) == pytest.approx(euclidean(slow, late), rel=1e-12)


def test_euclid_is_a_norm():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 40, 3))
    assert euclidean(a, b) == pytest.approx(np.linalg.norm(a - b), rel=1e-12)
    assert euclidean(a, a) == 0.0


def test_a_pattern_has_neither_level_nor_scale():
    x = np.sin(np.arange(50) / 4.0) + 0.2 * np.cos(np.arange(50) / 1.7)
    assert pattern_distance(x, 3.0 * x + 40.0) == pytest.approx(0.0, abs=1e-12)
    assert pattern_distance(x, -x) > 0.1
    assert pattern_distance(x, np.repeat(x, 2)) < pattern_distance(x, -x)


def test_slopes_are_keoghs():
    x = np.array([0.0, 1.0, 4.0, 9.0, 16.0])
    z = (x - x.mean()) / x.std()
    inner = [((z[i] - z[i - 1]) + (z[i + 1] - z[i - 1]) / 2) / 2 for i in (1, 2, 3)]
    expected = [inner[0], *inner, inner[-1]]
    np.testing.assert_allclose(slopes(x[:, None])[:, 0], expected, rtol=1e-12)


def test_nonsense_is_refused():
    with pytest.raises(BadInput, match="use dtw"):
        euclidean([1.0, 2.0], [1.0])
    with pytest.raises(BadInput, match="one width"):
        dtw([[1.0, 2.0]], [[1.0]])
    with pytest.raises(BadInput, match="at least 1"):
        dtw([], [1.0])
    with pytest.raises(BadInput, match="not finite"):
        dtw([math.nan], [1.0])
    with pytest.raises(BadInput, match="window=-1"):
        dtw([1.0], [1.0], window=-1)
    with pytest.raises(BadInput, match="never changes"):
        pattern_distance([1.0, 1.0, 1.0], [1.0, 2.0, 3.0])
    with pytest.raises(BadInput, match="at least 3"):
        pattern_distance([1.0, 2.0], [1.0, 2.0, 3.0])


SEQUENCES = "sequence_euclidean,sequence_dtw,sequence_pattern"


def pan(num, *, start=0.0, dx=6.0):
    return [smooth(64, 96, dx=start + dx * i) for i in range(num)]


def test_equal_clips_are_at_zero():
    found = measure(SEQUENCES, clip(pan(6)), clip(pan(6)))
    assert {m.summary for m in found.values()} == {0.0}
    assert all(len(m.series) == 6 for m in found.values())


def test_a_brighter_copy_differs_by_that_many_gray_levels_and_has_one_pattern():
    film = [f // 2 for f in pan(6)]
    found = measure(SEQUENCES, clip(film), clip([f + 12 for f in film]))
    assert found["sequence_euclidean"].summary == pytest.approx(12.0, abs=1e-4)
    assert found["sequence_dtw"].summary <= 12.0 + 1e-4
    assert found["sequence_pattern"].summary == pytest.approx(0.0, abs=1e-4)


def test_lengths_and_sizes_may_differ_where_time_may_warp():
    film, held = pan(8), [f for f in pan(8) for _ in range(2)]
    small = [f[::2, ::2] for f in held]
    found = measure("sequence_dtw,sequence_pattern", clip(film), clip(held))
    assert found["sequence_dtw"].summary == 0.0 and len(found["sequence_dtw"].series) == 8
    back = measure("sequence_dtw", clip(held), clip(film))["sequence_dtw"]
    assert back.summary == 0.0 and len(back.series) == 16
    assert METRICS["sequence_dtw"](clip(film), clip(small)).summary < 4.0
    with pytest.raises(BadInput, match=r"a has 8 frames and the reference b 16"):
        measure("sequence_euclidean", clip(film), clip(held, name="b"))


def test_what_never_changes_has_no_pattern():
    same = clip([smooth(64, 96)] * 4)
    found = METRICS["sequence_pattern"](same, clip(pan(4)))
    assert found.summary is None and "no pattern" in found.reason
    assert METRICS["sequence_dtw"](same, same).summary == 0.0


def test_too_many_frames_have_a_reason(monkeypatch):
    monkeypatch.setattr("evenflow.metrics.sequences.MOST_FRAMES", 3)
    for name in ("sequence_dtw", "sequence_pattern"):
        assert METRICS[name](clip(pan(3)), clip(pan(3))).summary == 0.0
        for pair in ((pan(4), pan(3)), (pan(3), pan(4))):
            found = METRICS[name](*map(clip, pair))
            assert found.summary is None and "more than 3 frames" in found.reason
