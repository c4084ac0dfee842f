"""Spans and masks: round trips, and overlap counted frame by frame."""

import json

import jsonschema
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from evenflow.core.errors import BadInput
from evenflow.core.schemas import span_schema
from evenflow.core.span import Span, decode_mask, encode_mask

FRAMES = st.tuples(st.integers(0, 60), st.integers(1, 60)).map(lambda ab: (ab[0], ab[0] + ab[1]))
SPANS = st.builds(
    lambda frames, kind, box, object, magnitude, parameters: Span(
        kind, *frames, box, object, magnitude, parameters
    ),
    FRAMES,
    st.text(max_size=8),
    st.none() | st.tuples(*[st.integers(0, 4096)] * 4),
    st.none() | st.integers(0, 99),
    st.floats(0, 10),
    st.dictionaries(st.text(max_size=4), st.integers() | st.text(max_size=4), max_size=3),
)


@given(SPANS)
def test_a_span_reads_back_and_follows_its_schema(span):
    written = json.loads(json.dumps(span.to_json()))
    jsonschema.Draft202012Validator(span_schema()).validate(written)
    assert Span.from_json(written) == span


@given(FRAMES, FRAMES, st.integers(0, 5))
def test_overlap_counts_shared_frames(a, b, slack):
    one, two = Span("x", *a), Span("y", *b)
    widened = set(range(b[0] - slack, b[1] + slack))
    assert one.overlap(two, slack=slack) == len(widened & set(range(*a)))
    shared, either = set(range(*a)) & set(range(*b)), set(range(*a)) | set(range(*b))
    assert one.time_iou(two) == pytest.approx(len(shared) / len(either))
    assert one.time_iou(two) == two.time_iou(one)


@pytest.mark.parametrize("frames", [(3, 3), (4, 3), (-1, 3)])
def test_an_empty_span_is_refused(frames):
    with pytest.raises(BadInput):
        Span("x", *frames)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"kind": "x"},
        {"kind": "x", "start_frame": "a", "end_frame": 2},
        {"kind": "x", "start_frame": 0, "end_frame": 2, "box": 3},
    ],
)
def test_a_damaged_span_is_bad_input(data):
    with pytest.raises(BadInput):
        Span.from_json(data)


@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=12)))
def test_a_mask_reads_back(mask):
    code = json.loads(json.dumps(encode_mask(mask)))
    assert sum(code["counts"]) == mask.size
    assert (decode_mask(code) == mask).all()
    assert decode_mask(code).shape == mask.shape


@pytest.mark.parametrize(
    "mask", [np.zeros((3, 4), bool), np.ones((3, 4), bool), np.eye(1, dtype=bool)]
)
def test_masks_of_one_value_read_back(mask):
    assert (decode_mask(encode_mask(mask)) == mask).all()


@pytest.mark.parametrize(
    "code",
    [
        {"size": [2, 2], "counts": [3]},
        {"size": [2, 2], "counts": [5, -1]},
        {"size": [2], "counts": [2]},
        {"counts": [2]},
        {"size": [2, 2], "counts": ["a"]},
        {"size": [-2, -2], "counts": [4]},
        {"size": [2, 2], "counts": 4},
        None,
    ],
)
def test_a_damaged_mask_is_bad_input(code):
    with pytest.raises(BadInput):
        decode_mask(code)
