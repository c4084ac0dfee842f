"""Drawn scenes have no grain and hard edges: what moves in them is legal, what is wrong shows."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from evenflow.continuity import check
from evenflow.continuity.analysis import analyze
from evenflow.continuity.arbitration import arbitrate
from evenflow.continuity.candidate import Candidate
from evenflow.continuity.own_motion import own_steps
from evenflow.continuity.passage import Passage
from evenflow.continuity.picture import working_size
from evenflow.core.clip import ArraySource, Clip
from evenflow.motion.cuts import Evidence, is_cut

WIDTH, HEIGHT, NUM, FINE = 288, 180, 44, 4


def ground():
    """A plain sky over a floor of boards, drawn `FINE` times as large."""
    made = np.full((HEIGHT * FINE, WIDTH * FINE, 3), (196, 204, 214), np.uint8)
    made[60 * FINE :] = (168, 150, 128)
    for k in range(7):
        y = int((66 + 2.6 * k * k) * FINE)
        cv2.line(made, (0, y), (WIDTH * FINE, y), (120, 104, 86), 2 + 2 * k)
        for j in range(9):
            x = int((j * 38 + 17 * k + 5 * j * j) % WIDTH * FINE)
            cv2.line(made, (x, y), (x - 6 * FINE, y + (5 * k + 6) * FINE), (120, 104, 86), 4)
    return made


def at(x, y):
    return round(x * FINE), round(y * FINE)


def seen(large):
    return cv2.resize(large, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def ball(large, x, y, radius=24, turn=0.0, spots=0, color=(60, 80, 190)):
    """A ball; its spots are carried round by `turn`, in radians."""
    cv2.circle(large, at(x, y), radius * FINE, color, -1, cv2.LINE_AA)
    for k in range(spots):
        angle = turn + 2 * np.pi * k / max(1, spots)
        for reach in (0.35, 0.75):
            dx, dy = radius * reach * np.cos(angle + reach), radius * reach * np.sin(angle + reach)
            cv2.circle(large, at(x + dx, y + dy), 3 * FINE, (20, 20, 30), -1, cv2.LINE_AA)
    return large


def drawn(each, num=NUM):
    return np.stack([seen(each(i, ground())) for i in range(num)])


def falling(i):
    return 40.0 + 0.08 * i * i


def report(frames):
    return check(Clip(ArraySource(np.asarray(frames, np.uint8), Fraction(24))), workers=1)


def kinds(frames):
    return {f.kind for f in report(frames).findings if f.severity_jnd >= 1.5}


def passage_of(frames):
    steps = list(
        analyze(Clip(ArraySource(frames, Fraction(24))).stream(0, None), fps=24, workers=1)
    )
    return Passage(
        start=0,
        seconds=np.array([float(s.picture.time) for s in steps]),
        size=(WIDTH, HEIGHT),
        lines=working_size(WIDTH, HEIGHT)[1],
        pictures=[s.picture for s in steps],
        pairs=[None, *(s.pair for s in steps[1:])],
        anchors=[s.anchor for s in steps],
    )


def test_a_spotted_ball_that_rolls_by_is_not_drawn_afresh():
    rolling = drawn(lambda i, g: ball(g, 40 + 3.0 * max(0, i - 6), 120, 20, i * 0.15, 9))
    assert not kinds(rolling) & {"edge_shimmer", "unstable_texture", "background_swim"}


def ghostly(i, large):
    """A ball that sinks; from frame 18 on where it was three and six frames ago shows as well."""
    clear = ball(large.copy(), 150, falling(i), 22)
    if i < 18:
        return clear
    for age, share in ((6, 0.25), (3, 0.4)):
        old = ball(large.copy(), 150, falling(i - age), 22)
        large = cv2.addWeighted(large, 1 - share, old, share, 0)
    return ball(large, 150, falling(i), 22)


def test_faint_copies_where_a_thing_has_just_been_are_ghosts():
    found = report(drawn(ghostly))
    assert found.worst.kind == "ghosting" and abs(found.worst.span.start_frame - 18) <= 1


def test_what_appears_where_nothing_was_is_no_ghost():
    def popping(i, large):
        large = ball(large, 60, falling(i), 16)
        return ball(large, 200, 110, 22, color=(190, 60, 60)) if i >= 20 else large

    found = kinds(drawn(popping))
    assert "ghosting" not in found and "vanish" in found


def test_a_step_of_its_own_width_is_a_leap_of_the_same_thing():
    def leaping(i, large):
        x = 100 if i < 20 else 142
        cv2.rectangle(large, at(x, 85), at(x + 40, 130), (40, 130, 60), -1)
        cv2.rectangle(large, at(x, 85), at(x + 40, 96), (80, 170, 90), -1)
        return large

    assert report(drawn(leaping)).worst.kind == "teleportation"


def test_a_lamp_that_blinks_is_neither_a_jump_nor_a_join_nor_a_thaw():
    still = drawn(lambda i, g: ball(g, 90 + 1.2 * i, 120, 14, 0.1 * i, 5)).astype(np.float32)
    lit = 1.0 + 0.1 * ((np.arange(NUM) // 9) % 2)[:, None, None, None]
    found = kinds(np.clip(still * lit, 0, 255))
    assert not found & {"unnatural_jump", "seam", "freeze"}


@pytest.mark.parametrize(("lost", "frozen"), [(0, False), (6, True)])
def test_what_has_not_moved_yet_is_frozen_only_if_time_was_lost(lost, frozen):
    noise = np.random.default_rng(5).normal(0, 1, (HEIGHT, WIDTH + 400, 3)).astype(np.float32)
    wide = np.clip(128 + 500 * cv2.GaussianBlur(noise, (0, 0), 5.0), 0, 255).astype(np.uint8)
    ways = [0 if i < 8 else 2 * (i - 8 + lost) for i in range(NUM)]
    found = kinds(np.stack([wide[:, way : way + WIDTH] for way in ways]))
    assert ("freeze" in found) == frozen


def mosaic(frames, start, ramp):
    made = frames.copy()
    for i in range(start, len(frames)):
        share = min(1.0, (i - start + 1) / ramp)
        side = max(2, round(14 * share))
        small = cv2.resize(frames[i], (WIDTH // side, HEIGHT // side), interpolation=cv2.INTER_AREA)
        flat = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_NEAREST)
        made[i] = flat
    return made


def shaded(i, large):
    """A gentle gradient over everything, so that there is something to be lost."""
    slope = np.linspace(-18, 18, large.shape[1], dtype=np.float32)[None, :, None]
    return np.clip(ball(large, 60 + 2 * i, 100, 44, 0.1 * i, 7) + slope, 0, 255).astype(np.uint8)


def test_a_picture_that_falls_into_blocks_has_collapsed():
    found = report(mosaic(drawn(shaded), 18, 9))
    assert found.worst.kind == "collapse" and abs(found.worst.span.start_frame - 18) <= 5


def test_a_face_that_is_darker_at_once_has_its_shade_turned():
    def turning(i, large):
        front = (40, 150, 60) if i < 20 else (20, 78, 31)
        cv2.rectangle(large, at(100, 70), at(170, 140), front, -1)
        cv2.rectangle(large, at(100, 58), at(170, 70), (70, 180, 90), -1)
        return large

    assert report(drawn(turning)).worst.kind == "light_direction"


def test_what_spins_in_view_runs_in_no_wrong_order():
    def spinning(i, large):
        turn = i % 11 / 11 * np.pi / 2
        corners = [turn + np.pi / 4 + k * np.pi / 2 for k in range(4)]
        points = [at(144 + 40 * np.cos(a), 110 + 40 * np.sin(a)) for a in corners]
        cv2.fillPoly(large, [np.array(points)], (180, 120, 40), cv2.LINE_AA)
        return large

    assert "action_sequence" not in kinds(drawn(spinning))


def test_a_ball_that_bounces_ever_less_moves_as_it_should():
    heights, speed, y = [], 0.0, 30.0
    for _ in range(NUM):
        heights.append(y)
        speed += 0.55
        y += speed
        if y > 130:
            y, speed = 130 - 0.5 * (y - 130), -0.62 * speed
    assert "unnatural_motion" not in kinds(drawn(lambda i, g: ball(g, 140, heights[i], 20)))


def test_a_plain_sky_does_not_move_on_its_own():
    wide = np.random.default_rng(0).integers(60, 200, (110, 600, 3)).astype(np.float32)
    wide = cv2.GaussianBlur(wide, (0, 0), 2.0) * 3 - 260
    frames = np.full((30, HEIGHT, WIDTH, 3), 205, np.uint8)
    for i in range(30):
        frames[i, 70:] = np.clip(wide[:, 3 * i : 3 * i + WIDTH], 0, 255)
    assert np.isnan(own_steps(passage_of(frames))).all()


def test_a_color_that_flickers_explains_the_light_of_its_place_and_light_no_color():
    place = np.zeros(432, bool)
    place[100:120] = True

    def one(kind, severity, **more):
        return Candidate(kind, 10, 30, 20, severity, 0.8, "", {}, tiles=place, **more)

    color = one("color_flicker", 8.0, causes=frozenset({"lighting_flicker"}))
    kept = arbitrate([color, one("lighting_flicker", 14.0)])
    assert [c.kind for c in kept] == ["color_flicker"]
    faint = one("color_flicker", 3.0, causes=frozenset({"lighting_flicker"}))
    kept = arbitrate([faint, one("lighting_flicker", 14.0)])
    assert [c.kind for c in kept] == ["lighting_flicker"]


@pytest.mark.parametrize(("tracked", "cut"), [(0.6, True), (0.95, False)])
def test_a_cut_where_there_is_little_texture(tracked, cut):
    rng = np.random.default_rng(1)
    pages = cv2.GaussianBlur(rng.normal(0, 1, (18, 32, 2)).astype(np.float32), (0, 0), 3)
    thumbs = np.stack([128 + 60 * pages[..., int(i >= 6)] / pages.std() for i in range(12)])
    usual = np.full(12, 0.99)
    usual[6] = tracked
    valid, palette = np.full(12, 0.98), np.full(12, 0.01)
    valid[6], palette[6] = 0.08, 0.12
    evidence = Evidence(usual, valid, palette, thumbs.astype(np.float32))
    assert is_cut(evidence, 6) == cut
    assert not any(is_cut(evidence, i) for i in range(12) if i != 6)


def figure(large, x, y, size, shirt=(60, 90, 200), legs=(120, 50, 40), skin=(220, 170, 140)):
    """Somebody who stands; `x`, `y` is the middle of the feet, `size` the height."""
    parts = ((0.0, 0.45, 0.2, legs), (0.45, 0.8, 0.3, shirt), (0.8, 1.0, 0.18, skin))
    for low, high, wide, color in parts:
        a, b = at(x - wide / 2 * size, y - high * size), at(x + wide / 2 * size, y - low * size)
        cv2.rectangle(large, a, b, color, -1)
    return large


@pytest.mark.parametrize(("x", "y", "size"), [(210, 150, 90), (200, 90, 34), (128, 92, 40)])
def test_who_leaps_far_away_and_is_smaller_there_is_the_same_one(x, y, size):
    def leaping(i, large):
        return figure(large, *((90, 160, 100) if i < 20 else (x, y, size)))

    assert report(drawn(leaping)).worst.kind == "teleportation"


def test_who_is_replaced_by_somebody_in_the_colors_of_the_ground_is_another_one():
    def replaced(i, large):
        pale = ((188, 170, 150), (140, 122, 100), (214, 222, 232))
        return figure(large, 150, 160, 110, *(pale if i >= 20 else ()))

    worst = report(drawn(replaced)).worst
    assert worst.kind == "subject_swap" and worst.span.start_frame == 20


def test_the_only_one_who_moved_is_gone_and_so_nothing_moves():
    def gone(i, large):
        there = not 18 <= i < 32
        return ball(large, 60 + 3.0 * i, 110, 24, 0.15 * i, 5) if there else large

    found = report(drawn(gone))
    assert found.worst.kind == "vanish" and "freeze" not in {f.kind for f in found.findings}


def test_another_place_behind_a_small_figure_is_another_background():
    meadow = np.full((HEIGHT * FINE, WIDTH * FINE, 3), (120, 170, 230), np.uint8)
    meadow[50 * FINE :] = (70, 130, 50)
    for k in range(40):
        x, y = (k * 53) % WIDTH, 54 + (k * 31) % 124
        cv2.circle(meadow, at(x, y), (2 + k % 4) * FINE, (50, 100, 40), -1, cv2.LINE_AA)

    def moved(i, large):
        return figure(meadow.copy() if i >= 20 else large, 140 + 0.5 * i, 150, 80)

    worst = report(drawn(moved)).worst
    assert worst.kind == "background_switch" and worst.span.start_frame == 20


def test_one_soft_burst_is_seen_and_a_slow_pull_is_none():
    sharp = drawn(lambda i, g: ball(g, 60 + 2.0 * i, 110, 30, 0.1 * i, 7), 60)

    def soft(width):
        sigmas = 2.2 * np.exp(-(((np.arange(60) - 30) / width) ** 2))
        return np.stack(
            [
                cv2.GaussianBlur(f, (0, 0), s) if s > 0.1 else f
                for f, s in zip(sharp, sigmas, strict=True)
            ]
        )

    assert report(soft(3.5)).worst.kind == "sharpness_pumping"
    assert "sharpness_pumping" not in kinds(soft(14.0))


def test_lighter_paint_with_more_contrast_is_paint():
    def painted(i, large):
        color = (110, 60, 200) if i < 20 else (60, 150, 240)
        shade = tuple(round(0.62 * c) for c in color)
        ball(large, 150, 110, 40, color=shade)
        return ball(large, 142, 102, 28, color=color)

    assert report(drawn(painted)).worst.kind == "color_change"
