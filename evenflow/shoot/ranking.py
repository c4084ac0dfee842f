"""Ranking: which of several clips of one prompt shows it best and holds together best.

A clip's rank is by `shown x score`: the share of the caption's clauses that the grader sees in it
(a clause that cannot be parsed counts half) times the score of `check` (0 to 100). So a clip that
shows nothing of what was asked for is last however steady it is, and the other way round. A factor
that cannot be measured is that of the median clip, or 1 where it is measured for none. Ties keep
the order of seeds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Any

from evenflow.core.clip import Clip
from evenflow.core.errors import Cancelled, EvenflowError
from evenflow.core.events import CancelToken, Meter, Progress


@dataclass(frozen=True)
class Rank:
    """How a clip did.

    Args:
        shown: share of the caption's clauses that it shows, in [0, 1], or None.
        clauses: shown and asked for, as text: "2 of 3".
        score: of `check`, 0 to 100, or None.
        missing: clauses that it does not show.
        reason: why there is no number.
        points: what is ranked by.
    """

    shown: float | None
    clauses: str
    score: float | None
    missing: tuple[str, ...] = ()
    reason: str = ""
    points: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        return {
            "points": round(self.points, 3),
            "shown": self.shown,
            "clauses": self.clauses,
            "missing": list(self.missing),
            "score": self.score,
            "reason": self.reason,
        }


def ranked(
    clips: Sequence[Clip],
    caption: str,
    *,
    preset: str = "lab",
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> list[tuple[int, Rank]]:
    """Numbers of clips with how they did, the best first; see the top of this file for the rule.

    Args:
        clips: of one prompt, in the order of their seeds.
        caption: what they should show, in the world's language; empty asks only for steadiness.
        preset: of the world that they look like.
    """
    meter = Meter("rank", len(clips), progress=progress, cancel=cancel)
    found = []
    for clip in clips:
        found.append(_measured(clip, caption, preset, cancel))
        meter.advance()
    typical = {}
    for name in ("shown", "score"):
        known = [value for one in found if (value := getattr(one, name)) is not None]
        typical[name] = median(known) if known else 1.0

    def points(one: Rank) -> float:
        shown = typical["shown"] if one.shown is None else one.shown
        return shown * (typical["score"] if one.score is None else one.score)

    told = [replace(one, points=points(one)) for one in found]
    order = sorted(range(len(told)), key=lambda i: -told[i].points)  # stable: ties keep their order
    return [(i, told[i]) for i in order]


def _measured(clip: Clip, caption: str, preset: str, cancel: CancelToken | None) -> Rank:
    from evenflow.continuity import check

    reasons = []
    score = None
    try:
        score = check(clip, workers=1, cancel=cancel).score
        if score is None:
            reasons.append("check gives this clip no score: it is too short or too plain")
    except Cancelled:
        raise
    except EvenflowError as error:
        reasons.append(str(error))
    shown: float | None = None
    said, missing = "", tuple[str, ...]()
    if caption:
        from evenflow.grading.judge import grade

        try:
            clauses = grade(clip, caption, preset=preset, cancel=cancel).clauses  # type: ignore[arg-type]
            if clauses:
                good = sum(one.shown is True for one in clauses)
                open_ = sum(one.shown is None for one in clauses)
                shown = round((good + open_ / 2) / len(clauses), 4)
                said = f"{good} of {len(clauses)}" + (f", {open_} not parsed" if open_ else "")
                missing = tuple(one.text for one in clauses if one.shown is False)
        except Cancelled:
            raise
        except EvenflowError as error:
            reasons.append(str(error))
    return Rank(shown, said, None if score is None else float(score), missing, "; ".join(reasons))
