"""Contact sheets hold every frame as it is, and truth has pictures."""

import numpy as np
import pytest

pytest.importorskip("torch")

from evenflow.world.sheet import VIEWS, flow, ids, sheet, truth_view


def frames(num: int, height: int = 20, width: int = 30, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (num, height, width, 3), dtype=np.uint8)


def test_every_frame_is_there_byte_for_byte():
    rows = [frames(3), frames(2, seed=1)]
    picture = np.asarray(sheet(rows, gap=4))
    assert picture.shape == (4 + 2 * 24, 4 + 3 * 34, 3)
    for r, row in enumerate(rows):
        for c, frame in enumerate(row):
            top, left = 4 + 24 * r, 4 + 34 * c
            assert (picture[top : top + 20, left : left + 30] == frame).all()


def test_captions_stand_under_their_rows_and_rows_beside_each_other():
    rows = [frames(2, seed=i) for i in range(3)]
    plain = sheet(rows)
    told = sheet(rows, captions=["a red ball rolls", "x " * 200, ""], columns=2)
    assert told.width > 2 * plain.width - 10
    under = np.asarray(told)[24 : 24 + 14]
    assert (under < 128).any()


@pytest.mark.parametrize(
    ("rows", "captions", "says"),
    [([], None, "got none"), ([[]], None, "row 0"), ([frames(1)], ["a", "b"], "2 captions"),
     ([np.zeros((2, 5, 5), np.uint8)], None, "shape")],
)  # fmt: skip
def test_what_cannot_be_shown_is_said(rows, captions, says):
    with pytest.raises(ValueError, match=says):
        sheet(rows, captions=captions)


def test_flow_has_a_hue_for_every_direction_and_is_white_at_rest():
    vectors = np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1], [0, 0]])
    colors = flow(vectors, longest=1.0)
    assert len({tuple(one) for one in colors.tolist()}) == 5
    assert (colors[4] == 255).all()
    assert tuple(colors[0]) == (255, 0, 0)


def test_neighbors_in_the_list_of_ids_look_unlike():
    colors = ids(np.arange(12)).astype(int)
    assert colors[0].max() < 32
    apart = np.abs(colors[1:, None] - colors[None, 1:]).sum(-1) + 1000 * np.eye(11, dtype=int)
    assert apart.min() > 25


@pytest.mark.parametrize("name", VIEWS)
def test_every_truth_has_pictures(name):
    rng = np.random.default_rng(0)
    last = {"flow": (2,), "normals": (3,), "albedo": (3,), "coordinates": (3,)}
    shape = (2, 8, 9, *next((v for k, v in last.items() if k in name), ()))
    values = rng.uniform(0, 1, shape)
    if name in ("instance", "part"):
        values = (values * 5).astype(np.int16)
    if name.endswith("occlusion"):
        values = values > 0.5
    if name == "depth":
        values = 1 / values
        values[0, 0] = np.inf
    out = truth_view({name: values}, name)
    assert out.shape == (2, 8, 9, 3) and out.dtype == np.uint8 and out.std() > 1


def test_near_things_are_brighter_in_a_picture_of_depth():
    depth = np.array([[[1.0, 2.0, 5.0, np.inf]]])
    bright = truth_view({"depth": depth}, "depth")[0, 0, :, 0].astype(int)
    assert (np.diff(bright) < 0).all() and bright[-1] == 0


def test_a_truth_that_was_not_asked_for_is_said():
    with pytest.raises(ValueError, match="render with"):
        truth_view({"depth": None}, "depth")
    with pytest.raises(ValueError, match="there are"):
        truth_view({}, "smell")
