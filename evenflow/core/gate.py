"""Gate: what a clip must hold, clause by clause; pass or fail with value, span and reason.

A gate file is TOML, YAML or JSON with one table:

    [gate]
    lighting_flicker = "<= 2 jnd"
    luma_gain = "<= 0.5 %"
    score = ">= 90"

Key: a defect kind (the largest severity of its findings, in jnd), a signal (its summary, in the
signal's own unit), `score`, `findings` (how many of 2 jnd and more) or `any` (largest severity of
all). What cannot be measured never passes.
"""

import difflib
import json
import operator
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenflow.core.errors import GateError
from evenflow.core.kinds import KINDS
from evenflow.core.signals import SIGNALS
from evenflow.core.times import decimal

if TYPE_CHECKING:
    from evenflow.core.report import Report

FOUND_JND = 2.0
"""A finding counts as found from this severity."""
CLEAR_JND = 3.0
"""A finding is clear to any viewer from this severity."""

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
    "==": operator.eq,
}
_CLAUSE = re.compile(r"(<=|>=|==|<|>)\s*(-?[0-9]{1,12}(?:\.[0-9]{1,30})?)(?![0-9.])\s*(.*)")


def units() -> dict[str, str]:
    """Every key that a gate may have, with its unit ("" where there is none).

    Where a signal and a defect kind share a name, the gate means the kind.
    """
    signals = {name: signal.unit for name, signal in SIGNALS.items()}
    kinds = dict.fromkeys(KINDS, "jnd")
    return {**signals, **kinds, "any": "jnd", "score": "", "findings": ""}


@dataclass(frozen=True)
class Clause:
    """One line of a gate: `key` compared with `bound`.

    >>> str(Clause.parse("lighting_flicker", "<=2 JND"))
    'lighting_flicker <= 2 jnd'
    """

    key: str
    compare: str
    bound: float

    @staticmethod
    def parse(key: str, value: object) -> "Clause":
        """Reads `"<= 2 jnd"`; the unit may be left out.

        Raises:
            GateError: unknown key, wrong grammar or a unit that is not the key's own.
        """
        known = units()
        key = key.replace("colour", "color").replace("grey", "gray")
        if key not in known:
            close = difflib.get_close_matches(key, known, n=3) or sorted(known)[:3]
            raise GateError(f"a gate knows no key {key!r}: did you mean {', '.join(close)}?")
        match = _CLAUSE.fullmatch(str(value).strip())
        if not match:
            raise GateError(f"gate {key}: a clause is written like '<= 2 jnd', got {value!r}")
        unit = match[3].strip().lower()
        if unit not in ("", known[key].lower()):
            raise GateError(f"gate {key}: its unit is {known[key] or 'none'}, got {match[3]!r}")
        return Clause(key, match[1], float(match[2]))

    def holds(self, value: float) -> bool:
        """True if `value` satisfies the clause."""
        return _COMPARE[self.compare](value, self.bound)

    def __str__(self) -> str:
        return f"{self.key} {self.value}"

    @property
    def value(self) -> str:
        """What stands behind the key in a gate table: `"<= 2 jnd"`."""
        return f"{self.compare} {decimal(self.bound)} {units()[self.key]}".strip()


@dataclass(frozen=True)
class Verdict:
    """What became of one clause.

    Args:
        clause: as it was asked for.
        passed: False also where the value cannot be measured: a gate never passes on ignorance.
        value: what was measured, or None.
        start_frame, end_frame: the span of the worst finding, where there is one.
        reason: why `value` is None.
    """

    clause: Clause
    passed: bool
    value: float | None
    start_frame: int | None = None
    end_frame: int | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain types, as in the report's JSON Schema."""
        data: dict[str, Any] = {
            "clause": str(self.clause),
            "passed": self.passed,
            "value": None if self.value is None else round(self.value, 4),
            "start_frame": self.start_frame,
            "end_frame": self.end_frame,
        }
        return data if self.reason is None else {**data, "reason": self.reason}

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Verdict":
        """The inverse of `to_json`.

        Raises:
            GateError: the clause has a key that this version does not know.
        """
        key, _, value = data["clause"].partition(" ")
        return Verdict(
            Clause.parse(key, value),
            data["passed"],
            data["value"],
            data["start_frame"],
            data["end_frame"],
            data.get("reason"),
        )


@dataclass(frozen=True)
class Gate:
    """What a clip must hold."""

    clauses: tuple[Clause, ...]

    @staticmethod
    def parse(table: Mapping[str, object]) -> "Gate":
        """Reads a table of clauses.

        Raises:
            GateError: a key or a clause cannot be understood.
        """
        return Gate(tuple(Clause.parse(key, value) for key, value in table.items()))

    @staticmethod
    def load(path: str | Path) -> "Gate":
        """Reads the table `gate` of a TOML, YAML or JSON file.

        Raises:
            GateError: the file cannot be read, or it has no such table.
        """
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "not UTF-8 text"
            raise GateError(f"gate file {path.name} cannot be read: {reason}") from None
        try:
            if path.suffix == ".json":
                data = json.loads(text)
            elif path.suffix in (".yaml", ".yml"):
                import yaml

                data = yaml.safe_load(text)
            else:
                data = tomllib.loads(text)
        except Exception as error:  # three parsers, three exception trees
            line = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise GateError(f"gate file {path.name} cannot be parsed: {line}") from None
        table = data.get("gate") if isinstance(data, dict) else None
        if not isinstance(table, dict) or not table:
            raise GateError(f"gate file {path.name} has no table [gate] with clauses in it")
        return Gate.parse(table)

    def judge(self, report: "Report") -> tuple[Verdict, ...]:
        """One verdict a clause."""
        return tuple(_verdict(clause, report) for clause in self.clauses)


def _verdict(clause: Clause, report: "Report") -> Verdict:
    key = clause.key
    if key in ("score", "findings", "any") and report.score is None:
        return Verdict(clause, False, None, reason="nothing could be assessed")
    if key == "score" and report.score is not None:
        return Verdict(clause, clause.holds(report.score), report.score)
    if key == "findings":
        count = sum(f.severity_jnd >= FOUND_JND for f in report.findings)
        return Verdict(clause, clause.holds(count), count)
    if key in SIGNALS and key not in KINDS:
        signal = report.signals.get(key)
        if signal is None or signal.summary is None:
            reason = (signal.reason if signal else None) or "not measured"
            return Verdict(clause, False, None, reason=reason)
        return Verdict(clause, clause.holds(signal.summary), signal.summary)
    if key in report.not_assessable:
        return Verdict(clause, False, None, reason=report.not_assessable[key])
    worst = max(
        (f for f in report.findings if key in ("any", f.kind)),
        key=lambda f: f.severity_jnd,
        default=None,
    )
    if worst is None:
        return Verdict(clause, clause.holds(0.0), 0.0)
    span = worst.span
    passed = clause.holds(worst.severity_jnd)
    return Verdict(clause, passed, worst.severity_jnd, span.start_frame, span.end_frame)
