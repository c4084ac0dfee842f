"""Exports: what every trainer gets, read back by the door; filters, splits, copies, stopping."""

import csv
import json
import tomllib

import numpy as np
import pytest
from data_fakes import Shelf, Stopping, clip_of, moving, shelf

import evenflow as ef
from evenflow.core.errors import BadInput, Cancelled, OutputExists
from evenflow.data.export import export, parse_split, wanted
from evenflow.data.exporters import EXPORTS
from evenflow.data.media import Recipe
from evenflow.data.open import open_dataset
from evenflow.data.shards import verify


def tree(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.fixture(scope="module")
def source():
    captions = {"clip0": 'He said: "go",\nand went', "clip1": "ein Bär; a,b"}
    made = shelf(3, frames=6)
    return Shelf(made.clips, captions | {"clip2": "plain"})


@pytest.mark.parametrize("format", list(EXPORTS))
def test_every_format_is_read_back(source, tmp_path, format):
    done = export(source, tmp_path / "out", format=format)
    assert done.rows == 3 and done.files and verify(tmp_path / "out") == []
    again = open_dataset(tmp_path / "out")
    assert len(again) == 3
    for i in range(3):
        row = again.row(i)
        assert row.caption.split() == source.row(i).caption.split()
        clip = again.clip(row)
        assert clip.frames().shape == (6, 96, 128, 3) and clip.info.fps == 24


def test_lists_hold_what_trainers_ask_for(source, tmp_path):
    for format in EXPORTS:
        export(source, tmp_path / format, format=format)
    lines = (tmp_path / "finetrainers/videos.txt").read_text().splitlines()
    prompts = (tmp_path / "finetrainers/prompts.txt").read_text().splitlines()
    assert len(lines) == len(prompts) == 3 and prompts[0] == 'He said: "go", and went'
    for path in lines:
        assert (tmp_path / "finetrainers" / path).is_file()
    pipe = tomllib.loads((tmp_path / "diffusion-pipe/dataset.toml").read_text())
    assert pipe["directory"] == [{"path": "videos", "num_repeats": 1}]
    assert pipe["frame_buckets"][0] == 1 and max(pipe["frame_buckets"]) <= 6
    musubi = tomllib.loads((tmp_path / "musubi/dataset.toml").read_text())["datasets"][0]
    assert all((n - 1) % 4 == 0 for n in musubi["target_frames"]) and musubi["source_fps"] == 24
    clips = [json.loads(x) for x in (tmp_path / "musubi/videos.jsonl").read_text().splitlines()]
    assert [set(one) for one in clips] == [{"video_path", "caption"}] * 3
    with open(tmp_path / "opensora/meta.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[1] == {
        "path": "videos/clip1.mp4", "text": "ein Bär; a,b", "num_frames": "6", "height": "96",
        "width": "128", "aspect_ratio": "0.75", "resolution": str(96 * 128), "fps": "24",
    }  # fmt: skip
    fun = json.loads((tmp_path / "videox-fun/metadata.json").read_text())
    assert fun[2] == {
        "file_path": "videos/clip2.mp4", "text": "plain", "type": "video", "width": 128,
        "height": 96,
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    ef.write(clip_of(moving(0, frames=12)), clips / "a.mkv")
    ef.write(clip_of(moving(1, frames=12)), clips / "b.mp4")
    (clips / "c.mp4").write_text("words")
    return clips


def test_whole_files_are_copied_bit_for_bit_and_links_share_them(folder, tmp_path):
    done = export(open_dataset(folder), tmp_path / "copy")
    assert done.rows == 2 and [key for key, _ in done.left_out] == ["c"] and done.failed == 1
    assert (tmp_path / "copy/videos/a.mkv").read_bytes() == (folder / "a.mkv").read_bytes()
    export(open_dataset(folder), tmp_path / "link", recipe=Recipe(mode="link"))
    assert (tmp_path / "link/videos/b.mp4").samefile(folder / "b.mp4")
    export(open_dataset(folder), tmp_path / "new", recipe=Recipe(mode="encode", suffix=".mkv"))
    assert (tmp_path / "new/videos/b.mkv").is_file()
    np.testing.assert_array_equal(
        ef.read(tmp_path / "new/videos/a.mkv").frames(), ef.read(folder / "a.mkv").frames()
    )


def test_a_stretch_is_written_as_a_clip_of_its_own(folder, tmp_path):
    (folder / "metadata.jsonl").write_text('{"path": "a.mkv", "t0": 0.125, "t1": 0.375}\n')
    export(open_dataset(folder), tmp_path / "out", recipe=Recipe(suffix=".mkv"))
    again = open_dataset(tmp_path / "out")
    assert again.row(0).t0 is None and again.row(0).num_frames == 6
    np.testing.assert_array_equal(
        again.clip(again.row(0)).frames(), ef.read(folder / "a.mkv").frames(3, 9)
    )


def test_only_wanted_rows_are_written(folder, tmp_path):
    lines = [
        {"path": "a.mkv", "scores": {"motion": 0.5}, "marks": {"duplicate": "of b"}},
        {"path": "b.mp4", "scores": {"motion": 0.4}},
        {"path": "b.mp4", "key": "slow", "scores": {"motion": 0.1}},
    ]
    (folder / "metadata.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    source = open_dataset(folder)
    done = export(source, tmp_path / "out", where="motion >= 0.2 and not duplicate")
    assert (done.rows, done.filtered) == (1, 2)
    assert [row.key for row in open_dataset(tmp_path / "out")] == ["b"]
    with pytest.raises(BadInput, match="did you mean motion"):
        export(source, tmp_path / "no", where="motoin > 1")
    with pytest.raises(BadInput, match="no row is left of 3"):
        export(source, tmp_path / "no", where="motion > 9")
    assert not (tmp_path / "no").exists()


def test_shares_are_even_and_keep_shots_of_a_clip_together():
    from evenflow.data.files import Folder
    from evenflow.data.row import Row

    rows = tuple(
        Row(f"c{i}@{k}", f"c{i}.mp4", extra={"whole": f"c{i}"}) for i in range(600) for k in (0, 1)
    )
    source = Folder("x", None, rows)  # type: ignore[arg-type]
    kept, _, _ = wanted(source, split="train=0.8,val=0.2")
    of = {}
    for row in kept:
        of.setdefault(row.extra["whole"], set()).add(row.split)
    assert all(len(splits) == 1 for splits in of.values())
    share = sum(row.split == "val" for row in kept) / len(kept)
    assert share == pytest.approx(0.2, abs=0.05)
    again, _, _ = wanted(Folder("y", None, rows[:200]), split="train=0.8,val=0.2")  # type: ignore[arg-type]
    assert {r.key: r.split for r in again} == {r.key: r.split for r in kept[:200]}


@pytest.mark.parametrize("text", ["train=0.5", "train=0.5,train=0.5", "a=x,b=1", "=1", " ", "a=2"])
def test_bad_shares_are_refused(text):
    with pytest.raises(BadInput):
        parse_split(text)


def test_stopped_and_resumed_it_is_the_same(source, tmp_path):
    export(source, tmp_path / "whole")
    part = Stopping(source.clips, source.captions, after=1)
    with pytest.raises(Cancelled):
        export(part, tmp_path / "part", cancel=part.token)
    assert not (tmp_path / "part/checksums.sha256").exists()
    with pytest.raises(OutputExists, match="stopped"):
        export(source, tmp_path / "part")
    with pytest.raises(BadInput, match="other rows or settings"):
        export(source, tmp_path / "part", where='key == "clip0"', resume=True)
    source.opened.clear()
    export(source, tmp_path / "part", resume=True)
    assert len(source.opened) == 2 and tree(tmp_path / "part") == tree(tmp_path / "whole")


def test_what_is_replaced_is_only_what_was_written(source, tmp_path):
    out = tmp_path / "out"
    export(source, out, format="musubi")
    (out / "notes.txt").write_text("mine")
    export(source, out, format="opensora", overwrite=True)
    names = {p.name for p in out.iterdir()}
    assert {"notes.txt", "meta.csv"} <= names and "videos.jsonl" not in names
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "x").write_text("x")
    with pytest.raises(OutputExists, match="something else"):
        export(source, tmp_path / "other", overwrite=True)


def test_hostile_keys_stay_in_the_folder(tmp_path):
    frames = moving(0, frames=3)
    keys = ["../up", "/abs", "a\nb", "CON.mp4", "x" * 200]
    source = Shelf(dict.fromkeys(keys, frames))
    export(source, tmp_path / "out")
    inside = set(tmp_path.rglob("*.mp4"))
    assert len(inside) == 5 and all(p.parent == tmp_path / "out/videos" for p in inside)
    assert len(open_dataset(tmp_path / "out")) == 5


@pytest.mark.slow
def test_scenes_are_written_with_their_truth(tmp_path):
    source = open_dataset("world:lab?seed=3&n=1&frames=6&size=64")
    recipe = Recipe(truth=("depth", "boxes"), suffix=".mkv")
    export(source, tmp_path / "out", recipe=recipe)
    again = open_dataset(tmp_path / "out")
    row = again.row(0)
    assert row.caption == source.row(0).caption and row.extra["gt"] == f"gt/{row.key}"
    assert np.load(tmp_path / "out" / row.extra["gt"] / "depth.npy").shape == (6, 64, 64)
    np.testing.assert_array_equal(again.clip(row).frames(), source.clip(source.row(0)).frames())
    assert verify(tmp_path / "out") == []
    export(source, tmp_path / "tars", format="webdataset", recipe=recipe)
    import tarfile

    with tarfile.open(tmp_path / "tars/shard-000000.tar") as tar:
        assert f"{row.key}.gt.depth.npy" in tar.getnames()
