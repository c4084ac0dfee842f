from collections import Counter
from dataclasses import replace

import pytest

from evenflow.bench.footage import Take
from evenflow.bench.plan import PLACEMENTS, Unit, plants, span_of, top_up
from evenflow.continuity import INJECTORS

TAKES = [Take(f"clip {i}", photo=f"{i}.png", seed=i) for i in range(9)]


@pytest.mark.parametrize("num_clips", [1, 2, 3, 4, 7, 9])
def test_every_strength_gets_four_plants_and_no_plant_comes_twice(num_clips):
    units = plants(TAKES[:num_clips], "freeze", seed=7)
    counts = Counter(unit.strength for unit in units)
    assert min(counts[s] for s in range(1, 6)) >= 4
    assert len({unit.key() for unit in units}) == len(units)
    assert {unit.take for unit in units} == {*TAKES[:num_clips]}


def test_no_clip_no_plant():
    assert plants([], "freeze") == []
    assert top_up([], [], "freeze", strengths=(1,), seed=0) == []


def test_rounds_draw_other_times():
    one, two = plants(TAKES, "freeze"), plants(TAKES, "freeze", rounds=2)
    assert two[: len(one)] == one
    assert len(two) == 2 * len(one)
    assert len({unit.key() for unit in two}) == len(two)


def test_plants_of_a_turn_share_time_whatever_their_strength():
    units = [Unit("plant", TAKES[0], "shake", strength, 3, seed=5) for strength in range(1, 6)]
    assert len({span_of(unit, num_frames=72, fps=24.0) for unit in units}) == 1


def test_a_plant_stays_where_it_is_when_other_clips_join():
    here = span_of(Unit("plant", TAKES[0], "shake", 3, seed=5), num_frames=72, fps=24.0)
    renamed = replace(TAKES[0], seed=99)
    assert span_of(Unit("plant", renamed, "shake", 1, seed=5), num_frames=72, fps=24.0) == here
    others = {
        span_of(Unit("plant", take, "shake", 3, seed=5), num_frames=720, fps=24.0) for take in TAKES
    }
    assert len(others) > 5


@pytest.mark.parametrize("kind", [*INJECTORS, "a kind of tomorrow"])
@pytest.mark.parametrize("num_frames", [5, 12, 24, 48, 72, 150])
def test_spans_lie_inside_the_clip(kind, num_frames):
    for turn in range(10):
        for attempt in range(4):
            unit = Unit("plant", TAKES[0], kind, 3, turn)
            span = span_of(unit, num_frames=num_frames, fps=25.0, least=6, attempt=attempt)
            if span is None:
                assert num_frames < 24
                continue
            assert 1 <= span[0] < span[1] <= num_frames
            assert span[1] - span[0] >= 6
            placement = PLACEMENTS.get(kind)
            if placement is not None and (placement.to_end or placement.whole):
                assert span[1] == num_frames


def test_top_ups_fill_what_is_missing():
    have = [Unit("plant", TAKES[0], "vanish", s, s) for s in (1, 1, 1, 1, 2, 3)]
    more = top_up(have, TAKES[:2], "vanish", strengths=(1, 2, 3), seed=0)
    assert Counter(unit.strength for unit in more) == {2: 3, 3: 3}
    assert len({unit.key() for unit in more}) == 6
    assert {unit.take for unit in more} == {*TAKES[:2]}


def test_keys_know_what_matters():
    unit = Unit("plant", TAKES[0], "freeze", 3, seed=1)
    for other in (
        replace(unit, strength=4),
        replace(unit, turn=1),
        replace(unit, seed=2),
        replace(unit, boxed=True),
        replace(unit, change="mirror"),
        replace(unit, take=TAKES[1]),
    ):
        assert other.key() != unit.key()
    clean = Unit("clean", TAKES[0], seed=1)
    assert clean.key() == replace(clean, seed=2).key()  # nothing in it is random


def test_keys_do_not_know_where_a_file_lies():
    a = Take("a.mp4", file="/here/a.mp4", mark="12ab")
    assert Unit("clean", a).key() == Unit("clean", replace(a, file="/there/a.mp4")).key()
    assert Unit("clean", a).key() != Unit("clean", replace(a, mark="34cd")).key()
