"""Comparisons of reports with known numbers, and of a real clip with a planted defect."""

import itertools
import json
import math
from dataclasses import replace
from typing import Any

import jsonschema
import numpy as np
import pytest
from fakes import a_finding, a_report
from hypothesis import given, settings
from hypothesis import strategies as st

import evenflow as ef
from benchmarks.footage import data_file, moved_photo
from evenflow.continuity.comparison import Comparison, Pair, compared
from evenflow.core.errors import BadInput
from evenflow.core.finding import Finding
from evenflow.core.gate import Gate
from evenflow.core.measurement import Measurement
from evenflow.core.report import Report, Shot, score
from evenflow.core.schemas import compare_schema
from evenflow.core.signals import SIGNALS

VALID = jsonschema.Draft202012Validator(compare_schema())


def told(result: Comparison) -> dict[str, Any]:
    """The JSON, which the schema allows."""
    data = json.loads(result.dumps())
    VALID.validate(data)
    return data


def found(start_s: float, end_s: float, severity: float, kind: str = "freeze", fps=25.0) -> Finding:
    return a_finding(kind, round(start_s * fps), round(end_s * fps), severity, fps=fps)


def clip_report(
    name: str = "a.mp4",
    *findings: Finding,
    seconds: float = 10.0,
    fps: float = 25.0,
    size: tuple[int, int] = (640, 272),
    signals: dict[str, Any] | None = None,
    first: int = 0,
    **changes: Any,
) -> Report:
    count = round(seconds * fps)
    clip = {
        "path": f"clips/{name}", "frames": count, "fps": round(fps, 3), "duration_s": seconds,
        "width": size[0], "height": size[1], "timecode": None,
    }  # fmt: skip
    measured = {
        key: Measurement(key, SIGNALS[key].unit, SIGNALS[key].better, 1.0, np.float32(values))
        for key, values in (signals or {}).items()
    }
    return a_report(
        clip=clip,
        findings=findings,
        signals=measured,
        not_assessable={},
        shots=(Shot(first, first + count),),
        cuts=(),
        seconds=(first + np.arange(count)) / fps,
        score=score([f for f in findings if f.severity_jnd >= 1], duration_s=seconds),
        digest=name,
        **changes,
    )


def only(*reports: Report, **options: Any) -> Pair:
    result = compared(reports, **options)
    told(result)
    return result.pairs[0]


def test_a_clip_differs_from_itself_by_nothing_and_ties():
    series = np.sin(np.arange(250))
    report = clip_report("a.mp4", found(2, 4, 5.0), signals={"noise": series, "luma_gain": series})
    result = compared([report, report])
    pair = result.pairs[0]
    rows = [pair.score, pair.severity, *pair.kinds.values(), *pair.signals.values()]
    assert len(rows) == 2 + 28 + 2
    for row in rows:
        assert (row.value, row.low, row.high, row.verdict) == (0.0, 0.0, 0.0, "tie")
    assert pair.where == () and pair.better == "tie"
    assert [(p.rank, p.tied) for p in result.ranking] == [(1, ("B",)), (1, ("A",))]
    assert "A and B hold the same frames" in result.notes
    assert told(result)["pairs"][0]["score"]["value"] == 0


@pytest.mark.parametrize("seconds", [0.5, 1.0, 2.0])
def test_equal_clips_tie_however_short_they_are(seconds):
    report = clip_report(seconds=seconds)
    assert only(report, report).better == "tie"


def test_what_every_second_differs_by_is_the_difference():
    series = np.tile([1.0, 3.0], 125)
    clean = clip_report(signals={"noise": series, "luma_gain": series})
    worse = clip_report(
        "b.mp4", found(0, 10, 4.0), signals={"noise": series + 2, "luma_gain": -series}
    )
    pair = only(clean, worse)
    freeze = pair.kinds["freeze"]
    assert (freeze.value, freeze.low, freeze.high, freeze.verdict) == (4.0, 4.0, 4.0, "A")
    assert (freeze.worst_first, freeze.worst_second, freeze.sure) == (0.0, 4.0, True)
    noise = pair.signals["noise"]
    assert (noise.value, noise.verdict, noise.num_blocks) == (pytest.approx(2), "A", 10)
    assert pair.signals["luma_gain"].value == 0  # its sign does not count: a root mean square
    assert pair.score.value == pytest.approx(100 * math.exp(-0.4) - 100)
    assert pair.better == "A"
    (where,) = pair.where
    assert (where.start_s, where.end_s, where.better, where.by_jnd) == (0.0, 10.0, "A", 4.0)
    assert (where.start_frame, where.end_frame, where.kinds) == (0, 250, ("freeze",))


def test_scores_of_the_whole_time_are_those_of_the_reports():
    reports = [
        clip_report("a.mp4", found(1, 2.5, 3.0), found(7, 7.2, 9.0), seconds=9.64),
        clip_report("b.mp4", found(0, 9, 1.5), found(3, 4, 0.9), seconds=9.64),
    ]
    pair = only(*reports)
    assert pair.score.first == pytest.approx(reports[0].score)
    assert pair.score.second == pytest.approx(reports[1].score)


def test_where_score_and_mean_severity_disagree_nobody_is_better():
    minute = [found(0, 60, 2.0)], [found(10 * i, 10 * i + 1, 10.0) for i in range(6)]
    everywhere, at_times = (
        clip_report(name, *events, seconds=60.0) for name, events in zip("ab", minute, strict=True)
    )
    pair = only(everywhere, at_times)
    assert pair.severity.verdict == "B" and (pair.score.value or 0) < 0
    assert pair.better == "tie"


def test_what_softness_hides_counts_for_the_verdict():
    soft = {"jnd": 2.0, "reasons": ["soft"]}
    findings = [found(i, i + 1, 1.0 + i % 3) for i in range(10)]
    sharp = clip_report("a.mp4", *findings)
    blurred = clip_report("b.mp4", unseen=soft)
    assert only(sharp, clip_report("b.mp4")).better == "B"
    assert only(sharp, blurred).better == "tie"
    assert only(clip_report("a.mp4"), clip_report("b.mp4", unseen=soft)).better == "A"


def test_a_lone_defect_is_shown_but_does_not_make_a_verdict():
    pair = only(clip_report(), clip_report("b.mp4", found(5, 5.4, 8.0)))
    assert pair.better == "tie" and pair.kinds["freeze"].verdict == "tie"
    assert pair.kinds["freeze"].worst_second == 8.0
    (where,) = pair.where
    assert (where.better, where.start_s, where.end_s) == ("A", 5.0, 5.4)
    assert (where.start_frame, where.end_frame) == (125, 135)
    assert where.mean_jnd == 8.0 and where.low is None  # shorter than three quarter seconds


def test_each_is_better_somewhere():
    pair = only(clip_report("a.mp4", found(1, 2, 5.0)), clip_report("b.mp4", found(6, 9, 4.0)))
    assert [(w.start_s, w.end_s, w.better) for w in pair.where] == [
        (1.0, 2.0, "B"),
        (6.0, 9.0, "A"),
    ]
    assert pair.where[1].low == pair.where[1].high == 4.0


def test_less_than_one_jnd_is_no_place_where_one_is_better():
    pair = only(clip_report("a.mp4", found(1, 2, 3.0)), clip_report("b.mp4", found(1, 2, 3.9)))
    assert pair.where == ()
    assert pair.kinds["freeze"].value == pytest.approx(0.09)


def test_what_cannot_be_judged_in_one_is_compared_in_neither():
    still = {"assessable": False, "median_px_per_s": 0.0, "reason": "no motion: not assessable"}
    series = np.full(250, np.nan)
    one = clip_report("a.mp4", found(0, 10, 5.0))
    other = clip_report("b.mp4", motion=still)
    other = replace(
        other,
        not_assessable={"freeze": "no motion: smoothness is not assessable"},
        signals={"noise": Measurement("noise", "gray levels", "lower", None, series, "too dark")},
    )
    result = compared([one, other])
    data = told(result)["pairs"][0]
    assert data["kinds"]["freeze"] == {
        "value": None,
        "reason": "B: no motion: smoothness is not assessable",
    }
    assert data["signals"]["noise"] == {"value": None, "reason": "A: not measured"}
    assert any(note.startswith("B: no motion") for note in result.notes)


def test_one_frame_has_no_score_and_no_rank():
    single = replace(clip_report("b.mp4", seconds=0.04), score=None)
    result = compared([clip_report(seconds=1.0), single])
    data = told(result)
    assert data["pairs"][0]["score"] == {"value": None, "reason": "B: nothing could be assessed"}
    assert [place["rank"] for place in data["ranking"]] == [None, None]
    assert data["ranking"][1]["reason"] == "nothing could be assessed"


def test_two_blocks_give_a_difference_and_no_verdict_until_they_are_shorter():
    pair = only(clip_report(seconds=2.0), clip_report("b.mp4", found(0, 2, 5.0), seconds=2.0))
    assert pair.better is None and pair.score.value is not None and pair.score.low is None
    assert "2 blocks are too few" in (pair.score.reason or "")
    assert (
        only(
            clip_report(seconds=2.0),
            clip_report("b.mp4", found(0, 2, 5.0), seconds=2.0),
            block_s=0.25,
        ).better
        == "A"
    )


def test_other_lengths_and_rates_are_aligned_by_time_over_what_all_have():
    ramp = np.arange(240) / 24
    one = clip_report(
        "a.mp4", found(7.6, 9, 6.0), signals={"noise": np.arange(250) / 25, "change": np.ones(250)}
    )
    other = clip_report(
        "b.mp4", found(2, 4, 6.0, fps=24), seconds=8.0, fps=24.0,
        signals={"noise": ramp[:192], "change": np.ones(192)},
    )  # fmt: skip
    result = compared([one, other])
    pair = result.pairs[0]
    assert (result.start_s, result.end_s, result.num_blocks) == (0.0, 8.0, 8)
    assert pair.signals["noise"].value == pytest.approx(0.0, abs=0.001)
    assert "24 fps do not go together" in (pair.signals["change"].reason or "")
    assert [(w.start_s, w.end_s, w.better) for w in pair.where] == [
        (2.0, 4.0, "A"),
        (7.6, 8.0, "B"),
    ]
    assert any("0.00 s to 8.00 s are compared" in note for note in result.notes)
    assert any("A 25, B 24 fps" in note for note in result.notes)


def test_ranges_are_aligned_by_the_time_of_the_clip():
    late = clip_report("b.mp4", found(6, 7, 4.0), seconds=5.0, first=125)
    result = compared([clip_report("a.mp4", found(6, 7, 4.0)), late])
    assert (result.start_s, result.end_s) == (5.0, 10.0)
    assert result.pairs[0].kinds["freeze"].value == 0
    with pytest.raises(
        BadInput, match=r"no time in common: A covers 0\.00 s to 4\.00 s, B covers 5"
    ):
        compared([clip_report(seconds=4.0), late])


def test_pixels_of_clips_of_two_sizes_are_not_compared():
    series = {"motion": np.ones(250), "noise": np.ones(250)}
    pair = only(clip_report(signals=series), clip_report("b.mp4", size=(320, 136), signals=series))
    assert "differ in size" in (pair.signals["motion"].reason or "")
    assert pair.signals["noise"].value == 0


def test_signals_that_know_no_better_differ_without_a_winner():
    pair = only(
        clip_report(signals={"luma": np.full(250, 90.0)}),
        clip_report("b.mp4", signals={"luma": np.full(250, 110.0)}),
    )
    assert pair.signals["luma"].verdict == "differ"


def test_a_report_that_was_read_back_compares_alike(tmp_path):
    series = np.sin(np.arange(250)) ** 2
    reports = [
        clip_report("a.mp4", found(2, 5, 3.5), signals={"noise": series}),
        clip_report("b.mp4", found(1, 9, 5.5), signals={"noise": series * 1.5}),
    ]
    path = ef.report(reports, tmp_path / "r.json")
    stored = ef.compare(path)
    fresh = compared(reports)
    assert stored.pairs[0].score == fresh.pairs[0].score
    assert stored.pairs[0].signals["noise"].value == pytest.approx(
        fresh.pairs[0].signals["noise"].value, rel=1e-3
    )


def test_of_a_long_clip_means_of_seconds_are_enough_for_a_mean_but_not_for_a_root_mean_square():
    series = np.random.default_rng(0).normal(5, 1, 12_000)
    reports = [
        clip_report(name, seconds=480.0, signals={"change": series + more, "luma_gain": series})
        for name, more in (("a.mp4", 0.0), ("b.mp4", 0.5))
    ]
    back = Report.from_json(json.loads(reports[1].dumps()))
    assert back.signals["change"].series is None
    pair = only(reports[0], back)
    assert pair.signals["change"].value == pytest.approx(0.5, abs=1e-3)
    assert "needs every frame" in (pair.signals["luma_gain"].reason or "")


def test_metrics_of_the_literature_are_compared_where_both_have_them():
    psnr = Measurement("psnr", "dB", "higher", 40.0, np.full(250, 40.0, np.float32))
    better = replace(psnr, series=np.full(250, 42.0, np.float32))
    pair = only(clip_report(metrics={"psnr": psnr}), clip_report("b.mp4", metrics={"psnr": better}))
    assert (pair.metrics["psnr"].value, pair.metrics["psnr"].verdict) == (2.0, "B")


def four() -> list[Report]:
    return [
        clip_report("clean.mp4"),
        clip_report("slight.mp4", found(3, 4, 2.0)),
        clip_report("bad.mp4", found(0, 9, 6.0)),
        clip_report("worse.mp4", found(0, 10, 9.0, "shake")),
    ]


def test_the_ranking_ties_what_the_intervals_do_not_tell_apart():
    result = compared(four())
    told(result)
    assert [(p.clip, p.rank, p.tied) for p in result.ranking] == [
        ("A", 1, ("B",)), ("B", 1, ("A",)), ("C", 3, ()), ("D", 4, ()),
    ]  # fmt: skip
    assert len(result.pairs) == 6
    for pair in result.pairs:
        row = pair.score
        assert row.low is not None and row.high is not None
        assert (pair.better == "tie") == (row.low <= 0 <= row.high)
        assert row.level >= 0.95


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[1::5])
def test_the_ranking_is_the_same_whatever_the_order_of_the_clips(order):
    reports = four()
    shuffled = compared([reports[i] for i in order])
    names = dict(zip(shuffled.labels, (r.digest for r in (reports[i] for i in order)), strict=True))
    straight = compared(reports)
    theirs = dict(zip(straight.labels, (r.digest for r in reports), strict=True))
    assert [(names[p.clip], p.rank, p.score) for p in shuffled.ranking] == [
        (theirs[p.clip], p.rank, p.score) for p in straight.ranking
    ]


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0.1, 3), st.floats(0, 12)), max_size=4))
def test_the_other_way_round_every_difference_changes_its_sign(events):
    other = clip_report("b.mp4", *(found(a, a + length, jnd) for a, length, jnd in events))
    one = clip_report("a.mp4", found(2, 4, 4.0))
    there, back = compared([one, other]).pairs[0], compared([other, one]).pairs[0]
    swap = {"A": "B", "B": "A", "tie": "tie", None: None}
    for a, b in ((there.score, back.score), (there.kinds["freeze"], back.kinds["freeze"])):
        assert a.value == -b.value and a.verdict == swap[b.verdict]
        assert (a.low, a.high) == (-b.high, -b.low)
    assert [replace(w, better=swap[w.better]) for w in there.where] == list(back.where)


def gated(key: str, clause: str, *reports: Report) -> list[tuple[str, bool, float | None]]:
    result = compared(reports, gate=Gate.parse({key: clause}))
    told(result)
    return [(v.clip, v.passed, v.value) for v in result.gate]


def test_a_gate_bounds_what_later_clips_differ_by_from_the_first():
    clean, same = clip_report(), clip_report("b.mp4")
    worse = clip_report("c.mp4", found(0, 10, 4.0))
    assert gated("freeze", "<= 1 jnd", clean, same, worse) == [("B", True, 0.0), ("C", False, 4.0)]
    assert gated("score", ">= -5", clean, same) == [("B", True, 0.0)]
    assert gated("score", ">= -5", clean, worse)[0][1] is False
    assert gated("any", "< -2", worse, clean) == [("B", True, -4.0)]  # it has to be better
    assert gated("findings", "<= 0", clean, worse) == [("B", False, 1.0)]


def test_one_bad_second_in_a_long_clip_does_not_pass_a_gate():
    long, lone = clip_report(seconds=300.0), clip_report("b.mp4", found(5, 6, 10.0), seconds=300.0)
    ((_, passed, value),) = gated("freeze", "<= 1 jnd", long, lone)
    assert not passed and value == 10.0  # its mean difference is 0.03


def test_a_gate_never_passes_on_what_is_not_known():
    short, worse = clip_report(seconds=2.0), clip_report("b.mp4", found(0, 1, 2.0), seconds=2.0)
    assert gated("freeze", "<= 5 jnd", short, worse) == [("B", False, None)]
    assert gated("noise", "<= 5", short, worse) == [("B", False, None)]


@pytest.mark.parametrize(
    ("count", "options", "says"),
    [
        (1, {}, "2 to 26 clips, got 1"),
        (27, {}, "2 to 26 clips, got 27"),
        (2, {"block_s": 0.0}, "0.1 s to an hour"),
        (2, {"block_s": math.nan}, "0.1 s to an hour"),
    ],
)
def test_what_cannot_be_compared_is_said_in_one_line(count, options, says):
    with pytest.raises(BadInput, match=says):
        compared([clip_report()] * count, **options)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "is not JSON"),
        ("[]", "holds no report"),
        ('{"schema": "x"}', "got 'x'"),
        ('[{"clip": {"path": "b"}, "error": "b is empty"}]', "could not be checked: b is empty"),
    ],
)
def test_damaged_reports_are_bad_input(tmp_path, text, says):
    path = tmp_path / "r.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"r\.json") as error:
        ef.compare(path, path)
    assert says in str(error.value)


def test_a_planted_defect_makes_its_clip_worse_there_and_the_interval_excludes_zero():
    if data_file("skimage", "data", "coffee.png") is None:
        pytest.skip("photographs come with the extra demo")
    clean = moved_photo("coffee.png", num_frames=168, size=(240, 136), seed=11)
    planted, truth = ef.inject(clean, "lighting_flicker", strength=4, at="1s..6s")
    fps = float(clean.info.fps)
    pair = ef.compare(clean, planted).pairs[0]
    row = pair.kinds["lighting_flicker"]
    assert row.verdict == "A" and row.low is not None and row.low > 0
    assert pair.better == "A" and pair.score.high is not None and pair.score.high < 0
    assert pair.signals["luma_gain"].verdict == "A"
    worst = max(pair.where, key=lambda w: w.by_jnd)
    assert worst.better == "A" and "lighting_flicker" in worst.kinds
    assert worst.low is not None and worst.low > 0
    assert abs(worst.start_s - truth.start_frame / fps) < 0.5
    assert abs(worst.end_s - truth.end_frame / fps) < 0.5


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value of a document stands, branches included."""
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    return [path, *(leaf for key, item in items for leaf in leaves(item, (*path, key)))]


JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**30), 10**30), st.floats(), st.text(max_size=4),
    st.just([]), st.just({}), st.just([None]), st.just(["x"]),
)  # fmt: skip


@settings(deadline=None, max_examples=120)
@given(st.data())
def test_a_report_with_a_damaged_value_is_compared_or_refused_in_one_line(tmp_path_factory, data):
    whole = clip_report(
        "a.mp4", found(1, 2, 3.0), seconds=3.0, signals={"noise": np.ones(75)}
    ).to_json()
    damaged = json.loads(json.dumps(whole))
    spots = [spot for spot in leaves(damaged) if spot and "series" not in spot[:-1]]
    spot = data.draw(st.sampled_from(spots))
    owner = damaged
    for key in spot[:-1]:
        owner = owner[key]
    owner[spot[-1]] = data.draw(JUNK)
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    path.write_text(json.dumps([whole, damaged]))
    refused = ""
    try:
        told(ef.compare(path))
    except BadInput as error:
        refused = str(error)
    assert "\n" not in refused
