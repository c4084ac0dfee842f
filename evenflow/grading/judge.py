"""Judge: a clip, read back, is scored against its caption and the laws of the world."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken, Progress
from evenflow.grading import nulls
from evenflow.grading.case import COVERAGE, Case
from evenflow.grading.casting import cast
from evenflow.grading.clauses import judge
from evenflow.grading.grade import SCHEMA, Clause, Grade, Score
from evenflow.grading.reading import SEEN, Reading
from evenflow.grading.scores import SCORES
from evenflow.world.animation import CameraTrack
from evenflow.world.spec import Preset


def grade(
    clip: Clip,
    caption: str | None = None,
    *,
    camera: CameraTrack | None = None,
    actions: Sequence[Sequence[float]] | NDArray[np.floating[Any]] | None = None,
    preset: Preset | None = None,
    codec: str = "identity",
    reading: Reading | None = None,
    pictures: NDArray[np.uint8] | None = None,
    parser: str = "auto",
    device: str = "cpu",
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Grade:
    """Grades a clip.

    Args:
        clip: any; nothing of how it was made is looked at.
        caption: what it should show, in the world's language; None leaves its scores empty.
        camera: the camera of every frame, where it is known; places in the world need it, or a
            preset whose usual camera can be fitted.
        actions: `(t, 10)`, eight keys and two looks, where the clip was played.
        preset: `lab`, `story`, `flat` or `maze`: which nulls are right (`story` if not said).
        codec: through which the clip went; its null must have been measured.
        reading: what was read of the clip, if that is known already (an oracle's, say); then
            `pictures` are the frames on its grid, if they are not the clip's own.
        parser, device: of `read`.

    Raises:
        BadInput: the caption cannot be understood; actions of another length.
    """
    from evenflow.grading import eyes

    script = None
    if caption is not None:
        from evenflow.world.language import parse

        script = parse(caption)
    rows = None
    if actions is not None:
        rows = np.asarray(actions, np.float64)
        count = clip.info.num_frames
        if rows.ndim != 2 or rows.shape[1] != 10:
            raise BadInput(
                f"actions are rows of 8 keys and 2 looks, got an array of shape {rows.shape}"
            )
        if count is not None and not count - 1 <= len(rows) <= count:
            raise BadInput(f"there are {len(rows)} actions for {count} frames: give one a frame")
    if reading is None:
        reading = eyes.read(
            clip, camera=camera, preset=preset, parser=parser,  # type: ignore[arg-type]
            device=device, progress=progress, cancel=cancel,
        )  # fmt: skip
    if pictures is None:
        pictures = eyes.gridded(clip, cancel=cancel)[0]
        if pictures.shape[:3] != reading.labels.shape:
            pictures = clip.frames(0, reading.num_frames).astype(np.uint8)
    stage = None if script is None else cast(reading, script)
    clauses = () if stage is None else judge(stage)
    case = Case(reading, np.asarray(pictures, np.uint8), stage, clauses, rows)
    scores = measured(case, preset=preset or "story", codec=codec)
    return Grade(
        clip={
            "path": clip.info.name,
            "frames": reading.num_frames,
            "fps": reading.fps,
            "width": reading.width,
            "height": reading.height,
        },
        caption=caption,
        coverage=float(reading.coverage),
        scores=scores,
        clauses=clauses,
        cast=tuple(_plain(case)),
        warnings=_warnings(reading, scores, preset, codec),
    )


def measured(case: Case, *, preset: str, codec: str) -> dict[str, Score]:
    """All rows of SCORES with their nulls."""
    still = nulls.stands(case.reading)
    out = {}
    for name, row in SCORES.items():
        null = nulls.null_of(name, preset=preset, codec=codec, still=still)
        blank = Score(name, None, row.unit, row.better, null=null)
        if row.parsed and not case.reading.coverage >= COVERAGE:
            share = case.reading.coverage
            out[name] = replace(
                blank,
                reason=f"withheld: {share:.0%} of the clip was parsed, it needs {COVERAGE:.0%}",
            )
            continue
        raw = row.run(case)
        value = raw.value if raw.value is not None and np.isfinite(raw.value) else None
        reason = raw.reason if value is None else ""
        out[name] = replace(
            blank,
            value=None if value is None else float(value),
            reason=reason or ("" if value is not None else "it could not be measured"),
            spans=raw.spans,
            detail=dict(raw.detail),
        )
    return out


def worst_of(grade: Grade) -> list[str]:
    """Scores on the bad side of the 5th percentile of their null, the farthest first.

    Those that are informative only (power below 0.9) come after those that are not.
    """
    rows = []
    for name, score in grade.scores.items():
        if not nulls.low(score) or score.null is None or score.value is None:
            continue
        q = score.null.quantiles
        edge, wide = (q[1], q[3] - q[1]) if score.better == "higher" else (q[5], q[5] - q[3])
        far = abs(score.value - edge) / max(abs(wide), 1e-6)
        rows.append((score.null.informative_only, -far, name))
    return [name for _, _, name in sorted(rows)]


def failed(grade: Grade) -> tuple[Clause, ...]:
    """Clauses that the clip does not show."""
    return tuple(one for one in grade.clauses if one.shown is False)


def _plain(case: Case) -> list[dict[str, Any]]:
    roles = {}
    if case.stage is not None:
        from evenflow.world.language.describe import refer

        for role, tracks in case.stage.cast.items():
            for track in tracks:
                roles[track.id] = refer(case.stage.script, role)
    rows = []
    for track in case.reading.tracks:
        seen = np.flatnonzero(track.state == SEEN)
        rows.append(
            {
                "id": track.id,
                "kind": track.kind,
                "color": track.color,
                "second": track.second,
                "pattern": track.pattern,
                "role": roles.get(track.id, ""),
                "start_frame": int(seen[0]) if len(seen) else 0,
                "end_frame": int(seen[-1]) + 1 if len(seen) else 0,
                "seen_frames": len(seen),
            }
        )
    return rows


def _warnings(
    reading: Reading, scores: dict[str, Score], preset: str | None, codec: str
) -> tuple[str, ...]:
    out = list(reading.notes)
    if preset is None:
        out.append("no preset was said: the nulls are those of story")
    if not any(score.null for score in scores.values()):
        have = nulls.codecs(preset or "story")
        out.append(
            f"no null was measured for {preset or 'story'} through {codec!r}"
            + (f": there are {', '.join(have)}" if have else "")
        )
    return tuple(out)


def to_json(grade: Grade) -> dict[str, Any]:
    """Plain types, schema `evenflow.grade/1`."""

    def score(one: Score) -> dict[str, Any]:
        null = None
        if one.null is not None:
            null = {
                "codec": one.null.codec,
                "clips": one.null.num_clips,
                "quantiles": list(one.null.quantiles),
                "power": None if one.null.power is None else list(one.null.power),
                "informative_only": one.null.informative_only,
            }
        return {
            "value": one.value,
            "unit": one.unit,
            "better": one.better,
            "family": SCORES[one.name].family,
            "reason": one.reason,
            "low": nulls.low(one),
            "null": null,
            "spans": [span.to_json() for span in one.spans],
            "detail": one.detail,
        }

    return {
        "schema": SCHEMA,
        "clip": grade.clip,
        "caption": grade.caption,
        "coverage": round(grade.coverage, 4),
        "clauses": [
            {
                "text": one.text,
                "kind": one.kind,
                "shown": one.shown,
                "reason": one.reason,
                "start_frame": one.start_frame,
                "end_frame": one.end_frame,
            }
            for one in grade.clauses
        ],
        "scores": {name: score(one) for name, one in grade.scores.items()},
        "worst": worst_of(grade),
        "cast": list(grade.cast),
        "warnings": list(grade.warnings),
    }
