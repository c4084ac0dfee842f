"""Exporter: how a folder of clips is listed for one trainer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evenflow.data.row import Row


@dataclass(frozen=True)
class Exporter:
    """A row of EXPORTS.

    Args:
        index: writes the lists and settings of the trainer into the folder: rows whose `path` is
            relative to it and whose facts are known. None where clips go into tars instead.
        says: what it writes, in one line.
        source: where the layout is described.
    """

    index: Callable[[Sequence[Row], Path], None] | None
    says: str
    source: str
