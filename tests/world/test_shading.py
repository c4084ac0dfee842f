"""Light falls as it should: closed forms, limits and sums."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dataclasses import replace  # noqa: E402

from evenflow.world import shading  # noqa: E402
from evenflow.world.animation import LightTrack  # noqa: E402
from evenflow.world.words import MATERIALS  # noqa: E402


def track(num: int = 3, lamps: int = 0) -> LightTrack:
    rng = np.random.default_rng(0)
    direction = rng.uniform(0.2, 1, (num, 3)).astype(np.float32)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    rows = {
        name: rng.uniform(0, 1, (num, 3)).astype(np.float32)
        for name in ("color", "sky", "bounce", "zenith", "horizon")
    }
    lit = rng.uniform(0, 1, (num, lamps, 8)).astype(np.float32)
    lit[..., 7] = 1
    return LightTrack(direction, **rows, fog=np.full(num, 0.02, np.float32), lamps=lit)


def scene(k: int = 300):
    rng = np.random.default_rng(1)
    draw = lambda *shape: torch.from_numpy(rng.standard_normal(shape).astype(np.float32))  # noqa: E731
    normal = draw(3, k)
    view = draw(3, k)
    return {
        "albedo": draw(3, k).abs().clamp(max=0.9),
        "normal": normal / normal.norm(dim=0),
        "view": view / view.norm(dim=0),
        "shadow": draw(k).abs().clamp(max=1),
        "material": torch.arange(k) % len(MATERIALS),
        "position": draw(3, k).abs(),
    }


def test_the_light_of_a_frame_is_given_to_its_pixels():
    several = [track(3), track(4, lamps=2)]
    light = shading.gather(several, [[2, 0], [3]], clear=[True, False])
    assert light.direction.shape == (3, 3) and light.lamps.shape == (8, 2, 3)
    assert torch.equal(light.color[:, 0], torch.from_numpy(several[0].color[2]))
    assert torch.equal(light.veil, torch.tensor([0.0, 0.0, 1.0]))
    assert light.lamps[:, :, :2].abs().max() == 0
    frame = torch.tensor([1, 1, 2, 0])
    taken = light.take(frame)
    for name in ("direction", "sky", "horizon", "fog", "night", "lamps"):
        assert torch.equal(getattr(taken, name), getattr(light, name)[..., frame])


def test_a_surface_that_faces_the_sun_gets_all_of_it():
    light = shading.gather([track()], [[0]])
    dark = replace(light, sky=0 * light.sky, bounce=0 * light.bounce, horizon=0 * light.horizon)
    matte = {"material": torch.zeros(1, dtype=torch.int64), "position": torch.ones(3, 1)}
    white = torch.ones(3, 1)
    # Seen from the side, so that no highlight is added.
    side = torch.linalg.cross(dark.direction, torch.tensor([[0.0], [1.0], [0.0]]), dim=0)
    side = side / side.norm()
    out = shading.shade(white, dark.direction, side, torch.zeros(1), light=dark, **matte)
    assert (out / dark.color - 1).abs().max() < 0.05
    away = shading.shade(white, -dark.direction, side, torch.zeros(1), light=dark, **matte)
    hidden = shading.shade(white, dark.direction, side, torch.ones(1), light=dark, **matte)
    assert away.abs().max() == 0 and hidden.abs().max() == 0


def test_light_adds_up():
    """The picture in two lights is the sum of the pictures in each."""
    what = scene()
    what["material"] = torch.where(
        what["material"] == MATERIALS.index("glowing"), 0, what["material"]
    )
    both = shading.gather([track(lamps=2)], [[0]])
    dark = torch.zeros(3, 1)
    sun = replace(both, sky=dark, bounce=dark, horizon=dark, lamps=both.lamps * 0)
    rest = replace(both, color=dark)
    a, b, c = (shading.shade(light=one, **what) for one in (both, sun, rest))
    assert (a - b - c).abs().max() < 1e-5
    assert min(float(one.min()) for one in (a, b, c)) >= 0


def test_every_material_looks_unlike_the_others():
    what = scene(400)
    light = shading.gather([track()], [[1]])
    seen = [
        shading.shade(light=light, **(what | {"material": torch.full((400,), row)}))
        for row in range(len(MATERIALS))
    ]
    for i in range(len(seen)):
        for j in range(i):
            assert (seen[i] - seen[j]).abs().max() > 0.02, (MATERIALS[i], MATERIALS[j])


def test_a_pixel_does_not_depend_on_the_batch():
    what = scene(501)
    light = shading.gather([track(lamps=1)], [[0, 1, 2]]).take(torch.arange(501) % 3)
    whole = shading.shade(light=light, **what)
    part = {name: value[..., 100:273] for name, value in what.items()}
    some = shading.gather([track(lamps=1)], [[0, 1, 2]]).take(torch.arange(100, 273) % 3)
    assert torch.equal(whole[:, 100:273], shading.shade(light=some, **part))


def test_a_lamp_fades_with_distance_and_an_unlit_one_is_dark():
    lamps = np.zeros((1, 1, 8), np.float32)
    lamps[0, 0] = (0, 2, 0, 1, 0.8, 0.5, 4, 1)
    lit = replace(track(1), lamps=lamps)
    x = torch.linspace(0, 14, 60)
    position = torch.stack([x, 0 * x, 0 * x])
    zero = torch.zeros(60)
    white = torch.ones(3, 60)
    on = shading.gather([lit], [[0]])
    lamps[0, 0, 7] = 0
    off = shading.gather([replace(lit, lamps=lamps)], [[0]])
    more = shading.ground(white, zero, zero, position, on) - shading.ground(
        white, zero, zero, position, off
    )
    assert (more[0].diff() <= 1e-6).all() and more[0, 0] > 0.2
    assert more[:, x > 12].abs().max() == 0


def test_what_stands_close_hides_the_sky_but_not_the_sun():
    light = shading.gather([track()], [[0]])
    one = torch.ones(3, 1)
    free, close = (
        shading.ground(one, torch.zeros(1), c, one, light) for c in (torch.zeros(1), torch.ones(1))
    )
    gone = free - close
    assert (gone > 0).all() and (gone <= light.sky).all()


def test_fog_takes_everything_in_the_end():
    light = shading.gather([track()], [[0]])
    color = torch.ones(3, 2)
    out = shading.fog(color, torch.tensor([0.0, 10.0]), light)
    assert torch.equal(out[:, 0], color[:, 0])
    left = np.exp(-0.2)
    assert (out[:, 1] - (left + (1 - left) * light.horizon[:, 0])).abs().max() < 1e-6
    thick = replace(light, fog=torch.full((1,), 5.0))
    assert (shading.fog(color, torch.full((2,), 90.0), thick) - light.horizon).abs().max() < 1e-6
