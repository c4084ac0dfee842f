"""`evenflow world grade`: a clip is read back and scored against its caption and the laws."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import numpy as np
import typer

from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Offline,
    Quiet,
    Verbose,
    Yes,
    print_error,
    print_json,
    print_warning,
    stdout,
    stoppable,
)
from evenflow.core.errors import BadInput, EvenflowError, OutputExists

if TYPE_CHECKING:
    from rich.console import Console

    from evenflow.core.clip import Clip
    from evenflow.grading.grade import Grade, Score
    from evenflow.world.animation import CameraTrack
    from evenflow.world.spec import Preset

PRESETS = ("lab", "story", "flat", "maze")


def grade(
    clips: Annotated[
        list[str],
        typer.Argument(
            metavar="CLIP", show_default=False, help="Video files, GIFs or image folders."
        ),
    ],
    caption: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What they should show, in the world's language."),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="P", help="lab, story, flat or maze: whose clean clips to compare with (story)."
        ),
    ] = None,
    camera: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The camera, where it is known: rows as RealEstate10K has them (.txt), or the "
            "cameras.npz of a truth folder. Places in the world need it.",
        ),
    ] = None,
    actions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Eight keys and two looks a frame (.npy, .json), if it was played."
        ),
    ] = None,
    codec: Annotated[
        str,
        typer.Option(
            metavar="C", help="What the clip went through: identity, h264-crf23, jpeg-q75, ..."
        ),
    ] = "identity",
    parser: Annotated[
        str, typer.Option(metavar="EYES", help="auto, net (needs torch) or table (lab only).")
    ] = "auto",
    device: Annotated[str, typer.Option(metavar="D", help="cpu or cuda, for the net.")] = "cpu",
    fps: Annotated[
        str | None, typer.Option(metavar="R", help="Frame rate of image folders (24).")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT.json", help="Write the grades.")
    ] = None,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Read clips back and say whether they show their caption and keep the laws.

    Nothing of how a clip was made is looked at. Every score stands beside its
    null (clean clips of the world through the same codec) and its power; what
    cannot be told is "not parsed", never a guess.
    """
    if preset is not None and preset not in PRESETS:
        raise BadInput(f"there is no preset {preset!r}: say {', '.join(PRESETS)}")
    if parser not in ("auto", "net", "table"):
        raise BadInput(f"there is no parser {parser!r}: say auto, net or table")
    if caption is not None:
        if not caption.strip():
            raise BadInput("the caption is empty: say what is to be seen, or leave it out")
        from evenflow.world.language import parse

        parse(caption)  # what is wrong with it is wrong for every clip
    if output is not None:
        if not output.parent.is_dir():
            raise BadInput(f"the folder {output.parent} does not exist: make it first")
        if output.exists() and not yes:
            raise OutputExists(f"{output.name} is already there: choose another name or say --yes")
        if any(Path(one).resolve() == output.resolve() for one in clips if one != "-"):
            raise BadInput("the output is one of the clips: name it differently")
    played = None if actions is None else read_actions(actions)

    from evenflow.grading.judge import grade as judged
    from evenflow.grading.judge import to_json
    from evenflow.io import parse_rate, read

    rate = parse_rate(fps) if fps is not None else None
    several = len(clips) > 1
    rows: list[dict[str, Any]] = []
    bad = False
    with stoppable() as cancel:
        for text in clips:
            cancel.check()
            try:
                with Bar(quiet=quiet, title=Path(text).name) as bar:
                    clip = read(text, fps=rate)
                    track = None if camera is None else read_camera(camera, clip)
                    found = judged(
                        clip,
                        caption,
                        camera=track,
                        actions=played,
                        preset=cast("Preset | None", preset),
                        codec=codec,
                        parser=parser,
                        device=device,
                        progress=bar,
                        cancel=cancel,
                    )
            except EvenflowError as error:
                if cancel.cancelled or not several:
                    raise
                rows.append({"clip": {"path": text}, "error": str(error)})
                print_error(str(error))
                bad = True
                continue
            rows.append(to_json(found) | {"clip": found.clip | {"path": text}})
            for warning in () if quiet else found.warnings:
                print_warning(f"{Path(text).name}: {warning}")
            if not json_ and not quiet:
                print_grade(found, stdout(), verbose=verbose, name=Path(text).name)
    data: Any = rows if several else rows[0]
    if output is not None:
        beside = output.with_name(f".{output.name}.part")
        beside.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        beside.replace(output)
    if json_:
        print_json(data)
    if bad:
        raise typer.Exit(2)


def read_actions(path: Path) -> "np.ndarray[Any, Any]":
    """`(t, 10)` rows from `.npy` or `.json`.

    Raises:
        BadInput: it cannot be read or has other rows.
    """
    try:
        if path.suffix.lower() == ".npy":
            rows = np.load(path, allow_pickle=False)
        else:
            rows = np.array(json.loads(path.read_text(encoding="utf-8")), np.float64)
    except (OSError, ValueError, UnicodeDecodeError) as error:
        raise BadInput(f"{path.name} cannot be read as actions: {error}") from None
    if rows.ndim != 2 or rows.shape[1] != 10 or not np.isfinite(rows).all():
        raise BadInput(
            f"{path.name} should hold rows of 8 keys and 2 looks, got shape {rows.shape}"
        )
    return np.asarray(rows, np.float64)


def read_camera(path: Path, clip: "Clip") -> "CameraTrack":
    """The camera of every frame of a clip, from `cameras.npz` or RealEstate10K rows.

    Raises:
        BadInput: it cannot be read, or is of another clip.
    """
    from evenflow.world.animation import CameraTrack

    info = clip.info
    if path.suffix.lower() == ".npz":
        try:
            with np.load(path, allow_pickle=False) as data:
                track = CameraTrack(
                    data["intrinsics"], data["world_to_camera"], data["orthographic"]
                )
        except (OSError, ValueError, KeyError) as error:
            raise BadInput(f"{path.name} cannot be read as cameras: {error}") from None
    else:
        from evenflow.world.trajectories import poses_at, read_trajectory

        rows = read_trajectory(path)
        count = info.num_frames
        if count is None:
            raise BadInput("a stream has no length that a camera could be laid over: use a file")
        time = np.arange(count) / float(info.fps)
        k, pose = poses_at(rows, time, (info.width, info.height))
        track = CameraTrack(
            k.astype(np.float32), pose.astype(np.float32), np.zeros(count, np.bool_)
        )
    if info.num_frames is not None and len(track.intrinsics) != info.num_frames:
        raise BadInput(
            f"{path.name} has {len(track.intrinsics)} cameras and the clip {info.num_frames} "
            "frames: give one a frame"
        )
    return track


_SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


def print_grade(grade: "Grade", console: "Console", *, verbose: bool, name: str) -> None:
    """The card of one clip: clauses, then scores with their null and power."""
    from rich.table import Table
    from rich.text import Text

    from evenflow.grading.judge import worst_of
    from evenflow.grading.nulls import low

    clip = grade.clip
    console.print(
        Text(
            f"{name}  {clip['frames']} frames, {clip['width']}x{clip['height']}, "
            f"{grade.coverage:.0%} parsed",
            style="bold",
        )
    )
    if grade.caption is not None:
        console.print(Text(grade.caption, style="italic"))
    shown = [one for one in grade.clauses if verbose or one.shown is not None]
    for one in shown:
        sign, style = _SIGNS[one.shown]
        line = Text(f" {sign} ", style=style)
        line.append(one.text)
        if one.reason:
            line.append(f"  ({one.reason})", style="dim")
        if one.start_frame is not None and verbose:
            line.append(f"  frames {one.start_frame}-{one.end_frame}", style="dim")
        console.print(line)
    hidden = len(grade.clauses) - len(shown)
    if hidden:
        console.print(Text(f" ? {hidden} more that were not parsed (-v)", style="dim"))
    table = Table(box=None, pad_edge=False, show_edge=False)
    for title, side in (
        ("score", "left"), ("value", "right"), ("clean 5-95 %", "right"), ("power", "right"),
        ("unit", "left"),
    ):  # fmt: skip
        table.add_column(title, justify=cast(Any, side), no_wrap=title != "unit")
    worst = worst_of(grade)
    order = sorted(grade.scores, key=lambda n: worst.index(n) if n in worst else len(worst))
    count = 0
    for key in order:
        score = grade.scores[key]
        if score.value is None and not verbose:
            continue
        count += 1
        informative = score.null is None or score.null.informative_only
        style = "red" if low(score) and not informative else ("dim" if informative else "")
        table.add_row(
            Text(("! " if low(score) else "  ") + key, style=style),
            Text("-" if score.value is None else _short(score.value), style=style),
            Text(_band(score), style="dim"),
            Text(_power(score), style="dim"),
            Text(score.unit if score.value is not None else score.reason, style="dim"),
        )
    if count:
        console.print(table)
    if worst:
        console.print(Text(f"under the 5th percentile of clean clips: {', '.join(worst)}"))
    console.print()


def _short(value: float) -> str:
    return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"


def _band(score: "Score") -> str:
    if score.null is None:
        return "not measured"
    q = score.null.quantiles
    return f"{_short(q[1])} .. {_short(q[5])}"


def _power(score: "Score") -> str:
    if score.null is None or score.null.power is None:
        return ""
    return f"{score.null.power[1]:.2f}" + ("" if score.null.power[1] >= 0.9 else " (info)")
