"""Curation of a whole dataset: tables, shots, duplicates, bad clips, stopping and going on."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from data_fakes import Shelf, Stopping, clip_of, moving, shelf

import evenflow as ef
from evenflow.core.errors import BadInput, Cancelled, OutputExists
from evenflow.data.curate import chosen_stages, curate, read_rows
from evenflow.data.open import open_dataset

FEW = ("probe", "length", "cuts", "black", "frozen", "duplicates", "caption")


def tables(folder):
    return {n: (folder / n).read_bytes() for n in ("curated.jsonl", "metadata.jsonl")}


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Path:
    """Six files: good, cut, black, a copy, a smaller one, and text that calls itself mp4."""
    folder = tmp_path_factory.mktemp("clips")
    good = moving(0, frames=16)
    ef.write(clip_of(good), folder / "a.mp4")
    ef.write(
        clip_of(np.concatenate([moving(1, frames=14), moving(2, frames=12)])), folder / "b.mp4"
    )
    dark = moving(3, frames=16)
    dark[4:9] = 4
    ef.write(clip_of(dark), folder / "c.mp4")
    shutil.copy(folder / "a.mp4", folder / "d.mp4")
    ef.write(clip_of(moving(4, frames=12)), folder / "e.mp4")
    (folder / "f.mp4").write_text("no video at all, only words")
    for name in "abcde":
        (folder / f"{name}.txt").write_text(f"the clip called {name}\n")
    return folder


@pytest.fixture(scope="module")
def done(clips, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("done") / "curated"
    summary = curate(open_dataset(clips), folder, stages=FEW)
    assert (summary.rows, summary.shots, summary.measured) == (6, 9, 6)
    return folder


def test_every_clip_is_there_with_scores_and_marks(done):
    rows = {row.key: row for row in read_rows(done / "curated.jsonl")}
    shots = ["b", "b@0", "b@1", "c", "c@0", "c@1", "c@2"]
    assert list(rows) == ["a", *shots, "d", "e", "f"]
    marks = {key: set(row.marks) - {"short"} for key, row in rows.items()}
    assert marks == {
        "a": set(), "b": {"cut"}, "b@0": set(), "b@1": set(), "c": {"black"},
        "c@0": set(), "c@1": {"black"}, "c@2": set(),
        "d": {"duplicate"}, "e": set(), "f": {"undecodable", "no_caption"},
    }  # fmt: skip
    assert rows["d"].marks["duplicate"] == "of a: the same file"
    assert rows["a"].scores["duplicates"] == 1 and rows["a"].num_frames == 16
    assert rows["a"].caption == "the clip called a"


def test_shots_open_as_clips_of_their_own(done):
    source = open_dataset(done)
    rows = {row.key: row for row in source}
    assert list(rows) == ["a", "b@0", "b@1", "c@0", "c@1", "c@2", "d", "e", "f"]
    assert (rows["b@0"].t0, rows["b@0"].t1, rows["b@1"].shot) == (
        0.0,
        pytest.approx(14 / 24, abs=1e-3),
        1,
    )
    first, second = (source.clip(rows[key]).frames() for key in ("b@0", "b@1"))
    assert (len(first), len(second)) == (14, 12)
    whole = source.inner.clip(source.inner.row(1)).frames()
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)


def test_going_on_measures_nothing_again_and_changes_nothing(clips, done, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(done, folder)
    summary = curate(open_dataset(clips), folder, stages=FEW, resume=True)
    assert summary.measured == 0 and tables(folder) == tables(done)


def test_only_what_is_new_or_has_changed_is_measured(clips, done, tmp_path):
    more, folder = tmp_path / "clips", tmp_path / "again"
    shutil.copytree(clips, more)
    shutil.copytree(done, folder)
    (more / "e.mp4").rename(more / "z.mp4")  # the same content under another name
    ef.write(clip_of(moving(9, frames=10)), more / "g.mp4")
    ef.write(clip_of(moving(8, frames=11)), more / "c.mp4", overwrite=True)
    (more / "a.txt").write_text("another caption")
    source = open_dataset(more)
    summary = curate(source, folder, stages=FEW, resume=True)
    rows = {row.key: row for row in read_rows(folder / "metadata.jsonl")}
    assert (
        rows["c"].num_frames == 11 and "black" not in rows["c"].marks and rows["z"].num_frames == 12
    )
    assert rows["a"].caption == "another caption"
    fresh = tmp_path / "fresh"
    curate(source, fresh, stages=FEW)
    assert tables(fresh) == tables(folder) and summary.measured <= len(source)


def test_other_settings_are_other_results(clips, done, tmp_path):
    folder = tmp_path / "again"
    shutil.copytree(done, folder)
    assert curate(open_dataset(clips), folder, stages=("probe",), resume=True).measured == 6


def test_a_folder_with_a_curation_is_not_overwritten_unasked(clips, done):
    with pytest.raises(OutputExists, match="--resume"):
        curate(open_dataset(clips), done, stages=FEW)


def test_stopped_and_resumed_the_tables_are_the_same(tmp_path):
    source = shelf(5, frames=8)
    curate(source, tmp_path / "whole", stages=FEW)
    part = Stopping(source.clips, after=2)
    with pytest.raises(Cancelled):
        curate(part, tmp_path / "part", stages=FEW, cancel=part.token)
    assert not (tmp_path / "part" / "curated.jsonl").exists()
    kept = (tmp_path / "part" / "work.jsonl").read_text()
    (tmp_path / "part" / "work.jsonl").write_text(kept + '{"id": "torn')  # a torn last line
    source.opened.clear()
    summary = curate(source, tmp_path / "part", stages=FEW, resume=True)
    assert 0 < summary.measured < 5 and len(source.opened) == summary.measured
    assert tables(tmp_path / "part") == tables(tmp_path / "whole")


def test_killed_and_resumed_the_tables_are_the_same(clips, done, tmp_path):
    folder = tmp_path / "killed"
    code = (
        "import sys; from evenflow.data.curate import curate\n"
        "from evenflow.data.open import open_dataset\n"
        f"curate(open_dataset({str(clips)!r}), {str(folder)!r}, stages={FEW!r})"
    )
    process = subprocess.Popen([sys.executable, "-c", code], env=dict(os.environ))
    work = folder / "work.jsonl"
    end = time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if work.exists() and work.read_bytes().count(b"\n") >= 2:
            break
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert work.read_bytes().count(b"\n") >= 2
    curate(open_dataset(clips), folder, stages=FEW, resume=True)
    assert tables(folder) == tables(done)


@pytest.mark.slow
def test_workers_change_no_byte(clips, done, tmp_path):
    curate(open_dataset(clips), tmp_path / "two", stages=FEW, workers=2)
    assert tables(tmp_path / "two") == tables(done)


@pytest.mark.slow
def test_scenes_are_curated_like_files(tmp_path):
    source = open_dataset("world:lab?seed=3&n=2&frames=9&size=64")
    curate(source, tmp_path / "world", stages=("probe", "cuts", "motion"))
    again = open_dataset(tmp_path / "world")
    row = again.row(1)
    assert row.scores["num_frames"] == 9 and row.path.startswith("world:lab?seed=4")
    np.testing.assert_array_equal(again.clip(row).frames(), source.clip(source.row(1)).frames())


def test_a_curation_from_elsewhere_opens_no_foreign_folder(clips, done, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(done, moved)
    with pytest.raises(BadInput, match="made elsewhere"):
        open_dataset(moved)
    inside = tmp_path / "inside"
    shutil.copytree(done, inside)
    data = json.loads((inside / "curated.json").read_text())
    data |= {"source": "/etc", "base": "/etc"}
    (inside / "curated.json").write_text(json.dumps(data))
    with pytest.raises(BadInput, match="made elsewhere"):
        open_dataset(inside)


def test_stages_are_chosen_by_name():
    assert chosen_stages(None) == chosen_stages("all")
    assert "detectors" not in chosen_stages("all,-detectors") and "cuts" in chosen_stages("-text")
    with pytest.raises(BadInput, match="no stage 'cut'"):
        chosen_stages("cut")
    with pytest.raises(BadInput, match="no stage is left"):
        chosen_stages("cuts,-cuts")


def test_the_same_content_twice_is_measured_once(tmp_path):
    made = moving(0, frames=6)
    ef.write(clip_of(made), tmp_path / "a.mkv")
    shutil.copy(tmp_path / "a.mkv", tmp_path / "b.mkv")
    out = tmp_path / "out"
    curate(open_dataset(tmp_path), out, stages=("probe", "duplicates"))
    lines = (out / "work.jsonl").read_text().splitlines()
    assert len({json.loads(line)["id"] for line in lines}) == 1


def test_errors_of_a_source_are_entries(tmp_path):
    source = Shelf({"good": moving(0, frames=5), "bad": "it fell\noff the shelf"})
    curate(source, tmp_path / "out", stages=("probe",))
    rows = {row.key: row for row in read_rows(tmp_path / "out" / "metadata.jsonl")}
    assert rows["bad"].marks == {"undecodable": "it fell off the shelf"}
    assert rows["good"].scores["num_frames"] == 5
