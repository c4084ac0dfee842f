"""Prompts: heard as the model learned them, or one clear error."""

import pytest

pytest.importorskip("torch")

from evenflow.backbones.words import Words
from evenflow.core.errors import BadInput
from evenflow.frameworks.prompt import AS_IT_IS, hear
from evenflow.train.vocabulary import world_words
from evenflow.world.words import COLORS

WORDS = Words(world_words(), 49)


def test_a_prompt_is_said_again_as_captions_are():
    heard = hear("a red ball rolls left behind the pillar", WORDS)
    assert heard.caption == (
        "A red ball rolls to the left behind a gray pillar; the camera stays still."
    )
    assert heard.prompt == "a red ball rolls left behind the pillar" and not heard.warnings


@pytest.mark.parametrize("seed", range(8))
def test_captions_of_the_training_come_back_as_they_are(seed):
    from evenflow.world.clip import scene
    from evenflow.world.language import describe

    caption = describe(scene(preset="lab", seed=70 + seed, frames=33), "L2")
    assert hear(caption, WORDS).caption == caption


def test_a_camera_that_is_said_is_kept_and_an_unsaid_one_can_be_left_out():
    assert "pans left" in hear("a ball rolls; the camera pans left", WORDS).caption
    assert hear("a red ball rolls", WORDS, camera="").caption == "A red ball rolls."


def test_things_without_a_color_get_one_that_nothing_else_has():
    heard = hear("a ball hits a red cube, then it turns green; a box spins", WORDS)
    colors = [word for word in WORDS.split(heard.caption) if word in COLORS]
    named = heard.caption.replace("turns green", "")
    assert "a red cube" in named and named.count("red") == 1 and "green" not in named
    assert len(set(colors)) == 4
    assert hear("a man walks", WORDS).caption == "A man walks; the camera stays still."
    plain = hear("a ball rolls", WORDS, colors=False, camera="")
    assert plain.caption == "A ball rolls."


def test_what_captions_do_not_speak_of_is_said():
    heard = hear("at night in the park, a red ball rolls for 2 s. The style is toon.", WORDS)
    text = " ".join(heard.warnings)
    assert "place" in text and "style" in text and "when" in text


def test_a_prompt_that_names_nothing_is_said_to():
    assert hear("the camera pans left", WORDS).warnings == (
        "the prompt names nothing that could be seen",
    )


def test_words_that_the_model_never_saw_are_a_warning():
    knows = ("a", "ball", "rolls", "the", "camera", "stays", "still")
    heard = hear("a red ball rolls", WORDS, knows=knows)
    assert len(heard.warnings) == 1 and "never saw red" in heard.warnings[0]


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ("", "empty"),
        (" \n ", "empty"),
        ("a red bal rolls", '"ball"'),
        ("a red ball rolls. " * 2500, "10,000 words"),
        ("a red ball rolls to the left, then it stops. " * 12, "48 words at most"),
        ("a ball rolls " + "x" * 100_000, "no word"),
        ("there is no ball", "negation"),
        ("a ball rolls to the left and to the right at the same time", "cannot"),
    ],
)
def test_prompts_that_cannot_be_heard(prompt, says):
    with pytest.raises(BadInput, match=says) as error:
        hear(prompt, WORDS)
    assert len(str(error.value)) < 400 and "\n" not in str(error.value)


def test_a_small_vocabulary_says_how_it_read_the_prompt():
    small = Words(("a", "ball", "rolls", "."), 12)
    with pytest.raises(BadInput, match=r"does not know the word 'red'.*A red ball"):
        hear("a red ball rolls", small, camera="")


def test_other_levels_and_models_without_words():
    assert hear("one red BALL", Words(("one", "red", "ball"), 5), level=AS_IT_IS).caption
    assert hear("a red ball rolls", WORDS, level="L1", camera="").caption == "a red ball rolls"
    heard = hear("whatever", None)
    assert heard.caption == "" and "not heard" in heard.warnings[0]
    with pytest.raises(BadInput, match="L9"):
        hear("a red ball rolls", WORDS, level="L9")
