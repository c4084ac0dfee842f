from dataclasses import replace

import numpy as np
import pytest

from evenflow.world.lights import LOOKS, LOWEST_SUN, look_at_height, track
from evenflow.world.spec import Entity, Event, Light, Place, SceneSpec, Shot
from evenflow.world.words import MANNERS, SKIES

NAMES = ("color", "sky", "bounce", "zenith", "horizon")


def scene(*events: Event, sky: str = "noon", preset: str = "story", **more) -> SceneSpec:
    cast = (Entity(1, "lamp", "red", size=0.8, position=(1.0, 0.0, 2.0)),)
    return SceneSpec(
        1, preset, (Shot(49),), (Place(sky=sky, **more),), cast, tuple(events)
    )  # fmt: skip


@pytest.mark.parametrize("sky", SKIES)
@pytest.mark.parametrize("kind", ["dim", "brighten", "sunset", "sunrise"])
def test_light_is_never_negative_and_never_jumps(sky, kind):
    light = track(scene(Event(kind, 0.5, 3.5), Event("dim", 1.0, 2.0), sky=sky))
    for name in (*NAMES, "fog", "lamps"):
        values = getattr(light, name)
        assert np.isfinite(values).all() and (name == "lamps" or (values >= 0).all())
        assert values.dtype == np.float32 and len(values) == 49
    for name in NAMES:
        values = getattr(light, name)
        assert np.abs(np.diff(values, n=2, axis=0)).max() < 0.08
    length = np.sqrt((light.direction**2).sum(1))
    assert length == pytest.approx(1.0, abs=1e-6)
    assert (light.direction[:, 1] >= np.sin(LOWEST_SUN) - 1e-6).all()


def test_every_sky_has_a_look_and_they_differ():
    assert set(LOOKS) == set(SKIES)
    seen = np.stack(
        [
            np.concatenate([track(scene(sky=s)).zenith[0], track(scene(sky=s)).color[0]])
            for s in SKIES
        ]
    )
    gap = np.abs(seen[:, None] - seen[None]).max(2) + np.eye(len(SKIES))
    assert gap.min() > 0.05


def test_plain_light_is_neutral():
    light = track(scene(sky="plain", preset="lab", light=Light(color=(1.0, 1.0, 1.0))))
    for values in (light.color, light.sky):
        assert np.ptp(values, axis=1).max() < 1e-6


def test_gains_multiply_everything_and_end_where_they_should():
    base = track(scene())
    light = track(
        scene(
            Event("dim", 0.5, 1.5, numbers={"gain": (0.4,)}),
            Event("brighten", 2.0, 3.0, numbers={"gain": (2.5,)}),
        )
    )
    for name in NAMES:
        share = getattr(light, name) / getattr(base, name)
        assert share[0] == pytest.approx(1.0, abs=1e-5)
        assert share[20] == pytest.approx(0.4, abs=1e-4)
        assert share[-1] == pytest.approx(1.0, abs=1e-4)
        assert (np.diff(share[6:18], axis=0) <= 1e-6).all()


def test_a_sunset_lowers_the_sun_warms_and_darkens():
    light = track(scene(Event("sunset", 0.0, 3.9, numbers={"elevation": (-0.25,)})))
    assert light.direction[0, 1] == pytest.approx(np.sin(0.9), abs=1e-5)
    assert light.direction[-1, 1] == pytest.approx(np.sin(LOWEST_SUN), abs=1e-5)
    power = light.color.sum(1)
    assert power[-1] < 0.7 * power[0]
    warm = light.color[:, 0] / light.color[:, 2]
    assert warm.max() > 1.5 * warm[0]
    assert light.lamps[-1, 0, 3] > 3.0 * light.lamps[0, 0, 3]  # lamps show as it gets dark
    back = track(scene(Event("sunrise", 0.0, 3.9, numbers={"elevation": (0.9,)}), sky="night"))
    assert back.color[-1].sum() > 1.5 * back.color[0].sum()


def test_looks_by_height_are_continuous_and_grow_with_the_sun():
    height = np.linspace(-0.4, 1.2, 2000)
    rows = look_at_height(height)
    assert np.abs(np.diff(rows, axis=0)).max() < 0.02
    power = rows[:, 9:12].sum(1)
    assert power[-1] > 1.5 * power[0]


def test_fog_takes_its_share_at_ten_units():
    light = track(scene(fog=0.6))
    assert 1.0 - np.exp(-10.0 * light.fog[0]) == pytest.approx(0.6, abs=1e-6)
    assert track(scene()).fog.max() == 0.0


def test_lamps_are_where_the_lamps_are():
    light = track(scene(sky="night"))
    assert light.lamps.shape == (49, 1, 8)
    assert light.lamps[0, 0, :3] == pytest.approx((1.0, 1.45 * 0.8, 2.0), abs=1e-5)
    assert (light.lamps[:, 0, 7] == 1.0).all() and light.lamps[0, 0, 6] >= 4.0


@pytest.mark.parametrize("manner", MANNERS)
def test_moods_light_the_story_but_never_the_lab(manner):
    event = Event("walk", 1.0, 3.0, 1, manner=manner)
    base, light = track(scene()), track(scene(event))
    change = light.color[24].sum() / base.color[24].sum()
    if manner == "cheerfully":
        assert change > 1.03
    if manner in ("sadly", "stealthily"):
        assert change < 0.9
    if manner in ("slowly", "quickly"):
        assert change == pytest.approx(1.0, abs=1e-6)
    assert np.abs(light.color[0] - base.color[0]).max() < 1e-6
    lab = replace(scene(event), preset="lab")
    assert (track(lab).color == base.color).all()


def test_every_place_keeps_its_own_light():
    shots = (Shot(12), Shot(12, place=1), Shot(12))
    places = (Place(sky="noon"), Place(sky="night"))
    light = track(SceneSpec(1, "story", shots, places))
    assert (light.zenith[0] == light.zenith[-1]).all()
    assert light.zenith[15].sum() < 0.2 * light.zenith[0].sum()
