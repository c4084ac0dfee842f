"""Scenes as files: a round trip is exact, and one line says what is wrong."""

import json

import pytest

from evenflow.core.errors import BadInput, OutputExists
from evenflow.world.maze import maze_spec
from evenflow.world.probes import probes
from evenflow.world.spec_file import read_spec, spec_from_json, write_spec

SMALL = {"seed": 1, "preset": "lab", "shots": [{"frames": 8}]}


@pytest.mark.parametrize(
    "spec",
    [maze_spec(1, frames=20, behind=True), *[p.spec for p in probes(("pan", "cups", "order"))]],
    ids=lambda spec: spec.digest[:8],
)
def test_a_scene_survives_its_file(spec, tmp_path):
    assert spec_from_json(spec.to_json()) == spec
    write_spec(spec, tmp_path / "scene.json")
    again = read_spec(tmp_path / "scene.json")
    assert again == spec and again.digest == spec.digest


def test_what_is_left_out_is_default():
    spec = spec_from_json(json.dumps(SMALL))
    assert spec.num_frames == 8 and spec.fps == 12 and spec.places[0].ground == "plain"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"seeds": 2}, "no field 'seeds'"),
        ({"preset": "lap"}, "one of lab, story, flat, maze"),
        ({"shots": []}, "at least one shot"),
        ({"shots": [{"frames": 0}]}, "the number of frames is in 1"),
        ({"shots": [{"frames": "8"}]}, r"scene.shots\[0\].frames is a whole number"),
        ({"shots": [{"frames": 8, "place": 2}]}, "shot 0: place"),
        ({"shots": [{"frames": 8, "camera": {"eye": [0, 0]}}]}, "eye has 3 entries, got 2"),
        ({"shots": [{"frames": 8, "camera": {"eye": [0, 0, 0], "look_at": [0, 0, 0]}}]},
         "looks at the point where it stands"),
        ({"cast": [{"id": 1, "kind": "sphere", "color": "red"}]}, "kind 'sphere' is not known"),
        ({"cast": [{"id": 2, "kind": "ball", "color": "red"}]}, "ids of the cast run from 1"),
        ({"cast": [{"id": 1, "kind": "ball", "color": "mauve"}]}, "color 'mauve'"),
        ({"cast": [{"id": 1, "kind": "ball", "color": "red", "size": -1}]}, "size is in"),
        ({"events": [{"kind": "fly", "start": 0, "end": 1}]}, "event 0: kind 'fly'"),
        ({"events": [{"kind": "roll", "start": 0, "end": 1, "agent": 4}]}, "is entity 4"),
        ({"events": [{"kind": "dim", "start": 2, "end": 1}]}, "before it starts"),
        ({"fps": "fast"}, "a number like 12"),
        ({"fps": 0}, "fps is in"),
        ({"size": [128]}, "size has 2 entries"),
        ({"size": [128, 4]}, "a side of the picture"),
        ({"style": "cubist"}, "style 'cubist'"),
        ({"version": 9}, "version 9"),
        ({"actions": [[1, 2]]}, "8 keys and 2 looks"),
        ({"gravity": float("nan")}, "finite number"),
        ({"places": [{"walls": [[0, 0, 1, 1]]}]}, "every wall has a color"),
        ({"player": 1}, "the player is entity 1"),
        ({"keys": [{"entity": 0, "time": 0, "position": [0, 0, 0]}]}, "pinned state"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_line(change, says):
    with pytest.raises(BadInput, match=says) as error:
        spec_from_json(json.dumps(SMALL | change))
    assert "\n" not in str(error.value) and len(str(error.value)) < 500


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '"lab"', "null", "[" * 5000])
def test_what_is_no_scene(text):
    with pytest.raises(BadInput):
        spec_from_json(text)


def test_nothing_is_overwritten_unasked(tmp_path):
    path = tmp_path / "scene.json"
    spec = spec_from_json(json.dumps(SMALL))
    write_spec(spec, path)
    with pytest.raises(OutputExists):
        write_spec(spec, path)
    write_spec(spec, path, overwrite=True)
    assert [p.name for p in tmp_path.iterdir()] == ["scene.json"]
    with pytest.raises(BadInput, match="does not exist"):
        write_spec(spec, tmp_path / "no" / "scene.json")
    with pytest.raises(BadInput, match="cannot be read"):
        read_spec(tmp_path / "none.json")
