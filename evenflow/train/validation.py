"""Validation: whatever makes clips of prompts is graded by the truth of their scenes, and checked.

A prompt is the caption of a scene that nobody learned from and, where it is wanted, its first
frame. The clip that comes back is read by the grader; every body of the scene that was to be seen
is looked for, and the distance of where it is to where it should be is the position error. A body
that is not found counts as standing in the middle of the picture, which is the best guess of one
who knows nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import EvenflowError, RecipeError
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.data.worlds import SCHEME, world_rows
from evenflow.grading.reading import SEEN, Reading, Track
from evenflow.train.recipe import Data
from evenflow.world.spec import SceneSpec
from evenflow.world.words import FIXTURES

Pictures = NDArray[np.uint8]


@dataclass(frozen=True)
class Prompt:
    """What a generator is asked for, and the scene that says what would be right.

    Args:
        caption: in the world's language.
        scene: the truth; its size, rate and number of frames are those of the clip.
        pictures: the true clip `(t, h, w, 3)`.
        first: the first frame, where it is given; else None.
        seed: of what is random about the clip.
    """

    caption: str
    scene: SceneSpec
    pictures: Pictures
    first: Pictures | None
    seed: int


Clips = Callable[[Sequence[Prompt]], Sequence[Pictures]]
"""Any generator: prompts to clips `(t, h, w, 3)`, in order."""


@dataclass(frozen=True)
class Verdict:
    """How clips did, one number a prompt; NaN where there was nothing to judge.

    Args:
        position: mean error of all bodies and frames but the first, in widths of the picture.
        found: share of bodies that were found.
        shown: share of the caption's clauses that are shown, of those that could be parsed.
        score: of `check`, 0 to 100.
        psnr: in dB, against the true clip.
    """

    position: NDArray[np.float64]
    found: NDArray[np.float64]
    shown: NDArray[np.float64]
    score: NDArray[np.float64]
    psnr: NDArray[np.float64]

    def to_json(self) -> dict[str, Any]:
        """Means with 95 % intervals (bootstrap over prompts) and counts."""
        out: dict[str, Any] = {}
        for name, values in vars(self).items():
            known = values[np.isfinite(values)]
            if not len(known):
                out[name] = None
                continue
            draws = np.random.default_rng(0).integers(len(known), size=(2000, len(known)))
            low, high = np.percentile(known[draws].mean(axis=1), [2.5, 97.5])
            out[name] = {
                "mean": round(float(known.mean()), 5),
                "interval": [round(float(low), 5), round(float(high), 5)],
                "prompts": len(known),
            }
        return out


def scenes_of(data: Data, seed: int, count: int) -> str:
    """The address of scenes like those of a recipe that have other seeds.

    Raises:
        RecipeError: the recipe does not learn from the world, or it learns from these scenes.
    """
    if not data.source.startswith(SCHEME):
        raise RecipeError(
            "validation takes scenes of the world, and data.source is none: "
            "say validation.prompts=0"
        )
    rows = world_rows(data.source)
    if rows.seed < seed + count and seed < rows.seed + rows.n:
        raise RecipeError(
            f"validation.seed={seed} lies among the scenes that are learned from "
            f"({rows.seed} to {rows.seed + rows.n - 1}): take another"
        )
    return rows.address(seed, count) if count > 1 else rows.address(seed)


def prompts_of(data: Data, seed: int, count: int, *, first: bool = True) -> list[Prompt]:
    """Prompts from scenes like those of a recipe; scenes that cannot be staged are passed over.

    Args:
        first: whether the first frame is given.
    """
    made: list[Prompt] = []
    rows = world_rows(scenes_of(data, seed, 2 * count + 8))
    for index in range(len(rows)):
        if len(made) == count:
            break
        try:
            row = rows.row(index)
            pictures, _ = rows.known(row)
            spec = rows.spec(row)
        except EvenflowError:
            continue
        caption = row.captions.get(data.caption, row.caption) or ""
        still = pictures[0] if first else None
        made.append(Prompt(caption, spec, pictures, still, seed + index))
    return made


def validate(
    clips: Clips,
    prompts: Sequence[Prompt],
    *,
    check: bool = True,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Verdict:
    """Asks for clips and grades them.

    Args:
        clips: the generator.
        prompts: what it is asked for.
        check: whether `evenflow.check` looks at the clips too.
    """
    made = clips(prompts)
    if len(made) != len(prompts):
        raise ValueError(f"{len(prompts)} prompts brought {len(made)} clips; one each is needed")
    rows = []
    meter = Meter("grade", len(prompts), progress=progress, cancel=cancel)
    for prompt, pictures in zip(prompts, made, strict=True):
        rows.append(_graded(prompt, pictures, check))
        meter.advance()
    return Verdict(*np.array(rows, np.float64).reshape(-1, 5).T)


def _graded(prompt: Prompt, pictures: Pictures, check: bool) -> tuple[float, ...]:
    from evenflow.grading.eyes import read
    from evenflow.grading.judge import grade
    from evenflow.grading.oracle import oracle

    if pictures.shape != prompt.pictures.shape:
        raise ValueError(
            f"a clip {prompt.pictures.shape} was asked for and {pictures.shape} came back"
        )
    clip = Clip(ArraySource(pictures, Fraction(prompt.scene.fps), "sample"))
    seen = read(clip, preset=prompt.scene.preset)
    truth = oracle(prompt.scene, prompt.pictures)
    position, found = position_error(truth, seen)
    clauses = grade(clip, prompt.caption, preset=prompt.scene.preset, reading=seen).clauses
    known = [one.shown for one in clauses if one.shown is not None]
    score = float("nan")
    if check:
        from evenflow.continuity import check as look

        told = look(clip).score
        score = float("nan") if told is None else float(told)
    error = np.square(pictures[1:].astype(np.float64) - prompt.pictures[1:]).mean() / 255**2
    psnr = -10 * np.log10(max(error, 1e-10))
    return position, found, float(np.mean(known)) if known else float("nan"), score, float(psnr)


def position_error(truth: Reading, seen: Reading) -> tuple[float, float]:
    """Mean distance of bodies from where they should be, in widths; share that was found.

    Bodies are matched one to one by place and color; frames in which the truth does not show a body
    do not count, nor does the first frame. NaN where the truth shows nobody.
    """
    middle = np.array([truth.width / 2, truth.height / 2])
    far = np.hypot(*middle)
    bodies = [one for one in truth.tracks if one.kind not in FIXTURES and _shown(one).any()]
    if not bodies:
        return float("nan"), float("nan")
    costs = np.zeros((len(bodies), len(seen.tracks)))
    for i, body in enumerate(bodies):
        rows = _shown(body)
        for j, track in enumerate(seen.tracks):
            gap = np.hypot(*(track.center - body.center).T)
            gap = np.where(np.isfinite(gap), np.minimum(gap, far), far)
            costs[i, j] = gap[rows].mean() + (0.0 if track.color == body.color else far / 4)
    match = dict(zip(*linear_sum_assignment(costs), strict=True)) if seen.tracks else {}
    errors: list[float] = []
    found = 0
    for i, body in enumerate(bodies):
        rows = _shown(body)
        path = np.full((len(rows), 2), np.nan)
        if i in match and costs[i, match[i]] < far / 2:
            path = seen.tracks[match[i]].center.astype(np.float64)
            found += 1
        path = np.where(np.isfinite(path), path, middle)
        errors += list(np.hypot(*(path - body.center)[rows].T))
    return float(np.mean(errors)) / truth.width, found / len(bodies)


def _shown(body: Track) -> NDArray[np.bool_]:
    rows: NDArray[np.bool_] = (body.state == SEEN) & np.isfinite(body.center).all(axis=1)
    rows[:1] = False
    return rows


def mean_clip(pictures: Sequence[Pictures]) -> Clips:
    """The baseline that shows everybody the mean of clips: what is learned without looking."""
    mean = np.mean(np.stack(pictures).astype(np.float32), axis=0)
    made: Pictures = np.rint(mean).astype(np.uint8)
    return lambda prompts: [made] * len(prompts)


def held_frame(prompts: Sequence[Prompt]) -> list[Pictures]:
    """The baseline that lets nothing happen: the first frame all along."""
    return [
        np.repeat(p.pictures[:1] if p.first is None else p.first[None], len(p.pictures), axis=0)
        for p in prompts
    ]
