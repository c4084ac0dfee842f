"""Cuts, fades and dissolves between two photographs; flashes and new looks are none of them."""

import numpy as np

from evenflow.motion.cuts import Evidence, gradual, is_cut, layout_likeness

RNG = np.random.default_rng(5)


def picture(seed):
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, (5, 8)).astype(np.float32)
    return np.kron(coarse, np.ones((4, 4), np.float32))[:18]


def evidence(thumbs, breaks):
    count = len(thumbs)
    tracked, valid = np.full(count, 0.95), np.full(count, 0.95)
    for i in breaks:
        tracked[i] = valid[i] = 0.05
    return Evidence(tracked, valid, np.where(tracked < 0.5, 0.4, 0.01), np.array(thumbs))


A, B = picture(1), picture(2)


def test_a_change_of_picture_that_stays_is_a_cut():
    seen = evidence([A] * 10 + [B] * 10, [10])
    assert [i for i in range(20) if is_cut(seen, i)] == [10]


def test_a_flash_of_up_to_three_frames_is_no_cut():
    for length in (1, 2, 3):
        thumbs = [A] * 8 + [B] * length + [A] * 8
        seen = evidence(thumbs, [8, 8 + length])
        assert not any(is_cut(seen, i) for i in range(len(thumbs)))


def test_a_new_look_on_the_same_picture_is_no_cut():
    seen = evidence([A] * 10 + [255 - 0.6 * A] * 10, [10])
    assert not any(is_cut(seen, i) for i in range(20))


def test_layout_likeness_ignores_gain_and_offset():
    assert layout_likeness(A, 0.5 * A + 30) > 0.999
    assert abs(layout_likeness(A, B)) < 0.5
    assert layout_likeness(A, np.full_like(A, 90)) == 0.0


def test_a_dissolve_is_found_where_it_is():
    share = np.clip((np.arange(60) - 20) / 15, 0, 1)[:, None, None]
    thumbs = ((1 - share) * A + share * B + RNG.normal(0, 1, (60, 18, 32))).astype(np.float32)
    residual = np.where((np.arange(60) > 20) & (np.arange(60) <= 35), 3.0, 0.5)
    [(start, end, kind)] = gradual(thumbs, residual, fps=25.0)
    assert kind == "dissolve"
    assert abs(start - 20) <= 1 and abs(end - 36) <= 1


def test_a_dissolve_between_shots_that_both_move_is_found():
    wide, other = (np.concatenate([picture(s + k) for s in range(6)], axis=1) for k in (0, 9))
    share = np.clip((np.arange(60) - 20) / 15, 0, 1)
    thumbs = np.stack(
        [
            (1 - s) * wide[:, i // 10 : i // 10 + 32] + s * other[:, 60 - i // 8 : 92 - i // 8]
            for i, s in enumerate(share)
        ]
    ).astype(np.float32)
    residual = np.where((np.arange(60) > 20) & (np.arange(60) <= 35), 3.0, 0.5)
    [(start, end, kind)] = gradual(thumbs, residual, fps=25.0)
    assert kind == "dissolve"
    assert abs(start - 20) <= 1 and abs(end - 36) <= 1


def test_a_change_that_motion_explains_is_no_dissolve():
    share = np.clip((np.arange(60) - 20) / 15, 0, 1)[:, None, None]
    thumbs = ((1 - share) * A + share * B).astype(np.float32)
    assert gradual(thumbs, np.full(60, 0.5), fps=25.0) == []


def test_a_fade_through_black_is_found_where_it_is():
    light = np.abs(np.clip((np.arange(60) - 30) / 12, -1, 1))[:, None, None]
    thumbs = (light * A).astype(np.float32)
    found = gradual(thumbs, np.full(60, 0.5), fps=25.0)
    assert [kind for *_, kind in found] == ["fade"]
    assert found[0][0] <= 24 and found[0][1] >= 36


def test_a_pan_is_no_dissolve():
    wide = np.concatenate([picture(s) for s in range(6)], axis=1)
    thumbs = np.stack([wide[:, 2 * i : 2 * i + 32] for i in range(70)])
    assert gradual(thumbs, np.full(70, 0.5), fps=25.0) == []
