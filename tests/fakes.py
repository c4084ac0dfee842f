"""Reports with known numbers."""

from typing import Any

import numpy as np

from evenflow.core.finding import Finding
from evenflow.core.measurement import Measurement
from evenflow.core.report import Cut, Report, Shot
from evenflow.core.span import Box, Span


def a_finding(
    kind: str = "lighting_flicker",
    start: int = 2,
    end: int = 4,
    severity: float = 3.2,
    box: Box | None = None,
    explanation: str = "brightness alternates by 6 %",
    fps: float = 25.0,
) -> Finding:
    return Finding(
        Span(kind, start, end, box, None, severity),
        start,
        start / fps,
        end / fps,
        severity,
        0.9,
        explanation,
        {"signal": "luma_gain", "value": 6.1, "threshold": 1.5},
    )


def a_report(path: str = "clips/a.mp4", **changes: Any) -> Report:
    series = np.array([np.nan, 0.25, 6.0, -6.0, 0.125], dtype=np.float32)
    return Report(
        **{
            "version": "0.1.0",
            "digest": "d" * 64,
            "clip": {
                "path": path,
                "frames": 5,
                "fps": 25.0,
                "duration_s": 0.2,
                "width": 640,
                "height": 272,
                "timecode": None,
            },
            "score": 72.6,
            "motion": {"median_px_per_s": 41.0, "assessable": True},
            "cuts": (Cut(0, 1, "cut"),),
            "shots": (Shot(0, 1), Shot(1, 5)),
            "signals": {
                "luma_gain": Measurement("luma_gain", "%", "lower", 0.3, series),
                "prompt_match": Measurement(
                    "prompt_match", "share", "higher", None, reason="no --prompt given"
                ),
            },
            "findings": (a_finding(),),
            "not_assessable": {"shake": "the clip is shorter than a second"},
            "seconds": np.arange(5) / 25.0,
            **changes,
        }
    )
