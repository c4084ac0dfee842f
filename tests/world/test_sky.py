"""Skies and panoramas close round the horizon and follow their light."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dataclasses import replace  # noqa: E402

from evenflow.world import grounds, panorama, shading, sky  # noqa: E402
from evenflow.world.animation import LightTrack  # noqa: E402
from evenflow.world.spec import Place  # noqa: E402
from evenflow.world.words import BACKGROUNDS, SKIES  # noqa: E402


def light(night: bool = False, **fields) -> shading.Lights:
    """One column of light: a sun that stands at the left."""
    base = {
        "direction": (-0.6, 0.64, 0.48), "color": (1.0, 0.9, 0.8), "sky": (0.4, 0.45, 0.5),
        "bounce": (0.1, 0.1, 0.1), "zenith": (0.1, 0.3, 0.7), "horizon": (0.5, 0.7, 0.9),
    }  # fmt: skip
    if night:
        base |= {"zenith": (0.01, 0.01, 0.04), "horizon": (0.03, 0.04, 0.09)}
    base |= fields
    rows = {k: np.array([v], np.float32) for k, v in base.items()}
    track = LightTrack(**rows, fog=np.zeros(1, np.float32), lamps=np.zeros((1, 0, 8), np.float32))
    return shading.gather([track], [[0]])


def unit(*direction: float) -> torch.Tensor:
    v = torch.tensor(direction, dtype=torch.float32)[:, None]
    return v / v.norm()


def looks(num: int = 800) -> torch.Tensor:
    v = torch.from_numpy(np.random.default_rng(0).standard_normal((3, num)).astype(np.float32))
    v[1] = v[1].abs() * 0.5
    return v / v.norm(dim=0)


def zeros(k: int) -> torch.Tensor:
    return torch.zeros(k, dtype=torch.int32)


def test_rows_are_where_their_heights_are():
    heights = torch.from_numpy(panorama._heights())
    rows = panorama.row_of(heights)
    assert (rows - torch.arange(panorama.HEIGHT)).abs().max() < 0.01
    assert abs(float(heights[-1]) - 1) < 0.03 and float(heights[0]) >= panorama.LOWEST


@pytest.mark.parametrize(
    ("background", "where"),
    [(one, ("morning", "night")[i % 2]) for i, one in enumerate(BACKGROUNDS)]
    + [("none", one) for one in SKIES],
)
def test_every_panorama_is_a_picture(background, where):
    image = panorama._painted(background, where if where in panorama.CLOUDS else "", 1)
    assert image.shape == (panorama.CHANNELS, panorama.HEIGHT * (panorama.WIDTH + 1))
    assert np.isfinite(image).all() and image.min() >= 0 and image[:3].max() < 1.4
    assert image[3:7].max() <= 1.0 + 1e-3
    assert (image[3] <= image[4] + 1e-3).all()  # haze only takes away


@pytest.mark.parametrize("background", ["hills", "forest", "city", "mountains", "desert", "room"])
def test_the_horizon_is_closed_by_what_stands_there(background):
    image = panorama._painted(background, "", 1).reshape(panorama.CHANNELS, panorama.HEIGHT, -1)
    at = int(np.searchsorted(panorama._heights(), 0.0))
    assert (image[4, at] > 0.5).mean() > 0.9
    if background != "room":
        assert image[4, -1].max() == 0  # and the zenith is open


def test_a_panorama_closes_behind_the_viewer():
    made = panorama.build([Place(background="hills", sky="noon"), Place(background="city")])
    up = torch.linspace(0.0, 0.6, 200)
    flat = (1 - up * up).sqrt()
    eps = 2e-4
    right = torch.stack([flat * eps, up, -flat])
    left = torch.stack([-flat * eps, up, -flat])
    for place in (0, 1):
        one = torch.full((200,), place, dtype=torch.int32)
        gap = (panorama.fetch(made, one, left) - panorama.fetch(made, one, right)).abs()
        assert gap.mean() < 0.02


def test_the_gradient_runs_from_the_horizon_to_the_zenith():
    clear = light(color=(0.0, 0.0, 0.0))
    ends = sky.paint(None, zeros(2), torch.cat([unit(0, 0, 1), unit(0, 1, 0)], 1), clear)
    assert (ends[:, 0] / clear.horizon[:, 0] - 0.94).abs().max() < 0.01
    ratio = ends[:, 1] / clear.zenith[:, 0]
    assert (ratio - ratio[0]).abs().max() < 1e-5 and 0.7 < ratio[0] <= 1
    up = torch.linspace(0, 1, 50)
    ramp = sky.paint(None, zeros(50), torch.stack([0 * up, up, (1 - up * up).sqrt()]), clear)
    assert (ramp[0].diff() <= 1e-6).all()  # ever deeper blue


def test_the_sun_is_the_brightest_spot_where_its_light_comes_from():
    day = light()
    d = looks(4000)
    out = sky.paint(None, zeros(4000), d, day).sum(0)
    sun = sky.paint(None, zeros(1), day.direction, day).sum(0)
    assert sun > out.max()
    veiled = sky.paint(None, zeros(1), day.direction, replace(day, veil=torch.ones(1))).sum(0)
    assert veiled < 0.6 * sun


def test_windows_are_lit_at_night_only():
    made = panorama.build([Place(background="city")])
    d = looks(6000)
    d[1] = d[1] * 0.3
    d = d / d.norm(dim=0)
    lights = panorama.fetch(made, zeros(6000), d)[5] > 0.5
    assert lights.any()
    dark = sky.paint(made, zeros(6000), d, light(night=True))
    assert dark[:, lights].sum(0).mean() > 4 * dark[:, ~lights].sum(0).mean()
    plain = replace(light(), night=torch.zeros(1))
    unlit = replace(made, texels=made.texels * torch.tensor([1, 1, 1, 1, 1, 0, 1, 1.0])[:, None])
    assert torch.equal(
        sky.paint(made, zeros(6000), d, plain), sky.paint(unlit, zeros(6000), d, plain)
    )


def test_a_direction_does_not_depend_on_the_batch():
    places = [Place(), Place(background="hills", sky="noon"), Place(background="city", sky="night")]
    together = panorama.build(places)
    d, day = looks(), light()
    for number, place in enumerate(places):
        alone = panorama.build([place])
        one = torch.full((800,), number, dtype=torch.int32)
        a = sky.paint(together, one, d, day)
        assert torch.equal(a, sky.paint(alone, zeros(800), d, day))
        assert torch.equal(a[:, 77:401], sky.paint(together, one[77:401], d[:, 77:401], day))


def test_water_mirrors_the_sky_at_a_flat_glance_only():
    wet = grounds.textures([Place(ground="water")])
    day = light(color=(0.0, 0.0, 0.0))
    own = torch.full((3, 2), 0.05)
    rays = torch.cat([unit(0, -1, 0.02), unit(0, -0.03, 1)], 1)
    position = torch.zeros(3, 2)
    out = sky.water(own, wet, None, zeros(2), position, rays, day, torch.full((2,), 50.0))
    assert (out[:, 0] - 0.05).abs().max() < 0.05
    assert (out[:, 1] / day.horizon[:, 0]).min() > 0.5
    dry = grounds.textures([Place(ground="grass")])
    assert torch.equal(sky.water(own, dry, None, zeros(2), position, rays, day, torch.ones(2)), own)
