"""`evenflow generate`: from a prompt to a marked file; every mistake in one line."""

import io
import json
import os
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tiny_generator import SAYS, tiny_generator

import evenflow as ef
from evenflow.cli.app import main


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    pytest.importorskip("torch")
    return tiny_generator(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def make(run, tiny, tmp_path, monkeypatch):
    """Runs the verb with a tiny model in an empty folder."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def call(*args, prompt=SAYS):
        said = () if prompt is None else (prompt,)
        return run("generate", *said, "--model", tiny, "--device", "cpu", *args)

    return call


def left():
    return sorted(os.listdir("."))


def test_a_prompt_becomes_a_marked_clip_with_settings_and_latents(make, run):
    done = make("-o", "a.mkv", "--seed", 3, "--frames", 17)
    assert done.code == 0 and done.out == "" and not done.errors
    assert "heard: A red ball rolls to the left; the camera stays still." in done.err
    assert "a.mkv: 17 frames, 32x32, seed 3" in done.err
    assert left() == ["a.mkv", "a.mkv.json", "a.mkv.latents.safetensors"]
    shown = run("info", "a.mkv")
    assert "prompt: a red ball rolls" in shown.out and "trainedAlgorithmicMedia" in shown.out
    assert json.loads(Path("a.mkv.json").read_text())["state"] == "done"


def test_without_o_a_name_is_found_that_is_free(make):
    for _ in range(2):
        assert make("--seed", 4).code == 0
    assert [n for n in left() if n.endswith(".mp4")] == [
        "red_ball_rolls_to_left_s4.mp4", "red_ball_rolls_to_left_s4_2.mp4",
    ]  # fmt: skip
    assert all("\n" not in name for name in left())


def test_names_of_strange_prompts_are_names(make):
    assert make(prompt="A RED ball/../rolls?").code in (0, 2)
    assert all(name[0].isalnum() for name in left())


def test_json_is_on_stdout_alone(make):
    done = make("-o", "a.mp4", "--json")
    told = done.json
    assert told["schema"] == "evenflow.generated/1" and told["caption"].startswith("A red ball")
    (clip,) = told["clips"]
    assert clip["path"] == "a.mp4" and clip["record"]["frames"] == 9 and clip["rank"] is None
    assert make("-o", "b.mp4", "-q").err == ""


def test_the_same_seed_gives_the_same_file_streamed_or_not(make):
    for name, more in (("a", ()), ("b", ("--stream",)), ("c", ("--seed", 1))):
        assert make("-o", f"{name}.mkv", *more).code == 0
    a, b, c = (Path(f"{name}.mkv").read_bytes() for name in "abc")
    assert a == b != c


def test_a_stream_for_players(make, tiny, monkeypatch):
    pipe = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", pipe)
    code = main(["generate", SAYS, "--model", str(tiny), "--device", "cpu", "-o", "-", "--stream"])
    assert code == 0 and left() == []
    data = pipe.buffer.getvalue()
    assert data.startswith(b"YUV4MPEG2 W32 H32 F12:1") and data.count(b"FRAME\n") >= 9


def test_variants_are_ranked_and_the_best_has_the_name(make, monkeypatch):
    from evenflow.shoot import ranking

    scores = iter([10.0, 90.0])
    monkeypatch.setattr(ranking, "_measured", lambda *_: ranking.Rank(0.5, "1 of 2", next(scores)))
    done = make("-o", "a.mkv", "--seed", 5, "--variants", 2, "--json")
    assert [clip["seed"] for clip in done.json["clips"]] == [6, 5]
    assert done.json["clips"][0]["path"] == "a.mkv" and done.json["clips"][0]["rank"]["score"] == 90
    assert left() == sorted(
        f"{name}{end}" for name in ("a.mkv", "a_seed5.mkv")
        for end in ("", ".json", ".latents.safetensors")
    )  # fmt: skip


def test_a_preview_is_one_picture_with_a_row_for_each_seed(make):
    one, three = make("--preview", "-o", "p.png"), make("--preview", "--variants", 3, "-o", "q.png")
    assert one.code == three.code == 0 and left() == ["p.png", "q.png"]
    (w, h), (w3, h3) = Image.open("p.png").size, Image.open("q.png").size
    assert w == w3 and h3 > 2.5 * h and w > 5 * 128
    assert make("--preview", "-o", "p.png").code == 2  # not overwritten
    assert make("--preview").code == 0 and "red_ball_rolls_to_left_s0.png" in left()


def test_a_picture_begins_the_clip_and_a_photograph_is_warned_of(make):
    photo = np.random.default_rng(0).integers(0, 256, (60, 90, 3)).astype(np.uint8)
    Image.fromarray(photo).save("photo.png")
    done = make("-o", "a.mkv", "--image", "photo.png")
    warnings = [line for line in done.err.splitlines() if line.startswith("warning: ")]
    assert done.code == 0 and len(warnings) == 2
    assert "middle 60x60" in warnings[0] and "--model" in warnings[1]
    Image.new("RGB", (32, 32), (90, 120, 200)).save("wall.png")
    assert "warning" not in make("-o", "b.mkv", "--image", "wall.png").err


@pytest.mark.parametrize("more", [(), ("--stream",)])
def test_ctrl_c_leaves_what_resume_goes_on_from(make, monkeypatch, more):
    from evenflow.frameworks.model import Model

    assert make("-o", "whole.mkv", "--frames", 25).code == 0
    parts = Model.parts

    def interrupted(self, *args, **options):
        for number, part in enumerate(parts(self, *args, **options)):
            if number == 1:
                os.kill(os.getpid(), signal.SIGINT)
            yield part

    monkeypatch.setattr(Model, "parts", interrupted)
    done = make("-o", "a.mkv", "--frames", 25, *more)
    assert done.code == 130 and len(done.errors) == 1 and "--resume" in done.err
    assert left()[:2] == ["a.mkv.json", "a.mkv.latents.safetensors"]
    assert "a.mkv" not in left()
    monkeypatch.setattr(Model, "parts", parts)
    again = make("-o", "a.mkv", "--resume", prompt=None)  # prompt, frames and seed are known
    assert again.code == 0 and Path("a.mkv").read_bytes() == Path("whole.mkv").read_bytes()
    assert make("-o", "a.mkv", "--resume", prompt="a blue ball rolls").code == 2
    assert make("--resume").code == 2
    assert make("-o", "other.mkv", "--resume", prompt=None).code == 2


def test_several_variants_go_on_with_those_that_are_not_done(make, monkeypatch):
    from evenflow.frameworks.model import Model
    from evenflow.shoot import ranking

    monkeypatch.setattr(ranking, "_measured", lambda *_: ranking.Rank(0.5, "", 50.0))
    asked = ("--variants", 3, "--frames", 25)
    assert make("-o", "whole.mkv", *asked).code == 0
    parts, seeds = Model.parts, []

    def interrupted(self, plan, seed, **options):
        seeds.append((seed, options["begun"] is not None))
        for number, part in enumerate(parts(self, plan, seed, **options)):
            if number == 1 and seed == 1 and len(seeds) == 2:
                os.kill(os.getpid(), signal.SIGINT)
            yield part

    monkeypatch.setattr(Model, "parts", interrupted)
    assert make("-o", "a.mkv", *asked).code == 130
    assert make("-o", "a.mkv", *asked, "--resume").code == 0
    assert seeds == [(0, False), (1, False), (0, True), (1, True), (2, False)]
    for seed in ("", "_seed1", "_seed2"):
        assert Path(f"a{seed}.mkv").read_bytes() == Path(f"whole{seed}.mkv").read_bytes()


def test_settings_of_full_quality_come_back_with_resume(make):
    asked = ("--quality", "full", "--steps", 2, "--guidance", 1.5, "--seed", 9)
    assert make("-o", "whole.mkv", *asked).code == 0
    assert make("-o", "a.mkv", *asked).code == 0
    os.remove("a.mkv")
    assert make("-o", "a.mkv", "--resume", prompt=None).code == 0
    assert Path("a.mkv").read_bytes() == Path("whole.mkv").read_bytes()


WRONG = {
    "no prompt": ((), None, 2, "needs a prompt"),
    "an empty prompt": ((), "  ", 2, "empty"),
    "an unknown word": ((), "a red bal rolls", 2, "ball"),
    "ten thousand words": ((), "a ball rolls then " * 2500, 2, "10,000 words"),
    "fifty frames": (("--frames", 50), SAYS, 2, "49 or 53"),
    "no frames": (("--frames", 0), SAYS, 2, "49"),
    "another aspect": (("--size", "40x32"), SAYS, 2, "multiples of 16"),
    "no size": (("--size", "big"), SAYS, 2, "WxH"),
    "no such model": (("--model", "nowhere"), SAYS, 5, "nowhere"),
    "no such device": (("--device", "quantum"), SAYS, 2, "quantum"),
    "no such quality": (("--quality", "best"), SAYS, 2, "turbo or full"),
    "steps of a student": (("--steps", 30), SAYS, 2, "--quality full"),
    "an ending": (("-o", "a.avi"), SAYS, 2, "a.avi"),
    "no such folder": (("-o", "no/a.mp4"), SAYS, 2, "no"),
    "no such picture": (("--image", "no.png"), SAYS, 2, "no.png"),
    "no picture": (("--image", "text.png"), SAYS, 2, "text.png"),
    "a seed below": (("--seed", -1), SAYS, 2, "seed"),
    "no variants": (("--variants", 0), SAYS, 2, "variants"),
    "variants to stdout": (("-o", "-", "--variants", 2), SAYS, 2, "standard output"),
    "a preview that streams": (("--preview", "--stream"), SAYS, 2, "picture"),
    "a preview as a clip": (("--preview", "-o", "a.mp4"), SAYS, 2, ".png"),
    "too large": (("--size", "16384x16384", "--frames", 9601), SAYS, 4, "memory"),
    "an option": (("--guidence", 2), SAYS, 2, "--guidance"),
}


@pytest.mark.parametrize("case", WRONG)
def test_mistakes_are_one_line_and_leave_nothing(make, case):
    args, prompt, code, says = WRONG[case]
    Path("text.png").write_text("no picture\n" * 50)
    done = make(*args, prompt=prompt)
    assert done.code == code and len(done.errors) == 1, done.err
    assert says in done.errors[0] and "bug" not in done.errors[0]
    assert left() == ["text.png"]


def test_pocket_that_is_not_there_says_how_it_is_trained(run, tmp_path, monkeypatch):
    from evenflow.frameworks import model as home

    monkeypatch.setattr(home, "SHIPPED", "not-shipped")
    monkeypatch.chdir(tmp_path)
    done = run("generate", SAYS, "--model", "not-shipped", "-o", "a.mp4")
    assert done.code == 5 and "evenflow train pocket" in done.errors[0] and left() == []


def test_nothing_is_overwritten_unasked(make):
    assert make("-o", "a.mkv").code == 0
    before = Path("a.mkv").read_bytes()
    done = make("-o", "a.mkv", "--seed", 1)
    assert done.code == 2 and "--yes" in done.errors[0]
    assert Path("a.mkv").read_bytes() == before
    assert make("-o", "a.mkv", "--seed", 1, "--yes").code == 0
    assert Path("a.mkv").read_bytes() != before


def test_too_little_disk(make, monkeypatch):
    from evenflow.frameworks import needs

    class Usage:
        free = 1000

    monkeypatch.setattr(needs.shutil, "disk_usage", lambda folder: Usage)
    done = make("-o", "a.mkv")
    assert done.code == 4 and "disk" in done.errors[0] and left() == []


def test_help_is_grouped(run):
    shown = run("generate", "--help").out
    for group in ("The shot", "How it is made", "What is written"):
        assert group in shown


def test_the_clip_can_be_read_and_checked(make):
    assert make("-o", "a.mkv", "--frames", 25).code == 0
    assert ef.check("a.mkv").clip["frames"] == 25
