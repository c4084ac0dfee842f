"""The suite `detectors`: planted defects found and named, alarms, invariance, on footage set apart.

`bench_detectors` plans the work, has it done, and gives back a DetectorBench: tables with intervals
that can be written as a page or as JSON (`evenflow.bench/1`).
"""

import datetime
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import evenflow
from evenflow.bench import measures
from evenflow.bench.changes import CHANGES
from evenflow.bench.crew import Crew, Store, code_mark, cores
from evenflow.bench.figures import Figures
from evenflow.bench.footage import PHOTOS, SETS, Take, fillers, folder_takes, shortened
from evenflow.bench.plan import Unit, plants, shuffled, top_up
from evenflow.bench.table import BenchTable
from evenflow.bench.work import Outcome
from evenflow.continuity import CONTROLS, INJECTORS
from evenflow.core.errors import BadInput, EvenflowError
from evenflow.core.events import CancelToken, Progress
from evenflow.core.kinds import KINDS

SCHEMA = "evenflow.bench/1"
STRENGTHS = (1, 2, 3, 4, 5)
QUICK_STRENGTHS = (1, 3, 5)
SEED = 7
MINUTES = 5.0
"""Of clean footage on which alarms are counted."""

CLIPS_PER_CONTROL = 4
LOCAL_PLANTS = 2
CHANGED_PLANTS = 6


@dataclass(frozen=True)
class DetectorBench:
    """What the suite measured.

    Args:
        settings: everything that the figures depend on, in plain types.
        version, commit, date: of the code and of the run.
        headline: the figures that matter, with what they should be.
        tables: one a question, in the order of the page.
        plants: one entry a planted defect, for those who look for the misses.
        not_judged: kind to the reason why nothing was planted.
        passed_over: kind to how many clips it was not planted in, and the reason.
        refused: kind or control to how many clips could not carry it, and a reason.
        failures: pieces of work that broke; a figure does not contain them.
    """

    settings: dict[str, Any]
    version: str
    commit: str
    date: str
    headline: BenchTable
    tables: dict[str, BenchTable]
    plants: tuple[dict[str, Any], ...] = ()
    not_judged: dict[str, str] = field(default_factory=dict)
    passed_over: dict[str, tuple[int, str]] = field(default_factory=dict)
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    failures: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain types, schema `evenflow.bench/1`."""
        return {
            "schema": SCHEMA,
            "suite": "detectors",
            "version": self.version,
            "commit": self.commit,
            "date": self.date,
            "settings": self.settings,
            "headline": self.headline.to_json()["rows"],
            "tables": {name: table.to_json() for name, table in self.tables.items()},
            "plants": list(self.plants),
            "not_judged": self.not_judged,
            "passed_over": {
                kind: {"clips": count, "reason": reason}
                for kind, (count, reason) in self.passed_over.items()
            },
            "refused": {
                name: {"clips": count, "reason": reason}
                for name, (count, reason) in self.refused.items()
            },
            "failures": list(self.failures),
        }

    def to_markdown(self) -> str:
        """The page `docs/detectors.md`."""
        from evenflow.bench.page import page

        return page(self)


def bench_detectors(
    *,
    footage: str = "judging",
    clips: Path | None = None,
    kinds: Sequence[str] | None = None,
    strengths: Sequence[int] = STRENGTHS,
    seed: int = SEED,
    rounds: int = 1,
    minutes: float | None = None,
    workers: int | None = None,
    quick: bool = False,
    work: Path | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
    warn: Callable[[str], None] | None = None,
) -> DetectorBench:
    """Plants defects in clips, checks them, and says how often they are found and named.

    Args:
        footage: `judging`, `development`, or `none` for a folder alone.
        clips: a folder of single-shot clips to be added.
        kinds: only these are planted, with their controls and without changed clips; None for all.
        strengths: from 1 to 5.
        seed: of times, places and everything else that is random.
        rounds: how often each kind goes through the clips.
        minutes: of clean footage, moved photographs filling up what the clips leave; by default 5,
            a half in a quick run, and none but the clips themselves where `kinds` are given.
        workers: processes; None for all cores. Figures do not depend on it.
        quick: two short clips and one ladder of strengths a kind; proves that it works, no more.
        work: folder of finished work; None for the user's cache. A run that was interrupted goes on
            from there, as long as neither the code nor the clips change.
        progress, cancel: as every long call takes them.
        warn: told in one line about what is left out.

    Raises:
        BadInput: an unknown kind, strength or set, or a folder without clips.
        BackendMissing: the extra `demo`, which brings the footage, is not installed.
        Cancelled: the caller wants to stop; what is finished is kept.
    """
    chosen = _kinds(kinds)
    steps = _strengths(QUICK_STRENGTHS if quick and tuple(strengths) == STRENGTHS else strengths)
    if rounds < 1:
        raise BadInput(f"a bench goes through its clips once or more, got rounds={rounds}")
    takes = _takes(footage, clips, quick=quick, warn=warn)
    if minutes is None:
        minutes = default_minutes(quick=quick, kinds=kinds)
    folder = work if work is not None else _cache()
    store = Store(folder, code_mark())
    try:
        with Crew(
            workers=workers if workers is not None else cores(),
            store=store,
            progress=progress,
            cancel=cancel,
        ) as crew:
            run = _Run(crew, takes, steps, seed, rounds, quick=quick)
            run.clean(_fillers(footage, takes, minutes, seed))
            run.plant(chosen)
            run.controls(None if kinds is None else frozenset(chosen))
            if kinds is None:
                run.changes()
    finally:
        store.close()
    if not run.cleans:
        raise EvenflowError(f"not one clip could be checked: {'; '.join(crew.failures[:3])}")
    if warn is not None:
        for failure in crew.failures:
            warn(f"left out, it broke: {failure}")
    return _result(
        run,
        crew.failures,
        settings={
            "footage": footage,
            "folder": clips is not None,
            "clips": [take.name for take in takes],
            "kinds": None if kinds is None else list(chosen),
            "strengths": list(steps),
            "seed": seed,
            "rounds": rounds,
            "minutes": round(minutes, 2),
            "quick": quick,
        },
    )


def default_minutes(*, quick: bool, kinds: Sequence[str] | None) -> float:
    """Clean footage that is looked through where nobody says how much."""
    if kinds is not None:
        return 0.0
    return 0.5 if quick else MINUTES


class _Run:
    """One run: what was asked for, and what came of it so far."""

    def __init__(
        self,
        crew: Crew,
        takes: Sequence[Take],
        strengths: Sequence[int],
        seed: int,
        rounds: int,
        *,
        quick: bool,
    ) -> None:
        self.crew, self.takes, self.strengths = crew, takes, strengths
        self.seed, self.rounds, self.quick = seed, rounds, quick
        self.cleans: Mapping[tuple[str, str], Outcome] = {}
        self.fillers: list[Outcome] = []
        self.planted: list[Outcome] = []
        self.local: list[Outcome] = []
        self.legal: list[Outcome] = []
        self.changed: list[Outcome] = []
        self.not_judged: dict[str, str] = {}
        self.passed_over: dict[str, tuple[int, str]] = {}
        self.refused: dict[str, list[str]] = {}

    def clean(self, more: Sequence[Take]) -> None:
        """Checks the clips as they are."""
        outcomes = self._do("clean", [Unit("clean", take) for take in [*self.takes, *more]])
        names = {take.name for take in self.takes}
        self.cleans = measures.twins(o for o in outcomes if o.unit.take.name in names)
        self.fillers = [o for o in outcomes if o.unit.take.name not in names]

    def plant(self, kinds: Sequence[str]) -> None:
        """Plants every kind in the clips in which it can be judged, twice where clips refuse."""
        able: dict[str, list[Take]] = {}
        for kind in kinds:
            reasons = Counter[str]()
            able[kind] = []
            for take in self.takes:
                twin = self.cleans.get((take.name, ""))
                if twin is None:
                    continue
                reason = (twin.not_assessable or {}).get(kind)
                if reason is None:
                    able[kind].append(take)
                else:
                    reasons[reason] += 1
            if not able[kind]:
                self.not_judged[kind] = reasons.most_common(1)[0][0] if reasons else "no clip"
            elif reasons:
                self.passed_over[kind] = (reasons.total(), reasons.most_common(1)[0][0])
        few: dict[str, int] = {"ladders": 1, "least": 1} if self.quick else {}
        wave = [
            unit
            for kind in kinds
            for unit in plants(
                able[kind],
                kind,
                strengths=self.strengths,
                seed=self.seed,
                rounds=self.rounds,
                **few,
            )
        ]
        done = self._do("plants", wave)
        again: list[Unit] = []
        for kind in kinds:
            mine = [o.unit for o in done if o.unit.name == kind]
            carried = {unit.take.name for unit in mine}
            takes = [take for take in able[kind] if take.name in carried]
            if not self.quick:
                again += top_up(mine, takes, kind, strengths=self.strengths, seed=self.seed)
                order = shuffled(takes, self.seed, 3, kind)[:LOCAL_PLANTS]
                strength = min(4, max(self.strengths))
                again += [
                    Unit("plant", take, kind, strength, 900, boxed=True, seed=self.seed)
                    for take in order
                ]
        done += self._do("more plants", again)
        self.planted = [o for o in done if not o.unit.boxed]
        self.local = [o for o in done if o.unit.boxed]

    def controls(self, kinds: frozenset[str] | None) -> None:
        """Checks legal look-alikes, each on a few clips."""
        units = []
        takes = [take for take in self.takes if (take.name, "") in self.cleans]
        for name, control in CONTROLS.items():
            if kinds is not None and kinds.isdisjoint(control.against):
                continue
            order = shuffled(takes, self.seed, 5, name)
            order = order[: 1 if self.quick else CLIPS_PER_CONTROL]
            units += [Unit("control", take, name, seed=self.seed) for take in order]
        self.legal = self._do("controls", units)

    def changes(self) -> None:
        """Checks clean and planted clips after what must not matter, or must not be rewarded."""
        takes = [take for take in self.takes if (take.name, "") in self.cleans]
        strength = max((s for s in self.strengths if s <= 4), default=min(self.strengths))
        sample = [o.unit for o in self.planted if o.unit.strength == strength]
        sample = shuffled(sample, self.seed, 6, "")
        by_kind = {unit.name: unit for unit in sample}
        few = list(by_kind.values())[: 1 if self.quick else CHANGED_PLANTS]
        names = ["half_rate", "mirror", "frozen"] if self.quick else list(CHANGES)
        if self.quick:
            takes = [unit.take for unit in few] or takes[:1]
        units = [Unit("clean", take, change=name) for take in takes for name in names]
        units += [
            replace(unit, change=name)
            for unit in few
            for name in names
            if CHANGES[name].group == "same"
        ]
        self.changed = self._do("changed clips", units)
        self.cleans = {**self.cleans, **measures.twins(self.changed_clean())}

    def changed_clean(self) -> list[Outcome]:
        """Clean clips after a change."""
        return [o for o in self.changed if o.unit.what == "clean"]

    def _do(self, phase: str, units: Sequence[Unit]) -> list[Outcome]:
        """Outcomes of what could be made; what could not is counted."""
        outcomes = self.crew.run(phase, units)
        for outcome in outcomes:
            if outcome.refused:
                name = outcome.unit.change or outcome.unit.name or outcome.unit.take.name
                self.refused.setdefault(name, []).append(outcome.refused)
        return [outcome for outcome in outcomes if not outcome.refused]


def _result(run: _Run, failures: Sequence[str], *, settings: dict[str, Any]) -> DetectorBench:
    def judged(outcomes: Sequence[Outcome]) -> list[measures.Verdict]:
        return [
            measures.judge(o, run.cleans.get((o.unit.take.name, o.unit.change)))
            for o in outcomes
            if o.truth is not None
        ]

    clean = [o for (_, change), o in run.cleans.items() if not change]
    verdicts = judged(run.planted)
    figures = Figures(
        verdicts=verdicts,
        local=judged(run.local),
        clean=clean + run.fillers,
        legal=[
            (o, measures.new_findings(o, run.cleans.get((o.unit.take.name, "")), 0.0))
            for o in run.legal
        ],
        changed=[(run.cleans[o.unit.take.name, ""], o) for o in run.changed_clean()],
        changed_plants=[
            (before, after)
            for after in judged([o for o in run.changed if o.unit.what == "plant"])
            for before in verdicts
            if before.outcome.unit == replace(after.outcome.unit, change="")
        ],
        order=[kind for kind in KINDS if kind in INJECTORS],
        seed=run.seed,
    )
    return DetectorBench(
        settings=settings,
        version=evenflow.__version__,
        commit=commit(),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        headline=figures.headline(),
        tables=figures.tables(),
        plants=tuple(_entry(v) for v in [*verdicts, *figures.local]),
        not_judged=run.not_judged,
        passed_over=run.passed_over,
        refused={
            name: (len(reasons), Counter(reasons).most_common(1)[0][0])
            for name, reasons in run.refused.items()
        },
        failures=tuple(failures),
    )


def _entry(verdict: measures.Verdict) -> dict[str, Any]:
    truth = verdict.outcome.truth
    assert truth is not None
    return {
        "clip": verdict.clip,
        "kind": verdict.kind,
        "strength": verdict.strength,
        "frames": [truth.start_frame, truth.end_frame],
        "place_given": verdict.outcome.unit.boxed,
        "found": verdict.found,
        "named": verdict.named,
        "called": verdict.called,
        "severity_jnd": round(verdict.severity, 2),
        "time_iou": None if verdict.time_iou is None else round(verdict.time_iou, 3),
        "box_hit": verdict.box_hit,
        "extra": verdict.extra,
        "report": brief(verdict.outcome),
    }


def brief(outcome: Outcome) -> str:
    """Findings and cuts of a report in a line."""
    seen = [f"{f.kind}[{f.start},{f.end}) {f.severity:.1f}" for f in outcome.findings]
    seen += [f"cut@{end}" for _, end in outcome.cuts]
    return ", ".join(seen) or measures.NOTHING


def commit() -> str:
    """What `git describe` says of the code, or the version where there is no checkout."""
    house = Path(evenflow.__file__).resolve().parents[1]
    if not (house / ".git").exists():
        return evenflow.__version__
    try:
        made = subprocess.run(
            ["git", "describe", "--always", "--tags", "--dirty"],
            cwd=house,
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return evenflow.__version__
    return made.stdout.strip() or evenflow.__version__


def _kinds(kinds: Sequence[str] | None) -> list[str]:
    if kinds is None:
        return [kind for kind in KINDS if kind in INJECTORS]
    for kind in kinds:
        if kind not in INJECTORS:
            raise BadInput(
                f"no defect of kind {kind!r} can be planted: there are {', '.join(INJECTORS)}"
            )
    if not kinds:
        raise BadInput("no kind was given: leave the kinds away for all")
    return list(dict.fromkeys(kinds))


def _strengths(strengths: Sequence[int]) -> tuple[int, ...]:
    made = tuple(sorted(set(strengths)))
    if not made or not set(made) <= set(STRENGTHS):
        raise BadInput(f"strengths are whole numbers from 1 to 5, got {list(strengths)}")
    return made


def _takes(
    footage: str, clips: Path | None, *, quick: bool, warn: Callable[[str], None] | None
) -> list[Take]:
    if footage not in (*SETS, "none"):
        raise BadInput(f"there is no set {footage!r}: choose one of {', '.join(SETS)}, none")
    takes = SETS[footage]() if footage in SETS else []
    if quick and takes:
        takes = [takes[0], takes[-1]]
    if clips is not None:
        known = {take.name for take in takes}
        for take in folder_takes(clips, warn=warn):
            takes.append(replace(take, name=f"{take.name} (2)") if take.name in known else take)
    if not takes:
        raise BadInput("there is nothing to work on: choose a set, or give a folder of clips")
    return [shortened(take) for take in takes] if quick else takes


def _fillers(footage: str, takes: Sequence[Take], minutes: float, seed: int) -> list[Take]:
    have = sum((take.stop - take.start) / 25 for take in takes)
    photos = PHOTOS.get(footage, ())
    return fillers(photos, seconds=60 * minutes - have, seed=seed) if photos else []


def _cache() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("evenflow")) / "bench"
