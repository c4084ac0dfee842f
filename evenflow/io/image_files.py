"""Image files and animations inside the decoding worker: headers first, pictures one by one."""

import io
import os
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evenflow.io.outlet import MAX_FRAMES, MAX_PIXELS, Outlet, Refusal, check_size

_PARSING = (SyntaxError, ValueError, LookupError, TypeError, EOFError, RuntimeError, struct.error)
"""What parsers of damaged images raise."""


def image_header(path: str) -> dict[str, Any]:
    """Size, channels and depth of an image file from its header alone."""
    try:
        return _any_header(path)
    except _PARSING:
        raise Refusal("image_broken") from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise Refusal("image_broken") from None  # Pillow's own


def _any_header(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        head = file.read(64)
    if not head:
        raise Refusal("empty")
    if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR":
        width, height, depth, kind = struct.unpack(">IIBB", head[16:26])
        check_size(width, height)
        if depth == 16:
            channels = {0: 1, 2: 3, 4: 4, 6: 4}.get(kind, 3)
            entry = _image(width, height, channels, 16, "cv2", "png")
            entry["says_srgb"] = "srgb" in _png_facts(path)
            return entry
    elif head[:4] in (b"II*\0", b"MM\0*"):
        return _tiff_header(path)
    elif head[:4] == b"\x76\x2f\x31\x01":
        return _exr_header(path)
    import PIL.Image

    PIL.Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    whole = _whole_of(path)
    formats = ["PNG", "JPEG", "WEBP", "BMP", "GIF", "PPM"]
    try:
        with PIL.Image.open(whole, formats=formats) as picture:
            width, height = picture.size
            check_size(width, height)
            facts = _png_facts(path) if picture.format == "PNG" else {"turn"}
            # To ask a PNG for its orientation, which next to none has, Pillow decodes all of it.
            if "turn" in facts and picture.getexif().get(0x0112, 1) in (5, 6, 7, 8):
                width, height = height, width
            gray = picture.mode in ("1", "L", "I;16", "LA")
            alpha = "A" in picture.mode or "transparency" in picture.info
            channels = 4 if alpha else 1 if gray else 3
            entry = _image(width, height, channels, 8, "pillow", str(picture.format).lower())
            entry["frames"] = int(getattr(picture, "n_frames", 1))
            entry["cut_off"] = whole is not path
            entry["says_srgb"] = "srgb" in facts
            return entry
    except PIL.UnidentifiedImageError:
        raise Refusal("not_image") from None
    except PIL.Image.DecompressionBombError:
        raise Refusal("size", "claims a picture that is too large") from None


_TURNING = (b"Raw profile type", b"XML:com.adobe.xmp")
"""Keywords of PNG texts in which an orientation may stand."""


def _png_facts(path: str) -> set[str]:
    """`srgb` and `turn`: what a PNG says of itself, found without decoding it."""
    facts: set[str] = set()
    with open(path, "rb") as file:
        at = file.seek(8)
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind == b"sRGB":
                facts.add("srgb")
            text = kind in (b"tEXt", b"zTXt", b"iTXt") and file.read(min(length, 20))
            if kind == b"eXIf" or (text and text.startswith(_TURNING)):
                facts.add("turn")
            if kind == b"IEND":
                break
            at = file.seek(at + 12 + length)
    return facts


def _whole_of(path: str) -> "str | io.BytesIO":
    """`path`, or in memory what is whole of an animated WebP that is cut off: its first pictures.

    Pillow opens no WebP that is shorter than it says.
    """
    with open(path, "rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WEBP":
            return path
        if 8 + int.from_bytes(head[4:8], "little") <= os.fstat(file.fileno()).st_size:
            return path
        data = head + file.read()
    at = end = 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + (size & 1)
        if at <= len(data):
            end = at
    return io.BytesIO(data[:4] + struct.pack("<I", end - 8) + data[8:end])


def _image(w: int, h: int, channels: int, depth: int, reader: str, codec: str) -> dict[str, Any]:
    return {
        "width": w, "height": h, "channels": channels, "depth": depth,
        "reader": reader, "codec": codec, "frames": 1,
    }  # fmt: skip


def _tiff_header(path: str) -> dict[str, Any]:
    with open(path, "rb") as file:
        order = "<" if file.read(2) == b"II" else ">"
        (offset,) = struct.unpack(order + "2xI", file.read(6))
        file.seek(offset)
        (count,) = struct.unpack(order + "H", file.read(2))
        tags: dict[int, int] = {}
        for _ in range(min(count, 512)):
            entry = file.read(12)
            tag, kind, num = struct.unpack(order + "HHI", entry[:8])
            if kind == 3 and num <= 2:
                (tags[tag],) = struct.unpack(order + "H", entry[8:10])
            elif kind == 3:  # one value per channel, stored elsewhere: the first will do
                here = file.tell()
                file.seek(struct.unpack(order + "I", entry[8:12])[0])
                (tags[tag],) = struct.unpack(order + "H", file.read(2))
                file.seek(here)
            elif kind == 4:
                (tags[tag],) = struct.unpack(order + "I", entry[8:12])
    width, height = tags.get(256, 0), tags.get(257, 0)
    check_size(width, height)
    depth, samples = tags.get(258, 1), tags.get(277, 1)
    if tags.get(339, 1) not in (1, 4) or depth not in (1, 2, 4, 8, 16):
        raise Refusal("image_kind", f"is a TIFF of {depth}-bit numbers that are not whole")
    gray = samples <= 2 and tags.get(262, 1) in (0, 1)
    channels = 1 if gray and samples == 1 else 4 if samples in (2, 4) else 3
    return _image(width, height, channels, 16 if depth == 16 else 8, "cv2", "tiff")


def _exr_header(path: str) -> dict[str, Any]:
    try:
        import OpenEXR
    except ImportError:
        raise Refusal("need_exr") from None
    with OpenEXR.File(path, header_only=True) as file:
        header = file.header()
        lower, upper = header["dataWindow"]
        width, height = int(upper[0] - lower[0] + 1), int(upper[1] - lower[1] + 1)
        names = {channel.name for channel in header["channels"]}
    check_size(width, height)
    if {"R", "G", "B"} <= names:
        channels = 4 if "A" in names else 3
    elif "Y" in names:
        channels = 1
    else:
        raise Refusal(
            "image_kind", f"is an EXR with channels {sorted(names)[:6]}, not R, G, B or Y"
        )
    return _image(width, height, channels, 16, "exr", "exr")


def load_image(path: str, head: dict[str, Any]) -> NDArray:
    """The picture of an image file, `(h, w, c)` uint8 or uint16."""
    try:
        return _any_image(path, head)
    except (*_PARSING, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise Refusal("image_broken") from None


def _any_image(path: str, head: dict[str, Any]) -> NDArray:
    if head["reader"] == "exr":
        return _load_exr(path, head)
    if head["reader"] == "cv2":
        import cv2

        cv2.setNumThreads(1)
        data = np.fromfile(path, np.uint8)
        if head["codec"] == "png":
            _check_chunks(data)
        try:
            picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        except cv2.error:
            picture = None
        if picture is None:
            raise Refusal("image_broken")
        if picture.ndim == 2:
            picture = picture[:, :, None]
        elif picture.shape[2] == 4:
            picture = picture[:, :, [2, 1, 0, 3]]
        elif picture.shape[2] == 3:
            picture = picture[:, :, ::-1]
        if picture.dtype not in (np.uint8, np.uint16):
            raise Refusal("image_kind", f"holds {picture.dtype} numbers")
        return np.ascontiguousarray(picture)
    import PIL.Image
    import PIL.ImageOps

    PIL.Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with PIL.Image.open(_whole_of(path)) as opened:
        return pillow_array(PIL.ImageOps.exif_transpose(opened), head["channels"])


def _check_chunks(data: NDArray[np.uint8]) -> None:
    """Refuses a PNG whose chunks claim more bytes than there are: OpenCV would take the memory."""
    at = 8
    while at + 12 <= data.size:
        length = int.from_bytes(data[at : at + 4].tobytes(), "big")
        if at + 12 + length > data.size:
            raise Refusal("image_broken")
        if data[at + 4 : at + 8].tobytes() == b"IEND":
            return
        at += 12 + length
    raise Refusal("image_broken")


def pillow_array(picture: Any, channels: int) -> NDArray:
    """A Pillow picture as `(h, w, channels)` uint8."""
    if channels == 1 and picture.mode.startswith("I;16"):
        return (np.asarray(picture).astype(np.uint32) * 255 // 65535).astype(np.uint8)[:, :, None]
    mode = {1: "L", 3: "RGB", 4: "RGBA"}[channels]
    array = np.asarray(picture.convert(mode))
    return array[:, :, None] if array.ndim == 2 else array


def _load_exr(path: str, head: dict[str, Any]) -> NDArray:
    import OpenEXR

    with OpenEXR.File(path, separate_channels=True) as file:
        channels = file.channels()
        names = {1: "Y", 3: "RGB", 4: "RGBA"}[head["channels"]]
        stack = [np.asarray(channels[name].pixels, np.float32) for name in names]
    linear = np.nan_to_num(np.stack(stack, axis=-1), nan=0.0, posinf=1.0, neginf=0.0)
    head["clipped"] = bool((linear > 1.0005).any())
    light = np.clip(linear, 0.0, 1.0)
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    if linear.shape[-1] == 4:
        curve[..., 3] = light[..., 3]
    return np.floor(curve * 65535.0 + 0.5).astype(np.uint16)


_IMAGE_FORMATS = {
    (1, 8): "gray", (3, 8): "rgb24", (4, 8): "rgba",
    (1, 16): "gray16le", (3, 16): "rgb48le", (4, 16): "rgba64le",
}  # fmt: skip


def fit_channels(picture: NDArray, channels: int, depth: int) -> NDArray:
    """A picture widened to what the widest picture of its folder needs."""
    if depth == 16 and picture.dtype == np.uint8:
        picture = picture.astype(np.uint16) * 257
    has = picture.shape[2]
    if has == channels:
        return picture
    if has == 1:
        picture, has = np.repeat(picture, 3, axis=2), 3
    elif has == 2:
        picture = np.concatenate([np.repeat(picture[:, :, :1], 3, axis=2), picture[:, :, 1:]], 2)
        has = 4
    if has == 3 and channels == 4:
        opaque = np.full((*picture.shape[:2], 1), np.iinfo(picture.dtype).max, picture.dtype)
        picture = np.concatenate([picture, opaque], axis=2)
    return picture[:, :, :channels]


def probe_images(job: dict[str, Any], out: Outlet) -> None:
    """Headers of all files of a sequence; they must share one size."""
    first: dict[str, Any] | None = None
    channels, depth, mixed = 1, 8, False
    for number, path in enumerate(job["paths"]):
        out.beat()
        try:
            head = image_header(path)
        except Refusal as refusal:
            if len(job["paths"]) == 1 or refusal.kind == "need_exr":
                raise
            name = os.path.basename(path)
            raise Refusal("image", f"{name}: {_why(refusal)}") from None
        if first is None:
            first = head
        elif (head["width"], head["height"]) != (first["width"], first["height"]):
            raise Refusal(
                "mixed",
                f"{os.path.basename(path)} is {head['width']} x {head['height']}, frame 0 is "
                f"{first['width']} x {first['height']}",
            )
        kind = (head["channels"], head["depth"])
        if number and kind != (channels, depth):
            mixed = True
        channels, depth = max(channels, kind[0]), max(depth, kind[1])
    assert first is not None
    if first["frames"] > 1 and len(job["paths"]) == 1:
        return probe_animation(job["paths"][0], first, out)
    first |= {"channels": channels, "depth": depth, "mixed": mixed}
    first["pixel_format"] = _IMAGE_FORMATS[channels, depth]
    out.send(b"I", first)
    out.send(b"E", {})
    return None


def _why(refusal: Refusal) -> str:
    return {
        "empty": "the file is empty",
        "not_image": "not an image that can be read",
        "image_broken": "the image is damaged",
        "need_exr": "EXR needs an extra: pip install 'evenflow[exr]'",
    }.get(refusal.kind, str(refusal))


def decode_images(job: dict[str, Any], out: Outlet) -> None:
    """Pictures of a sequence, in order, all in one layout."""
    channels, depth = job["channels"], job["depth"]
    clipped = 0
    stats: dict[str, Any] = {"errors": 0, "first_error": None, "ended": "", "broken": ""}
    for number, path in enumerate(job["paths"]):
        try:
            head = image_header(path)
            picture = load_image(path, head)
            if head.get("clipped"):
                clipped += 1
        except Refusal as refusal:
            stats["ended"] = f"{os.path.basename(path)}: {_why(refusal)}"
            break
        if picture.shape[:2] != (job["size"][1], job["size"][0]):
            stats["ended"] = f"{os.path.basename(path)} has another size"
            break
        picture = np.ascontiguousarray(fit_channels(picture, channels, depth))
        out.send(b"F", _image_fields(picture, number), picture)
    out.send(b"E", stats | {"clipped": clipped})


def _image_fields(picture: NDArray, number: int) -> dict[str, Any]:
    height, width, channels = picture.shape
    return {
        "pixel_format": _IMAGE_FORMATS[channels, 8 * picture.dtype.itemsize],
        "width": width, "height": height, "pts": number,
        "matrix": 0, "range": 2, "primaries": 2, "transfer": 2, "corrupt": False,
    }  # fmt: skip


def probe_animation(path: str, head: dict[str, Any], out: Outlet) -> None:
    """Frame times of an animated WebP or PNG, and whether any pixel is transparent."""
    ticks = [0]
    opaque = True
    for _, duration, picture in _animation(path, head, out):
        ticks.append(ticks[-1] + duration)
        if opaque and picture.shape[2] == 4 and picture[:, :, 3].min() != 255:
            opaque = False
    channels = 3 if head["channels"] == 4 and opaque else head["channels"]
    head |= {"animation": True, "channels": channels, "depth": 8}
    head["pixel_format"] = _IMAGE_FORMATS[channels, 8]
    out.send(b"I", head, np.asarray(ticks[:-1], np.int64))
    out.send(b"E", {})


def decode_animation(job: dict[str, Any], out: Outlet) -> None:
    """Pictures `[start, stop)` of an animated WebP or PNG."""
    head = image_header(job["paths"][0])
    start, stop = job["start"], job["stop"]
    for number, _, picture in _animation(job["paths"][0], head, out):
        if number >= stop:
            break
        if number >= start:
            if picture.shape[2] > job["channels"]:
                picture = picture[:, :, : job["channels"]]
            picture = np.ascontiguousarray(fit_channels(picture, job["channels"], 8))
            out.send(b"F", _image_fields(picture, number - start), picture)
    out.send(b"E", {"errors": 0, "ended": "", "broken": ""})


def _animation(path: str, head: dict[str, Any], out: Outlet) -> Iterator[tuple[int, int, NDArray]]:
    import PIL.Image

    PIL.Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with PIL.Image.open(_whole_of(path)) as picture:
        for number in range(min(head["frames"], MAX_FRAMES)):
            out.beat()
            try:
                picture.seek(number)
                array = pillow_array(picture, head["channels"])
            except (EOFError, OSError, SyntaxError, ValueError):
                if number == 0:
                    raise Refusal("image_broken") from None
                return
            yield number, max(1, int(picture.info.get("duration") or 100)), array
