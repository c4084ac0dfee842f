"""What a caption says is said again by the scene that was staged from it."""

import pytest

from evenflow.world.language import describe, parse
from evenflow.world.staging import stage

SEEDS = (0, 1, 2)
SAID = {
    "a woman drops a vase and it shatters": ("the woman drops the vase", "the vase shatters"),
    "a man opens the door": ("a man in", "opens a"),
    "a woman covers a red ball with a cup": ("a woman in", "covers a", "red", "cup"),
    "a man slides a box": ("a man in", "slides a", "box"),
    "the camera pans slowly left while a dog runs": ("the camera pans left slowly", "dog runs"),
    "the camera quickly zooms in on a woman": ("the camera zooms in quickly",),
    "the left ball rolls for 2 s, then the right ball rolls": ("for 2 s",),
    "a cat walks for 1.5 s, then a dog runs": ("the cat walks", "for 1.5 s", "the dog runs"),
}


@pytest.mark.parametrize("caption", SAID)
@pytest.mark.parametrize("seed", SEEDS)
def test_a_staged_scene_says_what_its_caption_said(caption, seed):
    text = describe(stage(parse(caption), seed=seed), "L4").lower()
    assert not [word for word in SAID[caption] if word not in text], text


@pytest.mark.parametrize(
    "caption",
    [
        "a dog runs, then a cat walks, then a man waves",
        "the left ball rolls for 2 s, then the right ball rolls to the left",
        "a red ball rolls, then a blue cube slides",
    ],
)
@pytest.mark.parametrize("seed", SEEDS)
def test_one_thing_after_the_other_is_told_in_that_order(caption, seed):
    scene = stage(parse(caption), seed=seed)
    starts = [event.start for event in scene.events if event.said]
    assert starts == sorted(starts)
    text = describe(scene, "L2")
    assert text.count(", then ") + text.count(". Then ") == caption.count("then"), text


def test_who_does_it_stands_in_the_scene():
    scene = stage(parse("a woman drops a vase and it shatters"), seed=1)
    drop = next(event for event in scene.events if event.kind == "drop")
    assert {scene.entity(drop.agent).kind, scene.entity(drop.other).kind} == {"vase", "woman"}
