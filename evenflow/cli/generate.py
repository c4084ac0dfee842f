"""`evenflow generate`: a prompt becomes a clip, with its settings and latents beside it."""

import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Offline,
    Quiet,
    Verbose,
    Yes,
    print_json,
    print_warning,
    stderr,
    stoppable,
)
from evenflow.core.errors import BadInput, Cancelled, OutputExists

if TYPE_CHECKING:
    from evenflow.core.events import CancelToken
    from evenflow.frameworks.model import Model, Plan
    from evenflow.shoot.files import Told, Written

SCHEMA = "evenflow.generated/1"
PREVIEW_FRAMES, PREVIEW_SIDE = 6, 128
"""Pictures of a row of a preview, and about how many pixels high they are shown."""
SHOT, HOW, OUT = "The shot", "How it is made", "What is written"


def generate(
    prompt: Annotated[
        str | None,
        typer.Argument(
            metavar="PROMPT",
            show_default=False,
            help='What it shows, like "a red ball rolls behind the pillar".',
        ),
    ] = None,
    frames: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            show_default=False,
            rich_help_panel=SHOT,
            help="4n + 1, such as 33; by default as the model learned.",
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(
            metavar="WxH",
            show_default=False,
            rich_help_panel=SHOT,
            help="Pixels; by default as the model learned.",
        ),
    ] = None,
    image: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            show_default=False,
            rich_help_panel=SHOT,
            help="A picture to begin with; it is cut to fit.",
        ),
    ] = None,
    seed: Annotated[
        int, typer.Option(metavar="N", rich_help_panel=SHOT, help="The same seed, the same bytes.")
    ] = 0,
    variants: Annotated[
        int,
        typer.Option(
            metavar="N",
            rich_help_panel=SHOT,
            help="Clips of seeds N, N+1, ...; the best goes to OUT, the others beside it.",
        ),
    ] = 1,
    model: Annotated[
        str,
        typer.Option(
            metavar="M", rich_help_panel=HOW, help="pocket, or the folder of a trained model."
        ),
    ] = "pocket",
    quality: Annotated[
        str,
        typer.Option(
            metavar="Q", rich_help_panel=HOW, help="turbo (the student, a few steps) or full."
        ),
    ] = "turbo",
    steps: Annotated[
        int | None,
        typer.Option(metavar="N", show_default=False, rich_help_panel=HOW, help="Of full quality."),
    ] = None,
    guidance: Annotated[
        float | None,
        typer.Option(
            metavar="G",
            show_default=False,
            rich_help_panel=HOW,
            help="How strictly full quality follows the prompt; 1 is not at all beyond it.",
        ),
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            metavar="F",
            rich_help_panel=HOW,
            help="autoregressive (block by block) or full_sequence (all at once).",
        ),
    ] = "autoregressive",
    device: Annotated[
        str, typer.Option(metavar="D", rich_help_panel=HOW, help="auto, cpu, cuda or mps.")
    ] = "auto",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            show_default=False,
            rich_help_panel=OUT,
            help="The clip: .mkv is lossless, .mp4 small, .gif; a folder is PNG; - is y4m on "
            "stdout. Without it a name from the prompt.",
        ),
    ] = None,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview",
            rich_help_panel=OUT,
            help="Only a picture: a row of frames for each seed, to choose one from.",
        ),
    ] = False,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream", rich_help_panel=OUT, help="Write frames as soon as their block is made."
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", rich_help_panel=OUT, help="Go on with what a stopped run left at OUT."
        ),
    ] = False,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Make a clip of a prompt, in the world's language, offline.

    OUT.json (settings) and OUT.latents.safetensors lie beside it. Ctrl-C
    leaves both, and --resume goes on. See docs/generate.md.
    """
    if resume:
        if output is None or str(output) == "-":
            raise BadInput("--resume needs -o: the clip whose run was stopped")
        if preview:
            raise BadInput("a preview is made anew: leave out --resume")
    elif prompt is None:
        raise BadInput('generate needs a prompt: evenflow generate "a red ball rolls to the left"')
    if output is not None and str(output) == "-" and sys.stdout.isatty():
        raise BadInput("the clip would fill this terminal: pipe it to a player (-o - | mpv -)")
    if preview and stream:
        raise BadInput("a preview is one picture: leave out --stream")
    asked: dict[str, Any] = {
        "frames": frames, "steps": steps, "guidance": guidance, "quality": quality,
        "method": method, "image": image, "size": None if size is None else _size(size),
    }  # fmt: skip
    from evenflow.shoot.generate import load, seeds_of

    if resume:
        assert output is not None
        prompt, seed = _again(asked, prompt, seed, output)
    assert prompt is not None
    seeds = seeds_of(seed, variants)
    suffix = ".png" if preview else ".mp4"
    out = output or _named(prompt, seed, suffix, preview=preview)
    if preview:
        _preview_place(out, yes=yes)
    with stoppable() as cancel, Bar(quiet=quiet or stream, title=out.name) as bar:
        if not preview:
            _places(out, seeds, yes=yes, resume=resume)
        net = load(model, device=device)
        cancel.check()
        plan = net.plan(prompt, preview=preview, **asked)
        _say_plan(plan, quiet=quiet, verbose=verbose, stdout_is_data=json_ or str(out) == "-")
        if preview:
            rows = _preview(net, plan, seeds, out, bar, cancel)
            written: list[Written] = []
        else:
            from evenflow.shoot.files import produce

            try:
                written = produce(
                    net, plan, seeds, out, overwrite=yes, stream=stream, resume=resume,
                    progress=bar, cancel=cancel, note=print_warning,
                    told=_ready(plan) if stream and not quiet else None,
                )  # fmt: skip
            except Cancelled:
                _say_stopped(out, seeds)
                raise
            rows = [_row(one) for one in written]
    if json_ and str(out) != "-":
        print_json({"schema": SCHEMA, "prompt": prompt, "caption": plan.caption,
                    "warnings": list(plan.warnings), "clips": rows})  # fmt: skip
    elif not quiet:
        for line in _lines(out, plan, rows, preview=preview):
            stderr().print(line, markup=False, soft_wrap=True)


def _again(asked: dict[str, Any], prompt: str | None, seed: int, output: Path) -> tuple[str, int]:
    """What a stopped run was asked for, where the command does not say it again."""
    from evenflow.shoot.files import settings_of

    told = settings_of(output)
    if told is None:  # of several variants each has settings of its own
        if prompt is None:
            raise BadInput(
                f"{output.name}.json is not there, so nothing is known of the clip: give the whole "
                f"command again, with --resume"
            )
        return prompt, seed
    if prompt is not None and prompt != told.get("prompt"):
        raise BadInput(
            f"{output.name} was begun with another prompt ({told.get('prompt')!r}): leave it out"
        )
    for name in ("frames", "method", "quality"):
        if asked[name] is None or name in ("method", "quality"):
            asked[name] = told.get(name)
    if asked["size"] is None and isinstance(told.get("size"), list):
        asked["size"] = tuple(told["size"])
    if asked["quality"] == "full":
        asked["steps"] = asked["steps"] or told.get("steps")
        asked["guidance"] = told.get("guidance") if asked["guidance"] is None else asked["guidance"]
    if told.get("image") and asked["image"] is None:
        raise BadInput(f"{output.name} was begun with a picture: give --image again")
    return str(told.get("prompt", "")), seed or int(told.get("seed", 0))


def _size(text: str) -> tuple[int, int]:
    from evenflow.cli.world import parse_size

    return parse_size(text)


def _named(prompt: str, seed: int, suffix: str, *, preview: bool) -> Path:
    """A name that is free: the prompt's words, then the seed, then a number."""
    words = re.findall(r"[a-z0-9]+", prompt.lower())
    stem = "_".join(word for word in words if word not in ("a", "an", "the", "there", "is"))[:40]
    stem = f"{stem.strip('_') or 'clip'}_s{seed}"
    for number in range(1, 10_000):
        name = f"{stem}{f'_{number}' if number > 1 else ''}{suffix}"
        if not any(Path(f"{name}{beside}").exists() for beside in ("", ".json")):
            return Path(name)
    raise OutputExists(f"there are 10000 clips called {stem} here: give -o a name")


def _places(out: Path, seeds: Sequence[int], *, yes: bool, resume: bool) -> None:
    from evenflow.shoot.generate import need_torch

    need_torch()
    from evenflow.shoot.files import free_places

    free_places(out, seeds, overwrite=yes, resume=resume)


def _preview_place(out: Path, *, yes: bool) -> None:
    if out.suffix.lower() != ".png":
        raise BadInput(f"a preview is a picture: give -o a name that ends in .png, got {out.name}")
    if not out.parent.is_dir():
        raise BadInput(f"the folder {out.parent} does not exist: make it first")
    if out.is_dir():
        raise BadInput(f"{out.name} is a folder: give the name of a file")
    if out.exists() and not yes:
        raise OutputExists(f"{out.name} is there already: give another name or --yes")


def _preview(
    model: "Model",
    plan: "Plan",
    seeds: Sequence[int],
    out: Path,
    bar: Bar,
    cancel: "CancelToken",
) -> list[dict[str, Any]]:
    """A row of frames for each seed."""
    import io

    import numpy as np

    from evenflow.shoot.files import save_bytes
    from evenflow.shoot.generate import made_of, numbered
    from evenflow.world.sheet import sheet

    times = max(1, round(PREVIEW_SIDE / min(plan.size)))
    strips = []
    for i, seed in enumerate(seeds):
        clip = made_of(model, plan, seed, progress=numbered(bar, i, len(seeds)), cancel=cancel)
        last, count = plan.frames - 1, min(PREVIEW_FRAMES, plan.frames)
        at = [round(k * last / max(1, count - 1)) for k in range(count)]
        pictures = clip.frames()
        strips.append([np.repeat(np.repeat(pictures[k], times, 0), times, 1) for k in at])
    picture = sheet(strips, captions=[f"--seed {seed}" for seed in seeds])
    data = io.BytesIO()
    picture.save(data, "PNG")
    save_bytes(data.getvalue(), out)
    return [{"path": str(out), "seed": seed} for seed in seeds]


def _say_plan(plan: "Plan", *, quiet: bool, verbose: bool, stdout_is_data: bool) -> None:
    if quiet:
        return
    for warning in plan.warnings:
        print_warning(warning)
    if plan.caption and (verbose or _plain(plan.caption) != _plain(plan.prompt)):
        stderr().print(f"heard: {plan.caption}", style="dim", markup=False, soft_wrap=True)
    if verbose:
        width, height = plan.size
        stderr().print(
            f"{plan.frames} frames of {width}x{height} at {float(plan.fps):g} a second, "
            f"{plan.quality}: {plan.steps} steps a block, {plan.sampler}, guidance "
            f"{plan.guidance:g}, {plan.method}",
            style="dim", markup=False, soft_wrap=True,
        )  # fmt: skip


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9]+", text.lower()))


def _ready(plan: "Plan") -> "Told | None":
    """Tells how many frames are written and how long the rest takes; silent where nobody looks."""
    console = stderr()
    if not console.is_terminal:
        return None
    start = time.monotonic()

    def told(count: int) -> None:
        left = (time.monotonic() - start) / count * (plan.frames - count)
        rest = f", {left:.0f} s left" if count < plan.frames else ""
        console.print(f"{count} of {plan.frames} frames are written{rest}", markup=False)

    return told


def _say_stopped(out: Path, seeds: Sequence[int]) -> None:
    if str(out) == "-":
        return
    name = out.name if len(seeds) == 1 else f"{out.name} and its variants"
    print_warning(f"settings and latents of {name} are kept: the same with --resume goes on")


def _row(one: "Written") -> dict[str, Any]:
    row: dict[str, Any] = {"path": str(one.path), "seed": one.take.seed}
    row["settings"] = None if one.settings is None else str(one.settings)
    row["latents"] = None if one.latents is None else str(one.latents)
    row["rank"] = None if one.take.rank is None else one.take.rank.to_json()
    row["record"] = one.take.record
    return row


def _lines(out: Path, plan: "Plan", rows: Sequence[dict[str, Any]], *, preview: bool) -> list[str]:
    width, height = plan.size
    if preview:
        seeds = [row["seed"] for row in rows]
        some = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
        return [f"{out}: a look at {some}; the same command without --preview makes the clip"]
    found = []
    for row in rows:
        line = f"{row['path']}: {plan.frames} frames, {width}x{height}, seed {row['seed']}"
        rank = row["rank"]
        if rank is not None:
            score = "not checked" if rank["score"] is None else f"score {rank['score']:.0f}"
            line += f", {score}" + (f", shows {rank['clauses']}" if rank["clauses"] else "")
        found.append(line)
    return found
