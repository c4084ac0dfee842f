"""Baseline: a stored report as the thing to be no worse than."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenflow.core.errors import BadInput
from evenflow.core.gate import Clause, Gate
from evenflow.core.report import Report
from evenflow.reports.entry import name_of

WORSE_JND = 1.0
"""A kind may be worse than in the baseline by this much: one just-noticeable difference."""
WORSE_SCORE = 5.0
"""The score may be lower than in the baseline by this much."""


@dataclass(frozen=True)
class Baseline:
    """Reports of earlier versions of the same clips.

    Args:
        reports: path as it was given then, to its report.
    """

    reports: Mapping[str, Report]

    @staticmethod
    def load(path: str | Path) -> "Baseline":
        """Reads what `check --json` or `ef.report(..., "x.json")` wrote, for one clip or several.

        Raises:
            BadInput: the file cannot be read, or holds no report.
        """
        path = Path(path)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise BadInput(f"baseline {path.name} cannot be read: {reason}") from None
        except ValueError:  # not UTF-8, not JSON
            raise BadInput(
                f"baseline {path.name} is not JSON: give a file that `evenflow check -o` wrote"
            ) from None
        reports = {}
        for item in data if isinstance(data, list) else [data]:
            if isinstance(item, dict) and "error" in item and "schema" not in item:
                continue  # a clip that could not be checked then
            try:
                report = Report.from_json(item)
            except BadInput as error:
                raise BadInput(f"baseline {path.name}: {error}") from None
            reports[str(report.clip.get("path"))] = report
        if not reports:
            raise BadInput(f"baseline {path.name} holds no report of a clip: make a new one")
        return Baseline(reports)

    def pick(self, clips: Sequence[str]) -> dict[str, Report]:
        """The earlier report of each clip: by path, then by base name; one for one needs no name.

        Raises:
            BadInput: a clip has no report here, or more than one that could be meant.
        """
        if len(clips) == 1 and len(self.reports) == 1:
            return {clips[0]: next(iter(self.reports.values()))}
        chosen = {}
        for clip in clips:
            if clip in self.reports:
                chosen[clip] = self.reports[clip]
                continue
            alike = [r for p, r in self.reports.items() if name_of(p) == name_of(clip)]
            if len(alike) != 1:
                known = ", ".join(sorted(name_of(p) for p in self.reports))
                count = "no report" if not alike else f"{len(alike)} reports"
                raise BadInput(
                    f"the baseline has {count} of {name_of(clip)}, it knows {known}: "
                    "make a new one with `evenflow check CLIP... -o`"
                )
            chosen[clip] = alike[0]
        return chosen

    @staticmethod
    def gate(before: Report, now: Report) -> Gate:
        """What `now` must hold to be no worse than `before`.

        A clause for each kind that either of them found: its largest severity may grow by 1 JND
        (a kind that was not there before may reach 1 JND). And one for the score: it may fall
        by 5.
        """
        worst: dict[str, float] = {}
        for finding in before.findings:
            worst[finding.kind] = max(worst.get(finding.kind, 0.0), finding.severity_jnd)
        kinds = sorted({*worst, *(finding.kind for finding in now.findings)})
        clauses = [Clause(kind, "<=", round(worst.get(kind, 0.0) + WORSE_JND, 2)) for kind in kinds]
        if before.score is not None:
            clauses.append(Clause("score", ">=", round(max(0.0, before.score - WORSE_SCORE), 1)))
        return Gate(tuple(clauses))
