"""Models: what is drawn of a kind is what physics bumps into, and every kind has one."""

import numpy as np
import pytest

from evenflow.world import physics, things
from evenflow.world.spec import Entity
from evenflow.world.words import COLORS, FIXTURES, THINGS

KINDS = (*THINGS, *FIXTURES)


def test_every_thing_and_fixture_has_a_model_and_a_usual_size():
    assert set(things.MODELS) == set(KINDS) == set(things.USUAL_SIZE)


def box(kind: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest corner of everything that is drawn; round shapes by their radius."""
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    for piece in things.model(kind, seed).pieces:
        turn = things.turn(*piece.turn)
        half = np.array(piece.half)
        if piece.shape == "sphere":
            reach = np.sqrt((turn**2) @ half**2)
        elif piece.shape in ("cylinder", "cone", "torus"):
            reach = (
                np.sqrt((turn[:, [0, 2]] ** 2) @ half[[0, 2]] ** 2) + np.abs(turn[:, 1]) * half[1]
            )
        else:
            reach = np.abs(turn) @ half
        low, high = np.minimum(low, piece.at - reach), np.maximum(high, piece.at + reach)
    return low, high


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_a_model_stands_on_the_ground_and_is_two_halves_high(kind: str, seed: int):
    low, high = box(kind, seed)
    assert -1.35 < low[1] < -0.8, "its foot is at -1, a rock may sink in"
    assert 0.7 < high[1] < 1.4
    assert np.abs(low[[0, 2]] + high[[0, 2]]).max() < 0.5, "it is centered"


@pytest.mark.parametrize("kind", [k for k in KINDS if k not in ("tree", "sign", "lamp", "cart")])
def test_solids_fill_what_is_drawn(kind: str):
    low, high = box(kind)
    solids = things.model(kind).solids
    s_low = np.min([np.array(s.at) - s.half for s in solids], axis=0)
    s_high = np.max([np.array(s.at) + s.half for s in solids], axis=0)
    slack = 0.5 if kind in ("pendulum", "house", "bush", "rock", "star", "screen") else 0.21
    assert np.abs(low - s_low).max() < slack and np.abs(high - s_high).max() < slack


def test_the_plank_of_a_ramp_lies_in_the_plane_that_balls_roll_on():
    model = things.model("ramp")
    plank = next(p for p in model.pieces if p.pattern == "")
    turn = things.turn(*plank.turn)
    top = np.array(plank.at) + turn[:, 1] * plank.half[1]
    hx, hy, hz = model.solids[0].half
    assert model.solids[0].shape == physics.WEDGE
    ends = [top + sign * plank.half[2] * turn[:, 2] for sign in (-1, 1)]
    assert np.allclose(ends[0], (0, hy, -hz), atol=1e-9) and np.allclose(ends[1], (0, -hy, hz))
    assert np.arctan2(hy, hz) == pytest.approx(things.ramp_angle())
    assert plank.half[0] == hx


def test_a_table_carries_at_its_height():
    solids = things.model("table").solids
    assert solids[0].at[1] + solids[0].half[1] == pytest.approx(1.0)


@pytest.mark.parametrize("kind", things.VARIED)
def test_seeds_vary_what_is_natural_and_nothing_else(kind: str):
    assert len({things.model(kind, seed) for seed in range(8)}) > 2
    assert things.model(kind, 5) == things.model(kind, 5)
    assert things.model("ball", 1) is things.model("ball", 2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sheet_has_a_row_for_every_piece(kind: str):
    sheet = things.sheet(kind, 4)
    pieces = things.model(kind, 4).pieces
    for name in things.Sheet.__dataclass_fields__:
        assert len(getattr(sheet, name)) == len(pieces), name
    assert np.allclose(sheet.at, [p.at for p in pieces])


def test_extents_are_in_world_units():
    assert things.extent(Entity(1, "cube", "red", size=0.5)) == (0.5, 0.5, 0.5)
    x, y, _ = things.extent(Entity(1, "table", "red", size=0.4))
    assert (x, y) == pytest.approx((0.7, 0.4))
    assert things.extent(Entity(1, "man", "red", size=0.8))[1] == 0.8


def test_colors_are_linear():
    for name, rgb in COLORS.items():
        for v, c in zip(things.linear(name), rgb, strict=True):
            back = 12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055
            assert back * 255 == pytest.approx(c, abs=1e-6)


def test_turns_are_rotations_about_x_then_y_then_z():
    assert np.allclose(things.turn(np.pi / 2, 0, 0) @ [0, 1, 0], [0, 0, 1])
    assert np.allclose(things.turn(0, 0, np.pi / 2) @ [1, 0, 0], [0, 1, 0])
    m = things.turn(0.3, -0.8, 1.1)
    assert np.allclose(m @ m.T, np.eye(3)) and np.linalg.det(m) == pytest.approx(1)
