"""`evenflow world inject`: a scene with a defect in it, its clean twin, and the truth."""

import difflib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from evenflow.cli.console import (
    Bar,
    Debug,
    Json,
    Offline,
    Quiet,
    Yes,
    kind_name,
    print_json,
    stdout,
    stoppable,
)
from evenflow.cli.inject import write_planted
from evenflow.core.errors import BadInput, OutputExists
from evenflow.core.events import CancelToken, Meter, Progress

if TYPE_CHECKING:
    from evenflow.core.clip import Clip
    from evenflow.world.defects import Planted
    from evenflow.world.spec import SceneSpec

SCHEMA = "evenflow.world_inject/1"


def inject(
    caption: Annotated[
        str | None,
        typer.Argument(
            metavar="CAPTION",
            show_default=False,
            help="What the scene shows. Without one the seed chooses.",
        ),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="K", help="What goes wrong; --kinds lists all.")
    ] = None,
    strength: Annotated[
        int, typer.Option(min=1, max=5, help="1 hardly visible, 3 clear, 5 ruins the shot.")
    ] = 3,
    at: Annotated[
        str | None,
        typer.Option(metavar="A..B", help="When: 1s..2s, 36f..60f; by default what suits it."),
    ] = None,
    entity: Annotated[
        str | None,
        typer.Option(
            metavar="N|NAME", help='Who has it: its number, or its words ("red ball", woman).'
        ),
    ] = None,
    variant: Annotated[
        str | None, typer.Option(metavar="V", help="One form of the kind, see --kinds.")
    ] = None,
    preset: Annotated[
        str | None, typer.Option(metavar="P", help="lab, story (default), flat, maze.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the scene, and of the defect in it.")] = 0,
    frames: Annotated[
        int | None, typer.Option(min=8, max=100_000, help="Frames of the clip (72).")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Pixels (256x256); 128 means 128x128.")
    ] = None,
    fps: Annotated[str | None, typer.Option(metavar="R", help="Frames a second (24).")] = None,
    spec: Annotated[
        Path | None, typer.Option(metavar="JSON", help="This scene, instead of all these.")
    ] = None,
    control: Annotated[
        bool,
        typer.Option(
            "--control", help="Instead of the defect its legal look-alike, which is no defect."
        ),
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT", help="The clip; .mkv is lossless."),
    ] = None,
    clean: Annotated[
        Path | None, typer.Option(metavar="CLEAN", help="The clean twin goes there as well.")
    ] = None,
    mask: Annotated[
        Path | None,
        typer.Option(
            metavar="OUT",
            help="Changed pixels: a folder of PNG, or an .npz with `mask (t, h, w)`.",
        ),
    ] = None,
    kinds: Annotated[bool, typer.Option("--kinds", help="List what can be planted.")] = False,
    device: Annotated[str, typer.Option(metavar="D", help="cpu or cuda.")] = "cpu",
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Plant a defect in a scene: in its states, its light or its pictures.

    Shadows, occlusion and reflections follow, because the scene is drawn
    again. Writes OUT and OUT.truth.json (what, when, where, who, how strong,
    and in which frames it can be seen).
    """
    if kinds:
        _list_kinds(json_=json_)
        return
    if kind is None or output is None:
        raise BadInput(
            "world inject needs --kind and -o: evenflow world inject CAPTION --kind K -o OUT "
            "(--kinds shows the kinds)"
        )
    if str(output) == "-":
        raise BadInput("inject writes the truth beside its output: give a file, not -")
    given = {"a caption": caption, "--preset": preset, "--frames": frames, "--size": size,
             "--fps": fps}  # fmt: skip
    clash = [name for name, value in given.items() if value is not None]
    if spec is not None and clash:
        raise BadInput(f"--spec is the whole scene: leave out {' and '.join(clash)}")
    if control:
        unused = {"--at": at, "--entity": entity, "--variant": variant, "--clean": clean,
                  "--mask": mask}  # fmt: skip
        wrong = [name for name, value in unused.items() if value is not None]
        if wrong:
            raise BadInput(
                f"a control is no defect and has no twin: leave out {' and '.join(wrong)}"
            )
    if caption is not None and not caption.strip():
        raise BadInput("the caption is empty: say what is to be seen, or leave it out")

    from evenflow.world.clip import need_torch

    need_torch()
    from evenflow.cli.world import _check_device

    _check_device(device, ())
    chosen = known_kind(kind)
    for path in (output, clean, mask):
        if path is not None:
            _free(path, yes=yes)
    scene = _scene(caption, preset, seed, frames, size, fps, spec)
    with stoppable() as cancel, Bar(quiet=quiet, title=output.name) as bar:
        if control:
            truth, clip = _control(scene, chosen, seed, device)
            says = f"{truth['control']}, which is no defect: {truth['meaning']}"
        else:
            from evenflow.world.defects import inject as plant

            who = entity_of(scene, entity) if entity is not None else 0
            planted = plant(
                scene, chosen, strength=strength, at=at, entity=who, seed=seed,
                caption=caption, variant=variant or "", device=device, cancel=cancel,
            )  # fmt: skip
            clip, truth = planted.clip, truth_of(planted, strength)
            span = planted.span
            says = (
                f"{chosen}"
                + (f" ({span.parameters['variant']})" if "variant" in span.parameters else "")
                + f" of strength {strength} in frames {span.start_frame}-{span.end_frame - 1}"
                + ("" if planted.is_visible else ", which nobody can see")
            )
        truth |= {"schema": SCHEMA, "clip": output.name, "scene": scene.digest, "seed": seed}
        fresh = [p for p in (clean, mask) if p is not None and not p.exists()]
        try:
            if clean is not None:
                _write_clean(planted.clean, clean, progress=bar, cancel=cancel)
            if mask is not None:
                write_masks(planted, mask, progress=bar, cancel=cancel)
            write_planted(clip, output, truth, source="-", progress=bar, cancel=cancel)
        except BaseException:
            for path in fresh:  # neither without the other
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
            raise
    if json_:
        print_json(truth)
    elif not quiet:
        from rich.text import Text

        stdout().print(Text(f"{output}: {says}, truth in {output.name}.truth.json"), soft_wrap=True)


def truth_of(planted: "Planted", strength: int) -> dict[str, Any]:
    """The truth as JSON: a Span, who has it, and how many pixels of every frame show it."""
    return {
        **planted.span.to_json(),
        "strength": strength,
        "caption": planted.caption,
        "entities": [
            {"id": id, "kind": planted.spec.entity(id).kind, "color": planted.spec.entity(id).color}
            for id in planted.entities
        ],
        "is_visible": planted.is_visible,
        "visible": planted.visible.tolist(),
        "boxes": [None if b[0] < 0 else b.tolist() for b in planted.boxes],
    }


def known_kind(text: str) -> str:
    """A row of DEFECTS, whichever English it came in.

    Raises:
        BadInput: there is none of this name; the message says which come near.
    """
    from evenflow.world.defects import DEFECTS

    name = kind_name(text)
    if name in DEFECTS:
        return name
    near = difflib.get_close_matches(name, DEFECTS, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(DEFECTS)}"
    raise BadInput(f"no defect of kind {text!r} can be planted in a scene: {hint}")


def entity_of(spec: "SceneSpec", text: str) -> int:
    """Id of somebody in a scene, from its number or from words that fit one only.

    Raises:
        BadInput: nobody is called so, or several are.
    """
    names = {one.id: f"{one.color} {one.kind}" for one in spec.cast}
    everybody = ", ".join(f"{id} {name}" for id, name in names.items()) or "nobody"
    words = text.strip().lower().removeprefix("the ").split()
    if len(words) == 1 and words[0].isdigit():
        if int(words[0]) in names:
            return int(words[0])
        raise BadInput(f"there is no entity {words[0]}: the scene has {everybody}")
    found = [
        one.id
        for one in spec.cast
        if words and all(w in (one.color, one.kind, one.size_word, one.pattern) for w in words)
    ]
    if len(found) == 1:
        return found[0]
    if found:
        raise BadInput(f"{text!r} fits {len(found)} of them: say one of {everybody}")
    raise BadInput(f"nobody here is {text!r}: the scene has {everybody}")


def write_masks(
    planted: "Planted",
    path: Path,
    *,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> None:
    """Masks of all frames, `(t, h, w)`: an .npz with one bool array, else a folder of PNG."""
    import os
    import tempfile

    import numpy as np
    from PIL import Image

    from evenflow.world.defects import masks

    num = len(planted.clip)
    meter = Meter("masks", num, progress=progress, cancel=cancel)
    inside = set(
        range(planted.span.parameters["planted"][0], planted.span.parameters["planted"][1])
    )
    empty = np.zeros((planted.spec.size[1], planted.spec.size[0]), np.bool_)
    rows = []
    with tempfile.TemporaryDirectory(dir=path.parent) as made:
        for i in range(num):
            one = masks(planted, [i])[0] if i in inside else empty
            if path.suffix == ".npz":
                rows.append(one)
            else:
                Image.fromarray(one.astype(np.uint8) * 255).save(Path(made) / f"{i:05d}.png")
            meter.advance()
        if path.suffix == ".npz":
            whole = Path(made) / "mask.npz"
            np.savez_compressed(whole, mask=np.stack(rows))
            os.replace(whole, path)
            return
        if path.is_dir():
            shutil.rmtree(path)
        shutil.copytree(made, path)


def _free(path: Path, *, yes: bool) -> None:
    if not path.parent.is_dir():
        raise BadInput(f"the folder {path.parent} does not exist: make it first")
    for one in (path, path.with_name(path.name + ".truth.json")):
        empty = one.is_dir() and not any(one.iterdir())
        if one.exists() and not empty and not yes:
            raise OutputExists(f"{one.name} is already there: choose another name or say --yes")


def _scene(
    caption: str | None,
    preset: str | None,
    seed: int,
    frames: int | None,
    size: str | None,
    fps: str | None,
    spec: Path | None,
) -> "SceneSpec":
    if spec is not None:
        from evenflow.world.spec_file import read_spec

        return read_spec(spec)
    from fractions import Fraction

    from evenflow.cli.world import PRESETS, _named, parse_size
    from evenflow.world.clip import scene

    rate = Fraction(24)
    if fps is not None:
        from evenflow.io import parse_rate

        rate = parse_rate(fps)
    return scene(
        caption,
        preset=_named(preset or "story", PRESETS, "preset"),  # type: ignore[arg-type]
        seed=seed,
        frames=frames or 72,
        size=parse_size(size) if size is not None else (256, 256),
        fps=rate,
    )


def _control(
    scene: "SceneSpec", kind: str, seed: int, device: str
) -> "tuple[dict[str, Any], Clip]":
    from evenflow.world.defects import CONTROLS, DEFECTS
    from evenflow.world.defects import control as stage

    name = DEFECTS[kind].control
    made = stage(scene, name, seed=seed, device=device)
    row = CONTROLS[name]
    truth = {"kind": None, "control": name, "meaning": row.meaning, "against": list(row.against),
             "caption": made.caption}  # fmt: skip
    return truth, made.clip


def _write_clean(clip: "Clip", path: Path, *, progress: Progress, cancel: CancelToken) -> None:
    import evenflow
    from evenflow.io import write

    write(
        clip,
        path,
        overwrite=True,
        provenance={
            "made_by": f"evenflow {evenflow.__version__}",
            "synthetic": True,
            "source": "procedural world",
        },
        progress=progress,
        cancel=cancel,
    )


def _list_kinds(*, json_: bool) -> None:
    from evenflow.core.kinds import KINDS
    from evenflow.world.defects import DEFECTS

    if json_:
        print_json(
            {
                name: {
                    "meaning": KINDS[name].meaning,
                    "magnitudes": list(row.magnitudes),
                    "unit": row.unit,
                    "variants": {
                        v: {
                            "magnitudes": list(row.ladders[v][0])
                            if v in row.ladders
                            else list(row.magnitudes),
                            "unit": row.ladders[v][1] if v in row.ladders else row.unit,
                        }
                        for v in row.variants
                    },
                    "entity": row.carriers is not None,
                    "control": row.control,
                    "equal": list(row.equal),
                }
                for name, row in DEFECTS.items()
            }
        )
        return
    for name, row in DEFECTS.items():
        typer.echo(f"{name:<22} {KINDS[name].meaning}")
        if row.variants:
            typer.echo(f"{'':<22}   variants: {', '.join(row.variants)}")
