"""Signals: what the pixels themselves tell of a clip, in one pass, with the tracks as masks.

Every frame is compared with the one before it, which is first moved as the background moved
(`View.motion`) and brought to its exposure. Entry `i` compares frames i - 1 and i; the first of a
shot is NaN. Colors are CIELAB (CIE 15), light is linear.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.grading.ground import FARTHEST
from evenflow.grading.paths import shots_of
from evenflow.grading.reading import SEEN, Reading, Track

F = NDArray[np.float32]
D = NDArray[np.float64]
U = NDArray[np.uint8]

_SERIES = (
    "tilt", "same", "back", "wide", "swim", "returns", "noise", "sharp", "contrast", "detail",
    "palette", "early", "moving", "ghost",
)  # fmt: skip
SECTORS = 12
"""Directions from the middle in which the motion of an outline is told apart."""
TILES = 6
"""Tiles across and down on which the background is compared."""


@dataclass(frozen=True)
class Look:
    """What a track's pixels tell, frame by frame.

    Args:
        lab: mean color inside the outline, `(t, 3)`.
        spread: standard deviation of lightness inside, `(t,)`.
        slope: mean gradient of lightness inside, x and y, per pixel, `(t, 2)`.
        slide: how the marks move inside against its middle, pixels x and y from frame i - 1, NaN
            where it has no marks, `(t, 2)`.
        change: what is left of the difference inside after that motion, levels of L, `(t,)`.
        outline: log area, log height over width, mean radius' deviation and three moments of the
            outline, `(t, 6)`.
        radius: distance of the outline from its middle in 24 directions over the root of the area,
            `(t, 24)`.
        histogram: share of pixels in 8 hues and 4 grays, `(t, 12)`.
        least: pixels inside, `(t,)`.
        wobble: how far the outline trembles from frame to frame, pixels, `(t,)`.
        around: what changes on the background within its height beside and below it, where its
            shadow falls, camera and exposure taken out, sum of levels over its pixels, `(t,)`.
    """

    lab: D
    spread: D
    slope: D
    slide: D
    change: D
    outline: D
    radius: D
    histogram: D
    least: D
    wobble: D
    around: D


@dataclass(frozen=True)
class Signals:
    """What a clip's pixels tell, `(t, ...)`.

    Args:
        gain: mean log of linear RGB of the background, `(t, 3)`.
        step: log gain from the frame before on pixels that both show as background, `(t, 3)`.
        tilt: standard deviation of that gain over tiles, `(t,)`.
        same: mean |difference| from the frame before, levels of 255, nothing compensated.
        back: mean |difference| of the background, motion and exposure taken out, levels of 255.
        wide: share of the background's tiles that changed by more than twice the median.
        swim: median length of what is left of the background's motion, pixels.
        returns: how far a frame leaves what the frames around it agree on, levels of 255.
        noise: standard deviation of the fine grain, levels of 255.
        sharp: log of the background's mean |Laplacian| over its contrast.
        contrast: standard deviation of lightness over the picture.
        detail: share of pixels with a clear edge.
        palette: L1 distance of color histograms from the frame before, exposure taken out.
        early: mean |difference| of the background from the first frame of the shot, where the
            camera stands, levels of 255.
        moving: pixels that the background moves a frame.
        ghost: share of what was just uncovered that still shows what covered it.
        looks: of every track, in their order.
    """

    gain: D
    step: D
    tilt: D
    same: D
    back: D
    wide: D
    swim: D
    returns: D
    noise: D
    sharp: D
    contrast: D
    detail: D
    palette: D
    early: D
    moving: D
    ghost: D
    looks: tuple[Look, ...]


_X = np.arange(256) / 255.0
_LINEAR = np.where(_X <= 0.04045, _X / 12.92, ((_X + 0.055) / 1.055) ** 2.4).astype(np.float32)


def linear(pictures: U) -> F:
    """sRGB to linear light (IEC 61966-2-1), by a table."""
    return _LINEAR[pictures]


def measure(pictures: U, reading: Reading) -> Signals:
    """All signals of a clip.

    Args:
        pictures: `(t, h, w, 3)` on the grid of `reading.labels`.
    """
    num, height, width = pictures.shape[:3]
    if reading.labels.shape != (num, height, width):
        raise ValueError(f"labels are {reading.labels.shape}, pictures {pictures.shape[:3]}")
    scale = width / reading.width
    lab = np.stack([_lab(p) for p in pictures])
    labels = reading.labels
    back = np.stack([_clear(one) for one in labels])
    out: dict[str, D] = {name: np.full(num, np.nan) for name in _SERIES}
    gain, step = np.full((num, 3), np.nan), np.full((num, 3), np.nan)
    flow = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    histogram: D | None = None
    rims = {track.id: np.full((num, SECTORS, 2), np.nan) for track in reading.tracks}
    around = {track.id: np.full(num, np.nan) for track in reading.tracks}
    for start, end in shots_of(reading):
        motion = np.nan_to_num(reading.view.motion[start:end].astype(np.float64))
        motion[:, :2] *= scale
        for t in range(start, end):
            mask = back[t]
            if mask.sum() > 50:
                gain[t] = np.log(linear(pictures[t][mask]).mean(axis=0) + 1e-4)
                out["noise"][t] = _grain(lab[t][..., 0], mask)
                out["sharp"][t] = _sharpness(lab[t][..., 0], mask)
            gray = lab[t][..., 0]
            out["contrast"][t] = gray.std()
            edges = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
            out["detail"][t] = float((edges > 24).mean())
            if t == start:
                histogram = _palette(lab[t])
                continue
            m = motion[t - start]
            moved, valid = _moved(pictures[t - 1], m)
            seen, _ = _moved(back[t - 1].astype(np.uint8), m, nearest=True)
            past_labels: NDArray[Any] = _moved(labels[t - 1], m, nearest=True)[0]
            known = _known(reading, t, (height, width))
            if known is not None:  # a camera that is given says how every pixel should move
                told, there = _fetched(pictures[t - 1], known)
                bare = _fetched(back[t - 1].astype(np.uint8), known, nearest=True)[0] > 0
                bare &= there
                if _nearer(pictures[t], told, moved, mask & bare, mask & (seen > 0) & valid):
                    moved, valid, seen = told, there, bare.astype(np.uint8)
                    past_labels, _ = _fetched(labels[t - 1], known, nearest=True)
            both = mask & (seen > 0) & valid
            out["same"][t] = float(cv2.absdiff(pictures[t], pictures[t - 1]).mean())
            out["moving"][t] = float(np.hypot(m[0], m[1]) + 0.35 * height * abs(m[2]))
            now = _palette(lab[t])
            if both.sum() > 50:
                past, here = linear(moved[both]), linear(pictures[t][both])
                bright = (past.min(axis=1) > 0.004) & (here.max(axis=1) < 0.98)
                if bright.sum() > 20:
                    ratio = np.log((here[bright] + 2e-3) / (past[bright] + 2e-3))
                    step[t] = _middle(ratio)
                    out["tilt"][t] = _tiles(ratio.mean(axis=1), both, bright)
                even = _exposed(moved, np.nan_to_num(step[t]))
                rest = np.abs(pictures[t].astype(np.float32) - even).mean(axis=2)
                out["back"][t] = float(rest[both].mean())
                out["wide"][t] = _share(rest, both)
                beside = np.where(both, rest, 0)
                for id, row in around.items():
                    row[t] = _beside(beside, labels[t] == id, (labels[t] > 0) != (past_labels > 0))
                field = flow.calc(_gray(even), _gray(pictures[t].astype(np.float32)), None)
                for id, rim in rims.items():
                    rim[t] = _rim(field, past_labels, id)
                if known is not None and told is not moved:  # how it moves, and not how it should
                    after = _gray(pictures[t].astype(np.float32))
                    field = flow.calc(_gray(told.astype(np.float32)), after, None)
                    both = mask & bare
                texture = both & (_texture(lab[t][..., 0]) > 1.0)
                if texture.sum() > max(30, 0.12 * both.sum()):  # less may be shadows
                    # The median: shadows and soft edges of those who move are less than half.
                    out["swim"][t] = float(np.median(np.linalg.norm(field[texture], axis=1)))
            if histogram is not None:
                shift = lab[t].reshape(-1, 3).mean(axis=0) - lab[t - 1].reshape(-1, 3).mean(axis=0)
                even_lab = lab[t].copy()
                even_lab[..., 0] -= shift[0]
                out["palette"][t] = float(np.abs(_palette(even_lab) - histogram).sum())
            histogram = now
            if t + 1 < end:
                out["returns"][t] = _return(pictures[t - 1], pictures[t], pictures[t + 1])
        _early(out["early"], pictures, back, start, end, np.nan_to_num(out["moving"]))
        still = bool((np.nan_to_num(out["moving"][start:end]) < 0.02).all())
        _ghosts(out["ghost"], lab, labels, start, end, still=still)
    looks = tuple(
        _look(track, reading, lab, flow, _wobble(rims[track.id]), around[track.id])
        for track in reading.tracks
    )
    return Signals(gain=gain, step=step, looks=looks, **out)


def _lab(picture: U) -> F:
    return np.asarray(cv2.cvtColor(picture.astype(np.float32) / 255.0, cv2.COLOR_RGB2Lab))


def _gray(picture: F) -> U:
    return np.asarray(cv2.cvtColor(np.clip(picture, 0, 255).astype(np.uint8), cv2.COLOR_RGB2GRAY))


def _exposed(picture: U, log_gain: D) -> F:
    """A picture with another exposure of every channel, levels of 255."""
    if np.abs(log_gain).max() < 1e-5:
        return picture.astype(np.float32)
    light = np.clip(_LINEAR[:, None] * np.exp(log_gain)[None], 0, 1)
    table = 255 * np.where(
        light <= 0.0031308, 12.92 * light, 1.055 * np.power(light, 1 / 2.4) - 0.055
    )
    return np.stack([table[:, c][picture[..., c]] for c in range(3)], axis=2).astype(np.float32)


def _clear(labels: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Background away from everybody (their shadows and soft edges)."""
    grown = cv2.dilate((labels > 0).astype(np.uint8), np.ones((5, 5), np.uint8))
    return np.asarray(grown == 0)


def _moved(
    picture: NDArray[Any], m: D, *, nearest: bool = False
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """A picture moved by shift, log scale and roll about its middle, and where it is known."""
    height, width = picture.shape[:2]
    if np.abs(m).max() < 1e-4:
        return picture, np.ones((height, width), np.bool_)
    c, s = np.exp(m[2]) * np.cos(m[3]), np.exp(m[2]) * np.sin(m[3])
    cx, cy = width / 2 - 0.5, height / 2 - 0.5
    matrix = np.array([[c, -s, cx - c * cx + s * cy + m[0]], [s, c, cy - s * cx - c * cy + m[1]]])
    way = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    moved = cv2.warpAffine(picture, matrix, (width, height), flags=way)
    known = cv2.warpAffine(
        np.ones((height, width), np.uint8), matrix, (width, height), flags=cv2.INTER_NEAREST
    )
    inner = cv2.erode(known, np.ones((3, 3), np.uint8), borderValue=0) > 0
    return np.asarray(moved), np.asarray(inner)


def _known(reading: Reading, frame: int, shape: tuple[int, int]) -> tuple[F, F] | None:
    """Where every pixel of a frame was in the one before if it is ground (y = 0), or infinitely far
    where no ground is seen, by the camera that is given: x and y of pixels of the grid, as
    `cv2.remap` counts them; None without such a camera."""
    view = reading.view
    if view.known != "given" or view.orthographic:
        return None
    k, pose = (
        x[frame - 1 : frame + 1].astype(np.float64) for x in (view.intrinsics, view.world_to_camera)
    )
    if not (np.isfinite(k).all() and np.isfinite(pose).all()):
        return None
    height, width = shape
    sx, sy = reading.width / width, reading.height / height
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    if np.allclose(k[0], k[1], atol=1e-6) and np.allclose(pose[0], pose[1], atol=1e-6):
        return x.astype(np.float32), y.astype(np.float32)
    local = np.stack(
        [((x + 0.5) * sx - k[1, 0, 2]) / k[1, 0, 0], ((y + 0.5) * sy - k[1, 1, 2]) / k[1, 1, 1],
         np.ones_like(x)], axis=-1,
    )  # fmt: skip
    turn = pose[1, :3, :3]
    way = local @ turn
    eye = -turn.T @ pose[1, :3, 3]
    with np.errstate(divide="ignore", invalid="ignore"):
        far = -eye[1] / way[..., 1]
    ground = (far > 0.05) & (far < FARTHEST)
    near = (eye + np.where(ground, far, 0.0)[..., None] * way) @ pose[0, :3, :3].T + pose[0, :3, 3]
    point = np.where(ground[..., None], near, way @ pose[0, :3, :3].T)
    deep = np.where(point[..., 2] > 0.05, point[..., 2], np.nan)
    u = (point[..., 0] / deep * k[0, 0, 0] + k[0, 0, 2]) / sx - 0.5
    v = (point[..., 1] / deep * k[0, 1, 1] + k[0, 1, 2]) / sy - 0.5
    return np.nan_to_num(u, nan=-9.0).astype(np.float32), np.nan_to_num(v, nan=-9.0).astype("f4")


def _fetched(
    picture: NDArray, maps: tuple[F, F], *, nearest: bool = False
) -> tuple[NDArray, NDArray[np.bool_]]:
    """A picture whose pixels come from other places, and where they come from inside it."""
    height, width = picture.shape[:2]
    how = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
    inside = (
        (maps[0] >= 0) & (maps[0] <= width - 1) & (maps[1] >= 0) & (maps[1] <= height - 1)
    )  # fmt: skip
    return np.asarray(cv2.remap(picture, maps[0], maps[1], how)), np.asarray(inside)


def _nearer(
    here: U, one: U, two: U, one_known: NDArray[np.bool_], two_known: NDArray[np.bool_]
) -> bool:
    """Whether the first of two pictures is as near to this one as the second, or nearer."""
    both = one_known & two_known
    if both.sum() < 50:
        return bool(one_known.sum() >= two_known.sum())
    a, b = (np.abs(here[both].astype(np.float32) - x[both]).mean() for x in (one, two))
    return bool(a <= b + 0.02)


def _grain(gray: F, mask: NDArray[np.bool_]) -> float:
    """Noise from a Laplacian-like mask (Immerkaer 1996, Fast noise variance estimation), by the
    median, so that edges do not count."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    rest = cv2.filter2D(gray, cv2.CV_32F, kernel)[mask]
    return float(np.median(np.abs(rest))) * 1.4826 / 6.0 * 2.55


def _sharpness(gray: F, mask: NDArray[np.bool_]) -> float:
    fine = np.abs(cv2.Laplacian(gray, cv2.CV_32F))[mask].mean()
    coarse = np.abs(cv2.Laplacian(cv2.GaussianBlur(gray, (0, 0), 1.5), cv2.CV_32F))[mask].mean()
    return float(np.log((fine + 0.05) / (coarse + 0.05)))


def _palette(lab: F) -> D:
    """Histogram of colors, smoothed, sums to 1."""
    small = lab[::2, ::2].reshape(-1, 3)
    level = np.clip((small[:, 0] * 0.08).astype(int), 0, 7)
    a, b = (np.clip(((small[:, i] + 80) * 0.05).astype(int), 0, 7) for i in (1, 2))
    h = np.bincount((level * 8 + a) * 8 + b, minlength=512).reshape(8, 8, 8).astype(np.float64)
    for axis in range(3):
        h = h + 0.5 * (np.roll(h, 1, axis) + np.roll(h, -1, axis))
    return np.asarray(h / h.sum())


def _texture(gray: F) -> F:
    mean = cv2.blur(gray, (7, 7))
    return np.asarray(np.sqrt(np.maximum(cv2.blur(gray * gray, (7, 7)) - mean * mean, 0)))


def _middle(values: F) -> D:
    """Mean of the middle 60 % of every column: codes are whole numbers, so that a median of many
    equal pixels would not see what is less than one."""
    row = np.sort(values, axis=0)
    cut = len(row) // 5
    return np.asarray(row[cut : len(row) - cut].mean(axis=0), np.float64)


def _tiles(ratio: F, both: NDArray[np.bool_], bright: NDArray[np.bool_]) -> float:
    v, u = np.nonzero(both)
    h, w = both.shape
    tile = (v * TILES // h) * TILES + u * TILES // w
    tile = tile[bright]
    means = [
        float(np.median(ratio[tile == k])) for k in range(TILES * TILES) if (tile == k).sum() > 15
    ]
    return float(np.std(means)) if len(means) > 3 else float("nan")


def _share(rest: F, both: NDArray[np.bool_]) -> float:
    h, w = both.shape
    v, u = np.nonzero(both)
    tile = (v * TILES // h) * TILES + u * TILES // w
    values = rest[both]
    means = np.array(
        [values[tile == k].mean() for k in range(TILES * TILES) if (tile == k).sum() > 15]
    )
    return float((means > 3.0).mean()) if len(means) else float("nan")


def _return(before: U, here: U, after: U) -> float:
    """Mean of min(|here - before|, |here - after|) - |after - before|, not below 0, after the mean
    of each color was taken out of nothing: a bad frame differs from both, and they agree."""
    b, h, a = (p.astype(np.float32) for p in (before, here, after))
    out = np.minimum(np.abs(h - b), np.abs(h - a)) - np.abs(a - b)
    inner = ((h - b) * (h - a)).mean(axis=2) > 0
    return float((np.maximum(out, 0).mean(axis=2) * inner).mean())


def _early(out: D, pictures: U, back: NDArray[np.bool_], start: int, end: int, moving: D) -> None:
    still = moving[start:end] < 0.02
    if not still.all():
        return
    first = pictures[start].astype(np.float32)
    for t in range(start + 1, end):
        both = back[start] & back[t]
        if both.sum() > 50:
            out[t] = float(np.abs(pictures[t].astype(np.float32) - first)[both].mean())


LAGS = (1, 2, 3, 4, 5)
"""Frames after which what was uncovered is looked at for copies of who covered it."""


def _ghosts(
    out: D, lab: F, labels: NDArray[np.int16], start: int, end: int, *, still: bool
) -> None:
    """What was covered some frames ago and is background now should look like the background: as it
    does at other times where the camera stands, else as around it. The share by which it still
    looks like who covered it: where the camera stands pixel by pixel, mostly by hue, since a shadow
    has none of its own."""
    near = np.stack(
        [cv2.dilate((one > 0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
         for one in labels[start:end]]
    )  # fmt: skip
    plate: F | None = None
    if still and end - start > 8:
        shown = np.where(near[..., None], np.float32(np.nan), lab[start:end])
        count = (~near).sum(axis=0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # pixels that are never bare
            plate = np.nanmedian(shown[:: max(1, (end - start) // 16)], axis=0)
        plate[count < 8] = np.nan
    weight = np.array([0.4, 1.0, 1.0], np.float32)
    for t in range(start + 1, end):
        now = near[t - start]
        shares = []
        for lag in LAGS:
            if t - lag < start:
                continue
            then = labels[t - lag]
            bare = (then > 0) & ~now
            if bare.sum() < 12:
                continue
            for id in np.unique(then[bare]):
                own = then == id
                spot = bare & own
                if plate is not None:
                    spot &= np.isfinite(plate[..., 0])
                if spot.sum() < 12:
                    continue
                if plate is not None:
                    was = ((lab[t - lag] - plate)[spot] * weight).ravel()
                    left = ((lab[t] - plate)[spot] * weight).ravel()
                    if float(was @ was) < 10.0**2 * spot.sum():
                        continue
                    shares.append(float(left @ was / (was @ was)))
                    continue
                color = lab[t - lag][own].mean(axis=0)
                clean = cv2.dilate(spot.astype(np.uint8), np.ones((9, 9))) > 0
                clean &= (labels[t] == 0) & ~spot & ~now & (then == 0)
                if clean.sum() < 8:
                    continue
                ground = lab[t][clean].mean(axis=0)
                way = (color - ground) * weight
                if float(np.linalg.norm(way)) < 12:
                    continue
                rest = (lab[t][spot].mean(axis=0) - ground) * weight
                shares.append(float(rest @ way / (way @ way)))
        if shares:
            out[t] = max(shares)


def _rim(field: F, labels: NDArray[np.int16], id: int) -> D:
    """Mean flow along the outline of somebody by direction from its middle, `(SECTORS, 2)`; NaN
    where somebody else or the border is near."""
    out = np.full((SECTORS, 2), np.nan)
    mine = labels == id
    v, u = np.nonzero(mine)
    if len(v) < 30:
        return out
    height, width = labels.shape
    y0, y1 = max(int(v.min()) - 4, 0), min(int(v.max()) + 5, height)
    x0, x1 = max(int(u.min()) - 4, 0), min(int(u.max()) + 5, width)
    own = mine[y0:y1, x0:x1].astype(np.uint8)
    others = (labels[y0:y1, x0:x1] > 0) & (own == 0)
    small, large = np.ones((3, 3), np.uint8), np.ones((5, 5), np.uint8)
    band = (cv2.dilate(own, small) > 0) & ~(cv2.erode(own, small, borderValue=0) > 0)
    band &= cv2.dilate(others.astype(np.uint8), large) == 0
    rows, columns = np.nonzero(band)
    rows, columns = rows + y0, columns + x0
    inside = (rows > 1) & (rows < height - 2) & (columns > 1) & (columns < width - 2)
    rows, columns = rows[inside], columns[inside]
    angle = np.arctan2(rows - v.mean(), columns - u.mean())
    sector = np.floor((angle + np.pi) / (2 * np.pi) * SECTORS).astype(int) % SECTORS
    count = np.bincount(sector, minlength=SECTORS)
    for axis in (0, 1):
        total = np.bincount(sector, field[rows, columns, axis], minlength=SECTORS)
        out[:, axis] = np.where(count >= 3, total / np.maximum(count, 1), np.nan)
    return out


def _beside(rest: F, own: NDArray[np.bool_], busy: NDArray[np.bool_]) -> float:
    """Sum of what changed within a body's height of it over its pixels; NaN where it is not. Where
    many outlines go by (`busy`), shadows do as well: there it counts for less."""
    v, u = np.nonzero(own)
    if len(v) < 30:
        return float("nan")
    tall = int(v.max() - v.min()) + 1
    y0, y1 = max(int(v.min()) - tall // 4, 0), int(v.max()) + 1 + tall // 2
    x0, x1 = max(int(u.min()) - tall, 0), int(u.max()) + 1 + tall
    part = rest[y0:y1, x0:x1]
    moved = float(busy[y0:y1, x0:x1].sum()) / len(v)
    return float(part[part > 1.5].sum() / len(v) / (1 + 20 * moved))


def _wobble(rim: D) -> D:
    """How far an outline trembles: root mean square over directions of the change of its flow from
    the frame before, beyond the flow itself; pixels, `(t,)`. What turns or swings goes on as it
    went, so that its flow changes by less than its size; what trembles turns round every frame,
    and its flow changes by twice its size. The mean of the outline is taken out; who is fast is
    followed less well, and counts for less."""
    out = np.full(len(rim), np.nan)
    for t in range(1, len(rim)):
        ok = np.isfinite(rim[t, :, 0]) & np.isfinite(rim[t - 1, :, 0])
        if ok.sum() < SECTORS // 2:
            continue
        one, two = (row[ok] - row[ok].mean(axis=0) for row in (rim[t - 1], rim[t]))
        change = np.linalg.norm(two - one, axis=1)
        size = 0.5 * (np.linalg.norm(one, axis=1) + np.linalg.norm(two, axis=1))
        fast = max(float(np.linalg.norm(row[ok].mean(axis=0))) for row in (rim[t - 1], rim[t]))
        rough = float(np.sqrt((np.maximum(change - 1.1 * size, 0) ** 2).mean()))
        out[t] = rough / (1 + fast)
    return out


def _look(
    track: Track, reading: Reading, lab: F, flow: cv2.DISOpticalFlow, wobble: D, around: D
) -> Look:
    num, height, width = lab.shape[:3]
    nan = np.nan
    mean, slope, slide = np.full((num, 3), nan), np.full((num, 2), nan), np.full((num, 2), nan)
    spread, change, least = np.full(num, nan), np.full(num, nan), np.zeros(num)
    outline, radius = np.full((num, 6), nan), np.full((num, 24), nan)
    histogram = np.full((num, 12), nan)
    sx = width / reading.width
    before: tuple[U, D] | None = None
    for t in range(num):
        if t in reading.cuts:
            before = None
        if track.state[t] != SEEN:
            before = None
            continue
        mask = reading.labels[t] == track.id
        count = int(mask.sum())
        if count < 20:
            before = None
            continue
        small = cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
        inner = small if small.sum() >= 12 else mask
        least[t] = inner.sum()
        pixels = lab[t][inner]
        mean[t] = pixels.mean(axis=0)
        spread[t] = pixels[:, 0].std()
        v, u = np.nonzero(inner)
        slope[t] = _slope(u - u.mean(), v - v.mean(), pixels[:, 0] - mean[t, 0])
        histogram[t] = _hues(pixels)
        if track.whole[t]:
            outline[t], radius[t] = _outline(mask)
        middle = track.center[t].astype(np.float64) * sx
        gray = np.clip(lab[t][..., 0] * 2.55, 0, 255).astype(np.uint8)
        if before is not None and spread[t] > 4:
            past, at = before
            way = middle - at
            moved, valid = _moved(past, np.array([way[0], way[1], 0, 0]))
            both = inner & valid
            if both.sum() >= 25:
                x0, y0, x1, y1 = u.min(), v.min(), u.max() + 1, v.max() + 1
                x0, y0 = max(x0 - 6, 0), max(y0 - 6, 0)
                x1, y1 = min(x1 + 6, width), min(y1 + 6, height)
                if x1 - x0 >= 16 and y1 - y0 >= 16:
                    one = np.ascontiguousarray(moved[y0:y1, x0:x1])
                    two = np.ascontiguousarray(gray[y0:y1, x0:x1])
                    field = flow.calc(one, two, None)
                    part = both[y0:y1, x0:x1]
                    slide[t] = np.median(field[part], axis=0)
                    gy, gx = np.mgrid[0 : y1 - y0, 0 : x1 - x0].astype(np.float32)
                    warped = cv2.remap(
                        one, gx - field[..., 0], gy - field[..., 1], cv2.INTER_LINEAR
                    )
                    change[t] = float(np.abs(warped.astype(np.float32) - two)[part].mean() / 2.55)
        before = (gray, middle)
    return Look(
        mean, spread, slope, slide, change, outline, radius, histogram, least, wobble, around
    )


def _slope(x: D, y: D, z: D) -> D:
    """Least squares gradient of z over x and y about their means."""
    xx, xy, yy = float(x @ x) + 1e-9, float(x @ y), float(y @ y) + 1e-9
    xz, yz = float(x @ z), float(y @ z)
    det = max(xx * yy - xy * xy, 1e-9)
    return np.array([xz * yy - yz * xy, yz * xx - xz * xy]) / det


def _hues(lab: F) -> D:
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    hue = np.floor((np.arctan2(lab[:, 2], lab[:, 1]) + np.pi) / (2 * np.pi) * 8).astype(int) % 8
    level = np.clip((lab[:, 0] / 25).astype(int), 0, 3)
    index = np.where(chroma > 12, hue, 8 + level)
    return np.bincount(index, minlength=12)[:12] / len(lab)


def _outline(mask: NDArray[np.bool_]) -> tuple[D, D]:
    """Numbers of an outline that do not depend on where it is."""
    moments = cv2.moments(mask.astype(np.uint8), binaryImage=True)
    area = moments["m00"]
    v, u = np.nonzero(mask)
    cx, cy = moments["m10"] / area, moments["m01"] / area
    tall, wide = v.max() - v.min() + 1, u.max() - u.min() + 1
    angle = np.arctan2(v - cy, u - cx)
    far = np.hypot(v - cy, u - cx)
    sector = np.floor((angle + np.pi) / (2 * np.pi) * 24).astype(int) % 24
    radius = np.zeros(24)
    np.maximum.at(radius, sector, far)
    radius = radius / np.sqrt(area)
    hu = [moments["nu20"], moments["nu11"], moments["nu02"]]
    return np.array([np.log(area), np.log(tall / wide), float(radius.std()), *hu]), radius
