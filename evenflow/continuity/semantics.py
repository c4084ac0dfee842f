"""Semantics: is the clip what its prompt and references say? Asked of a judge, and of the motion.

The prompt is taken apart into clauses (`clauses.py`). Three can answer:

- A local CLIP (`--judge FOLDER`) answers for content. A clause competes with the strongest of its
  alternatives ("a red ball" with "a blue ball"), so that its number is a probability: the softmax
  over the two captions, at half the sharpness that CLIP was trained with, because it was trained to
  tell among thousands. A reference is compared by cosine, 0.68 being a toss-up.
- A vision model behind an address (`--judge URL`) answers for content and for actions.
- The measured camera and motion answer for directions, without any judge (`directions.py`).

Severity in JND is 1.5 times the natural logarithm of the odds against, at most 10: 1 at p = 0.34,
3 at 0.12, 10 at 0.001. Sharpness, toss-up and factor are engineering values, not yet calibrated.
A claim has to fail by 2 JND over a second (or the whole of a shorter clip) before CLIP is believed.

Without a judge nothing is said of content: that the colors or the layout of a reference come back
is no sign that the subject does, so there is no substitute by pixels.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity import directions
from evenflow.continuity.clauses import MAX_CLAUSES, Clause, clauses
from evenflow.continuity.directions import Graded
from evenflow.continuity.endpoint import Answer, Endpoint, JudgeFailed
from evenflow.continuity.robust import runs
from evenflow.continuity.samples import Album, Sample, small
from evenflow.continuity.upgrades import SIGNALS_OF, upgrade
from evenflow.core.clip import Frame, Pixels
from evenflow.core.errors import BackendMissing, BadInput
from evenflow.core.events import CancelToken
from evenflow.core.finding import Finding
from evenflow.core.span import Span
from evenflow.io import read
from evenflow.io.digest import frame_digest

Series = NDArray[np.float64]
SHARPNESS = 0.5
"""Share of CLIP's trained scale at which two captions compete."""
TRUST = {"count": 0.5}
"""What CLIP says of some claims counts less: it hardly counts."""
TOSS_UP, SLOPE = 0.68, 0.04
"""Cosine of a frame and a reference at which they may as well be two things; one logit of it."""
JND_PER_LOGIT = 1.5
WORST = 10.0
LEAST_JND = 2.0
"""From which CLIP's no counts."""
LEAST_SAMPLES = 3
"""Samples in a row that have to fail before CLIP is believed; all of them in a shorter clip."""
MOST_REFERENCES = 8
AT_ONCE = 8
"""Samples that a model is given at a time."""
MOVES = ("camera_x", "camera_y", "camera_zoom", "own_x", "own_y")
"""Signals that say which way the picture goes."""
KINDS_ASKED = ("semantic_mismatch", "action_mismatch")


@dataclass(frozen=True)
class Row:
    """One claim and how probable it is at every sample.

    Args:
        kind: the defect kind if it fails.
        text: the claim, as the prompt says it.
        probability: `(samples,)` in [0, 1].
        instead: `(samples,)` what fits better, or "".
        confidence: of a no, at most.
        least: severity in JND from which a no counts.
        lasting: samples in a row that have to fail.
    """

    kind: str
    text: str
    probability: Series
    instead: Sequence[str]
    confidence: float
    least: float = LEAST_JND
    lasting: int = LEAST_SAMPLES


@dataclass(frozen=True)
class Known:
    """What the pass learned that an answer needs.

    Args:
        first: number of the first frame read.
        seconds: presentation times of all frames.
        fps: nominal frames per second.
        size: width and height of the source in pixels.
        series: the signals of the camera and of own motion.
        cuts: numbers of the frames that begin a shot.
    """

    first: int
    seconds: Series
    fps: float
    size: tuple[int, int]
    series: Mapping[str, Series]
    cuts: Sequence[int] = ()


@dataclass(frozen=True)
class Reply:
    """What comes of a question.

    Args:
        findings: of the two kinds.
        missing: kind to the reason why nothing can be said of it.
        series: signal to its values, one a frame, NaN between samples.
        reasons: signal to the reason why it was not measured.
        warnings: what was left out or went wrong, a line each.
    """

    findings: tuple[Finding, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    series: Mapping[str, Series] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Question:
    """What is asked of a clip beside its own consistency.

    Args:
        prompt: as given.
        clauses: what it claims.
        references: pictures that it should look like.
        judge: an Endpoint, a model that embeds pictures and texts, or None.
        features: optional models by name.
        warnings: of the question itself.
    """

    prompt: str | None = None
    clauses: tuple[Clause, ...] = ()
    references: tuple[NDArray[np.uint8], ...] = ()
    judge: Any = None
    features: Mapping[str, Any] = field(default_factory=dict)
    digests: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def settings(self) -> dict[str, Any]:
        """What the report's digest has to know; empty if nothing is asked."""
        made: dict[str, Any] = {}
        if self.prompt is not None:
            made["prompt"] = self.prompt
        if self.references:
            made["references"] = list(self.digests)
        if self.judge is not None:
            made["judge"] = _name(self.judge)
        if self.features:
            made["features"] = {name: model.digest for name, model in self.features.items()}
        return made

    def album(self) -> Album | None:
        """Where samples go while the clip is read; None if nobody looks at them."""
        if self.judge is None and not self.features:
            return None
        return Album(with_next="raft" in self.features)

    def answer(
        self, samples: Sequence[Sample], known: Known, *, cancel: CancelToken | None = None
    ) -> Reply:
        """Everything that can be said, and why the rest cannot."""
        reasons, missing = dict(self._reasons()), dict(self._missing())
        found: list[Finding] = []
        warnings = list(self.warnings)
        series: dict[str, Series] = {}
        graded = self._graded(known)
        found += [_of_motion(g, known) for g in graded if g.holds is False]
        rest = self._ungraded(graded)
        rows: list[Row] = []
        if isinstance(self.judge, Endpoint):
            try:
                rows = self._asked(samples, rest, cancel)
            except JudgeFailed as failed:
                warnings.append(f"the judge could not be asked: {failed}")
                reasons["prompt_match"] = str(failed)
                if self.references or any(not c.is_action for c in self.clauses):
                    missing["semantic_mismatch"] = str(failed)
                if rest:
                    missing["action_mismatch"] = str(failed)
            else:
                rest = ()
                for kind in {row.kind for row in rows}:
                    said = [row.probability for row in rows if row.kind == kind]
                    if all((probability == 0.5).all() for probability in said):
                        missing[kind] = "the judge says that the frames cannot tell"
        elif samples and (self.judge or "clip" in self.features):
            rows = self._embedded(samples, self.judge or self.features["clip"], cancel)
        if rows:
            at = [sample.index for sample in samples]
            match = np.mean([row.probability for row in rows], axis=0)
            series["prompt_match"] = _spread(match, at, len(known.seconds))
            if self.judge is not None:
                found += [f for row in rows for f in _of_row(row, samples, known)]
        self._say_what_is_left(graded, rest, missing, warnings)
        more, why = upgrade(self.features, samples, known, cancel=cancel)
        series |= more
        reasons |= why
        return Reply(
            tuple(_merged(found)), missing, series,
            {name: reason for name, reason in reasons.items() if name not in series},
            tuple(warnings),
        )  # fmt: skip

    def _graded(self, known: Known) -> list[Graded]:
        if not any(clause.direction for clause in self.clauses):
            return []
        return directions.grade(self.clauses, known.series, fps=known.fps, size=known.size)

    def _ungraded(self, graded: Sequence[Graded]) -> tuple[Clause, ...]:
        told = [c for g in graded if g.holds is not None for c in g.clauses]
        return tuple(c for c in self.clauses if c.is_action and c not in told)

    def _say_what_is_left(
        self,
        graded: Sequence[Graded],
        rest: Sequence[Clause],
        missing: dict[str, str],
        warnings: list[str],
    ) -> None:
        if not rest or missing.get("action_mismatch"):
            if rest and any(g.holds is not None for g in graded):
                del missing["action_mismatch"]  # the directions were measured all the same
            return
        left = "; ".join(dict.fromkeys(clause.text for clause in rest))[:200]
        if any(g.holds is not None for g in graded):
            warnings.append(f"not judged, because it needs --judge with an address: {left}")
        elif any(clause.direction for clause in rest):
            missing["action_mismatch"] = (
                "the measured motion neither agrees with the prompt nor clearly goes the other "
                "way: needs --judge with an address"
            )
        else:
            missing["action_mismatch"] = (
                "only directions can be measured: other actions need --judge with an address"
            )

    def _missing(self) -> Iterator[tuple[str, str]]:
        if self.prompt is None and not self.references:
            yield "semantic_mismatch", "no --prompt or --reference given"
        elif not self.references and all(c.is_action for c in self.clauses):
            yield "semantic_mismatch", "the prompt says nothing of content"
        elif self.judge is None:
            yield "semantic_mismatch", "needs --judge: a CLIP folder or an address"
        if self.prompt is None:
            yield "action_mismatch", "no --prompt given"
        elif not any(c.is_action for c in self.clauses):
            yield "action_mismatch", "the prompt says nothing of motion"

    def _reasons(self) -> Iterator[tuple[str, str]]:
        asked = self.prompt is not None or bool(self.references)
        yield (
            "prompt_match",
            "needs --judge: a CLIP folder or an address" if asked else "no --prompt given",
        )
        for name, signal in SIGNALS_OF.items():
            if name not in self.features:
                yield signal, f"needs --features with {name}"

    def _asked(
        self, samples: Sequence[Sample], actions: Sequence[Clause], cancel: CancelToken | None
    ) -> list[Row]:
        """What the endpoint says, one claim for each part of the prompt."""
        contents = dict.fromkeys(c.text for c in self.clauses if not c.is_action)
        claims = [("semantic_mismatch", t, f"The frames show this: {t}") for t in contents]
        claims += [
            ("semantic_mismatch", f"reference {n}",
             f"The frames show the same subject or place as reference {n}, in the same style.")
            for n in range(1, len(self.references) + 1)
        ]  # fmt: skip
        happens = dict.fromkeys(c.text for c in actions)
        claims += [("action_mismatch", t, f"This happens in the video: {t}") for t in happens]
        if not claims or not samples:
            return []
        said = self.judge.ask(samples, [c[2] for c in claims], self.references, cancel=cancel)
        return [
            _judged(kind, text, answer, len(samples))
            for (kind, text, _), answer in zip(claims, said, strict=True)
        ]

    def _embedded(
        self, samples: Sequence[Sample], model: Any, cancel: CancelToken | None
    ) -> list[Row]:
        """What CLIP says, one claim for each clause about content and one for the references."""
        content = [clause for clause in self.clauses if not clause.is_action]
        if not content and not self.references:
            return []
        vectors = []
        for first in range(0, len(samples), AT_ONCE):
            if cancel is not None:
                cancel.check()
            few = samples[first : first + AT_ONCE]
            vectors.append(model.embed(np.stack([sample.rgb for sample in few])))
        pictures = np.concatenate(vectors)
        rows = []
        captions = list(dict.fromkeys(t for c in content for t in (c.claim, *c.others)))
        if captions:
            texts = dict(zip(captions, model.embed_text(captions), strict=True))
            rows += [_competed(clause, pictures, texts, model.scale) for clause in content]
        if self.references:
            likeness = np.stack([pictures @ model.embed(r[None])[0] for r in self.references])
            odds = (likeness.max(axis=0).astype(np.float64) - TOSS_UP) / SLOPE
            nearest = likeness.max(axis=1)
            text = "the reference" if len(nearest) == 1 else "any of the references"
            rows.append(Row("semantic_mismatch", text, _sigmoid(odds), [""] * len(samples), 0.8))
        return rows


def question(
    *,
    prompt: str | None = None,
    references: Sequence[str | Path] | str | Path = (),
    judge: str | Path | None = None,
    features: str | Path | None = None,
    offline: bool = False,
) -> Question:
    """Reads and loads everything that a question needs, before the long work.

    Args:
        prompt: what the clip should show.
        references: pictures that it should look like.
        judge: a CLIP folder, or the address of a vision model.
        features: a folder of optional models.
        offline: True refuses an address.

    Raises:
        BadInput: the prompt is empty or too long, a reference cannot be read, or the judge is an
            address although `offline`.
        BackendMissing: a model cannot be loaded.
    """
    if isinstance(references, str | Path):
        references = (references,)
    claimed = clauses(prompt) if prompt is not None else ()
    warnings = []
    if len(claimed) > MAX_CLAUSES:
        left = len(claimed) - MAX_CLAUSES
        warnings.append(f"the prompt makes {len(claimed)} claims: the last {left} were left out")
    if len(references) > MOST_REFERENCES:
        raise BadInput(f"{len(references)} references came: give at most {MOST_REFERENCES}")
    pictures, digests = [], []
    for path in references:
        pixels = _picture(path)
        digests.append(frame_digest(pixels).hex())
        pictures.append(small(pixels))
    loaded: dict[str, Any] = {}
    if features is not None:
        loaded = dict(_kept("", *_stamp(Path(features))))
    return Question(
        prompt,
        claimed[:MAX_CLAUSES],
        tuple(pictures),
        _judge(judge, offline=offline),
        loaded,
        tuple(digests),
        tuple(warnings),
    )


def _picture(path: str | Path) -> Pixels:
    frames = read(path).stream(0, 1)
    try:
        pixels = next(frames).pixels()
        return pixels.copy()
    except StopIteration:
        raise BadInput(f"the reference {Path(path).name} holds no picture") from None
    finally:
        if isinstance(frames, Generator):
            frames.close()


def _judge(judge: str | Path | None, *, offline: bool) -> Any:
    if judge is None:
        return None
    if "://" in str(judge) and not Path(judge).is_dir():
        if offline:
            raise BadInput(
                "--offline forbids asking the judge at an address: give a CLIP folder, or leave "
                "one of the two out"
            )
        return Endpoint.parse(str(judge))
    folder = Path(judge)
    if not folder.is_dir():
        raise BackendMissing(
            f"the judge {folder.name} is not a folder: give a folder with a CLIP, or an address "
            "like http://localhost:8000/v1"
        )
    if not (folder / "config.json").is_file() and (folder / "clip").is_dir():
        folder = folder / "clip"
    return _kept("clip", *_stamp(folder))


def _stamp(folder: Path) -> tuple[Path, tuple[tuple[str, int, int], ...]]:
    """A folder and what it holds, so that what was loaded is used again until it changes."""
    folder = folder.resolve()
    files = [path for path in folder.glob("**/*") if path.is_file()] if folder.is_dir() else []
    stats = sorted((str(p), p.stat().st_size, p.stat().st_mtime_ns) for p in files[:1000])
    return folder, tuple(stats)


@lru_cache(maxsize=2)
def _kept(row: str, folder: Path, stamp: tuple[tuple[str, int, int], ...]) -> Any:
    from evenflow import features as room

    return room.FEATURES[row](folder) if row else room.load(folder)


def _name(judge: Any) -> str:
    return f"{judge.name}" if isinstance(judge, Endpoint) else f"{judge.name}:{judge.digest}"


def severity(probability: float) -> float:
    """JND of a claim that holds with this probability; 0 where it is at least even.

    >>> [round(severity(p), 1) for p in (0.9, 0.5, 0.34, 0.12, 0.0)]
    [0.0, 0.0, 1.0, 3.0, 10.0]
    """
    bounded = min(max(probability, 1e-6), 1.0 - 1e-6)
    return float(np.clip(JND_PER_LOGIT * np.log((1.0 - bounded) / bounded), 0.0, WORST))


def _sigmoid(odds: Series) -> Series:
    made: Series = 1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0)))
    return made


def _competed(
    clause: Clause, pictures: NDArray[np.float32], texts: Mapping[str, NDArray[Any]], scale: float
) -> Row:
    own = pictures @ texts[clause.claim]
    others = np.stack([pictures @ texts[t] for t in clause.others])  # (others, samples)
    margin = (own - others.max(axis=0)).astype(np.float64)
    odds = margin * scale * SHARPNESS * TRUST.get(clause.about, 1.0)
    names = [
        "" if clause.about == "what" else clause.others[i].removeprefix("a photo of ")
        for i in others.argmax(axis=0)
    ]
    return Row("semantic_mismatch", clause.claim.removeprefix("a photo of "), _sigmoid(odds),
               names, 0.8)  # fmt: skip


def _judged(kind: str, text: str, answer: Answer, count: int) -> Row:
    sure = 0.5 * answer.confidence
    probability = np.full(count, 0.5 if answer.holds == "unclear" else 0.5 + sure)
    names = [""] * count
    if answer.first is not None and answer.last is not None:
        failing = slice(answer.first, min(count, answer.last + 1))
        probability[failing] = 0.5 - sure
        names[failing] = [answer.instead] * len(range(*failing.indices(count)))
    return Row(kind, text, probability, names, answer.confidence, 1.0, 1)


def _spread(values: Series, at: Sequence[int], count: int) -> Series:
    series = np.full(count, np.nan)
    series[list(at)] = values
    return series


def _of_row(row: Row, samples: Sequence[Sample], known: Known) -> Iterator[Finding]:
    jnd = np.array([severity(float(p)) for p in row.probability])
    for start, end in runs(jnd >= row.least, gap=1):
        if end - start < min(row.lasting, len(samples)):
            continue
        part = jnd[start:end]
        peak = start + int(np.argmax(part))
        size = float(part[part >= row.least].mean())
        stop = samples[end].index if end < len(samples) else len(known.seconds)
        instead = f", more likely {row.instead[peak]}" if row.instead[peak] else ""
        what = "is not what happens" if row.kind == "action_mismatch" else "is not what is seen"
        probability = float(row.probability[start:end][part >= row.least].mean())
        yield _finding(
            row.kind,
            known,
            (samples[start].index, stop, samples[peak].index),
            size,
            min(row.confidence, 1.0 - float(row.probability[peak])),
            f'"{row.text}" {what}{instead}',
            {
                "signal": "prompt_match",
                "value": float(f"{probability:.4g}"),
                "threshold": float(f"{1.0 / (1.0 + np.exp(row.least / JND_PER_LOGIT)):.4g}"),
                "clauses": [row.text],
            },
        )


def _of_motion(graded: Graded, known: Known) -> Finding:
    direction = graded.clause.direction
    assert direction is not None
    signal = {"zoom": "camera_zoom", "still": "camera_x"}.get(
        direction.axis, f"{direction.who}_{direction.axis}"
    )
    still = direction.axis == "still"
    return _finding(
        "action_mismatch",
        known,
        (graded.start, graded.end, graded.peak),
        graded.severity,
        (0.9 if direction.who == "camera" else 0.7) * min(1.0, 0.5 + graded.severity / 10.0),
        graded.explanation,
        {
            "signal": signal,
            "value": float(f"{graded.degrees:.4g}"),
            "threshold": directions.STEADY_DEG if still else directions.CLEAR_DEG,
            "unit": "degrees",
            "clauses": list(dict.fromkeys(clause.text for clause in graded.clauses)),
        },
    )


def _finding(
    kind: str,
    known: Known,
    frames: tuple[int, int, int],
    size: float,
    confidence: float,
    explanation: str,
    evidence: dict[str, Any],
) -> Finding:
    start, end, peak = frames
    seconds = known.seconds
    end_s = seconds[end] if end < len(seconds) else seconds[-1] + 1.0 / known.fps
    return Finding(
        Span(kind, known.first + start, known.first + end, None, None, round(size, 2)),
        known.first + peak,
        float(seconds[start]),
        float(end_s),
        size,
        float(np.clip(confidence, 0.0, 1.0)),
        explanation,
        evidence,
    )


def _merged(found: Sequence[Finding]) -> list[Finding]:
    """One finding for what fails together: the worst, with all its clauses in the evidence.

    Of equally bad ones that which says what is seen instead.
    """
    kept: list[Finding] = []
    for finding in sorted(
        found, key=lambda f: (-round(f.severity_jnd, 1), "more likely" not in f.explanation)
    ):
        for other in kept:
            if other.kind == finding.kind and _together(other, finding):
                more = [c for c in finding.evidence["clauses"] if c not in
                        other.evidence["clauses"]]  # fmt: skip
                other.evidence["clauses"].extend(more)
                break
        else:
            kept.append(finding)
    return sorted(kept, key=lambda f: (f.span.start_frame, f.kind))


def _together(a: Finding, b: Finding) -> bool:
    length = min(s.end_frame - s.start_frame for s in (a.span, b.span))
    return a.span.overlap(b.span) > 0.5 * length


def watched(album: Album | None, frames: Iterator[Frame]) -> Iterator[Frame]:
    """The same frames, with samples taken where there is an album."""
    return frames if album is None else album.watch(frames)


__all__ = ["KINDS_ASKED", "MOVES", "Known", "Question", "Reply", "question", "watched"]
