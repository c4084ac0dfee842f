import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenflow.core.errors import BadInput
from evenflow.world import words as world
from evenflow.world.language import nearest, parse, parse_timed
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing


def said(script: Script) -> str:
    """A script in one line: who, where, what, camera; only what is said."""

    def fields(one: object, *leave: str) -> str:
        return " ".join(
            f"{value}" if name in ("kind", "color", "size") else f"{name}={value}"
            for name, value in vars(one).items()
            if name not in leave and value not in ("", 0, None, (), False)
        )

    cast = " | ".join(
        fields(one, "id", *(("count",) if one.count == 1 else ())) for one in script.cast
    )
    parts = [cast]
    parts += [f"{one.role} {one.relation} {one.target}" for one in script.standing]
    parts += [fields(one) for one in script.deeds]
    parts += [fields(one) for one in (*script.settings, *script.shots)]
    return "; ".join(part for part in (*parts, script.style) if part)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (
            "a red ball rolls behind the pillar",
            "ball red | pillar; roll agent=1 target=2 relation=behind",
        ),
        (
            "two blue cubes and a small green cone stand on grass at sunset",
            "cube blue count=2 | cone green small; ground=grass sky=evening",
        ),
        (
            "a woman in yellow walks slowly past a grey pillar, then waves",
            "woman yellow | pillar gray; walk agent=1 target=2 relation=past manner=slowly; "
            "wave agent=1",
        ),
        (
            "a man picks up the red cup and gives it to the child while the camera pans left",
            "man | cup red | child; pick_up agent=1 target=2; give agent=1 target=2 other=3; "
            "moves=('pan left',)",
        ),
        ("3 dogs run", "dog count=3; run agent=1"),
        (
            "red ball roll behind pillar",
            "ball red | pillar; roll agent=1 target=2 relation=behind",
        ),
        ("a cube turns blue", "cube; change_color agent=1 blue"),
        ("the cube's colour changes to blue", "cube; change_color agent=1 blue"),
        ("a ball changes color from red to green", "ball red; change_color agent=1 green"),
        ("a horse runs, the camera orbits", "horse; run agent=1; moves=('orbit left',)"),
        ("a robot runs in the style of a toon", "robot; run agent=1; toon"),
        ("a woman walks at night in the fog", "woman; walk agent=1; sky=night fog=True"),
        (
            "a woman drops a vase and it shatters",
            "woman | vase; drop agent=2 other=1; shatter agent=2",
        ),
        (
            "a crate is pushed by a robot to the right",
            "crate | robot; push agent=2 target=1 direction=right",
        ),
        ("the ball was thrown over the wall by a man",
         "ball | wall | man; throw agent=1 target=2 other=3 relation=over"),
        ("a man was walking toward a tree", "man | tree; walk agent=1 target=2 relation=toward"),
        ("the cat sat down", "cat; sit agent=1"),
        (
            "a red ball hits a blue cube, which slides and stops",
            "ball red | cube blue; hit agent=1 target=2; slide agent=2; stop agent=2",
        ),
        (
            "the cube turns green when the ball hits it",
            "cube | ball; hit agent=2 target=1; change_color agent=1 green",
        ),
        (
            "while the man walks left, a dog follows him",
            "man | dog; walk agent=1 direction=left; follow agent=2 target=1 together=True",
        ),
        (
            "a man and a woman walk toward each other",
            "man | woman; walk agent=1 target=2 relation=toward; "
            "walk agent=2 target=1 relation=toward together=True",
        ),
        (
            "a man carries a box past the tree and puts it down",
            "man | box | tree; carry agent=1 target=2 other=3 relation=past; "
            "put_down agent=1 target=2",
        ),
        (
            "a brown-haired woman wearing a green dress sits on the bench",
            "woman green hair=brown | bench; sit agent=1 target=2",
        ),
        ("a man puts his hand over his face", "man; hand_over_face agent=1"),
        ("a cup on a table", "cup | table; 1 on 2"),
        ("there is a man behind a table with a cup on it", "man | table | cup; 1 behind 2; 3 on 2"),
        ("a woman holding a red cup waves", "woman | cup red; 2 held by 1; wave agent=1"),
        ("a ball rolls down the ramp",
         "ball | ramp; roll agent=1 target=2 direction=down relation=toward"),
        ("the ball rolls from the left", "ball; roll agent=1 direction=right"),
        ("a child enters from the left and leaves to the right",
         "child; enter agent=1 direction=right; exit agent=1 direction=right"),
        ("the sun sets over the sea", "sunset; background=sea"),
        ("the lights dim while a dog sits", "dog; dim; sit agent=1 together=True"),
        ("it is night", "sky=night"),
        ("the camera pans right, then left", "moves=('pan right', 'pan left')"),
        ("a ball rolls for 2 s", "ball; roll agent=1 seconds=2.0"),
        ("from 1 to 2.5 seconds the ball stops", "ball; stop agent=1 start=1.0 end=2.5"),
        ("something moves behind something",
         "thing | thing; roll agent=1 target=2 relation=behind"),
        ("a kitten runs", "cat small; run agent=1"),
        ("a small red and white striped rubber ball spins",
         "ball red second=white small pattern=striped material=rubber; spin agent=1"),
        ("on a red and white checker floor a cat walks",
         "cat; walk agent=1; ground=checker colors=('red', 'white')"),
        ("a wide shot of a horse running across a meadow",
         "horse; run agent=1; name=meadow; place=meadow wide"),
        ("a ball passes in front of a cube and then behind a cone",
         "ball | cube | cone; pass agent=1 target=2 relation=in front of; "
         "pass agent=1 target=3 relation=behind"),
        ("a child throws a ball over the fence to the woman",
         "child | ball | fence | woman; throw agent=2 target=4 other=1 relation=toward; "
         "pass agent=2 target=3 relation=over together=True"),
        ("a dog runs out of the frame to the left",
         "dog; run agent=1 direction=left; exit agent=1 direction=left"),
        ("a red cube and a blue cube on top of each other",
         "cube red | cube blue; 1 on 2"),
        ("foggy morning, a dog runs through the forest",
         "dog; run agent=1; name=forest sky=morning fog=True; place=forest"),
        ("a cat runs. The camera does not move.", "cat; run agent=1; moves=('static',)"),
        ("an orange cup is put over a red ball, and then the cup is lifted",
         "cup orange | ball red; cover agent=1 target=2; uncover agent=1 target=2"),
        ("a man puts a cup over a ball", "man | cup | ball; cover agent=2 target=3 other=1"),
        ("three people stand still in a square", "person count=3; name=square; place=square"),
        ("a woman turns all the way around on the spot", "woman; turn agent=1"),
        ("the camera slowly pushes in", "moves=('dolly in',) manner=slowly"),
        ("a screen lowers in front of a cube, then it rises",
         "screen | cube; 1 in front of 2; lower agent=1; raise agent=1"),
    ],
)  # fmt: skip
def test_what_people_write_is_understood(text, meaning):
    assert said(parse(text)) == meaning


def test_simultaneous_directions_are_two_deeds_at_once():
    deeds = parse("a ball rolls left and right at once").deeds
    assert [(one.direction, one.together) for one in deeds] == [("left", False), ("right", True)]


def test_a_group_acts_together():
    deeds = parse("a red ball, a blue ball and a green ball roll to the right").deeds
    assert [(one.agent, one.together) for one in deeds] == [(1, False), (2, True), (3, True)]


def test_british_and_american_spelling_are_the_same():
    british = parse("a grey ball rolls towards the wall; its colour changes to white")
    american = parse("a gray ball rolls toward the wall; its color changes to white")
    assert british == american


@pytest.mark.parametrize(
    "verb", ["rolls", "rolled", "is rolling", "roll", "was rolling", "rolling"]
)
def test_the_form_of_a_verb_says_nothing(verb):
    assert parse(f"a red ball {verb} behind the pillar") == parse(
        "a red ball rolls behind the pillar"
    )


@pytest.mark.parametrize("kind", [*world.THINGS, *world.WALKERS, *world.FIXTURES])
@pytest.mark.parametrize("color", ["red", "gray"])
def test_every_kind_is_known_in_singular_and_plural(kind, color):
    from evenflow.world.language.forms import plural

    assert parse(f"a {color} {kind}").cast[0].kind == kind
    several = parse(f"three {color} {plural(kind)}").cast[0]
    assert (several.kind, several.count, several.color) == (kind, 3, color)


@pytest.mark.parametrize(
    ("text", "word", "near"),
    [
        ("an automobile rolls", '"automobile" (word 2)', '"cart"'),
        ("a red bal rolls", '"bal" (word 3)', '"ball"'),
        ("a red ball rols", '"rols" (word 4)', '"rolls"'),
        ("a girl waves", '"girl" (word 2)', '"child"'),
        ("a kitten sleeps", '"sleeps" (word 3)', '"sit"'),
        ("a crimson cone", '"crimson" (word 2)', '"red"'),
    ],
)
def test_an_unknown_word_is_marked_and_the_nearest_are_offered(text, word, near):
    with pytest.raises(BadInput) as error:
        parse(text)
    message = str(error.value)
    assert message.startswith(word) and near in message and "\n" not in message
    assert f"[{word.split(chr(34))[1]}]" in message


@pytest.mark.parametrize(
    "text", ["a ball without shadows", "no people", "the ball does not move", "a dog never runs"]
)
def test_negation_is_refused_with_advice(text):
    with pytest.raises(BadInput, match=r"negation is not understood.*say what is there instead"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("rolls left", "nobody who does it"),
        ("it rolls", "nobody who was named"),
        ("a red ball and a blue ball roll, then the ball stops", "say which"),
        ("a red blue ball rolls", "second color"),
        ("a ball rolls at noon at night", "keep one of the two"),
        ("a man picks up", "needs what is picked up"),
        ("a cup is picked up", "needs who does it"),
        ("a ball hides", "needs what it hides behind"),
        ("a ball changes color", "needs the color"),
        ("three pillars stand; a child hides behind the left pillar", "one of 3"),
        ("the camera jumps", "moves are"),
        ("100 dogs run", "1 to 24"),
        ("a dog runs slowly and quickly", "second manner"),
        ("there is a house in the background", "behind what they stand"),
        ("a man waves left", "takes no direction"),
        ("a cat jumps over the box", "no place to jump to"),
        ("the camera pans left for 2 s", "leave it out"),
        ("a ball in 2 s", "says how or when"),
        ("a man stands beside each other", "each other"),
        ("[2-1 s] a ball rolls", "ends after it begins"),
        ("[soon] a ball rolls", "a time is written"),
    ],
)
def test_what_cannot_be_understood_says_why_in_one_line(text, why):
    with pytest.raises(BadInput, match=why) as error:
        parse(text)
    assert "\n" not in str(error.value)


def test_tags_are_given_to_those_who_can():
    script = parse("red ball, large; blue cube; grey pillar; noon; static camera; roll, hit")
    assert script.cast[0] == Role(1, "ball", color="red", size="large")
    assert script.settings == (Setting(sky="noon"),)
    assert script.shots == (ScriptShot(moves=("static",)),)
    assert script.deeds == (Deed("roll", agent=1), Deed("hit", agent=1, target=2))


def test_timed_lines_give_the_deeds_of_the_global_caption_their_times():
    script = parse_timed(
        "global: a large red ball rolls right, passes behind a pillar and hits a blue cube\n"
        "[0.0-1.4 s] the ball rolls right\n"
        "[1.4-2.3 s] it passes behind the pillar\n"
        "[2.3-4.1 s] a ball hits the blue cube"
    )
    assert len(script.cast) == 3
    assert [(one.kind, one.start, one.end) for one in script.deeds] == [
        ("roll", 0.0, 1.4), ("pass", 1.4, 2.3), ("hit", 2.3, 4.1)
    ]  # fmt: skip


def test_a_storyboard_keeps_its_cast():
    script = parse(
        "Shot 1 (wide, 2 s, in the park): a woman in yellow walks left.\n"
        "Shot 2 (close, 1.5 s): the same woman in yellow waves; the camera pans left.\n"
        "Shot 3 (on the beach): she sits down."
    )
    assert len(script.cast) == 1
    assert [one.shot for one in script.deeds] == [0, 1, 2]
    assert [one.name for one in script.settings] == ["park", "beach"]
    assert script.shots == (
        ScriptShot("park", "wide", seconds=2.0),
        ScriptShot("park", "close", ("pan left",), seconds=1.5),
        ScriptShot("beach"),
    )


def test_standing_may_be_shared():
    standing = parse("a red cube and a blue ball on a table").standing
    assert set(standing) == {Standing(1, "on", 3), Standing(2, "on", 3)}


def test_nearest_words_are_words_of_the_world():
    assert nearest("automobile") == ["cart", "box", "crate"]
    assert nearest("pilar")[0] == "pillar"
    assert nearest("quickley")[0] == "quickly"


WORDS = ["a", "the", "red", "ball", "balls", "rolls", "behind", "and", "then", "while", "camera",
         "pans", "left", "it", "man", "picks", "up", "cup", "two", "on", "in", "at", "night", ",",
         ".", ";", "grass", "which", "by", "is", "with", "hair", "toward", "each", "other", "shot",
         "wide", "to", "turns", "blue", "for", "2", "s", "[1-2 s]", "style", "toon", "color",
         "hand", "over", "face", "same", "there", "are", "as", "when", "before", "of"]  # fmt: skip


def read_or_refused(text: str) -> Script:
    """The script of a text, or an empty one where the text is refused in one line."""
    try:
        return parse(text)
    except BadInput as refused:
        lines = str(refused).splitlines()
    assert len(lines) == 1
    return Script()


@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=14))
def test_any_row_of_words_is_read_or_refused_in_one_line(row):
    script = read_or_refused(" ".join(row))
    ids = {one.id for one in script.cast} | {0}
    for deed in script.deeds:
        assert {deed.agent, deed.target, deed.other} <= ids and deed.kind in world.EVENTS
    for one in script.standing:
        assert {one.role, one.target, one.other} <= ids


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    assert read_or_refused(text) is not None
