"""Parser: the net's answers become bodies.

Every pixel that shows somebody votes for the center of its body. What hangs together in one color
is a first group, split where its votes meet in several places; pixels go to the group that is
nearest to their vote and most alike in color and kind, groups that point to one center become one
(the two halves that show beside a pillar), and what is left but hangs together is a body as well.
"""

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from evenflow.grading.bodies import Body, lab_of
from evenflow.grading.network import ASKED, STRIDE, WAY, Looks, Network, cut_out, split
from evenflow.grading.scenes import TINTS
from evenflow.grading.tracking import ROOM

F = NDArray[np.float32]
THERE = 0.5
"""Probability from which a pixel shows somebody."""
LEAST = 5
"""Cells of the smallest body."""
BATCH = 8
NEUTRAL = tuple(i for i, name in enumerate(TINTS) if name in ("white", "gray", "black", "brown"))


def answers(
    net: Network, pictures: NDArray[np.uint8], *, device: str = "cpu"
) -> list[dict[str, F]]:
    """What the net says of frames `(t, h, w, 3)`: of each, every head as `(c, h / 2, w / 2)`."""
    height, width = pictures.shape[1:3]
    below, right = -height % 16, -width % 16
    out: list[dict[str, F]] = []
    for first in range(0, len(pictures), BATCH):
        some = np.pad(
            pictures[first : first + BATCH], ((0, 0), (0, below), (0, right), (0, 0)), "edge"
        )
        x = torch.from_numpy(some).to(device).permute(0, 3, 1, 2).float() / 255
        x = x.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode():
            said = net(x)
        cells = (-(-height // STRIDE), -(-width // STRIDE))
        named = {k: v[:, :, : cells[0], : cells[1]].float().cpu().numpy() for k, v in
                 split(said).items()}  # fmt: skip
        out += [{k: v[i] for k, v in named.items()} for i in range(len(some))]
    return out


def look_again(
    looks: Looks,
    pictures: Sequence[NDArray[np.uint8]],
    frames: Sequence[Sequence[Body]],
    *,
    device: str = "cpu",
) -> list[list[Body]]:
    """The same bodies, with what the second net says of each of them in a cut of its own.

    Posteriors of both nets are multiplied; the first one counts half, it sees less.
    """
    cuts = [
        (i, j, *cut_out(pictures[i], body.box, body.mask))
        for i, bodies in enumerate(frames)
        for j, body in enumerate(bodies)
    ]
    out = [list(bodies) for bodies in frames]
    if not cuts:
        return out
    x = torch.from_numpy(np.stack([one[2] for one in cuts])).to(device)
    scale = torch.tensor([one[3] for one in cuts], dtype=torch.float32, device=device)
    with torch.inference_mode():
        said = looks(x.contiguous(memory_format=torch.channels_last), scale)
    parts = [part.float().cpu().numpy() for part in said.split(list(ASKED.values()), dim=1)]
    for row, (i, j, *_) in enumerate(cuts):
        body = out[i][j]
        better = {
            name: _logs(_logs(part[row]) + FIRST_LOOK * getattr(body, name))
            for name, part in zip(ASKED, parts, strict=True)
        }
        out[i][j] = replace(
            body, kind=better["kind"], color=better["color"], second=better["second"],
            pattern=better["pattern"],
        )  # fmt: skip
    return out


FIRST_LOOK = 0.5
"""What the posterior of the first net counts beside that of the second."""


def _logs(logits: F) -> F:
    shifted = logits - logits.max(0)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(0)), np.float32)


def _sigmoid(logits: F) -> F:
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)


def _peaks(map_: F, least: float, room: int) -> list[tuple[float, float]]:
    """Local maxima, as (x, y) in cells; `room` cells apart at least."""
    high = cv2.dilate(map_, np.ones((2 * room + 1, 2 * room + 1), np.uint8))
    rows, columns = np.nonzero((map_ >= high) & (map_ > least))
    order = np.argsort(-map_[rows, columns])
    return [(float(columns[i]), float(rows[i])) for i in order]


def parse(said: dict[str, F], picture: NDArray[np.uint8]) -> list[Body]:
    """The bodies of one frame, largest first.

    Args:
        said: of `answers`.
        picture: uint8 sRGB `(h, w, 3)`.
    """
    height, width = picture.shape[:2]
    share = _sigmoid(said["thing"][0])
    rows, columns = np.nonzero(share > THERE)
    if len(rows) < LEAST:
        return []
    color, second = _logs(said["color"]), _logs(said["second"])
    kind, pattern = _logs(said["kind"]), _logs(said["pattern"])
    votes = np.stack(
        [columns + 0.5 + said["way"][0, rows, columns] * (WAY / STRIDE),
         rows + 0.5 + said["way"][1, rows, columns] * (WAY / STRIDE)], 1,
    )  # fmt: skip
    paint = np.exp(color[:, rows, columns]).T  # (n, 12)
    sort = np.exp(kind[:, rows, columns]).T
    room = np.stack([sort[:, r == ROOM].sum(1) for r in range(3)], 1)
    owner = _pieces(said, rows, columns, votes, paint, room)
    owner = _grouped(votes, paint, sort, room, owner, rows, columns)
    owner = _tidied(owner, rows, columns, share.shape, votes)
    full = cv2.resize(share, (STRIDE * share.shape[1], STRIDE * share.shape[0]),
                      interpolation=cv2.INTER_LINEAR)[:height, :width]  # fmt: skip
    grid = np.full(share.shape, -1, np.int32)
    grid[rows, columns] = owner
    spread = _spread(grid, full > THERE, height, width)
    lab = lab_of(picture)
    soles = _peaks(cv2.GaussianBlur(_sigmoid(said["sole"][0]), (3, 3), 0), 0.15, 1)
    found = []
    for one in np.unique(owner[owner >= 0]):
        mine = owner == one
        if mine.sum() < LEAST:
            continue
        body = _body(one, mine, rows, columns, votes, spread, full, lab, color, second, pattern,
                     kind, share, soles)  # fmt: skip
        if body is not None:
            found.append(body)
    return sorted(found, key=lambda body: -body.area)


def _pieces(
    said: dict[str, F], rows: NDArray, columns: NDArray, votes: NDArray, paint: F, room: F
) -> NDArray[np.int32]:
    """First groups: what hangs together in one color and room, split where votes part.

    Walkers are of one piece whatever they wear, and fixtures whatever shade of gray light gives.
    """
    shape = said["thing"].shape[1:]
    key = np.full(shape, -1, np.int32)
    best = room.argmax(1)
    hue = paint.argmax(1)
    hue = np.where((best == 2) & np.isin(hue, NEUTRAL), NEUTRAL[0], hue)
    key[rows, columns] = np.where(best == 1, 100, 20 * best + hue)
    map_ = cv2.GaussianBlur(_sigmoid(said["center"][0]), (3, 3), 0)
    owner = np.full(shape, -1, np.int32)
    at = np.full(shape, -1, np.int64)
    at[rows, columns] = np.arange(len(rows))
    number = 0
    for one in np.unique(key[key >= 0]):
        num, parts = cv2.connectedComponents((key == one).astype(np.uint8), connectivity=8)
        for i in range(1, num):
            inside = parts == i
            mine = at[inside]
            if len(mine) < 3:
                continue
            peaks = _parted(votes[mine], np.where(inside, map_, 0.0))
            if len(peaks) > 1:
                far = np.hypot(*(votes[mine, None] - peaks).transpose(2, 0, 1))
                owner[inside] = number + far.argmin(1)
                number += len(peaks)
            else:
                owner[inside] = number
                number += 1
    return np.asarray(owner[rows, columns], np.int32)


def _parted(votes: NDArray, map_: F) -> NDArray[np.float64]:
    """Centers of one piece of cells: one, or several where its votes meet in several places."""
    side = np.sqrt(len(votes))
    found: list[tuple[float, float]] = []
    low = np.floor(votes.min(0)) - 3
    heap = np.zeros(np.ceil(votes.max(0) - low).astype(int)[::-1] + 4, np.float32)
    spot = (votes - low).astype(int)
    np.add.at(heap, (spot[:, 1], spot[:, 0]), 1.0)
    heap = cv2.GaussianBlur(heap, (0, 0), float(np.clip(0.1 * side, 1.0, 3.0)))
    least = 0.3 * float(heap.max())
    places = [(x + low[0] + 0.5, y + low[1] + 0.5) for x, y in _peaks(heap, least, 2)]
    places += [(x + 0.5, y + 0.5) for x, y in _peaks(map_, 0.4, 2)]
    room = max(3.0, 0.5 * side)
    for x, y in places:
        if all(np.hypot(x - a, y - b) > room for a, b in found):
            found.append((x, y))
    centers = np.array(found).reshape(-1, 2)
    if len(centers) < 2:
        return centers
    far = np.hypot(*(votes[:, None] - centers).transpose(2, 0, 1))
    count = np.bincount(far.argmin(1), minlength=len(centers))
    good = count >= max(LEAST, 0.15 * len(votes))
    return centers[good]


def _grouped(
    votes: NDArray, paint: F, sort: F, room: F, owner: NDArray[np.int32], rows: NDArray,
    columns: NDArray,
) -> NDArray[np.int32]:  # fmt: skip
    """Groups after their cells went to the nearest and likest, and likes became one."""
    if not len(votes) or owner.max() < 0:
        return owner
    for _ in range(3):
        num = int(owner.max()) + 1
        count = np.bincount(owner[owner >= 0], minlength=num)
        keep = np.flatnonzero(count >= 3)
        if not len(keep):
            return np.full(len(votes), -1, np.int32)
        place, tint, form, where, scale = [], [], [], [], []
        for k in keep:
            mine = owner == k
            place.append(np.median(votes[mine], 0))
            tint.append(paint[mine].mean(0))
            form.append(sort[mine].mean(0))
            where.append(room[mine].mean(0))
            scale.append(np.sqrt(mine.sum()))
        at, tints = np.array(place), np.array(tint)
        forms, rooms = np.array(form), np.array(where)
        size = np.clip(0.5 * np.array(scale), 2.5, 12.0)
        away = np.hypot(votes[:, None, 0] - at[:, 0], votes[:, None, 1] - at[:, 1])
        same_color = 1 - np.sqrt(paint) @ np.sqrt(tints).T
        walker = room[:, 1:2] * rooms[None, :, 1]
        looks = 2.2 * (1 - walker) * same_color
        looks = looks + 1.0 * (1 - np.sqrt(room) @ np.sqrt(rooms).T)
        looks = looks + 0.5 * (1 - np.sqrt(sort) @ np.sqrt(forms).T)
        cost = away / size + looks
        owner = np.where(cost.min(1) < 3.0, cost.argmin(1), -1)
        owner = _merged(owner, at, tints, forms, rooms, np.stack([columns, rows], 1))
    return owner.astype(np.int32)


def _merged(
    owner: NDArray, at: NDArray, tint: NDArray, form: NDArray, where: NDArray, cells: NDArray
) -> NDArray:
    """Groups that are one: centers close by for their size, same looks. What is open, as a bench
    is, or is seen to the left and to the right of somebody, has few cells for its size: of fixtures
    it is the extent of both together that counts."""
    count = np.bincount(owner[owner >= 0], minlength=len(at))
    low, high = np.full((len(at), 2), 1e9), np.full((len(at), 2), -1e9)
    for k in np.flatnonzero(count):
        mine = cells[owner == k]
        low[k], high[k] = mine.min(0), mine.max(0) + 1
    order = np.argsort(-count)
    into = np.arange(len(at))
    for n, i in enumerate(order):
        for j in order[:n]:
            if into[j] != j or not count[i] or not count[j]:
                continue
            away = np.hypot(*(at[i] - at[j]))
            color = float(np.sqrt(tint[i] * tint[j]).sum())
            kind = float(np.sqrt(form[i] * form[j]).sum())
            room = float(np.sqrt(where[i] * where[j]).sum())
            things = where[i][0] > 0.5 and where[j][0] > 0.5
            if things and color < 0.5:
                continue
            other_room = where[i].argmax() != where[j].argmax()
            if other_room and color < 0.6 and count[i] > 0.15 * count[j]:
                continue  # who sits on a bench has its middle where the bench has it
            reach = (0.32 if kind > 0.6 else 0.2) * np.sqrt(count[j] * 1.0)
            if kind > 0.6 and where[i][2] > 0.5 and where[j][2] > 0.5:
                extent = (np.maximum(high[i], high[j]) - np.minimum(low[i], low[j])).max()
                reach = max(reach, 0.22 * float(extent))
            if room > 0.6 and away < max(reach, 2.0):
                into[i] = j
                break
    return np.where(owner >= 0, into[np.maximum(owner, 0)], -1)


def _tidied(
    owner: NDArray, rows: NDArray, columns: NDArray, shape: tuple[int, ...], votes: NDArray
) -> NDArray[np.int32]:
    """Crumbs go to the group around them; what is left without one becomes its own."""
    grid = np.full(shape, -1, np.int32)
    grid[rows, columns] = owner
    there = np.zeros(shape, bool)
    there[rows, columns] = True
    for one in np.unique(owner[owner >= 0]):
        num, parts = cv2.connectedComponents((grid == one).astype(np.uint8), connectivity=8)
        sizes = np.bincount(parts.ravel())
        for i in range(1, num):
            if sizes[i] >= max(LEAST, 0.06 * sizes[1:].sum()):
                continue
            grid[parts == i] = -1  # a crumb
    left = there & (grid < 0)
    for _ in range(6):  # neighbors take what is left, a cell at a time
        if not left.any():
            break
        high = cv2.dilate((grid + 1).astype(np.float32), np.ones((3, 3), np.uint8)) - 1
        take = left & (high >= 0)
        if not take.any():
            break
        grid[take] = high[take].astype(np.int32)
        left &= ~take
    num, parts = cv2.connectedComponents(left.astype(np.uint8), connectivity=8)
    base = int(grid.max(initial=-1)) + 1
    for i in range(1, num):
        inside = parts == i
        if inside.sum() >= LEAST:
            grid[inside] = base
            base += 1
    return np.asarray(grid[rows, columns], np.int32)


def _spread(
    grid: NDArray[np.int32], there: NDArray[np.bool_], height: int, width: int
) -> NDArray[np.int32]:
    """Owners on the grid of the picture: of the nearest cell that has one, where somebody is."""
    big = np.repeat(np.repeat(grid, STRIDE, 0), STRIDE, 1)[:height, :width]
    missing = there & (big < 0)
    if missing.any():
        near = cv2.dilate((big + 1).astype(np.float32), np.ones((5, 5), np.uint8)) - 1
        big = np.where(missing, near.astype(np.int32), big)
    return np.where(there, big, -1)


def _body(
    one: int, mine: NDArray, rows: NDArray, columns: NDArray, votes: NDArray, spread: NDArray,
    full: F, lab: F, color: F, second: F, pattern: F, kind: F, share: F,
    soles: Sequence[tuple[float, float]],
) -> Body | None:  # fmt: skip
    """A group as a body."""
    r, c = rows[mine], columns[mine]
    top, left = max(int(r.min()) * STRIDE - 2, 0), max(int(c.min()) * STRIDE - 2, 0)
    bottom, right = int(r.max() + 1) * STRIDE + 2, int(c.max() + 1) * STRIDE + 2
    inside = spread[top:bottom, left:right] == one
    y, x = np.nonzero(inside)
    if not len(y):
        return None
    y0, x0, y1, x1 = int(y.min()), int(x.min()), int(y.max()) + 1, int(x.max()) + 1
    mask = np.ascontiguousarray(inside[y0:y1, x0:x1])
    y0, x0, y1, x1 = y0 + top, x0 + left, y1 + top, x1 + left
    # Sub-pixel: pixels count by their share, with a rim of one that belongs to nobody else.
    ry, rx = max(y0 - 1, 0), max(x0 - 1, 0)
    ring = spread[ry : y1 + 1, rx : x1 + 1]
    soft = np.where((ring == one) | (ring < 0), full[ry : y1 + 1, rx : x1 + 1], 0.0)
    near = cv2.dilate((ring == one).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    soft = np.where(near, soft, 0.0)
    area = float(soft.sum())
    if area <= 0:
        return None
    sy, sx = np.mgrid[0 : soft.shape[0], 0 : soft.shape[1]]
    center = np.array(
        [(soft * sx).sum() / area + rx + 0.5, (soft * sy).sum() / area + ry + 0.5], np.float32
    )
    sure = share[r, c] ** 2
    sure = sure / sure.sum()
    inner = lab[y0:y1, x0:x1][mask]
    feet = [
        ((sx_ + 0.5) * STRIDE, (sy_ + 0.5) * STRIDE)
        for sx_, sy_ in soles
        if x0 - 2 <= (sx_ + 0.5) * STRIDE <= x1 + 2
        and y0 + 0.6 * (y1 - y0) <= (sy_ + 0.5) * STRIDE <= y1 + 4
    ]
    middle = np.median(votes[mine], 0) * STRIDE
    return Body(
        box=(x0, y0, x1, y1), mask=mask, center=center, middle=middle.astype(np.float32),
        area=area, color=(color[:, r, c] * sure).sum(1), second=(second[:, r, c] * sure).sum(1),
        pattern=(pattern[:, r, c] * sure).sum(1), kind=(kind[:, r, c] * sure).sum(1),
        lab=np.asarray(inner.mean(0), np.float32),
        soles=np.array(feet, np.float32).reshape(-1, 2), trust=float(share[r, c].mean()),
    )  # fmt: skip
