"""Check on real footage: cuts to the frame, one shot without any, one digest for one film."""

import pytest

import evenflow as ef
from evenflow.core.times import Range


@pytest.fixture(scope="module")
def bikes_report(bikes):
    return ef.check(ef.read(bikes))


def test_the_cuts_of_bikes_are_exact(bikes_report):
    assert [(c.end_frame, c.kind) for c in bikes_report.cuts] == [
        (first, "cut") for first in (30, 76, 137, 187, 242)
    ]


def test_bikes_has_no_clear_alarm(bikes_report):
    assert bikes_report.clear_findings() == []


def test_one_shot_has_no_cut(carphone):
    assert ef.check(ef.read(carphone)).cuts == ()


def test_a_lossless_copy_and_its_pictures_share_the_digest(carphone, tmp_path):
    clip = ef.read(carphone)
    original = ef.check(clip)
    movie = ef.write(clip, tmp_path / "copy.mkv")
    folder = ef.write(clip, tmp_path / "pictures")
    copies = [ef.check(ef.read(movie)), ef.check(ef.read(folder, fps=clip.info.fps), workers=5)]
    for copy in copies:
        assert copy.digest == original.digest
        mine, theirs = copy.to_json(), original.to_json()
        for data in (mine, theirs):
            data["clip"] = {**data["clip"], "path": None, "timecode": None}
            data["warnings"] = []
        assert mine == theirs


def test_a_range_is_read_alone(bikes):
    report = ef.check(ef.read(bikes), span=Range.parse("70f..90f"))
    assert [c.end_frame for c in report.cuts] == [76]
    assert report.clip["frames"] == 20
