"""Evenflow: video that holds together in space and time, generated, checked, repaired, trained.

Names are loaded when they are first used, so that `import evenflow` is quick and needs no GPU.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "read": "evenflow.io",
    "write": "evenflow.io",
    "info": "evenflow.io",
    "check": "evenflow.continuity",
    "compare": "evenflow.continuity",
    "inject": "evenflow.continuity",
    "generate": "evenflow.shoot.generate",
    "load": "evenflow.shoot.generate",
    "Clip": "evenflow.core.clip",
    "ArraySource": "evenflow.core.clip",
    "Span": "evenflow.core.span",
    "Range": "evenflow.core.times",
    "Finding": "evenflow.core.finding",
    "Measurement": "evenflow.core.measurement",
    "Report": "evenflow.core.report",
    "Gate": "evenflow.core.gate",
    "Storyboard": "evenflow.core.storyboard",
    "CancelToken": "evenflow.core.events",
    "Event": "evenflow.core.events",
    "EvenflowError": "evenflow.core.errors",
    "report": "evenflow.reports",
}
__all__ = ["__version__", *_HOMES]

if TYPE_CHECKING:
    from evenflow.continuity import check, compare, inject
    from evenflow.core.clip import ArraySource, Clip
    from evenflow.core.errors import EvenflowError
    from evenflow.core.events import CancelToken, Event
    from evenflow.core.finding import Finding
    from evenflow.core.gate import Gate
    from evenflow.core.measurement import Measurement
    from evenflow.core.report import Report
    from evenflow.core.span import Span
    from evenflow.core.storyboard import Storyboard
    from evenflow.core.times import Range
    from evenflow.io import info, read, write
    from evenflow.reports import report
    from evenflow.shoot.generate import generate, load


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'evenflow' has no attribute {name!r}")
    home = import_module(_HOMES[name])
    value = getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
