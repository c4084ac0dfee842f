"""Detectors on scenes: sets that are apart, truth that is visible, and figures that can tell."""

import json

import bench_fakes
import numpy as np
import pytest

from evenflow.bench import bench_world
from evenflow.bench.figures import unplanned
from evenflow.bench.measures import judge
from evenflow.bench.plan import Unit
from evenflow.bench.scenes import (
    CARRIERS,
    HELD_MOTIONS,
    INVISIBLE,
    ON_PURPOSE,
    SCENES,
    chosen,
    cuts_of,
    fits,
    more_scenes,
    scene_takes,
    spec_of,
)
from evenflow.bench.work import Outcome, Seen, perform
from evenflow.bench.world import QUICK_FRAMES, QUICK_SIZE
from evenflow.continuity import INJECTORS
from evenflow.core.errors import BadInput
from evenflow.core.kinds import KINDS

pytest.importorskip("torch")

from dataclasses import replace

from evenflow.world.defects import CONTROLS, DEFECTS

PLANTED = [kind for kind in KINDS if kind in DEFECTS]


def small(take):
    return replace(take, size=QUICK_SIZE, stop=QUICK_FRAMES)


@pytest.fixture
def run(tmp_path):
    def call(do=bench_fakes.ideal, **options):
        return bench_world(workers=1, work=tmp_path / do.__name__, do=do, **options)

    return call


def headline(bench):
    return {row["question"]: row for row in bench.to_json()["headline"]}


def all_takes(name):
    return [*scene_takes(name), *more_scenes(name)]


def test_the_sets_share_nothing_that_a_threshold_could_learn():
    one, other = SCENES["development"], SCENES["judging"]
    assert not {*one.story, *one.lab} & {*other.story, *other.lab}
    assert not {*one.styles} & {*other.styles}
    assert not one.backgrounds & other.backgrounds
    assert one.held != other.held
    for row in (one, other):
        assert len(set(row.story)) == len(row.story) > CARRIERS["story"]
        assert len(set(row.lab)) == len(row.lab) > CARRIERS["lab"]


@pytest.mark.parametrize("name", list(SCENES))
def test_each_set_has_five_clean_minutes(name):
    assert sum(take.stop - take.start for take in all_takes(name)) / 24 >= 300


@pytest.mark.parametrize("name", list(SCENES))
def test_scenes_belong_where_they_are(name):
    row = SCENES[name]
    for take in all_takes(name)[::9]:
        spec = spec_of(take)
        assert fits(spec, row), take.name
        assert spec.style == take.style
        happens = {event.kind for event in spec.events}
        assert not happens & ON_PURPOSE
        assert bool(happens & HELD_MOTIONS) == row.held


def test_the_seeds_are_those_that_are_found():
    assert tuple(chosen("development", "lab", most=3)) == SCENES["development"].lab[:3]


def test_a_perfect_detector_has_no_gap(run):
    kinds = [*PLANTED[::5], *(kind for kind in PLANTED if kind not in INJECTORS)]
    bench = run(scenes="development", kinds=kinds, minutes=0.5)
    rows = headline(bench)
    assert rows["planted defects found"]["value"] == rows["found and named right"]["value"] == 1.0
    assert {row["met"] for row in rows.values()} <= {"yes", ""}
    shared = [kind for kind in kinds if kind in INJECTORS]
    gaps = dict(zip(bench.gap.column("kind"), bench.gap.column("named_gap"), strict=True))
    assert all(gaps[f"`{kind}`"] == 0.0 for kind in shared)
    assert all(gaps[f"`{kind}`"] is None for kind in kinds if kind not in INJECTORS)
    strengths = {(plant["kind"], plant["strength"]) for plant in bench.plants}
    assert strengths == {(kind, s) for kind in kinds for s in range(1, 6)}
    mine = {name for name, row in CONTROLS.items() if not set(row.against).isdisjoint(kinds)}
    assert set(bench.tables["controls"].column("control")) == {f"`{name}`" for name in mine}
    assert not bench.failures


def blind_to_states(unit, *, cancel=None):
    """Knows the pixel injectors and nothing else."""
    return (bench_fakes.blind if unit.scene else bench_fakes.ideal)(unit)


def test_a_detector_that_knows_the_injectors_alone_is_told_so(run):
    bench = run(blind_to_states, scenes="development", kinds=["drift", "shake"])
    assert bench.gap.column("found_gap") == [-1.0, -1.0, -1.0]
    assert headline(bench)["planted defects found"]["value"] == 0.0
    assert "-1.00" in bench.to_markdown()


def refusing(unit, *, cancel=None):
    """Nobody sees the shake, and no scene shows the drift."""
    if unit.scene and unit.name == "shake":
        return Outcome(unit, INVISIBLE)
    if unit.scene and unit.name == "drift":
        return Outcome(unit, "nobody can have it")
    return bench_fakes.ideal(unit)


def test_what_cannot_be_seen_is_no_positive(run):
    bench = run(refusing, scenes="development", kinds=["drift", "shake", "freeze"])
    assert {plant["kind"] for plant in bench.plants} == {"freeze"}
    assert bench.invisible["shake"] > 0
    assert bench.refused["drift"][1] == "nobody can have it"
    assert "no positives" in bench.to_markdown()


def alarmed(unit, *, cancel=None):
    """Reports every look-alike."""
    made = bench_fakes.ideal(unit)
    if unit.what != "control":
        return made
    return replace(made, findings=(Seen("drift", 0, 9, 4, 4.0, 0.9, None),))


def test_controls_count_as_negatives(run):
    bench = run(alarmed, scenes="development", kinds=["drift"])
    assert headline(bench)["legal look-alikes reported"]["value"] == 1.0
    assert (
        headline(run(scenes="development", kinds=["drift"]))["legal look-alikes reported"]["value"]
        == 0.0
    )


def test_the_page_and_the_json_are_whole(run):
    bench = run(scenes="judging", kinds=["drift", "shake"], strengths=(3, 4, 5), minutes=1.0)
    text, data = bench.to_markdown(), json.loads(json.dumps(bench.to_json()))
    assert "--world --set judging --kinds drift,shake --strengths 3,4,5 --minutes 1" in text
    assert data["schema"] == "evenflow.bench/1" and data["world"] is True
    assert {row["kind"] for row in data["tables"]["gap"]["rows"]} >= {"`drift`", "`shake`"}
    assert "/tmp" not in text and "/work" not in text


def test_a_planned_cut_of_a_scene_is_no_alarm():
    told = next(take for take in all_takes("development") if cuts_of(take))
    assert cuts_of(replace(told, preset="")) == frozenset()
    [at] = cuts_of(told)
    spec = spec_of(told)
    assert sum(shot.frames for shot in spec.shots) == told.stop and at == spec.shots[0].frames
    seen = Outcome(Unit("clean", told), cuts=((at - 1, at), (at - 13, at - 12)))
    assert unplanned(seen) == [(at - 13, at - 12)]


def test_a_finding_of_a_twin_of_its_own_is_not_new():
    unit = Unit("plant", scene_takes("development")[0], "drift", 3, scene=True)
    made = bench_fakes.ideal(unit)
    clean = bench_fakes.blind(Unit("clean", unit.take))
    assert judge(made, clean).found
    assert not judge(replace(made, twin=made.findings), clean).found


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"scenes": "bikes"}, "no set 'bikes'"),
        ({"kinds": ["blur"]}, "'blur'"),
        ({"kinds": []}, "no kind"),
        ({"strengths": (0, 3)}, "from 1 to 5"),
        ({"rounds": 0}, "rounds=0"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(options, says, tmp_path):
    with pytest.raises(BadInput, match=says):
        bench_world(work=tmp_path / "none", **options)
    assert not (tmp_path / "none").exists()


def test_a_planted_scene_is_checked_and_its_truth_is_what_differs():
    take = small(scene_takes("development")[-1])
    unit = Unit("plant", take, "lighting_flicker", 5, seed=7, scene=True)
    outcome = perform(unit)
    assert not outcome.refused and outcome.truth is not None
    assert any(f.kind == "lighting_flicker" for f in outcome.findings)
    from evenflow.bench.staged import planted

    plant = planted(unit)
    clean, clip = take.load().frames(), plant.clip.frames()
    differs = np.flatnonzero((clean != clip).any(axis=(1, 2, 3)))
    assert differs[0] == outcome.truth.start_frame
    assert differs[-1] + 1 == outcome.truth.end_frame


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_quick_run_of_everything_ends_in_a_page(tmp_path):
    bench = bench_world(scenes="development", quick=True, workers=2, work=tmp_path)
    assert not bench.failures
    assert "A quick run" in bench.to_markdown()
