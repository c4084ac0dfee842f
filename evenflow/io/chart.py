"""A color chart that goes through writers and comes back: what a file format did to the numbers.

The chart is a frame of flat patches whose RGB values are known. Read back, each patch is measured;
if the errors are those of one of the usual mix-ups (written with one matrix, read with another, or
with the wrong range), the reading names it. Works for a chart that any other program has written.
"""

import tempfile
import warnings as python_warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import ArraySource, Clip, ColorTags, Frame
from evenflow.core.errors import BackendMissing, BadInput
from evenflow.io.color import matrix_from_rgb, matrix_to_rgb, quantization

PATCH = 32
COLUMNS, ROWS = 10, 6
WIDTH, HEIGHT = COLUMNS * PATCH, ROWS * PATCH
FPS = Fraction(24)


def _gray(level: int) -> tuple[int, int, int]:
    return (level, level, level)


def _patches() -> list[tuple[str, tuple[int, int, int]]]:
    out = [(f"gray {n}", _gray(n)) for n in (0, 16, 32, 64, 96, 128, 160, 192, 235, 255)]
    names = ("red", "green", "blue", "cyan", "magenta", "yellow")
    masks = ((1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0))
    for percent, level in ((75, 191), (100, 255)):
        for name, mask in zip(names, masks, strict=True):
            out.append((f"{name} {percent} %", (mask[0] * level, mask[1] * level, mask[2] * level)))
    out += [
        ("dark skin", (115, 82, 68)), ("light skin", (194, 150, 130)),
        ("blue sky", (98, 122, 157)), ("foliage", (87, 108, 67)),
        ("blue flower", (133, 128, 177)), ("bluish green", (103, 189, 170)),
        ("orange", (214, 126, 44)), ("purplish blue", (80, 91, 166)),
        ("moderate red", (193, 90, 99)), ("purple", (94, 60, 108)),
        ("yellow green", (157, 188, 64)), ("orange yellow", (224, 163, 46)),
        ("pale rose", (230, 200, 205)), ("olive", (128, 128, 64)), ("teal", (64, 128, 128)),
        ("plum", (128, 64, 128)), ("sea", (30, 90, 110)), ("brick", (150, 60, 40)),
    ]  # fmt: skip
    out += [(f"ramp {n}", _gray(n)) for n in np.linspace(8, 248, 10).round().astype(int).tolist()]
    warm = np.linspace(0, 1, 10)
    out += [
        (f"blend {i}", (round(40 + 180 * t), round(120 - 40 * t), round(200 - 160 * t)))
        for i, t in enumerate(warm.tolist())
    ]
    assert len(out) == COLUMNS * ROWS
    return out


PATCHES = _patches()
"""Name and RGB of each patch, row by row. The memory colors are those of the ColorChecker chart in
sRGB (BabelColor averages)."""


@cache
def _picture() -> NDArray[np.uint8]:
    table = np.array([rgb for _, rgb in PATCHES], np.uint8).reshape(ROWS, COLUMNS, 3)
    return table.repeat(PATCH, axis=0).repeat(PATCH, axis=1)


def chart_clip(num_frames: int = 5, *, depth: int = 8) -> Clip:
    """The chart as a clip of `num_frames` equal frames, 320 x 192, 24 frames a second.

    Args:
        num_frames: 1 or more.
        depth: 8 or 16 bits per channel.
    """
    picture = _picture()
    frames = np.stack([picture] * num_frames)
    if depth == 8:
        return Clip(ArraySource(frames, FPS, "chart"))
    return Clip(ArraySource(frames.astype(np.uint16) * np.uint16(257), FPS, "chart"))


@dataclass(frozen=True)
class PatchError:
    """What became of one patch; values on the 8-bit scale."""

    name: str
    expected: tuple[int, int, int]
    measured: tuple[float, float, float]

    @property
    def error(self) -> float:
        """Mean absolute difference over the three channels, in gray levels."""
        pairs = zip(self.expected, self.measured, strict=True)
        return sum(abs(a - b) for a, b in pairs) / 3


@dataclass(frozen=True)
class ChartReading:
    """What a chart looks like after a round trip.

    Args:
        name: base name of the file.
        mean_error, max_error: over patches and channels, in 8-bit gray levels.
        color: the tags it was read with.
        cause: `None` if the colors are right, else one of `wrong matrix`, `wrong range`,
            `wrong matrix and range`, `other`.
        explanation: one line for people.
        true_matrix, true_full_range: what the numbers were really made with, if that is known.
        residual: mean error that is left when the cause is undone, in gray levels.
        patches: each patch.
    """

    name: str
    mean_error: float
    max_error: float
    color: ColorTags
    cause: str | None
    explanation: str
    true_matrix: str | None = None
    true_full_range: bool | None = None
    residual: float | None = None
    patches: tuple[PatchError, ...] = field(default=(), repr=False)


CLEAN_MEAN = 0.7
"""Mean error in gray levels up to which nothing is looked for (crf-15 4:2:0 H.264 has 0.3)."""

GOOD_MEAN = 2.0
"""Mean error up to which a chart counts as right, unless a mix-up explains most of it (BT.2020 read
as BT.709 costs 1.8)."""


def read_chart(clip: Clip) -> ChartReading:
    """Measures the chart in the first frames of `clip` and says what happened to it.

    Raises:
        BadInput: the clip does not show the chart.
    """
    total = np.zeros((ROWS, COLUMNS, 3))
    num = 0
    for frame in clip.stream(0, 5):
        total += _measure(frame)
        num += 1
    if num == 0:
        raise BadInput(f"{clip.info.name} has no frames")
    measured = (total / num).reshape(-1, 3)
    expected = np.array([rgb for _, rgb in PATCHES], float)
    mean, worst = _errors(measured, expected)
    flat = measured.std() < 1.0
    if flat or np.corrcoef(measured.ravel(), expected.ravel())[0, 1] < 0.8:
        raise BadInput(
            f"{clip.info.name} does not show the color chart: write one with "
            "`evenflow doctor --make-chart chart.mkv` and convert that"
        )
    patches = tuple(
        PatchError(name, rgb, (float(m[0]), float(m[1]), float(m[2])))
        for (name, rgb), m in zip(PATCHES, measured, strict=True)
    )
    color = clip.info.color
    cause, text, true, residual = _explain(measured, expected, mean, color)
    return ChartReading(
        clip.info.name, mean, worst, color, cause, text,
        true[0] if true else None, true[1] if true else None, residual, patches,
    )  # fmt: skip


def _measure(frame: Frame) -> NDArray[np.float64]:
    """Mean of the middle of each patch, on the 8-bit scale; the chart may have been scaled."""
    pixels = frame.pixels()
    height, width, channels = pixels.shape
    if channels == 1:
        pixels = pixels.repeat(3, axis=2)
    scale = 255.0 / np.iinfo(pixels.dtype).max
    out = np.empty((ROWS, COLUMNS, 3))
    for row in range(ROWS):
        for column in range(COLUMNS):
            y0, y1 = (row + 0.3) * height / ROWS, (row + 0.7) * height / ROWS
            x0, x1 = (column + 0.3) * width / COLUMNS, (column + 0.7) * width / COLUMNS
            inside = pixels[
                int(y0) : max(int(y1), int(y0) + 1), int(x0) : max(int(x1), int(x0) + 1)
            ]
            out[row, column] = inside[:, :, :3].mean(axis=(0, 1)) * scale
    return out


def _errors(measured: NDArray, expected: NDArray) -> tuple[float, float]:
    difference = np.abs(measured - expected)
    return float(difference.mean()), float(difference.max())


def misread(
    rgb: NDArray[np.float64], true: tuple[str, bool], tagged: tuple[str, bool]
) -> NDArray[np.float64]:
    """What `rgb` (0 to 255) looks like if it was coded as `true` and is decoded as `tagged`.

    Both are (matrix, full range); the stored numbers are 8 bit and are clipped to it.
    """

    def ranges(full: bool) -> tuple[NDArray, NDArray]:
        black, swing, zero, chroma = quantization(8, full)
        return np.array([black, zero, zero]), np.array([swing, chroma, chroma])

    offset, gain = ranges(true[1])
    code = (rgb / 255 @ matrix_from_rgb(true[0]).T) * gain + offset
    code = np.clip(code, 0, 255)
    offset, gain = ranges(tagged[1])
    return np.clip(((code - offset) / gain) @ matrix_to_rgb(tagged[0]).T * 255, 0, 255)


def _explain(
    measured: NDArray, expected: NDArray, mean: float, color: ColorTags
) -> tuple[str | None, str, tuple[str, bool] | None, float | None]:
    right = (None, f"the colors are right: {mean:.2f} gray levels mean error", None, None)
    if mean <= CLEAN_MEAN:
        return right
    candidates = [(m, full) for m in ("bt601", "bt709", "bt2020") for full in (False, True)]
    tagged_options = [(color.matrix, color.full_range)]
    if color.matrix not in ("bt601", "bt709", "bt2020"):
        tagged_options = candidates  # the mix-up happened before the file was made
    best: tuple[float, tuple[str, bool], tuple[str, bool]] | None = None
    for tagged in tagged_options:
        for true in candidates:
            if true == tagged:
                continue
            error, _ = _errors(measured, misread(expected, true, tagged))
            if best is None or error < best[0]:
                best = error, true, tagged
    # What an earlier wrong conversion did stays visible under right tags, too.
    for true in candidates:
        for tagged in candidates:
            if true != tagged:
                error, _ = _errors(measured, misread(expected, true, tagged))
                if best is None or error < 0.6 * best[0]:
                    best = error, true, tagged
    assert best is not None
    error, true, tagged = best
    explained = error < 0.5 * mean if mean <= GOOD_MEAN else error <= max(GOOD_MEAN, 0.35 * mean)
    if not explained and mean <= GOOD_MEAN:
        return right
    if not explained:
        return (
            "other",
            f"the colors are off by {mean:.1f} gray levels; no wrong matrix or range explains it",
            None,
            error,
        )
    wrong = [
        word
        for word, is_wrong in (("matrix", true[0] != tagged[0]), ("range", true[1] != tagged[1]))
        if is_wrong
    ]
    cause = "wrong " + " and ".join(wrong)
    parts = []
    if "matrix" in wrong:
        parts.append(f"made with {true[0].upper()} and read as {tagged[0].upper()}")
    if "range" in wrong:
        names = {True: "full", False: "limited"}
        parts.append(f"made with {names[true[1]]} range and read as {names[tagged[1]]}")
    text = (
        f"{cause}: the numbers were {' and '.join(parts)}, an error of {mean:.1f} gray levels "
        f"({error:.1f} are left when that is undone): tag the file as what it is"
    )
    return cause, text, true, error


@dataclass(frozen=True)
class RoundTrip:
    """One writer, tried: what a chart lost on its way into a file and back.

    Args:
        writer: name of the format (`mkv`, `mp4`, `png`...).
        lossless: every pixel of every frame came back as it was.
        mean_error, max_error: over all pixels of a flat chart's patches, in 8-bit gray levels.
        color: the tags the file was read back with.
        reading: the chart's reading, or None if the writer is not available.
        reason: why it is not available, or None.
    """

    writer: str
    lossless: bool
    mean_error: float | None
    max_error: float | None
    color: ColorTags | None
    reading: ChartReading | None
    reason: str | None = None


WRITERS: dict[str, str] = {
    "mkv": "chart.mkv",
    "mp4": "chart.mp4",
    "mov": "chart.mov",
    "webm": "chart.webm",
    "gif": "chart.gif",
    "webp": "chart.webp",
    "png": "chart",
    "tiff": "chart_%04d.tiff",
    "exr": "chart_%04d.exr",
    "y4m": "chart.y4m",
}
"""Every writer, and a name that selects it."""


def round_trips(
    folder: str | Path | None = None, *, each: Callable[[RoundTrip], None] | None = None
) -> list[RoundTrip]:
    """Writes and re-reads the chart through every writer.

    Args:
        folder: where the files are left; default a temporary folder that is removed.
        each: called with every result as it comes.
    """
    if folder is None:
        with tempfile.TemporaryDirectory(prefix="evenflow-chart-") as temporary:
            return round_trips(temporary, each=each)
    out = []
    for trip in _trips(Path(folder)):
        out.append(trip)
        if each is not None:
            each(trip)
    return out


def _trips(folder: Path) -> Iterator[RoundTrip]:
    from evenflow.io.reading import read
    from evenflow.io.writing import write

    clip = chart_clip(3)
    original = clip.frames()
    for writer, name in WRITERS.items():
        path = folder / name
        try:
            with python_warnings.catch_warnings():
                python_warnings.simplefilter("ignore")
                write(clip, path, overwrite=True)
                back = read(path)
                reading = read_chart(back)
        except BackendMissing as error:
            yield RoundTrip(writer, False, None, None, None, None, str(error))
            continue
        frames = back.frames()
        mine = original
        if frames.dtype == np.uint16:
            frames = ((frames.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
        lossless = frames.shape == mine.shape and bool(np.array_equal(frames, mine))
        yield RoundTrip(
            writer, lossless, reading.mean_error, reading.max_error, back.info.color, reading
        )
