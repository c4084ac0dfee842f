"""Models: folders of every kind, what is decided before the work, pictures out of latents."""

import json
import shutil

import numpy as np
import pytest
import torch
from tiny_generator import LEVELS, SAYS, tiny_generator

import evenflow as ef
from evenflow.core.errors import BackendMissing, BadInput, ResourceShortage
from evenflow.frameworks import load, needs
from evenflow.frameworks import model as home
from evenflow.frameworks.model import check_frames, facts_of


def edited(folder, target, **changes):
    """A copy of a model whose config says something else."""
    shutil.copytree(folder, target)
    config = json.loads((target / "config.json").read_text())
    for name, value in changes.items():
        config.pop(name, None)
        if value is not None:
            config[name] = value
    (target / "config.json").write_text(json.dumps(config))
    return target


def test_a_folder_says_what_its_clips_are_like(model):
    plan = model.plan(SAYS)
    assert (plan.frames, plan.size, float(plan.fps)) == (9, (32, 32), 12)
    assert plan.quality == "turbo" and list(plan.levels) == LEVELS and plan.guidance == 1
    assert plan.sampler == "consistency"
    full = model.plan(SAYS, quality="full", steps=7, guidance=2)
    assert full.steps == 7 and full.guidance == 2 and full.sampler == "dpmpp_2m"
    assert model.plan(SAYS, quality="full").steps == 3  # as its config says


def test_the_folder_of_a_run_and_a_student_alone_can_be_loaded(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "run" / "model")
    assert load(tmp_path / "run", device="cpu").name == "run"
    alone = edited(folder, tmp_path / "alone", levels=LEVELS)
    shutil.rmtree(alone / "student")
    student = load(alone, device="cpu")
    assert student.plan(SAYS).steps == 3
    with pytest.raises(BadInput, match="without its teacher"):
        student.plan(SAYS, quality="full")


def test_without_a_student_turbo_is_the_teacher(folder, tmp_path):
    plain = edited(folder, tmp_path / "plain")
    shutil.rmtree(plain / "student")
    model = load(plain, device="cpu")
    assert model.plan(SAYS).quality == "full" and model.plan(SAYS).steps == 3
    assert model.plan(SAYS, preview=True).steps <= 6
    assert model.plan(SAYS, steps=5, guidance=1).steps == 5


def test_half_precision_is_computed_in_single(tmp_path):
    half = tiny_generator(tmp_path / "half", half=True)
    whole = tiny_generator(tmp_path / "whole")
    loaded = load(half, device="cpu")
    assert {p.dtype for p in loaded.teacher.net.parameters()} == {torch.float32}
    a, b = (load(one, device="cpu").generate(SAYS).frames().astype(int) for one in (half, whole))
    assert np.abs(a - b).mean() < 3


def test_loading_and_making_change_nothing_for_others(folder):
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    before = torch.get_num_threads(), torch.is_grad_enabled()
    loaded = load(folder, device="cpu")
    parts = loaded.parts(loaded.plan(SAYS), 0)
    next(parts)
    assert (torch.get_num_threads(), torch.is_grad_enabled()) == before  # also half-way
    loaded.generate(SAYS)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("threads", [1, 2])
def test_bytes_do_not_depend_on_the_threads_that_are_set(model, threads):
    before = torch.get_num_threads()
    expected = model.generate(SAYS, seed=4).frames()
    torch.set_num_threads(threads)
    try:
        assert (model.generate(SAYS, seed=4).frames() == expected).all()
    finally:
        torch.set_num_threads(before)


def test_pictures_do_not_depend_on_how_latents_are_parted(model):
    plan = model.plan(SAYS, frames=17)
    latents = torch.cat(list(model.parts(plan, 1)), dim=2)
    groups = [list(model.pictures(iter(parts))) for parts in
              ([latents], latents.split(1, dim=2), latents.split(2, dim=2))]  # fmt: skip
    whole = [np.concatenate(group) for group in groups]
    assert whole[0].shape == (17, 32, 32, 3) and len(groups[0]) == 5
    assert (whole[0] == whole[1]).all() and (whole[0] == whole[2]).all()
    joint = model.tokenizer.decode(latents)[0].permute(1, 2, 3, 0) * 255
    assert np.abs(whole[0] - joint.numpy()).max() <= 0.51


def test_a_wavelet_is_decoded_group_by_group_as_at_once(tmp_path):
    from evenflow.tokenizers import Wavelet

    folder = tiny_generator(tmp_path / "w", student=False, tokenizer="wavelet:4")
    shutil.rmtree(folder / "tokenizer")
    model = load(folder, device="cpu")
    assert model.tokenizer == Wavelet(4)
    plan = model.plan(SAYS, frames=13)
    latents = torch.cat(list(model.parts(plan, 1)), dim=2)
    made = np.concatenate(list(model.pictures(iter([latents]))))
    joint = model.tokenizer.decode(latents)[0].clamp(0, 1).permute(1, 2, 3, 0) * 255
    assert np.abs(made - joint.numpy()).max() <= 0.51


def test_a_clip_tells_how_it_was_made_and_is_marked_where_it_is_written(model, tmp_path):
    clip = model.generate(SAYS, seed=7)
    record = clip.source.record
    assert record["seed"] == 7 and record["caption"].startswith("A red ball rolls")
    assert clip.source.latents.shape == (4, 3, 4, 4) and clip.info.fps == 12
    ef.write(clip, tmp_path / "a.mkv")
    told = ef.info(tmp_path / "a.mkv")
    assert told["settings"]["generate"] == record
    assert told["provenance"]["generated"] is True
    assert told["provenance"]["digital_source_type"].endswith("trainedAlgorithmicMedia")
    assert (ef.read(tmp_path / "a.mkv").frames() == clip.frames()).all()


def test_the_first_frame_is_the_picture_as_the_tokenizer_sees_it(model):
    still = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    clip = model.generate(SAYS, image=still)
    video = torch.from_numpy(still).permute(2, 0, 1)[None, :, None] / 255
    seen = model.tokenizer.decode(model.tokenizer.encode(video))[0, :, 0].permute(1, 2, 0)
    assert np.abs(clip.frames()[0] - seen.numpy() * 255).max() <= 0.51
    assert len(clip.source.record["image"]["sha256"]) == 64
    assert (clip.frames()[5:] != model.generate(SAYS).frames()[5:]).any()


@pytest.mark.parametrize(
    ("frames", "says"), [(50, "49 or 53"), (0, "49"), (-3, "49"), (2, "1 or 5"), (200_001, "most")]
)
def test_frames_that_cannot_be(frames, says):
    with pytest.raises(BadInput, match=says):
        check_frames(frames)


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"size": (40, 32)}, "32x32|48x32"),
        ({"size": (8, 8)}, "16x16"),
        ({"quality": "best"}, "turbo or full"),
        ({"method": "magic"}, "autoregressive"),
        ({"steps": 9}, "quality full"),
        ({"guidance": 3.0}, "quality full"),
        ({"steps": 0, "quality": "full"}, "1 to 1000"),
        ({"guidance": -1.0, "quality": "full"}, "from 0"),
        ({"guidance": float("nan"), "quality": "full"}, "from 0"),
        ({"method": "full_sequence"}, "quality full"),
        ({"image": np.zeros((4, 4, 7), np.uint8)}, "picture is"),
        ({"frames": 12}, "9 or 13"),
    ],
)
def test_what_cannot_be_is_said_before_the_work(model, asked, says):
    with pytest.raises(BadInput, match=says):
        model.plan(SAYS, **asked)


def test_numbers_that_are_not_finite_are_an_error_and_no_picture(folder):
    broken = load(folder, device="cpu")
    broken.student.net.outlet.bias.data[0] = float("nan")
    with pytest.raises(ef.EvenflowError, match="not finite"):
        broken.generate(SAYS)


def test_other_sizes_work_and_are_warned_of(model):
    plan = model.plan(SAYS, size=(64, 32))
    assert any("32x32" in line for line in plan.warnings)
    assert model.generate(SAYS, size=(64, 32)).frames().shape == (9, 32, 64, 3)


def test_too_little_memory_is_said_before_the_work(model, monkeypatch):
    monkeypatch.setattr(needs, "free_memory", lambda: 10_000_000)
    with pytest.raises(ResourceShortage, match="10 MB are free"):
        model.plan(SAYS, size=(1024, 1024), frames=1001)
    monkeypatch.setattr(needs, "free_memory", lambda: None)  # where the system does not say
    model.plan(SAYS)


def test_memory_grows_with_the_clip_and_not_with_the_past():
    told = {"size": (64, 64), "sight": 9, "block": 3, "layers": 8, "width": 256, "patch": 2,
            "guided": False, "full": False}  # fmt: skip
    short, long = (needs.memory_of(frames=n, **told) for n in (33, 1001))
    assert long - short < 968 * 64 * 64 * 3 * 3
    assert needs.memory_of(frames=33, **{**told, "guided": True}) > short
    assert needs.free_memory() is None or needs.free_memory() > 0


def test_models_that_are_not_there_or_of_something_else(folder, tmp_path, monkeypatch):
    with pytest.raises(BackendMissing, match="no model"):
        load(tmp_path / "nothing")
    with pytest.raises(BadInput, match="tokenizer"):
        load(folder / "tokenizer")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BackendMissing, match=r"config\.json"):
        load(tmp_path / "empty")
    monkeypatch.setattr(home, "SHIPPED", "no-such-model")
    with pytest.raises(BackendMissing, match="evenflow train"):
        load("no-such-model")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"frames": 10}, "cannot be"),
        ({"fps": "0"}, "cannot be"),
        ({"fps": "quick"}, "understood"),
        ({"size": 64}, "understood"),
        ({"sampler": "magic"}, "cannot be"),
        ({"levels": [0.5, 0.0]}, "cannot be"),
        ({"words": None}, "words"),
        ({"words": {"vocabulary": ["a"], "length": 9}}, "words"),
        ({"tokenizer": "../elsewhere"}, None),
    ],
)
def test_configs_that_say_what_cannot_be(folder, tmp_path, changes, says):
    other = edited(folder, tmp_path / "other", **changes)
    if says is None:  # a tokenizer lies inside, so nothing else is looked for
        assert load(other, device="cpu").name == "other"
        shutil.rmtree(other / "tokenizer")
        says = "tokenizer"
    with pytest.raises(BadInput, match=says):
        load(other, device="cpu")


def test_facts_have_defaults():
    facts = facts_of({}, "config.json")
    assert facts.caption == "L2" and facts.sampler == "dpmpp_2m"
    assert facts_of({"levels": [1, 0.5, 0]}, "c").sampler == "consistency"
