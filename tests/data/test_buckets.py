"""Clips go to the largest area, the nearest ratio and the longest length that fit them."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenflow.core.errors import BadInput
from evenflow.data.buckets import Buckets, crop_for, log_ratios
from evenflow.data.sample import Bucket

MANY = Buckets(sides=(128, 256), ratios=log_ratios(7), frames=(1, 17, 33), multiple=16, batch=8)


def test_ratios_are_evenly_spaced_in_their_logarithm():
    steps = np.diff(np.log(log_ratios(7, 0.5, 2.0)))
    assert np.allclose(steps, math.log(4) / 6)
    assert log_ratios(1, 0.5, 2.0) == (1.0,)


@given(st.integers(16, 2000), st.integers(16, 2000), st.integers(0, 400))
@settings(max_examples=80, deadline=None)
def test_the_bucket_is_the_best_of_all_that_fit(width, height, steps):
    found = MANY.choose(width, height, steps)
    options = []
    for side in MANY.sides:
        shape = min(MANY.sizes(side), key=lambda s: abs(math.log(s[0] / s[1] / (width / height))))
        if shape[0] <= width and shape[1] <= height:
            options += [(side, n, shape) for n in MANY.frames if n <= steps]
    if not options:
        assert isinstance(found, str)
        return
    assert isinstance(found, Bucket)
    side, length, _ = max(options, key=lambda o: (o[0], o[1]))
    assert found.frames == length and (found.width, found.height) in MANY.sizes(side)
    assert found.width % 16 == found.height % 16 == 0
    assert found.width <= width and found.height <= height  # never enlarged


@pytest.mark.parametrize(
    ("steps", "length"), [(1, 1), (16, 1), (17, 17), (32, 17), (33, 33), (999, 33)]
)
def test_lengths_at_their_edges(steps, length):
    assert MANY.choose(256, 256, steps).frames == length


@pytest.mark.parametrize(("pixels", "side"), [(256, 256), (255, 128), (128, 128), (127, None)])
def test_sizes_at_their_edges(pixels, side):
    found = MANY.choose(pixels, pixels, 33)
    if side is None:
        assert "smaller" in found
    else:
        assert (found.width, found.height) == (side, side)


def test_upscaling_is_done_only_when_asked_for():
    assert isinstance(Buckets(sides=(128,)).choose(64, 64, 33), str)
    assert Buckets(sides=(128,), upscale=True).choose(64, 64, 33) == Bucket(33, 128, 128)


def test_full_takes_all_of_a_clip_in_whole_groups():
    full = Buckets(sides=(64,), frames=(5, 33))
    assert [full.choose(64, 64, n, full=True).frames for n in (5, 8, 9, 30, 33, 90)] == [
        5, 5, 9, 29, 33, 33,
    ]  # fmt: skip
    assert "has 4 frames" in full.choose(64, 64, 4, full=True)


def test_keep_probabilities_are_met_and_the_rest_goes_to_the_next_smaller():
    some = Buckets(
        sides=(128, 256), frames=(1, 17), keep={"256x17": 0.25, "256x1": 0.5, "128": 1.0}
    )
    rng = np.random.default_rng(0)
    names = [str(some.choose(300, 300, 20, rng=rng)) for _ in range(4000)]
    shares = {name: names.count(name) / 4000 for name in set(names)}
    assert shares == pytest.approx(
        {"17x256x256": 0.25, "1x256x256": 0.375, "17x128x128": 0.375}, abs=0.03
    )
    none = Buckets(sides=(128,), keep={"128": 0.0})
    assert "keep-probabilities" in none.choose(200, 200, 40, rng=rng)


def test_batches_by_bucket_or_by_tokens():
    how = Buckets(
        sides=(128, 256), frames=(17, 33), batch=6, batches={"256": 2, "256x33": 1, "17x128x128": 9}
    )
    sizes = [how.batch_of(Bucket(n, s, s)) for s in (128, 256) for n in (17, 33)]
    assert sizes == [9, 6, 2, 1]
    even = Buckets(sides=(128,), frames=(1, 33, 65), tokens=576 * 8, even=4)
    # 128 / 16 = 8 x 8 = 64 tokens a latent frame; 1, 9 and 17 of these.
    assert [even.tokens_of(Bucket(n, 128, 128)) for n in (1, 33, 65)] == [64, 576, 1088]
    assert [even.batch_of(Bucket(n, 128, 128)) for n in (1, 33, 65)] == [72, 8, 4]


@given(st.integers(8, 999), st.integers(8, 999), st.sampled_from(MANY.all()))
@settings(max_examples=50, deadline=None)
def test_a_crop_lies_in_the_middle_and_keeps_the_ratio(width, height, bucket):
    crop = crop_for(width, height, bucket)
    assert crop.width == width or crop.height == height
    assert abs((width - crop.width) - 2 * crop.x) <= 1
    assert abs((height - crop.height) - 2 * crop.y) <= 1
    got, wanted = crop.width / crop.height, bucket.width / bucket.height
    assert abs(got / wanted - 1) <= 1.01 / min(crop.width, crop.height)


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": (32,)}, {"frames": ()}, {"sides": (8,)}, {"ratios": (0.0,)},
        {"keep": {"999": 0.5}}, {"keep": {"128": 1.5}}, {"batch": 0}, {"tokens": 0},
    ],
)  # fmt: skip
def test_silly_buckets_are_refused(wrong):
    with pytest.raises(BadInput):
        Buckets(**wrong)


def test_a_bucket_is_its_text():
    for bucket in MANY.all():
        assert Bucket.parse(str(bucket)) == bucket
