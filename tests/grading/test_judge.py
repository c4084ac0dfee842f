"""What exact readings show is said, what they do not is denied, the rest is not guessed."""

import json
from dataclasses import replace
from fractions import Fraction

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from evenflow.cli.app import app
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput
from evenflow.grading import calibrate, nulls
from evenflow.grading.casting import cast
from evenflow.grading.clauses import judge
from evenflow.grading.grade import Null, Score
from evenflow.grading.judge import grade, to_json, worst_of
from evenflow.grading.oracle import oracle
from evenflow.grading.schema import FILE, grade_schema, write
from evenflow.grading.scores import SCORES
from evenflow.world.clip import scene
from evenflow.world.language import counterfactuals, parse

CAPTIONS = (
    "a red ball rolls to the right behind a brown pillar, then hits a blue cube",
    "a large yellow ball drops onto a green box; the camera stays still",
    "a purple cone is to the left of an orange cube; the cone turns green",
)


@pytest.fixture(scope="module")
def staged():
    out = []
    for i, text in enumerate(CAPTIONS):
        spec = scene(text, preset="lab", seed=40 + i, frames=37)
        out.append((text, spec, oracle(spec)))
    return out


def clauses_of(reading, text):
    return judge(cast(reading, parse(text)))


def test_exact_readings_show_all_that_is_said(staged):
    for text, _, reading in staged:
        wrong = [c for c in clauses_of(reading, text) if c.shown is False]
        assert not wrong, (text, wrong)


def test_false_captions_are_denied(staged):
    caught = total = 0
    for _, spec, reading in staged:
        for one in counterfactuals(spec, seed=1):
            total += 1
            caught += any(c.shown is False for c in clauses_of(reading, one.text))
    assert total >= 10
    assert caught >= 0.8 * total


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("a teal ball rolls to the right behind a brown pillar", "color"),
        ("two red balls roll to the right", "count"),
        ("a red ball rolls to the left behind a brown pillar", "event"),
        ("a small blue cube; a red star rolls to the right", "kind"),
        ("a red ball rolls to the right; the camera pans left", "camera"),
        ("a red ball hits a blue cube, then rolls to the right", "order"),
    ],
)
def test_the_right_clause_is_denied(staged, text, kind):
    found = clauses_of(staged[0][2], text)
    assert any(c.shown is False and c.kind == kind for c in found), found


def test_what_tracks_cannot_tell_is_not_guessed(staged):
    reading = staged[0][2]
    for text in ("a man waves", "a red ball spins"):
        assert all(c.shown is not True for c in clauses_of(reading, text) if c.kind == "event")


def test_an_empty_reading_shows_nothing(staged):
    text, _, reading = staged[0]
    empty = replace(reading, tracks=(), labels=np.zeros_like(reading.labels))
    found = clauses_of(empty, text)
    assert not any(c.shown for c in found if c.kind not in ("camera",))
    blind = replace(empty, coverage=0.3)
    assert all(c.shown is None for c in clauses_of(blind, text) if c.kind in ("attribute", "event"))


def test_oracle_tells_who_is_hidden_by_whom(staged):
    reading = staged[0][2]
    ball = next(one for one in reading.tracks if one.kind == "ball")
    pillar = next(one for one in reading.tracks if one.kind == "pillar")
    gone = ball.hidden_by[ball.hidden_by > 0]
    assert len(gone) == 0 or set(gone.tolist()) == {pillar.id}
    assert np.nanmax(np.abs(reading.view.motion)) < 1e-3
    seen = ball.state == 1
    inside = ball.center[seen]
    rows, columns = inside[:, 1].astype(int), inside[:, 0].astype(int)
    on = reading.labels[np.flatnonzero(seen), rows, columns] == ball.id
    assert on[ball.whole[seen]].all()


def test_grade_is_plain_data_that_its_schema_knows(staged):
    text, spec, reading = staged[0]
    pictures = np.full((*reading.labels.shape, 3), 120, np.uint8)
    clip = Clip(ArraySource(pictures, spec.fps, "x.mkv"))
    found = grade(clip, text, preset="lab", reading=reading, pictures=pictures)
    data = json.loads(json.dumps(to_json(found)))
    jsonschema.validate(data, grade_schema())
    assert set(data["scores"]) == set(SCORES)
    assert found.scores["obedience"].value == 1
    assert found.scores["actions"].value is None and found.scores["actions"].reason
    again = grade(clip, text, preset="lab", reading=reading, pictures=pictures)
    assert to_json(again) == to_json(found)


def test_the_shipped_schema_is_that_of_the_code(tmp_path):
    write(tmp_path)
    made = (tmp_path / FILE.name).read_text("utf-8")
    assert FILE.read_text("utf-8") == made, "run: python -m evenflow.grading.schema"
    jsonschema.Draft202012Validator.check_schema(json.loads(made))


def test_actions_of_another_length_are_refused(staged):
    _, spec, reading = staged[0]
    pictures = np.zeros((*reading.labels.shape, 3), np.uint8)
    clip = Clip(ArraySource(pictures, spec.fps, "x"))
    with pytest.raises(BadInput, match="actions"):
        grade(clip, reading=reading, pictures=pictures, actions=np.zeros((3, 10)))
    with pytest.raises(BadInput, match="8 keys"):
        grade(clip, reading=reading, pictures=pictures, actions=np.zeros((37, 4)))


def test_low_is_beyond_the_fifth_percentile_on_the_bad_side():
    null = Null("identity", 50, (1, 2, 3, 4, 5, 6, 7), (0.8, 0.95, 1.0))
    high = Score("x", 1.5, "", "higher", null=null)
    assert nulls.low(high) and not nulls.low(replace(high, value=2.5))
    down = Score("x", 6.5, "", "lower", null=null)
    assert nulls.low(down) and not nulls.low(replace(down, value=1.0))
    assert not nulls.low(replace(down, value=None))
    assert not null.informative_only
    assert Null("identity", 50, null.quantiles, (0.8, 0.85, 1.0)).informative_only


def test_auc_is_that_of_mann_and_whitney():
    assert nulls.auc([1, 2, 3, 4], [5, 6, 7, 8]) == 1
    assert nulls.auc([1, 1, 1, 1], [1, 1, 1, 1]) == 0.5
    assert nulls.auc([1], [2]) is None


def test_the_table_of_nulls_gives_quantiles_and_power():
    row = {"preset": "lab", "codec": "identity", "still": True, "strength": 0, "variant": ""}
    clean = [row | {"kind": "", "values": {"grain": 0.1 * i, "swap": 1.0}} for i in range(21)]
    bad = [
        row | {"kind": "high_frequency_noise", "strength": s, "values": {"grain": float(s)}}
        for s in (2, 3, 4)
        for _ in range(3)
    ]
    made = calibrate.table([*clean, *bad])
    entry = made["nulls"]["lab/identity/any"]["grain"]
    assert entry["clips"] == 21
    assert entry["quantiles"] == pytest.approx(np.quantile(np.arange(21) / 10, nulls.QUANTILES))
    assert entry["power"] == [pytest.approx(20.5 / 21, abs=1e-3), 1, 1]
    assert "power" not in made["nulls"]["lab/identity/any"]["swap"]
    null = nulls.null_of("grain", preset="lab", codec="identity", still=False, table=made)
    assert null is not None and null.num_clips == 21
    assert nulls.null_of("grain", preset="lab", codec="jpeg-q5", still=True, table=made) is None


@pytest.mark.parametrize("codec", ["identity", "jpeg-q90", "h264-crf10"])
def test_codecs_keep_the_picture(codec):
    base = np.full((6, 32, 32, 3), 90, np.uint8)
    base[:, 8:24, 8:24] = 180
    out = calibrate.through(base, codec, Fraction(12))
    assert out.shape == base.shape and out.dtype == np.uint8
    assert np.abs(out.astype(float) - base).mean() < 6


@pytest.mark.parametrize("codec", ["jpeg", "jpeg-q0", "h264-crf99", "vae"])
def test_an_unknown_codec_is_told(codec):
    with pytest.raises(BadInput, match="codec"):
        calibrate.through(np.zeros((2, 8, 8, 3), np.uint8), codec, Fraction(12))


def test_worst_names_low_scores_the_powerful_first(staged):
    text, spec, reading = staged[0]
    pictures = np.full((*reading.labels.shape, 3), 120, np.uint8)
    clip = Clip(ArraySource(pictures, spec.fps, "x"))
    found = grade(clip, text, preset="lab", reading=reading, pictures=pictures)
    strong = Null("identity", 50, (1, 2, 3, 4, 5, 6, 7), (1, 1, 1))
    weak = Null("identity", 50, (1, 2, 3, 4, 5, 6, 7), None)
    scores = {
        "a": Score("a", 9.0, "", "lower", null=weak),
        "b": Score("b", 6.5, "", "lower", null=strong),
        "c": Score("c", 5.0, "", "lower", null=strong),
    }
    assert worst_of(replace(found, scores=scores)) == ["b", "a"]


def test_the_command_says_what_is_wrong_in_a_line(tmp_path):
    run = CliRunner().invoke
    for args, words in (
        (["x.mkv", "--caption", "a gribble flops"], "gribble"),
        (["x.mkv", "--preset", "moon"], "preset"),
        (["x.mkv", "--caption", " "], "empty"),
        ([str(tmp_path / "no.mkv")], ""),
    ):
        result = run(app, ["world", "grade", *args])
        assert result.exit_code != 0
        assert words in str(result.exception or result.output)


def test_the_command_grades_and_writes(tmp_path, staged):
    from evenflow.io import write as write_clip

    text, spec, _ = staged[0]
    from evenflow.world.clip import WorldSource

    path = tmp_path / "ball.mkv"
    write_clip(Clip(WorldSource(replace(spec, shots=(replace(spec.shots[0], frames=13),)))), path)
    out = tmp_path / "grade.json"
    args = ["world", "grade", str(path), "--caption", text, "--preset", "lab", "-o", str(out)]
    result = CliRunner().invoke(app, [*args, "--parser", "table", "--json", "-q"])
    assert result.exit_code == 0, result.output
    data = json.loads(out.read_text())
    jsonschema.validate(data, grade_schema())
    assert data["clip"]["path"] == str(path)
    again = CliRunner().invoke(app, args)
    assert again.exit_code != 0 and json.loads(out.read_text()) == data
