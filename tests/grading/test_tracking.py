from dataclasses import replace

import numpy as np

from evenflow.grading import tracking
from evenflow.grading.bodies import FLAT_PATTERN, Body
from evenflow.grading.reading import ABSENT, HIDDEN, LOST, OUTSIDE, SEEN
from evenflow.grading.scenes import KINDS, TINTS

HEIGHT, WIDTH = 60, 100


def log_one(names, name, share=0.9):
    p = np.full(len(names), (1 - share) / (len(names) - 1))
    p[names.index(name)] = share
    return np.log(p).astype("f4")


def square(x, y, side, *, color="red", kind="ball", cut=None):
    """A square body with its middle at (x, y), less what `cut` (a bool picture) covers."""
    mask = np.zeros((HEIGHT, WIDTH), bool)
    x0, y0 = round(x - side / 2), round(y - side / 2)
    mask[max(y0, 0) : max(y0 + side, 0), max(x0, 0) : max(x0 + side, 0)] = True
    if cut is not None:
        mask &= ~cut
    if mask.sum() < 5:
        return None
    rows, columns = np.nonzero(mask)
    box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    inside = mask[box[1] : box[3], box[0] : box[2]]
    center = np.array([columns.mean() + 0.5, rows.mean() + 0.5], "f4")
    return Body(
        tuple(int(v) for v in box), inside, center, np.array([x, y], "f4"), float(mask.sum()),
        log_one(TINTS, color), log_one(TINTS, "white"), FLAT_PATTERN, log_one(KINDS, kind),
        np.zeros(3, "f4"), np.zeros((0, 2), "f4"),
    )  # fmt: skip


def run(frames, cuts=()):
    frames = [[body for body in bodies if body is not None] for bodies in frames]
    count = len(frames)
    trails = tracking.follow(frames, np.zeros((count, 4)), cuts)
    trails = tracking.joined(tracking.pruned(trails, frames), frames)
    ids = {trail.number: i + 1 for i, trail in enumerate(trails)}
    labels = np.zeros((count, HEIGHT, WIDTH), np.int16)
    for trail in trails:
        for t, b in trail.bodies.items():
            x0, y0, x1, y1 = frames[t][b].box
            labels[t, y0:y1, x0:x1][frames[t][b].mask] = ids[trail.number]
    shot = np.zeros(count, int)
    for first in cuts:
        shot[first:] += 1
    found = [tracking.states(trail, frames, labels, ids, shot) for trail in trails]
    return trails, frames, [state for state, _ in found], [hider for _, hider in found], ids


def middles(trail, frames):
    return {t: frames[t][b].middle[0] for t, b in trail.bodies.items()}


def test_two_that_look_the_same_keep_apart_when_they_cross():
    frames = [[square(10 + 3 * t, 20, 10), square(90 - 3 * t, 33, 10)] for t in range(26)]
    trails, frames, states, _, _ = run(frames)
    assert len(trails) == 2
    for trail in trails:
        steps = np.diff([x for _, x in sorted(middles(trail, frames).items())])
        assert (np.abs(steps - steps[0]) < 0.5).all()  # nobody turned back
    assert all((state == SEEN).all() for state in states)


def test_behind_a_pillar_is_hidden_by_the_pillar_and_comes_back_as_itself():
    pillar = np.zeros((HEIGHT, WIDTH), bool)
    pillar[5:55, 45:62] = True
    frames = []
    for t in range(30):
        post = square(53.5, 30, 17, color="gray", kind="pillar")
        post = Body(**(vars(post) | {"box": (45, 5, 62, 55), "mask": np.ones((50, 17), bool),
                                     "area": 850.0}))  # fmt: skip
        frames.append([post, square(8 + 3 * t, 35, 10, cut=pillar)])
    trails, _, states, hiders, ids = run(frames)
    assert len(trails) == 2
    ball = next(i for i, one in enumerate(trails) if KINDS[one.kind.argmax()] == "ball")
    post = ids[trails[1 - ball].number]
    gone = states[ball] != SEEN
    assert 2 <= gone.sum() <= 7
    assert (states[ball][gone] == HIDDEN).all() and (hiders[ball][gone] == post).all()


def test_who_stops_behind_a_wall_is_not_lost():
    wall = np.zeros((HEIGHT, WIDTH), bool)
    wall[5:55, 40:90] = True
    frames = []
    for t in range(30):
        one = square(65, 30, 17, color="brown", kind="wall")
        one = Body(**(vars(one) | {"box": (40, 5, 90, 55), "mask": np.ones((50, 50), bool),
                                   "area": 2500.0}))  # fmt: skip
        frames.append([one, square(min(8 + 3 * t, 60), 35, 10, cut=wall)])
    trails, _, states, _, _ = run(frames)
    ball = next(i for i, one in enumerate(trails) if KINDS[one.kind.argmax()] == "ball")
    assert set(states[ball].tolist()) == {SEEN, HIDDEN}


def test_who_leaves_over_the_border_is_outside():
    frames = [[square(70 + 3 * t, 30, 10), square(30, 30, 12, color="blue")] for t in range(24)]
    for bodies in frames:  # the picture ends at 100
        bodies[:] = [b for b in bodies if b is not None and b.box[0] < 98]
    trails, _, states, _, _ = run(frames)
    ball = next(i for i, one in enumerate(trails) if TINTS[one.color.argmax()] == "red")
    gone = states[ball] != SEEN
    assert gone.any() and (states[ball][gone] == OUTSIDE).all()


def test_who_vanishes_in_the_open_is_lost_until_he_is_seen_again():
    frames = [[None if 10 <= t < 16 else square(50, 30, 12)] for t in range(24)]
    trails, _, states, _, _ = run(frames)
    assert len(trails) == 1
    assert (states[0][10:16] == LOST).all() and (states[0][16:] == SEEN).all()


def test_a_jump_across_the_picture_is_still_the_same():
    frames = [[square(20 if t < 10 else 80, 30, 12)] for t in range(20)]
    trails, _, states, _, _ = run(frames)
    assert len(trails) == 1 and (states[0] == SEEN).all()


def test_a_change_of_color_in_place_is_the_same_and_an_exchange_far_off_is_not():
    frames = [[square(50, 30, 12, color="red" if t < 10 else "teal")] for t in range(20)]
    assert len(run(frames)[0]) == 1
    frames = [
        [square(15, 30, 12)] if t < 10 else [square(85, 30, 12, color="teal", kind="cube")]
        for t in range(20)
    ]
    trails, _, states, _, _ = run(frames)
    assert len(trails) == 2
    assert (states[1][:10] == ABSENT).all()


def test_after_a_cut_the_same_is_known_by_its_looks():
    frames = [
        [square(20, 30, 12), square(70, 30, 12, color="blue", kind="cube")] for _ in range(8)
    ] + [[square(75, 20, 16)] for _ in range(8)]
    trails, _, states, _, _ = run(frames, cuts=(8,))
    assert len(trails) == 2
    assert (states[0] == SEEN).all()
    assert (states[1][8:] == OUTSIDE).all()


def test_a_fluke_of_one_frame_is_nobody():
    frames = [[square(50, 30, 12)] for _ in range(20)]
    frames[7].append(square(20, 20, 6, color="green"))
    assert len(run(frames)[0]) == 1


def test_one_that_is_parsed_in_two_pieces_is_one_and_two_that_pass_are_two():
    def halves(t):
        left, right = (square(30 + t, 30, 10, kind="man", color=c) for c in ("red", "blue"))
        left = replace(left, center=left.center - np.array([5, 0], "f4"))
        return [left, right] if t > 5 else [left]

    frames = [halves(t) for t in range(20)]
    trails = tracking.follow(frames, np.zeros((20, 4)))
    assert len(trails) == 2
    united, bodies = tracking.united(trails, frames)
    assert [sorted(one.bodies) for one in united] == [list(range(20))]
    assert bodies[12][united[0].bodies[12]].area == 200
    passing = [
        [square(10 + 3 * t, 20, 10, kind="man"), square(90 - 3 * t, 26, 10, kind="man")]
        for t in range(26)
    ]
    trails = tracking.follow(passing, np.zeros((26, 4)))
    assert len(tracking.united(trails, passing)[0]) == 2


def test_nobody_becomes_what_stands_behind_where_it_sat_down():
    man = [square(40, 30, 16, kind="man", color="white") for _ in range(8)]
    bench = [square(43, 33, 24, kind="bench", color="brown") for _ in range(16)]
    frames = [[b, m] for b, m in zip(bench, man, strict=False)] + [[b] for b in bench[8:]]
    trails = tracking.follow(frames, np.zeros((16, 4)))
    seen = sorted(len(one.bodies) for one in trails)
    assert seen == [8, 16]
