"""Figures: the tables of the suite `detectors`, each the answer to one question.

`TABLES` says the questions; a figure that nothing was measured for is None, never 0.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean, median

from evenflow.bench import measures
from evenflow.bench.changes import CHANGES
from evenflow.bench.measures import BARELY_JND, CLEAR_JND, CUT, FOUND_JND, NOTHING, Verdict
from evenflow.bench.scenes import cuts_of
from evenflow.bench.statistics import RESAMPLES, share
from evenflow.bench.table import BenchTable, Cell, Column, estimated, number
from evenflow.bench.work import Outcome, Seen
from evenflow.continuity import CONTROLS
from evenflow.core.estimate import Estimate

CLEAR_STRENGTHS = (3, 4, 5)
"""Strengths that a viewer is meant to see; pooled figures are of these."""

STRENGTH_NAMES = {
    1: "barely visible",
    2: "visible",
    3: "clear",
    4: "strong",
    5: "ruins the shot",
}


def unplanned(outcome: Outcome) -> list[tuple[int, int]]:
    """Cuts that were reported where a clip has none; scenes may have some of their own."""
    own = cuts_of(outcome.unit.take) if outcome.cuts else frozenset()
    slack = measures.SLACK_FRAMES
    return [
        (start, end)
        for start, end in outcome.cuts
        if not any(start - slack <= at <= end + slack for at in own)
    ]


@dataclass(frozen=True)
class Aim:
    """A figure with what it should be.

    Args:
        question: what is measured.
        value: what came out, None if it was not measured.
        text: the same with its interval or its worst case.
        relation: `>=` or `<=`, or "" where nothing is aimed at.
        limit: of the relation.
    """

    question: str
    value: float | None
    text: str
    relation: str = ""
    limit: float = 0.0

    @property
    def met(self) -> bool | None:
        """None if nothing was measured or nothing is aimed at."""
        if self.value is None or not self.relation:
            return None
        return self.value >= self.limit if self.relation == ">=" else self.value <= self.limit


@dataclass(frozen=True)
class Figures:
    """Everything that was measured.

    Args:
        verdicts: of plants that the injector placed.
        local: of plants with a place that was given.
        clean: clips without a defect.
        legal: look-alikes with the findings that their clean twins have not.
        changed: clean clips before and after a change.
        changed_plants: plants before and after a change.
        order: of the kinds.
        seed: of the bootstraps.
        controls: name of every look-alike to what it does to a clip.
    """

    verdicts: Sequence[Verdict]
    local: Sequence[Verdict]
    clean: Sequence[Outcome]
    legal: Sequence[tuple[Outcome, Sequence[Seen]]]
    changed: Sequence[tuple[Outcome, Outcome]]
    changed_plants: Sequence[tuple[Verdict, Verdict]]
    order: Sequence[str]
    seed: int = 0
    controls: Mapping[str, str] = field(
        default_factory=lambda: {name: row.meaning for name, row in CONTROLS.items()}
    )

    @property
    def kinds(self) -> list[str]:
        """Kinds that were planted at all."""
        there = {v.kind for v in self.verdicts}
        return [kind for kind in self.order if kind in there]

    def pooled(self, kind: str | None = None) -> list[Verdict]:
        """Plants that a viewer is meant to see; all of them where none is that strong."""
        mine = [v for v in self.verdicts if kind in (None, v.kind)]
        clear = [v for v in self.verdicts if v.strength in CLEAR_STRENGTHS]
        return [v for v in mine if v.strength in CLEAR_STRENGTHS] if clear else mine

    def at(self, strength: int, kind: str | None = None) -> list[Verdict]:
        """Plants of one strength."""
        return [v for v in self.verdicts if v.strength == strength and kind in (None, v.kind)]

    def auroc(self, verdicts: Sequence[Verdict], *, resamples: int = RESAMPLES) -> Estimate | None:
        """Of plants of one kind against everything that is legal and can be judged for it."""
        if not verdicts:
            return None
        kind = verdicts[0].kind
        legal = [*self.clean, *(outcome for outcome, _ in self.legal)]
        fit = [o for o in legal if kind not in (o.not_assessable or {})]
        return measures.separation(verdicts, fit, seed=self.seed, resamples=resamples)

    def auroc_of_names(self, kind: str) -> Estimate | None:
        """Of plants of one kind against plants of all others."""
        mine = self.pooled(kind)
        names = {kind}.union(*(measures.names_of(v.outcome.truth) for v in mine if v.outcome.truth))
        others = [v.outcome for v in self.pooled() if v.kind not in names]
        return measures.separation(mine, others, resamples=0)

    def correlation(self, kind: str) -> Estimate | None:
        """Of named severity with strength."""
        return measures.rank_correlation(
            [v for v in self.verdicts if v.kind == kind], seed=self.seed
        )

    def headline(self) -> BenchTable:
        """The figures that matter, beside what they should be."""
        columns = (
            Column("question", "what"),
            Column("reached", meaning="with a 95 % interval or the worst case"),
            Column("aim"),
            Column("met", meaning="yes, no, or nothing where nothing is aimed at"),
            Column("value", meaning="the bare number"),
        )
        rows = tuple(
            (
                aim.question,
                aim.text,
                f"{aim.relation} {aim.limit:g}" if aim.relation else "",
                {True: "yes", False: "**no**", None: ""}[aim.met],
                aim.value,
            )
            for aim in self.aims()
        )
        return BenchTable("headline", columns, rows)

    def aims(self) -> list[Aim]:
        """One line a figure."""
        pooled = self.pooled()
        kinds = self.kinds
        named = {kind: measures.named_share(self.pooled(kind)) for kind in kinds}
        aurocs = {kind: self.auroc(self.pooled(kind)) for kind in kinds}
        ranks = [e.value for kind in kinds if (e := self.correlation(kind)) is not None]
        ious = measures.time_ious(pooled)
        aims = [
            _aim("planted defects found", measures.found_share(pooled), ">=", 0.9),
            _aim("found and named right", measures.named_share(pooled), ">=", 0.8),
            _lowest("named right, the hardest kind", named, ">=", 0.6),
            _mean("AUROC, mean over kinds", [e.value for e in aurocs.values() if e], ">=", 0.95),
            _lowest("AUROC, the hardest kind", aurocs, ">=", 0.85),
            Aim(
                "time: intersection over union, median",
                median(ious) if ious else None,
                f"{number(median(ious))} (mean {number(fmean(ious))})" if ious else "not measured",
                ">=",
                0.5,
            ),
            _aim("place: box right", measures.hit_share(pooled), ">=", 0.8),
            _mean("severity against strength, Spearman", ranks, ">=", 0.9),
            _aim("one defect, one finding", measures.single_share(pooled)),
        ]
        return aims + self._alarm_aims() + self._change_aims()

    def _alarm_aims(self) -> list[Aim]:
        minutes = sum(o.seconds for o in self.clean) / 60
        rate = {
            least: measures.alarms(self.clean, least) / minutes if minutes else None
            for least in (CLEAR_JND, BARELY_JND)
        }
        long = f"on {minutes:.1f} minutes"
        reported = share(
            sum(any(f.severity >= FOUND_JND for f in new) for _, new in self.legal),
            len(self.legal),
        )
        return [
            Aim("clear false alarms a minute", r, f"{number(r)} {long}", "<=", 1.0)
            if (r := rate[CLEAR_JND]) is not None
            else Aim("clear false alarms a minute", None, "not measured", "<=", 1.0),
            Aim(
                f"false alarms of {BARELY_JND:g} JND and more a minute",
                rate[BARELY_JND],
                number(rate[BARELY_JND]),
            ),
            _aim("legal look-alikes reported", reported, "<=", 0.1),
        ]

    def _change_aims(self) -> list[Aim]:
        aims = []
        for name in ("half_rate", "half_size", "crf_28"):
            pairs = self._same(name)
            moved = measures.shift(pairs)
            text = (
                "not measured"
                if moved is None
                else f"{number(moved.mean, 1)} (worst {moved.most:.1f})"
            )
            value = None if moved is None else moved.mean
            what = f"{CHANGES[name].meaning}: points of score, mean"
            aims.append(Aim(what, value, text, "<=", 5.0))
        worse = [p for p in self.changed if CHANGES[p[1].unit.change].group == "worse"]
        if worse:
            over = len(measures.rewarded(worse))
            what = "frozen, blurred, crushed or collapsed clips above their source"
            aims.append(Aim(what, over, f"{over} of {len(worse)}", "<=", 0.0))
        return aims

    def _same(self, name: str) -> list[tuple[Outcome, Outcome]]:
        """Pairs before and after a change that must not matter, clean and planted."""
        pairs = [p for p in self.changed if p[1].unit.change == name]
        return pairs + [
            (before.outcome, after.outcome)
            for before, after in self.changed_plants
            if after.outcome.unit.change == name
        ]

    def tables(self) -> dict[str, BenchTable]:
        """All tables by name; one that nothing was measured for has no rows."""
        return {name: make(self) for name, (_, make) in TABLES.items()}

    def by_strength(
        self, name: str, measure: Callable[[Sequence[Verdict]], Estimate | None]
    ) -> BenchTable:
        """A share at each strength, and over those that a viewer is meant to see."""
        steps = sorted({v.strength for v in self.verdicts})
        columns = (
            Column("kind"),
            Column("plants", meaning="planted defects in all"),
            *(Column(f"strength_{s}", str(s), meaning=STRENGTH_NAMES[s]) for s in steps),
            Column("clear", "3 to 5", meaning="strengths 3 to 5 with a Wilson interval"),
        )

        def row(title: str, kind: str | None) -> tuple[Cell, ...]:
            mine = [v for v in self.verdicts if kind in (None, v.kind)]
            return (
                title,
                len(mine),
                *((e.value if (e := measure(self.at(s, kind))) else None) for s in steps),
                measure(self.pooled(kind)),
            )

        rows = [row(f"`{kind}`", kind) for kind in self.kinds]
        if len(rows) > 1:
            rows.append(row("**all**", None))
        return BenchTable(name, columns, tuple(rows))

    def separations(self) -> BenchTable:
        """AUROC a kind."""
        steps = sorted({v.strength for v in self.verdicts})
        columns = (
            Column("kind"),
            Column("clear", "3 to 5", meaning="AUROC with an interval over clips"),
            *(Column(f"strength_{s}", str(s), meaning=STRENGTH_NAMES[s]) for s in steps),
            Column("all", "1 to 5", meaning="AUROC of all strengths"),
            Column(
                "others",
                "against other defects",
                meaning="AUROC of strengths 3 to 5 against plants of other kinds",
            ),
        )
        rows: list[tuple[Cell, ...]] = [
            (
                f"`{kind}`",
                self.auroc(self.pooled(kind)),
                *(self.auroc(self.at(s, kind), resamples=0) for s in steps),
                self.auroc([v for v in self.verdicts if v.kind == kind], resamples=0),
                self.auroc_of_names(kind),
            )
            for kind in self.kinds
        ]
        if len(rows) > 1:
            rows.append(
                ("**mean**", *(_mean_of([r[i] for r in rows]) for i in range(1, 4 + len(steps))))
            )
        return BenchTable("separation", columns, tuple(rows))

    def names_given(self) -> BenchTable:
        """What each kind is taken for."""
        counts = measures.confusion(self.pooled())
        columns = (
            Column("kind"),
            Column("plants"),
            Column("right", meaning="found and named right"),
            Column("taken_for", meaning="other names with their number, most frequent first"),
        )
        rows = []
        for kind in self.kinds:
            given = counts.get(kind)
            if given is None:
                continue
            others = [(name, n) for name, n in given.most_common() if name != kind]
            text = ", ".join(f"{_code(name)} {n}" for name, n in others)
            rows.append((f"`{kind}`", given.total(), given[kind], text))
        return BenchTable("names", columns, tuple(rows))

    def confusion(self) -> BenchTable:
        """Kind planted by kind named; columns are numbered like the rows."""
        counts = measures.confusion(self.pooled())
        kinds = [kind for kind in self.kinds if kind in counts]
        extra = sorted(
            {name for given in counts.values() for name in given} - {*kinds, CUT, NOTHING}
        )
        names = [*kinds, *extra, CUT, NOTHING]
        columns = [Column("planted", "planted \\ named")]
        columns += [
            Column(name, str(i + 1) if i < len(kinds) else _code(name), zero="·")
            for i, name in enumerate(names)
        ]
        rows: list[tuple[Cell, ...]] = [
            (f"{i + 1} `{kind}`", *(counts[kind][name] for name in names))
            for i, kind in enumerate(kinds)
        ]
        return BenchTable("confusion", tuple(columns), tuple(rows))

    def where(self) -> BenchTable:
        """Time and place of what was named."""
        columns = (
            Column("kind"),
            Column("named", meaning="plants of strengths 3 to 5 that were named right"),
            Column("median", "time IoU, median"),
            Column("mean", "time IoU, mean"),
            Column("boxes", "with a place"),
            Column("box_hit", "box right", meaning="share with a Wilson interval"),
        )

        def row(title: str, verdicts: Sequence[Verdict]) -> tuple[Cell, ...]:
            ious, hits = measures.time_ious(verdicts), measures.hit_share(verdicts)
            return (
                title,
                len(ious),
                median(ious) if ious else None,
                fmean(ious) if ious else None,
                hits.count if hits else 0,
                hits,
            )

        rows = [row(f"`{kind}`", self.pooled(kind)) for kind in self.kinds]
        if len(rows) > 1:
            rows.append(row("**all**", self.pooled()))
        return BenchTable("where", columns, tuple(rows))

    def sizes(self) -> BenchTable:
        """Whether worse looks worse, and whether one defect is one finding."""
        steps = sorted({v.strength for v in self.verdicts})
        columns = (
            Column("kind"),
            Column("spearman", "Spearman", meaning="strength against named severity, over clips"),
            *(
                Column(f"jnd_{s}", f"JND at {s}", 1, "median named severity, 0 if not named")
                for s in steps
            ),
            Column("single", "one finding", meaning="share of found plants with no other finding"),
        )

        def typical(kind: str, strength: int) -> float | None:
            sizes = [v.severity for v in self.at(strength, kind)]
            return median(sizes) if sizes else None

        rows: list[tuple[Cell, ...]] = [
            (
                f"`{kind}`",
                self.correlation(kind),
                *(typical(kind, s) for s in steps),
                measures.single_share(self.pooled(kind)),
            )
            for kind in self.kinds
        ]
        return BenchTable("sizes", columns, tuple(rows))

    def alarms(self) -> BenchTable:
        """Findings on clean footage, kind by kind."""
        columns = (
            Column("kind"),
            Column("barely", f"{BARELY_JND:g} JND and more"),
            Column("clear", f"clear ({CLEAR_JND:g} JND and more)"),
            Column("clips", meaning="where"),
        )
        kinds = sorted({f.kind for o in self.clean for f in o.findings if f.severity >= BARELY_JND})
        rows = []
        for kind in kinds:
            hits = [
                (o.unit.take.name, f.severity)
                for o in self.clean
                for f in o.findings
                if f.kind == kind and f.severity >= BARELY_JND
            ]
            where = ", ".join(dict.fromkeys(name for name, _ in hits))
            rows.append((f"`{kind}`", len(hits), sum(s >= CLEAR_JND for _, s in hits), where))
        cuts = [o.unit.take.name for o in self.clean for _ in unplanned(o)]
        if cuts:
            rows.append(("a cut", len(cuts), len(cuts), ", ".join(dict.fromkeys(cuts))))
        return BenchTable("alarms", columns, tuple(rows))

    def look_alikes(self) -> BenchTable:
        """Findings on legal look-alikes, control by control."""
        columns = (
            Column("control"),
            Column("what", meaning="what it does to a clip"),
            Column("clips"),
            Column("reported", f"{FOUND_JND:g} JND and more", meaning="clips with such a finding"),
            Column("clear", "clear", meaning=f"clips with a finding of {CLEAR_JND:g} JND or more"),
            Column("as", "reported as", meaning="kinds, most frequent first"),
        )
        rows = []
        for name, meaning in self.controls.items():
            mine = [new for outcome, new in self.legal if outcome.unit.name == name]
            if not mine:
                continue
            kinds: dict[str, int] = {}
            for new in mine:
                for kind in {f.kind for f in new if f.severity >= FOUND_JND}:
                    kinds[kind] = kinds.get(kind, 0) + 1
            ranked = sorted(kinds.items(), key=lambda item: (-item[1], item[0]))
            rows.append(
                (
                    f"`{name}`",
                    meaning,
                    len(mine),
                    sum(any(f.severity >= FOUND_JND for f in new) for new in mine),
                    sum(any(f.severity >= CLEAR_JND for f in new) for new in mine),
                    ", ".join(f"{_code(kind)} {n}" for kind, n in ranked),
                )
            )
        return BenchTable("controls", columns, tuple(rows))

    def invariance(self) -> BenchTable:
        """What a change that must not matter does to scores and names."""
        columns = (
            Column("change"),
            Column("clips"),
            Column("mean", "points, mean", 1),
            Column("most", "points, worst", 1),
            Column("gone", "findings gone", meaning="of 2 JND or more, on clean clips"),
            Column("new", "findings new", meaning="of 2 JND or more, on clean clips"),
            Column("plants", "plants", meaning="planted clips among these"),
            Column("plant_mean", "points on plants, mean", 1),
            Column("plant_most", "points on plants, worst", 1),
            Column("named", "named before → after"),
        )
        rows = []
        for name, change in CHANGES.items():
            if change.group != "same":
                continue
            clean = measures.shift([p for p in self.changed if p[1].unit.change == name])
            plants = [p for p in self.changed_plants if p[1].outcome.unit.change == name]
            moved = measures.shift([(b.outcome, a.outcome) for b, a in plants])
            if clean is None and moved is None:
                continue
            rows.append(
                (
                    change.meaning,
                    clean.count if clean else 0,
                    clean.mean if clean else None,
                    clean.most if clean else None,
                    clean.gone if clean else None,
                    clean.new if clean else None,
                    len(plants),
                    moved.mean if moved else None,
                    moved.most if moved else None,
                    f"{sum(b.named for b, _ in plants)} → {sum(a.named for _, a in plants)}",
                )
            )
        return BenchTable("invariance", columns, tuple(rows))

    def stillness(self) -> BenchTable:
        """Whether hiding a picture is rewarded."""
        columns = (
            Column("change", "the clip is"),
            Column("clips"),
            Column("source", "score of the source, mean", 1),
            Column("score", "its own score, mean", 1),
            Column("above", "above its source"),
            Column("not_scored", "not scored", meaning="nothing in them could be assessed"),
        )
        rows = []
        for name, change in CHANGES.items():
            pairs = [p for p in self.changed if p[1].unit.change == name]
            if change.group != "worse" or not pairs:
                continue
            scored = [
                (b.score, a.score) for b, a in pairs if b.score is not None and a.score is not None
            ]
            rows.append(
                (
                    change.meaning,
                    len(pairs),
                    fmean(b for b, _ in scored) if scored else None,
                    fmean(a for _, a in scored) if scored else None,
                    len(measures.rewarded(pairs)),
                    sum(after.score is None for _, after in pairs),
                )
            )
        return BenchTable("stillness", columns, tuple(rows))

    def in_a_place(self) -> BenchTable:
        """Plants in a box that was given."""
        columns = (
            Column("kind"),
            Column("plants"),
            Column("found"),
            Column("named"),
            Column("box_hit", "box right", meaning="of those named"),
            Column("called", "taken for", meaning="other names with their number"),
        )
        rows = []
        for kind in self.order:
            mine = [v for v in self.local if v.kind == kind]
            if not mine:
                continue
            others = measures.confusion(mine)[kind]
            text = ", ".join(
                f"{_code(name)} {n}" for name, n in others.most_common() if name != kind
            )
            hits = [v.box_hit for v in mine if v.box_hit is not None]
            rows.append(
                (
                    f"`{kind}`",
                    len(mine),
                    sum(v.found for v in mine),
                    sum(v.named for v in mine),
                    f"{sum(hits)} of {len(hits)}" if hits else "–",
                    text,
                )
            )
        return BenchTable("local", columns, tuple(rows))


TABLES: dict[str, tuple[str, Callable[[Figures], BenchTable]]] = {
    "found": (
        "Is a planted defect found?",
        lambda f: f.by_strength("found", measures.found_share),
    ),
    "named": (
        "Is it called by its name?",
        lambda f: f.by_strength("named", measures.named_share),
    ),
    "names": ("What is it taken for?", Figures.names_given),
    "confusion": ("All names at a glance", Figures.confusion),
    "separation": ("Does the severity tell a defect from none?", Figures.separations),
    "where": ("Are time and place right?", Figures.where),
    "sizes": ("Does worse look worse, and is one defect one finding?", Figures.sizes),
    "local": ("And in one place of the picture?", Figures.in_a_place),
    "alarms": ("What is reported where there is nothing?", Figures.alarms),
    "controls": ("What is reported that is legal?", Figures.look_alikes),
    "invariance": ("Does the way it was filmed or saved matter?", Figures.invariance),
    "stillness": ("Is hiding the picture rewarded?", Figures.stillness),
}
"""Name of a table to its question and what makes it, in the order of the page."""


def _code(name: str) -> str:
    return name if name in (CUT, NOTHING) else f"`{name}`"


def _aim(question: str, estimate: Estimate | None, relation: str = "", limit: float = 0.0) -> Aim:
    if estimate is None:
        return Aim(question, None, "not measured", relation, limit)
    text = f"{estimated(estimate)} of {estimate.count}"
    return Aim(question, estimate.value, text, relation, limit)


def _lowest(
    question: str, estimates: dict[str, Estimate | None], relation: str, limit: float
) -> Aim:
    known = {kind: e.value for kind, e in estimates.items() if e is not None}
    if not known:
        return Aim(question, None, "not measured", relation, limit)
    worst = min(known, key=lambda kind: known[kind])
    return Aim(question, known[worst], f"{number(known[worst])} (`{worst}`)", relation, limit)


def _mean(question: str, values: Sequence[float], relation: str, limit: float) -> Aim:
    if not values:
        return Aim(question, None, "not measured", relation, limit)
    text = f"{number(fmean(values))} (lowest {number(min(values))}, {len(values)} kinds)"
    return Aim(question, fmean(values), text, relation, limit)


def _mean_of(cells: Sequence[Cell]) -> float | None:
    values = [
        cell.value if isinstance(cell, Estimate) else cell
        for cell in cells
        if isinstance(cell, Estimate | float)
    ]
    return fmean(values) if values else None
