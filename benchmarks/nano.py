"""Trains `nano` in minutes of processor time and shows what it learned, beside baselines.

    python -m benchmarks.nano -o runs/nano-bench [--minutes 8] [--prompts 100]

Time is that of the processor (all threads), so a busy machine changes nothing but the wait. Both
networks are trained by their recipes; clips of unseen scenes are then made from their first frame
and caption, and graded by the truth: the mean distance of every body from where it should be.
Writes `nano.json`, `curve.svg` and `sheet.png` (truth, nano, and what the tokenizer alone keeps).
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from PIL import Image

from evenflow.core.events import Event
from evenflow.train import load, train
from evenflow.train.clock import Clock
from evenflow.train.logs import read

ROOT = Path(__file__).parents[1]


def run(name: str, folder: Path, minutes: float, changes: list[str]):
    """Trains a recipe for so many minutes of the processor; data is counted in."""
    recipe = load(name, [f"schedule.minutes={minutes}", *changes])
    clock = Clock(recipe.schedule, now=time.process_time)
    begin = time.process_time()

    def show(event: Event) -> None:
        if event.step % 50 == 0:
            print(f"{name} {event.phase} {event.step} of {event.total}", flush=True)

    log = train(recipe, folder, resume=True, clock=clock, progress=show)
    return recipe, log, (time.process_time() - begin) / 60


def curve(
    losses: list[tuple[float, float]],
    looks: list[tuple[float, float]],
    lines: dict[str, float],
    path: Path,
) -> None:
    """Loss, and position error with baselines as level lines, over minutes, as SVG."""
    width, low, left, wide = 860, 250, 50, 300
    most = losses[-1][0]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} 300" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="300" fill="white"/>',
    ]

    def panel(start: int, title: str, top: float, step: float, points, dots: bool) -> None:
        def at(x: float, y: float) -> tuple[float, float]:
            return start + x / most * wide, low - min(y / top, 1) * (low - 40)

        parts.append(f'<text x="{start}" y="24" font-weight="bold">{title}</text>')
        parts.append(
            f'<polyline points="{start},40 {start},{low} {start + wide},{low}" '
            'fill="none" stroke="#333"/>'
        )
        parts.extend(
            f'<text x="{start - 6}" y="{at(0, y)[1] + 4:.0f}" text-anchor="end">{y:g}</text>'
            for y in np.arange(0, top + step / 2, step)
        )
        parts.extend(
            f'<text x="{at(x, 0)[0]:.0f}" y="{low + 16}" text-anchor="middle">{x}</text>'
            for x in range(int(most) + 1)
        )
        told = " ".join("{:.1f},{:.1f}".format(*at(x, y)) for x, y in points)
        parts.append(f'<polyline points="{told}" fill="none" stroke="#0a7" stroke-width="2"/>')
        if dots:
            parts.extend(
                '<circle cx="{:.1f}" cy="{:.1f}" r="3" fill="#0a7"/>'.format(*at(x, y))
                for x, y in points
            )
            names = sorted([*lines.items(), ("nano", points[-1][1])], key=lambda one: -one[1])
            below = 0.0
            for name, y in names:
                (x, height), color = at(most, y), "#0a7" if name == "nano" else "#777"
                below = max(height + 4, below + 14)
                parts.append(f'<text x="{x + 6:.0f}" y="{below:.0f}" fill="{color}">{name}</text>')
                if name != "nano":
                    parts.append(
                        f'<polyline points="{start},{height:.1f} {x:.1f},{height:.1f}" '
                        f'stroke="{color}" stroke-dasharray="4 4"/>'
                    )

    panel(left, "loss", 2.0, 0.5, losses, dots=False)
    panel(left + wide + 70, "position error, widths of the picture", 0.25, 0.05, looks, dots=True)
    parts.append(f'<text x="{left}" y="288">minutes of the processor</text></svg>')
    path.write_text("\n".join(parts) + "\n")


def drawn(folder: Path, lines: dict[str, float], path: Path) -> list[tuple[float, float]]:
    """Draws the curve of a run from its log; the looks, as minutes and errors."""
    rows = read(folder)
    losses = [(row["seconds"] / 60, row["loss"]) for row in rows if "loss" in row]
    times = {row["step"]: row["seconds"] / 60 for row in rows if "loss" in row}
    looks = [
        (times[min(times, key=lambda s: abs(s - row["step"]))],
         row["validation"]["position"]["mean"])
        for row in rows
        if "validation" in row and row["validation"]["position"]
    ]  # fmt: skip
    curve(losses, looks, lines, path)
    return looks


def sheet(rows: list[list[np.ndarray]], path: Path) -> None:
    """Clips side by side, every second frame."""
    lines = [np.concatenate([np.concatenate(list(c[::2]), axis=1) for c in row], 1) for row in rows]
    whole = Image.fromarray(np.concatenate(lines, axis=0))
    whole.resize((2 * whole.width, 2 * whole.height), Image.Resampling.NEAREST).save(path)


def main() -> None:
    """Runs everything and prints the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=Path("runs/nano-bench"))
    parser.add_argument("--minutes", type=float, default=8.0, help="of the generator")
    parser.add_argument("--tokenizer-minutes", type=float, default=8.0)
    parser.add_argument("--prompts", type=int, default=100)
    parser.add_argument("--every", type=int, default=100, help="steps between looks")
    parser.add_argument("--set", action="append", default=[], help="of the generator's recipe")
    args = parser.parse_args()
    import torch

    from evenflow.dist import ALONE
    from evenflow.train.tasks import TASKS
    from evenflow.train.validation import held_frame, mean_clip, prompts_of, validate

    args.output.mkdir(parents=True, exist_ok=True)
    _, tokenizer, spent_t = run(
        "nano-tokenizer", args.output / "tokenizer", args.tokenizer_minutes, []
    )
    where = args.output / "tokenizer"
    told = [
        f"net.tokenizer={where}", "validation.prompts=24", "validation.check=false",
        f"validation.every={args.every}", *args.set,
    ]  # fmt: skip
    recipe, log, spent = run("nano", args.output / "nano", args.minutes, told)
    task = TASKS["generator"](
        recipe.model_copy(
            update={"net": recipe.net.model_copy(update={"start": str(args.output / "nano/model")})}
        ),
        ALONE,
    )
    prompts = prompts_of(recipe.data, 950_000, args.prompts)
    seen = [p.pictures for p in prompts_of(recipe.data, 980_000, 60)]

    def kept(asked):
        video = torch.from_numpy(np.stack([p.pictures for p in asked])).permute(0, 4, 1, 2, 3)
        made = task.tokenizer.decode(task.tokenizer.encode(video / 255)).clamp(0, 1)
        return list((255 * made).round().to(torch.uint8).permute(0, 2, 3, 4, 1).numpy())

    own = task.clips(prompts)
    made = {
        "nano": lambda asked: own,
        "the tokenizer alone": kept,
        "first frame held": held_frame,
        "mean clip": mean_clip(seen),
        "truth": lambda asked: [p.pictures for p in asked],
    }
    found = {name: validate(one, prompts, check=False).to_json() for name, one in made.items()}
    lines = {k: found[k]["position"]["mean"] for k in ("first frame held", "mean clip")}
    near = drawn(args.output / "nano", lines, args.output / "curve.svg")
    sheet([[p.pictures, a, b] for p, a, b in zip(prompts[:8], own[:8], kept(prompts[:8]),
        strict=True)], args.output / "sheet.png")  # fmt: skip
    losses = log.series("loss")
    tenth = max(1, len(losses) // 10)
    result = {
        "cpu_minutes": {"tokenizer": round(spent_t, 2), "nano": round(spent, 2)},
        "steps": {"tokenizer": tokenizer.steps, "nano": log.steps},
        "loss": {
            "first": round(float(np.mean([v for _, v in losses[:tenth]])), 4),
            "last": round(float(np.mean([v for _, v in losses[-tenth:]])), 4),
        },
        "found": found,
        "looks": near,
    }
    (args.output / "nano.json").write_text(json.dumps(result, indent=1) + "\n")
    print(json.dumps(result["cpu_minutes"]), json.dumps(result["loss"]))
    for name, one in found.items():
        print(f"{name:20}", *(f"{k} {v and v['mean']}" for k, v in one.items()))


if __name__ == "__main__":
    main()
