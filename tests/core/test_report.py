"""Reports: the score's formula, the schema, and what is read back is what was written."""

import json
import math

import jsonschema
import numpy as np
import pytest
from fakes import a_finding, a_report
from hypothesis import given
from hypothesis import strategies as st

from evenflow.core.errors import BadInput
from evenflow.core.gate import Gate
from evenflow.core.kinds import KINDS
from evenflow.core.measurement import SERIES_LIMIT, Measurement, per_second
from evenflow.core.report import Report, report_schema, score
from evenflow.core.signals import SIGNALS
from evenflow.core.span import Span, encode_mask

VALIDATOR = jsonschema.Draft202012Validator(report_schema())


def with_series(num_frames, *, fps=25.0, summary=0.3):
    series = np.linspace(0, 1, num_frames, dtype=np.float32)
    series[0] = math.nan
    signals = {n: Measurement(n, s.unit, s.better, summary, series) for n, s in SIGNALS.items()}
    return a_report(signals=signals, seconds=np.arange(num_frames) / fps)


def masked():
    code = encode_mask(np.eye(4, dtype=bool))
    plain = a_finding(box=(0, 0, 8, 8))
    return type(plain)(**{**plain.__dict__, "mask": code, "ruled_out": ("cut", "mains beat")})


REPORTS = {
    "usual": a_report(),
    "clean": a_report(findings=(), cuts=(), shots=(), signals={}, not_assessable={}),
    "one frame": a_report(
        score=None,
        motion={"median_px_per_s": None, "assessable": False, "reason": "one frame"},
        findings=(),
        cuts=(),
        signals={n: Measurement(n, "", "neither", None, reason="one frame") for n in SIGNALS},
        not_assessable=dict.fromkeys(KINDS, "one frame"),
        seconds=np.zeros(1),
    ),
    "summary without a number": a_report(
        signals={"luma_gain": Measurement("luma_gain", "%", "lower", math.inf, np.zeros(5))}
    ),
    "every signal": with_series(5),
    "an hour": with_series(SERIES_LIMIT + 1),
    "a mask": a_report(findings=(masked(),)),
    "every kind": a_report(findings=tuple(a_finding(kind) for kind in KINDS)),
    "a third party's signal": a_report(
        signals={"acme_smoothness": Measurement("acme_smoothness", "acme", "higher", 1.0)}
    ),
    "a gate": a_report().judged(
        Gate.parse(
            {
                "lighting_flicker": "<= 2",
                "shake": "<= 2",
                "prompt_match": ">= .5".replace(".", "0."),
            }
        )
    ),
    "unicode": a_report(path="клип 🎬.mp4", warnings=("truncated after 3 frames",)),
}


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(report_schema())


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_follows_its_schema_and_reads_back(name):
    written = json.loads(REPORTS[name].dumps())
    VALIDATOR.validate(written)
    assert Report.from_json(written).to_json() == written


def test_a_long_series_is_kept_by_the_second_and_stays_so():
    long = with_series(SERIES_LIMIT + 1)
    written = long.to_json()["signals"]["luma_gain"]
    assert "series" not in written
    assert len(written["series_per_second"]) == SERIES_LIMIT // 25 + 1
    assert (
        len(with_series(SERIES_LIMIT).to_json()["signals"]["luma_gain"]["series"]) == SERIES_LIMIT
    )
    again = Report.from_json(json.loads(long.dumps()))
    assert again.signals["luma_gain"].series is None
    assert again.to_json()["signals"]["luma_gain"] == written


@given(
    st.lists(st.floats(-1e3, 1e3, width=32) | st.just(math.nan), min_size=1, max_size=60),
    st.floats(0.01, 1.0),
)
def test_a_second_is_the_mean_of_what_it_holds(values, gap_s):
    seconds = np.arange(len(values)) * gap_s
    means = per_second(np.array(values, np.float32), seconds)
    for second, mean in enumerate(means):
        held = [v for v, s in zip(values, seconds, strict=True) if int(s) == second and v == v]
        if held:
            assert mean == pytest.approx(np.mean(held), abs=1e-6)
        else:
            assert math.isnan(mean)


def broken(change):
    data = json.loads(REPORTS["usual"].dumps())
    change(data)
    return data


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.update(extra=1),
        lambda d: d.pop("digest"),
        lambda d: d.update(schema="evenflow.report/2"),
        lambda d: d.update(score=101),
        lambda d: d["clip"].pop("fps"),
        lambda d: d["clip"].update(colour="red"),
        lambda d: d["cuts"][0].update(kind="wipe"),
        lambda d: d["findings"][0].update(kind="lighting_flickr"),
        lambda d: d["findings"][0].update(dimension="beauty"),
        lambda d: d["findings"][0].update(box=[0, 0, 1]),
        lambda d: d["findings"][0].update(severity_jnd=-1),
        lambda d: d["findings"][0].update(severity_jnd=None),
        lambda d: d["findings"][0].pop("evidence"),
        lambda d: d["signals"]["luma_gain"].update(unit="dB"),
        lambda d: d["signals"]["luma_gain"].update(series_per_second=[1.0]),
        lambda d: d["signals"]["luma_gain"].update(summary=None),
        lambda d: d["signals"]["prompt_match"].update(summary=0),
        lambda d: d["not_assessable"].update(nothing="x"),
    ],
)
def test_the_schema_refuses_what_is_broken(change):
    assert not VALIDATOR.is_valid(broken(change))


@pytest.mark.parametrize(
    "data",
    [None, [], {}, {"schema": "evenflow.report/2"}, {"schema": "evenflow.report/1"}]
    + [
        broken(lambda d, key=key: d.update({key: 3}))
        for key in ("cuts", "signals", "findings", "gate")
    ]
    + [broken(lambda d: d["findings"][0].update(start_frame=9, end_frame=3))],
)
def test_a_damaged_report_is_bad_input(data):
    with pytest.raises(BadInput):
        Report.from_json(data)


def test_equal_reports_are_equal_bytes():
    assert a_report().dumps() == a_report().dumps()


SPANS = st.tuples(
    st.floats(0, 20), st.floats(0.001, 10), st.floats(0, 20).map(lambda v: round(v, 3))
)


@given(st.lists(SPANS, max_size=8), st.floats(0.01, 20))
def test_the_score_is_its_formula(spans, duration_s):
    findings = [
        type(a_finding())(Span("freeze", 0, 1), 0, start, start + length, jnd, 1.0, "", {})
        for start, length, jnd in spans
        if start < duration_s
    ]
    blocks = [0.0] * max(1, math.ceil(duration_s))
    for f in findings:
        for i in range(len(blocks)):  # block i is [i, i + 1)
            if f.start_s < i + 1 and f.end_s > i:
                blocks[i] = max(blocks[i], f.severity_jnd)
    pooled = (sum(b**4 for b in blocks) / len(blocks)) ** 0.25
    assert score(findings, duration_s=duration_s) == pytest.approx(100 * math.exp(-pooled / 10))


@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [(1.0, 100 * math.exp(-0.3)), (16.0, 100 * math.exp(-0.15)), (0.04, 100 * math.exp(-0.3))],
)
def test_one_finding_of_three_jnd_by_hand(duration_s, expected):
    """Sixteen seconds with one bad one: the 4-norm halves it."""
    assert score([a_finding("freeze", 0, 1, 3.0)], duration_s=duration_s) == pytest.approx(expected)


@given(st.lists(SPANS, min_size=1, max_size=6), st.floats(1, 20))
def test_the_score_never_rises_with_one_more_finding(spans, duration_s):
    make = type(a_finding())
    findings = [make(Span("freeze", 0, 1), 0, s, s + n, j, 1.0, "", {}) for s, n, j in spans]
    assert score(findings, duration_s=duration_s) <= score(findings[1:], duration_s=duration_s)


def test_a_finding_of_any_kind_knows_what_pixels_can_repair():
    assert a_finding("freeze", 0, 8).repairable
    assert not a_finding("freeze", 0, 9).repairable
    assert a_finding("lighting_flicker", 0, 999).repairable
    assert not a_finding("subject_swap", 0, 1).repairable
