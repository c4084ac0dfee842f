"""Files and color: reading, writing and describing video, with our own exact color matrices."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenflow.io.chart import ChartReading, RoundTrip, read_chart, round_trips
    from evenflow.io.digest import frame_digest
    from evenflow.io.edit import EditedSource
    from evenflow.io.frames import FrameFormat, NativeFrame
    from evenflow.io.inform import info
    from evenflow.io.rates import parse_rate
    from evenflow.io.reading import read
    from evenflow.io.writing import write

_HOMES = {
    "ChartReading": "chart",
    "EditedSource": "edit",
    "FrameFormat": "frames",
    "NativeFrame": "frames",
    "RoundTrip": "chart",
    "frame_digest": "digest",
    "info": "inform",
    "parse_rate": "rates",
    "read": "reading",
    "read_chart": "chart",
    "round_trips": "chart",
    "write": "writing",
}

__all__ = [
    "ChartReading",
    "EditedSource",
    "FrameFormat",
    "NativeFrame",
    "RoundTrip",
    "frame_digest",
    "info",
    "parse_rate",
    "read",
    "read_chart",
    "round_trips",
    "write",
]


def __getattr__(name: str) -> Any:
    # The decoding worker imports this package too, and must stay as small as numpy and PyAV.
    if name in _HOMES:
        value = getattr(import_module(f"evenflow.io.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
