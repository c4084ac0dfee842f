import json

import numpy as np
import pytest
from fakes import a_finding, a_report

from evenflow.cli.demo import PLAN, match
from evenflow.cli.footage import bikes, pan, pattern, photograph
from evenflow.core.span import Span

PLANTED = Span("freeze", 50, 60, magnitude=4.0)


def outcome(*found, clean=()):
    return match(PLANTED, a_report(findings=found), a_report(findings=clean), least_jnd=2.0).word


def test_a_finding_of_the_kind_within_three_frames_is_a_hit():
    assert outcome(a_finding("freeze", 63, 64)) == "missed"
    assert outcome(a_finding("freeze", 62, 64)) == "found"
    assert outcome(a_finding("freeze", 44, 47)) == "missed"
    assert outcome(a_finding("freeze", 44, 48)) == "found"


def test_another_kind_is_said_and_a_weak_or_old_finding_does_not_count():
    assert outcome(a_finding("shake", 52, 55), a_finding("freeze", 50, 60)) == "found"
    assert outcome(a_finding("shake", 52, 55)) == "found as shake"
    assert outcome(a_finding("freeze", 52, 55, 1.9)) == "missed"
    old = a_finding("freeze", 48, 58, 3.0)
    assert outcome(a_finding("freeze", 52, 55, 3.2), clean=[old]) == "missed"
    assert outcome(a_finding("freeze", 52, 55, 9.0), clean=[old]) == "found"  # much worse


def test_footage_is_found_without_importing_its_packages():
    assert bikes() is not None
    name, picture = photograph()
    assert name == "coffee.png"
    assert picture.shape[2] == 3


def test_a_pan_moves_by_the_curve_and_comes_back():
    ramp = np.tile(np.arange(0, 400, dtype=np.float32) / 2, (300, 1))
    picture = np.repeat(ramp[:, :, None], 3, axis=2).astype(np.uint8)
    clip = pan(picture, num_frames=40, size=(160, 120))
    assert clip.frames().shape == (40, 120, 160, 3)
    level = clip.frames()[:, 60, 80, 0].astype(float)
    expected = (239 / 2 + 60 * np.sin(2 * np.pi * np.arange(40) / 40) + 80) / 2
    assert np.abs(level - expected).max() < 1.0


def test_the_drawn_pattern_has_detail_and_is_the_same_every_time():
    assert (pattern(64) == pattern(64)).all()
    assert pattern(64).std() > 30


@pytest.mark.slow
def test_the_tour_finds_what_it_planted(run, tmp_path):
    result = run("demo", "-o", tmp_path / "demo", "--json")
    assert result.code == 0, result.err
    data = result.json
    assert [item["truth"]["kind"] for item in data["planted"]] == [kind for kind, _ in PLAN]
    assert [item["outcome"] for item in data["planted"]] == ["found"] * len(PLAN)
    assert data["not_planted"] == []
    names = sorted(p.name for p in (tmp_path / "demo").iterdir())
    assert names == [
        "bikes.mp4",
        "bikes_planted.mkv",
        "bikes_planted.mkv.truth.json",
        "clean.json",
        "planted.json",
    ]
    truth = json.loads((tmp_path / "demo" / "bikes_planted.mkv.truth.json").read_text())
    assert [Span.from_json(item).kind for item in truth] == [kind for kind, _ in PLAN]


def test_a_folder_with_something_in_it_is_left_alone(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    result = run("demo", "-o", tmp_path)
    assert result.code == 2
    assert "--yes" in result.errors[0]
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]
