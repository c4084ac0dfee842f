"""Stills and animations: PNG, TIFF and EXR pictures, animated WebP and GIF, byte for byte."""

import html
import re
import struct
import zlib
from collections.abc import Sequence
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Pixels
from evenflow.core.errors import BackendMissing, BadInput


def png_bytes(picture: Pixels, texts: Sequence[tuple[str, str]] = ()) -> bytes:
    """A PNG of 8 or 16 bits, tagged sRGB, with text chunks."""
    import cv2

    stored = _bgr(picture)
    done, data = cv2.imencode(".png", stored, [cv2.IMWRITE_PNG_COMPRESSION, 3])
    if not done:
        raise BadInput(f"a picture of {picture.shape[1]} x {picture.shape[0]} does not fit a PNG")
    raw = data.tobytes()
    extra = _chunk(b"sRGB", b"\0") + b"".join(_text_chunk(key, text) for key, text in texts)
    return raw[:33] + extra + raw[33:]  # signature 8, IHDR 25


def _bgr(picture: Pixels) -> NDArray:
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[picture.shape[2]]
    return np.ascontiguousarray(picture[:, :, order])


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _text_chunk(key: str, text: str) -> bytes:
    body = key.encode("latin-1") + b"\0\1\0\0\0" + zlib.compress(text.encode())
    return _chunk(b"iTXt", body)


def png_text(path: Path, key: str) -> str | None:
    """The text that `png_bytes` put under `key`, or None."""
    with open(path, "rb") as file:
        if file.read(8) != b"\x89PNG\r\n\x1a\n":
            return None
        while len(head := file.read(8)) == 8:
            length, kind = struct.unpack(">I4s", head)
            if kind in (b"IDAT", b"IEND") or length > 1 << 24:
                return None
            body = file.read(length + 4)[:length]
            if kind == b"iTXt" and body.startswith(key.encode("latin-1") + b"\0\1\0"):
                packed = body[len(key) + 3 :].split(b"\0", 2)[2]
                unpacker = zlib.decompressobj()
                return unpacker.decompress(packed, 1 << 24).decode("utf-8", "replace")
    return None


def tiff_bytes(picture: Pixels) -> bytes:
    """A TIFF of 8 or 16 bits, losslessly packed."""
    import cv2

    done, data = cv2.imencode(".tiff", _bgr(picture))
    if not done:
        raise BadInput(f"a picture of {picture.shape[1]} x {picture.shape[0]} does not fit a TIFF")
    return data.tobytes()


def write_exr(picture: Pixels, path: Path) -> None:
    """A scene-linear EXR: half floats, which hold 8 bits exactly, or floats for 16-bit pictures."""
    try:
        import OpenEXR
    except ImportError:
        raise BackendMissing("writing EXR needs an extra: pip install 'evenflow[exr]'") from None
    white = np.iinfo(picture.dtype).max
    code = picture.astype(np.float64) / white
    light = np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)
    if picture.shape[2] == 4:
        light[:, :, 3] = code[:, :, 3]
    kind = np.float16 if white == 255 else np.float32
    names = {1: "Y", 3: "RGB", 4: "RGBA"}[picture.shape[2]]
    channels = {
        name: np.ascontiguousarray(light[:, :, c].astype(kind)) for c, name in enumerate(names)
    }
    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, channels) as file:
        file.write(str(path))


def to_8bit(picture: Pixels) -> NDArray[np.uint8]:
    """A picture with 8 bits a channel, rounded."""
    if picture.dtype == np.uint8:
        return picture.astype(np.uint8, copy=False)
    return ((picture.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)


class WebpWriter:
    """An animated lossless WebP, one stored picture per frame: equal neighbors are not merged.

    Source: WebP Container Specification (RIFF, VP8X, ANIM, ANMF), Google, 2011-2024.
    """

    def __init__(self, file: BinaryIO, width: int, height: int, *, alpha: bool, note: str) -> None:
        if max(width, height) > 16384:
            raise BadInput(
                f"WebP holds at most 16384 pixels a side, got {width} x {height}: use mkv"
            )
        self._file, self._size = file, (width, height)
        self._waiting: tuple[bytes, Fraction] | None = None
        self._note = note.encode()
        flags = 0x02 | (0x10 if alpha else 0) | (0x04 if note else 0)
        file.write(b"RIFF\0\0\0\0WEBP")
        self._chunk(b"VP8X", struct.pack("<I", flags) + _u24(width - 1) + _u24(height - 1))
        self._chunk(b"ANIM", struct.pack("<IH", 0, 0))

    def add(self, picture: Pixels, time: Fraction) -> None:
        """One more picture, shown from `time` on."""
        import PIL.Image

        self._flush(time)
        image = PIL.Image.fromarray(to_8bit(_color(picture)))
        stored = BytesIO()
        image.save(stored, "WEBP", lossless=True, quality=50, method=2, exact=True)
        data, at, body = stored.getvalue(), 12, b""
        while at + 8 <= len(data):
            kind, (size,) = data[at : at + 4], struct.unpack("<I", data[at + 4 : at + 8])
            if kind in (b"VP8L", b"VP8 ", b"ALPH"):
                body += data[at : at + 8 + size + (size & 1)]
            at += 8 + size + (size & 1)
        self._waiting = body, time

    def close(self, end: Fraction) -> None:
        """Ends the file; the last picture is shown until `end`."""
        self._flush(end)
        if self._note:
            self._chunk(b"XMP ", self._note)
        size = self._file.tell()
        if size > 0xFFFFFFFE:
            raise BadInput("a WebP holds at most 4 GiB: use mkv")
        self._file.seek(4)
        self._file.write(struct.pack("<I", size - 8))

    def _flush(self, until: Fraction) -> None:
        if self._waiting is None:
            return
        body, time = self._waiting
        width, height = self._size
        last = max(1, min(round(until * 1000) - round(time * 1000), (1 << 24) - 1))
        head = _u24(0) + _u24(0) + _u24(width - 1) + _u24(height - 1) + _u24(last) + b"\x02"
        self._chunk(b"ANMF", head + body)
        self._waiting = None

    def _chunk(self, kind: bytes, body: bytes) -> None:
        self._file.write(kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) & 1))


def _u24(value: int) -> bytes:
    return struct.pack("<I", value)[:3]


def _color(picture: Pixels) -> Pixels:
    return picture.repeat(3, axis=2) if picture.shape[2] == 1 else picture


def webp_record(path: Path) -> str | None:
    """The record that `WebpWriter` was given as its note, or None."""
    with open(path, "rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WEBP":
            return None
        while len(part := file.read(8)) == 8:
            (size,) = struct.unpack("<I", part[4:])
            if part[:4] == b"XMP " and size < 1 << 24:
                found = re.search(rb"<evenflow>(.*)</evenflow>", file.read(size), re.DOTALL)
                return html.unescape(found[1].decode("utf-8", "replace")) if found else None
            file.seek(size + (size & 1), 1)
    return None


def gif_palette(picture: Pixels) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A picture as at most 256 colors: indices `(h, w)` and palette `(256, 4)` RGBA.

    Exact if it has no more colors than that; else the median cut of Pillow, with error diffusion.
    Half-transparent pixels become opaque or clear, whichever is nearer.
    """
    import PIL.Image

    rgb = to_8bit(_color(picture))
    clear = rgb[:, :, 3] < 128 if rgb.shape[2] == 4 else None
    room = 255 if clear is not None and clear.any() else 256
    rgb = np.ascontiguousarray(rgb[:, :, :3])
    packed = rgb.astype(np.uint32) @ np.array([65536, 256, 1], np.uint32)
    colors = np.unique(packed if clear is None else packed[~clear])
    palette = np.zeros((256, 4), np.uint8)
    palette[:, 3] = 255
    if len(colors) <= room:
        indices = np.searchsorted(colors, packed).clip(0, max(len(colors) - 1, 0)).astype(np.uint8)
        palette[: len(colors), 0] = colors >> 16
        palette[: len(colors), 1] = colors >> 8 & 255
        palette[: len(colors), 2] = colors & 255
    else:
        source = PIL.Image.fromarray(rgb)
        chosen = source.quantize(room, PIL.Image.Quantize.MEDIANCUT, dither=PIL.Image.Dither.NONE)
        image = source.quantize(palette=chosen, dither=PIL.Image.Dither.FLOYDSTEINBERG)
        indices = np.array(image)
        table = np.frombuffer(bytes(chosen.getpalette() or []), np.uint8).reshape(-1, 3)
        palette[: len(table), :3] = table
    if clear is not None and room == 255:
        palette[255] = 0
        indices = np.where(clear, 255, indices).astype(np.uint8)
    return indices, palette


def gif_is_whole(path: Path) -> bool:
    """True if the blocks of a GIF run to its trailer; False if it is cut off before.

    Source: GIF89a specification, CompuServe 1990, appendix B (grammar).
    """
    with open(path, "rb") as file:
        head = file.read(13)
        if len(head) < 13:
            return False
        file.seek(3 << ((head[10] & 7) + 1) if head[10] & 0x80 else 0, 1)
        while block := file.read(1):
            if block == b"\x3b":
                return True
            if block == b"\x2c":  # a picture: place, flags, palette, code size
                part = file.read(9)
                if len(part) < 9:
                    return False
                file.seek((3 << ((part[8] & 7) + 1) if part[8] & 0x80 else 0) + 1, 1)
            elif block == b"\x21":  # an extension: its label
                file.seek(1, 1)
            else:
                return False
            while (size := file.read(1)) not in (b"", b"\0"):
                file.seek(size[0], 1)
    return False
