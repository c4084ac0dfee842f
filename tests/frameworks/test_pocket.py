"""What comes with the package: `pocket`, whole, within its limits, and worth its bytes."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import evenflow as ef

torch = pytest.importorskip("torch")

HOME = Path(str(files("evenflow") / "weights" / "pocket"))
ASKED = (
    "a red ball rolls to the left",
    "there is a yellow cone to the right of a blue cylinder",
    "a small teal ball rolls to the right past a purple box",
    "a green cube slides to the left",
    "a small blue ball rolls to the left, then hides behind a gray pillar",
    "a pink ball drops",
)


@pytest.fixture(scope="module")
def pocket():
    return ef.load("pocket", device="cpu")


@pytest.fixture(scope="module", params=["turbo", "full"])
def quality(request):
    return request.param


@pytest.fixture(scope="module")
def clips(pocket, quality):
    return [pocket.generate(one, seed=i, quality=quality) for i, one in enumerate(ASKED)]


def test_files_are_small_and_hold_no_code():
    found = [path for path in HOME.rglob("*") if path.is_file()]
    assert {path.suffix for path in found} == {".json", ".safetensors"}
    sizes = [path.stat().st_size for path in found]
    assert max(sizes) < 16 << 20
    assert sum(sizes) <= 75e6


def test_the_card_is_of_these_weights():
    card = json.loads((HOME / "card.json").read_text())
    places = {"generator": HOME, "tokenizer": HOME / "tokenizer", "student": HOME / "student"}
    for name, size in card["bytes"].items():
        assert (places[name] / "model.safetensors").stat().st_size == size, name
    assert [phase["task"] for phase in card["phases"]].count("tokenizer") >= 1
    for phase in card["phases"]:
        assert phase["steps"] > 0 and phase["flops"] > 0 and phase["seed"] is not None
    for network in ("full", "turbo"):
        held = card["graded"][network]["held"]["attributes"]
        assert held["interval"][0] <= held["mean"] <= held["interval"][1]
    assert card["licence"] == "Apache-2.0" and len(card["commit"]) == 40 and card["limits"]


def test_clips_show_what_was_asked_for(clips):
    from evenflow.grading.judge import grade

    shown = [
        grade(clip, caption, preset="lab").scores["attributes"].value
        for clip, caption in zip(clips, ASKED, strict=True)
    ]
    assert np.mean([value or 0 for value in shown]) > 0.6  # a network of noise shows none


def test_clips_hold_together(clips):
    for clip in clips:
        pictures = clip.frames().astype(np.float32)
        assert pictures.shape == (33, 64, 64, 3)
        light = pictures.mean(axis=(1, 2, 3))
        assert np.ptp(light) < 12  # of 255: the place stays
        assert pictures.std() > 8  # and is not plain


def test_the_same_seed_is_the_same_clip(pocket, clips, quality):
    again = pocket.generate(ASKED[0], seed=0, quality=quality)
    np.testing.assert_array_equal(again.frames(), clips[0].frames())
    other = pocket.generate(ASKED[0], seed=100, quality=quality)
    assert (other.frames() != clips[0].frames()).any()


def test_the_student_is_what_is_used_and_takes_four_steps(pocket):
    plain, turbo, full = (
        pocket.generate(ASKED[0], seed=0, **told)
        for told in ({}, {"quality": "turbo"}, {"quality": "full"})
    )
    np.testing.assert_array_equal(plain.frames(), turbo.frames())
    assert (full.frames() != turbo.frames()).any()
    told = turbo.source.record
    assert told["quality"] == "turbo" and len(told["levels"]) == 5


def test_the_tokenizer_gives_scenes_back(pocket):
    from evenflow.data.worlds import world_rows

    rows = world_rows("world:lab?seed=900000&n=4&frames=17&fps=12&size=64&camera=static")
    errors = []
    for index in range(len(rows)):
        pictures, _ = rows.known(rows.row(index))
        video = torch.from_numpy(pictures).permute(3, 0, 1, 2)[None].float() / 255
        with torch.no_grad():
            back = pocket.tokenizer.decode(pocket.tokenizer.encode(video))
        errors.append(float(((back.clamp(0, 1) - video) ** 2).mean()))
    assert 10 * np.log10(1 / np.mean(errors)) > 28  # dB
