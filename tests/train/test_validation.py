"""Whoever shows what is true has no error; who knows nothing has the error of the baseline."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from evenflow.core.errors import RecipeError  # noqa: E402
from evenflow.dist import ALONE  # noqa: E402
from evenflow.train.recipe import Data  # noqa: E402
from evenflow.train.tasks import TASKS  # noqa: E402
from evenflow.train.validation import (  # noqa: E402
    held_frame,
    mean_clip,
    position_error,
    prompts_of,
    scenes_of,
    validate,
)
from tests.train_runs import generator_recipe, tokenizer_recipe  # noqa: E402

DATA = Data(
    source="world:flat?seed=0&n=50&frames=9&fps=4&size=32&camera=static",
    frames=9,
    size=(32, 32),
    fps="4",
    caption="L2",
)


@pytest.fixture(scope="module")
def prompts():
    return prompts_of(DATA, 800, 6)


@pytest.fixture(scope="module")
def verdicts(prompts):
    true = [prompt.pictures for prompt in prompts]
    callables = {
        "true": lambda asked: [p.pictures for p in asked],
        "held": held_frame,
        "mean": mean_clip(true),
    }
    return {name: validate(one, prompts, check=False) for name, one in callables.items()}


def test_prompts_say_what_is_to_be_seen(prompts):
    assert len(prompts) == 6 and len({p.seed for p in prompts}) == 6
    for prompt in prompts:
        assert prompt.caption and prompt.pictures.shape == (9, 32, 32, 3)
        assert np.array_equal(prompt.first, prompt.pictures[0])
    assert all(p.first is None for p in prompts_of(DATA, 800, 2, first=False))


def test_the_truth_has_no_error_and_a_mean_clip_a_large_one(verdicts):
    true, mean = verdicts["true"], verdicts["mean"]
    known = np.isfinite(true.position)
    assert known.sum() >= 3
    assert true.position[known].max() < 0.03 and true.found[known].min() == 1
    assert true.psnr.min() == 100
    assert np.nanmean(mean.position) > 5 * np.nanmean(true.position)


def test_what_stands_still_is_wrong_where_something_moves(verdicts):
    true, held = verdicts["true"].position, verdicts["held"].position
    assert np.nanmax(held - true) > 0.1
    assert (held >= true - 0.02)[np.isfinite(true)].all()


def test_a_verdict_has_intervals_around_its_means(verdicts):
    told = verdicts["held"].to_json()
    assert told["score"] is None
    low, high = told["position"]["interval"]
    assert low <= told["position"]["mean"] <= high and told["psnr"]["prompts"] == 6


def test_errors_of_readings_in_closed_form(prompts):
    from dataclasses import replace

    from evenflow.grading.oracle import oracle

    prompt = next(p for p in prompts if np.isfinite(position_error(*2 * (truth(p),))[0]))
    reading = oracle(prompt.scene, prompt.pictures)
    assert position_error(reading, reading) == (0, 1)
    moved = tuple(replace(one, center=one.center + np.float32([3, 4])) for one in reading.tracks)
    error, found = position_error(reading, replace(reading, tracks=moved))
    assert error == pytest.approx(5 / 32, rel=1e-5) and found == 1
    error, found = position_error(reading, replace(reading, tracks=()))
    assert found == 0 and error > 0


def truth(prompt):
    from evenflow.grading.oracle import oracle

    return oracle(prompt.scene, prompt.pictures)


def test_who_answers_otherwise_than_asked_is_told(prompts):
    with pytest.raises(ValueError, match="one each"):
        validate(lambda asked: [], prompts)
    with pytest.raises(ValueError, match="came back"):
        validate(lambda asked: [p.pictures[:5] for p in asked], prompts)


def test_nobody_is_graded_on_what_they_learned_from():
    with pytest.raises(RecipeError, match="learned from"):
        scenes_of(DATA, 40, 5)
    with pytest.raises(RecipeError, match="none"):
        scenes_of(DATA.model_copy(update={"source": "clips"}), 40, 5)
    assert "seed=50" in scenes_of(DATA, 50, 5) and "n=5" in scenes_of(DATA, 50, 5)


def test_a_generator_makes_clips_of_prompts_and_keeps_their_first_frame():
    prompts = prompts_of(generator_recipe().data, 900, 3)
    task = TASKS["generator"](generator_recipe(validation={"steps": 2}), ALONE)
    made = task.clips(prompts)
    assert [one.shape for one in made] == [(5, 16, 16, 3)] * 3
    first = torch.from_numpy(np.stack([p.pictures[:1] for p in prompts]))
    first = first.permute(0, 4, 1, 2, 3) / 255
    kept = task.tokenizer.decode(task.tokenizer.encode(first)).clamp(0, 1)
    for one, still in zip(made, kept, strict=True):
        want = (still[:, 0].permute(1, 2, 0) * 255).round()
        assert np.abs(one[0].astype(int) - want.numpy().astype(int)).max() <= 1
    alone = task.clips(prompts[1:2])
    assert np.array_equal(alone[0], made[1])  # a clip does not depend on its batch
    assert not np.array_equal(made[0], made[1])


def test_a_tokenizer_is_measured_on_clips_that_it_has_not_seen():
    recipe = tokenizer_recipe(validation={"prompts": 3, "seed": 900})
    found = TASKS["tokenizer"](recipe, ALONE).validate()
    assert set(found) == {"psnr", "psnr_first", "psnr_later", "psnr_10", "color_shift"}
    assert 0 < found["psnr"] < 60 and found["color_shift"] >= 0
