"""Silly inputs: the right exit code, one clear line, nothing left behind, quickly."""

import os
import shutil
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nother.mp4\n#EXT-X-ENDLIST\n"


def tiny(path: Path, *, num_frames: int = 12, size: tuple[int, int] = (96, 64)) -> Path:
    """A small lossless clip of a moving pattern."""
    width, height = size
    x, y = np.meshgrid(np.arange(width + num_frames * 2), np.arange(height))
    picture = (127 + 60 * np.sin(x / 5.0) + 60 * np.sin(y / 7.0 + x / 11.0)).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = width, height, "gray"
        for i in range(num_frames):
            view = np.ascontiguousarray(picture[:, 2 * i : 2 * i + width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(view, format="gray")))
        container.mux(stream.encode())
    return path


def audio_only(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 8000), np.int16), format="s16", layout="mono"
        )
        frame.sample_rate = 8000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def no_frames(path: Path) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 96, 64, "gray"
        container.start_encoding()
    return path


def make(case: str, folder: Path) -> Path:
    path = folder / "clip.mp4"
    match case:
        case "missing":
            return path
        case "empty":
            path.touch()
        case "text":
            path.write_text("this is not a video\n" * 50)
        case "playlist":
            tiny(folder / "other.mkv").rename(folder / "other.mp4")
            path.write_text(PLAYLIST)
        case "random":
            path.write_bytes(np.random.default_rng(0).bytes(100_000))
        case "audio only":
            return audio_only(folder / "clip.wav")
        case "audio only in mkv":
            return audio_only(folder / "clip.mkv")
        case "zero frames":
            return no_frames(folder / "clip.mkv")
        case "empty folder":
            path.mkdir()
        case "folder of text":
            path.mkdir()
            (path / "notes.txt").write_text("no pictures")
        case "pattern without files":
            return folder / "shot.%04d.png"
        case "below a file":
            path.write_text("not a folder")
            return path / "clip.mp4"
        case "a link to itself":
            path.symlink_to(path)
        case "a link to nothing":
            path.symlink_to(folder / "none.mp4")
        case "a pipe":
            os.mkfifo(path)
        case "a device":
            return Path("/dev/zero")
        case "a name too long":
            return folder / f"{'x' * 300}.mp4"
    return path


CASES = [
    "missing",
    "empty",
    "text",
    "playlist",
    "random",
    "audio only",
    "audio only in mkv",
    "zero frames",
    "empty folder",
    "folder of text",
    "pattern without files",
    "below a file",
    "a link to itself",
    "a link to nothing",
    "a pipe",
    "a device",
    "a name too long",
]


@pytest.mark.parametrize("case", CASES)
def test_check_refuses_it_in_one_line(run, tmp_path, case):
    clip = make(case, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    result = run("check", clip, "-o", tmp_path / "r.json", "--csv", tmp_path / "r.csv")
    assert result.code == 2
    assert len(result.err.splitlines()) == 1, result.err
    assert len(result.errors) == 1
    assert len(result.errors[0]) > 30
    assert "bug" not in result.errors[0]
    assert result.out == ""
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("case", ["missing", "text", "audio only"])
def test_info_and_inject_refuse_it_alike(run, tmp_path, case):
    clip = make(case, tmp_path)
    before = sorted(tmp_path.rglob("*"))
    plant = ["inject", clip, "--kind", "freeze", "--at", "0s..1s", "-o", tmp_path / "b.mkv"]
    for words in (["info", clip], plant):
        result = run(*words)
        assert result.code == 2
        assert len(result.err.splitlines()) == 1, result.err
        assert "bug" not in result.errors[0]
        assert sorted(tmp_path.rglob("*")) == before


def test_a_wide_strip_is_checked_or_refused_but_never_crashes(run, tmp_path):
    clip = tiny(tmp_path / "wide.mkv", num_frames=4, size=(16384, 16))
    result = run("check", clip, "--json")
    assert result.code in (0, 2)
    assert "bug" not in result.err


def test_one_frame_is_checked_and_says_what_cannot_be_judged(run, tmp_path):
    result = run("check", tiny(tmp_path / "one.mkv", num_frames=1), "--json")
    assert result.code == 0
    report = result.json
    assert report["clip"]["frames"] == 1
    assert report["findings"] == []
    assert report["not_assessable"]
    assert all(reason for reason in report["not_assessable"].values())


def test_a_truncated_file_is_checked_as_far_as_it_goes(run, tmp_path):
    whole = tiny(tmp_path / "whole.mkv", num_frames=40)
    torn = tmp_path / "torn.mkv"
    torn.write_bytes(whole.read_bytes()[: whole.stat().st_size * 2 // 3])
    result = run("check", torn, "--json")
    assert result.code == 0, result.err
    assert 5 < result.json["clip"]["frames"] < 40
    assert len(result.json["warnings"]) >= 1


def without_privileges() -> list[str]:
    """What to put before a command so that root may not read everything."""
    if os.geteuid() != 0:
        return []
    lost = "-dac_override,-dac_read_search"
    prefix = ["setpriv", "--bounding-set", lost, "--inh-caps", lost]
    if not shutil.which("setpriv") or subprocess.run([*prefix, "true"], check=False).returncode:
        pytest.skip("nothing is forbidden to root")
    return prefix


def test_what_may_not_be_read_or_written_is_one_line(tmp_path):
    prefix = without_privileges()
    secret, clip, shut = tiny(tmp_path / "secret.mkv"), tiny(tmp_path / "a.mkv"), tmp_path / "shut"
    secret.chmod(0)
    shut.mkdir()
    shut.chmod(0o555)
    plant = ["inject", clip, "--kind", "drift", "--at", "0s..1s", "-o", shut / "b.mkv"]
    for words in (["check", secret], ["check", clip, "-o", shut / "r.json"], plant):
        result = subprocess.run(
            [*prefix, sys.executable, "-m", "evenflow", *map(str, words)],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
        )
        assert result.returncode == 2, result.stderr
        assert result.stderr.count("\n") == 1
        assert "may not be" in result.stderr
    assert not list(shut.iterdir())


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_exit_code_four_and_leaves_nothing(run, bikes, small_disk):
    result = run(
        "inject", bikes, "--kind", "image_flicker", "--at", "0s..1s", "-o", small_disk / "b.mkv"
    )
    assert result.code == 4, result.err
    assert len(result.err.splitlines()) == 1
    assert not list(small_disk.iterdir())
