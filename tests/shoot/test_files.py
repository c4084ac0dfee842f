"""Clips on disk: equal bytes on every way, nothing lost, nothing overwritten."""

import json
from dataclasses import replace

import pytest
from safetensors.numpy import load_file
from tiny_generator import SAYS

import evenflow as ef
from evenflow.core.errors import BadInput, Cancelled, OutputExists, ResourceShortage
from evenflow.frameworks import needs
from evenflow.shoot import files, produce
from evenflow.shoot import ranking as rules
from evenflow.shoot.ranking import Rank


@pytest.fixture
def plan(model):
    return model.plan(SAYS, frames=25)


@pytest.fixture
def ranks(monkeypatch):
    """The second clip of several is the best."""
    scores = iter([10.0, 90.0, 50.0])
    monkeypatch.setattr(rules, "_measured", lambda *_: Rank(None, "", next(scores)))


class Stopping(ef.CancelToken):
    """Cancelled when it is looked at for the nth time."""

    def __init__(self, after):
        super().__init__()
        self.left = after

    def check(self):
        self.left -= 1
        if self.left <= 0:
            self.cancel()
        super().check()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".gif"])
def test_streamed_or_not_the_files_are_equal(model, tmp_path, suffix):
    side = 64 if suffix == ".mp4" else 32  # x264 is not the same twice on pictures of four blocks
    plan = model.plan(SAYS, frames=25, size=(side, side))
    for name, stream in (("a", False), ("b", True), ("c", False)):
        (tmp_path / name).mkdir()
        produce(model, plan, [2], tmp_path / name / f"x{suffix}", stream=stream)
    kept = names(tmp_path / "a")
    assert kept == [f"x{suffix}", f"x{suffix}.json", f"x{suffix}.latents.safetensors"]
    for name in kept:
        a, b, c = ((tmp_path / one / name).read_bytes() for one in "abc")
        assert a == b == c, name


def test_what_lies_beside_a_clip(model, plan, tmp_path):
    (written,) = produce(model, plan, [2], tmp_path / "x.mkv")
    assert (ef.read(written.path).frames() == written.take.clip.frames()).all()
    told = json.loads(written.settings.read_text())
    assert told["state"] == "done" and told["seed"] == 2 and told["prompt"] == SAYS
    assert told["provenance"]["generated"] is True and told["latent_frames"] == 7
    assert ef.info(written.path)["settings"]["generate"] == model.record(plan, 2)
    latents = load_file(written.latents)["latents"]
    assert (latents == written.take.clip.source.latents).all()


def test_frames_are_written_while_later_ones_are_not_yet_made(model, plan, tmp_path):
    ready = []
    made = []

    def progress(event):
        made.append(event.step)

    def told(count):
        ready.append((count, made[-1]))

    produce(model, plan, [2], tmp_path / "x.mkv", stream=True, progress=progress, told=told)
    assert [count for count, _ in ready] == [5, 13, 21, 25]  # blocks of two latent frames
    steps = [step for _, step in ready]
    assert steps == sorted(steps) and steps[0] < steps[-1]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("stop", "whole"), [(1, 0), (20, 2), (40, 4)])
def test_a_stopped_run_leaves_settings_and_latents_and_goes_on(
    model, plan, tmp_path, stream, stop, whole
):
    produce(model, plan, [2], tmp_path / "whole.mkv")
    out = tmp_path / "part" / "x.mkv"
    out.parent.mkdir()
    with pytest.raises(Cancelled):
        produce(model, plan, [2], out, stream=stream, cancel=Stopping(stop))
    told = json.loads((out.parent / "x.mkv.json").read_text())
    assert told["state"] == "stopped" and not out.exists()
    assert set(names(out.parent)) <= {"x.mkv.json", "x.mkv.latents.safetensors"}
    whole = min(whole, 2) if stream else whole  # writing looks at the token too
    assert told["latent_frames"] == whole
    if whole:
        kept = load_file(out.parent / "x.mkv.latents.safetensors")["latents"]
        assert kept.shape[1] == whole
    produce(model, plan, [2], out, resume=True, stream=stream)
    assert out.read_bytes() == (tmp_path / "whole.mkv").read_bytes()
    one, other = (tmp_path / "whole.mkv.latents.safetensors", f"{out}.latents.safetensors")
    assert (load_file(one)["latents"] == load_file(other)["latents"]).all()


def test_a_run_stopped_while_decoding_keeps_all_latents(model, plan, tmp_path):
    token = ef.CancelToken()

    def progress(event):
        if event.phase == "decode":
            token.cancel()

    with pytest.raises(Cancelled):
        produce(model, plan, [2], tmp_path / "x.mkv", progress=progress, cancel=token)
    assert json.loads((tmp_path / "x.mkv.json").read_text())["latent_frames"] == 7
    phases = []
    produce(
        model, plan, [2], tmp_path / "x.mkv", resume=True,
        progress=lambda event: phases.append(event.phase),
    )  # fmt: skip
    assert "sample" not in phases  # nothing was left to make
    assert len(ef.read(tmp_path / "x.mkv")) == 25


def test_a_run_goes_on_only_as_the_same_clip(model, plan, tmp_path):
    produce(model, plan, [2], tmp_path / "x.mkv")
    (tmp_path / "x.mkv").unlink()
    with pytest.raises(BadInput, match="its seed is 2, not 3"):
        produce(model, plan, [3], tmp_path / "x.mkv", resume=True)
    with pytest.raises(BadInput, match="its frames is 25, not 9"):
        produce(model, replace(plan, frames=9), [2], tmp_path / "x.mkv", resume=True)
    (tmp_path / "x.mkv.latents.safetensors").write_bytes(b"nonsense")
    with pytest.raises(BadInput, match="cannot be read"):
        produce(model, plan, [2], tmp_path / "x.mkv", resume=True)


@pytest.mark.parametrize("there", ["x.mkv", "x.mkv.json", "x.mkv.latents.safetensors"])
def test_nothing_is_overwritten_unasked(model, plan, tmp_path, there):
    (tmp_path / there).write_text("mine")
    with pytest.raises(OutputExists, match=there):
        produce(model, plan, [2], tmp_path / "x.mkv")
    assert (tmp_path / there).read_text() == "mine" and names(tmp_path) == [there]
    produce(model, plan, [2], tmp_path / "x.mkv", overwrite=True)
    assert len(names(tmp_path)) == 3


def test_the_best_of_several_has_the_name(model, plan, tmp_path, ranks):
    written = produce(model, plan, [5, 6, 7], tmp_path / "x.mkv")
    assert [one.take.seed for one in written] == [6, 7, 5]
    clips = [one.path.name for one in written]
    assert clips == ["x.mkv", "x_seed7.mkv", "x_seed5.mkv"]
    beside = [f"{name}{end}" for name in clips for end in ("", ".json", ".latents.safetensors")]
    assert names(tmp_path) == sorted(beside)
    for place, one in enumerate(written, 1):
        told = json.loads(one.settings.read_text())
        assert told["seed"] == one.take.seed and told["rank"]["place"] == place
        assert told["files"]["clip"] == one.path.name
    produce(model, plan, [6], tmp_path / "alone.mkv")
    assert (tmp_path / "alone.mkv").read_bytes() == (tmp_path / "x.mkv").read_bytes()


@pytest.mark.parametrize("name", ["frames", "x_%04d.png"])
def test_pictures_in_a_folder_or_by_a_pattern(model, plan, tmp_path, ranks, name):
    written = produce(model, plan, [5, 6], tmp_path / name)
    for one in written:
        assert (ef.read(one.path).frames() == one.take.clip.frames()).all()
        assert one.settings.is_file() and one.latents.is_file()
        assert ef.info(one.path)["provenance"]["generated"] is True
    with pytest.raises(OutputExists):
        produce(model, plan, [5], tmp_path / name)


def test_what_else_lies_in_a_folder_stays_there(model, plan, tmp_path, ranks):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "mine.txt").write_text("mine")
    (tmp_path / "x" / "000099.png").write_bytes(b"old")
    written = produce(model, plan, [5, 6], tmp_path / "x", overwrite=True)
    assert written[0].path == tmp_path / "x" and written[0].take.seed == 6
    assert (tmp_path / "x" / "mine.txt").read_text() == "mine"
    assert (ef.read(tmp_path / "x").frames() == written[0].take.clip.frames()).all()


@pytest.mark.parametrize(
    ("name", "says"),
    [("x.avi", "cannot be written"), ("x.png", "one picture"), ("no/x.mp4", "make it first")],
)
def test_places_that_cannot_be(model, plan, tmp_path, name, says):
    with pytest.raises(BadInput, match=says):
        produce(model, plan, [2], tmp_path / name)
    assert names(tmp_path) == []


def test_too_little_disk_is_said_before_the_work(model, plan, tmp_path, monkeypatch):
    class Usage:
        free = 100_000

    monkeypatch.setattr(needs.shutil, "disk_usage", lambda folder: Usage)
    with pytest.raises(ResourceShortage, match="disk"):
        produce(model, plan, [2], tmp_path / "x.mkv")
    assert names(tmp_path) == []


def test_files_are_no_larger_than_was_estimated(model, plan, tmp_path):
    produce(model, plan, [2], tmp_path / "x.mkv")
    used = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert used <= needs.disk_of(plan.size, plan.frames, 4, lossless=True)


def test_a_full_disk_in_the_middle_leaves_no_half_clip(model, plan, tmp_path, monkeypatch):
    def full(*args, **options):
        raise ResourceShortage("the disk is full")

    monkeypatch.setattr(files, "write", full)
    with pytest.raises(ResourceShortage):
        produce(model, plan, [2], tmp_path / "x.mkv")
    assert names(tmp_path) == ["x.mkv.json", "x.mkv.latents.safetensors"]
    monkeypatch.undo()
    produce(model, plan, [2], tmp_path / "x.mkv", resume=True)
    assert len(ef.read(tmp_path / "x.mkv")) == 25
