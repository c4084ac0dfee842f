"""Shards: the same bytes from any number of workers, after a stop and after a kill; and checked."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import tarfile
import time

import numpy as np
import pytest
from data_fakes import Shelf, Stopping, moving, shelf

from evenflow.core.errors import BadInput, Cancelled, OutputExists
from evenflow.data.open import open_dataset
from evenflow.data.shards import verify, write_shards


def tree(folder):
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(folder.rglob("*"))
        if p.is_file()
    }


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards") / "whole"
    made = write_shards(shelf(5), folder, per_shard=2)
    assert [(s.name, s.first, s.last) for s in made.shards] == [
        ("shard-000000.tar", 0, 2), ("shard-000001.tar", 2, 4), ("shard-000002.tar", 4, 5),
    ]  # fmt: skip
    return folder


def test_samples_are_read_back_as_they_were(whole):
    source, made = open_dataset(whole), shelf(5)
    assert [row.key.rpartition("/")[2] for row in source] == [f"clip{i}" for i in range(5)]
    for i in range(5):
        row = source.row(i)
        assert row.caption == f"a clip called clip{i}" and row.num_frames == 10
        shown = source.clip(row).frames().astype(float)
        assert np.abs(shown - made.clips[f"clip{i}"]).mean() < 12  # H.264 of a gaudy pattern


def test_tars_carry_no_time_and_no_owner(whole):
    with tarfile.open(whole / "shard-000000.tar") as tar:
        infos = tar.getmembers()
    assert [i.name for i in infos] == [
        "clip0.json", "clip0.txt", "clip0.mp4", "clip1.json", "clip1.txt", "clip1.mp4",
    ]  # fmt: skip
    assert {(i.mtime, i.uid, i.gid, i.uname, i.gname, i.mode) for i in infos} == {
        (0, 0, 0, "", "", 0o644)
    }


def test_written_again_they_are_the_same(whole, tmp_path):
    write_shards(shelf(5), tmp_path / "again", per_shard=2)
    assert tree(tmp_path / "again") == tree(whole)


@pytest.mark.slow
def test_workers_change_no_byte(whole, tmp_path):
    write_shards(shelf(5), tmp_path / "two", per_shard=2, workers=2)
    assert tree(tmp_path / "two") == tree(whole)


@pytest.mark.parametrize("stop_at", [1, 3])
def test_stopped_and_resumed_they_are_the_same(whole, tmp_path, stop_at):
    folder = tmp_path / "part"
    source = Stopping(shelf(5).clips, after=stop_at)
    with pytest.raises(Cancelled):
        write_shards(source, folder, per_shard=2, cancel=source.token)
    assert not list(folder.glob(".shard*")) and not (folder / ".parts").exists()
    with pytest.raises(OutputExists, match="--resume"):
        write_shards(shelf(5), folder, per_shard=2)
    source = shelf(5)
    made = write_shards(source, folder, per_shard=2, resume=True)
    assert made.resumed == (stop_at - 1) // 2 and len(source.opened) == 5 - 2 * made.resumed
    assert tree(folder) == tree(whole)


def test_killed_and_resumed_they_are_the_same(whole, tmp_path):
    folder = tmp_path / "killed"
    code = (
        "from data_fakes import shelf; from evenflow.data.shards import write_shards\n"
        f"write_shards(shelf(5), {str(folder)!r}, per_shard=2)"
    )
    here = os.path.dirname(os.path.dirname(__file__))
    paths = os.pathsep.join([here, os.path.dirname(here)])
    process = subprocess.Popen(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}
    )
    listed, end = folder / "shards.jsonl", time.monotonic() + 60
    while time.monotonic() < end and process.poll() is None:
        if listed.exists() and listed.read_bytes():
            break
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert listed.read_bytes()
    listed.write_bytes(listed.read_bytes() + b'{"name": "shard-0000')  # a torn line
    (folder / "shard-000001.tar").write_bytes(b"renamed, but not listed yet")
    write_shards(shelf(5), folder, per_shard=2, resume=True)
    assert tree(folder) == tree(whole) and verify(folder) == []


def test_another_request_does_not_go_on(whole, tmp_path):
    folder = tmp_path / "a"
    write_shards(shelf(2), folder, per_shard=1)
    with pytest.raises(BadInput, match="other rows or settings"):
        write_shards(shelf(2), folder, per_shard=2, resume=True)
    with pytest.raises(BadInput, match="other rows or settings"):
        write_shards(shelf(3), folder, per_shard=1, resume=True)
    write_shards(shelf(5), folder, per_shard=2, overwrite=True)
    assert tree(folder) == tree(whole)


def test_shards_are_not_larger_than_asked(tmp_path):
    sizes = [p.stat().st_size for p in _made(tmp_path / "one", 10**9)]
    sample = sizes[0] / 6
    small = _made(tmp_path / "small", int(2.5 * sample))
    assert 3 <= len(small) <= 5
    tiny = _made(tmp_path / "tiny", 1)
    assert len(tiny) == 6  # one sample may have more


def _made(folder, size):
    write_shards(shelf(6, frames=4), folder, shard_bytes=size)
    return sorted(folder.glob("*.tar"))


def test_clips_that_cannot_be_decoded_are_left_out_and_told(tmp_path):
    source = Shelf({"a": moving(0, frames=4), "b": "it is broken", "c": moving(1, frames=4)})
    made = write_shards(source, tmp_path / "out", per_shard=2)
    assert made.left_out == (("b", "it is broken"),) and len(made.shards) == 1
    assert json.loads((tmp_path / "out/left_out.jsonl").read_text()) == {
        "key": "b", "why": "it is broken",
    }  # fmt: skip
    assert verify(tmp_path / "out") == [] and len(open_dataset(tmp_path / "out")) == 2


def test_verify_sees_what_is_missing_or_has_changed(tmp_path):
    folder = tmp_path / "out"
    write_shards(shelf(3, frames=3), folder, per_shard=1)
    tar = folder / "shard-000001.tar"
    data = bytearray(tar.read_bytes())
    data[700] ^= 1
    tar.write_bytes(data)
    (folder / "shard-000002.tar").unlink()
    assert verify(folder) == [
        "shard-000001.tar has changed: its checksum is another one",
        "shard-000002.tar is missing",
    ]
    with pytest.raises(BadInput, match="checksums"):
        verify(tmp_path)


def test_checksums_are_those_of_sha256sum(whole):
    for line in (whole / "checksums.sha256").read_text().splitlines():
        digest, name = line.split("  ")
        assert hashlib.sha256((whole / name).read_bytes()).hexdigest() == digest


def test_nothing_to_write_and_foreign_folders_are_refused(tmp_path):
    with pytest.raises(BadInput, match="not one row"):
        write_shards(shelf(2), tmp_path / "a", rows=[])
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "diary.txt").write_text("dear diary")
    with pytest.raises(OutputExists, match="something else"):
        write_shards(shelf(2), tmp_path / "b", overwrite=True)
    assert (tmp_path / "b" / "diary.txt").exists()


def test_keys_become_safe_names_that_all_differ():
    from evenflow.data.media import stems
    from evenflow.data.row import Row

    keys = ["../../etc/passwd", "a/b", "a_b", "A_B", "..", "", "x.y.z", "é", "k" * 300, "k" * 301]
    made = stems([Row(key, "") for key in keys], dots=False)
    assert len({name.casefold() for name in made}) == len(keys)
    for name in made:
        assert (
            name
            and len(name) <= 84
            and not set(name)
            - set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@+-")
        )
