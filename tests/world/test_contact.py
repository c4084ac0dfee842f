"""Contact: what stands on the ground darkens it, and what hangs high does not."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from evenflow.world import contact, raster  # noqa: E402
from evenflow.world.animation import SHAPES  # noqa: E402
from evenflow.world.primitives import casting_scale  # noqa: E402

SIZE = 64
UNITS = 8.0  # the picture shows 8 units from straight above


def above(frames: int = 1) -> raster.View:
    """A parallel camera that looks down; a pixel is UNITS / SIZE wide."""
    turn = torch.tensor([[1.0, 0, 0], [0, 0, -1.0], [0, -1.0, 0]], dtype=torch.float64)
    one = torch.ones(frames, dtype=torch.float64)
    return raster.View(
        SIZE, SIZE, True, turn[:, :, None].expand(3, 3, frames).contiguous(),
        torch.stack([0 * one, 10 * one, 0 * one]),
        torch.stack([one, one]) * SIZE / UNITS, torch.stack([one, one]) * SIZE / 2,
    )  # fmt: skip


def parts(rows: list[tuple[str, tuple[float, float, float], tuple[float, float, float]]], frames=1):
    """Parts (shape, position, half extents) that all frames show."""
    rows = rows * frames
    num = len(rows)
    shape = torch.tensor([SHAPES.index(one[0]) for one in rows], dtype=torch.int32)
    scale = torch.tensor([one[2] for one in rows], dtype=torch.float64).T
    param = torch.full((num,), 0.3)
    order = torch.argsort(shape, stable=True)
    starts = np.searchsorted(shape[order].numpy(), np.arange(len(SHAPES) + 1))
    return raster.Instances(
        shape=shape,
        frame=torch.arange(frames).repeat_interleave(num // frames).to(torch.int32),
        part=torch.arange(num, dtype=torch.int32),
        entity=torch.ones(num, dtype=torch.int32),
        param=param,
        position=torch.tensor([one[1] for one in rows], dtype=torch.float64).T,
        turn=torch.eye(3, dtype=torch.float64)[:, :, None].expand(3, 3, num).contiguous(),
        scale=scale,
        unit=casting_scale(shape, scale, param.to(torch.float64)),
        order=order,
        starts=tuple(int(one) for one in starts),
    )


def dark(rows, frames=1) -> torch.Tensor:
    return contact.contact(parts(rows, frames), above(frames)).reshape(frames, SIZE, SIZE)


def test_a_ball_darkens_the_ground_where_it_touches():
    out = dark([("sphere", (1.0, 0.5, 0.0), (0.5, 0.5, 0.5))])[0]
    row, column = divmod(int(out.argmax()), SIZE)
    assert abs(column + 0.5 - (SIZE / 2 + SIZE / UNITS)) <= 1 and abs(row + 0.5 - SIZE / 2) <= 1
    assert 0.6 < out.max() <= 1
    ring = [float(out[SIZE // 2, SIZE // 2 + 8 + step]) for step in range(14)]
    assert all(a >= b for a, b in zip(ring, ring[1:], strict=False)) and ring[-1] == 0


def test_a_box_darkens_all_round_and_a_little_beyond():
    out = dark([("box", (0.0, 0.5, 0.0), (1.0, 0.5, 0.5))])[0]
    side = SIZE / UNITS
    middle = SIZE // 2
    assert (
        out[middle - 3 : middle + 3, int(middle - 0.9 * side) : int(middle + 0.9 * side)] > 0.6
    ).all()
    assert out[middle, int(middle + 1.15 * side)] > 0.1
    assert out[middle, int(middle + 2.0 * side)] == 0
    assert torch.allclose(out, out.flip(0)) and torch.allclose(out, out.flip(1))


def test_what_is_lifted_darkens_less_and_what_flies_not_at_all():
    heights = [0.5, 0.6, 0.7, 0.95]
    most = [float(dark([("sphere", (0, h, 0), (0.5, 0.5, 0.5))]).max()) for h in heights]
    assert most[0] > most[1] > most[2] > most[3] == 0


def test_the_darkest_patch_counts_whatever_the_order():
    a = ("sphere", (0.0, 0.5, 0.0), (0.5, 0.5, 0.5))
    b = ("cylinder", (0.6, 0.4, 0.2), (0.3, 0.4, 0.3))
    both = dark([a, b])
    assert torch.equal(both, dark([b, a]))
    assert torch.allclose(both, torch.maximum(dark([a]), dark([b])))


def test_frames_do_not_touch_each_other():
    rows = [("box", (0.0, 0.5, 0.0), (0.4, 0.5, 0.5)), ("sphere", (2.0, 0.3, 1), (0.3, 0.3, 0.3))]
    many = dark(rows, frames=3)
    assert torch.equal(many, dark(rows).expand(3, -1, -1))
