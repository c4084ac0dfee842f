"""Measures: from outcomes to figures; plain functions that need no picture.

Found, named and clear are those of the report's contract: a finding of 2 JND or more that overlaps
the planted span within 3 frames and is absent from the clean twin is found; it is named if the most
severe of these has the planted kind, or one that the truth lists as equal; 3 JND are clear.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from evenflow.bench.statistics import (
    RESAMPLES,
    bootstrap,
    clustered_auroc,
    share,
    spearman,
)
from evenflow.bench.work import Outcome, Seen
from evenflow.core.estimate import Estimate
from evenflow.core.gate import CLEAR_JND, FOUND_JND
from evenflow.core.span import Box, Span

SLACK_FRAMES = 3
"""A finding may lie this far beside the planted frames."""

BARELY_JND = 1.5
"""What counts as an alarm on clean footage at all."""

KNOWN_SHARE = 0.7
"""A finding is the clean twin's if that has it too, with more than this share of its severity."""

NOTHING, CUT = "nothing", "cut"


@dataclass(frozen=True)
class Verdict:
    """What became of one planted defect.

    Args:
        outcome: the checked clip.
        near: new findings of 2 JND or more at the planted time, worst first.
        called: kind of the worst of them; the planted kind where an equal one was named; `cut` if
            there is only a new cut at this time; else `nothing`.
        severity: largest named severity at this time, however small; 0 if there is none.
        time_iou: of the named finding with the truth, None if it is not named.
        box_hit: True if the named finding's box is right, None if not named or without a place.
        extra: new findings of 2 JND or more in the whole clip, beyond one.
    """

    outcome: Outcome
    near: tuple[Seen, ...]
    called: str
    severity: float
    time_iou: float | None
    box_hit: bool | None
    extra: int

    @property
    def kind(self) -> str:
        """The planted kind."""
        return self.outcome.unit.name

    @property
    def strength(self) -> int:
        """From 1 to 5."""
        return self.outcome.unit.strength

    @property
    def clip(self) -> str:
        """Name of the clip it was planted in."""
        return self.outcome.unit.take.name

    @property
    def found(self) -> bool:
        """Something was reported there that the clean twin has not."""
        return bool(self.near)

    @property
    def named(self) -> bool:
        """And it has the right name."""
        return self.found and self.called == self.kind


def names_of(truth: Span) -> frozenset[str]:
    """The planted kind and those that the same pixels are just as much."""
    return frozenset({truth.kind, *truth.parameters.get("equal", ())})


def is_known(seen: Seen, clean: Outcome | None) -> bool:
    """True if the clean twin has this finding too, about as severe."""
    return clean is not None and any(
        other.kind == seen.kind
        and other.overlaps(seen.start, seen.end)
        and other.severity > KNOWN_SHARE * seen.severity
        for other in clean.findings
    )


def judge(outcome: Outcome, clean: Outcome | None) -> Verdict:
    """Compares a planted clip with its truth and its clean twin."""
    truth = outcome.truth
    assert truth is not None, "only planted clips can be judged"
    if outcome.twin is not None and clean is not None:
        clean = replace(clean, findings=outcome.twin)
    names = names_of(truth)
    first, last = truth.start_frame - SLACK_FRAMES, truth.end_frame + SLACK_FRAMES
    new = sorted((f for f in outcome.findings if not is_known(f, clean)), key=lambda f: -f.severity)
    there = [f for f in new if f.overlaps(first, last)]
    near = tuple(f for f in there if f.severity >= FOUND_JND)
    severity = max((f.severity for f in there if f.kind in names), default=0.0)
    if near:
        called = truth.kind if near[0].kind in names else near[0].kind
    else:
        called = CUT if _new_cut(outcome, clean, first, last) else NOTHING
    named = near[0] if near and near[0].kind in names else None
    extra = sum(f.severity >= FOUND_JND for f in new) - 1
    return Verdict(
        outcome,
        near,
        called,
        severity,
        None if named is None else named.time_iou(truth.start_frame, truth.end_frame),
        None if named is None else box_hit(named, truth),
        max(0, extra),
    )


def _new_cut(outcome: Outcome, clean: Outcome | None, first: int, last: int) -> bool:
    old = set() if clean is None else {end for _, end in clean.cuts}
    return any(start < last and first < end and end not in old for start, end in outcome.cuts)


def places(truth: Span) -> list[tuple[int, Box]]:
    """Where a defect is at which frame; empty where it is everywhere."""
    boxes = truth.parameters.get("boxes") or []
    if boxes:
        return [(int(f), (int(a), int(b), int(c), int(d))) for f, a, b, c, d in boxes]
    return [] if truth.box is None else [(truth.start_frame, truth.box)]


def box_hit(seen: Seen, truth: Span) -> bool | None:
    """True if a finding's box says where the defect is; None if the defect has no place.

    The truth is the box (any, of several) of the frame nearest to the finding's peak: a hit
    overlaps it by an intersection over union of .2, or has its center in it and at most four times
    its area. A hit is also what overlaps the box around all places during the finding by that much.
    No box at all is a miss.
    """
    known = places(truth)
    if not known:
        return None
    if seen.box is None:
        return False
    nearest = min(abs(frame - seen.peak) for frame, _ in known)
    there = [box for frame, box in known if abs(frame - seen.peak) == nearest]
    during = [box for frame, box in known if seen.start <= frame < seen.end] or there
    left, top, right, bottom = zip(*during, strict=True)
    around = (min(left), min(top), max(right), max(bottom))
    return any(_overlap(seen.box, box) or _inside(seen.box, box) for box in there) or _overlap(
        seen.box, around
    )


def _overlap(box: Box, truth: Box) -> bool:
    shared = _area(
        (
            max(box[0], truth[0]),
            max(box[1], truth[1]),
            min(box[2], truth[2]),
            min(box[3], truth[3]),
        )
    )
    return shared >= 0.2 * (_area(box) + _area(truth) - shared)


def _inside(box: Box, truth: Box) -> bool:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    centered = truth[0] <= x < truth[2] and truth[1] <= y < truth[3]
    return centered and _area(box) <= 4 * _area(truth)


def _area(box: Box) -> int:
    return max(0, box[2] - box[0]) * max(0, box[3] - box[1])


def largest(outcome: Outcome, kinds: Iterable[str]) -> float:
    """Largest severity that a report gives any of the kinds, 0 if it names none."""
    wanted = frozenset(kinds)
    return max((f.severity for f in outcome.findings if f.kind in wanted), default=0.0)


def separation(
    positives: Sequence[Verdict],
    negatives: Sequence[Outcome],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimate | None:
    """AUROC of the final named severity, with an interval over clips.

    A clip scores the largest severity that its report gives the planted kind (or an equal one),
    anywhere in the clip; positives carry the kind, negatives do not. Without `resamples` there is
    no interval.
    """
    scores: dict[frozenset[str], list[float]] = {}
    table = np.empty((len(positives), len(negatives)))
    for i, verdict in enumerate(positives):
        assert verdict.outcome.truth is not None
        names = names_of(verdict.outcome.truth)
        if names not in scores:
            scores[names] = [largest(outcome, names) for outcome in negatives]
        mine, theirs = largest(verdict.outcome, names), np.array(scores[names])
        table[i] = (mine > theirs) + 0.5 * (mine == theirs)
    rows = [verdict.clip for verdict in positives]
    columns = [outcome.unit.take.name for outcome in negatives]
    return clustered_auroc(table, rows, columns, seed=seed, resamples=resamples)


def found_share(verdicts: Sequence[Verdict]) -> Estimate | None:
    """Share of plants that are found."""
    return share(sum(v.found for v in verdicts), len(verdicts))


def named_share(verdicts: Sequence[Verdict]) -> Estimate | None:
    """Share of plants that are found and named right."""
    return share(sum(v.named for v in verdicts), len(verdicts))


def hit_share(verdicts: Sequence[Verdict]) -> Estimate | None:
    """Share of named plants with a place whose finding has its box there."""
    hits = [v.box_hit for v in verdicts if v.box_hit is not None]
    return share(sum(hits), len(hits))


def single_share(verdicts: Sequence[Verdict]) -> Estimate | None:
    """Share of found plants that give one finding and no other."""
    found = [v for v in verdicts if v.found]
    return share(sum(v.extra == 0 for v in found), len(found))


def time_ious(verdicts: Sequence[Verdict]) -> list[float]:
    """Of all named plants."""
    return [v.time_iou for v in verdicts if v.time_iou is not None]


def rank_correlation(verdicts: Sequence[Verdict], *, seed: int = 0) -> Estimate | None:
    """Mean over clips of Spearman's correlation between strength and named severity.

    Only plants that share clip, time and place are compared with each other, at three strengths or
    more; where nothing is named at any strength, the clip counts 0.
    """
    ladders: dict[tuple[str, int], list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        ladders[verdict.clip, verdict.outcome.unit.turn].append(verdict)
    values = []
    for steps in ladders.values():
        strengths = [v.strength for v in steps]
        if len(set(strengths)) >= 3:
            value = spearman(strengths, [v.severity for v in steps])
            values.append(0.0 if math.isnan(value) else value)
    return bootstrap(values, lambda drawn: float(np.mean(drawn)), seed=seed)


def confusion(verdicts: Iterable[Verdict]) -> dict[str, Counter[str]]:
    """Planted kind to how often each name was given."""
    table: dict[str, Counter[str]] = defaultdict(Counter)
    for verdict in verdicts:
        table[verdict.kind][verdict.called] += 1
    return dict(table)


def alarms(outcomes: Iterable[Outcome], least_jnd: float) -> int:
    """Findings of a severity or more, in clips that have no defect."""
    return sum(f.severity >= least_jnd for o in outcomes for f in o.findings)


def new_findings(outcome: Outcome, clean: Outcome | None, least_jnd: float) -> list[Seen]:
    """Findings of a severity or more that the clean twin has not, worst first."""
    new = [f for f in outcome.findings if f.severity >= least_jnd and not is_known(f, clean)]
    return sorted(new, key=lambda f: -f.severity)


@dataclass(frozen=True)
class Shift:
    """How far a change of the clip moves its score.

    Args:
        mean, most: points, of clips that have a score before and after.
        count: such clips.
        gone, new: findings of 2 JND or more that are there only before, only after, by kind.
    """

    mean: float
    most: float
    count: int
    gone: int
    new: int


def shift(pairs: Sequence[tuple[Outcome, Outcome]]) -> Shift | None:
    """Compares reports before and after a change, or None of no pair with scores."""
    moves = [
        abs(after.score - before.score)
        for before, after in pairs
        if before.score is not None and after.score is not None
    ]
    if not moves:
        return None
    gone = new = 0
    for before, after in pairs:
        old = Counter(f.kind for f in before.findings if f.severity >= FOUND_JND)
        now = Counter(f.kind for f in after.findings if f.severity >= FOUND_JND)
        gone += (old - now).total()
        new += (now - old).total()
    return Shift(float(np.mean(moves)), max(moves), len(moves), gone, new)


def rewarded(pairs: Sequence[tuple[Outcome, Outcome]], *, margin: float = 0.05) -> list[Outcome]:
    """Changed clips whose score is above their source's; `margin` is the score's own rounding."""
    return [
        after
        for before, after in pairs
        if before.score is not None
        and after.score is not None
        and after.score > before.score + margin
    ]


def twins(outcomes: Iterable[Outcome]) -> Mapping[tuple[str, str], Outcome]:
    """Clean clips by name and change."""
    return {(o.unit.take.name, o.unit.change): o for o in outcomes if not o.refused}


__all__ = ["CLEAR_JND", "FOUND_JND", "Shift", "Verdict", "judge"]
