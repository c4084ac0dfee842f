"""Storyboards: the worked example, round trips, one clear line for every mistake, and fuzzing."""

import json
import os
import string
import time
import tomllib
from fractions import Fraction

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from evenflow.core.errors import StoryboardError, TimeError
from evenflow.core.gate import Clause, Gate, units
from evenflow.core.storyboard import (
    FOOTAGE_LACKS,
    ID_PATTERN,
    SCHEDULES,
    Action,
    Beat,
    Canvas,
    Keyframe,
    Look,
    Pin,
    Seam,
    Shot,
    Storyboard,
    Subject,
    storyboard_schema,
)
from evenflow.core.times import Range, Time

VALIDATOR = jsonschema.Draft202012Validator(storyboard_schema())

HARBOR = """\
schema: evenflow/storyboard/1
title: Harbour at dawn
canvas: {size: 1280x720, fps: 24, colour: bt709}
bible:                       # anything that must stay the same, not only people
  mira:   {kind: person, prompt: "woman, red hat, coat", refs: [mira.png], lock: [face, clothes]}
  case:   {kind: object, prompt: "blue suitcase, brass corners"}
  quay:   {kind: place,  refs: [quay_plate.exr]}
look: {prompt: "35 mm, soft light", seed: 7}
shots:
  - id: s01
    duration: 8s
    uses: [mira, quay]
    prompt: "Mira walks along the quay"
    camera: "slow push in"
    beats: [{at: 0s, say: "empty quay"}, {at: 3s..8s, say: "Mira enters from the left"}]
    frames: [{at: 0s, image: first.png}, {at: end, image: last.png, hold: soft}]
    schedule: {guidance: "0:(6.0), 96:(4.5)"}     # Deforum-style keyframes, frames or seconds
  - id: s02
    duration: 6s
    seam: {from: s01, mode: overlap, frames: 22}  # cut | last_frame | overlap | latent
    uses: [mira, case]
    prompt: "she lifts the suitcase"
gate: {color_step: "<=2 dE", identity: ">=0.85"}
"""
HARBOR_TOML = """\
schema = "evenflow/storyboard/1"
title = 'Harbour at dawn'
look = {prompt = "35 mm, soft light", seed = 7}
gate = {color_step = "<=2 dE", identity = ">=0.85"}

[canvas]
size = "1280x720"
fps = 24
colour = "bt709"

[bible.mira]
kind = "person"
prompt = "woman, red hat, coat"
refs = ["mira.png"]
lock = [
  "face",  # a comment ] with a bracket
  "clothes",
]
[bible.case]
kind = "object"
prompt = \"\"\"
blue suitcase, \\
    brass corners\"\"\"
[bible."quay"]
kind = "place"
refs = "quay_plate.exr"

[[shots]]
id = "s01"
duration = "8s"
uses = ["mira", "quay"]
prompt = "Mira walks along the quay"
camera = "slow push in"
beats = [
  {at = "0s", say = "empty quay"},
  {at = "3s..8s", say = "Mira enters from the left"},
]
schedule.guidance = "0:(6.0), 96:(4.5)"
[[shots.frames]]
at = "0s"
image = "first.png"
[[shots.frames]]
at = "end"
image = "last.png"
hold = "soft"

[[shots]]
id = "s02"
duration = "6s"
seam = {from = "s01", mode = "overlap", frames = 22}
uses = ["mira", "case"]
prompt = "she lifts the suitcase"
"""
SHOT = "schema: evenflow/storyboard/1\nshots:\n- {id: a, duration: 4s, prompt: x}\n"


def problems(text, **options):
    with pytest.raises(StoryboardError) as caught:
        Storyboard.parse(text, **options)
    assert caught.value.exit_code == 2
    assert all("\n" not in str(problem) for problem in caught.value.problems)
    return caught.value.problems


# what is read


def test_the_worked_example():
    board = Storyboard.parse(HARBOR)
    first, second = board.shots
    assert board.canvas == Canvas(1280, 720, Fraction(24), "bt709")
    assert board.bible["mira"] == Subject(
        "person", "woman, red hat, coat", ("mira.png",), ("face", "clothes")
    )
    assert board.look == Look("35 mm, soft light", 7)
    assert first.beats[1] == Beat(Range.parse("3s..8s"), "Mira enters from the left")
    assert first.frames == (
        Pin(Time.parse("0s"), "first.png", "hard"),
        Pin(Time.parse("end"), "last.png", "soft"),
    )
    assert first.schedule == {
        "guidance": (Keyframe(Time.parse("0f"), 6.0), Keyframe(Time.parse("96f"), 4.5))
    }
    assert second.seam == Seam("s01", "overlap", 22)
    assert board.gate == Gate.parse({"color_step": "<= 2 dE", "identity": ">= 0.85"})
    assert [board.num_frames(shot) for shot in board.shots] == [192, 144]
    assert board.frame(first, Time.parse("end")) == 191
    assert board.shot("s02") is second
    with pytest.raises(KeyError, match="did you mean 's02'"):
        board.shot("s2")


def test_three_formats_hold_the_same_board():
    board = Storyboard.parse(HARBOR)
    assert Storyboard.parse(HARBOR_TOML, name="harbor.toml") == board
    as_json = json.dumps(yaml.safe_load(HARBOR), indent="\t")
    assert Storyboard.parse(as_json, name="harbor.json") == board
    assert Storyboard.parse(as_json) == board
    assert Storyboard.parse("\ufeff" + HARBOR) == board
    assert Storyboard.parse(HARBOR.replace("\n", "\r\n")) == board


def test_the_worked_example_follows_the_schema():
    VALIDATOR.check_schema(storyboard_schema())
    VALIDATOR.validate(yaml.safe_load(HARBOR))
    VALIDATOR.validate(tomllib.loads(HARBOR_TOML))
    VALIDATOR.validate(Storyboard.parse(HARBOR).to_json())


@pytest.mark.parametrize(
    ("typed", "fps"),
    [
        ("24", Fraction(24)),
        ("29.97", Fraction(30000, 1001)),
        ("23.976", Fraction(24000, 1001)),
        ("23.98", Fraction(24000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("119.88", Fraction(120000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        ("12.5", Fraction(25, 2)),
        ("'25'", Fraction(25)),
    ],
)
def test_rates_are_exact(typed, fps):
    board = Storyboard.parse(SHOT + f"canvas: {{fps: {typed}}}\n")
    assert board.canvas.fps == fps
    assert Storyboard.parse(board.to_yaml()) == board
    assert board.num_frames(board.shots[0]) == -(-4 * fps // 1)


def test_words_of_yaml_stay_words():
    """YAML 1.1 would read the numbers 90 and 8, a date and two booleans here."""
    board = Storyboard.parse(
        "schema: evenflow/storyboard/1\ntitle: 2026-01-01\nshots:\n"
        "- {id: 010, duration: 1:30, prompt: no, camera: 'off', beats: [{at: 1:05, say: yes}]}\n"
    )
    (shot,) = board.shots
    assert (shot.id, shot.prompt, shot.camera, shot.beats[0].say) == ("010", "no", "off", "yes")
    assert board.title == "2026-01-01"
    assert board.num_frames(shot) == 90 * 24
    assert shot.beats[0].at == Time(Fraction(65), "s")


def test_anchors_and_merges_spare_typing():
    board = Storyboard.parse(
        "schema: evenflow/storyboard/1\nshots:\n"
        "- &base {id: a, duration: 4s, prompt: x, camera: still}\n"
        "- {<<: *base, id: b, camera: pan}\n"
    )
    assert board.shots[1] == Shot("b", Time.parse("4s"), "x", camera="pan")


def test_short_forms():
    board = Storyboard.parse(
        "schema: evenflow/storyboard/1\nbible: {m: {kind: person, prompt: x, refs: a.png}}\n"
        "shots:\n- {id: a, duration: 48f, prompt: x, uses: m, actions: right,\n"
        "   schedule: {zoom: 1.1}}\n"
        "- {id: b, duration: 1s, prompt: y, seam: {mode: last_frame}, seed: ~}\n"
    )
    first, second = board.shots
    assert first.uses == ("m",)
    assert first.actions == (Action(Range.parse("0f..end"), "right"),)
    assert first.schedule["zoom"] == (Keyframe(Time.parse("0f"), 1.1),)
    assert second.seam == Seam("a", "last_frame")


def test_a_shot_gate_wins_over_the_board_gate():
    board = Storyboard.parse(
        SHOT.replace("prompt: x}", "prompt: x, gate: {freeze: '<= 5 jnd'}}")
        + "gate: {freeze: '<= 1 jnd', any: '<= 3 jnd'}\n"
    )
    gate = board.gate_of(board.shots[0])
    assert gate is not None
    assert {c.key: c.bound for c in gate.clauses} == {"freeze": 5.0, "any": 3.0}
    assert Storyboard.parse(SHOT).gate_of(board.shots[0]) == board.shots[0].gate


def test_footage_needs_no_duration_and_then_has_no_known_length():
    board = Storyboard.parse(
        "schema: evenflow/storyboard/1\nshots:\n- {id: a, clip: a.mp4, beats: [{at: 1h, say: x}]}\n"
        "- {id: b, prompt: x, duration: 2s, seam: {mode: overlap, frames: 9}}\n".replace(
            "1h", "99s"
        )
    )
    assert board.num_frames(board.shots[0]) is None
    with pytest.raises(TimeError):
        board.frame(board.shots[0], Time.parse("50%"))


# what is wrong


@pytest.mark.parametrize(
    ("find", "put", "line", "field", "words"),
    [
        ("schema: evenflow/storyboard/1\n", "", 1, "schema", "is missing"),
        ("storyboard/1", "storyboard/2", 1, "schema", "this version reads"),
        ("canvas:", "canvass:", 3, "canvass", "did you mean 'canvas'?"),
        ("1280x720", "1280", 3, "canvas.size", "1280x720"),
        ("1280x720", "0x720", 3, "canvas.size", "1 to 16384"),
        ("1280x720", "1280x99999", 3, "canvas.size", "1 to 16384"),
        ("fps: 24", "fps: fast", 3, "canvas.fps", "29.97"),
        ("fps: 24", "fps: 0", 3, "canvas.fps", "above 0"),
        ("fps: 24", "fps: 1/0", 3, "canvas.fps", "above 0"),
        ("fps: 24", "fps: 24, color: bt709", 3, "canvas.colour", "both spellings"),
        ("bt709", "bt708", 3, "canvas.color", "did you mean 'bt709'?"),
        ("  case:", "  mira:", 6, "", "already set in line 5"),
        ("  case:", "  Mira:", 6, "bible.Mira", "only in case"),
        ("  case:", "  my case:", 6, "bible.my case", "an id is"),
        ("kind: person", "kind: persons", 5, "bible.mira.kind", "did you mean 'person'?"),
        ("kind: person", "sort: person", 5, "bible.mira.kind", "is missing"),
        ("refs: [quay_plate.exr]", "lock: [walls]", 7, "bible.quay", "says nothing"),
        ("[mira.png]", "[mira.png, ./mira.png]", 5, "bible.mira.refs[1]", "twice"),
        ("seed: 7", "seed: -7", 8, "look.seed", "from 0"),
        ("seed: 7", "seed: '7'", 8, "look.seed", "leave the quotes out"),
        ("seed: 7", "seed: seven", 8, "look.seed", "whole number"),
        ("id: s01", "id: s 1", 10, "shots[0].id", "an id is"),
        ("id: s02", "id: s01", 18, "shots.s01.id", "already the shot of line 10"),
        ("id: s02", "id: S01", 18, "shots.S01.id", "only in case"),
        ("id: s02", "ID: s02", 18, "shots[1].ID", "did you mean 'id'?"),
        ("8s\n", "8\n", 11, "shots.s01.duration", "8 has no unit: write 8s or 8f"),
        ("8s\n", "-8s\n", 11, "shots.s01.duration", "a time is written"),
        ("8s\n", "50%\n", 11, "shots.s01.duration", "seconds or frames"),
        ("8s\n", "0f\n", 11, "shots.s01.duration", "above 0"),
        ("8s\n", "25:00:00\n", 11, "shots.s01.duration", "at most 24 hours"),
        ("    duration: 8s\n", "", 10, "shots.s01.duration", "is missing"),
        ("[mira, quay]", "[mra, quay]", 12, "shots.s01.uses", "did you mean 'mira'?"),
        ("[mira, quay]", "[mira, mira]", 12, "shots.s01.uses[1]", "twice"),
        ("camera: \"slow push in\"", "camera: []", 14, "shots.s01.camera", "is text, got a list"),
        ("camera: \"slow push in\"", "camera: ''", 14, "shots.s01.camera", "is empty"),
        ("camera: \"slow push in\"", 'camera: "a\\x07"', 14, "shots.s01.camera", "control"),
        ("3s..8s", "3s..9s", 15, "shots.s01.beats[1].at", "ends at frame 216"),
        ("3s..8s", "5s..4s", 15, "shots.s01.beats[1].at", "holds no frame"),
        ("3s..8s", "8s", 15, "shots.s01.beats[1].at", "is frame 192"),
        ("3s..8s", "3s-8s", 15, "shots.s01.beats[1].at", "a range is written A..B"),
        ("say: \"empty", "sey: \"empty", 15, "shots.s01.beats[0].sey", "did you mean 'say'?"),
        ("at: end,", "at: 0f,", 16, "shots.s01.frames[1].at", "which line 16 pins already"),
        ("at: end,", "at: 8s,", 16, "shots.s01.frames[1].at", "or end"),
        ("hold: soft", "hold: gentle", 16, "shots.s01.frames[1].hold", "it is one of hard, soft"),
        ("first.png", "/tmp/first.png", 16, "shots.s01.frames[0].image", "not below the project"),
        ("first.png", "../first.png", 16, "shots.s01.frames[0].image", "by '..'"),
        ("first.png", "a/../../b.png", 16, "shots.s01.frames[0].image", "by '..'"),
        ("first.png", "C:\\first.png", 16, "shots.s01.frames[0].image", "Windows path"),
        ("first.png", "http://x/first.png", 16, "shots.s01.frames[0].image", "is an address"),
        ("first.png", "~/first.png", 16, "shots.s01.frames[0].image", "not below the project"),
        ("guidance:", "guidence:", 17, "shots.s01.schedule.guidence", "did you mean 'guidance'?"),
        ("96:(4.5)", "96:(sin(t))", 17, "shots.s01.schedule.guidance", "write keyframes"),
        ("96:(4.5)", "999:(4.5)", 17, "shots.s01.schedule.guidance", "is frame 999"),
        ("96:(4.5)", "0s:(4.5)", 17, "shots.s01.schedule.guidance", "go forward in time"),
        ("96:(4.5)", "96:(-4.5)", 17, "shots.s01.schedule.guidance", "from 0 to 100"),
        ("96:(4.5)", "96", 17, "shots.s01.schedule.guidance", "is written like"),
        ("duration: 6s", "clip: c.mp4", 19, "shots.s02", "both a prompt and a clip"),
        ("    prompt: \"she lifts the suitcase\"\n", "", 18, "shots.s02", "neither a prompt"),
        ("from: s01", "from: s02", 20, "shots.s02.seam.from", "from itself"),
        ("from: s01", "from: s1", 20, "shots.s02.seam.from", "did you mean 's01'?"),
        ("mode: overlap", "mode: overlaps", 20, "shots.s02.seam.mode", "did you mean 'overlap'?"),
        ("mode: overlap", "mode: cut", 20, "shots.s02.seam.frames", "shares no frames"),
        (", frames: 22", "", 20, "shots.s02.seam.frames", "is missing"),
        ("frames: 22", "frames: 2.5", 20, "shots.s02.seam.frames", "whole number"),
        ("frames: 22", "frames: 144", 20, "shots.s02.seam.frames", "the shot has 144 frames"),
        ("color_step:", "color_stop:", 23, "gate.color_stop", "color_step"),
        ("<=2 dE", "<=2 jnd", 23, "gate.color_step", "its unit is dE"),
        ("\"<=2 dE\"", "[2]", 23, "gate.color_step", "got a list"),
        ("\">=0.85\"", ">=0.85", 23, "", "needs quotes"),
        ("title: Harbour", "title: Harbour: ", 2, "", "needs quotes"),
        ("  mira:", "\tmira:", 5, "", "a tab indents this line"),
        ("title: Harbour at dawn", "title: !!python/object:os.system x", 2, "", "the tag"),
        ("title: Harbour at dawn", "title: *nobody", 2, "", "repeats nothing"),
        ("title: Harbour at dawn", "title: \"\\ud800\"", 2, "", "is not YAML"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_its_place(find, put, line, field, words):
    assert find in HARBOR
    found = problems(HARBOR.replace(find, put, 1), name="harbor.yaml")
    hits = [p for p in found if p.field == field and words in p.message]
    assert hits, [str(problem) for problem in found]
    assert hits[0].line == line
    assert hits[0].file == "harbor.yaml"


def test_a_seam_from_a_later_shot_and_a_seam_of_the_first():
    text = HARBOR.replace("    camera:", "    seam: {from: s02, mode: cut}\n    camera:")
    assert "no earlier one" in problems(text)[0].message
    text = HARBOR.replace("gate:", "  - {id: s03, duration: 1s, prompt: x}\ngate:")
    found = problems(text.replace("from: s01", "from: s03"))
    assert found[0].message == "shot 's03' comes later: earlier shots are s01"


@pytest.mark.parametrize("name", FOOTAGE_LACKS)
def test_footage_takes_nothing_that_is_for_generated_shots(name):
    value = {"seed": 3, "camera": "pan", "frames": [{"at": "0s", "image": "a.png"}]}
    value |= {"actions": "right", "schedule": {"zoom": "0:(1)"}}
    board = {
        "schema": "evenflow/storyboard/1",
        "shots": [{"id": "a", "clip": "a.mp4", name: value[name]}],
    }
    (problem,) = problems(json.dumps(board))
    assert problem.field == f"shots.a.{name}"
    assert "this one is footage" in problem.message
    assert not VALIDATOR.is_valid(board)


def test_all_mistakes_are_reported_at_once_in_the_order_of_the_file():
    text = HARBOR.replace("fps: 24", "fps: x").replace("[mira, quay]", "[mra]").replace("6s", "6")
    with pytest.raises(StoryboardError) as caught:
        Storyboard.parse(text, name="harbor.yaml")
    assert [p.line for p in caught.value.problems] == [3, 12, 19]
    assert str(caught.value).split("\n")[0] == "harbor.yaml has 3 problems:"


def test_one_mistake_does_not_bring_up_others():
    """A wrong bible entry is no reason to say that its users know nobody of that name."""
    assert len(problems(HARBOR.replace("kind: person", "kind: nobody"))) == 1
    assert len(problems(HARBOR.replace("fps: 24", "fps: x"))) == 1
    assert len(problems(HARBOR.replace("duration: 8s", "duration: x"))) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("hello", "it has to be keys with values"),
        ("- a\n- b\n", "a list"),
        (SHOT + "---\na: 1\n", "second document"),
        ("schema: evenflow/storyboard/1\nshots: []\n", "at least one shot"),
        ("schema: evenflow/storyboard/1\nshots:\n", "is missing"),
        ("schema: evenflow/storyboard/1\nshots: {id: a}\n", "is a list"),
        ("schema: evenflow/storyboard/1\nshots: [a]\n", "is keys with values, got the text 'a'"),
        ("a: &a [*a]\n", "repeats nothing"),
        ("? [a]\n: b\n", "a key is text, got a list"),
        ("[" * 5000, "nested more than 24 deep"),
        ("{a: " * 5000, "nested more than 24 deep"),
        ("- " * 5000 + "a", "nested more than 24 deep"),
        ("a: \x07\n", "control character"),
        ("a: '\ud800'", "half a character"),
        ("x" * 2_000_000, "at most"),
    ],
)
def test_texts_that_are_no_storyboard(text, words):
    (problem,) = problems(text)
    assert words in problem.message


@pytest.mark.parametrize(
    ("text", "name", "line", "column", "words"),
    [
        ('{"schema": 1,\n "schema": 2}', "a.json", 2, 2, "was already set in line 1"),
        ('{"a": 1,\n "b": }', "a.json", 2, 7, "is not JSON"),
        ('{"a": NaN}', "a.json", 1, 1, "NaN"),
        ('{"a": ' + "9" * 5000 + "}", "a.json", 1, 1, "cannot be read"),
        ("[" * 100_000, "a.json", 1, 1, "nested more than 24 deep"),
        ("[" * 50 + "]" * 50, "a.json", 1, 25, "nested more than 24 deep"),
        ("a = 1\na = 2", "a.toml", 2, 6, "is not TOML"),
        ("a = 'x", "a.toml", 1, 1, "is not TOML"),
        ("a = " + "[" * 50 + "]" * 50, "a.toml", 1, 29, "nested more than 24 deep"),
        ("x = 1\nt = 10:00:00\n", "a.toml", 2, 5, "put 10:00:00 in quotes"),
    ],
)
def test_json_and_toml_name_the_place_too(text, name, line, column, words):
    (problem,) = problems(text, name=name)
    assert words in problem.message
    assert problem.line == line
    assert problem.column == column or words == "is not TOML"


def test_half_a_character_from_an_escape_is_refused():
    text = json.dumps({"schema": "evenflow/storyboard/1", "title": "\ud800", "shots": []})
    assert [p.field for p in problems(text)] == ["title", "shots"]


@pytest.mark.parametrize("end", ["\r", "\r\n", "\x85", "\u2028", "\u2029"])
def test_every_kind_of_line_end_in_a_text_is_one(end):
    board = Storyboard.parse(SHOT.replace("prompt: x", f"prompt: {json.dumps(f'a{end}b')}"))
    assert board.shots[0].prompt == "a\nb"
    assert Storyboard.parse(board.to_yaml()) == board


def test_toml_and_json_fields_have_their_own_lines():
    text = HARBOR_TOML.replace('hold = "soft"', 'hold = "gentle"').replace("0s", "0x")
    text = text.replace('"brass', '"brass').replace('from = "s01"', 'from = "s9"')
    lines = text.split("\n")
    found = problems(text, name="harbor.toml")
    assert [p.field for p in found] == [
        "shots.s01.beats[0].at",
        "shots.s01.frames[0].at",
        "shots.s01.frames[1].hold",
        "shots.s02.seam.from",
    ]
    for problem, word in zip(found, ['"0x"', '"0x"', '"gentle"', '"s9"'], strict=True):
        assert lines[problem.line - 1][problem.column - 1 :].startswith(word)
    text = json.dumps(yaml.safe_load(HARBOR), indent=1).replace('"soft"', '"gentle"')
    (problem,) = problems(text, name="harbor.json")
    assert text.split("\n")[problem.line - 1][problem.column - 1 :] == '"gentle"'


def test_a_bomb_of_aliases_is_refused_at_once():
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    start = time.perf_counter()
    (problem,) = problems("\n".join(rows))
    assert "aliases" in problem.message
    assert time.perf_counter() - start < 2


def test_long_prompts_and_long_words_are_not_echoed():
    for text in (
        SHOT.replace("prompt: x", f"prompt: {'y' * 20_000}"),
        SHOT.replace("4s", "4" * 900),
    ):
        (problem,) = problems(text)
        assert len(str(problem)) < 300


# files


@pytest.fixture
def project(tmp_path):
    for name in ("mira.png", "quay_plate.exr", "first.png", "last.png"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "harbor.yaml").write_text(HARBOR)
    return tmp_path


def test_a_project_loads(project):
    board = Storyboard.load(project / "harbor.yaml")
    assert board == Storyboard.parse(HARBOR)
    assert board.folder == project


def test_files_must_be_there_below_the_folder(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.png"
    outside.write_bytes(b"")
    (project / "first.png").unlink()
    (project / "first.png").symlink_to(outside)
    (project / "last.png").rename(project / "lasst.png")
    (project / "mira.png").unlink()
    (project / "mira.png").mkdir()
    with pytest.raises(StoryboardError) as caught:
        Storyboard.load(project / "harbor.yaml")
    assert [p.message for p in caught.value.problems] == [
        "'mira.png' is a folder: name a file in it",
        "'first.png' leaves the project folder through a link: copy the file into the "
        "project folder",
        "'last.png' is not there: did you mean 'lasst.png'?",
    ]


@pytest.mark.parametrize("name", ["x" * 300 + ".png", "loop.png", "first.png/x.png"])
def test_names_that_no_file_can_have(project, name):
    (project / "loop.png").symlink_to(project / "loop.png")
    (project / "harbor.yaml").write_text(HARBOR.replace("first.png", name))
    with pytest.raises(StoryboardError, match=r"frames\[0\]\.image"):
        Storyboard.load(project / "harbor.yaml")


def test_footage_may_be_a_folder_or_numbered_pictures(project):
    (project / "take").mkdir()
    text = "schema: evenflow/storyboard/1\nshots:\n- {id: a, clip: take}\n"
    text += "- {id: b, clip: take/%04d.png}\n"
    assert len(Storyboard.parse(text, folder=project).shots) == 2
    (problem,) = problems(text.replace("take/%", "tale/%"), folder=project)
    assert "is not there" in problem.message


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.txt", b"", ".yaml, .yml, .toml, .json"),
        ("missing.yaml", None, "no such file"),
        ("a.yaml", b"title: caf\xe9\n", "not UTF-8"),
        ("a.yaml", b"\xff\xfea\x00", "not UTF-8"),
        ("a.yaml", b"#" * (5 << 20), "at most"),
        ("a.yaml", b"", "is empty"),
    ],
)
def test_files_that_are_no_storyboard(tmp_path, name, data, words):
    if data is not None:
        (tmp_path / name).write_bytes(data)
    with pytest.raises(StoryboardError, match=words) as caught:
        Storyboard.load(tmp_path / name)
    assert str(tmp_path) not in str(caught.value)  # base names only


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_or_a_folder_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    for name in ("pipe.yaml", "folder.yaml"):
        with pytest.raises(StoryboardError, match="is not a file"):
            Storyboard.load(tmp_path / name)


# properties

TEXTS = (
    st.text(
        st.characters(
            exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters="\ufeff\ufffe\uffff"
        )
        | st.sampled_from("\n\t:#-'\"\\{}[]&*!|>%@,"),
        min_size=1,
        max_size=30,
    )
    .map(str.strip)
    .filter(bool)
)
IDS = st.from_regex(ID_PATTERN, fullmatch=True).filter(lambda s: s.isascii()).map(lambda s: s[:12])
SEEDS = st.none() | st.integers(0, 2**63 - 1)
PATHS = st.lists(
    st.text(string.ascii_letters + string.digits + "äß_.", min_size=1, max_size=6).filter(
        lambda s: set(s) != {"."}
    ),
    min_size=1,
    max_size=3,
).map("/".join)
GATES = st.none() | st.dictionaries(
    st.sampled_from(sorted(units())), st.floats(-1e6, 1e6).map(lambda v: round(v, 6)), min_size=1
).map(lambda d: Gate(tuple(Clause(key, "<=", bound) for key, bound in d.items())))


@st.composite
def times(draw, num_frames):
    """A time inside a shot of so many frames at 24 a second."""
    frame = draw(st.integers(0, num_frames - 1))
    return draw(
        st.sampled_from(
            [Time(Fraction(frame), "f"), Time(Fraction(frame * 125, 3000), "s")]
        ).filter(lambda t: (t.value * 10**12).denominator == 1)
        | st.just(Time(Fraction(100), "%"))
    )


@st.composite
def moments(draw, num_frames):
    a, b = sorted(draw(st.lists(st.integers(0, num_frames), min_size=2, max_size=2, unique=True)))
    span = Range(Time(Fraction(a), "f"), Time(Fraction(b), "f"))
    return draw(st.just(span) | times(num_frames))


@st.composite
def shots(draw, id, subjects, earlier):
    num_frames = draw(st.integers(4, 2000))
    shared = {
        "uses": tuple(draw(st.lists(st.sampled_from(subjects), unique=True))) if subjects else (),
        "beats": tuple(draw(st.lists(st.builds(Beat, moments(num_frames), TEXTS), max_size=3))),
        "gate": draw(GATES),
        "duration": Time(Fraction(num_frames), "f"),
    }
    if draw(st.integers(0, 3)) == 0:
        source = draw(st.sampled_from([None, *earlier]))
        return Shot(id, clip=draw(PATHS), seam=source and Seam(source.id, "cut"), **shared)
    seam = None
    if earlier and draw(st.booleans()):
        source = draw(st.sampled_from(earlier))
        mode = draw(st.sampled_from(["cut", "last_frame", "overlap", "latent"]))
        longest = min(num_frames - 1, int(source.duration.value))
        count = draw(st.integers(1, longest)) if mode in ("overlap", "latent") else None
        seam = Seam(source.id, mode, count)
    pinned = draw(st.lists(st.integers(0, num_frames - 1), unique=True, max_size=3))
    names = draw(st.lists(st.sampled_from(sorted(SCHEDULES)), unique=True, max_size=2))
    moves = sorted({0, *pinned})
    return Shot(
        id,
        prompt=draw(TEXTS),
        seed=draw(SEEDS),
        camera=draw(st.none() | TEXTS),
        frames=tuple(
            Pin(Time(Fraction(f), "f"), draw(PATHS), draw(st.sampled_from(["hard", "soft"])))
            for f in pinned
        ),
        actions=tuple(draw(st.lists(st.builds(Action, moments(num_frames), TEXTS), max_size=2))),
        schedule={
            name: tuple(
                Keyframe(Time(Fraction(f), "f"), draw(st.floats(*SCHEDULES[name][1:])) + 0.0)
                for f in moves
            )
            for name in names
        },
        seam=seam,
        **shared,
    )


@st.composite
def boards(draw):
    def unique():
        return st.lists(IDS, unique_by=str.lower, max_size=3)

    bible = {
        id: Subject(
            draw(st.sampled_from(["person", "object", "place"])),
            draw(TEXTS),
            tuple(draw(st.lists(PATHS, unique=True, max_size=2))),
            tuple(draw(st.lists(TEXTS, unique=True, max_size=2))),
        )
        for id in draw(unique())
    }
    made: list[Shot] = []
    for id in draw(unique().filter(bool)):
        made.append(draw(shots(id, sorted(bible), list(made))))
    canvas = Canvas(
        draw(st.integers(1, 16384)), draw(st.integers(1, 16384)), Fraction(24), "bt2020"
    )
    return Storyboard(
        tuple(made),
        draw(st.none() | TEXTS),
        canvas,
        bible,
        Look(draw(st.none() | TEXTS), draw(SEEDS)),
        draw(GATES),
    )


@settings(max_examples=60, deadline=None)
@given(boards())
def test_what_is_dumped_reads_back_and_follows_the_schema(board):
    assert Storyboard.parse(board.to_yaml()) == board
    assert Storyboard.parse(board.dumps()) == board
    assert Storyboard.parse(board.dumps(), name="b.json") == board
    assert Storyboard.parse(board.to_yaml()).to_yaml() == board.to_yaml()
    assert yaml.safe_load(board.to_yaml()) == board.to_json()  # other readers see the same
    VALIDATOR.validate(board.to_json())


@given(st.text(max_size=200), st.sampled_from(["b.yaml", "b.toml", "b.json", "storyboard"]))
def test_any_text_is_a_storyboard_or_a_storyboard_error(text, name):
    problems(text, name=name)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([(HARBOR, "b.yaml"), (HARBOR_TOML, "b.toml")]),
    st.lists(
        st.tuples(st.integers(0, 1400), st.integers(0, 12), st.text(max_size=6)),
        min_size=1,
        max_size=3,
    ),
    st.booleans(),
)
def test_a_damaged_storyboard_is_a_storyboard_or_a_storyboard_error(source, edits, as_json):
    text, name = source
    if as_json:
        text, name = json.dumps(yaml.safe_load(HARBOR)), "b.json"
    for at, drop, put in edits:
        text = text[:at] + put + text[at + drop :]
    try:
        board = Storyboard.parse(text, name=name, folder=None)
    except StoryboardError as error:
        found = error.problems
    else:
        found = ()
        assert Storyboard.parse(board.to_yaml()) == board
    assert all("\n" not in str(problem) for problem in found)


LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9)
)
KEYS = st.sampled_from(
    sorted({k for d in storyboard_schema()["$defs"].values() for k in d.get("properties", {})})
)
SHOT_KEYS = sorted(storyboard_schema()["$defs"]["shot"]["properties"])
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(max_size=4), inner),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(storyboard_schema()["properties"])), TREES),
    st.lists(st.dictionaries(st.sampled_from(SHOT_KEYS), TREES), max_size=3),
)
def test_any_tree_of_the_right_keys_is_a_storyboard_or_a_storyboard_error(top, made):
    data = {**top, "schema": "evenflow/storyboard/1", "shots": made}
    for text in (json.dumps(data), yaml.safe_dump(data)):
        try:
            Storyboard.parse(text)
        except StoryboardError:
            continue
        VALIDATOR.validate(data)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(extra=1),
        lambda d: d.pop("schema"),
        lambda d: d.update(shots=[]),
        lambda d: d["canvas"].update(size="1280"),
        lambda d: d["canvas"].update(color="bt709"),
        lambda d: d["bible"].update({"a b": {"kind": "person", "prompt": "x"}}),
        lambda d: d["bible"]["mira"].update(kind="people"),
        lambda d: d["bible"]["mira"].pop("kind"),
        lambda d: d["shots"][0].pop("id"),
        lambda d: d["shots"][0].pop("duration"),
        lambda d: d["shots"][0].update(duration=8),
        lambda d: d["shots"][0].update(clip="a.mp4"),
        lambda d: d["shots"][0].update(prmpt="x"),
        lambda d: d["shots"][0]["beats"][0].update(at="3"),
        lambda d: d["shots"][0]["frames"][0].update(image="../a.png"),
        lambda d: d["shots"][0]["frames"][0].update(image="/a.png"),
        lambda d: d["shots"][0]["frames"][0].update(hold="gentle"),
        lambda d: d["shots"][0]["schedule"].update(guidance="6, 7"),
        lambda d: d["shots"][0]["schedule"].update(guidence="0:(6)"),
        lambda d: d["shots"][1]["seam"].update(mode="wipe"),
        lambda d: d["shots"][1]["seam"].update(mode="cut"),
        lambda d: d["shots"][1]["seam"].pop("frames"),
        lambda d: d["gate"].update(color_step="<= 2 jnd"),
        lambda d: d["gate"].update(color_stop="<= 2 dE"),
        lambda d: d.update(gate={}),
    ],
)
def test_what_the_schema_refuses_the_reader_refuses(change):
    data = yaml.safe_load(HARBOR)
    change(data)
    assert not VALIDATOR.is_valid(data)
    problems(json.dumps(data))


@pytest.mark.slow
def test_a_board_of_a_thousand_shots_reads_in_seconds():
    shot = {"duration": "4s", "prompt": "x " * 40, "seam": {"mode": "cut"}}
    made = [{"id": f"s{i}", **shot} for i in range(1000)]
    del made[0]["seam"]
    text = yaml.safe_dump({"schema": "evenflow/storyboard/1", "shots": made})
    start = time.perf_counter()
    assert len(Storyboard.parse(text).shots) == 1000
    assert time.perf_counter() - start < 5
