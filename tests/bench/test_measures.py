"""Found, named, taken for, time, place: on reports made by hand."""

import math

import pytest

from evenflow.bench import measures
from evenflow.bench.footage import Take
from evenflow.bench.measures import box_hit, judge
from evenflow.bench.plan import Unit
from evenflow.bench.work import Outcome, Seen
from evenflow.core.span import Span


def seen(kind="freeze", start=20, end=30, severity=4.0, box=None, peak=None):
    return Seen(kind, start, end, start if peak is None else peak, severity, 0.9, box)


def clean(*findings, name="clip", cuts=(), score=100.0, seconds=3.0):
    return Outcome(Unit("clean", Take(name)), "", None, findings, cuts, score, seconds, {})


def planted(*findings, kind="freeze", strength=4, name="clip", turn=0, cuts=(), **truth):
    box = truth.pop("box", None)
    span = Span(kind, 20, 30, box, None, strength, truth)
    unit = Unit("plant", Take(name), kind, strength, turn)
    return Outcome(unit, "", span, findings, cuts, 60.0, 3.0, {})


def test_found_and_named():
    verdict = judge(planted(seen()), clean())
    assert verdict.found and verdict.named
    assert (verdict.called, verdict.severity, verdict.time_iou) == ("freeze", 4.0, 1.0)
    assert verdict.extra == 0


@pytest.mark.parametrize(
    ("finding", "found"),
    [
        (seen(severity=1.99), False),  # too small
        (seen(severity=2.0), True),
        (seen(start=33, end=40), False),  # three frames beside it and no more
        (seen(start=32, end=40), True),
        (seen(start=10, end=17), False),
        (seen(start=10, end=18), True),
    ],
)
def test_what_counts_as_found(finding, found):
    assert judge(planted(finding), clean()).found is found


def test_what_the_clean_twin_has_is_not_found_unless_it_got_much_worse():
    old = seen(severity=3.0)
    assert not judge(planted(seen(severity=3.2)), clean(old)).found
    assert judge(planted(seen(severity=9.0)), clean(old)).found
    assert judge(planted(seen(severity=3.2)), clean(seen(kind="shake", severity=3.0))).found
    assert judge(planted(seen()), None).found


def test_the_worst_finding_gives_the_name():
    both = seen("shake", severity=5.0), seen(severity=4.0)
    verdict = judge(planted(*both), clean())
    assert (verdict.called, verdict.named, verdict.severity) == ("shake", False, 4.0)
    assert verdict.time_iou is None and verdict.box_hit is None
    assert verdict.extra == 1
    assert judge(planted(*both, equal=["shake"]), clean()).called == "freeze"


def test_cut_and_nothing_are_names_too():
    assert judge(planted(), clean()).called == "nothing"
    assert judge(planted(cuts=((19, 20),)), clean()).called == "cut"
    assert judge(planted(cuts=((19, 20),)), clean(cuts=((19, 20),))).called == "nothing"
    assert judge(planted(cuts=((60, 61),)), clean()).called == "nothing"


def test_a_small_named_finding_has_its_severity_all_the_same():
    verdict = judge(planted(seen(severity=1.2)), clean())
    assert (verdict.found, verdict.severity) == (False, 1.2)


TRUTH = (10, 10, 50, 50)


@pytest.mark.parametrize(
    ("box", "hit"),
    [
        (TRUTH, True),
        (None, False),
        ((10, 10, 50, 18), True),  # a fifth of it, and nothing else
        ((0, 0, 200, 200), False),  # holds it, but says nothing
        ((0, 0, 80, 80), True),  # its center is inside and it is four times as large
        ((49, 49, 90, 90), False),
    ],
)
def test_what_counts_as_the_right_place(box, hit):
    assert judge(planted(seen(box=box), box=TRUTH), clean()).box_hit is hit


def test_what_is_everywhere_has_no_place():
    assert box_hit(seen(box=TRUTH), Span("freeze", 20, 30)) is None


def test_a_moving_place_is_asked_at_the_peak_or_over_the_finding():
    boxes = [[frame, 10 * frame, 0, 10 * frame + 20, 20] for frame in range(20, 30)]
    truth = Span("vanish", 20, 30, (200, 0, 310, 20), None, 3, {"boxes": boxes})
    assert box_hit(seen(box=(250, 0, 270, 20), peak=25), truth)
    assert not box_hit(seen(box=(200, 0, 220, 20), peak=29), truth)
    assert box_hit(seen(box=(200, 0, 310, 20), peak=29), truth)
    assert box_hit(seen(start=40, end=44, box=(290, 0, 310, 20), peak=41), truth)


def test_either_place_of_a_teleportation_counts():
    boxes = [[20, 0, 0, 20, 20], [20, 200, 200, 220, 220]]
    truth = Span("teleportation", 20, 30, (0, 0, 220, 220), None, 3, {"boxes": boxes})
    assert box_hit(seen(box=(0, 0, 20, 20)), truth)
    assert box_hit(seen(box=(199, 199, 221, 221)), truth)
    assert not box_hit(seen(box=(100, 0, 120, 20)), truth)


def test_separation_counts_the_named_kind_alone_and_equal_ones_on_both_sides():
    hits = [judge(planted(seen(severity=s)), clean()) for s in (3.0, 5.0)]
    legal = [clean(), clean(seen("shake", severity=15.0)), clean(seen(severity=4.0))]
    assert measures.separation(hits, legal).value == pytest.approx((2 / 3 + 1) / 2)
    equal = [judge(planted(seen("shake", severity=9.0), equal=["shake"]), clean())]
    assert measures.separation(equal, legal).value == pytest.approx(2 / 3)


def test_a_kind_that_is_never_named_separates_nothing():
    misses = [judge(planted(), clean())]
    assert measures.separation(misses, [clean(), clean()]).value == 0.5


def test_spearman_is_taken_within_one_plant():
    ladder = [
        judge(planted(seen(severity=s), strength=i + 1), clean())
        for i, s in enumerate((0.0, 1.0, 2.0, 4.0, 9.0))
    ]
    assert measures.rank_correlation(ladder).value == pytest.approx(1.0)
    fallen = [
        judge(planted(seen(severity=10.0 - i), strength=i + 1, name="b"), clean()) for i in range(5)
    ]
    assert measures.rank_correlation(ladder + fallen).value == pytest.approx(0.0)
    blind = [judge(planted(strength=i + 1, name="c"), clean()) for i in range(5)]
    assert measures.rank_correlation(ladder + blind).value == pytest.approx(0.5)
    assert measures.rank_correlation(ladder[:2]) is None


def test_shares_and_lists():
    verdicts = [
        judge(planted(seen(box=TRUTH), box=TRUTH), clean()),
        judge(planted(seen(), seen("shake", 60, 70), box=TRUTH), clean()),
        judge(planted(box=TRUTH), clean()),
    ]
    assert measures.found_share(verdicts).value == pytest.approx(2 / 3)
    assert measures.named_share(verdicts).count == 3
    assert measures.hit_share(verdicts).value == 0.5
    assert measures.single_share(verdicts).value == 0.5
    assert measures.time_ious(verdicts) == [1.0, 1.0]
    assert measures.confusion(verdicts) == {"freeze": {"freeze": 2, "nothing": 1}}


def test_alarms_and_what_is_new():
    clips = [clean(seen(severity=1.6), seen(severity=3.0)), clean()]
    assert measures.alarms(clips, 1.5) == 2 and measures.alarms(clips, 3.0) == 1
    twin = clean(seen(severity=3.0))
    legal = clean(seen(severity=3.1), seen("shake", severity=2.5), seen("drift", severity=2.8))
    assert [f.kind for f in measures.new_findings(legal, twin, 2.0)] == ["drift", "shake"]


def test_shifts_count_points_and_findings():
    pairs = [
        (clean(seen(), score=80.0), clean(score=84.0)),
        (clean(score=100.0), clean(seen("shake"), seen("drift", severity=1.0), score=98.0)),
        (clean(score=100.0), clean(score=None)),
    ]
    shift = measures.shift(pairs)
    assert (shift.mean, shift.most, shift.count, shift.gone, shift.new) == (3.0, 4.0, 2, 1, 1)
    assert measures.shift([]) is None


def test_what_is_rewarded():
    pairs = [
        (clean(score=90.0), clean(score=90.04)),
        (clean(score=90.0), clean(score=91.0)),
        (clean(score=90.0), clean(score=None)),
    ]
    assert measures.rewarded(pairs) == [pairs[1][1]]


def test_an_outcome_survives_its_json():
    outcome = planted(seen(box=TRUTH), seen("shake"), cuts=((3, 4),), boxes=[[20, *TRUTH]])
    back = Outcome.from_json(outcome.unit, outcome.to_json())
    assert back == outcome
    assert not math.isnan(back.seconds)
