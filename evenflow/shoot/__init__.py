"""Shoot: clips from a model, as many as wanted, ranked, written with all that made them."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from evenflow.shoot.files import Written, produce
    from evenflow.shoot.generate import Take, load, takes
    from evenflow.shoot.ranking import Rank, ranked

_HOMES = {
    "Rank": "ranking",
    "Take": "generate",
    "Written": "files",
    "load": "generate",
    "produce": "files",
    "ranked": "ranking",
    "takes": "generate",
}

__all__ = ["Rank", "Take", "Written", "load", "produce", "ranked", "takes"]


def __getattr__(name: str) -> Any:
    # `import evenflow` and the base verbs load no torch, which `files` needs.
    if name in _HOMES:
        value = getattr(import_module(f"evenflow.shoot.{_HOMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
