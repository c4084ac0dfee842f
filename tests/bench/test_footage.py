import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import evenflow as ef
from evenflow.bench import footage
from evenflow.bench.footage import PHOTOS, SETS, Take, fillers, folder_takes
from evenflow.core.errors import BackendMissing, BadInput


@pytest.fixture
def photo():
    if footage.data_file("skimage", "data", "coffee.png") is None:
        pytest.skip("photographs come with the extra demo")
    return Take("coffee.png", photo="coffee.png", stop=6, size=(160, 90), seed=3)


def test_development_and_judging_share_nothing(photo, bikes):
    first, second = (SETS[name]() for name in ("development", "judging"))
    assert not {take.name for take in first} & {take.name for take in second}
    assert not {take.file or take.photo for take in first} & {
        take.file or take.photo for take in second
    }
    assert not {*PHOTOS["development"]} & {*PHOTOS["judging"]}


def test_a_take_is_a_recipe_that_gives_the_same_clip_again(photo):
    clip = photo.load()
    assert clip.frames().shape == (6, 90, 160, 3)
    assert np.array_equal(clip.frames(), photo.load().frames())
    other = replace(photo, seed=4)
    assert not np.array_equal(clip.frames(), other.load().frames())


def test_a_take_of_a_file_is_an_excerpt_of_its_frames(carphone):
    clip = Take("phone", file=str(carphone), start=3, stop=9).load()
    assert np.array_equal(clip.frames(), ef.read(carphone).frames(3, 9))


def test_a_folder_gives_what_can_be_read_in_the_order_of_names(tmp_path, photo):
    clip = Take("x", photo="coffee.png", stop=30, size=(64, 36)).load()
    ef.write(clip, tmp_path / "b.mkv")
    shutil.copyfile(tmp_path / "b.mkv", tmp_path / "a.mkv")
    ef.write(photo.load(), tmp_path / "short.mkv")
    (tmp_path / "c.mp4").write_text("no video")
    (tmp_path / "notes.txt").write_text("nothing")
    said: list[str] = []
    takes = folder_takes(tmp_path, warn=said.append)
    assert [take.name for take in takes] == ["a.mkv", "b.mkv"]
    assert takes[0].mark == takes[1].mark  # the same bytes
    assert takes[0].stop == 30
    assert len(said) == 2 and "c.mp4" in said[0] and "short.mkv has 6 frames" in said[1]


def test_a_folder_without_clips_is_one_line(tmp_path):
    with pytest.raises(BadInput, match="holds no video"):
        folder_takes(tmp_path)
    with pytest.raises(BadInput, match="not a folder"):
        folder_takes(tmp_path / "nowhere")


def test_what_is_not_installed_names_the_extra(monkeypatch):
    monkeypatch.setattr(footage, "data_file", lambda *parts: None)
    for make in SETS.values():
        with pytest.raises(BackendMissing, match=r"evenflow\[demo\]"):
            make()


def test_fillers_last_as_long_as_was_asked():
    takes = fillers(("a.png", "b.png"), seconds=25.0, seed=1)
    assert sum(take.stop for take in takes) / 24 == 30
    assert len({(take.name, take.seed) for take in takes}) == 5
    assert fillers(("a.png",), seconds=-3.0, seed=1) == []


def test_the_packages_of_the_data_are_not_imported():
    code = (
        "import sys; from evenflow.bench.footage import SETS\n"
        "try: [make() for make in SETS.values()]\n"
        "except Exception: pass\n"
        "print(*sys.modules)"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"skvideo", "skimage", "torch"} & {*made.stdout.split()}
