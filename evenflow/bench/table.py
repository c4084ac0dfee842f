"""BenchTable: figures in rows and columns, as Markdown for people and as JSON for programs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evenflow.core.estimate import Estimate

Cell = str | int | float | Estimate | None
"""Text, a count, a number, a number with its interval, or None where nothing can be said."""


@dataclass(frozen=True)
class Column:
    """One column.

    Args:
        key: its name in the JSON.
        title: its heading; the key with spaces if none is given.
        digits: behind the point, for numbers.
        meaning: what it holds, in a few words, for the JSON.
        zero: what stands for a count of 0; None writes it out.
    """

    key: str
    title: str = ""
    digits: int = 2
    meaning: str = ""
    zero: str | None = None

    @property
    def heading(self) -> str:
        """What stands above the column."""
        return self.title or self.key.replace("_", " ")


@dataclass(frozen=True)
class BenchTable:
    """What every suite of a bench gives back: a table with a name.

    Args:
        name: its key in the JSON.
        columns: from left to right; the first one names the rows.
        rows: one cell a column.

    >>> columns = (Column("kind"), Column("found"))
    >>> print(BenchTable("kinds", columns, (("freeze", 1.0), ("shake", None))).to_markdown())
    | kind | found |
    |---|---:|
    | freeze | 1.00 |
    | shake | – |
    """

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(
                    f"table {self.name} has {len(self.columns)} columns, got a row of {len(row)}"
                )

    def __len__(self) -> int:
        return len(self.rows)

    def column(self, key: str) -> list[Cell]:
        """The cells of one column, from top to bottom.

        Raises:
            KeyError: there is no such column.
        """
        for i, column in enumerate(self.columns):
            if column.key == key:
                return [row[i] for row in self.rows]
        raise KeyError(key)

    def without(self, *keys: str) -> "BenchTable":
        """The same table with some columns left out."""
        kept = [i for i, column in enumerate(self.columns) if column.key not in keys]
        return BenchTable(
            self.name,
            tuple(self.columns[i] for i in kept),
            tuple(tuple(row[i] for i in kept) for row in self.rows),
        )

    def to_markdown(self) -> str:
        """A pipe table without a line break at its end."""
        numeric = [
            any(not isinstance(row[i], str) and row[i] is not None for row in self.rows)
            for i in range(len(self.columns))
        ]
        lines = [
            _line([_escaped(column.heading) for column in self.columns]),
            "|" + "|".join("---:" if right else "---" for right in numeric) + "|",
        ]
        lines += [
            _line([_text(cell, column) for cell, column in zip(row, self.columns, strict=True)])
            for row in self.rows
        ]
        return "\n".join(lines)

    def to_json(self) -> dict[str, Any]:
        """Plain types: the meaning of the columns, and one object a row."""
        return {
            "name": self.name,
            "columns": {column.key: column.meaning or column.heading for column in self.columns},
            "rows": [
                {
                    column.key: _plain(cell, column)
                    for cell, column in zip(row, self.columns, strict=True)
                }
                for row in self.rows
            ],
        }


def number(value: float | None, digits: int = 2) -> str:
    """A number as the tables write it.

    >>> number(0.5), number(None), number(-0.001)
    ('0.50', '–', '0.00')
    """
    if value is None or math.isnan(value):
        return "–"
    text = f"{value:.{digits}f}"
    return text[1:] if text.startswith("-") and float(text) == 0 else text


def estimated(estimate: Estimate, digits: int = 2) -> str:
    """An estimate as the tables write it.

    >>> estimated(Estimate(0.9, 0.6, 0.98, 10))
    '0.90 [0.60, 0.98]'
    """
    text = number(estimate.value, digits)
    if estimate.low is not None and estimate.high is not None:
        text += f" [{number(estimate.low, digits)}, {number(estimate.high, digits)}]"
    return text


def _text(cell: Cell, column: Column) -> str:
    if isinstance(cell, str):
        return _escaped(cell)
    if isinstance(cell, Estimate):
        return estimated(cell, column.digits)
    if isinstance(cell, int):
        return column.zero if cell == 0 and column.zero is not None else str(cell)
    return number(cell, column.digits)


def _plain(cell: Cell, column: Column) -> Any:
    if isinstance(cell, Estimate):
        return cell.to_json()
    if isinstance(cell, float):
        return None if math.isnan(cell) else round(cell, max(column.digits, 4))
    return cell


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
