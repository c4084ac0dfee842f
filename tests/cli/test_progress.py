"""Progress where there is no terminal: a line a minute, and silence below that."""

import pytest

from evenflow.cli import console
from evenflow.core.events import Event


def told(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    times: list[float],
    *,
    quiet: bool = False,
) -> list[str]:
    """Lines on stderr when steps come at these seconds, 10 clips each."""
    clock = iter([0.0, *times])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    with console.Bar(quiet=quiet, title="pocket") as bar:
        for index, now in enumerate(times):
            bar(Event("clips", 10 * index, 1000, 1000 - now, 0))
    return capsys.readouterr().err.splitlines()


def test_a_log_gets_a_line_a_minute(monkeypatch, capsys):
    lines = told(monkeypatch, capsys, [10.0 * i for i in range(20)])
    assert lines == [
        "pocket clips 60 of 1000, 1/s, 15:40 left",
        "pocket clips 120 of 1000, 1/s, 14:40 left",
        "pocket clips 180 of 1000, 1/s, 13:40 left",
    ]


def test_short_or_quiet_work_says_nothing(monkeypatch, capsys):
    assert told(monkeypatch, capsys, [10.0, 30.0, 59.0]) == []
    assert told(monkeypatch, capsys, [10.0, 70.0, 200.0], quiet=True) == []
