"""Cutting: a window of a file as pictures of its bucket's size, with the actions and camera beside.

Only the frames that are shown are converted; they are cropped, then scaled (areas are averaged
where they shrink).
"""

import io
import json
import zipfile
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.data.buckets import crop_for
from evenflow.data.row import Row, Source
from evenflow.data.sample import Bucket, Crop
from evenflow.data.scenes import between
from evenflow.data.stretch import seconds_of
from evenflow.data.windows import frames_shown, steps_in


@dataclass(frozen=True)
class Cut:
    """A window of a file.

    Args:
        row: of the dataset.
        pictures: `(t, h, w, 3)`, uint8, or float32 in [0, 1] where the file has more bits.
        start: first step at the sampled rate.
        crop: of the file's pictures.
        actions: `(t, a)` or None.
        intrinsics, world_to_camera: `(t, 3, 3)` in pixels of the file and `(t, 4, 4)`, or None.
        truth: what lies beside the file, by the names of `Truth`, in pixels of the file.
        size: width and height of the file's pictures.
    """

    row: Row
    pictures: NDArray[np.uint8] | NDArray[np.float32]
    start: int
    crop: Crop
    actions: NDArray[np.float32] | None = None
    intrinsics: NDArray[np.float32] | None = None
    world_to_camera: NDArray[np.float32] | None = None
    truth: dict[str, NDArray[Any]] = field(default_factory=dict)
    size: tuple[int, int] = (0, 0)


def cut(
    source: Source,
    index: int,
    start: int,
    bucket: Bucket,
    fps: Fraction,
    *,
    upscale: bool,
    seed: tuple[int, ...],
    truth: tuple[str, ...] = (),
) -> Cut:
    """A window of row `index` from step `start`, or from one that chance picks if that is -1.

    Raises:
        UnreadableVideo: it cannot be decoded, or is shorter or smaller than its row says.
    """
    row = source.row(index)
    clip = source.clip(row)
    total = steps_in(seconds_of(clip), fps)
    if total < bucket.frames:
        raise UnreadableVideo(
            f"{row.key} has {total} frames at {float(fps):g} a second, {bucket.frames} are needed: "
            "its row says it is longer"
        )
    if start < 0:
        start = chosen(total, bucket.frames, seed)
    start = min(start, total - bucket.frames)
    width, height = clip.info.width, clip.info.height
    if not upscale and (bucket.width > width or bucket.height > height):
        raise UnreadableVideo(
            f"{row.key} is {width}x{height}, smaller than its bucket {bucket}: "
            "its row says it is larger"
        )
    crop = crop_for(width, height, bucket)
    shown = frames_shown(clip, start / fps, bucket.frames, fps)
    first = int(shown[0])
    wanted = {int(i) for i in shown}
    drawn: dict[int, NDArray[Any]] = {}
    for frame in clip.stream(first, int(shown[-1]) + 1):
        if frame.index in wanted:
            drawn[frame.index] = fitted(frame.pixels(), crop, bucket)
    if missing := sorted(wanted - set(drawn)):
        raise UnreadableVideo(f"{row.key} breaks off: frame {missing[0]} cannot be decoded")
    pictures = np.stack([drawn[int(i)] for i in shown])
    actions = _actions(source, row, shown)
    time = (start + np.arange(bucket.frames)) / float(fps)
    known = beside(source, row, shown, (width, height), truth) if truth else {}
    mask = _mask(source, row, shown, (width, height))
    if mask is not None:
        known["mask"] = mask
    camera = _camera(source, row, time, (width, height))
    k, pose = (None, None) if camera is None else (one.astype(np.float32) for one in camera)
    return Cut(row, pictures, start, crop, actions, k, pose, known, (width, height))


def chosen(total: int, frames: int, seed: tuple[int, ...]) -> int:
    """A first step that leaves room for the window."""
    return int(np.random.default_rng([*seed, 0x57A7]).integers(total - frames + 1))


def fitted(picture: NDArray[Any], crop: Crop, bucket: Bucket) -> NDArray[Any]:
    """A picture cropped and scaled, as RGB; alpha is left out."""
    some = picture[crop.y : crop.y + crop.height, crop.x : crop.x + crop.width]
    if some.shape[2] == 1:
        some = np.repeat(some, 3, axis=2)
    some = np.ascontiguousarray(some[:, :, :3])
    if some.dtype == np.uint16:
        some = some.astype(np.float32) / np.float32(65535)
    if (crop.width, crop.height) == (bucket.width, bucket.height):
        return some
    shrinks = bucket.width <= crop.width and bucket.height <= crop.height
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    out: NDArray[Any] = cv2.resize(some, (bucket.width, bucket.height), interpolation=how)
    return np.clip(out, 0, 1) if out.dtype == np.float32 else out


def _beside(source: Source, row: Row, name: str) -> bytes | None:
    read: Any = getattr(source, "content", None)
    found: bytes | None = None if read is None else read(row, name)
    return found


def _actions(source: Source, row: Row, shown: NDArray[np.int64]) -> NDArray[np.float32] | None:
    """What leads from each shown frame to the next.

    Ten columns are our eight keys and two looks, which are gathered over the frames in between; of
    other actions, whose meaning is not known, the shown frames' own rows are taken.
    """
    inline = row.extra.get("actions")
    if isinstance(inline, list):
        data: Any = inline
    else:
        content = _beside(source, row, "actions")
        if content is None:
            return None
        try:
            if content[:6] == b"\x93NUMPY":
                data = np.load(io.BytesIO(content), allow_pickle=False)
            else:
                data = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"{row.key}: its actions cannot be read: {error}") from None
    try:
        rows = np.asarray(data, np.float32)
    except (TypeError, ValueError):
        rows = np.zeros(0, np.float32)
    if rows.ndim != 2 or not np.isfinite(rows).all() or len(rows) == 0:
        raise BadInput(f"{row.key}: actions are a table of numbers, a row a frame")
    offset = _offset(row)
    if rows.shape[1] == 10:
        step = int(shown[-1] - shown[-2]) if len(shown) > 1 else 1
        return between(rows, shown + offset, last=int(shown[-1]) + offset + max(1, step))
    return rows[np.minimum(shown + offset, len(rows) - 1)]


def _mask(
    source: Source, row: Row, shown: NDArray[np.int64], size: tuple[int, int]
) -> NDArray[np.float32] | None:
    """Gray of the mask beside a clip, `(t, h, w)` in [0, 1]; a picture is that of all frames."""
    find: Any = getattr(source, "beside", None)
    path = None if find is None else find(row, "mask") or find(row, "mask_path")
    if path is None:
        return None
    from evenflow.io import read

    clip = read(path)
    info = clip.info
    last = int(shown[-1]) + _offset(row)
    still = len(clip) == 1
    if (info.width, info.height) != size or not (still or last < len(clip)):
        raise BadInput(
            f"{row.key}: its mask has {len(clip)} frames of {info.width}x{info.height}, the clip "
            f"{size[0]}x{size[1]} and frame {last}: make it of the clip's size and length"
        )
    frames = np.zeros(len(shown), np.int64) if still else shown + _offset(row)
    wanted = set(frames.tolist())
    gray: dict[int, NDArray[np.float32]] = {}
    for frame in clip.stream(int(frames[0]), int(frames[-1]) + 1):
        if frame.index in wanted:
            pixels = frame.pixels()
            white = np.float32(np.iinfo(pixels.dtype).max)
            gray[frame.index] = pixels[:, :, :3].mean(2, dtype=np.float32) / white
    return np.stack([gray[i] for i in frames.tolist()])


def _offset(row: Row) -> int:
    """Frames of the file before the row's stretch."""
    if row.t0 is None or not row.fps:
        return 0
    return round(row.t0 * float(row.fps))


def _camera(
    source: Source, row: Row, time: NDArray[np.float64], size: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Intrinsics in pixels of the file and poses, from RealEstate10K rows beside a clip."""
    content = _beside(source, row, "camera")
    if content is None:
        return None
    from evenflow.world.trajectories import parse_trajectory, poses_at

    rows = parse_trajectory(content.decode("utf-8-sig", "replace"), f"the camera of {row.key}")
    return poses_at(rows, time + (row.t0 or 0.0), size)


PLACES: dict[str, tuple[str, str]] = {
    "visible": ("boxes.npz", "visible"),
    "boxes": ("boxes.npz", "boxes"),
    "boxes_3d": ("boxes.npz", "boxes_3d"),
    "tracks": ("tracks.npz", "points"),
    "track_occluded": ("tracks.npz", "occluded"),
    "forward_valid": ("valid.npz", "forward_flow"),
    "backward_valid": ("valid.npz", "backward_flow"),
}
"""Files of a folder of truth that hold several arrays, see `world.clip`; the others are `.npy`."""
MORE = {
    "tracks": ("tracks", "track_occluded"),
    "forward_flow": ("forward_flow", "forward_valid"),
    "backward_flow": ("backward_flow", "backward_valid"),
}
"""What is told together."""
NEIGHBORS = ("forward_", "backward_")
"""Truth about a frame and the one beside it: known only while both are shown."""


def beside(
    source: Source,
    row: Row,
    shown: NDArray[np.int64],
    size: tuple[int, int],
    names: tuple[str, ...],
) -> dict[str, NDArray[Any]]:
    """The truth in the folder `gt` of a clip at the frames that are shown; what is there of it.

    Flow and occlusion are left out where frames between are not shown, since they lead from each
    frame of the file to the one beside it.

    Raises:
        BadInput: truth that is not of this clip's size and length.
    """
    frames = shown + _offset(row)
    dense = bool((np.diff(shown) == 1).all())
    out: dict[str, NDArray[Any]] = {}
    for name in [one for asked in names for one in MORE.get(asked, (asked,))]:
        if name.startswith(NEIGHBORS) and not dense:
            continue
        array = _array(source, row, name)
        if array is None:
            continue
        second = name.startswith("track")
        length = array.shape[1] if second else array.shape[0]
        flat = array.ndim >= 3 and name not in PLACES
        if frames[-1] >= length or (flat and array.shape[1:3] != (size[1], size[0])):
            raise BadInput(
                f"{row.key}: its {name} has the shape {array.shape}, which is not that of the clip "
                f"({size[0]}x{size[1]}, frame {int(frames[-1])} is shown): write its truth again"
            )
        out[name] = np.ascontiguousarray(array[:, frames] if second else array[frames])
    return out


def _array(source: Source, row: Row, name: str) -> NDArray[Any] | None:
    """One array of a folder of truth, mapped where it lies in a file of its own."""
    file, inner = PLACES.get(name, (f"{name}.npy", ""))
    find: Any = getattr(source, "beside", None)
    path = None if find is None else find(row, f"gt.{file}")
    try:
        if path is not None and not inner:
            mapped: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
            return mapped
        content = _beside(source, row, f"gt.{file}") if path is None else path.read_bytes()
        if content is None:
            return None
        found = np.load(io.BytesIO(content), allow_pickle=False)
        if not inner:
            return np.asarray(found)
        return np.asarray(found[inner]) if inner in found.files else None
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise BadInput(f"{row.key}: its truth {file} cannot be read: {error}") from None
