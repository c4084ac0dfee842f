"""Ledger: takes the steps of a clip in order, finds the shots, has each one judged, and lets it go.

Cuts are decided with a few frames of look-ahead. At a cut, and round a fade or a dissolve,
statistics restart: detectors never see two shots at once.
"""

import warnings
from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evenflow.continuity.analysis import Step
from evenflow.continuity.arbitration import arbitrate
from evenflow.continuity.candidate import Candidate
from evenflow.continuity.detectors import DETECTORS
from evenflow.continuity.detectors.collapse import breaks_down
from evenflow.continuity.detectors.shake import tremble
from evenflow.continuity.identity import Cast
from evenflow.continuity.own_motion import own_steps
from evenflow.continuity.passage import GOES_ON, Passage
from evenflow.continuity.picture import working_size
from evenflow.continuity.region_steps import stays_in_part
from evenflow.continuity.shots import Film
from evenflow.core.finding import Finding
from evenflow.core.report import Cut
from evenflow.core.signals import SIGNALS
from evenflow.core.span import Span
from evenflow.motion.cuts import FLASH, Evidence, gradual, is_cut

STILL_THERE = 0.25
"""Share of a picture that is found again behind what seems a dissolve: it was none."""
ALIKE = 0.5
"""Likeness to what the camera makes of the picture before; with more it was none either. Both only
where fine structure goes on, too: what is alike in the large alone is another shot."""
FOUND_AGAIN = 0.4
"""Most of a cut's step by which a frame may differ from an earlier one that it continues."""
LONGEST = 512
"""Frames of a shot that are looked at together; longer shots are taken in such stretches."""
SHARED = 96
"""Frames that two stretches of one shot share, so that nothing is missed at their border."""


@dataclass
class Ledger:
    """What is known of a clip so far; all that grows with it is a dozen numbers a frame.

    Args:
        size: width and height of the source in pixels.
        first: number of the first frame that is read.
        digest: a hashlib object that frames and times are added to.
        judging: False leaves out the detectors; cuts and series are the same.
    """

    size: tuple[int, int]
    first: int
    digest: Any
    judging: bool = True
    seconds: "array[float]" = field(default_factory=lambda: array("d"))
    cuts: list[Cut] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    series: "dict[str, array[float]]" = field(
        default_factory=lambda: {name: array("f") for name in SIGNALS}
    )
    octaves: "array[float]" = field(default_factory=lambda: array("f"))
    blockiness: "array[float]" = field(default_factory=lambda: array("f"))
    film: Film = field(init=False)
    cast: Cast = field(init=False)
    _held: list[Step] = field(default_factory=list)
    _begin: int = 0  # number of the first held frame, counted from the first one read
    _next: int = 1  # index in `_held` of the next frame that may be a cut
    _covered: int = 0  # held frames whose series are written already

    def __post_init__(self) -> None:
        self.film = Film(self.size)
        self.cast = Cast(self.size)

    def add(self, step: Step) -> None:
        """The next frame of the clip."""
        picture = step.picture
        self.digest.update(picture.digest + f" {picture.time} ".encode())
        self.seconds.append(float(picture.time))
        self.blockiness.append(picture.blockiness)
        self.octaves.append(float(picture.bands[-1] - picture.bands[0]))
        self._held.append(step)
        while self._next + FLASH < len(self._held):
            self._look()
        if len(self._held) > LONGEST + FLASH:
            self._settle(LONGEST, closes=False)

    def close(self) -> None:
        """Settles what is left at the end of the clip."""
        while self._next < len(self._held):
            self._look()
        if self._held:
            self._settle(len(self._held), closes=True)

    def _look(self) -> None:
        """Decides whether the next frame begins a shot."""
        index = self._next
        low = max(0, index - 5)
        near = self._held[low : index + FLASH + 2]
        if is_cut(_evidence(near), index - low) and not self._goes_on(low, len(near), index - low):
            held = [step.picture for step in self._held]
            before, after = held[max(0, index - 8) : index], held[index : index + FLASH + 1]
            if breaks_down(before, after) or self._returns(index):
                self._next += 1
                return
            frame = self.first + self._begin + index
            self.cuts.append(Cut(frame - 1, frame, "cut"))
            self._settle(index, closes=True)
        else:
            self._next += 1

    def _goes_on(self, low: int, count: int, at: int) -> bool:
        """True if a part of the picture goes on through what looks like a cut."""
        return stays_in_part(self._passage(low, low + count), at)

    def _returns(self, at: int) -> bool:
        """True if a frame goes on from an earlier one of the shot: time is in a wrong order."""
        seen = _thumbs(self._held[: at + 1]).reshape(at + 1, -1)
        if at < 8 or seen[-1].std() < 1.0:
            return False
        step = float(np.median(np.sqrt(((seen[1:-1] - seen[:-2]) ** 2).mean(axis=1))))
        apart = np.sqrt(((seen[:-1] - seen[-1]) ** 2).mean(axis=1))
        return bool(apart[: 1 - FLASH].min() < min(1.3 * step, FOUND_AGAIN * apart[-1]))

    def _passage(self, start: int, end: int) -> Passage:
        """The held frames `[start, end)`."""
        steps, begin = self._held[start:end], self._begin + start
        return Passage(
            start=self.first + begin,
            seconds=np.array(self.seconds[begin : begin + len(steps)]),
            size=self.size,
            lines=working_size(*self.size)[1],
            pictures=[step.picture for step in steps],
            pairs=[None, *(step.pair for step in steps[1:])],
            anchors=[step.anchor for step in steps],
        )

    def _settle(self, count: int, *, closes: bool) -> None:
        """Judges the first `count` held frames and lets go of them."""
        steps = self._held[:count]
        passage = self._passage(0, count)
        for name, values in _series(passage).items():
            self.series[name].extend(values[self._covered :].tolist())
        start = 0
        residual = passage.of_pairs("residual")
        found = gradual(_thumbs(steps), residual, fps=passage.fps) if count > 4 else []
        for a, b, kind in found:
            if kind == "dissolve" and self._same_shot(passage, a, b):
                continue
            self._add_cut(Cut(passage.start + a, passage.start + b, kind))
            margin = 2 + (b - a) // 6  # nobody can say to the frame where a mix begins
            self._judge(passage.part(start, max(start, a - margin)), closes=True)
            start = min(count, b + margin)
        self._judge(passage.part(start, count), closes=closes)
        kept = 0 if closes else SHARED
        self._held = self._held[count - kept :]
        self._begin += count - kept
        self._next = 1 if closes else self._next - (count - kept)
        self._covered = kept

    @staticmethod
    def _same_shot(passage: Passage, a: int, b: int) -> bool:
        """True if what seems to dissolve moves on, or breaks down, and is no new shot."""
        ends = max(0, a - 1), min(len(passage) - 1, b + 1)
        coarse = passage.matched(*ends).valid.mean() > STILL_THERE or passage.carried(*ends) > ALIKE
        if coarse and not passage.goes_on(*ends) < GOES_ON:
            return True
        return breaks_down(passage.pictures[:a][-8:], passage.pictures[b:][:8])

    def _judge(self, passage: Passage, *, closes: bool) -> None:
        if not self.judging:
            return
        with warnings.catch_warnings(), np.errstate(invalid="ignore"):
            # NaN is what cannot be measured; that all of a row is NaN is no news to a user
            warnings.filterwarnings("ignore", "Mean of empty slice|All-NaN", RuntimeWarning)
            self.findings += judge(passage)
            self.film.add(passage, closes=closes)
            self.cast.add(passage, closes=closes)

    def _add_cut(self, cut: Cut) -> None:
        if all(cut.start_frame >= c.end_frame or cut.end_frame <= c.start_frame for c in self.cuts):
            self.cuts.append(cut)


def judge(passage: Passage) -> list[Finding]:
    """Runs every detector on a passage of one shot and weighs what they suspect."""
    if len(passage) == 0:
        return []
    candidates: list[Candidate] = []
    for detect in DETECTORS.values():
        candidates += detect(passage)
    return [_finding(passage, candidate) for candidate in arbitrate(candidates)]


def _finding(passage: Passage, candidate: Candidate) -> Finding:
    seconds = passage.seconds
    end_s = (
        seconds[candidate.end] if candidate.end < len(seconds) else seconds[-1] + 1 / passage.fps
    )
    tiles = candidate.tiles
    span = Span(
        candidate.kind,
        passage.start + candidate.start,
        passage.start + candidate.end,
        None if tiles is None else passage.box_of(tiles),
        None,
        round(candidate.severity, 2),
    )
    return Finding(
        span,
        passage.start + candidate.peak,
        float(seconds[candidate.start]),
        float(end_s),
        candidate.severity,
        candidate.confidence,
        candidate.explanation,
        candidate.evidence,
        candidate.ruled_out,
    )


def _thumbs(steps: list[Step]) -> Any:
    return np.array([s.picture.thumb for s in steps], dtype=np.float32)


def _evidence(steps: list[Step]) -> Evidence:
    def of(name: str) -> Any:
        return np.array([np.nan if s.pair is None else getattr(s.pair, name) for s in steps])

    return Evidence(of("tracked"), of("valid"), of("palette_step"), _thumbs(steps))


def _series(passage: Passage) -> dict[str, Any]:
    scale = passage.size[1] / passage.lines
    camera, own = passage.camera * scale, own_steps(passage) * scale
    bands = passage.bands
    trembles = tremble(passage) / passage.arcmin * scale if len(passage) > 3 else None
    return {
        "luma": np.array([float(p.thumb.mean()) for p in passage.pictures]),
        "luma_gain": 100.0 * np.expm1(passage.gain),
        "chroma_shift": np.hypot(passage.of_pairs("shift_a"), passage.of_pairs("shift_b")),
        "warp_residual": passage.of_pairs("residual"),
        "noise": passage.grain,
        "sharpness": 100.0 * np.exp(0.5 * (bands[:, 0] - bands[:, 2])),
        "motion": passage.of_pairs("speed") * scale * passage.fps,
        "camera_x": camera[:, 0],
        "camera_y": camera[:, 1],
        "camera_zoom": 100.0 * np.expm1(passage.zoom),
        "own_x": own[:, 0],
        "own_y": own[:, 1],
        "tremble": np.full(len(passage), np.nan)
        if trembles is None
        else np.where(np.isnan(passage.inliers), np.nan, trembles),
        "occlusion": 1.0 - passage.of_pairs("valid"),
        "change": passage.change,
    }
