"""Calibrate: measures the nulls and the power of every score on clips of the world.

`python -m evenflow.grading.calibrate` grades clean clips (their quantiles are the null) and clips
with a defect of strength 2, 3 and 4 (against the clean ones they give the power), and writes
`nulls.json`. It is resumable: every clip that was graded is a line in the cache. Seeds start at
CLEAN and BROKEN; benchmarks judge on others.
"""

import argparse
import io
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken, Event, Meter, Progress
from evenflow.grading import nulls
from evenflow.grading.scores import SCORES, seen_by
from evenflow.world.spec import Preset

CLEAN, BROKEN = 1_000_000, 2_000_000
"""First seeds of the clean clips and of those with defects."""
STRENGTHS = (2, 3, 4)
FRAMES = 49
TRIES = 12
"""Scenes that are tried for one that can have a defect."""


@dataclass(frozen=True)
class Job:
    """One clip to grade: clean where `kind` is empty."""

    preset: Preset
    codec: str
    seed: int
    kind: str = ""
    strength: int = 0

    @property
    def key(self) -> str:
        """Its name in the cache."""
        return f"{self.preset}/{self.codec}/{self.kind or 'clean'}/{self.strength}/{self.seed}"


def through(pictures: NDArray[np.uint8], codec: str, fps: Fraction) -> NDArray[np.uint8]:
    """Pictures after a codec: `identity`, `jpeg-qN` or `h264-crfN`.

    Raises:
        BadInput: there is no such codec.
    """
    if codec == "identity":
        return pictures
    name, _, level = codec.partition("-")
    digits = level.lstrip("qcrf")
    if name == "jpeg" and level.startswith("q") and digits.isdigit() and 1 <= int(digits) <= 100:
        import cv2

        out = []
        for picture in pictures:
            flags = [cv2.IMWRITE_JPEG_QUALITY, int(digits)]
            code = cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]), flags)[1]
            out.append(cv2.imdecode(code, cv2.IMREAD_COLOR)[..., ::-1])
        return np.ascontiguousarray(np.stack(out).astype(np.uint8))
    if name == "h264" and level.startswith("crf") and digits.isdigit() and int(digits) <= 51:
        return _h264(pictures, int(digits), fps)
    raise BadInput(f"there is no codec {codec!r}: say identity, jpeg-qN or h264-crfN")


def _h264(pictures: NDArray[np.uint8], crf: int, fps: Fraction) -> NDArray[np.uint8]:
    import av

    height, width = pictures.shape[1:3]
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as box:
        stream: Any = box.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.options = {"crf": str(crf), "threads": "1"}
        for picture in pictures:
            box.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        box.mux(stream.encode())
    file.seek(0)
    with av.open(file) as box:
        return np.stack([f.to_ndarray(format="rgb24") for f in box.decode(video=0)])


def make(job: Job) -> tuple[NDArray[np.uint8], str, Any, str] | None:
    """Pictures, caption, camera and variant of a job's clip; None where no scene can have it."""
    from evenflow.world.defects import inject
    from evenflow.world.defects.inject import scene_of
    from evenflow.world.language import describe
    from evenflow.world.sampling import random_spec

    for attempt in range(TRIES if job.kind else 3):
        try:
            spec = random_spec(job.preset, job.seed + 1000 * attempt, frames=FRAMES)
            if not job.kind:
                source = scene_of(spec).source
                pictures, _ = source.draw(range(spec.num_frames))
                return pictures, describe(spec, "L2"), source.staged.animation.camera, ""
            planted = inject(spec, job.kind, strength=job.strength, seed=job.seed)
        except BadInput:
            continue
        if planted.visible.max(initial=0) < 25:
            continue
        camera = scene_of(planted.spec).source.staged.animation.camera
        pictures = np.asarray(planted.clip.frames(0, planted.spec.num_frames), np.uint8)
        variant = str(planted.span.parameters.get("variant", ""))
        return pictures, planted.caption or describe(planted.spec, "L2"), camera, variant
    return None


def measure(job: Job) -> dict[str, Any]:
    """One line of the cache: what every score says of a job's clip."""
    from evenflow.core.clip import ArraySource, Clip
    from evenflow.grading.eyes import read
    from evenflow.grading.judge import grade

    row: dict[str, Any] = {"key": job.key, **asdict(job)}
    made = make(job)
    if made is None:
        return row | {"values": None}
    pictures, caption, camera, variant = made
    pictures = through(pictures, job.codec, Fraction(12))
    clip = Clip(ArraySource(pictures, Fraction(12), job.key))
    reading = read(clip, camera=camera, preset=job.preset)
    found = grade(
        clip, caption, preset=job.preset, codec=job.codec, reading=reading,
        pictures=pictures if reading.labels.shape == pictures.shape[:3] else None,
    )  # fmt: skip
    return row | {
        "variant": variant,
        "still": nulls.stands(reading),
        "coverage": round(float(reading.coverage), 4),
        "false": sum(one.shown is False for one in found.clauses),
        "values": {
            name: round(score.value, 6)
            for name, score in found.scores.items()
            if score.value is not None
        },
    }


def jobs_of(
    presets: Sequence[Preset], codecs: Sequence[str], *, clean: int, each: int, coded: int
) -> list[Job]:
    """Clips to grade, interleaved, so that whatever was done when it stops is even.

    Args:
        clean: clean clips of a preset through the identity; coded: through every other codec.
        each: clips of every kind and strength of a preset (identity).
    """
    from evenflow.world.defects import DEFECTS

    rounds: list[list[Job]] = []
    for i in range(max(clean, coded)):
        row = [Job(p, "identity", CLEAN + i) for p in presets if i < clean]
        row += [Job(p, c, CLEAN + i) for p in presets for c in codecs if i < coded]
        rounds.append(row)
    most = [
        [
            Job(preset, "identity", BROKEN + 100 * j + k, kind, strength)
            for k, kind in enumerate(sorted(DEFECTS))
        ]
        for j in range(each)
        for strength in (3, 2, 4)
        for preset in presets
    ]
    out: list[Job] = []
    a = b = 0
    while a < len(rounds) or b < len(most):  # the clean ones come twice as fast
        take = max(2, round(2 * len(rounds) / max(len(most), 1)))
        out += [job for row in rounds[a : a + take] for job in row]
        out += most[b] if b < len(most) else []
        a, b = a + take, b + 1
    return out


def table(rows: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Nulls and power of the lines of a cache."""
    clean: dict[str, list[dict[str, Any]]] = defaultdict(list)
    broken: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["values"] is None:
            continue
        if row["kind"]:
            broken[row["preset"]].append(row)
        else:
            for stratum in ("still" if row["still"] else "moving", "any"):
                clean[f"{row['preset']}/{row['codec']}/{stratum}"].append(row)
            clean[f"{nulls.EVERY}/{row['codec']}/any"].append(row)
    spoilt = [row for rows in broken.values() for row in rows]  # each against its own preset
    out: dict[str, dict[str, Any]] = {}
    for key, some in sorted(clean.items()):
        codec = key.split("/")[1]
        out[key] = {}
        for name in SCORES:
            values = [row["values"][name] for row in some if name in row["values"]]
            if len(values) < 4:
                continue
            entry: dict[str, Any] = {
                "clips": len(values),
                "quantiles": [round(float(v), 6) for v in np.quantile(values, nulls.QUANTILES)],
            }
            if codec == "identity":
                power = [_power(name, spoilt, clean, s) for s in STRENGTHS]
                if all(p is not None for p in power):
                    entry["power"] = [round(float(p or 0), 4) for p in power]
            out[key][name] = entry
    return {
        "schema": nulls.SCHEMA,
        "quantiles": list(nulls.QUANTILES),
        "seeds": {"clean": CLEAN, "broken": BROKEN},
        "clips": {
            "clean": sum(
                len(v)
                for k, v in clean.items()
                if k.endswith("/any") and not k.startswith(nulls.EVERY)
            ),
            "broken": sum(len(v) for v in broken.values()),
        },
        "nulls": out,
    }


def _power(
    name: str, broken: list[dict[str, Any]], clean: dict[str, list[dict[str, Any]]], strength: int
) -> float | None:
    """Area under the ROC curve against the clips that a score should see, each held against the
    clean clips whose camera does the same."""
    sign = 1.0 if SCORES[name].better == "higher" else -1.0
    parts = []
    for row in broken:
        if row["strength"] != strength or name not in row["values"]:
            continue
        if name not in seen_by(row["kind"], row.get("variant", "")):
            continue
        stratum = "still" if row["still"] else "moving"
        for key in (f"{row['preset']}/identity/{stratum}", f"{row['preset']}/identity/any",
                    f"{nulls.EVERY}/identity/any"):  # fmt: skip
            values = [sign * one["values"][name] for one in clean[key] if name in one["values"]]
            if len(values) >= nulls.LEAST_CLIPS:
                break
        if len(values) < 4:
            continue
        mine = sign * row["values"][name]
        parts.append(float(np.mean([(mine < v) + 0.5 * (mine == v) for v in values])))
    return float(np.mean(parts)) if len(parts) >= 3 else None


def read_cache(path: Path) -> list[dict[str, Any]]:
    """Lines of a cache; one that was cut off while it was written is left out."""
    rows = []
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                continue
    return rows


def calibrate(
    jobs: Sequence[Job],
    cache: Path,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> list[dict[str, Any]]:
    """Grades what is not in the cache yet and returns all lines of these jobs.

    Args:
        workers: processes with one thread each; they change no line.
    """
    from evenflow.world.clip import spread

    known = {row["key"]: row for row in read_cache(cache)}
    left = [job for job in jobs if job.key not in known]
    meter = Meter("calibrate", len(left), progress=progress, cancel=cancel)
    cache.parent.mkdir(parents=True, exist_ok=True)
    found: Iterable[dict[str, Any]]
    if workers > 1:
        found = spread(measure, [(job,) for job in left], workers=workers, cancel=cancel)
    else:
        found = (measure(job) for job in left)
    with cache.open("a", encoding="utf-8") as file:
        for row in found:
            file.write(json.dumps(row) + "\n")
            file.flush()
            known[row["key"]] = row
            meter.advance()
    return [known[job.key] for job in jobs if job.key in known]


def write(rows: Iterable[dict[str, Any]], path: Path = nulls.FILE) -> None:
    """Writes the nulls, beside and renamed."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(json.dumps(table(rows), indent=1) + "\n", encoding="utf-8")
    os.replace(beside, path)


def _say(event: Event) -> None:
    left = "" if event.eta_s is None else f", {event.eta_s / 60:.0f} min left"
    sys.stderr.write(f"\r{event.step} of {event.total} clips{left}   ")
    sys.stderr.flush()


def main(args: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--presets", default="lab,story")
    parser.add_argument("--codecs", default="jpeg-q75,h264-crf23", help="besides the identity")
    parser.add_argument("--clean", type=int, default=120, help="clean clips of a preset")
    parser.add_argument("--coded", type=int, default=30, help="clean clips of a preset and codec")
    parser.add_argument("--each", type=int, default=6, help="clips of a kind, strength, preset")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--cache", type=Path, default=Path("runs/grader/calibrate.jsonl"))
    parser.add_argument("--table", action="store_true", help="only write what the cache has")
    parser.add_argument("-o", "--output", type=Path, default=nulls.FILE)
    said = parser.parse_args(args)
    if not said.table:
        presets: Any = tuple(said.presets.split(","))
        codecs = tuple(c for c in said.codecs.split(",") if c)
        jobs = jobs_of(presets, codecs, clean=said.clean, each=said.each, coded=said.coded)
        calibrate(jobs, said.cache, workers=said.workers, progress=_say)
    rows = read_cache(said.cache)
    write(rows, said.output)
    sys.stderr.write(f"{len(rows)} clips, {said.output}\n")


if __name__ == "__main__":
    main()
