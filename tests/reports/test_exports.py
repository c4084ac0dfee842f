"""Exports are read back by an independent reader: a schema, a CSV parser, OpenTimelineIO."""

import csv
import io
import json
import re
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from fakes import a_finding, a_report
from hypothesis import given
from hypothesis import strategies as st

import evenflow as ef
from evenflow.core.errors import BackendMissing, BadInput
from evenflow.core.gate import Gate
from evenflow.core.measurement import Measurement
from evenflow.core.report import Shot
from evenflow.core.timecode import Counting
from evenflow.reports import Unchecked, edl, findings_table, junit, markdown, otio, table

BAD = Unchecked("clips/b.mp4", "b.mp4 is empty: give a video")
GATE = Gate.parse({"lighting_flicker": "<= 2 jnd", "score": ">= 50", "shake": "<= 1 jnd"})

# What jenkins-junit.xsd allows: attributes (required in capitals), children and how often.
ALLOWED = {
    "testsuites": ({"name", "time", "tests", "failures", "disabled", "errors"}, {"testsuite"}),
    "testsuite": (
        {"NAME", "TESTS", "failures", "errors", "time", "disabled", "skipped", "timestamp",
         "hostname", "id", "package"},
        {"properties", "testcase", "system-out", "system-err"},
    ),
    "testcase": (
        {"NAME", "CLASSNAME", "assertions", "time", "status"},
        {"skipped", "error", "failure", "system-out", "system-err"},
    ),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
    "skipped": ({"type", "message"}, set()),
}  # fmt: skip


def follows_the_schema(element: ElementTree.Element) -> None:
    attributes, children = ALLOWED[element.tag]
    required = {name.lower() for name in attributes if name.isupper()}
    assert required <= set(element.attrib) <= {name.lower() for name in attributes}, element.tag
    assert {child.tag for child in element} <= children, element.tag
    assert not (element.text or "").strip() and not (element.tail or "").strip()
    for child in element:
        follows_the_schema(child)


def a_clip(fps=25.0, timecode=None, *findings, **changes):
    num_frames = round(fps * 200)
    clip = {
        "path": "clips/a.mp4", "frames": num_frames, "fps": round(fps, 3), "duration_s": 200.0,
        "width": 640, "height": 272, "timecode": timecode,
    }  # fmt: skip
    return a_report(clip=clip, findings=findings, shots=(Shot(0, num_frames),), **changes)


def events(text: str) -> list[list[str]]:
    """The four timecodes of every event, read by the columns that CMX 3600 gives them."""
    line = re.compile(r"^(\d{3})  (\S+) +V +C +(\S+) (\S+) (\S+) (\S+)$", re.M)
    return [list(match.groups()[2:]) for match in line.finditer(text)]


@pytest.mark.parametrize(
    "entries",
    [
        [a_report()],
        [a_report(findings=())],
        [a_report().judged(GATE)],
        [a_report(), BAD, a_report('=1<&>".mp4')],
    ],
)
def test_junit_follows_the_common_schema(entries):
    root = ElementTree.fromstring(junit(entries))
    assert root.tag == "testsuites" and len(root) == len(entries)
    follows_the_schema(root)
    for suite in root:
        assert int(suite.get("tests", "-1")) == len(suite)


def test_a_row_a_finding_with_place_and_evidence():
    late = a_finding("freeze", 4, 5, 1.5, box=(1, 2, 30, 40), explanation="=cmd|' /C calc'!A0")
    rows = list(
        csv.DictReader(io.StringIO(findings_table([a_report(findings=(a_finding(), late)), BAD])))
    )
    assert [row["kind"] for row in rows] == ["lighting_flicker", "freeze"]
    assert rows[0]["x0"] == "" and rows[0]["signal"] == "luma_gain"
    assert float(rows[0]["severity_jnd"]) == 3.2 and rows[0]["repairable"] == "true"
    assert [rows[1][side] for side in ("x0", "y0", "x1", "y1")] == ["1", "2", "30", "40"]
    assert rows[1]["explanation"].startswith("'=cmd")
    assert rows[1]["clip"] == "clips/a.mp4"


@given(st.text(), st.text())
def test_no_cell_of_any_text_starts_a_formula(path, words):
    report = a_report(path=path or "a", findings=(a_finding(explanation=words),))
    for text in (findings_table([report]), table([report, report])):
        for row in list(csv.reader(io.StringIO(text, newline="")))[1:]:
            for cell in row:
                number = re.fullmatch(r"-?[0-9.]+(e[-+]?\d+)?", cell)
                assert number or not cell.startswith(tuple("=+-@\t\r\n＝＋－＠"))


def test_csv_holds_a_long_series_whole_where_the_report_keeps_seconds():
    count = 12_000
    series = np.arange(count, dtype=np.float32)
    long = a_report(
        clip={**a_report().clip, "frames": count, "fps": 25.0, "duration_s": count / 25},
        shots=(Shot(0, count),),
        signals={"luma": Measurement("luma", "gray levels", "neither", 1.0, series)},
        seconds=np.arange(count) / 25,
    )
    kept = json.loads(long.dumps())["signals"]["luma"]
    assert "series" not in kept and len(kept["series_per_second"]) == count // 25
    rows = list(csv.DictReader(io.StringIO(table([long]))))
    assert len(rows) == count
    assert float(rows[-1]["luma"]) == pytest.approx(count - 1, rel=1e-4)


def test_markdown_counts_what_it_does_not_list():
    many = tuple(a_finding(start=i, end=i + 1) for i in range(30))
    text = markdown([a_report(findings=many), BAD])
    assert "and 10 more of lower severity" in text and "not checked" in text


def test_edl_counts_from_the_source_timecode_and_from_the_start_of_the_timeline():
    text = edl([a_clip(25.0, "10:00:00:00", a_finding(start=50, end=75, fps=25))])
    assert text.startswith("TITLE: a.mp4\nFCM: NON-DROP FRAME\n\n")
    assert events(text) == [["10:00:02:00", "10:00:02:01", "01:00:02:00", "01:00:02:01"]]
    assert "lighting_flicker 3.2 jnd: brightness alternates by 6 % |C:ResolveColorRed " in text
    assert "|M:lighting_flicker |D:25\n" in text
    assert "* LOC: 01:00:02:00 RED     lighting_flicker 3.2 jnd" in text
    other = edl([a_clip(25.0, None, a_finding(start=50, end=75))], record_start="00:00:00:00")
    assert events(other) == [["00:00:02:00", "00:00:02:01"] * 2]


def test_edl_of_drop_frame_material_says_so_and_skips_the_right_numbers():
    fps = 30000 / 1001
    found = a_finding(start=1800, end=1830, fps=fps)
    drop = edl([a_clip(fps, "01:00:00;00", found)])
    assert "FCM: DROP FRAME" in drop
    assert events(drop) == [["01:01:00;02", "01:01:00;03", "01:01:00;02", "01:01:00;03"]]
    whole = edl([a_clip(fps, "01:00:00:00", found)])
    assert "FCM: NON-DROP FRAME" in whole
    assert events(whole)[0][0] == "01:01:00:00"


def test_edl_keeps_one_marker_a_frame_and_leaves_out_what_nobody_notices():
    found = (
        a_finding(start=10, end=12, severity=2.5, explanation="a | b\nc"),
        a_finding("freeze", 10, 40, 4.0),
        a_finding("drift", 20, 30, 0.5),
        a_finding("shake", 30, 35, 1.5),
    )
    text = edl([a_clip(25.0, None, *found)])
    assert len(events(text)) == 2
    first = next(line for line in text.splitlines() if "|M:freeze" in line)
    assert first.startswith("freeze 4.0 jnd") and "lighting_flicker 2.5 jnd: a / b c" in first
    assert first.endswith("|C:ResolveColorRed |M:freeze |D:30")
    assert "|C:ResolveColorBlue |M:shake |D:5" in text


def test_edl_of_an_odd_rate_stands_at_the_right_time_and_says_how_it_counts():
    text = edl([a_clip(12.5, None, a_finding(start=25, end=50, fps=12.5))])
    assert "* no timecode counts 12.5 frames a second" in text
    assert events(text)[0][2] == "01:00:02:00"  # two seconds, in twelves


def test_a_timecode_that_does_not_fit_the_rate_is_told_and_not_used():
    text = edl([a_clip(24.0, "01:00:00:24", a_finding(start=24, end=48, fps=24))])
    assert "* timecode 01:00:00:24 does not go with 24 fps" in text
    assert events(text)[0][0] == "00:00:01:00"


def test_markers_belong_to_one_clip_that_was_checked(tmp_path):
    for form in (edl, otio):
        try:
            with pytest.raises(BadInput, match="belong to one clip"):
                form([a_report(), a_report()])
            with pytest.raises(BadInput, match="could not be checked"):
                form([BAD])
        except BackendMissing:
            pytest.skip("OpenTimelineIO comes with the extra editorial")
    assert ef.report(a_report(), tmp_path / "m.edl").read_text() == edl([a_report()])


def test_otio_without_its_extra_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    with pytest.raises(BackendMissing, match=r"evenflow\[editorial\]"):
        otio([a_report()])


@pytest.mark.parametrize("fps", [23.976, 24.0, 25.0, 29.97, 30.0, 50.0, 59.94])
def test_opentimelineio_reads_the_edl_back(fps):
    library = pytest.importorskip("opentimelineio", reason="comes with the extra editorial")
    pytest.importorskip("otio_cmx3600_adapter", reason="comes with the extra editorial")
    rate = float(Counting.of(fps).rate)
    frames = [12, 1799, 1800, 4000]
    found = [
        a_finding(start=f, end=f + 5, fps=rate, severity=1.0 + i) for i, f in enumerate(frames)
    ]
    text = edl([a_clip(fps, "02:00:00:00", *found)])
    timeline = library.adapters.read_from_string(text, "cmx_3600", rate=rate)
    clips = list(timeline.find_clips())
    start = Counting.of(fps).number("02:00:00:00")
    hour = Counting.of(fps).number("01:00:00:00")
    assert [clip.source_range.start_time.value - start for clip in clips] == frames
    assert [clip.markers[0].marked_range.start_time.value - hour for clip in clips] == frames
    assert [clip.markers[0].color for clip in clips] == ["BLUE", "YELLOW", "RED", "RED"]


def test_opentimelineio_counts_drop_frame_as_we_do():
    library = pytest.importorskip("opentimelineio", reason="comes with the extra editorial")
    pytest.importorskip("otio_cmx3600_adapter", reason="comes with the extra editorial")
    rate = 30000 / 1001
    frames = [1799, 1800, 5000]
    found = [a_finding(start=f, end=f + 5, fps=rate) for f in frames]
    text = edl([a_clip(rate, "00:00:00;00", *found)])
    timeline = library.adapters.read_from_string(text, "cmx_3600", rate=rate)
    assert [c.source_range.start_time.value for c in timeline.find_clips()] == frames


def test_otio_markers_stand_on_the_clip_in_its_own_time():
    library = pytest.importorskip("opentimelineio", reason="comes with the extra editorial")
    report = a_clip(25.0, "10:00:00:00", a_finding(start=50, end=75, box=(1, 2, 3, 4)))
    timeline = library.adapters.read_from_string(otio([report]), "otio_json")
    (clip,) = timeline.find_clips()
    assert clip.media_reference.target_url == "a.mp4"  # no folder
    assert clip.source_range.duration.value == 5000
    (marker,) = clip.markers
    assert marker.marked_range.start_time.value == 10 * 3600 * 25 + 50
    assert marker.marked_range.duration.value == 25
    assert marker.color == "RED" and marker.name == "lighting_flicker"
    assert list(marker.metadata["evenflow"]["findings"][0]["box"]) == [1, 2, 3, 4]
    assert clip.source_range.contains(marker.marked_range)


@given(st.text(), st.text())
def test_edl_keeps_its_lines_whatever_the_names_are(path, words):
    report = a_clip(25.0, None, a_finding(start=50, end=75, explanation=words))
    report.clip["path"] = path or "a"
    lines = edl([report]).split("\n")
    assert len(lines) == 8 and len(events("\n".join(lines))) == 1
    assert lines[4].count("|") == 3 and lines[4].isprintable()
