"""Gates: one grammar, and ignorance never passes."""

import json
import math

import pytest
from fakes import a_finding, a_report
from hypothesis import given
from hypothesis import strategies as st

from evenflow.core.errors import GateError
from evenflow.core.gate import Clause, Gate, Verdict, units
from evenflow.core.kinds import KINDS
from evenflow.core.measurement import Measurement
from evenflow.core.signals import SIGNALS

COMPARE = st.sampled_from(["<=", ">=", "<", ">", "=="])
BOUNDS = st.floats(-1e9, 1e9, allow_nan=False).filter(lambda b: b == 0 or abs(b) > 1e-9)


def report(**changes):
    """A report of a clip with nothing wrong and nothing measured, but for `changes`."""
    nothing = {"signals": {}, "findings": (), "not_assessable": {}}
    return a_report(**{**nothing, **changes})


def judge(table, of):
    return Gate.parse(table).judge(of)


@given(st.sampled_from(sorted(units())), COMPARE, BOUNDS)
def test_a_clause_reads_back_from_its_text(key, compare, bound):
    clause = Clause(key, compare, bound)
    name, _, value = str(clause).partition(" ")
    assert Clause.parse(name, value) == clause
    assert value == clause.value


@given(COMPARE, BOUNDS, BOUNDS)
def test_a_clause_compares_as_python_does(compare, bound, value):
    clause = Clause.parse("score", f"{compare} {bound:.9f}")
    assert clause.holds(value) == eval(f"value {compare} clause.bound")


@pytest.mark.parametrize(
    ("value", "bound"),
    [("<=2jnd", 2), ("<= 2 JND", 2), (" <=  2.50 ", 2.5), (">= -1 jnd", -1)],
)
def test_space_and_case_do_not_matter(value, bound):
    assert Clause.parse("freeze", value).bound == bound


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("lighting_flickr", "<= 2 jnd", "lighting_flicker"),
        ("freeze", "<= 2 px", "unit is jnd"),
        ("score", ">= 90 jnd", "unit is none"),
        ("freeze", "2 jnd", "is written like"),
        ("freeze", "<= two", "is written like"),
        ("freeze", "=< 2", "is written like"),
        ("freeze", None, "is written like"),
        ("freeze", ["<= 2"], "is written like"),
        ("freeze", "<= " + "9" * 400, "is written like"),
    ],
)
def test_what_is_not_a_clause_is_one_line(key, value, word):
    with pytest.raises(GateError, match=word) as caught:
        Clause.parse(key, value)
    assert "\n" not in str(caught.value)


def test_both_spellings_of_color_are_read():
    assert Clause.parse("colour_change", "<= 1").key == "color_change"


def test_every_kind_and_every_signal_is_a_key():
    assert units().keys() == {*KINDS, *SIGNALS, "any", "score", "findings"}
    assert all(units()[kind] == "jnd" for kind in KINDS)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("g.toml", '[gate]\nfreeze = "<= 2 jnd"\nscore = ">= 90"\n'),
        ("g.yaml", 'gate:\n  freeze: "<= 2 jnd"\n  score: ">= 90"\n'),
        ("g.json", '{"gate": {"freeze": "<= 2 jnd", "score": ">= 90"}}'),
    ],
)
def test_three_formats_hold_the_same_gate(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert Gate.load(tmp_path / name) == Gate.parse({"freeze": "<= 2", "score": ">= 90"})


@pytest.mark.parametrize("text", ["", "gate = 3", "[gate]", "[gat]\nfreeze=1", "\x00", "[gate"])
def test_a_file_without_a_gate_says_so(tmp_path, text):
    path = tmp_path / "g.toml"
    path.write_text(text)
    with pytest.raises(GateError, match=r"g\.toml"):
        Gate.load(path)
    with pytest.raises(GateError, match="cannot be read"):
        Gate.load(tmp_path / "missing.toml")


def test_the_worst_finding_decides_and_shows_its_span():
    of = report(findings=(a_finding("freeze", 3, 9, 2.0), a_finding("freeze", 20, 30, 4.0)))
    (verdict,) = judge({"freeze": "<= 3 jnd"}, of)
    assert verdict == Verdict(verdict.clause, False, 4.0, 20, 30)
    (verdict,) = judge({"freeze": "<= 4 jnd"}, of)
    assert verdict.passed


def test_absent_defects_are_zero_and_counts_begin_at_two_jnd():
    of = report(findings=(a_finding("freeze", 3, 9, 1.9), a_finding("shake", 3, 9, 2.0)))
    verdicts = judge({"drift": "<= 0", "findings": "== 1", "any": "<= 2", "shake": "<= 2"}, of)
    assert [v.value for v in verdicts] == [0.0, 1, 2.0, 2.0]
    assert all(v.passed for v in verdicts)


@pytest.mark.parametrize("compare", ["<=", ">=", "<", ">", "=="])
@pytest.mark.parametrize(
    ("key", "of"),
    [
        ("score", report(score=None)),
        ("any", report(score=None)),
        ("findings", report(score=None)),
        ("luma_gain", report()),
        (
            "luma_gain",
            report(signals={"luma_gain": Measurement("luma_gain", "%", "lower", None, reason="x")}),
        ),
        (
            "luma_gain",
            report(signals={"luma_gain": Measurement("luma_gain", "%", "lower", math.nan)}),
        ),
        ("noise", report(signals={"noise": Measurement("noise", "", "lower", -math.inf)})),
        ("semantic_mismatch", report(not_assessable={"semantic_mismatch": "no --prompt given"})),
    ],
)
def test_what_cannot_be_measured_never_passes(key, compare, of):
    for bound in (-1000, 0, 1000):
        (verdict,) = judge({key: f"{compare} {bound}"}, of)
        assert not verdict.passed
        assert verdict.value is None
        assert verdict.reason
        json.dumps(verdict.to_json(), allow_nan=False)


@given(st.floats(-1e6, 1e6).map(lambda v: round(v, 4)), BOUNDS)
def test_a_signal_is_compared_by_its_summary(summary, bound):
    of = report(signals={"luma_gain": Measurement("luma_gain", "%", "lower", summary)})
    (verdict,) = judge({"luma_gain": Clause("luma_gain", "<=", bound).value}, of)
    assert verdict.passed == (summary <= bound)
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_a_verdict_reads_back_with_its_reason():
    (verdict,) = judge({"luma_gain": "<= 1 %"}, report())
    assert Verdict.from_json(json.loads(json.dumps(verdict.to_json()))) == verdict
