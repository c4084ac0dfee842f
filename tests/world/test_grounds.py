"""Grounds repeat without a seam, and fade to their mean."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from evenflow.world import grounds  # noqa: E402
from evenflow.world.spec import Place  # noqa: E402
from evenflow.world.words import BACKGROUNDS, GROUNDS  # noqa: E402

COLORS = ((200, 120, 60), (80, 100, 160))


def spots(num: int = 2000, seed: int = 0, reach: float = 30.0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = np.random.default_rng(seed)
    x, z = torch.from_numpy(rng.uniform(-reach, reach, (2, num)).astype(np.float32))
    return x, z


def paint(made, x, z, footprint=0.02, place=0):
    k = len(x)
    return grounds.paint(
        made, torch.full((k,), place, dtype=torch.int32), x, z, torch.full((k,), footprint)
    )


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_ground_repeats_without_a_seam(ground):
    made = grounds.textures([Place(ground=ground, colors=COLORS)])
    span = 1 / float(made.frequency[0])
    x, z = spots(reach=3.0)
    here = paint(made, x, z)
    assert torch.isfinite(here).all() and here.min() >= 0 and here.max() < 1
    assert (here - paint(made, x + span, z)).abs().max() < 0.02
    # Across the border of the texture neighbors differ no more than inside it.
    line = torch.linspace(0, span, 2000)
    a = paint(made, torch.full_like(line, 1e-3), line, 1e-3)
    b = paint(made, torch.full_like(line, -1e-3), line, 1e-3)
    assert (a - b).abs().mean() < 0.02


@pytest.mark.parametrize("ground", GROUNDS)
def test_levels_are_means_of_the_finest(ground):
    first = grounds._pyramid(ground, 1)
    base = torch.from_numpy(first[:, : grounds._OFFSETS[1]]).reshape(1, 2, 256, 256)
    for level in (1, 3, 8):
        mine = first[:, grounds._OFFSETS[level] : grounds._OFFSETS[level + 1]]
        mean = torch.nn.functional.avg_pool2d(base, 1 << level).reshape(2, -1).numpy()
        assert np.abs(mine - mean).max() < 1e-5


@pytest.mark.parametrize("ground", GROUNDS)
def test_far_away_only_the_mean_is_left(ground):
    made = grounds.textures([Place(ground=ground, colors=COLORS)])
    x, z = spots()
    far = paint(made, x, z, footprint=1e3)
    assert far.std(dim=1).max() < 1e-3
    near = paint(made, *spots(40000, reach=60.0), footprint=0.03)
    assert (far.mean(1) - near.mean(1)).abs().max() < 0.03


def test_a_checker_changes_color_every_repeat():
    made = grounds.textures([Place(ground="checker", colors=COLORS, scale=1.5)])
    step = 1.5 * grounds.SPANS["checker"]
    at = (torch.arange(12) + 0.5) * step
    row = paint(made, at, torch.full_like(at, 0.5 * step), 0.01)
    assert (row[0, ::2] - row[0, 1::2]).abs().min() > 0.2
    assert row[0, ::2].std() < 0.05


def test_a_pixel_does_not_depend_on_the_batch():
    places = [
        Place(ground=g, colors=COLORS, background="sea", seed=i) for i, g in enumerate(GROUNDS)
    ]
    together = grounds.textures(places)
    x, z = spots(700, reach=40.0)
    for number in (0, 4, 8):
        alone = grounds.textures([places[number]])
        assert torch.equal(paint(together, x, z, place=number), paint(alone, x, z))
        assert torch.equal(paint(alone, x, z)[:, 100:350], paint(alone, x[100:350], z[100:350]))


def test_the_sea_begins_behind_its_shore_and_a_lake_is_wet_everywhere():
    made = grounds.textures(
        [Place(ground="sand", background="sea"), Place(ground="water"), Place()]
    )
    x, z = spots(500, reach=12.0)
    one = torch.ones(500, dtype=torch.int32)
    assert made.water
    assert (grounds.wetness(made, 0 * one, x, z) == 0).all()
    assert (grounds.wetness(made, 0 * one, x, z + 50) == 1).all()
    assert (grounds.wetness(made, one, x, z) == 1).all()
    assert (grounds.wetness(made, 2 * one, x, z + 50) == 0).all()
    assert not grounds.textures([Place(background="hills")]).water


def test_every_background_meets_the_ground():
    for background in BACKGROUNDS:
        made = grounds.textures([Place(ground="grass", background=background)])
        out = paint(made, torch.tensor([0.0, 900.0]), torch.tensor([1.0, 900.0]), 5.0)
        assert torch.isfinite(out).all()
