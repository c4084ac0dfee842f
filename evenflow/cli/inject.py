"""`evenflow inject`: plants a defect, or a legal look-alike, with the truth beside it."""

import difflib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import evenflow
from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Offline,
    Quiet,
    Yes,
    kind_name,
    print_json,
    print_warning,
    stdout,
    stoppable,
)
from evenflow.core.errors import BadInput, OutputExists
from evenflow.core.events import CancelToken, Progress
from evenflow.core.kinds import KINDS
from evenflow.core.span import Box

if TYPE_CHECKING:
    from evenflow.core.clip import Clip

SCHEMA = "evenflow.inject/1"
_NAMES = ", ".join(kind for kind in KINDS if kind != "unphysical")  # that needs a world with laws


def inject(
    clip: Annotated[
        str | None,
        typer.Argument(metavar="CLIP", show_default=False, help="A video, image folder or -."),
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(metavar="K", help=f"What to plant: {_NAMES}. `list` says what they are."),
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="A..B", help="When: 1s..2s, 36f..60f, 25%..50%.")
    ] = None,
    strength: Annotated[
        int, typer.Option(min=1, max=5, help="1 hardly visible, 3 clear, 5 ruins the shot.")
    ] = 3,
    box: Annotated[
        str | None,
        typer.Option(
            metavar="x0,y0,x1,y1",
            help="Where it happens, or the object that it happens to when the range begins, or the "
            "subject that a fault of the background spares, in pixels. Without it: everywhere, or "
            "to something that the seed picks.",
        ),
    ] = None,
    control: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Instead of a defect: something legal that looks like one, over the whole clip; "
            "`list` shows what there is.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="The new clip; .mkv is lossless, .mp4 is small."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of whatever is random in the defect.")] = 0,
    fps: Annotated[
        str | None,
        typer.Option(metavar="R", help="Frame rate of image folders and patterns (24)."),
    ] = None,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Plant a defect at a known time, to see whether it is found.

    Writes OUT and OUT.truth.json (what, when, where, how strong), both or
    neither. Frames before the range are the clip's own, and those behind it
    too, but for a drift or a drifting identity, which stay, and a jump, which
    skips frames.
    """
    from evenflow.core.times import Range
    from evenflow.reports import free_to_write

    if kind is not None and kind_name(kind) == "list":
        _list_kinds(json_=json_)
        return
    if control is not None and kind_name(control) == "list":
        _list_controls(json_=json_)
        return
    if control is not None:
        for name, value in (("--kind", kind), ("--at", at), ("--box", box)):
            if value is not None:
                raise BadInput(
                    f"a control runs through the whole clip and is no defect: leave out {name}"
                )
    if clip is None:
        raise BadInput("inject needs a clip: evenflow inject CLIP --kind K --at A..B -o OUT")
    for name, missing in (
        ("--kind", kind is None and control is None),
        ("--at", at is None and control is None),
        ("--output", output is None),
    ):
        if missing:
            raise BadInput(
                f"inject needs {name}: evenflow inject CLIP --kind K --at A..B -o OUT "
                "(--kind list shows the kinds)"
            )
    assert output is not None
    stretch = Range.parse(at) if at is not None else None
    area = parse_box(box) if box is not None else None
    if str(output) == "-":
        raise BadInput("inject writes the truth beside its output: give a file, not -")
    truth_path = output.with_name(output.name + ".truth.json")
    if output.exists() and not yes:
        raise OutputExists(f"{output.name} is already there: choose another name or say --yes")
    free_to_write(truth_path, overwrite=yes)

    from evenflow.io import parse_rate, read

    rate = parse_rate(fps) if fps is not None else None
    chosen = known_kind(kind) if kind is not None else known_control(control or "")
    with stoppable() as cancel, Bar(quiet=quiet, title=output.name) as bar:
        source = read(clip, fps=rate)
        truth: dict[str, Any]
        if stretch is None:
            from evenflow.continuity import CONTROLS
            from evenflow.continuity import control as stage

            planted = stage(source, chosen, seed=seed, cancel=cancel)
            row = CONTROLS[chosen]
            truth = {"kind": None, "control": chosen, "meaning": row.meaning}
            truth["against"] = list(row.against)
            says = f"{chosen}, which is no defect: {row.meaning}"
        else:
            from evenflow.continuity import inject as plant

            planted, span = plant(
                source, chosen, strength=strength, at=stretch, box=area, seed=seed, cancel=cancel
            )
            truth = {**span.to_json(), "strength": strength}
            says = (
                f"{span.kind} of strength {strength} in frames "
                f"{span.start_frame}-{span.end_frame - 1}"
            )
        truth |= {
            "schema": SCHEMA,
            "clip": output.name,
            "source": source.info.name,
            "seed": seed,
        }
        write_planted(planted, output, truth, source=clip, progress=bar, cancel=cancel)
    if json_:
        print_json(truth)
    elif not quiet:
        from rich.text import Text

        stdout().print(Text(f"{output}: {says}, truth in {truth_path.name}"), soft_wrap=True)


def write_planted(
    planted: "Clip",
    output: Path,
    truth: Any,
    *,
    source: str | Path,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> None:
    """Writes a clip and `OUT.truth.json` beside it: both appear, or neither.

    Args:
        planted: what `ef.inject` returned.
        output: the new clip; whatever is there is replaced.
        truth: a Span in JSON, or a list of them.
        source: the clip that it was made from; sound and subtitles are carried over from it.
    """
    from evenflow.io import write
    from evenflow.reports import save

    truth_path = output.with_name(output.name + ".truth.json")
    text = json.dumps(truth, indent=1, ensure_ascii=False) + "\n"
    beside = truth_path.with_name(f".{truth_path.name}.part")
    try:
        save(text, beside)  # first, because it is the quick one
        write(
            planted,
            output,
            overwrite=True,
            carry_from=None if str(source) == "-" else source,
            settings={"inject": truth},
            provenance={
                "edited_by": f"evenflow {evenflow.__version__}",
                "planted_defects": not (isinstance(truth, dict) and truth.get("kind") is None),
            },
            progress=progress,
            cancel=cancel,
            note=print_warning,
        )
        beside.replace(truth_path)
    finally:
        beside.unlink(missing_ok=True)


def known_kind(text: str) -> str:
    """A kind that can be planted, whichever English it came in.

    Raises:
        BadInput: there is none of this name; the message says which come near.
    """
    from evenflow.continuity.injectors import INJECTORS

    name = kind_name(text)
    if name in INJECTORS:
        return name
    near = difflib.get_close_matches(name, INJECTORS, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(INJECTORS)}"
    raise BadInput(f"no defect of kind {text!r} can be planted: {hint}")


def known_control(text: str) -> str:
    """A control that can be staged, whichever English it came in.

    Raises:
        BadInput: there is none of this name; the message says which come near.
    """
    from evenflow.continuity.injectors import CONTROLS

    name = kind_name(text)
    if name in CONTROLS:
        return name
    near = difflib.get_close_matches(name, CONTROLS, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(CONTROLS)}"
    raise BadInput(f"there is no control {text!r}: {hint}")


def parse_box(text: str) -> Box:
    """Reads `x0,y0,x1,y1`.

    >>> parse_box("0, 0, 64, 32")
    (0, 0, 64, 32)

    Raises:
        BadInput: not four whole numbers, or an empty box.
    """
    match = re.fullmatch(r"\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*", text)
    if not match:
        raise BadInput(f"a box is written x0,y0,x1,y1 in pixels, got {text!r}")
    x0, y0, x1, y1 = (int(number) for number in match.groups())
    if x1 <= x0 or y1 <= y0:
        raise BadInput(f"a box has x0 < x1 and y0 < y1, got {text!r}")
    return x0, y0, x1, y1


def _list_kinds(*, json_: bool) -> None:
    from evenflow.continuity.injectors import INJECTORS

    if json_:
        print_json({name: KINDS[name].meaning for name in INJECTORS})
        return
    for name in INJECTORS:
        typer.echo(f"{name:<22} {KINDS[name].meaning}")


def _list_controls(*, json_: bool) -> None:
    from evenflow.continuity.injectors import CONTROLS

    if json_:
        rows = {n: {"meaning": c.meaning, "against": list(c.against)} for n, c in CONTROLS.items()}
        print_json(rows)
        return
    for name, row in CONTROLS.items():
        typer.echo(f"{name:<18} {row.meaning} (looks like {', '.join(row.against)})")
