"""What every job of the decoding worker shares: the way its answers take, limits, and refusals."""

import json
import os
import struct
import time
from typing import Any

from numpy.typing import NDArray

HEADER = struct.Struct("<cIQ")
"""Before each message: kind, bytes of JSON, bytes of payload."""
MAX_SIDE = 32768
MAX_PIXELS = 1 << 28
MAX_FRAMES = 20_000_000
HEARTBEAT_S = 0.5


class Refusal(Exception):
    """A job that ends in one line for the user: a kind that the parent knows, and what is true."""

    def __init__(self, kind: str, text: str = "") -> None:
        super().__init__(text or kind)
        self.kind = kind


class Outlet:
    """The pipe to the parent."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._last = time.monotonic()

    def send(self, kind: bytes, fields: dict[str, Any], *payload: NDArray) -> None:
        """One message; blocks while the parent is not reading, which is what bounds the memory."""
        text = json.dumps(fields).encode()
        views = [memoryview(part).cast("B") for part in payload if part.size]
        size = sum(len(view) for view in views)
        parts = [memoryview(HEADER.pack(kind, len(text), size) + text), *views]
        while parts:
            sent = os.writev(self._fd, parts)
            while parts and sent >= len(parts[0]):
                sent -= len(parts.pop(0))
            if parts:
                parts[0] = parts[0][sent:]
        self._last = time.monotonic()

    def beat(self) -> None:
        """Says "still alive" now and then during work that sends nothing."""
        if time.monotonic() - self._last > HEARTBEAT_S:
            self.send(b"H", {})


def check_size(width: int, height: int) -> None:
    """Refuses a picture before memory is taken for it."""
    if width <= 0 or height <= 0:
        raise Refusal("size", f"claims a picture of {width} x {height}")
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        raise Refusal(
            "size",
            f"claims a picture of {width} x {height}; the limit is {MAX_SIDE} a side and "
            f"{MAX_PIXELS // (1 << 20)} million pixels",
        )
