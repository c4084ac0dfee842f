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


def curve(rows: list[tuple[float, float]], lines: dict[str, float], path: Path) -> None:
    """Position error over minutes, with baselines as level lines, as SVG."""
    width, height, left, low = 640, 320, 60, 270
    most = max(x for x, _ in rows)
    top = 1.1 * max([y for _, y in rows] + list(lines.values()))

    def at(x: float, y: float) -> str:
        return f"{left + x / most * (width - left - 130):.1f},{low - y / top * (low - 20):.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<polyline points="{at(0, top)} {at(0, 0)} {at(most, 0)}" fill="none" stroke="#333"/>',
    ]
    parts += [
        f'<text x="{left - 6}" y="{at(0, y).split(",")[1]}" text-anchor="end">{y:.2f}</text>'
        for y in np.arange(0, top, 0.05)
    ]
    parts += [
        f'<text x="{at(x, 0).split(",")[0]}" y="{low + 16}" text-anchor="middle">{x}</text>'
        for x in range(int(most) + 1)
    ]
    for name, y in lines.items():
        ends = f"{at(0, y)} {at(most, y)}"
        parts.append(f'<polyline points="{ends}" stroke="#999" stroke-dasharray="4 4"/>')
        x, height_ = at(most, y).split(",")
        parts.append(f'<text x="{float(x) + 6:.0f}" y="{height_}" fill="#666">{name}</text>')
    points = " ".join(at(x, y) for x, y in rows)
    parts.append(f'<polyline points="{points}" fill="none" stroke="#0b6" stroke-width="2"/>')
    x, y = at(*rows[-1]).split(",")
    parts.append(f'<text x="{float(x) + 6:.0f}" y="{y}" fill="#0b6">nano</text>')
    parts.append(
        f'<text x="{left}" y="{height - 16}">minutes of the processor; above: position error, '
        "widths of the picture</text></svg>"
    )
    path.write_text("\n".join(parts) + "\n")


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
    parser.add_argument("--every", type=int, default=200, help="steps between looks")
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
    looks = [
        (row["step"], row["validation"]["position"]["mean"])
        for row in log.rows
        if "validation" in row and row["validation"]["position"]
    ]
    times = dict(log.series("seconds"))
    near = [(times[min(times, key=lambda s: abs(s - step))] / 60, value) for step, value in looks]
    lines = {k: found[k]["position"]["mean"] for k in ("first frame held", "mean clip")}
    curve([(0.0, lines["mean clip"]), *near], lines, args.output / "curve.svg")
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
