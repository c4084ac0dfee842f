"""Joined: several datasets as one, each with how often it comes."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Any

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.data.row import Row, Source


@dataclass(frozen=True)
class Part:
    """One of several datasets.

    Args:
        source: its rows.
        label: begins its keys in the whole; no slash.
        repeats: how often each of its samples comes in an epoch; 0.5 is every other epoch.
        weight: its share of an epoch, relative to those of the others, instead of `repeats`.
    """

    source: Source
    label: str
    repeats: float = 1.0
    weight: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.repeats <= 1e6:
            raise BadInput(f"repeats of {self.label} lie above 0, got {self.repeats:g}")
        if self.weight is not None and not 0 < self.weight <= 1e6:
            raise BadInput(f"the weight of {self.label} lies above 0, got {self.weight:g}")


@dataclass(frozen=True)
class Joined:
    """Datasets one after the other; a key is that of the row behind the label of its dataset.

    Args:
        name: how the user called it.
        parts: the datasets, labels all different; all have weights or none has.
    """

    name: str
    parts: tuple[Part, ...]

    def __post_init__(self) -> None:
        labels = [part.label for part in self.parts]
        if len(set(labels)) != len(labels) or any("/" in one or not one for one in labels):
            raise BadInput(f"datasets need labels of their own without slashes, got {labels}")
        if len({part.weight is None for part in self.parts}) > 1:
            raise BadInput("some datasets have a weight and some have none: give it to all or none")

    @cached_property
    def ends(self) -> tuple[int, ...]:
        """Number of the row after the last of every part."""
        return tuple(accumulate(len(part.source) for part in self.parts))

    def __len__(self) -> int:
        return self.ends[-1] if self.ends else 0

    def __iter__(self) -> Iterator[Row]:
        for part in self.parts:
            for row in part.source:
                yield replace(row, key=f"{part.label}/{row.key}")

    def place(self, index: int) -> tuple[Part, int]:
        """The part of a row, and its number there."""
        if not 0 <= index < len(self):
            raise IndexError(f"{self.name} has rows 0 to {len(self) - 1}, got {index}")
        which = bisect_right(self.ends, index)
        return self.parts[which], index - (self.ends[which - 1] if which else 0)

    def row(self, index: int) -> Row:
        """Row `index`."""
        part, inner = self.place(index)
        row = part.source.row(inner)
        return replace(row, key=f"{part.label}/{row.key}")

    def own(self, row: Row) -> tuple[Part, Row]:
        """The part that a row of the whole belongs to, and the row as it is known there."""
        label, _, key = row.key.partition("/")
        for part in self.parts:
            if part.label == label:
                return part, replace(row, key=key)
        raise BadInput(f"{row.key} is no row of {self.name}")

    def clip(self, row: Row) -> Clip:
        """The frames of a row."""
        part, own = self.own(row)
        return part.source.clip(own)

    def beside(self, row: Row, name: str) -> Path | None:
        """The file that lies beside a row under this name, see `files.Folder.beside`."""
        part, own = self.own(row)
        find: Any = getattr(part.source, "beside", None)
        return None if find is None else find(own, name)

    def content(self, row: Row, name: str) -> bytes | None:
        """What lies beside a row under this name, see `files.Folder.content`."""
        part, own = self.own(row)
        read: Any = getattr(part.source, "content", None)
        return None if read is None else read(own, name)
