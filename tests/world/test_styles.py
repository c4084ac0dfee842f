"""Styles finish light into pictures: nothing clips, nothing is crushed, nothing flickers."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from evenflow.world import styles  # noqa: E402
from evenflow.world.words import STYLES  # noqa: E402


def light(num: int = 2, size: int = 32, seed: int = 0, most: float = 1.5) -> torch.Tensor:
    """Smooth light in [0, most]."""
    rng = np.random.default_rng(seed)
    coarse = torch.from_numpy(rng.uniform(0, most, (num, 3, 5, 5)).astype(np.float32))
    return torch.nn.functional.interpolate(coarse, size=(size, size), mode="bilinear")


def scene(size: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    """Depth and ids: a square that stands before the ground and the sky."""
    depth = torch.full((1, size, size), torch.inf)
    depth[:, size // 2 :] = torch.linspace(30, 3, size - size // 2)[None, :, None]
    ids = torch.zeros(1, size, size, dtype=torch.int32)
    ids[:, 10:24, 8:20] = 3
    depth[:, 10:24, 8:20] = 4.0
    return depth, ids


def finish(linear, name, **more):
    row = STYLES.index(name)
    depth, ids = scene(linear.shape[-1])
    return styles.finish(
        linear, depth.expand(len(linear), -1, -1), ids.expand(len(linear), -1, -1),
        [row] * len(linear), **more,
    )  # fmt: skip


def test_the_tone_curve_rises_and_never_reaches_white():
    x = torch.linspace(0, 60, 20001)
    y = styles.tone(x)
    assert y[0] == 0 and (y.diff() > -1e-6).all() and y[-1] < 1
    # In the dark and the middle it is close to sRGB.
    for value in (0.05, 0.18, 0.4):
        srgb = 1.055 * value ** (1 / 2.4) - 0.055
        assert abs(float(styles.tone(torch.tensor([value]))) - srgb) < 0.02


@pytest.mark.parametrize("name", STYLES)
@pytest.mark.parametrize("size", [32, 33])
def test_every_style_makes_pictures(name, size):
    out = finish(light(size=size), name)
    assert out.shape == (2, size, size, 3) and out.dtype == torch.uint8
    assert out.float().std() > 5
    again = finish(light(size=size), name)
    assert torch.equal(out, again)


@pytest.mark.parametrize("name", STYLES)
def test_strong_light_does_not_clip_and_no_light_is_no_hole(name):
    strong = finish(light(most=6.0), name)
    assert (strong == 255).float().mean() < 0.005
    if name not in ("toon", "night"):
        weak = finish(light(most=0.3), name)
        assert (weak == 0).float().mean() < 0.01


def test_neutral_pictures_keep_gray_gray_and_order():
    gray = torch.linspace(0.01, 1.2, 32)[None, None, :, None].expand(1, 3, 32, 32)
    out = finish(gray, "plain", neutral=[True])
    assert (out[..., 0] == out[..., 1]).all() and (out[..., 1] == out[..., 2]).all()
    assert (out[0, :, 0, 0].int().diff() > 0).all()
    assert (out[0] == out[0, :, :1]).all()  # no vignette


def test_frames_of_several_styles_are_those_of_each():
    linear = light(num=len(STYLES))
    depth, ids = scene()
    num = len(STYLES)
    mixed = styles.finish(linear, depth.expand(num, -1, -1), ids.expand(num, -1, -1), range(num))
    for row in range(num):
        alone = styles.finish(linear[row : row + 1], depth, ids, [row])
        assert torch.equal(mixed[row], alone[0])


def test_styles_differ_from_each_other():
    linear = light(num=1)
    made = [finish(linear, name).float() for name in STYLES]
    for i in range(len(made)):
        for j in range(i):
            assert (made[i] - made[j]).abs().mean() > 3, (STYLES[i], STYLES[j])


def test_a_toon_has_lines_where_somebody_begins_and_flat_steps():
    linear = torch.full((1, 3, 32, 32), 0.5)
    out = finish(linear, "toon").float().mean(-1)[0]
    ids = scene()[1][0]
    edge = torch.zeros(32, 32, dtype=torch.bool)
    edge[:, :-1] |= ids[:, 1:] != ids[:, :-1]
    edge[:-1] |= ids[1:] != ids[:-1]
    assert (out[edge] < 90).all() and (out[~edge] > 120).all()
    ramp = torch.linspace(0.02, 1, 32)[None, None, None].expand(1, 3, 32, 32)
    flat = styles.finish(ramp, None, None, [STYLES.index("toon")])[0, 0, :, 0].int()
    assert (flat.diff().abs() <= 2).float().mean() > 0.4


def test_pixels_are_blocks():
    out = finish(light(size=64), "pixel")
    blocks = out.reshape(2, 32, 2, 32, 2, 3)
    assert (blocks == blocks[:, :, :1, :, :1]).all()


def test_sepia_is_brown_and_night_is_blue():
    sepia = finish(light(), "sepia").float().mean((0, 1, 2))
    assert sepia[0] > sepia[1] > sepia[2]
    linear = light()
    night, day = (finish(linear, name).float().mean((0, 1, 2)) for name in ("night", "plain"))
    assert night.mean() < 0.7 * day.mean()
    assert night[2] / night[0] > day[2] / day[0]


def test_fog_hides_what_is_far():
    linear = light(num=1, seed=3)
    depth = torch.full((1, 32, 32), 3.0)
    foggy = STYLES.index("foggy")
    near = styles.finish(linear, depth, None, [foggy]).float()
    far = styles.finish(linear, depth + 40, None, [foggy]).float()
    assert far.std() < 0.4 * near.std()


def test_a_picture_does_not_depend_on_the_batch_or_its_layout():
    linear = light(num=4)
    depth, ids = scene()
    planes = linear.transpose(0, 1).contiguous().transpose(0, 1)
    for row in range(len(STYLES)):
        many = styles.finish(planes, depth.expand(4, -1, -1), ids.expand(4, -1, -1), [row] * 4)
        for i in range(4):
            assert torch.equal(many[i], styles.finish(linear[i : i + 1], depth, ids, [row])[0])
