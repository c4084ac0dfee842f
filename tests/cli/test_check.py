import json
import os
import signal

import pytest
from fakes import a_finding, a_report

import evenflow.continuity
from evenflow.core.errors import Cancelled, ResourceShortage, UnreadableVideo
from evenflow.core.times import Range


def test_one_clip_is_one_json_object_and_stderr_has_the_rest(run, fake_check):
    result = run("check", "a.mp4", "--json")
    assert result.code == 0
    assert result.json["clip"]["path"] == "a.mp4"
    assert result.err == ""


def test_several_clips_are_a_list_and_a_bad_one_does_not_stop_the_rest(run, fake_check):
    result = run("check", "a.mp4", "bad.mp4", "c.mp4", "--json", "--fail-on", "1")
    assert result.code == 2  # wins over 3
    assert [entry["clip"]["path"] for entry in result.json] == ["a.mp4", "bad.mp4", "c.mp4"]
    assert set(result.json[1]) == {"clip", "error"}
    assert result.errors == ["error: bad.mp4 is not a video: give a video file"]


def test_one_bad_clip_is_an_error_object(run, fake_check):
    result = run("check", "bad.mp4", "--json")
    assert result.code == 2
    assert result.json == {
        "clip": {"path": "bad.mp4"},
        "error": "bad.mp4 is not a video: give a video file",
    }
    assert len(result.errors) == 1


def test_the_card_fits_eighty_columns_without_color(run, fake_check, monkeypatch):
    long = a_finding(explanation="brightness alternates by 6 % " * 6, box=(0, 0, 200, 90))
    monkeypatch.setitem(
        vars(evenflow.continuity),
        "check",
        lambda clip, **_: a_report(findings=(long, a_finding("high_frequency_noise", 4, 5, 9.9))),
    )
    result = run("check", "a.mp4", "--fail-on", "3")
    assert result.code == 3
    assert max(len(line) for line in result.out.splitlines()) <= 80
    assert "\x1b" not in result.out
    for part in ("score 72.6", "visible flaws", "1 cut", "2-3", "top left", "any < 3 jnd"):
        assert part in result.out
    assert "cannot be judged: shake" in result.out


@pytest.mark.parametrize(
    ("options", "code"),
    [(["--fail-on", "3"], 3), (["--fail-on", "3.5"], 0), (["--fail-on", "3.2"], 3)],
)
def test_fail_on_is_a_clause_of_the_gate(run, fake_check, options, code):
    result = run("check", "a.mp4", "--json", *options)
    assert result.code == code
    assert [v["clause"] for v in result.json["gate"]] == [f"any < {options[1]} jnd"]


def test_a_gate_file_decides_the_exit_code(run, fake_check, tmp_path):
    gate = tmp_path / "gate.toml"
    gate.write_text('[gate]\nlighting_flicker = "<= 2 jnd"\nscore = ">= 50"\n')
    result = run("check", "a.mp4", "--gate", gate, "--json")
    assert result.code == 3
    assert [v["passed"] for v in result.json["gate"]] == [False, True]
    gate.write_text('[gate]\nlighting_flicker = "<= 4 jnd"\n')
    assert run("check", "a.mp4", "--gate", gate).code == 0


def test_a_baseline_shows_as_gate_clauses(run, fake_check, tmp_path, monkeypatch):
    stored = tmp_path / "before.json"
    assert run("check", "a.mp4", "-o", stored).code == 0
    assert run("check", "a.mp4", "--baseline", stored).code == 0
    worse = a_report(findings=(a_finding(severity=5.0),))
    monkeypatch.setitem(vars(evenflow.continuity), "check", lambda clip, **_: worse)
    result = run("check", "a.mp4", "--baseline", stored, "--json")
    assert result.code == 3
    assert result.json["gate"][0]["clause"] == "lighting_flicker <= 4.2 jnd"


def test_outputs_are_written_beside_each_other(run, fake_check, tmp_path):
    names = {
        "-o": tmp_path / "r.md",
        "--csv": tmp_path / "s.csv",
        "--junit": tmp_path / "j.xml",
        "--findings": tmp_path / "f.csv",
        "--markdown": tmp_path / "m.md",
    }
    flat = [str(part) for pair in names.items() for part in pair]
    assert run("check", "a.mp4", "bad.mp4", *flat, "-q").code == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["f.csv", "j.xml", "m.md", "r.md", "s.csv"]
    assert names["--markdown"].read_text() == names["-o"].read_text()
    assert "<error" in names["--junit"].read_text()
    result = run("check", "a.mp4", *flat)
    assert result.code == 2
    assert "already there" in result.errors[0]
    assert run("check", "a.mp4", *flat, "--yes").code == 0


def test_markers_are_of_one_clip(run, fake_check, tmp_path):
    marks = tmp_path / "m.edl"
    assert run("check", "a.mp4", "--markers", marks, "-q").code == 0
    assert "|M:lighting_flicker" in marks.read_text()
    several = run("check", "a.mp4", "b.mp4", "--markers", marks, "--yes")
    assert several.code == 2
    assert several.errors == ["error: m.edl holds the markers of one clip, got 2: one each"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--markers", "m.csv"], ".edl, .otio"),
        (["--gate", "none.toml"], "gate file none.toml cannot be read"),
        (["--baseline", "none.json"], "baseline none.json cannot be read"),
        (["--range", "1s"], "A..B"),
        (["--range", "soon..later"], "a time is written"),
        (["-o", "r.pdf"], ".csv, .html, .json, .md, .xml"),
        (["-o", "no/such/r.json"], "does not exist"),
        (["-o", "r.json", "--csv", "r.json"], "the same"),
        (["--fail-on", "-1"], "-1"),
        (["--fail-on", "much"], "much"),
        (["--workers", "0"], "0"),
        (["--workerz", "2"], "or --workers?"),
        (["--jason"], "did you mean --fail-on or --json"),
        (["--gate"], "--gate"),
        (["-Z"], "-Z"),
    ],
)
def test_wrong_options_are_told_before_the_work_starts(
    run, fake_check, tmp_path, monkeypatch, options, says
):
    monkeypatch.chdir(tmp_path)
    result = run("check", "a.mp4", *options)
    assert result.code == 2
    assert len(result.err.splitlines()) == 1
    assert says in result.errors[0]
    assert result.out == ""
    assert not fake_check
    assert not list(tmp_path.iterdir())


def test_check_needs_a_clip(run):
    result = run("check")
    assert result.code == 2
    assert "clip" in result.errors[0].lower()


def test_a_verb_that_is_nearly_one_is_named(run):
    result = run("chekc", "a.mp4")
    assert result.code == 2
    assert "check" in result.errors[0]
    assert len(result.err.splitlines()) == 1


def test_range_workers_and_rate_reach_the_analysis(run, fake_check):
    run("check", "a.mp4", "--range", "1s..2s", "--workers", "3")
    assert fake_check[0]["span"] == Range.parse("1s..2s")
    assert fake_check[0]["workers"] == 3


def test_quiet_says_nothing(run, fake_check):
    result = run("check", "a.mp4", "-q")
    assert (result.code, result.out, result.err) == (0, "", "")


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (ResourceShortage("the disk is full: make room"), 4, "make room"),
        (MemoryError(), 4, "memory"),
        (OSError(28, "No space left on device", "x.bin"), 4, "x.bin cannot be written"),
        (PermissionError(13, "Permission denied", "/secret/x.mp4"), 2, "x.mp4 cannot be used"),
        (KeyboardInterrupt(), 130, "stopped"),
        (Cancelled("stopped"), 130, "stopped"),
        (ZeroDivisionError("division\nby zero"), 1, "a bug in Evenflow (ZeroDivisionError"),
        (BrokenPipeError(), 0, None),
    ],
)
def test_an_error_is_one_line_with_its_code(run, fake_check, monkeypatch, error, code, says):
    def check(clip, **options):
        raise error

    monkeypatch.setitem(vars(evenflow.continuity), "check", check)
    result = run("check", "a.mp4")
    assert result.code == code
    assert len(result.err.splitlines()) == (0 if says is None else 1)
    if says is not None:
        assert says in result.errors[0]


def test_debug_shows_the_traceback(run, fake_check, monkeypatch):
    def check(clip, **options):
        raise ZeroDivisionError

    monkeypatch.setitem(vars(evenflow.continuity), "check", check)
    result = run("check", "a.mp4", "--debug")
    assert result.code == 1
    assert "Traceback" in result.err


def test_a_signal_cancels_and_whatever_error_follows_counts_as_stopped(
    run, fake_check, monkeypatch
):
    def check(clip, *, cancel, **options):
        os.kill(os.getpid(), signal.SIGINT)
        assert cancel.cancelled
        raise UnreadableVideo("the decoder went away")  # as a killed child would look

    before = signal.getsignal(signal.SIGINT)  # a job in the background starts with it ignored
    monkeypatch.setitem(vars(evenflow.continuity), "check", check)
    result = run("check", "a.mp4", "b.mp4")
    assert result.code == 130
    assert result.errors == ["error: stopped before the end; nothing half-written is left"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_signal_that_the_work_does_not_see_still_stops_the_run(run, fake_check, monkeypatch):
    seen = []

    def check(clip, *, path, **options):
        seen.append(path)
        os.kill(os.getpid(), signal.SIGINT)
        return a_report(path)

    monkeypatch.setitem(vars(evenflow.continuity), "check", check)
    assert run("check", "a.mp4", "b.mp4").code == 130
    assert seen == ["a.mp4"]
    assert run("check", "a.mp4").code == 130


def test_warnings_of_a_clip_go_to_stderr_with_json(run, fake_check, monkeypatch):
    torn = a_report(warnings=("breaks off after frame 3 of 5",))
    monkeypatch.setitem(vars(evenflow.continuity), "check", lambda clip, **_: torn)
    result = run("check", "a.mp4", "--json")
    assert result.err == "warning: a.mp4: breaks off after frame 3 of 5\n"
    assert json.loads(result.out)["warnings"] == ["breaks off after frame 3 of 5"]
    assert "breaks off" in run("check", "a.mp4").out


def test_a_name_that_would_steer_the_terminal_is_printed_harmlessly(run, fake_check):
    result = run("check", "bad\x1b[2J.mp4")
    assert "\x1b" not in result.err
    assert "\\x1b[2J" in result.errors[0]
