"""`evenflow data`: index, curate, cache, export, verify; every mistake in one line."""

import csv
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data_fakes import clip_of, moving

import evenflow as ef
from evenflow.data.open import open_dataset


@pytest.fixture
def clips(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    for i in range(3):
        ef.write(clip_of(moving(i, frames=8)), folder / f"c{i}.mp4")
        (folder / f"c{i}.txt").write_text(f"clip number {i}\n")
    return folder


def test_an_index_can_be_opened_again(run, clips, tmp_path):
    done = run("data", "index", clips, "-o", clips / "metadata.jsonl", "--hash", "--json")
    assert done.code == 0 and done.json["rows"] == 3 and done.json["seconds"] == 1.0
    again = open_dataset(clips)
    row = again.row(1)
    assert (row.num_frames, row.fps, row.width, row.caption) == (8, 24, 128, "clip number 1")
    assert len(row.hash) == 64 and len(again.clip(row)) == 8
    assert run("data", "index", clips, "-o", clips / "metadata.jsonl").code == 2
    assert run("data", "index", clips, "-o", tmp_path / "t.csv", "--base", clips).code == 0
    with open(tmp_path / "t.csv", newline="") as file:
        assert [row["num_frames"] for row in csv.DictReader(file)] == ["8"] * 3


def test_clips_that_cannot_be_opened_stay_in_the_index(run, clips, tmp_path):
    (clips / "bad.mp4").write_text("words")
    done = run("data", "index", clips, "-o", tmp_path / "m.json", "--json")
    assert done.code == 2 and done.json["rows"] == 4
    assert [one["clip"]["path"] for one in done.json["errors"]] == ["bad"]
    rows = json.loads((tmp_path / "m.json").read_text())
    assert "undecodable" in next(row for row in rows if row["key"] == "bad")["marks"]


def test_curate_then_export_then_verify(run, clips, tmp_path):
    out, few = tmp_path / "curated", "probe,length,motion,duplicates"
    done = run("data", "curate", clips, "-o", out, "--stages", few, "--json")
    assert done.code == 0 and done.json["rows"] == 3 and done.json["marks"] == {"short": 3}
    again = run("data", "curate", clips, "-o", out, "--stages", few)
    assert again.code == 2 and "--resume" in again.err
    resumed = run("data", "curate", clips, "-o", out, "--stages", few, "--resume", "--json")
    assert resumed.code == 0 and resumed.json["measured"] == 0
    where = "motion > 0.1 and not duplicate and caption has 'number'"
    made = run("data", "export", out, "-o", tmp_path / "ex", "--where", where,
               "--format", "musubi", "--split", "train=1", "--json")  # fmt: skip
    assert made.code == 0 and made.json["rows"] == 3
    assert made.json["files"] == ["dataset.toml", "videos.jsonl"]
    assert run("data", "verify", tmp_path / "ex").code == 0
    (tmp_path / "ex/videos/c1.mp4").write_bytes(b"x")
    broken = run("data", "verify", tmp_path / "ex", "--json")
    assert broken.code == 1 and broken.json["problems"] == [
        "videos/c1.mp4 has changed: its checksum is another one"
    ]


def test_shards_from_the_command_line(run, clips, tmp_path):
    args = ("data", "export", clips, "-o", tmp_path / "s", "--format", "webdataset")
    done = run(*args, "--per-shard", 2)
    assert done.code == 0 and "3 clips for webdataset" in done.out
    assert len(open_dataset(tmp_path / "s")) == 3
    assert run(*args, "--per-shard", 2).code == 2
    assert run(*args, "--per-shard", 2, "--resume").code == 0
    other = run(*args, "--per-shard", 3, "--resume")
    assert other.code == 2 and "other rows or settings" in other.err


def test_frames_are_cached_and_models_are_missing(run, clips, tmp_path):
    args = ("data", "cache", clips, "-o", tmp_path / "k", "--bucket", "5x96x96")
    assert run(*args, "--json").json["made"] == 3
    assert run(*args, "--json").json["known"] == 3
    for kind in ("latents", "text"):
        none = run(*args, "--kind", kind)
        assert none.code == 5 and len(none.errors) == 1 and "in this version" in none.err


def test_lists_of_stages_and_formats(run):
    assert "duplicates" in run("data", "curate", "--stages", "list").out
    assert set(run("data", "curate", "--stages", "list", "--json").json) >= {"cuts", "black"}
    assert "webdataset" in run("data", "export", "--format", "list").out
    assert "musubi" in run("data", "export", "--format", "list", "--json").json


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("index", "{clips}", "-o", "{tmp}/x.txt"), "a table ends with"),
        (("index", "{tmp}/none", "-o", "{tmp}/x.csv"), "does not exist"),
        (("index", "{clips}", "-o", "{tmp}/no/x.csv"), "make it first"),
        (("curate", "{clips}"), "needs a dataset and a folder"),
        (("curate", "{clips}", "-o", "{tmp}/x", "--stages", "cut"), "no stage 'cut'"),
        (("export", "{clips}", "-o", "{tmp}/x", "--format", "avi"), "no format 'avi'"),
        (("export", "{clips}", "-o", "{tmp}/x", "--media", "move"), "--media is one of"),
        (("export", "{clips}", "-o", "{tmp}/x", "--where", "motion >"), "ends"),
        (("export", "{clips}", "-o", "{tmp}/x", "--where", "motin > 1"), "no row has 'motin'"),
        (("export", "{clips}", "-o", "{tmp}/x", "--where", "not key has 'c'"), "no row is left"),
        (("export", "{clips}", "-o", "{tmp}/x", "--split", "a=1,b=1"), "sum up to 1"),
        (("export", "{clips}", "-o", "{clips}"), "something else"),
        (("export", "{clips}", "-o", "{tmp}/x", "--truth", "smell"), "no truth 'smell'"),
        (("export", "world:story?sed=1", "-o", "{tmp}/x"), "did you mean seed"),
        (("cache", "{clips}", "-o", "{tmp}/x", "--mode", "so"), "--mode is one of"),
        (("cache", "{clips}", "-o", "{tmp}/x", "--bucket", "9"), "FRAMESxWIDTHxHEIGHT"),
        (("verify", "{tmp}"), "checksums"),
    ],
)
def test_mistakes_are_one_line_and_leave_nothing(run, clips, tmp_path, args, says):
    done = run("data", *(a.format(clips=clips, tmp=tmp_path) for a in args))
    assert done.code == 2 and len(done.errors) == 1 and says in done.err
    assert {p.name for p in tmp_path.iterdir()} == {"clips"}


def test_scenes_stand_wherever_a_folder_may(run, tmp_path):
    where = "world:lab?seed=3&n=2&frames=9&size=64"
    assert run("data", "index", where, "-o", tmp_path / "m.jsonl").code == 0
    again = open_dataset(tmp_path / "m.jsonl")
    assert len(again) == 2 and again.row(0).caption
    assert len(again.clip(again.row(0))) == 9
