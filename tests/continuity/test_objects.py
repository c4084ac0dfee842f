"""Drawn things on moving ground: what is followed, where, and through what."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from evenflow.continuity import check
from evenflow.continuity.identity import Cast
from evenflow.continuity.objects import look_frames, tracks_of
from evenflow.continuity.returns import returned_wrong
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.report import Report
from evenflow.core.schemas import report_schema
from evenflow.core.span import decode_mask

from .test_identity import passage_of

WIDTH, HEIGHT = 320, 180


def ground(seed=0):
    rng = np.random.default_rng(seed)
    noise = rng.normal(0, 1, (HEIGHT, WIDTH * 2, 1)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return np.clip(120 + 300 * smooth[..., None] + np.float32([10, 25, -10]), 0, 255)


def drawn(count=60, *, bar=None, speed=2.0, wrong=False):
    """A red ball with spots that rolls to the right over a slow pan; perhaps behind a bar.

    `wrong`: it comes out from behind the bar as a blue one.
    """
    page, frames, places = ground(), [], []
    for i in range(count):
        frame = page[:, i // 3 : i // 3 + WIDTH].copy()
        x, y = 50 + speed * i, 95 + 6 * np.sin(i / 9)
        other = wrong and x > sum(bar) / 2
        colors = ((40, 60, 200), (20, 20, 30)) if other else ((200, 40, 40), (240, 220, 90))
        cv2.circle(frame, (int(x), int(y)), 24, colors[0], -1, cv2.LINE_AA)
        for k in range(5):
            angle = k * 1.26 + i / 14
            spot = (int(x + 13 * np.cos(angle)), int(y + 13 * np.sin(angle)))
            cv2.circle(frame, spot, 7 if other else 4, colors[1], -1, cv2.LINE_AA)
        if bar is not None:
            frame[:, bar[0] : bar[1]] = (70, 70, 75)
        frames.append(np.clip(frame, 0, 255).astype(np.uint8))
        places.append((x, y))
    return Clip(ArraySource(np.stack(frames), Fraction(24), "ball")), places


@pytest.fixture(scope="module")
def ball():
    clip, places = drawn()
    return clip, places, passage_of(clip)


def test_looks_of_two_stretches_fall_on_the_same_frames(ball):
    passage = ball[2]
    whole = look_frames(passage)
    late = [10 + f for f in look_frames(passage.part(10, 60))]
    assert set(late[1:]) <= set(whole)


def test_a_ball_is_one_object_in_the_place_where_it_is(ball):
    _, places, passage = ball
    tracks = tracks_of(passage)
    mine = [
        t
        for t in tracks
        if all(
            np.hypot(*(np.array(places[v.frame]) / (WIDTH, HEIGHT) - v.center)) < 0.12
            for v in t.looks
        )
    ]
    assert len(mine) == 1
    assert len(tracks) <= 3
    assert mine[0].last.frame - mine[0].start > 40


def test_it_passes_behind_a_bar_and_is_the_same_again():
    clip, places = drawn(110, bar=(150, 178))
    [ball] = [t for t in tracks_of(passage_of(clip)) if t.gaps]
    before, after = ball.looks[2], ball.last
    for look in (before, after):
        gap = np.array(places[look.frame]) / (WIDTH, HEIGHT) - look.center
        assert np.hypot(*gap) < 0.12
    assert before.center[0] < 150 / WIDTH and after.center[0] > 178 / WIDTH
    assert ball.gaps[0].likeness > 0.6


def test_what_comes_out_as_another_one_came_back_wrong():
    assert returned_wrong(passage_of(drawn(110, bar=(140, 178))[0])) == []
    [found] = returned_wrong(passage_of(drawn(110, bar=(140, 178), wrong=True)[0]))
    assert found.kind == "vanish" and 70 <= found.start <= 96
    assert found.severity > 2


def test_the_report_holds_boxes_a_mask_and_ids_in_order(ball):
    report = check(ball[0])
    assert [o["id"] for o in report.objects] == list(range(1, len(report.objects) + 1))
    for thing in report.objects:
        assert decode_mask(thing["mask"]).any()
        assert 0 < len(thing["boxes"]) <= 9
        for place in thing["boxes"]:
            x0, y0, x1, y1 = place["box"]
            assert 0 <= x0 < x1 <= WIDTH and 0 <= y0 < y1 <= HEIGHT
            assert thing["start_frame"] <= place["frame"] < thing["end_frame"]
    again = Report.from_json(report.to_json())
    assert again.objects == report.objects
    assert "boxes" in report_schema()["$defs"]["object"]["properties"]


def test_ids_and_curves_go_on_across_stretches(ball):
    passage = ball[2]
    whole, parted = Cast((WIDTH, HEIGHT)), Cast((WIDTH, HEIGHT))
    whole.add(passage, closes=True)
    parted.add(passage.part(0, 40), closes=False)
    parted.add(passage.part(16, 60), closes=True)
    longest = max(b.end - b.start for b in whole.beings)
    assert max(b.end - b.start for b in parted.beings) >= longest - 12
    assert len(parted.beings) <= len(whole.beings) + 1
