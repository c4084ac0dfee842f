"""`check --report`: the page beside everything else that a check writes."""

import json
import re
from pathlib import Path

import pytest
from pages import coded_clip

import evenflow as ef


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return ef.write(coded_clip(24, width=160, height=96), tmp_path / "clip.mkv")


def data(path: Path) -> dict:
    text = path.read_text(encoding="utf-8")
    return json.loads(re.findall(r'id="ef-data">(.*?)</script>', text, re.S)[0])


def test_a_page_is_written_with_the_clip_in_it(run, clip, tmp_path):
    page = tmp_path / "r.html"
    result = run("check", clip, "--report", page, "--json")
    assert result.code == 0 and result.json["schema"] == "evenflow.report/1"
    said = data(page)
    assert said["report"]["digest"] == result.json["digest"]
    assert said["report"]["clip"]["path"] == "clip.mkv"  # not its folder
    assert said["media"]["segments"] == [[0, 24]]
    again = run("check", clip, "--report", page)
    assert again.code == 2 and "already there" in again.err
    assert run("check", clip, "--report", page, "--yes", "-q").code == 0


def test_several_clips_share_a_page_and_a_bad_one_is_said(run, clip, tmp_path):
    page = tmp_path / "r.html"
    result = run("check", clip, tmp_path / "none.mkv", "--report", page)
    assert result.code == 2
    parts = data(page)["parts"]
    assert parts[0]["media"] is not None
    assert parts[1]["clip"] == "none.mkv" and "does not exist" in parts[1]["error"]


def test_a_range_shows_only_itself(run, clip, tmp_path):
    page = tmp_path / "r.html"
    assert run("check", clip, "--range", "6f..18f", "--report", page).code == 0
    said = data(page)
    assert said["first_frame"] == 6 and said["media"]["segments"] == [[6, 18]]


@pytest.mark.parametrize(
    ("name", "says"), [("r.pdf", ".htm, .html"), ("no/r.html", "does not exist")]
)
def test_a_page_that_cannot_be_written_is_refused_before_the_work(run, clip, tmp_path, name, says):
    result = run("check", clip, "--report", tmp_path / name)
    assert result.code == 2 and says in result.err
    assert not (tmp_path / name).exists()


def test_a_page_is_no_other_output(run, clip, tmp_path):
    page = tmp_path / "r.html"
    result = run("check", clip, "--report", page, "-o", page)
    assert result.code == 2 and "the same" in result.err
