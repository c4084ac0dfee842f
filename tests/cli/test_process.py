"""What only a real process shows: exit codes as the shell sees them, pipes, signals."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EVENFLOW = [sys.executable, "-m", "evenflow"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "80"}


def evenflow(*args: object, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*EVENFLOW, *map(str, args)],
        capture_output="stdout" not in options,
        text=True,
        env=ENVIRONMENT,
        timeout=120,
        check=False,
        **options,
    )


def test_a_missing_file_is_exit_code_two_and_one_line(tmp_path):
    result = evenflow("check", tmp_path / "none.mp4")
    assert result.returncode == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("error: ")


def test_no_verb_prints_the_help_and_a_version_is_one_line():
    assert "check" in evenflow().stdout
    assert evenflow("--version").stdout.startswith("evenflow 0.")


@pytest.mark.parametrize("words", [["check", "--help"], ["inject", "--kind", "list"]])
def test_a_closed_pipe_ends_silently_with_zero(words):
    reading, writing = os.pipe()
    os.close(reading)
    result = subprocess.run(
        [*EVENFLOW, *words], stdout=writing, stderr=subprocess.PIPE, env=ENVIRONMENT, check=False
    )
    os.close(writing)
    assert result.returncode == 0
    assert result.stderr == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_stdout_is_exit_code_four():
    with open("/dev/full", "w") as full:
        result = evenflow("inject", "--kind", "list", stdout=full, stderr=subprocess.PIPE)
    assert result.returncode == 4
    assert result.stderr.count("\n") == 1


def heeding() -> None:
    """Signals as at a prompt: what a script runs in the background ignores Ctrl-C, and its children
    do, and so would the program that is tested."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def hears(process: subprocess.Popen[str], number: signal.Signals) -> bool:
    """Whether the process has a handler of its own for the signal (Linux tells)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) >> (number - 1) & 1)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
@pytest.mark.parametrize("at_work", [False, True], ids=["as it loads", "at work"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["int", "term"])
def test_a_signal_stops_the_work_with_130_and_leaves_nothing(bikes, tmp_path, number, at_work):
    output = tmp_path / "r.json"
    process = subprocess.Popen(
        [*EVENFLOW, "check", *[str(bikes)] * 20, "-o", str(output)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
        preexec_fn=heeding,
    )
    until = time.monotonic() + 60
    while not hears(process, signal.SIGTERM) and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(4.0 if at_work else 0.0)
    assert process.poll() is None, process.communicate()
    os.killpg(process.pid, number)  # the children get it too, as in a terminal
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == "error: stopped before the end; nothing half-written is left\n"
    assert not list(tmp_path.iterdir())
