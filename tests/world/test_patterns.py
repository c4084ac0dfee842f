"""Patterns lie in their part, are as fine as their pixels allow, and know nothing of each other."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from evenflow.world import patterns  # noqa: E402
from evenflow.world.animation import SHAPES  # noqa: E402
from evenflow.world.words import PATTERNS  # noqa: E402

BALL, BOX, CYLINDER = (SHAPES.index(name) for name in ("sphere", "box", "cylinder"))


def points(shape: int, num: int = 4000, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Points and normals of a unit shape."""
    rng = np.random.default_rng(seed)
    if shape == BALL:
        p = rng.standard_normal((3, num))
        p /= np.linalg.norm(p, axis=0)
        n = p
    elif shape == BOX:
        p = rng.uniform(-1, 1, (3, num))
        axis = rng.integers(0, 3, num)
        side = rng.choice((-1.0, 1.0), num)
        p[axis, np.arange(num)] = side
        n = np.zeros_like(p)
        n[axis, np.arange(num)] = side
    else:
        a = rng.uniform(-np.pi, np.pi, num)
        p = np.stack([np.sin(a), rng.uniform(-1, 1, num), np.cos(a)])
        n = p * np.array([[1.0], [0.0], [1.0]])
    return torch.from_numpy(p).float(), torch.from_numpy(n).float()


def paint(kind: str, shape: int, p, n, *, scale=4.0, seed=3, shift=0.0, footprint=0.01, **more):
    k = p.shape[1]
    return patterns.paint(
        p, n, torch.full((k,), PATTERNS.index(kind)), torch.full((k,), scale),
        torch.full((k,), seed), torch.full((3, k), shift),
        torch.tensor([0.6, 0.1, 0.1])[:, None].expand(3, k),
        torch.tensor([0.9, 0.8, 0.7])[:, None].expand(3, k),
        footprint=torch.full((k,), footprint), shape=torch.full((k,), shape), **more,
    )  # fmt: skip


@pytest.mark.parametrize("kind", PATTERNS)
@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_every_pattern_paints_every_shape(kind, shape):
    p, n = points(BOX if shape == SHAPES.index("star") else BALL, 500)
    out = paint(kind, shape, p, n)
    assert out.shape == (3, 500) and torch.isfinite(out).all()
    assert out.min() >= 0 and out.max() < 1.25


def test_plain_is_the_color_itself():
    p, n = points(BALL)
    assert (paint("plain", BALL, p, n) == torch.tensor([0.6, 0.1, 0.1])[:, None]).all()


@pytest.mark.parametrize("kind", PATTERNS[1:])
@pytest.mark.parametrize("shape", [BALL, BOX, CYLINDER])
def test_a_pixel_does_not_depend_on_its_neighbors(kind, shape):
    p, n = points(shape, 999)
    whole = paint(kind, shape, p, n)
    at = torch.from_numpy(np.random.default_rng(1).permutation(999)[:313])
    assert torch.equal(whole[:, at], paint(kind, shape, p[:, at], n[:, at]))
    assert torch.equal(whole, paint(kind, shape, p, n, kinds=[PATTERNS.index(kind)]))


@pytest.mark.parametrize(
    ("kind", "shape", "share"),
    [("striped", CYLINDER, 0.5), ("checkered", BOX, 0.5), ("dotted", BOX, np.pi * 0.09),
     ("ringed", CYLINDER, 0.3), ("two-tone", BOX, 0.5)],
)  # fmt: skip
def test_the_second_color_takes_its_share(kind, shape, share):
    p, n = points(shape, 40000)
    red = paint(kind, shape, p, n)[0]
    assert abs(float((red.mean() - 0.6) / 0.3) - share) < 0.02


@pytest.mark.parametrize("kind", ["striped", "checkered", "dotted", "ringed", "starred", "bricks"])
def test_what_is_far_away_is_even(kind):
    p, n = points(BOX)
    near = paint(kind, BOX, p, n, footprint=0.01)[1]
    far = paint(kind, BOX, p, n, footprint=1.2)[1]
    assert far.std() < 0.12 * near.std()
    assert abs(float(far.mean() - near.mean())) < 0.08


@pytest.mark.parametrize("kind", ["striped", "checkered", "ringed"])
def test_an_edge_is_the_mean_over_its_pixel(kind):
    """Against many samples of the same pattern inside a pixel that moves along y."""
    y = torch.linspace(-0.9, 0.9, 600)
    width = 0.06
    n = torch.tensor([0.0, 0.0, -1.0])[:, None].expand(3, 600)
    p = torch.stack([torch.full_like(y, 0.3), y, torch.full_like(y, -1.0)])
    smooth = paint(kind, BOX, p, n, footprint=width)[1]
    steps = torch.linspace(-0.5, 0.5, 101)[:, None] * width
    many = torch.stack([
        paint(kind, BOX, p + torch.tensor([0.0, float(s), 0.0])[:, None], n, footprint=1e-4)[1]
        for s in steps[:, 0]
    ]).mean(0)  # fmt: skip
    assert (smooth - many).abs().max() < 0.06


@pytest.mark.parametrize(
    ("kind", "period"), [("striped", 1.0), ("ringed", 1.0), ("checkered", 2.0)]
)
def test_a_pattern_that_swims_a_whole_period_looks_the_same(kind, period):
    p, n = points(BALL)
    still = paint(kind, BALL, p, n)
    assert (still - paint(kind, BALL, p, n, shift=period)).abs().mean() < 2e-3
    assert (still - paint(kind, BALL, p, n, shift=0.4 * period)).abs().mean() > 0.05


def test_every_letter_shows_its_own_dots():
    """The middle of a dot is inside the letter, the middle of an empty cell outside."""
    table = patterns._glyphs()
    size = table.shape[1]
    for number, rows in enumerate(patterns.GLYPHS.values()):
        for r in range(7):
            bits = int(rows[2 * r : 2 * r + 2], 16)
            for c in range(5):
                x = int((0.5 + (c - 2) * 0.115) * size)
                y = int((0.5 + (r - 3) * 0.115) * size)
                inside = table[number, y, x] > 0
                if bits >> (4 - c) & 1:
                    assert inside
    flat = (table[: len(patterns.GLYPHS)] > 0).reshape(len(patterns.GLYPHS), -1)
    apart = (flat[:, None] != flat[None]).sum(-1) + 1000 * np.eye(len(flat), dtype=int)
    assert apart.min() > 8  # no two letters are the same


def test_a_letter_reads_from_left_to_right_on_the_side_that_faces_the_camera():
    """L on the near side of a box: its stroke is at the left, which is -x."""
    x, y = torch.meshgrid(
        torch.linspace(-0.8, 0.8, 41), torch.linspace(-0.8, 0.8, 41), indexing="ij"
    )
    p = torch.stack([x.reshape(-1), y.reshape(-1), -torch.ones(41 * 41)])
    n = torch.tensor([0.0, 0.0, -1.0])[:, None].expand(3, 41 * 41)
    red = paint("lettered", BOX, p, n, seed=list(patterns.GLYPHS).index("L"))[0]
    ink = (red > 0.75).reshape(41, 41)
    assert ink[:16].sum() > 2 * ink[25:].sum()
    assert ink[:, :14].sum() > 1.3 * ink[:, 27:].sum()  # and its foot is below


def test_hashes_are_even_and_unlike():
    a = torch.arange(10000, dtype=torch.int32)
    h = patterns.hash01(a % 100, a // 100, torch.full_like(a, 5))
    assert h.min() >= 0 and h.max() < 1
    assert abs(float(h.mean()) - 0.5) < 0.02
    grid = h.reshape(100, 100) - 0.5
    assert abs(float((grid[1:] * grid[:-1]).mean())) < 0.005
    assert abs(float((grid[:, 1:] * grid[:, :-1]).mean())) < 0.005
