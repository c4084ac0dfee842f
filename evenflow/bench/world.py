"""The suite `detectors` on scenes: defects planted in states beside defects planted in pixels.

`bench_world` plants every row of DEFECTS of the world into scenes that no threshold was tuned on,
has `check` look for them, with the rows of CONTROLS as negatives, and does the same with the pixel
injectors on the same clean clips: what lies between the two is the gap of a detector that was built
on planted pixels.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, median
from typing import Any

import evenflow
from evenflow.bench import measures
from evenflow.bench.crew import Crew, Store, code_mark, cores
from evenflow.bench.detectors import SCHEMA, SEED, STRENGTHS, brief, commit
from evenflow.bench.figures import CLEAR_STRENGTHS, Figures
from evenflow.bench.footage import Take
from evenflow.bench.plan import Unit, plants, shuffled
from evenflow.bench.scenes import INVISIBLE, more_scenes, scene_takes
from evenflow.bench.table import BenchTable, Cell, Column
from evenflow.bench.work import Outcome
from evenflow.continuity import INJECTORS
from evenflow.continuity.semantics import KINDS_ASKED
from evenflow.core.errors import BadInput, EvenflowError
from evenflow.core.estimate import Estimate
from evenflow.core.events import CancelToken, Progress
from evenflow.core.kinds import KINDS

SCENES_A_KIND = 3
"""Scenes in which a kind is planted in a round, where so many can carry it: in the first at every
strength, in the others at one."""
PIXEL_SCENES = 1
"""The same for planted pixels, which get the clear strengths alone."""
SCENES_A_CONTROL = 1
"""Scenes of which a look-alike is made in a round."""
MINUTES = 5.0
QUICK_SIZE = (192, 128)
QUICK_FRAMES = 48
QUICK_STRENGTHS = (3, 5)


@dataclass(frozen=True)
class WorldBench:
    """What was measured on scenes.

    Args:
        settings: everything that the figures depend on, in plain types.
        version, commit, date: of the code and of the run.
        headline: the figures of defects in scenes, with what they should be.
        pixels: the same of defects in the pixels of the same clips.
        gap: a row a kind, both beside each other.
        places: time, place and size, both beside each other.
        tables: more about the defects in scenes, by the names of `figures.TABLES`.
        plants: one entry a defect planted in a scene.
        invisible: kind to how many plants could not be seen, which are no positives.
        not_judged: kind to the reason why nothing is said of it.
        refused: kind or control to how many scenes could not show it, and a reason.
        failures: pieces of work that broke; a figure does not contain them.
    """

    settings: dict[str, Any]
    version: str
    commit: str
    date: str
    headline: BenchTable
    pixels: BenchTable
    gap: BenchTable
    places: BenchTable
    tables: dict[str, BenchTable]
    plants: tuple[dict[str, Any], ...] = ()
    invisible: dict[str, int] = field(default_factory=dict)
    not_judged: dict[str, str] = field(default_factory=dict)
    refused: dict[str, tuple[int, str]] = field(default_factory=dict)
    failures: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain types, schema `evenflow.bench/1`."""
        return {
            "schema": SCHEMA,
            "suite": "detectors",
            "world": True,
            "version": self.version,
            "commit": self.commit,
            "date": self.date,
            "settings": self.settings,
            "headline": self.headline.to_json()["rows"],
            "pixels": self.pixels.to_json()["rows"],
            "tables": {
                table.name: table.to_json()
                for table in (self.gap, self.places, *self.tables.values())
            },
            "plants": list(self.plants),
            "invisible": self.invisible,
            "not_judged": self.not_judged,
            "refused": {
                name: {"clips": count, "reason": reason}
                for name, (count, reason) in self.refused.items()
            },
            "failures": list(self.failures),
        }

    def to_markdown(self) -> str:
        """The page `docs/detectors_world.md`."""
        from evenflow.bench.world_page import page

        return page(self)


def bench_world(
    *,
    scenes: str = "judging",
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
    do: Callable[..., Outcome] | None = None,
) -> WorldBench:
    """Plants defects in the states of scenes, checks the clips, and compares with planted pixels.

    Args:
        scenes: `judging` or `development`, which share no seed, style, background and no held kind
            of motion.
        kinds: only these, with their controls; None for all.
        strengths: from 1 to 5.
        seed: of times, carriers and everything else that is random.
        rounds: how thorough: three scenes a kind and one a look-alike in each.
        minutes: of clean scenes to look for alarms on; by default 5, and none but the scenes that
            carry defects in a quick run or where `kinds` are given.
        workers: processes; None for all cores. Figures do not depend on it.
        quick: two small scenes and two strengths; proves that it works, no more.
        work: folder of finished work; None for the user's cache. A run that was interrupted goes on
            from there, as long as the code stays.
        progress, cancel: as every long call takes them.
        warn: told in one line about what is left out.
        do: what makes an Outcome of a Unit, `work.perform` by default.

    Raises:
        BadInput: an unknown kind, strength or set.
        BackendMissing: torch, which draws the scenes, is not installed.
        Cancelled: the caller wants to stop; what is finished is kept.
    """
    from evenflow.bench.detectors import _cache
    from evenflow.world.clip import need_torch

    if rounds < 1:
        raise BadInput(f"a bench goes through its scenes once or more, got rounds={rounds}")
    chosen = world_kinds(kinds)
    steps = _steps(QUICK_STRENGTHS if quick and tuple(strengths) == STRENGTHS else strengths)
    takes = scene_takes(scenes)
    need_torch()
    if minutes is None:
        minutes = 0.0 if quick or kinds is not None else MINUTES
    if quick:
        takes = [_smaller(take) for take in (takes[0], takes[-1])]
    store = Store(work if work is not None else _cache(), code_mark())
    try:
        with Crew(
            workers=workers if workers is not None else cores(),
            store=store,
            progress=progress,
            cancel=cancel,
            do=do,
        ) as crew:
            run = _Run(crew, takes, steps, seed, rounds, quick=quick)
            run.clean([] if quick else _fillers(scenes, takes, minutes))
            run.plant(chosen)
            run.controls(None if kinds is None else frozenset(chosen))
            run.plant_pixels([kind for kind in chosen if kind in INJECTORS])
    finally:
        store.close()
    if not run.cleans:
        raise EvenflowError(f"not one scene could be checked: {'; '.join(crew.failures[:3])}")
    if warn is not None:
        for failure in crew.failures:
            warn(f"left out, it broke: {failure}")
    settings = {
        "footage": scenes,
        "clips": [take.name for take in takes],
        "size": list(takes[0].size),
        "kinds": None if kinds is None else list(chosen),
        "strengths": list(steps),
        "seed": seed,
        "rounds": rounds,
        "minutes": round(minutes, 2),
        "quick": quick,
    }
    return _result(run, crew.failures, settings)


def world_kinds(kinds: Sequence[str] | None) -> list[str]:
    """Kinds that can be planted in scenes, in the order of KINDS.

    Raises:
        BadInput: one of `kinds` cannot.
    """
    from evenflow.world.defects import DEFECTS

    order = [kind for kind in KINDS if kind in DEFECTS]
    if kinds is None:
        return order
    for kind in kinds:
        if kind not in DEFECTS:
            raise BadInput(
                f"no defect of kind {kind!r} can be planted in a scene: there are "
                f"{', '.join(order)}"
            )
    if not kinds:
        raise BadInput("no kind was given: leave the kinds away for all")
    return list(dict.fromkeys(kinds))


def _steps(strengths: Sequence[int]) -> tuple[int, ...]:
    made = tuple(sorted(set(strengths)))
    if not made or not set(made) <= set(STRENGTHS):
        raise BadInput(f"strengths are whole numbers from 1 to 5, got {list(strengths)}")
    return made


def _smaller(take: Take) -> Take:
    return replace(take, size=QUICK_SIZE, stop=QUICK_FRAMES)


def _fillers(scenes: str, takes: Sequence[Take], minutes: float) -> list[Take]:
    """More scenes, until so many minutes are full or there are none left."""
    left = 60 * minutes - sum((take.stop - take.start) / 24 for take in takes)
    made = []
    for take in more_scenes(scenes):
        if left <= 0:
            break
        made.append(take)
        left -= (take.stop - take.start) / 24
    return made


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
        self.cleans: dict[str, Outcome] = {}
        self.asked: dict[str, Outcome] = {}
        self.fillers: list[Outcome] = []
        self.planted: list[Outcome] = []
        self.pixels: list[Outcome] = []
        self.legal: list[Outcome] = []
        self.invisible: Counter[str] = Counter()
        self.not_judged: dict[str, str] = {}
        self.refused: dict[str, list[str]] = {}

    def clean(self, more: Sequence[Take]) -> None:
        """Checks the scenes as they are, and those that carry defects with their captions too."""
        plain = self._do("clean", [Unit("clean", take) for take in [*self.takes, *more]])
        asked = self._do(
            "clean, with captions", [Unit("clean", take, prompted=True) for take in self.takes]
        )
        names = {take.name for take in self.takes}
        self.cleans = {o.unit.take.name: o for o in plain if o.unit.take.name in names}
        self.fillers = [o for o in plain if o.unit.take.name not in names]
        self.asked = {o.unit.take.name: o for o in asked}

    def plant(self, kinds: Sequence[str]) -> None:
        """Plants every kind in the states of the scenes in which it can be judged."""
        self.planted = self._plant("scene defects", kinds, scene=True)

    def plant_pixels(self, kinds: Sequence[str]) -> None:
        """Plants every kind in the pixels of the same scenes."""
        self.pixels = self._plant("pixel defects", kinds, scene=False)

    def _plant(self, phase: str, kinds: Sequence[str], *, scene: bool) -> list[Outcome]:
        """First the scenes that come first by chance; where they refuse, the others."""
        able: dict[str, list[Take]] = {}
        for kind in kinds:
            twins = self.asked if kind in KINDS_ASKED else self.cleans
            reasons = {
                take.name: (twins[take.name].not_assessable or {}).get(kind)
                for take in self.takes
                if take.name in twins
            }
            fit = [take for take in self.takes if reasons.get(take.name, "no clip") is None]
            able[kind] = shuffled(fit, self.seed, 0, kind)
            if not fit and scene:
                self.not_judged[kind] = next((r for r in reasons.values() if r), "no clip")
        most = 1 if self.quick else self.rounds * (SCENES_A_KIND if scene else PIXEL_SCENES)
        clear = tuple(s for s in self.strengths if s in CLEAR_STRENGTHS)
        strengths = self.strengths if scene else clear or self.strengths
        done: list[Outcome] = []
        asked: dict[str, int] = dict.fromkeys(kinds, 0)
        for turn in range(4):
            wave: list[Unit] = []
            for kind in kinds:
                carried = {o.unit.take.name for o in done if o.unit.name == kind}
                missing = most - len(carried)
                some = able[kind][asked[kind] : asked[kind] + missing]
                asked[kind] += len(some)
                if some:
                    ladders = max(0, self.rounds - len(carried))
                    wave += plants(
                        some, kind, strengths=strengths, seed=self.seed, ladders=ladders, least=1
                    )
            units = [replace(unit, scene=scene) for unit in wave]
            done += self._do(phase if turn == 0 else f"more {phase}", units)
        return done

    def controls(self, kinds: frozenset[str] | None) -> None:
        """Checks legal look-alikes with their own captions, each on a few scenes."""
        from evenflow.world.defects import CONTROLS

        takes = [take for take in self.takes if take.name in self.asked]
        most = 1 if self.quick else self.rounds * SCENES_A_CONTROL
        for turn in range(2):
            units = []
            for name, control in CONTROLS.items():
                if kinds is not None and kinds.isdisjoint(control.against):
                    continue
                made = sum(o.unit.name == name for o in self.legal)
                order = shuffled(takes, self.seed, 5, name)
                some = order[turn * most : turn * most + most][: most - made]
                units += [
                    Unit("control", take, name, seed=self.seed, scene=True, prompted=True)
                    for take in some
                ]
            self.legal += self._do("controls" if turn == 0 else "more controls", units)

    def _do(self, phase: str, units: Sequence[Unit]) -> list[Outcome]:
        """Outcomes of what could be made; what could not is counted."""
        outcomes = self.crew.run(phase, units)
        for outcome in outcomes:
            unit = outcome.unit
            if outcome.refused == INVISIBLE:
                self.invisible[unit.name] += 1
            elif outcome.refused and (unit.scene or unit.what == "clean"):
                name = unit.name or unit.take.name
                self.refused.setdefault(name, []).append(outcome.refused)
        return [outcome for outcome in outcomes if not outcome.refused]


def _result(run: _Run, failures: Sequence[str], settings: dict[str, Any]) -> WorldBench:
    from evenflow.world.defects import CONTROLS

    def judged(outcomes: Sequence[Outcome]) -> list[measures.Verdict]:
        made = []
        for outcome in outcomes:
            asked = outcome.unit.name in KINDS_ASKED
            twin = (run.asked if asked else run.cleans).get(outcome.unit.take.name)
            if outcome.truth is not None:
                made.append(measures.judge(outcome, twin))
        return made

    clean = [*run.cleans.values(), *run.fillers]
    legal = [(o, measures.new_findings(o, run.asked.get(o.unit.take.name), 0.0)) for o in run.legal]

    def figures(outcomes: Sequence[Outcome]) -> Figures:
        return Figures(
            verdicts=judged(outcomes),
            local=[],
            clean=[*clean, *run.asked.values()] if _asks(outcomes) else clean,
            legal=legal,
            changed=[],
            changed_plants=[],
            order=list(KINDS),
            seed=run.seed,
            controls={name: row.meaning for name, row in CONTROLS.items()},
        )

    scenes, pixels = figures(run.planted), figures(run.pixels)
    plain = replace(scenes, clean=clean)
    tables = {"alarms": plain.alarms()} | {
        name: table for name, table in scenes.tables().items() if name in SHOWN
    }
    return WorldBench(
        settings=settings,
        version=evenflow.__version__,
        commit=commit(),
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        headline=_headline(plain),
        pixels=_headline(pixels),
        gap=gap(scenes, pixels),
        places=places(scenes, pixels),
        tables=tables | {"alarms": plain.alarms()},
        plants=tuple(_entry(v) for v in scenes.verdicts),
        invisible=dict(run.invisible),
        not_judged=run.not_judged,
        refused={
            name: (len(reasons), Counter(reasons).most_common(1)[0][0])
            for name, reasons in run.refused.items()
        },
        failures=tuple(failures),
    )


SHOWN = ("found", "named", "names", "separation", "where", "sizes", "alarms", "controls")
"""Tables of `figures.TABLES` that a page of scenes has."""


def _asks(outcomes: Sequence[Outcome]) -> bool:
    return any(o.unit.name in KINDS_ASKED for o in outcomes)


def _headline(figures: Figures) -> BenchTable:
    """Without what was not measured: nothing is filmed or saved in another way here."""
    table = figures.headline()
    rows = tuple(row for row in table.rows if row[1] != "not measured")
    return BenchTable("headline", table.columns, rows)


def gap(scenes: Figures, pixels: Figures) -> BenchTable:
    """Found, named and AUROC of a kind, planted in scenes and in pixels of the same clips."""
    columns = (
        Column("kind"),
        Column("plants", "scene plants", meaning="of strengths 3 to 5, in states"),
        Column("pixel_plants", "pixel plants", meaning="of strengths 3 to 5, in pixels"),
        *_pairs(("found", "found"), ("named", "named"), ("auroc", "AUROC")),
    )

    def one(kind: str) -> tuple[Cell, ...]:
        return _beside(f"`{kind}`", *(_only(f, (kind,)) for f in (scenes, pixels)))

    rows = [one(kind) for kind in scenes.kinds]
    shared = tuple(kind for kind in scenes.kinds if kind in pixels.kinds)
    if len(shared) > 1:
        both = (_only(f, shared) for f in (scenes, pixels))
        rows.append(_beside("**what both can plant**", *both))
    return BenchTable("gap", columns, tuple(rows))


def _only(figures: Figures, kinds: Sequence[str]) -> Figures:
    return replace(figures, verdicts=[v for v in figures.verdicts if v.kind in kinds])


def _beside(title: str, scenes: Figures, pixels: Figures) -> tuple[Cell, ...]:
    mine, theirs = scenes.pooled(), pixels.pooled()
    cells: list[Cell] = [title, len(mine), len(theirs)]
    for measure in (measures.found_share, measures.named_share):
        cells += _both(_value(measure(mine)), _value(measure(theirs)))
    return (*cells, *_both(_mean_auroc(scenes), _mean_auroc(pixels)))


def places(scenes: Figures, pixels: Figures) -> BenchTable:
    """Time, place and size of what was named, planted in scenes and in pixels."""
    columns = (
        Column("kind"),
        *_pairs(("time", "time IoU"), ("box", "box right"), ("rank", "Spearman")),
    )

    def cells(kind: str) -> list[Cell]:
        made: list[Cell] = []
        for measure in (_iou, _hits, _rank):
            made += _both(measure(scenes, kind), measure(pixels, kind))
        return made

    rows = [(f"`{kind}`", *cells(kind)) for kind in scenes.kinds]
    return BenchTable("places", columns, tuple(rows))


def _pairs(*names: tuple[str, str]) -> tuple[Column, ...]:
    made: list[Column] = []
    for key, title in names:
        made += [
            Column(key, title, meaning=f"{title}, planted in states"),
            Column(f"{key}_pixels", "pixels", meaning=f"{title}, planted in pixels"),
            Column(f"{key}_gap", "gap", meaning="states less pixels"),
        ]
    return tuple(made)


def _both(mine: float | None, theirs: float | None) -> list[Cell]:
    less = None if mine is None or theirs is None else mine - theirs
    return [mine, theirs, less]


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _mean_auroc(figures: Figures) -> float | None:
    made = [_value(figures.auroc(figures.pooled(kind), resamples=0)) for kind in figures.kinds]
    known = [value for value in made if value is not None]
    return fmean(known) if known else None


def _iou(figures: Figures, kind: str) -> float | None:
    ious = measures.time_ious(figures.pooled(kind))
    return median(ious) if ious else None


def _hits(figures: Figures, kind: str) -> float | None:
    return _value(measures.hit_share(figures.pooled(kind)))


def _rank(figures: Figures, kind: str) -> float | None:
    return _value(figures.correlation(kind))


def _entry(verdict: measures.Verdict) -> dict[str, Any]:
    truth = verdict.outcome.truth
    assert truth is not None
    return {
        "clip": verdict.clip,
        "kind": verdict.kind,
        "variant": truth.parameters.get("variant", ""),
        "strength": verdict.strength,
        "frames": [truth.start_frame, truth.end_frame],
        "found": verdict.found,
        "named": verdict.named,
        "called": verdict.called,
        "severity_jnd": round(verdict.severity, 2),
        "time_iou": None if verdict.time_iou is None else round(verdict.time_iou, 3),
        "box_hit": verdict.box_hit,
        "extra": verdict.extra,
        "report": brief(verdict.outcome),
    }
