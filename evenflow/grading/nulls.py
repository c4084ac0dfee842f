"""Nulls: how every score comes out on clean clips of the world, and what it tells apart.

`python -m evenflow.grading.calibrate` measures them; they ship as `nulls.json`. A null belongs to a
preset, a codec, and to whether the camera stands or moves (that is read off the clip).
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.grading.grade import Null, Score
from evenflow.grading.reading import Reading

FILE = Path(__file__).with_name("nulls.json")
SCHEMA = "evenflow.nulls/1"
QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
LEAST_CLIPS = 12
"""Clean clips with a value that a null needs."""
EVERY = "every"
"""Name of the nulls of all presets together: a bounce is rare, and the law of it is the same
everywhere."""
STANDS = 0.0016
"""Share of the picture's height that the background moves a frame, below which a camera stands."""


@cache
def shipped() -> dict[str, Any]:
    """What ships, or nothing where it was never measured."""
    if not FILE.exists():
        return {"schema": SCHEMA, "nulls": {}}
    data = json.loads(FILE.read_text(encoding="utf-8"))
    if data.get("schema") != SCHEMA:
        raise BadInput(f"{FILE.name} is not {SCHEMA}: run python -m evenflow.grading.calibrate")
    return dict(data)


def stands(reading: Reading) -> bool:
    """Whether the camera stands still through the clip, as far as the background tells."""
    motion = reading.view.motion[1:].astype(np.float64)
    if not np.isfinite(motion).any():
        return True
    step = np.hypot(motion[:, 0], motion[:, 1]) + 0.35 * reading.height * np.abs(motion[:, 2])
    return bool(np.nanmean(step) < STANDS * reading.height)


def codecs(preset: str) -> list[str]:
    """Codecs with nulls for a preset."""
    return sorted({key.split("/")[1] for key in shipped()["nulls"] if key.startswith(f"{preset}/")})


def null_of(
    name: str, *, preset: str, codec: str, still: bool, table: Mapping[str, Any] | None = None
) -> Null | None:
    """The null of a score, or None where it was not measured.

    Args:
        table: of nulls; the shipped one if it is not given.
    """
    rows = (table if table is not None else shipped())["nulls"]
    row = rows.get(f"{preset}/{codec}/{'still' if still else 'moving'}", {}).get(name)
    if row is None or row["clips"] < LEAST_CLIPS:
        row = rows.get(f"{preset}/{codec}/any", {}).get(name)
    if (row is None or row["clips"] < LEAST_CLIPS) and f"{preset}/{codec}/any" in rows:
        row = rows.get(f"{EVERY}/{codec}/any", {}).get(name)
    if row is None or row["clips"] < LEAST_CLIPS:
        return None
    power = row.get("power")
    return Null(
        codec,
        int(row["clips"]),
        tuple(float(v) for v in row["quantiles"]),
        None if power is None else (float(power[0]), float(power[1]), float(power[2])),
    )


def goodness(score: Score) -> float | None:
    """The value turned so that more is better."""
    if score.value is None:
        return None
    return score.value if score.better == "higher" else -score.value


def low(score: Score) -> bool:
    """Whether a score lies on the bad side of the 5th percentile of its null."""
    if score.value is None or score.null is None:
        return False
    if score.better == "higher":
        return score.value < score.null.quantiles[1] - 1e-9
    return score.value > score.null.quantiles[5] + 1e-9


def auc(bad: list[float], clean: list[float]) -> float | None:
    """Area under the ROC curve: chance that a bad clip's goodness is below a clean one's, ties half
    (Mann and Whitney 1947)."""
    if len(bad) < 4 or len(clean) < 4:
        return None
    b, c = np.array(bad)[:, None], np.array(clean)[None, :]
    return float((b < c).mean() + 0.5 * (b == c).mean())
