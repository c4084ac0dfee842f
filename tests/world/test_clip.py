"""Clips of the world: lazy, the same bytes however they are drawn, all truth in a folder."""

import hashlib
import json
from fractions import Fraction

import numpy as np
import pytest

import evenflow as ef
from evenflow.core.clip import Source
from evenflow.core.errors import BadInput, Cancelled, OutputExists
from evenflow.core.events import CancelToken
from evenflow.world.clip import (
    DENSE,
    TRUTH,
    WorldSource,
    captions,
    cut,
    sample,
    sample_many,
    scene,
    truth_names,
    with_camera,
    write_truth,
)
from evenflow.world.render import render
from evenflow.world.simulate import simulate
from evenflow.world.spec_file import read_spec
from evenflow.world.trajectories import read_trajectory
from evenflow.world.truth import FLAGS

SMALL = {"frames": 14, "size": (40, 32)}


@pytest.fixture(scope="module")
def lab():
    return scene(preset="lab", seed=3, **SMALL)


def test_a_caption_becomes_a_clip_that_shows_it():
    clip, truth = sample(
        "a red ball rolls behind the pillar",
        preset="lab",
        truth=("instance", "visible"),
        frames=37,
        size=(64, 64),
    )
    assert len(clip) == 37 and clip.info.fps == Fraction(12)
    assert clip.frames(0, 2).shape == (2, 64, 64, 3)
    spec = clip.source.spec
    ball = next(one.id for one in spec.cast if one.kind == "ball")
    assert spec.entity(ball).color == "red"
    seen = truth.visible[:, ball - 1].numpy()
    assert seen.min() < 0.3 * seen.max()  # it was behind the pillar
    assert truth.depth is None


def test_a_world_source_is_a_source_and_streams_in_order(lab):
    source: Source = WorldSource(lab, chunk=4)
    clip = ef.Clip(source)
    frames = list(clip.stream(3, 9))
    assert [f.index for f in frames] == [3, 4, 5, 6, 7, 8]
    assert frames[0].time == Fraction(3, 12) and source.warnings == ()
    assert clip.info.num_frames == 14 and (clip.info.width, clip.info.height) == (40, 32)
    with pytest.raises(BadInput):
        WorldSource(lab).draw([14])


def test_bytes_depend_on_the_scene_alone(lab):
    whole = render([simulate(lab)]).frames[0].numpy()
    for chunk in (1, 3, 8):
        drawn = ef.Clip(WorldSource(lab, chunk=chunk)).frames()
        assert (drawn == whole).all()
    assert (ef.Clip(WorldSource(lab)).frames(5, 7) == whole[5:7]).all()
    names = ("depth", "forward_flow", "backward_occlusion", "instance")
    together = WorldSource(lab).draw(range(14), truth=names)[1]
    alone = WorldSource(lab).draw([6], truth=names)[1]
    for name in names:
        assert np.array_equal(getattr(together, name)[6].numpy(), getattr(alone, name)[0].numpy())


def test_a_stretch_keeps_what_is_in_it(lab):
    animation = simulate(lab)
    part = cut(animation, 4, 9)
    assert len(part.shot) == len(part.parts.position) == len(part.skeletons.joints) == 5
    assert (part.entities.position == animation.entities.position[4:9]).all()
    assert (part.parts.shape == animation.parts.shape).all()
    assert (cut(part, 1, 3).sunlit == cut(animation, 5, 7).sunlit).all()


def digest(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())}


def test_all_truth_lies_in_a_folder(lab, tmp_path):
    folder = write_truth(WorldSource(lab, chunk=4), tmp_path / "a")
    again = write_truth(WorldSource(lab, chunk=5), tmp_path / "b")
    assert digest(folder) == digest(again)  # chunks change nothing
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]  # nothing half-written
    assert read_spec(folder / "scene.json") == lab
    index = json.loads((folder / "truth.json").read_text())
    assert set(index["files"]) == {p.name for p in folder.iterdir()} - {"truth.json"}
    for name, row in index["files"].items():
        assert row["sha256"] == digest(folder)[name]
    whole = render([simulate(lab)], truth=("all",)).truth[0]
    for name in DENSE:
        found, true = np.load(folder / f"{name}.npy"), getattr(whole, name).numpy()
        assert found.dtype == true.dtype and np.array_equal(found, true, equal_nan=True)
    states = np.load(folder / "states.npz")
    assert (states["position"] == simulate(lab).entities.position).all()
    assert np.load(folder / "boxes.npz")["visible"].shape == (14, len(lab.cast))
    tracks = np.load(folder / "tracks.npz")
    assert tracks["points"].shape[1:] == (14, 2) and tracks["occluded"].shape[1] == 14
    assert np.load(folder / "cameras.npz")["world_to_camera"].shape == (14, 4, 4)
    assert len(read_trajectory(folder / "cameras.txt")) == 14
    texts = json.loads((folder / "captions.json").read_text())
    assert {"L0", "L1", "L2", "L3", "L4", "L5", "timed", "counterfactuals"} <= set(texts)
    events = json.loads((folder / "events.json").read_text())
    assert set(events) == {"staged", "happened", "contacts"}


def test_the_files_of_the_table_are_those_that_are_written(tmp_path):
    import re

    import evenflow.world.clip as module

    table = {name for line in module.__doc__.splitlines() if line.startswith("| `")
             for name in re.findall(r"`(\w+\.\w+)`", line.split("|")[1])}  # fmt: skip
    spec = scene(preset="maze", seed=1, frames=5, size=(32, 32))
    folder = write_truth(WorldSource(spec), tmp_path / "t")
    assert {p.name for p in folder.iterdir()} == table
    assert np.load(folder / "actions.npy").shape == (5, 10)


def test_nothing_is_overwritten_unasked(lab, tmp_path):
    source = WorldSource(lab)
    write_truth(source, tmp_path / "t", truth=("depth",), levels=("L1",))
    with pytest.raises(OutputExists):
        write_truth(source, tmp_path / "t", truth=("depth",))
    write_truth(source, tmp_path / "t", truth=("instance",), levels=("L1",), overwrite=True)
    assert not (tmp_path / "t" / "depth.npy").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(OutputExists, match="something else"):
        write_truth(source, tmp_path / "mine", overwrite=True)
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"
    with pytest.raises(BadInput, match="does not exist"):
        write_truth(source, tmp_path / "no" / "t")


def test_what_is_stopped_leaves_nothing(lab, tmp_path):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        write_truth(WorldSource(lab), tmp_path / "t", cancel=token)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(Cancelled):
        list(WorldSource(lab).stream(cancel=token))


@pytest.mark.slow
def test_workers_change_no_byte():
    specs = [scene(preset=p, seed=s, **SMALL) for p in ("lab", "story", "maze") for s in (1, 2)]
    alone = list(sample_many(specs, truth=("depth",)))
    for workers in (2, 3):
        shared = list(sample_many(specs, truth=("depth",), workers=workers))
        assert [one.index for one in shared] == list(range(6))
        for a, b in zip(alone, shared, strict=True):
            assert a.spec == b.spec and (a.frames == b.frames).all()
            assert np.array_equal(a.truth["depth"], b.truth["depth"])


def test_many_clips_come_in_their_order(lab):
    specs = [scene(preset="lab", seed=s, **SMALL) for s in (5, 3, 4)]
    found = list(sample_many(specs))
    assert [one.spec for one in found] == specs
    assert (found[1].frames == ef.Clip(WorldSource(specs[1])).frames()).all()


def test_names_of_truth():
    assert truth_names(["all"]) == TRUTH and set(TRUTH) == set(FLAGS)
    assert truth_names(["Forward-Flow", "ids"]) == ("instance", "part", "forward_flow")
    with pytest.raises(BadInput, match="no truth 'deep'"):
        truth_names(["deep"])


@pytest.mark.parametrize("moves", ["static", "pan left", "Pan-Left,  zoom in", "follow", "shake"])
def test_the_camera_can_be_told_what_to_do(lab, moves):
    spec = with_camera(lab, moves)
    kinds = [m.kind for m in spec.shots[0].camera.moves]
    told = [" ".join(m.split()).lower().replace("-", " ") for m in moves.split(",")]
    assert kinds == [m for m in told if m != "static"]
    simulate(spec)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"preset": "moon"}, "no preset 'moon'"),
        ({"style": "cubist"}, "no style"),
        ({"frames": 0}, "at least one frame"),
        ({"size": (4, 4)}, "sides of 8"),
        ({"fps": Fraction(0)}, "frame rate"),
        ({"seed": -1}, "0 or more"),
        ({"caption": "a cat walks", "preset": "maze"}, "walked, not told"),
        ({"caption": "a ball rolls", "camera": "fly"}, "no camera move 'fly'"),
        ({"preset": "maze", "camera": "pan left", "frames": 4}, "is played"),
        ({"caption": "a gloop rolls"}, "gloop"),
    ],
)
def test_silly_scenes_are_refused_in_a_line(fields, says):
    with pytest.raises(BadInput, match=says) as error:
        scene(**fields)
    assert "\n" not in str(error.value)


def test_captions_of_some_levels(lab):
    texts = captions(lab, ("L1",))
    assert "L1" in texts and "L2" not in texts
    assert all(one["text"] != texts["L1"] for one in texts["counterfactuals"])
