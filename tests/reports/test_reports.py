import csv
import errno
import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from fakes import a_finding, a_report
from hypothesis import given
from hypothesis import strategies as st

import evenflow as ef
from evenflow.core.errors import BadInput, OutputExists, ResourceShortage
from evenflow.core.gate import Gate
from evenflow.core.kinds import KINDS
from evenflow.core.report import Report, Shot
from evenflow.reports import WRITERS, Baseline, Unchecked, json_text, junit, markdown, table

GATE = Gate.parse({"lighting_flicker": "<= 2 jnd", "score": ">= 50", "shake": "<= 1 jnd"})
BAD = Unchecked("clips/b.mp4", "b.mp4 is empty: give a video")


def cases(text: str) -> dict[str, ElementTree.Element]:
    return {case.get("name", ""): case for case in ElementTree.fromstring(text).iter("testcase")}


@pytest.mark.parametrize("suffix", sorted(WRITERS))
def test_every_form_is_written_whole_and_never_over_another(tmp_path: Path, suffix):
    path = tmp_path / f"r{suffix}"
    assert ef.report(a_report(), path) == path
    text = path.read_text(encoding="utf-8")
    assert text == WRITERS[suffix]([a_report()])
    with pytest.raises(OutputExists, match="--yes"):
        ef.report(a_report(), path)
    ef.report([a_report(), a_report("b.mp4")], path, overwrite=True)
    assert path.read_text(encoding="utf-8") != text
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("r.pdf", ".csv, .edl, .html, .json, .md, .otio, .xml"),
        ("no/r.json", "does not exist"),
        ("d.json", "folder"),
    ],
)
def test_a_place_that_cannot_be_written_is_a_clear_error(tmp_path: Path, name, what):
    (tmp_path / "d.json").mkdir()
    with pytest.raises(BadInput, match=what):
        ef.report(a_report(), tmp_path / name)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch):
    def full(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(ResourceShortage, match="disk is full"):
        ef.report(a_report(), tmp_path / "r.json")
    assert not list(tmp_path.iterdir())


def test_json_is_one_object_for_one_and_a_list_for_several():
    one = json.loads(json_text([a_report()]))
    assert one["schema"] == "evenflow.report/1"
    both = json.loads(json_text([a_report(), BAD]))
    assert both == [one, {"clip": {"path": "clips/b.mp4"}, "error": BAD.error}]
    assert json.loads(json_text([BAD], several=True)) == [both[1]]


def test_json_reads_back():
    back = Report.from_json(json.loads(json_text([a_report().judged(GATE)])))
    assert back.findings == a_report().findings
    assert [v.passed for v in back.gate] == [False, True, False]


def test_csv_has_a_row_a_frame_and_nothing_where_nothing_can_be_said():
    rows = list(csv.reader(io.StringIO(table([a_report()]))))
    assert rows[0] == ["frame", "time_s", "luma_gain", "prompt_match", "findings", "severity_jnd"]
    assert rows[1] == ["0", "0.000000", "", "", "", ""]
    assert rows[3] == ["2", "0.080000", "6", "", "lighting_flicker", "3.20"]
    assert rows[4][2] == "-6"  # a negative number stays a number
    assert len(rows) == 6


def test_csv_of_a_range_counts_as_the_clip_does():
    late = a_report(shots=(Shot(100, 105),), findings=(a_finding(start=102, end=104),))
    rows = list(csv.reader(io.StringIO(table([late]))))
    assert [row[0] for row in rows[1:]] == ["100", "101", "102", "103", "104"]
    assert [row[4] for row in rows[1:]] == ["", "", "lighting_flicker", "lighting_flicker", ""]


def test_csv_of_several_clips_names_the_clip_and_never_starts_a_formula():
    text = table([a_report("=1+1.mp4"), BAD, a_report("b.mp4")])
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][0] == "clip"
    assert {row[0] for row in rows[1:]} == {"'=1+1.mp4", "b.mp4"}
    assert len(rows) == 11


def test_junit_has_a_test_a_clause():
    found = cases(junit([a_report().judged(GATE)]))
    assert list(found) == ["lighting_flicker <= 2 jnd", "score >= 50", "shake <= 1 jnd"]
    failure = found["lighting_flicker <= 2 jnd"].find("failure")
    assert failure is not None
    assert failure.get("message") == (
        "3.2, lighting_flicker of 3.2 jnd at 0.08 s, frames 2-3: brightness alternates by 6 %"
    )
    assert found["score >= 50"].find("failure") is None
    unknown = found["shake <= 1 jnd"].find("failure")
    assert unknown is not None
    assert "shorter than a second" in unknown.get("message", "")


def test_junit_without_a_gate_fails_on_what_is_clear():
    report = a_report(findings=(a_finding(), a_finding("freeze", severity=2.5)))
    found = cases(junit([report]))
    assert {"nothing of 3 jnd or more", "freeze", "lighting_flicker", "drift"} < set(found)
    failed = [name for name, case in found.items() if case.find("failure") is not None]
    assert failed == ["nothing of 3 jnd or more", "lighting_flicker"]
    skipped = found["not judged: the clip is shorter than a second"].find("skipped")
    assert skipped is not None
    assert skipped.get("message") == "shake"
    assert "shake" not in found


def test_junit_counts_and_tells_an_unreadable_clip():
    root = ElementTree.fromstring(junit([a_report().judged(GATE), BAD, a_report(findings=())]))
    totals = {k: int(root.get(k, "-1")) for k in ("tests", "failures", "errors")}
    assert totals == {"tests": 3 + 1 + 1 + len(KINDS), "failures": 2, "errors": 1}
    for name, total in totals.items():
        assert total == sum(int(suite.get(name, "-1")) for suite in root)


@given(st.text())
def test_junit_is_xml_whatever_the_names_are(text: str):
    report = a_report(path=text or "a", findings=(a_finding(explanation=text),))
    root = ElementTree.fromstring(junit([report, Unchecked(text, text)]).encode("utf-8"))
    assert root.tag == "testsuites"


def test_markdown_escapes_what_is_not_ours():
    report = a_report("a|b`<img>.mp4", findings=(a_finding(explanation="[x](http://e) | @all"),))
    text = markdown([report.judged(GATE), BAD])
    assert "<img>" not in text and "a\\|b\\`&lt;img&gt;.mp4" in text
    assert "\\[x\\](http://e) \\| \\@all" in text
    assert "- [ ] `lighting_flicker <= 2 jnd`: 3.2" in text
    assert "- [x] `score >= 50`: 72.6" in text
    assert "not checked" in text


def test_no_worse_than_the_baseline_passes_and_more_than_one_jnd_worse_does_not():
    before = a_report()
    same = before.judged(Baseline.gate(before, before))
    assert same.passed
    slightly = a_report(findings=(a_finding(severity=4.2),), score=67.6)
    assert slightly.judged(Baseline.gate(before, slightly)).passed
    worse = a_report(findings=(a_finding(severity=4.3),))
    failed = [v for v in worse.judged(Baseline.gate(before, worse)).gate if not v.passed]
    assert [v.clause.key for v in failed] == ["lighting_flicker"]
    lower = a_report(score=67.5)
    failed = [v for v in lower.judged(Baseline.gate(before, lower)).gate if not v.passed]
    assert [v.clause.key for v in failed] == ["score"]


def test_a_new_kind_may_reach_one_jnd():
    before = a_report(findings=())
    for severity, passes in ((1.0, True), (1.1, False)):
        now = a_report(findings=(a_finding("freeze", severity=severity),))
        assert now.judged(Baseline.gate(before, now)).passed is passes


def test_a_baseline_is_matched_by_path_then_by_name(tmp_path: Path):
    path = ef.report(
        [a_report("x/a.mp4"), a_report("x/b.mp4", score=1.0), BAD], tmp_path / "r.json"
    )
    baseline = Baseline.load(path)
    assert baseline.pick(["y/b.mp4"])["y/b.mp4"].score == 1.0
    with pytest.raises(BadInput, match=r"no report of c\.mp4, it knows a\.mp4, b\.mp4"):
        baseline.pick(["c.mp4"])
    alone = Baseline.load(ef.report(a_report("old.mp4"), tmp_path / "one.json"))
    assert alone.pick(["new.mp4"])["new.mp4"].score == 72.6


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "other/1"}', "\x00", "3"])
def test_a_damaged_baseline_is_bad_input(tmp_path: Path, text):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"baseline r\.json"):
        Baseline.load(path)
