"""Logs: a line of JSON a step that is logged, and the same for TensorBoard where it is installed.

`log.jsonl` has every number that was seen; lines behind the checkpoint that a run goes on from are
cut off, so that a step stands there once. Rank 0 writes.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "log.jsonl"


@dataclass(frozen=True)
class RunLog:
    """A run that is over, or that was stopped.

    Args:
        folder: of the run.
        steps: done.
        seconds: spent.
        finished: whether the schedule came to its end.
        rows: of the log, in order; a row has `step` and numbers by name.
    """

    folder: Path
    steps: int
    seconds: float
    finished: bool
    rows: tuple[dict[str, Any], ...]

    def series(self, name: str) -> list[tuple[int, float]]:
        """Steps and values of one number, where it was logged."""
        return [(row["step"], row[name]) for row in self.rows if row.get(name) is not None]


def read(folder: Path) -> tuple[dict[str, Any], ...]:
    """Rows of a run's log; a last line that was not finished is left out."""
    path = folder / NAME
    rows = []
    if path.is_file():
        for line in path.read_text().splitlines():
            try:
                rows.append(json.loads(line))
            except ValueError:
                break
    return tuple(rows)


class Log:
    """Writes rows.

    Args:
        folder: of the run.
        step: rows of this step and later ones that are there are cut off.
        board: whether to write for TensorBoard as well, if it is installed.
    """

    def __init__(self, folder: Path, step: int, *, board: bool = True) -> None:
        path = folder / NAME
        kept = [row for row in read(folder) if row["step"] < step]
        part = path.with_name(f".{NAME}.{os.getpid()}.part")
        part.write_text("".join(json.dumps(row) + "\n" for row in kept))
        part.rename(path)
        self._file = path.open("a", buffering=1)
        self._board = _board(folder / "tensorboard", step) if board else None

    def write(self, row: Mapping[str, Any]) -> None:
        """One row; what is not a finite number becomes null."""
        told = {k: _plain(v) for k, v in row.items()}
        self._file.write(json.dumps(told) + "\n")
        if self._board is not None:
            for name, value in _flat(told):
                if name != "step" and isinstance(value, int | float):
                    self._board.add_scalar(name, value, told["step"])

    def close(self) -> None:
        """Ends the files."""
        self._file.close()
        if self._board is not None:
            self._board.close()


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else None
    if isinstance(value, Mapping):
        return {k: _plain(v) for k, v in value.items()}
    return value


def _flat(row: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    out = []
    for name, value in row.items():
        if isinstance(value, Mapping):
            out += _flat(value, f"{before}{name}/")
        else:
            out.append((before + name, value))
    return out


def _board(folder: Path, step: int) -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return None
    return SummaryWriter(str(folder), purge_step=step)
