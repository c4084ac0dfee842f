"""Statistics: what one pass over the frames of a clip measures, for all stages together.

The clip is decoded once. The pass is that of `evenflow.continuity.check`: every frame is reduced to
240 lines, every pair of neighbors is compared along its motion, cuts are found by the rules of
`evenflow.motion.cuts`; detectors judge on the same pass where they are asked for.
"""

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity import check
from evenflow.continuity.analysis import Step, analyze
from evenflow.continuity.ledger import Ledger
from evenflow.continuity.one_pass import LEAST_SIDE
from evenflow.continuity.picture import NUM_TILES, TILE_COLS, TILE_ROWS, gray_of, sketch_rgb
from evenflow.core.clip import Clip, Frame, SourceInfo
from evenflow.core.errors import UnreadableVideo
from evenflow.core.events import CancelToken
from evenflow.core.finding import Finding
from evenflow.data.curation.hashing import difference_hash, look_hash, print_of, small

Series = NDArray[np.float32]
PAGE_LINES = 360
"""Height in pixels of the pictures that are kept to look for text."""
PAGES_HZ = 2.0
"""Pictures a second that are kept to look for text."""
MOST_PAGES = 48
"""More are thinned to every other one."""
LOOKS_HZ = 25.0
"""Perceptual hashes a second, at most: clips that were trimmed lie beside each other to a frame."""
LAG_S = 0.5
"""Seconds between the two pictures whose difference is hashed."""
ALL = frozenset({"detectors", "text", "hashes"})


@dataclass(frozen=True)
class Looks:
    """Perceptual hashes of a clip at even times; see `evenflow.data.curation.hashing`.

    Args:
        seconds: `(m,)` times.
        look: `(m,)` uint64, of the picture.
        move: `(m,)` uint64, of its difference to the picture half a second before.
        contrast: `(m,)` standard deviation of the small picture in gray levels.
        stir: `(m,)` standard deviation of that difference in gray levels, NaN where there is none.
        prints: `(m, 150)` uint8: the picture in 10 x 10 areas of luma and 5 x 5 of each chroma.
    """

    seconds: NDArray[np.float64]
    look: NDArray[np.uint64]
    move: NDArray[np.uint64]
    contrast: Series
    stir: Series
    prints: NDArray[np.uint8]

    def part(self, start_s: float, end_s: float) -> "Looks":
        """Those of `[start_s, end_s)`; a difference never reaches over the start."""
        some = (self.seconds >= start_s) & (self.seconds < end_s)
        stir = np.where(self.seconds - start_s < LAG_S, np.float32(np.nan), self.stir)
        return replace(self, stir=stir).some(some)

    def some(self, flags: NDArray[np.bool_]) -> "Looks":
        """Those that are flagged."""
        return Looks(**{name: value[flags] for name, value in vars(self).items()})


@dataclass(frozen=True)
class Statistics:
    """What is measured of `n` frames; entry i of a series of steps compares frames i-1 and i.

    Args:
        info: what the container says.
        warnings: what is wrong with the file, one line each.
        seconds: `(n,)` presentation times.
        luma: `(n,)` mean of the luma, gray levels.
        contrast: `(n,)` standard deviation of the luma over 32 x 18 areas, gray levels.
        dark, bright: `(n,)` share of pixels of CIELAB L below 9.4 (sRGB gray 26, a tenth of the
            range) and above 97 (gray 247).
        flat: `(n,)` share of pixels without any gradient.
        color: `(n,)` colorfulness of Hasler & Suesstrunk.
        octaves: `(n,)` natural log of the gradient energy of the fourth octave over the first.
        sharpness: `(n,)` gradient amplitude of the first octave over the third, in percent.
        noise: `(n,)` sigma of the grain in flat areas, gray levels.
        blockiness: `(n,)` steps over every eighth column over other steps; NaN where not read.
        change: `(n,)` mean absolute difference to the frame before, gray levels.
        most_change: `(n,)` the same of the tile that changes most.
        still: `(n,)` share of pixels that differ by at most one gray level.
        tracked: `(n,)` share of the textured area that is found again, NaN without texture.
        valid: `(n,)` share of the picture whose motion agrees both ways.
        palette_step: `(n,)` half the L1 distance of the color histograms, [0, 1].
        thumbs: `(n, 18, 32)` uint8 luma.
        same: `(n,)` True where the pixels are those of the frame before, to the last bit.
        tile_speed: `(n, 48)` length of the flow in picture heights a second, tiles of 6 rows by 8.
        tile_own: `(n, 48)` the same of what the camera's motion leaves.
        camera: `(n, 4)` shift right, down (picture heights a second), log zoom a second, rotation
            (radians a second).
        tremble: `(n,)` camera path without its smooth part, in source pixels.
        cuts: `(start, end, kind)`, frames; see `evenflow.core.report.Cut`.
        pages: `(k, h, w)` uint8 luma at some times, or empty; page_seconds: `(k,)`.
        looks: perceptual hashes, or None.
        findings: of the detectors, or None if they were not asked.
        unseen: what softness, blocks and stillness hide, JND.
        frames_hash: SHA-256 over the decoded frames.
        reason: why nothing could be compared, or empty.
    """

    info: SourceInfo
    warnings: tuple[str, ...]
    seconds: NDArray[np.float64]
    luma: Series
    contrast: Series
    dark: Series
    bright: Series
    flat: Series
    color: Series
    octaves: Series
    sharpness: Series
    noise: Series
    blockiness: Series
    change: Series
    most_change: Series
    still: Series
    tracked: Series
    valid: Series
    palette_step: Series
    thumbs: NDArray[np.uint8]
    same: NDArray[np.bool_]
    tile_speed: Series
    tile_own: Series
    camera: Series
    tremble: Series
    cuts: tuple[tuple[int, int, str], ...]
    pages: NDArray[np.uint8]
    page_seconds: NDArray[np.float64]
    looks: Looks | None
    findings: tuple[Finding, ...] | None
    frames_hash: str
    reason: str = ""

    def __len__(self) -> int:
        return len(self.seconds)

    @property
    def step_s(self) -> float:
        """Usual seconds from frame to frame."""
        if len(self) < 2:
            return float(1 / self.info.fps)
        return max(1e-4, float(np.median(np.diff(self.seconds))))

    @property
    def duration_s(self) -> float:
        """Seconds that the frames last."""
        if not len(self):
            return 0.0
        return float(self.seconds[-1] - self.seconds[0]) + self.step_s

    def part(self, start: int, end: int) -> "Statistics":
        """Frames `[start, end)` as if they were a clip; steps over the border are unknown."""
        some = slice(start, end)
        own: dict[str, Any] = {}
        for name in _SERIES:
            own[name] = getattr(self, name)[some].copy()
            if name in _STEPS and len(own[name]):
                own[name][0] = np.nan
        same = self.same[some].copy()
        same[:1] = False
        first = float(self.seconds[start]) if start < len(self) else 0.0
        last = float(self.seconds[end]) if end < len(self) else math.inf
        paged = (self.page_seconds >= first) & (self.page_seconds < last)
        findings = self.findings
        if findings is not None:
            findings = tuple(_moved(f, first) for f in findings if _within(f, start, end))
        return replace(
            self,
            **own,
            seconds=self.seconds[some] - first,
            same=same,
            thumbs=self.thumbs[some],
            cuts=(),
            pages=self.pages[paged],
            page_seconds=self.page_seconds[paged] - first,
            looks=None if self.looks is None else self.looks.part(first, last),
            findings=findings,
            frames_hash="",
        )


_SERIES = (
    "luma", "contrast", "dark", "bright", "flat", "color", "octaves", "sharpness", "noise",
    "blockiness", "change", "most_change", "still", "tracked", "valid",
    "palette_step", "tile_speed", "tile_own", "camera", "tremble",
)  # fmt: skip
_STEPS = (
    "change", "most_change", "still", "tracked", "valid", "palette_step", "tile_speed", "tile_own",
    "camera",
)  # fmt: skip


def _within(finding: Finding, start: int, end: int) -> bool:
    middle = (finding.span.start_frame + finding.span.end_frame - 1) // 2
    return start <= middle < end


def _moved(finding: Finding, origin: float) -> Finding:
    return replace(finding, start_s=finding.start_s - origin, end_s=finding.end_s - origin)


@dataclass
class _Collector:
    """Gathers what single frames and steps say, while they pass."""

    wants: frozenset[str]
    rows: dict[str, list[Any]] = field(default_factory=dict)
    pages: list[NDArray[np.uint8]] = field(default_factory=list)
    page_seconds: list[float] = field(default_factory=list)
    page_gap: float = 1.0 / PAGES_HZ
    looks: list[tuple[float, int, int, float, float]] = field(default_factory=list)
    prints: list[NDArray[np.uint8]] = field(default_factory=list)
    recent: list[tuple[float, NDArray[np.float32]]] = field(default_factory=list)
    digest: Any = field(default_factory=hashlib.sha256)
    before: bytes = b""

    def frame(self, frame: Frame) -> None:
        """A frame as it is decoded."""
        if "text" not in self.wants:
            return
        time = float(frame.time)
        if self.page_seconds and time < self.page_seconds[-1] + self.page_gap - 1e-6:
            return
        self.pages.append(_page(frame))
        self.page_seconds.append(time)
        if len(self.pages) > MOST_PAGES:
            self.pages, self.page_seconds = self.pages[::2], self.page_seconds[::2]
            self.page_gap *= 2

    def step(self, step: Step) -> None:
        """A frame reduced and compared."""
        picture, pair = step.picture, step.pair
        time = float(picture.time)
        self.digest.update(picture.digest)
        lightness = picture.palette[0]
        sketch = sketch_rgb(picture)
        self._add(
            seconds=time,
            luma=float(picture.thumb.mean()),
            contrast=float(picture.thumb.std()),
            dark=float(lightness[:3].sum()),  # L of 8 bits below 24
            bright=float(lightness[31]),  # from 248
            flat=picture.flat,
            color=colorfulness(sketch),
            octaves=float(picture.bands[-1] - picture.bands[0]),
            sharpness=100.0 * math.exp(0.5 * float(picture.bands[0] - picture.bands[2])),
            noise=float(np.median(picture.grain[0])),
            blockiness=picture.blockiness,
            same=picture.digest == self.before,
            thumbs=picture.thumb,
        )
        self.before = picture.digest
        if pair is None:
            nothing = np.full(NUM_TILES, np.nan, np.float32)
            self._add(
                change=np.nan, most_change=np.nan, still=np.nan, u=nothing, v=nothing,
                camera=(np.nan,) * 4, tracked=np.nan, valid=np.nan, palette_step=np.nan,
            )  # fmt: skip
        else:
            camera = pair.camera
            self._add(
                change=pair.change,
                most_change=float(np.nanmax(pair.tile_change)),
                still=pair.still,
                tracked=pair.tracked,
                valid=pair.valid,
                palette_step=pair.palette_step,
                u=pair.tile_u,
                v=pair.tile_v,
                camera=(camera.dx, camera.dy, camera.zoom, camera.rotation),
            )
        if "hashes" in self.wants:
            self._look(time, sketch)

    def _look(self, time: float, sketch: NDArray[np.uint8]) -> None:
        if self.looks and time < self.looks[-1][0] + 1.0 / LOOKS_HZ - 2e-3:
            return
        picture = small(gray_of(sketch))
        self.prints.append(print_of(sketch))
        while self.recent and self.recent[0][0] < time - LAG_S - 0.5:
            self.recent.pop(0)
        earlier = [p for t, p in self.recent if t <= time - LAG_S + 1e-3]
        move, stir = 0, np.nan
        if earlier:
            move = difference_hash(earlier[-1], picture)
            stir = float((picture - earlier[-1]).std())
        self.recent.append((time, picture))
        self.looks.append((time, look_hash(picture), move, float(picture.std()), stir))

    def _add(self, **values: Any) -> None:
        for name, value in values.items():
            self.rows.setdefault(name, []).append(value)


def _page(frame: Frame) -> NDArray[np.uint8]:
    pixels = frame.pixels()
    height, width = pixels.shape[:2]
    if pixels.dtype == np.uint16:
        pixels = (pixels // 257).astype(np.uint8)
    luma = pixels[..., 0] if pixels.shape[2] == 1 else cv2.cvtColor(
        np.ascontiguousarray(pixels[..., :3]), cv2.COLOR_RGB2GRAY
    )  # fmt: skip
    scale = min(1.0, PAGE_LINES / min(height, width))
    if scale == 1.0:
        return np.ascontiguousarray(luma)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    page: NDArray[np.uint8] = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
    return page


def colorfulness(rgb: NDArray[np.uint8]) -> float:
    """How colorful a picture is: 0 gray, 15 slightly, 45 averagely, 109 extremely.

    Source: Hasler & Suesstrunk 2003, Measuring colourfulness in natural images, SPIE 5007, section
    7, M(3).
    """
    r, g, b = (rgb[..., i].astype(np.float32) for i in range(3))
    rg, yb = r - g, 0.5 * (r + g) - b
    spread = math.hypot(float(rg.std()), float(yb.std()))
    return spread + 0.3 * math.hypot(float(rg.mean()), float(yb.mean()))


def measure(
    clip: Clip,
    *,
    wants: frozenset[str] = ALL,
    workers: int = 1,
    cancel: CancelToken | None = None,
) -> Statistics:
    """Decodes a clip once and measures what the stages look at.

    Args:
        wants: `detectors`, `text`, `hashes`; what is not wanted is left out.
        workers: threads; they change no number.

    Raises:
        UnreadableVideo: not one frame can be decoded.
    """
    info = clip.info
    seen = _Collector(wants)
    watched = Clip(_Watched(clip, seen))
    size = (info.width, info.height)
    findings: tuple[Finding, ...] | None = None
    if "detectors" in wants and min(size) >= LEAST_SIDE:
        report = check(watched, workers=workers, watch=seen.step, cancel=cancel)
        findings = report.findings
        cuts = report.cuts
        found = {name: report.signals[name].series for name in ("tremble",)}
    else:
        ledger = Ledger(size=size, first=0, digest=hashlib.sha256(), judging=False)
        for step in analyze(watched.stream(cancel=cancel), fps=float(info.fps), workers=workers):
            seen.step(step)
            ledger.add(step)
        ledger.close()
        cuts = tuple(sorted(ledger.cuts, key=lambda c: c.start_frame))
        found = {"tremble": np.array(ledger.series["tremble"], np.float32)}
    if "seconds" not in seen.rows:
        raise UnreadableVideo(f"{info.name} holds no frame that can be decoded")
    return _statistics(clip, seen, cuts, findings, found)


def _statistics(
    clip: Clip, seen: _Collector, cuts: Any, findings: Any, found: dict[str, Any]
) -> Statistics:
    rows, info = seen.rows, clip.info
    seconds = np.array(rows["seconds"], np.float64)
    count = len(seconds)
    gaps = np.diff(seconds, prepend=seconds[0] - float(1 / info.fps))
    rate = (1.0 / np.maximum(gaps, 1e-4)).astype(np.float32)
    u, v = np.array(rows["u"], np.float32), np.array(rows["v"], np.float32)
    camera = np.array(rows["camera"], np.float32).reshape(count, 4)
    lines = _lines(info)
    width = lines * info.width / info.height
    x = (np.arange(TILE_COLS) + 0.5) / TILE_COLS * width - width / 2
    y = (np.arange(TILE_ROWS) + 0.5) / TILE_ROWS * lines - lines / 2
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2).astype(np.float32)  # (48, 2)
    dx, dy, zoom, turn = (camera[:, i, None] for i in range(4))
    own_u = u - (dx + zoom * grid[:, 0] - turn * grid[:, 1])
    own_v = v - (dy + zoom * grid[:, 1] + turn * grid[:, 0])
    scale = np.array([1 / lines, 1 / lines, 1, 1], np.float32)
    tremble = found["tremble"]
    if tremble is None or len(tremble) != count:
        tremble = np.full(count, np.nan, np.float32)
    plain = {
        name: np.array(rows[name], np.float32)
        for name in _SERIES
        if name not in ("tile_speed", "tile_own", "camera", "tremble")
    }
    looks = None
    if "hashes" in seen.wants:
        table = seen.looks
        looks = Looks(
            np.array([r[0] for r in table], np.float64),
            np.array([r[1] for r in table], np.uint64),
            np.array([r[2] for r in table], np.uint64),
            np.array([r[3] for r in table], np.float32),
            np.array([r[4] for r in table], np.float32),
            np.stack(seen.prints),
        )
    reason = ""
    if count < 2:
        reason = "one frame has nothing to be compared with"
    elif not np.isfinite(plain["change"]).any():
        reason = f"{info.width}x{info.height} is too small for motion to be searched"
    return Statistics(
        info=info,
        warnings=clip.warnings,
        seconds=seconds,
        **plain,
        thumbs=np.stack(rows["thumbs"]),
        same=np.array(rows["same"], bool),
        tile_speed=(np.hypot(u, v) / lines * rate[:, None]).astype(np.float32),
        tile_own=(np.hypot(own_u, own_v) / lines * rate[:, None]).astype(np.float32),
        camera=camera * scale * rate[:, None],
        tremble=np.asarray(tremble, np.float32),
        cuts=tuple((c.start_frame, c.end_frame, c.kind) for c in cuts),
        pages=np.stack(seen.pages) if seen.pages else np.zeros((0, 1, 1), np.uint8),
        page_seconds=np.array(seen.page_seconds, np.float64),
        looks=looks,
        findings=findings,
        frames_hash=seen.digest.hexdigest(),
        reason=reason,
    )


def _lines(info: SourceInfo) -> int:
    from evenflow.continuity.picture import working_size

    return working_size(info.width, info.height)[1]


@dataclass(frozen=True)
class _Watched:
    """A source that shows every frame to a collector on the way."""

    clip: Clip
    seen: _Collector

    @property
    def info(self) -> SourceInfo:
        return self.clip.info

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.clip.warnings

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        origin: Fraction | None = None
        for frame in self.clip.stream(start, stop, cancel=cancel):
            origin = frame.time if origin is None else origin
            self.seen.frame(frame)
            yield frame
