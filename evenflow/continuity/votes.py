"""Votes: which of two clips people liked better, pair by pair, as a ranking with intervals.

Source: Bradley and Terry 1952, doi:10.2307/2334029; Davidson 1970 (ties),
doi:10.1080/01621459.1970.10481082; Hunter 2004 (when a maximum exists, Assumption 1),
doi:10.1214/aos/1079120141.
With strengths s and log-odds of a tie n, clip i wins over j in proportion to exp(s_i), j over i to
exp(s_j), and they tie in proportion to exp(n + (s_i + s_j) / 2).

A tie is an outcome of its own, not half a win for each: half wins pull everybody together, the more
so the more voters are honest about what they cannot tell apart. Here two clips differ by
log(wins / losses), however many ties there are.
Differs: the maximum is found by Newton's method, not by Hunter's iteration (the tests have that),
because every end of an interval needs a maximum of its own. Intervals are where twice the
log-likelihood falls short of its maximum by the quantile of chi-squared (profile likelihood):
unlike a bootstrap they say something where one clip never lost.
"""

import itertools
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri

from evenflow.continuity.paired import holm
from evenflow.core.errors import BadInput
from evenflow.core.estimate import LEVEL

SCHEMA = "evenflow.votes/1"

LEAST_DECIDED = 6
"""Votes with a winner that two clips need for a verdict: five of five may be chance (1 in 16)."""

MOST_CLIPS = 26
MOST_VOTES = 1_000_000

_RIDGE = 1e-7
_FARTHEST = 25.0
"""Log-odds beyond which an end counts as none."""

_Array = NDArray[np.float64]


@dataclass(frozen=True)
class Vote:
    """One answer: of two clips that were shown side by side, the better one or neither."""

    left: str
    right: str
    winner: Literal["left", "right", "tie"]


@dataclass(frozen=True)
class Strength:
    """How much a clip is liked.

    Args:
        rank: 1 plus the number of clips that are surely liked better.
        value: log-odds above the average clip; None where the votes know no end to it.
        low, high: its 95 % interval; None is no end.
        wins, losses, ties: over all its votes.
        tied: clips that it ties with.
        reason: why there is no value.
    """

    clip: str
    rank: int
    value: float | None
    low: float | None
    high: float | None
    wins: int
    losses: int
    ties: int
    tied: tuple[str, ...] = ()
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        data = {
            "clip": self.clip,
            "rank": self.rank,
            "value": _number(self.value),
            "low": _number(self.low),
            "high": _number(self.high),
            "wins": self.wins,
            "losses": self.losses,
            "ties": self.ties,
            "tied": list(self.tied),
        }
        return data if self.reason is None else {**data, "reason": self.reason}


@dataclass(frozen=True)
class Duel:
    """Two clips in the votes: log-odds that the second wins rather than the first.

    Args:
        value: log(odds); positive is for the second; None where the votes know no end to it.
        low, high: its interval; None is no end.
        level: coverage of the interval, one for all pairs together (Holm).
        num_votes: votes on this very pair; others tell of it, too.
        verdict: name of the clip that is liked better, or `tie`; None where too few votes decide.
        reason: why there is no verdict or no value.
    """

    first: str
    second: str
    value: float | None
    low: float | None
    high: float | None
    level: float
    num_votes: int
    verdict: str | None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types."""
        data = {
            "first": self.first,
            "second": self.second,
            "value": _number(self.value),
            "low": _number(self.low),
            "high": _number(self.high),
            "level": round(self.level, 5),
            "votes": self.num_votes,
            "verdict": self.verdict,
        }
        return data if self.reason is None else {**data, "reason": self.reason}


@dataclass(frozen=True)
class Preference:
    """What the votes say.

    Args:
        ranking: most liked first.
        pairs: every two clips, by name.
        num_votes: votes that were counted.
        tie_share: chance that two equally strong clips tie.
    """

    ranking: tuple[Strength, ...]
    pairs: tuple[Duel, ...]
    num_votes: int
    tie_share: float

    def to_json(self) -> dict[str, Any]:
        """Plain types, `votes` of `compare.schema.json`."""
        return {
            "votes": self.num_votes,
            "tie_share": round(self.tie_share, 4),
            "ranking": [strength.to_json() for strength in self.ranking],
            "pairs": [duel.to_json() for duel in self.pairs],
        }


def read_votes(paths: Iterable[str | Path]) -> list[Vote]:
    """The votes in files that the blind page saved.

    Raises:
        BadInput: a file cannot be read, or holds something else.
    """
    votes: list[Vote] = []
    for path in map(Path, paths):
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadInput(f"votes {path.name} cannot be read: {reason}") from None
        except (ValueError, RecursionError):
            raise BadInput(f"votes {path.name} is not JSON: give what the page saved") from None
        found = data.get("schema") if isinstance(data, dict) else type(data).__name__
        if found != SCHEMA:
            raise BadInput(f"votes {path.name}: its schema should be {SCHEMA!r}, got {found!r}")
        rows = data.get("votes")
        if not isinstance(rows, list):
            raise BadInput(f"votes {path.name} has no list `votes`: give what the page saved")
        for number, row in enumerate(rows, start=1):
            try:
                left, right, winner = row["left"], row["right"], row["winner"]
            except (KeyError, TypeError):
                left = right = winner = None
            good = isinstance(left, str) and isinstance(right, str) and left and right
            if not good or left == right or winner not in ("left", "right", "tie"):
                raise BadInput(
                    f"votes {path.name}, vote {number}: it needs two different clips, left and "
                    f"right, and a winner left, right or tie, got {_short(row)}"
                )
            votes.append(Vote(left, right, winner))
    return votes


def preference(votes: Sequence[Vote]) -> Preference:
    """A ranking of the clips that people voted on.

    Args:
        votes: in any order; who stood left or right makes no difference.

    Raises:
        BadInput: no votes, more than 26 clips, or clips that no chain of votes connects.
    """
    if not votes:
        raise BadInput("there are no votes to count: vote on the blind page first")
    names = sorted({name for vote in votes for name in (vote.left, vote.right)})
    if len(names) > MOST_CLIPS or len(votes) > MOST_VOTES:
        raise BadInput(
            f"votes are counted on {MOST_CLIPS} clips and {MOST_VOTES} votes at most, "
            f"got {len(names)} and {len(votes)}"
        )
    number = {name: i for i, name in enumerate(names)}
    k = len(names)
    won, tied = np.zeros((k, k)), np.zeros((k, k))
    for vote in votes:
        i, j = number[vote.left], number[vote.right]
        if vote.winner == "tie":
            tied[i, j] += 1
            tied[j, i] += 1
        else:
            won[(i, j) if vote.winner == "left" else (j, i)] += 1
    _connected(names, won + tied)
    ballot = _Ballot(won, tied)
    reach = _reach((won + tied) > 0)
    duels = _duels(names, ballot, reach)
    return Preference(
        _ranked(names, ballot, duels, reach), tuple(duels), len(votes), ballot.tie_share
    )


class _Ballot:
    """Counts of votes, and the likelihood of strengths."""

    def __init__(self, won: _Array, tied: _Array) -> None:
        self.won, self.tied, self.k = won, tied, len(won)
        self._first, self._second = np.nonzero(np.triu(won + won.T + tied, 1))
        one, two = self._first, self._second
        self._counts = np.stack([won[one, two], won[two, one], tied[one, two]], axis=1)
        self.any_ties = bool(tied.any())
        width = self.k + self.any_ties
        design = np.zeros((len(one), 3, width))  # what each outcome gains by each parameter
        rows = np.arange(len(one))
        design[rows, 0, one] = design[rows, 1, two] = 1.0
        if self.any_ties:
            design[rows, 2, one] = design[rows, 2, two] = 0.5
            design[:, 2, self.k] = 1.0
            self._design = design
        else:
            self._design, self._counts = design[:, :2], self._counts[:, :2]
        self.strengths, self.best = self.fitted(np.eye(width), np.zeros(width))

    @property
    def tie_share(self) -> float:
        """Chance that two clips of one strength tie."""
        if not self.any_ties:
            return 0.0
        odds = math.exp(min(self.strengths[self.k], 50.0))
        return odds / (2.0 + odds)

    def fitted(self, basis: _Array, offset: _Array) -> tuple[_Array, float]:
        """The parameters `basis @ x + offset` that make the votes most likely, and how likely.

        Newton's method with halved steps; the log-likelihood is concave. A tiny ridge keeps what
        the votes know no end to at a finite place.
        """
        design = self._design @ basis
        start = self._design @ offset
        total = self._counts.sum(axis=1)
        x = np.zeros(basis.shape[1])

        def value(x: _Array) -> tuple[float, _Array]:
            gain = design @ x + start
            top = gain.max(axis=1, keepdims=True)
            share = np.exp(gain - top)
            size = share.sum(axis=1, keepdims=True)
            likely = float((self._counts * (gain - top - np.log(size))).sum())
            return likely - 0.5 * _RIDGE * float(x @ x), share / size

        now, share = value(x)
        for _ in range(200):
            slope = np.einsum("po,pod->d", self._counts - total[:, None] * share, design)
            slope -= _RIDGE * x
            mean = np.einsum("po,pod->pd", share, design)
            bend = np.einsum("p,po,pod,poe->de", total, share, design, design)
            bend -= np.einsum("p,pd,pe->de", total, mean, mean)
            step = np.linalg.solve(bend + _RIDGE * np.eye(len(x)), slope)
            length = min(1.0, 5.0 / max(1e-12, float(np.abs(step).max())))
            for _ in range(40):
                new, new_share = value(x + length * step)
                if new >= now:
                    break
                length /= 2
            gained = new - now
            if gained >= 0:
                x, now, share = x + length * step, new, new_share
            if gained < 1e-10:
                break
        return basis @ x + offset, now + 0.5 * _RIDGE * float(x @ x)

    def shortfall(self, contrast: _Array, at: float) -> float:
        """Twice what the log-likelihood lacks where `contrast @ strengths` is `at`."""
        width = len(self.strengths)
        full = np.zeros(width)
        full[: self.k] = contrast
        rest = np.linalg.svd(full[None, :])[2][1:].T  # what leaves the contrast alone
        _, likely = self.fitted(rest, at * full / (full @ full))
        return max(0.0, 2.0 * (self.best - likely))

    def interval(self, contrast: _Array, level: float) -> tuple[float | None, float | None]:
        """Where the shortfall stays below the quantile of chi-squared; None is no end."""
        limit = float(chdtri(1, 1.0 - level))
        middle = float(contrast @ self.strengths[: self.k])
        middle = min(max(middle, -_FARTHEST), _FARTHEST)
        ends: list[float | None] = []
        for way in (-1.0, 1.0):
            inner, outer = middle, middle + way * 0.5
            while self.shortfall(contrast, outer) < limit and abs(outer) < _FARTHEST:
                inner, outer = outer, outer + way * max(0.5, abs(outer - middle))
            if abs(outer) >= _FARTHEST and self.shortfall(contrast, outer) < limit:
                ends.append(None)
                continue
            ends.append(
                float(
                    brentq(lambda at: self.shortfall(contrast, at) - limit, inner, outer, xtol=1e-5)
                )
                if self.shortfall(contrast, inner) < limit
                else inner
            )
        return ends[0], ends[1]


def _duels(names: Sequence[str], ballot: _Ballot, reach: NDArray[np.bool_]) -> list[Duel]:
    pairs = list(itertools.combinations(range(len(names)), 2))
    contrasts = []
    for i, j in pairs:
        contrast = np.zeros(ballot.k)
        contrast[j], contrast[i] = 1.0, -1.0
        contrasts.append(contrast)
    decided = ballot.won.sum(axis=0) + ballot.won.sum(axis=1)
    enough = []
    for i, j in pairs:
        both = decided[i] + decided[j] - ballot.won[i, j] - ballot.won[j, i]
        enough.append(both >= LEAST_DECIDED)
    p_values = [
        float(chdtrc(1, ballot.shortfall(contrast, 0.0))) if ok else None
        for contrast, ok in zip(contrasts, enough, strict=True)
    ]
    duels = []
    for (i, j), contrast, ok, (_, level) in zip(
        pairs, contrasts, enough, holm(p_values), strict=True
    ):
        finite = bool(reach[i, j] and reach[j, i])
        value = float(contrast @ ballot.strengths[: ballot.k]) if finite else None
        low, high = ballot.interval(contrast, level)
        holds_0 = (low is None or low <= 0.0) and (high is None or high >= 0.0)
        verdict: str | None = "tie" if holds_0 else names[j] if (low or 0.0) > 0 else names[i]
        reason = None
        if not finite:
            never = (i, j) if reach[j, i] else (j, i) if reach[i, j] else None
            reason = "no chain of votes tells them apart"
            if never is not None:
                reason = f"{names[never[0]]} never won against {names[never[1]]}"
        if not ok:
            verdict = None
            reason = f"a verdict needs {LEAST_DECIDED} votes with a winner"
        count = int(ballot.won[i, j] + ballot.won[j, i] + ballot.tied[i, j])
        duels.append(Duel(names[i], names[j], value, low, high, level, count, verdict, reason))
    return duels


def _ranked(
    names: Sequence[str], ballot: _Ballot, duels: Sequence[Duel], reach: NDArray[np.bool_]
) -> tuple[Strength, ...]:
    finite = bool(reach.all())
    places = []
    for i, name in enumerate(names):
        contrast = np.full(ballot.k, -1.0 / ballot.k)
        contrast[i] += 1.0
        low, high = ballot.interval(contrast, LEVEL)
        mine = [d for d in duels if name in (d.first, d.second)]
        better = sum(d.verdict not in (None, "tie", name) for d in mine)
        even = tuple(d.second if d.first == name else d.first for d in mine if d.verdict == "tie")
        value = float(contrast @ ballot.strengths[: ballot.k])
        reason = "some clips never won or never lost: strengths have no end" if not finite else None
        place = Strength(
            name, 1 + better, value if finite else None, low, high,
            int(ballot.won[i].sum()), int(ballot.won[:, i].sum()), int(ballot.tied[i].sum()),
            even, reason,
        )  # fmt: skip
        places.append((place.rank, -round(value, 6), name, place))
    return tuple(place for *_, place in sorted(places, key=lambda row: row[:3]))


def _connected(names: Sequence[str], met: _Array) -> None:
    """Raises BadInput where the clips fall into groups that never met."""
    either = _reach((met + met.T) > 0)
    groups = sorted({tuple(names[j] for j in np.flatnonzero(row).tolist()) for row in either})
    if len(groups) > 1:
        told = " and ".join("{" + ", ".join(group[:5]) + "}" for group in groups[:4])
        raise BadInput(
            f"the votes fall into {len(groups)} groups that were never compared: {told}; "
            "add votes on pairs between them"
        )


def _reach(edge: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which clip leads to which along edges (each to itself): Warshall's closure."""
    reach = edge | np.eye(len(edge), dtype=bool)
    for middle in range(len(edge)):
        reach |= reach[:, middle, None] & reach[None, middle, :]
    return reach


def _short(row: object) -> str:
    text = json.dumps(row, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."


def _number(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


__all__ = ["SCHEMA", "Duel", "Preference", "Strength", "Vote", "preference", "read_votes"]
