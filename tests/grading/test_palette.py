import numpy as np
import pytest

from evenflow.grading import palette
from evenflow.grading.scenes import TINTS
from evenflow.world.words import COLORS, HUES


def flat(color, gray=176, cast=(1.0, 1.0, 1.0)):
    picture = np.full((64, 64, 3), gray, np.float32)
    picture[20:44, 16:40] = COLORS[color]
    return np.clip(picture * cast, 0, 255).astype(np.uint8)


def test_posteriors_add_up_to_one():
    np.testing.assert_allclose(np.exp(palette.table()).sum(-1), 1.0, atol=1e-4)


@pytest.mark.parametrize("color", HUES)
@pytest.mark.parametrize("light", [0.6, 1.0])
def test_a_flat_square_of_every_hue_is_found_where_it_is(color, light):
    picture = (flat(color) * light).astype(np.uint8)
    (body,) = palette.parse(picture)
    assert TINTS[body.color.argmax()] == color
    np.testing.assert_allclose(body.center, [28, 32], atol=0.3)
    assert np.abs(np.array(body.box) - [16, 20, 40, 44]).max() <= 1


def test_gray_ground_of_any_brightness_is_nobody():
    ramp = np.repeat(np.linspace(20, 235, 64).astype(np.uint8)[None, :, None], 3, 2)
    assert palette.parse(np.repeat(ramp, 64, 0)) == []


def test_a_cast_is_taken_out_and_paint_is_not():
    cast = np.array([1.12, 1.0, 0.88], np.float32)
    picture = flat("blue", cast=cast)
    gains = palette.balance(picture[None])
    np.testing.assert_allclose(gains * cast / (gains * cast).mean(), 1.0, atol=0.01)
    (body,) = palette.parse(picture, gains)
    assert TINTS[body.color.argmax()] == "blue"
    green = np.full((1, 32, 32, 3), (60, 150, 60), np.uint8)
    np.testing.assert_array_equal(palette.balance(green), 1.0)


def test_two_of_a_color_are_two_and_crumbs_are_none():
    picture = flat("red")
    picture[50:60, 48:60] = COLORS["red"]
    picture[4:7, 4:7] = COLORS["red"]
    assert len(palette.parse(picture)) == 2
