"""`evenflow world`: clips of the procedural world with exact truth, and the probes for any tool."""

import difflib
import json
import re
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

import evenflow
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
    stdout,
    stoppable,
)
from evenflow.cli.grade import grade
from evenflow.cli.world_inject import inject
from evenflow.core.errors import BadInput, OutputExists
from evenflow.core.events import CancelToken, Meter, Progress

if TYPE_CHECKING:
    from evenflow.world.clip import Level
    from evenflow.world.spec import Preset, SceneSpec

SCHEMA = "evenflow.world/1"
PRESETS = ("lab", "story", "flat", "maze")
LEVELS = ("L0", "L1", "L2", "L3", "L4", "L5")

world = typer.Typer(
    no_args_is_help=True,
    help="Make clips of the procedural world: scenes from a caption or a seed, with exact truth.",
)
world.command("grade")(grade)

world.command("inject")(inject)


@dataclass(frozen=True)
class Job:
    """One clip to write.

    Args:
        spec: its scene.
        output: a clip or a folder of frames; truth_folder: for the truth, or None.
        truth: names, see `clip.truth_names`; levels: of the captions.
    """

    spec: "SceneSpec"
    output: Path | None
    truth_folder: Path | None
    truth: tuple[str, ...]
    levels: "tuple[Level, ...]"
    settings: dict[str, Any]


@world.command("sample")
def sample(
    caption: Annotated[
        str | None,
        typer.Argument(
            metavar="CAPTION",
            show_default=False,
            help='What it shows, like "a red ball rolls behind the pillar". Without one the seed '
            "chooses.",
        ),
    ] = None,
    preset: Annotated[
        str | None,
        typer.Option(
            metavar="P", help="lab (plain), story (scenery; default), flat (physics), maze (rooms)."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all that is not said.")] = 0,
    frames: Annotated[
        int | None, typer.Option(min=1, max=1_000_000, help="Frames of the clip (49; maze 600).")
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="WxH", help="Pixels (128x128); 256 means 256x256.")
    ] = None,
    fps: Annotated[str | None, typer.Option(metavar="R", help="Frames a second (12).")] = None,
    style: Annotated[
        str | None,
        typer.Option(
            metavar="S",
            help="plain, toon, pastel, night, foggy, sepia, pixel, paper; by default what is said.",
        ),
    ] = None,
    camera: Annotated[
        str | None,
        typer.Option(
            metavar="MOVES",
            help='What the camera does, in place of its own: "pan left, zoom in", static, follow.',
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="A clip (.mkv is lossless, .mp4 small, .gif) or a folder of PNG.",
        ),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="PNG", help="A contact sheet instead, or as well: a row a clip."),
    ] = None,
    truth: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES",
            help="all, or some of depth,instance,part,flow,occlusion,normals,shadow,albedo,"
            "coordinates,boxes,tracks,...; into the folder OUT.truth, and onto the sheet.",
        ),
    ] = None,
    level: Annotated[
        str | None,
        typer.Option(
            metavar="L0..L5",
            help="Captions of these levels (L0,L2 or all) into OUT.json, beside the clip.",
        ),
    ] = None,
    spec: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Draw this scene; the rest comes from it.")
    ] = None,
    save_spec: Annotated[
        Path | None, typer.Option(metavar="JSON", help="Write the scene, to edit or draw it again.")
    ] = None,
    num: Annotated[
        int, typer.Option(min=1, max=1_000_000, help="Clips, of seeds N, N+1, ...; OUT needs %d.")
    ] = 1,
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes; they change no byte.")
    ] = 1,
    device: Annotated[str, typer.Option(metavar="D", help="cpu or cuda.")] = "cpu",
    antialias: Annotated[
        bool, typer.Option("--antialias/--no-antialias", help="Soft edges.")
    ] = True,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """Make a clip: from a caption, from a seed, or from a scene as JSON.

    The same scene gives the same bytes, whatever --workers says. OUT appears
    when it is whole; nothing is overwritten without --yes.
    """
    given = {
        "a caption": caption, "--preset": preset, "--frames": frames, "--size": size,
        "--fps": fps, "--camera": camera,
    }  # fmt: skip
    if spec is not None:
        clash = [name for name, value in given.items() if value is not None]
        if clash:
            raise BadInput(f"--spec is the whole scene: leave out {' and '.join(clash)}")
        if num > 1:
            raise BadInput("--spec is one scene: leave out --num")
    if caption is not None and not caption.strip():
        raise BadInput("the caption is empty: say what is to be seen, or leave it out")
    if output is None and sheet is None and save_spec is None:
        raise BadInput("sample needs an output: -o CLIP, --sheet PNG or --save-spec JSON")
    if truth and output is None and sheet is None:
        raise BadInput("--truth lies beside a clip or is shown on a sheet: give -o or --sheet")
    if output is not None and str(output) == "-" and (num > 1 or truth or level):
        raise BadInput("on standard output there is room for one clip and nothing beside it")
    if num > 1:
        for name, path in (("-o", output), ("--save-spec", save_spec)):
            if path is not None and not _COUNTER.search(path.name):
                raise BadInput(
                    f"{num} clips need {num} names: give {name} a counter, like "
                    f"{path.stem}_%04d{path.suffix}"
                )
    chosen = cast("Preset", _named(preset or "story", PRESETS, "preset"))
    pixels = parse_size(size) if size is not None else (128, 128)
    levels = parse_levels(level) if level is not None else ()

    from evenflow.world.clip import scene, truth_names

    names = truth_names(truth.split(",")) if truth is not None else ()
    _check_device(device, names)
    rate = Fraction(12)
    if fps is not None:
        from evenflow.io import parse_rate

        rate = parse_rate(fps)
    if style is not None:
        from evenflow.world.words import STYLES

        style = _named(style, STYLES, "style")
    length = frames if frames is not None else (600 if chosen == "maze" else 49)
    if output is not None or sheet is not None:
        from evenflow.world.clip import need_torch

        need_torch()
    for path in _outputs(output, sheet, save_spec, names, levels, seed, num):
        _free(path, yes=yes)

    with stoppable() as cancel, Bar(quiet=quiet, title="world") as bar:
        specs = []
        meter = Meter("stage", num, progress=bar, cancel=cancel)
        for i in range(num):
            if spec is not None:
                from evenflow.world.spec_file import read_spec

                one = read_spec(spec)
                one = replace(one, style=style) if style is not None else one
            else:
                one = scene(
                    caption, preset=chosen, seed=seed + i, frames=length, size=pixels, fps=rate,
                    style=style, camera=camera,
                )  # fmt: skip
            specs.append(one)
            meter.advance()
        settings = {key: value for key, value in given.items() if value is not None}
        jobs = [
            Job(
                one,
                None if output is None else _numbered(output, seed + i),
                _truth_folder(_numbered(output, seed + i)) if output and names else None,
                names,
                levels,
                settings | {"seed": seed + i},
            )
            for i, one in enumerate(specs)
        ]
        written = _write_jobs(
            jobs, workers=workers, device=device, antialias=antialias, yes=yes, bar=bar,
            cancel=cancel,
        )  # fmt: skip
        if save_spec is not None:
            from evenflow.world.spec_file import write_spec

            for i, one in enumerate(specs):
                write_spec(one, _numbered(save_spec, seed + i), overwrite=yes)
        if sheet is not None:
            _write_sheet(
                specs, sheet, names, device=device, antialias=antialias, bar=bar, cancel=cancel
            )
    rows = [
        {
            "scene": one.digest,
            "seed": one.seed,
            "preset": one.preset,
            "frames": one.num_frames,
            "fps": str(one.fps),
            "size": list(one.size),
            "clip": None if job.output is None else str(job.output),
            "truth": None if job.truth_folder is None else str(job.truth_folder),
            **({"captions": texts} if (texts := written[i]) else {}),
        }
        for i, (one, job) in enumerate(zip(specs, jobs, strict=True))
    ]
    if json_:
        print_json(
            {"schema": SCHEMA, "clips": rows, "sheet": None if sheet is None else str(sheet)}
        )
    elif not quiet and str(output) != "-":
        _print_rows(rows, specs, sheet, save_spec, verbose=verbose)


_COUNTER = re.compile(r"%0?\d*d")


def _numbered(path: Path, number: int) -> Path:
    """The path of one of several clips: its counter is filled in, where it has one."""
    if not _COUNTER.search(path.name) or path.suffix.lower() in (".png", ".tif", ".tiff", ".exr"):
        return path
    return path.with_name(path.name % number)


def _truth_folder(output: Path) -> Path:
    return output.with_name(f"{output.name}.truth")


def _sidecar(output: Path) -> Path:
    return output.with_name(f"{output.name}.json")


def _outputs(
    output: Path | None,
    sheet: Path | None,
    save_spec: Path | None,
    names: tuple[str, ...],
    levels: "tuple[Level, ...]",
    seed: int,
    num: int,
) -> list[Path]:
    """Every path that will be written."""
    paths = [] if sheet is None else [sheet]
    for i in range(num):
        if save_spec is not None:
            paths.append(_numbered(save_spec, seed + i))
        if output is not None and str(output) != "-":
            one = _numbered(output, seed + i)
            paths.append(one)
            paths += [_truth_folder(one)] if names else []
            paths += [_sidecar(one)] if levels else []
    return paths


def _free(path: Path, *, yes: bool) -> None:
    """Raises before the long work if a path may not be written."""
    if not path.parent.is_dir():
        raise BadInput(f"the folder {path.parent} does not exist: make it first")
    if path.name.endswith(".truth"):
        from evenflow.world.clip import free_folder

        free_folder(path, overwrite=yes)
        return
    if path.suffix.lower() == "" and path.is_dir() and not any(path.iterdir()):
        return
    if path.exists() and not yes:
        raise OutputExists(f"{path.name} is already there: choose another name or say --yes")


def _named(text: str, table: tuple[str, ...], what: str) -> str:
    name = text.strip().lower()
    if name in table:
        return name
    near = difflib.get_close_matches(name, table, n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(table)}"
    raise BadInput(f"there is no {what} {text!r}: {hint}")


def parse_size(text: str) -> tuple[int, int]:
    """Reads `WxH` or one number.

    >>> parse_size("256x144"), parse_size("96")
    ((256, 144), (96, 96))

    Raises:
        BadInput: it is no size, or not in 8 to 16384 pixels.
    """
    match = re.fullmatch(r"\s*(\d{1,6})\s*(?:[x×*]\s*(\d{1,6}))?\s*", text.lower())
    if not match:
        raise BadInput(f"a size is written WxH in pixels, got {text!r}")
    width = int(match[1])
    height = int(match[2]) if match[2] else width
    if not (8 <= width <= 16_384 and 8 <= height <= 16_384):
        raise BadInput(f"a picture has sides of 8 to 16384 pixels, got {width}x{height}")
    return width, height


def parse_levels(text: str) -> "tuple[Level, ...]":
    """Reads `L0,L2`, `0,2` or `all`.

    >>> parse_levels("l2, 4")
    ('L2', 'L4')

    Raises:
        BadInput: there is no such level.
    """
    if text.strip().lower() == "all":
        return LEVELS  # type: ignore[return-value]
    found = []
    for word in text.split(","):
        name = word.strip().upper()
        name = name if name.startswith("L") else f"L{name}"
        if name not in LEVELS:
            raise BadInput(f"captions have the levels L0 to L5 or all, got {word.strip()!r}")
        found.append(name)
    return tuple(name for name in LEVELS if name in found)  # type: ignore[misc]


def _check_device(device: str, names: tuple[str, ...]) -> None:
    if not re.fullmatch(r"cpu|cuda(:\d+)?", device):
        raise BadInput(f"a device is cpu, cuda or cuda:1, got {device!r}")
    if device != "cpu":
        from evenflow.world.clip import need_torch

        need_torch()
        import torch

        if not torch.cuda.is_available():
            raise BadInput(f"there is no device {device} here: say --device cpu")


def _write_jobs(
    jobs: list[Job],
    *,
    workers: int,
    device: str,
    antialias: bool,
    yes: bool,
    bar: Progress,
    cancel: CancelToken,
) -> list[dict[str, Any]]:
    """Writes all clips; returns the captions of each."""
    from evenflow.world.clip import spread

    todo = [job for job in jobs if job.output is not None]
    if not todo:
        from evenflow.world.clip import captions

        return [captions(job.spec, job.levels) if job.levels else {} for job in jobs]
    if workers == 1 or len(todo) == 1:
        written = []
        for number, job in enumerate(todo):
            one_bar: Progress | None = bar if len(todo) == 1 else None
            written.append(_write_job(job, device, antialias, yes, one_bar, cancel))
            if len(todo) > 1:
                _tell(bar, number + 1, len(todo))
            cancel.check()
        return written
    calls = [(job, device, antialias, yes) for job in todo]
    written = []
    meter = Meter("clips", len(todo), progress=bar, cancel=cancel)
    for texts in spread(_write_job, calls, workers=workers, cancel=cancel):
        written.append(texts)
        meter.advance()
    return written


def _tell(bar: Progress, step: int, total: int) -> None:
    from evenflow.core.events import Event, peak_memory

    bar(Event("clips", step, total, None, peak_memory()))


def _write_job(
    job: Job,
    device: str,
    antialias: bool,
    yes: bool,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Writes one clip, its truth and its captions; runs in a worker too."""
    import shutil
    import tempfile

    import numpy as np

    from evenflow.core.clip import ArraySource, Clip
    from evenflow.io import write
    from evenflow.world.clip import LEVELS as EVERY
    from evenflow.world.clip import WorldSource, captions, write_truth
    from evenflow.world.spec_file import write_whole

    assert job.output is not None
    source = WorldSource(job.spec, device=device, antialias=antialias)
    texts: dict[str, Any] = {}
    if job.levels:
        texts = captions(job.spec, job.levels)
    clip = Clip(source)
    fresh = job.truth_folder is not None and not job.truth_folder.exists()
    with tempfile.TemporaryFile() as drawn:  # pictures and truth are drawn in one go
        if job.truth_folder is not None:
            width, height = job.spec.size
            shape = (job.spec.num_frames, height, width, 3)
            pictures = np.memmap(drawn, np.uint8, "w+", shape=shape)
            write_truth(
                source,
                job.truth_folder,
                truth=job.truth,
                levels=job.levels or EVERY,
                overwrite=yes,
                pictures=pictures,
                progress=progress,
                cancel=cancel,
            )
            clip = Clip(ArraySource(pictures, job.spec.fps, source.name))
        try:
            write(
                clip,
                job.output,
                overwrite=yes,
                settings={"world": {**job.settings, "scene": job.spec.digest}},
                provenance={
                    "made_by": f"evenflow {evenflow.__version__}",
                    "synthetic": True,
                    "source": "procedural world",
                },
                progress=progress,
                cancel=cancel,
                note=print_warning,
            )
        except BaseException:
            if fresh and job.truth_folder is not None:  # truth without its clip is of no use
                shutil.rmtree(job.truth_folder, ignore_errors=True)
            raise
    if job.levels:
        data = {"schema": SCHEMA, "clip": job.output.name, "scene": job.spec.digest, **texts}
        text = json.dumps(data, indent=1, ensure_ascii=False) + "\n"
        write_whole(_sidecar(job.output), text.encode())
    return texts


def _write_sheet(
    specs: "list[SceneSpec]",
    path: Path,
    names: tuple[str, ...],
    *,
    device: str,
    antialias: bool,
    bar: Progress,
    cancel: CancelToken,
    columns: int = 6,
) -> None:
    """A contact sheet: frames spread over the time of each clip, and below them their truth."""
    import io

    from evenflow.world.clip import WorldSource
    from evenflow.world.language import describe
    from evenflow.world.sheet import VIEWS, sheet, truth_view
    from evenflow.world.spec_file import write_whole

    if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise BadInput(f"a sheet is a picture: give {path.name} the ending .png, .jpg or .webp")
    rows: list[Any] = []
    texts: list[str] = []
    views = [name for name in VIEWS if name in names]
    meter = Meter("sheet", len(specs), progress=bar, cancel=cancel)
    for one in specs:
        last = one.num_frames - 1
        some = sorted({round(last * i / (columns - 1)) for i in range(columns)})
        source = WorldSource(one, device=device, antialias=antialias)
        pictures, found = source.draw(some, truth=names if views else ())
        rows.append(pictures)
        texts.append(f"{one.preset} {one.seed}: {describe(one, 'L1')}")
        for view in views:
            rows.append(truth_view(found, view))
            texts.append(view.replace("_", " "))
        meter.advance()
    picture = sheet(rows, captions=texts)
    buffer = io.BytesIO()
    form = {".png": "PNG", ".webp": "WEBP"}.get(path.suffix.lower(), "JPEG")
    picture.save(buffer, form)
    write_whole(path, buffer.getvalue())


def _print_rows(
    rows: list[dict[str, Any]],
    specs: "list[SceneSpec]",
    sheet: Path | None,
    save_spec: Path | None,
    *,
    verbose: bool,
) -> None:
    from rich.text import Text

    out = stdout()
    for row, spec in zip(rows, specs, strict=True):
        if row["clip"] is not None:
            length = f"{row['frames']} frames, {row['size'][0]}x{row['size'][1]}"
            line = f"{row['clip']}: {spec.preset}, seed {spec.seed}, {length}"
            if row["truth"] is not None:
                line += f", truth in {Path(row['truth']).name}"
            out.print(Text(line), soft_wrap=True)
        if verbose:
            names = ", ".join(f"{one.color} {one.kind}" for one in spec.cast)
            out.print(Text(f"  cast: {names or 'nobody'}"), soft_wrap=True)
            told = ", ".join(f"{e.kind} {e.start:.1f}-{e.end:.1f} s" for e in spec.events)
            out.print(Text(f"  events: {told or 'none'}"), soft_wrap=True)
            out.print(Text(f"  scene: {spec.digest[:16]}"), soft_wrap=True)
        for name, text in row.get("captions", {}).items():
            if name in LEVELS:
                out.print(Text(f"  {name}: {text}"), soft_wrap=True)
    for path in (sheet, save_spec):
        if path is not None:
            out.print(Text(str(path)), soft_wrap=True)


@world.command("probes")
def probes(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="DIR",
            help="A folder for probes.txt, .csv and .jsonl, and the clips of --render.",
        ),
    ] = None,
    only: Annotated[
        str | None,
        typer.Option(metavar="F,..", help="Some families; `list` says what there is."),
    ] = None,
    render: Annotated[
        bool, typer.Option("--render", help="Clips of our own with truth, for each prompt.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the colors.")] = 0,
    size: Annotated[str, typer.Option(metavar="WxH", help="Pixels of the clips.")] = "128x128",
    truth: Annotated[
        str, typer.Option(metavar="NAMES", help="What truth goes beside the clips; see sample.")
    ] = "instance,boxes",
    workers: Annotated[
        int, typer.Option(min=1, max=256, help="Processes; they change no byte.")
    ] = 1,
    json_: Json = False,
    yes: Yes = False,
    quiet: Quiet = False,
    offline: Offline = False,
    debug: Debug = False,
) -> None:
    """The checklist for video generators: plain prompts, and what must hold.

    Prompts are for any tool. Every line that must hold can be read by a
    program (--json, probes.jsonl) and holds in our own clip of the prompt.
    """
    from evenflow.world.probes import FAMILIES, as_csv, as_jsonl, as_text
    from evenflow.world.probes import probes as all_probes

    if only is not None and only.strip().lower() == "list":
        rows = {name: family.title for name, family in FAMILIES.items()}
        if json_:
            print_json(rows)
        else:
            for name, title in rows.items():
                typer.echo(f"{name:<14} {title}")
        return
    families = (
        [_named(name, tuple(FAMILIES), "family of probes") for name in only.split(",")]
        if only is not None
        else []
    )
    if render and output is None:
        raise BadInput("--render writes clips: say where with -o DIR")
    found = all_probes(families, seed=seed)
    pixels = parse_size(size)
    if output is None:
        if json_:
            print_json({"schema": SCHEMA, "probes": [one.to_json() for one in found]})
        elif not quiet:
            typer.echo(as_text(found), nl=False)
        return

    from evenflow.world.clip import truth_names
    from evenflow.world.spec_file import write_whole

    names = truth_names(truth.split(",")) if truth.strip() else ()
    if render:
        from evenflow.world.clip import need_torch

        need_torch()
    if output.exists() and not output.is_dir():
        raise BadInput(f"{output.name} is a file: give the name of a folder")
    if output.is_dir() and any(output.iterdir()) and not yes:
        raise OutputExists(f"{output.name} already holds something: choose another name or --yes")
    if not output.parent.is_dir():
        raise BadInput(f"the folder {output.parent} does not exist: make it first")
    output.mkdir(exist_ok=True)
    for name, text in (
        ("probes.txt", as_text(found)),
        ("probes.csv", as_csv(found)),
        ("probes.jsonl", as_jsonl(found)),
    ):
        write_whole(output / name, text.encode())
    num_clips = 0
    if render:
        shown = [one for one in found if one.spec is not None]
        jobs = []
        for one in shown:
            assert one.spec is not None
            clip = output / f"{one.name}.mkv"
            folder = _truth_folder(clip) if names else None
            settings = {"probe": one.name, "prompt": one.prompt, "seed": seed}
            jobs.append(Job(replace(one.spec, size=pixels), clip, folder, names, (), settings))
        with stoppable() as cancel, Bar(quiet=quiet, title="probes") as bar:
            _write_jobs(
                jobs, workers=workers, device="cpu", antialias=True, yes=True, bar=bar,
                cancel=cancel,
            )  # fmt: skip
        num_clips = len(jobs)
    if json_:
        print_json(
            {
                "schema": SCHEMA,
                "folder": str(output),
                "clips": num_clips,
                "probes": [one.to_json() for one in found],
            }
        )
    elif not quiet:
        clips = f" and {num_clips} clips" if num_clips else ""
        typer.echo(f"{output}: {len(found)} prompts (probes.txt, .csv, .jsonl){clips}")
