"""Puts trained runs together as the model that ships, in half precision, with a card.

    python -m benchmarks.ship_pocket --generator runs/pocket --student runs/pocket-turbo \
        --tokenizer runs/pocket-tokenizer runs/pocket-tokenizer-steady runs/pocket-tokenizer-sharp \
        --graded runs/graded -o evenflow/weights/pocket

Where several runs are given, each went on from the one before and the last one ships. The tokenizer
has to make the latents that the generator learned from. The card is written from the runs: what was
learned from, steps, minutes and operations, and the tables that `benchmarks.pocket` left in
`GRADED/full` and `GRADED/turbo`.
"""

import argparse
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from evenflow.dist import ALONE
from evenflow.train import estimate, load
from evenflow.train.logs import read
from evenflow.train.tasks import TASKS

MOST = 16 << 20
"""Bytes of a file."""


def halved(source: Path, target: Path) -> int:
    """Copies a folder of weights in half precision; bytes of the weights."""
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(source / "config.json", target / "config.json")
    weights = {
        name: value.half() for name, value in load_file(source / "model.safetensors").items()
    }
    save_file(weights, target / "model.safetensors")
    size = (target / "model.safetensors").stat().st_size
    if size >= MOST:
        raise SystemExit(f"{target} has weights of {size / 2**20:.1f} MiB, 16 at most may ship")
    return size


def same_latents(one: Path, other: Path) -> bool:
    """Whether two tokenizers code alike; they may decode as they like."""
    first, second = (load_file(folder / "model.safetensors") for folder in (one, other))
    names = [name for name in first if not name.startswith("decoder.") and name != "effect"]
    return all(name in second and torch.equal(first[name], second[name]) for name in names)


def phase(run: Path, tokenizer: Path, generator: Path) -> dict[str, Any]:
    """What a run did; its operations are counted on a network like its own."""
    recipe = load(run / "recipe.yaml")
    latents = str(tokenizer) if recipe.net.tokenizer else ""
    follows = recipe.task in ("student", "progressive", "distribution")
    start = str(generator / "model") if follows else ""
    teacher = start if recipe.net.teacher else ""
    net = recipe.net.model_copy(update={"start": start, "teacher": teacher, "tokenizer": latents})
    recipe = recipe.model_copy(update={"net": net})
    rows = [row for row in read(run) if "loss" in row]
    found = estimate(recipe, TASKS[recipe.task](recipe, ALONE), ALONE)
    steps = rows[-1]["step"] + 1
    checked = [row["validation"] for row in read(run) if "validation" in row]
    return {
        "recipe": recipe.name,
        "task": recipe.task,
        "data": recipe.data.source,
        "seed": recipe.seed,
        "weights": found.weights,
        "steps": steps,
        "clips": steps * recipe.batch,
        "minutes": round(rows[-1]["seconds"] / 60, 1),
        "flops": found.flops * steps,
        "loss": rows[-1]["loss"],
        "validation": checked[-1] if checked else None,
    }


def commit() -> str:
    """Of the code."""
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--tokenizer", type=Path, nargs="+", required=True)
    parser.add_argument("--generator", type=Path, nargs="+", required=True)
    parser.add_argument("--student", type=Path, nargs="*", default=[])
    parser.add_argument("--graded", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    given = parser.parse_args()
    folder = given.output
    if folder.exists():
        raise SystemExit(f"{folder} exists: give another folder")
    tokenizer = given.tokenizer[-1] / "model"
    generator = given.generator[-1]
    if not same_latents(generator / "model" / "tokenizer", tokenizer):
        raise SystemExit(f"{generator} learned from other latents than {tokenizer} makes")
    runs = (*given.tokenizer, *given.generator, *given.student)
    phases = [phase(run, tokenizer, generator) for run in runs]
    sizes = {"generator": halved(generator / "model", folder)}
    sizes["tokenizer"] = halved(tokenizer, folder / "tokenizer")
    if given.student:
        sizes["student"] = halved(given.student[-1] / "model", folder / "student")
    graded = {}
    for name in ("full", "turbo"):
        path = (given.graded or folder) / name / "table.json"
        if path.is_file():
            graded[name] = json.loads(path.read_text())
    recipe = load(generator / "recipe.yaml")
    card = {
        "schema": "evenflow.card/1",
        "name": "pocket",
        "licence": "Apache-2.0",
        "commit": commit(),
        "trained_on": "two cores of a processor, no GPU",
        "clips": {"frames": recipe.data.frames, "size": recipe.data.size, "fps": recipe.data.fps},
        "bytes": sizes,
        "phases": phases,
        "graded": graded,
        "limits": [
            "knows the language of the world and nothing else; pictures from outside lose what "
            "they show",
            "learned from the world's lab: a plain floor, eight hues, up to five things, a camera "
            "that stands still",
            "clips of 64x64 and 33 frames; longer and larger ones come out worse",
            "no actions, cameras or keyframes but the first were trained into these weights",
        ],
    }
    (folder / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    print(f"{folder}: {sum(sizes.values()) / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
