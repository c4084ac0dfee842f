"""Grades a generator of the world's language by the truth of scenes that it never saw.

    python -m benchmarks.pocket MODEL -o DIR [--quality turbo|full] [--guidance G] [--num 200]
    python -m benchmarks.pocket FOLDER -o DIR --quality turbo --together 16   # half precision
    python -m benchmarks.pocket truth -o DIR   # the scenes themselves: what grading can say at most
    python -m benchmarks.pocket DIR -o DIR --against TEACHER_DIR   # a student beside its teacher

Three sets of prompts: `held` are captions of scenes whose seeds nobody learned from; `unseen` are
those in which a color and a kind meet that never met in training; `probes` begin with the first
frame of the scene, so that what is said fixes where things end. Rows go to `DIR/*.jsonl` as they
are done, and a run that was stopped goes on. Every line of the table is a mean over prompts with
its 95 % interval (bootstrap over prompts).
"""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch

import evenflow as ef
from evenflow.backbones.dit import DiT
from evenflow.core.clip import ArraySource
from evenflow.core.errors import EvenflowError
from evenflow.data.worlds import WorldRows, pairs, world_rows
from evenflow.dist import ALONE
from evenflow.grading.eyes import read
from evenflow.grading.judge import grade
from evenflow.grading.oracle import oracle
from evenflow.grading.reading import HIDDEN, SEEN, Reading
from evenflow.samplers import consistency, euler
from evenflow.samplers.streaming import Sampler
from evenflow.train import load as recipe_of
from evenflow.train.recipe import Recipe
from evenflow.train.tasks import GeneratorTask
from evenflow.train.tasks.distribution import motion
from evenflow.train.validation import Prompt, position_error
from evenflow.world.spec import SceneSpec

SEED = 900_000
SETS = {"held": 0, "unseen": 100_000, "probes": 200_000}
"""Where the seeds of each set begin, after SEED."""


@dataclass(frozen=True)
class Asked:
    """A prompt with the scene that says what would be right."""

    caption: str
    spec: SceneSpec
    pictures: np.ndarray
    seed: int


def asked(name: str, rows: WorldRows, num: int, saying: str = "") -> Iterator[Asked]:
    """Prompts of a set, in order; of those that say a word, where one is given."""
    left_out = set(rows.without)
    plain = replace(rows, seed=SEED + SETS[name], n=100_000, without=())
    made = 0
    for index in range(plain.n):
        if made == num:
            return
        try:
            row = plain.row(index)
            spec = plain.spec(row)
        except EvenflowError:
            continue
        if bool(pairs(spec) & left_out) != (name == "unseen"):
            continue
        if saying not in row.captions["L2"]:
            continue
        made += 1
        yield Asked(row.captions["L2"], spec, plain.known(row)[0], plain.seed + index)


def judged(name: str, one: Asked, pictures: np.ndarray, left_out: set[str]) -> dict[str, Any]:
    """What one clip is worth, NaN left out."""
    fps = Fraction(one.spec.fps)
    clip = ef.Clip(ArraySource(pictures, fps, "sample"))
    seen = read(clip, preset=one.spec.preset)
    truth = oracle(one.spec, one.pictures)
    found = grade(clip, one.caption, preset=one.spec.preset, reading=seen)
    row: dict[str, Any] = {"seed": one.seed, "caption": one.caption}
    for score in ("attributes", "counts", "relations", "events", "obedience"):
        row[score] = found.scores[score].value
    order = found.scores["order"].value
    row["order"] = None if order is None else float(order == 1)
    row["after hiding"] = after_hiding(truth, seen)
    width = one.spec.size[0]
    row["motion"] = width * motion(pictures)  # pixels a frame
    row["motion of the scene"] = width * motion(one.pictures)
    row["check"] = ef.check(clip).score
    if name == "unseen":
        row["new pair"] = new_pair(one.spec, seen, left_out)
    if name == "probes":
        share, there = position_error(truth, seen)
        row["position"] = share * one.spec.size[0]
        row["found"] = there
        row["last position"] = last_position(truth, seen)
    return row


def at_once(
    recipe: Recipe,
    folder: str,
    name: str,
    some: list[Asked],
    guidance: float | None,
    steps: int,
    student: bool,
) -> list[np.ndarray]:
    """Clips of several prompts, the network in half precision: as validation makes them.

    A student begins with the noise that its teacher has.
    """
    changes: dict[str, Any] = {"steps": steps}
    changes |= {} if guidance is None else {"guidance": guidance}
    own = recipe.model_copy(
        update={
            "net": recipe.net.model_copy(
                update={"start": folder, "tokenizer": str(Path(folder) / "tokenizer")}
            ),
            "validation": recipe.validation.model_copy(update=changes),
            "precision": "bf16",
        }
    )
    prompts = [
        Prompt(
            one.caption,
            one.spec,
            one.pictures,
            one.pictures[0] if name == "probes" else None,
            one.seed,
        )
        for one in some
    ]
    task = GeneratorTask(own, ALONE)
    if not student:
        return task.clips(prompts)
    net, said = DiT.from_pretrained(Path(folder) / "student")
    sampler: Sampler = euler if said["sampler"] == "euler" else consistency
    levels = torch.tensor(said["levels"])
    return task.made_by(net, lambda predict: (sampler, predict, levels), prompts)


def after_hiding(truth: Reading, seen: Reading) -> float | None:
    """Whether what comes out from behind something is what went in; None where nothing does."""
    out = [
        one
        for one in truth.tracks
        if (one.state == HIDDEN).any() and one.state[-1] == SEEN and one.state[0] == SEEN
    ]
    if not out:
        return None
    last = [(t.color, t.kind) for t in seen.tracks if (t.state[-3:] == SEEN).any()]
    return float(np.mean([(one.color, one.kind) in last for one in out]))


def new_pair(spec: SceneSpec, seen: Reading, left_out: set[str]) -> float:
    """Share of the new pairs of the cast that are shown."""
    shown = {f"{t.color} {t.kind}" for t in seen.tracks}
    wanted = pairs(spec) & left_out
    return len(wanted & shown) / len(wanted)


def last_position(truth: Reading, seen: Reading) -> float | None:
    """Mean distance in pixels at the last frame of what is seen there, by color and nearness."""
    gaps = []
    for body in truth.tracks:
        if body.state[-1] != SEEN or not np.isfinite(body.center[-1]).all():
            continue
        like = [t for t in seen.tracks if t.color == body.color and np.isfinite(t.center[-1]).all()]
        middle = np.array([truth.width / 2, truth.height / 2])
        places = [t.center[-1] for t in like] or [middle]
        gaps.append(min(float(np.hypot(*(place - body.center[-1]))) for place in places))
    return float(np.mean(gaps)) if gaps else None


def told(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Means with intervals of every number of the rows."""
    out: dict[str, Any] = {}
    names = [k for k in rows[0] if k not in ("seed", "caption")] if rows else []
    for name in names:
        known = np.array([r[name] for r in rows if r.get(name) is not None], np.float64)
        known = known[np.isfinite(known)]
        if not len(known):
            continue
        draws = np.random.default_rng(0).integers(len(known), size=(2000, len(known)))
        low, high = np.percentile(known[draws].mean(axis=1), [2.5, 97.5])
        out[name] = {
            "mean": round(float(known.mean()), 4),
            "interval": [round(float(low), 4), round(float(high), 4)],
            "prompts": len(known),
        }
    return out


BETTER_LOW = {"position", "last position"}
SAME = {"motion"}
"""Lines that are neither good high nor good low: they are to be as the teacher's."""
ALLOWED = 0.1
"""Share of the teacher's mean by which a student may be worse."""


def beside(own: Path, teacher: Path) -> list[dict[str, Any]]:
    """Paired differences of a student from its teacher, line by line, as shares of its mean.

    A line is non-inferior where the whole 95 % interval of the difference is better than 10 % worse
    (for motion: less than 10 % off to either side).
    """
    out = []
    for name in SETS:
        paths = [folder / f"{name}.jsonl" for folder in (own, teacher)]
        if not all(path.is_file() for path in paths):
            continue
        one, other = (
            {row["seed"]: row for row in map(json.loads, path.read_text().splitlines())}
            for path in paths
        )
        seeds = [seed for seed in one if seed in other]
        lines = [k for k in one[seeds[0]] if k not in ("seed", "caption", "motion of the scene")]
        for line in lines:
            pairs_ = np.array(
                [
                    (one[s][line], other[s][line])
                    for s in seeds
                    if one[s].get(line) is not None and other[s].get(line) is not None
                ],
                np.float64,
            ).reshape(-1, 2)
            pairs_ = pairs_[np.isfinite(pairs_).all(axis=1)]
            if len(pairs_) < 2:
                continue
            draws = np.random.default_rng(0).integers(len(pairs_), size=(2000, len(pairs_)))
            means = pairs_[draws].mean(axis=1)
            shares = means[:, 0] / np.maximum(means[:, 1], 1e-9) - 1
            low, high = np.percentile(shares, [2.5, 97.5])
            mean = pairs_.mean(axis=0)
            if line in SAME:
                good = low >= -ALLOWED and high <= ALLOWED
            else:
                good = high <= ALLOWED if line in BETTER_LOW else low >= -ALLOWED
            out.append(
                {
                    "set": name,
                    "line": line,
                    "student": round(float(mean[0]), 4),
                    "teacher": round(float(mean[1]), 4),
                    "difference": round(float(mean[0] / max(mean[1], 1e-9) - 1), 4),
                    "interval": [round(float(low), 4), round(float(high), 4)],
                    "prompts": len(pairs_),
                    "non_inferior": bool(good),
                }
            )
    return out


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("model", help="pocket, a folder, or truth")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--recipe", default="pocket", help="whose scenes")
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--num", type=int, default=200)
    parser.add_argument("--saying", default="", help="prompts with these letters alone")
    parser.add_argument("--quality", default="turbo", choices=("turbo", "full"))
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--together", type=int, default=0, help="clips made at once, of FOLDER")
    parser.add_argument("--against", type=Path, help="rows of the teacher of the rows in MODEL")
    given = parser.parse_args()
    if given.against is not None:
        found = beside(Path(given.model), given.against)
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "beside.json").write_text(json.dumps(found, indent=1) + "\n")
        for row in found:
            low, high = row["interval"]
            print(
                f"{row['set']:8} {row['line']:16} {row['student']:8.3f} {row['teacher']:8.3f} "
                f"{row['difference']:+.1%} [{low:+.1%}, {high:+.1%}] of {row['prompts']}"
                f"{'' if row['non_inferior'] else '  not shown to be as good'}"
            )
        return
    recipe = recipe_of(given.recipe)
    rows = world_rows(recipe.data.source)
    given.output.mkdir(parents=True, exist_ok=True)
    model = None if given.model == "truth" or given.together else ef.load(given.model)

    def made(name: str, some: list[Asked]) -> list[np.ndarray]:
        if given.model == "truth":
            return [one.pictures for one in some]
        if model is None:
            steps = given.steps or recipe.validation.steps
            student = given.quality == "turbo"
            return at_once(recipe, given.model, name, some, given.guidance, steps, student)
        return [
            model.generate(
                one.caption,
                seed=one.seed,
                quality=given.quality,
                guidance=given.guidance,
                steps=given.steps,
                image=one.pictures[0] if name == "probes" else None,
            ).frames()
            for one in some
        ]

    table: dict[str, Any] = {}
    for name in given.sets:
        path = given.output / f"{name}.jsonl"
        lines = path.read_text().splitlines() if path.is_file() else []
        done = {row["seed"]: row for row in map(json.loads, lines)}
        wanted = list(asked(name, rows, given.num, given.saying))
        todo = [one for one in wanted if one.seed not in done]
        with path.open("a") as out:
            size = given.together or 1
            for some in (todo[i : i + size] for i in range(0, len(todo), size)):
                for one, pictures in zip(some, made(name, some), strict=True):
                    row = judged(name, one, pictures, set(rows.without))
                    done[one.seed] = row
                    out.write(json.dumps(row) + "\n")
                    out.flush()
                print(f"{name} {len(done)} of {len(wanted)}", flush=True)
        table[name] = told([done[one.seed] for one in wanted])
    (given.output / "table.json").write_text(json.dumps(table, indent=1) + "\n")
    for name, lines_ in table.items():
        for line, value in lines_.items():
            low, high = value["interval"]
            print(
                f"{name:8} {line:22} {value['mean']:8.3f} [{low:.3f}, {high:.3f}]"
                f" of {value['prompts']}"
            )


if __name__ == "__main__":
    main()
