"""What a file is and how it was made, as JSON: `evenflow info`."""

from pathlib import Path
from typing import Any

from evenflow.core.clip import Clip
from evenflow.io.reading import FileSource, ImageSource, read

SCHEMA = "evenflow.info/1"


def info(path: str | Path) -> dict[str, Any]:
    """Describes a video, an animation, a folder or a pattern without decoding it.

    Returns:
        JSON-serializable: container, codec, size, rate, number of frames, times, color tags and
        which of them are assumed, timecode, rotation, depth, sound and subtitle streams, warnings,
        and the `settings` and `provenance` that Evenflow embedded (null if it did not write the
        file).

    Raises:
        UnreadableVideo: as `read` does.
    """
    return describe(read(path))


def describe(clip: Clip) -> dict[str, Any]:
    """The same for a clip that is open already."""
    known = clip.info
    source = clip.source
    record: dict[str, Any] = getattr(source, "embedded", {})
    out: dict[str, Any] = {
        "schema": SCHEMA,
        "path": known.name,
        "container": known.container,
        "codec": known.codec,
        "size_bytes": _size(source),
        "width": known.width,
        "height": known.height,
        "fps": float(known.fps),
        "fps_exact": f"{known.fps.numerator}/{known.fps.denominator}",
        "frames": known.num_frames,
        "duration_s": _duration(clip),
        "times": _times(clip),
        "pixel_format": known.pixel_format,
        "channels": known.channels,
        "bit_depth": known.bit_depth,
        "color": {
            "matrix": known.color.matrix,
            "range": "full" if known.color.full_range else "limited",
            "primaries": known.color.primaries,
            "transfer": known.color.transfer,
            "assumed": list(known.color.assumed),
        },
        "rotation_deg": known.rotation_deg,
        "timecode": known.timecode,
        "audio": [],
        "subtitles": [],
        "warnings": list(clip.warnings),
        "written_by": f"evenflow {record['version']}" if "version" in record else None,
        "settings": record.get("settings"),
        "provenance": record.get("provenance"),
    }
    if isinstance(source, FileSource):
        fields = source.fields
        for entry in fields["streams"]:
            place = {"audio": "audio", "subtitle": "subtitles"}.get(entry["type"])
            if place is not None:
                keys = ("index", "codec", "language", "sample_rate", "channels")
                out[place].append({key: entry[key] for key in keys if key in entry})
        first = fields["first"]
        out["stored_as"] = first["stored_as"]
        out["stored_width"], out["stored_height"] = first["width"], first["height"]
        out["interlaced"] = first["interlaced"]
        out["sample_aspect"] = float(source.sample_aspect)
        out["bit_rate"] = fields["bit_rate"]
        out["tags"] = {
            key: value
            for key, value in fields["metadata"].items()
            if key.lower() != "evenflow" and len(value) <= 2000
        }
    return out


def _size(source: object) -> int | None:
    if isinstance(source, FileSource):
        return source.fields["size_bytes"]
    if isinstance(source, ImageSource):
        return sum(path.stat().st_size for path in source.files)
    return None


def _duration(clip: Clip) -> float | None:
    times = getattr(clip.source, "times", None)
    if times:
        return float(times[-1] + 1 / clip.info.fps)
    return clip.info.duration_s


def _times(clip: Clip) -> dict[str, Any]:
    times = getattr(clip.source, "times", None)
    if not times or len(times) < 2:
        return {"variable": False}
    steps = [b - a for a, b in zip(times, times[1:], strict=False)]
    return {
        "variable": True,
        "last_s": float(times[-1]),
        "shortest_step_s": float(min(steps)),
        "longest_step_s": float(max(steps)),
    }
