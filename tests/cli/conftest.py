"""The command line without its process: code, stdout and stderr of one call."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fakes import a_report

import evenflow.continuity
import evenflow.io
from evenflow.cli.app import main
from evenflow.core.clip import Clip
from evenflow.core.errors import UnreadableVideo


@dataclass(frozen=True)
class Run:
    """What came of one command line."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error: ")]


@pytest.fixture
def run(capsys, monkeypatch) -> Callable[..., Run]:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*args: object) -> Run:
        code = main([str(arg) for arg in args])
        out, err = capsys.readouterr()
        return Run(code, out, err)

    return call


@pytest.fixture
def fake_check(monkeypatch):
    """`read` and `check` without files: a path that says `bad` cannot be read."""
    calls: list[dict[str, Any]] = []

    def read(path, *, fps=None):
        if "bad" in str(path):
            raise UnreadableVideo(f"{path} is not a video: give a video file")
        return Clip(None)  # type: ignore[arg-type]

    def check(clip, *, path, **options):
        calls.append({"path": path, **options})
        return a_report(path)

    monkeypatch.setitem(vars(evenflow.io), "read", read)
    monkeypatch.setitem(vars(evenflow.continuity), "check", check)
    return calls
