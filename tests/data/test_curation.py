"""Every stage on clips whose answer is known; one decode for all of them."""

from dataclasses import replace
from fractions import Fraction

import cv2
import numpy as np
import pytest
from data_fakes import clip_of, moving, texture

import evenflow as ef
from evenflow.core.clip import ArrayFrame, ArraySource, Clip
from evenflow.data.curation import STAGES
from evenflow.data.curation.black import black
from evenflow.data.curation.caption import caption
from evenflow.data.curation.cuts import borders, cuts, shots
from evenflow.data.curation.detectors import detectors
from evenflow.data.curation.exposure import exposure
from evenflow.data.curation.frozen import frozen
from evenflow.data.curation.motion import motion
from evenflow.data.curation.sharpness import sharpness
from evenflow.data.curation.static import static
from evenflow.data.curation.statistics import colorfulness, measure
from evenflow.data.curation.text import text_share
from evenflow.data.row import Row

NONE = frozenset({"hashes"})
ROW = Row("a", "a.mp4", "a ball")


def stats(frames, **options):
    return measure(clip_of(frames), wants=NONE, **options)


@pytest.fixture(scope="module")
def clean():
    return stats(moving(0, speed=(3, 0), frames=30))


def marks(statistics):
    return {m for s in STAGES.values() for m in s.look(ROW, statistics).marks}


def test_a_good_clip_gets_no_mark_but_its_length(clean):
    assert marks(clean) == {"short"}


def test_speed_is_known_and_the_camera_explains_it(clean):
    found = motion(ROW, clean).scores
    expected = 3 * 24 / 96  # pixels a frame, frames a second, lines
    assert found["motion"] == pytest.approx(expected, rel=0.05)
    assert found["motion_camera"] == pytest.approx(expected, rel=0.08)
    assert found["motion_own"] < 0.1 * expected
    assert found["static_patches"] == 0


def test_speed_does_not_depend_on_size_or_rate():
    frames = moving(3, speed=(4, 0), size=(192, 144), frames=16)
    half = np.stack([cv2.resize(f, (96, 72), interpolation=cv2.INTER_AREA) for f in frames])
    a = motion(ROW, stats(frames)).scores["motion"]
    b = motion(ROW, measure(clip_of(half), wants=NONE)).scores["motion"]
    c = motion(ROW, measure(clip_of(frames[::2], Fraction(12)), wants=NONE)).scores["motion"]
    assert b == pytest.approx(a, rel=0.06) and c == pytest.approx(a, rel=0.06)


def test_one_thing_that_moves_is_own_motion_on_static_patches():
    back = texture(5, (128, 96))
    frames = np.stack([back] * 24)
    for i in range(24):
        frames[i, 40:64, 10 + 3 * i : 34 + 3 * i] = texture(9, (24, 24))
    found = motion(ROW, stats(frames)).scores
    assert found["motion_camera"] < 0.03 < found["motion_own"]
    assert found["static_patches"] > 0.5
    assert not static(ROW, stats(frames)).marks


def test_black_is_told_with_its_place_and_night_is_not():
    frames = moving(1, frames=24)
    frames[6:12] = 9
    found = black(ROW, stats(frames))
    assert found.scores["black_share"] == pytest.approx(0.25)
    assert found.marks["black"] == "0.25 s from 0.25 s on"
    night = (moving(1, frames=12) // 10).astype(np.uint8)
    night[:, 20:30, 30:40] = 90  # a lamp
    assert not black(ROW, stats(night)).marks


def test_one_flat_color_is_plain():
    frames = moving(1, frames=16)
    frames[4:10] = (40, 90, 200)
    assert set(black(ROW, stats(frames)).marks) == {"plain"}


def test_a_hold_in_a_motion_is_frozen_however_time_goes_on():
    frames = moving(2, frames=32)
    held = np.concatenate([frames[:14], np.repeat(frames[14:15], 11, axis=0), frames[15:]])
    lost = np.concatenate([frames[:14], np.repeat(frames[14:15], 11, axis=0), frames[26:]])
    for one in (held, lost):
        found = frozen(ROW, stats(one))
        assert found.marks["frozen"] == "0.42 s from 0.62 s on"
        assert found.scores["repeats_s"] == pytest.approx(10 / 24)


def test_all_frames_the_same_are_frozen_and_static_and_grain_alone_is_static():
    same = stats(np.stack([texture(4, (128, 96))] * 20))
    assert "all 20 frames" in frozen(ROW, same).marks["frozen"] and static(ROW, same).marks
    grainy = stats(moving(4, speed=(0, 0), frames=20, grain=2.0))
    assert not frozen(ROW, grainy).marks and static(ROW, grainy).marks


def test_what_slows_down_and_rests_is_not_frozen():
    big = texture(6, (480, 360))
    way = np.cumsum(np.concatenate([np.linspace(4, 0, 24), np.zeros(14)]))
    frames = np.stack(
        [
            cv2.warpAffine(big, np.float32([[1, 0, -x], [0, 1, 0]]), (128, 96),
                           flags=cv2.INTER_LINEAR)
            for x in way
        ]
    )  # fmt: skip
    found = frozen(ROW, stats(frames))
    assert found.scores["repeats_s"] > 0.5 and not found.marks


def test_animation_on_twos_is_not_frozen():
    assert not frozen(ROW, stats(np.repeat(moving(2, frames=16), 2, axis=0))).marks


def test_a_cut_splits_the_clip_into_shots():
    frames = np.concatenate([moving(10, frames=20), moving(11, frames=17)])
    found = stats(frames)
    assert borders(found) == [20] and shots(found) == [(0, 20), (20, 37)]
    assert "2 shots: new ones at 0.83 s" in cuts(ROW, found).marks["cut"]
    second = found.part(20, 37)
    assert len(second) == 17 and second.seconds[0] == 0 and np.isnan(second.change[0])
    alone = stats(frames[20:])
    assert motion(ROW, second).scores["motion"] == pytest.approx(
        motion(ROW, alone).scores["motion"], rel=1e-3
    )
    assert second.looks is not None and alone.looks is not None
    assert abs(len(second.looks.look) - len(alone.looks.look)) <= 1


def test_blur_is_marked_and_its_score_is_monotone(clean):
    frames = moving(0, frames=8)
    found = []
    for sigma in (0.0, 1.0, 2.0, 4.0):
        soft = frames if not sigma else np.stack(
            [cv2.GaussianBlur(f, (0, 0), sigma) for f in frames]
        )  # fmt: skip
        found.append(sharpness(ROW, stats(soft)))
    softness = [one.scores["softness"] for one in found]
    assert softness == sorted(softness) and softness[0] < 2.4
    assert found[-1].marks and not found[0].marks
    assert [one.scores["sharpness"] for one in found] == sorted(
        (one.scores["sharpness"] for one in found), reverse=True
    )


def test_exposure_at_both_ends(clean):
    frames = moving(0, frames=4).astype(np.int16)
    assert set(exposure(ROW, stats(np.clip(frames * 3, 0, 255).astype(np.uint8))).marks) == {
        "overexposed"
    }
    assert set(exposure(ROW, stats((frames // 12).astype(np.uint8))).marks) == {"underexposed"}
    assert not exposure(ROW, clean).marks


def test_colorfulness_is_the_formula():
    assert colorfulness(np.full((8, 8, 3), 77, np.uint8)) == 0
    red = np.zeros((8, 8, 3), np.uint8)
    red[..., 0] = 200  # rg = 200, yb = 100, no spread
    assert colorfulness(red) == pytest.approx(0.3 * np.hypot(200, 100))


def test_blocks_of_a_codec_are_seen():
    from evenflow.data.curation.blockiness import blockiness

    frames = moving(2, size=(256, 96), frames=3)
    low = [cv2.imencode(".jpg", f, [cv2.IMWRITE_JPEG_QUALITY, 8])[1] for f in frames]
    coded = np.stack([cv2.imdecode(one, cv2.IMREAD_COLOR) for one in low])
    clear, blocky = blockiness(ROW, stats(frames)), blockiness(ROW, stats(coded))
    assert clear.scores["blockiness"] == pytest.approx(1.0, abs=0.1) and not clear.marks
    assert blocky.scores["blockiness"] > 1.3 and blocky.marks


def test_lettering_on_a_moving_picture_is_found_and_texture_is_not():
    frames = moving(7, size=(480, 270), frames=4, speed=(9, 4))
    titled = frames.copy()
    for one in titled:
        for thick, color in ((6, (0, 0, 0)), (2, (255, 255, 255))):
            cv2.putText(one, "WHEN THE RAIN FALLS", (60, 240), cv2.FONT_HERSHEY_SIMPLEX, 0.9,
                        color, thick, cv2.LINE_AA)  # fmt: skip
    luma = [np.stack([cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in x]) for x in (frames, titled)]
    assert text_share(luma[0]) < 0.002 and text_share(luma[1]) > 0.01


def test_detectors_say_what_check_says():
    frames = moving(0, frames=30)
    clip = clip_of(np.concatenate([frames[:14], np.repeat(frames[14:15], 9, axis=0), frames[15:]]))
    report = ef.check(clip, workers=1)
    found = detectors(ROW, measure(clip, wants=frozenset({"detectors"})))
    assert found.scores["consistency"] == pytest.approx(report.score, abs=0.01)
    worst = max(f.severity_jnd for f in report.findings)
    assert found.scores["worst_jnd"] == pytest.approx(worst) and "inconsistent" in found.marks
    assert {k for k in found.scores if k.startswith("jnd_")} == {
        f"jnd_{f.kind}" for f in report.findings
    }


def test_detectors_change_nothing_else():
    clip = clip_of(np.concatenate([moving(10, frames=14), moving(11, frames=14)]))
    a = measure(clip, wants=frozenset({"detectors", "hashes"}))
    b = measure(clip, wants=NONE)
    for name in ("luma", "change", "tile_speed", "camera", "tremble", "octaves"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert a.cuts == b.cuts and a.frames_hash == b.frames_hash


def test_the_clip_is_decoded_once():
    class Once(ArraySource):
        reads = 0

        def stream(self, start=0, stop=None, *, cancel=None):
            type(self).reads += 1
            return super().stream(start, stop, cancel=cancel)

    measure(Clip(Once(moving(0, frames=6))))
    assert Once.reads == 1


def test_uneven_times_count_as_they_are():
    class Uneven(ArraySource):
        times = tuple(Fraction(t, 100) for t in (0, 4, 8, 12, 40, 44, 48, 52))

        @property
        def info(self):
            return replace(super().info, variable_rate=True)

        def stream(self, start=0, stop=None, *, cancel=None):
            for i in range(*slice(start, stop).indices(len(self.array))):
                yield ArrayFrame(i, self.times[i], self.array[i])

    found = measure(Clip(Uneven(moving(0, frames=8), Fraction(25))), wants=NONE)
    scores = {
        k: v for s in ("probe", "length") for k, v in STAGES[s].look(ROW, found).scores.items()
    }
    assert scores["variable_rate"] == 1 and scores["longest_gap"] == pytest.approx(7)
    assert scores["duration_s"] == pytest.approx(0.56)


def test_small_and_single_pictures_are_measured_as_far_as_they_go():
    tiny = measure(clip_of(moving(0, size=(24, 24), frames=4)))
    assert tiny.reason and marks(tiny) >= {"small"} and not motion(ROW, tiny).scores
    one = measure(clip_of(moving(0, frames=1)))
    assert one.reason and not frozen(ROW, one).scores and exposure(ROW, one).scores


def test_captions_are_counted():
    assert caption(Row("a", "a", "The video shows a red ball.")).marks["caption_prefix"]
    assert caption(Row("a", "a", " ")).marks == {"no_caption": "the caption is empty"}
    found = caption(Row("a", "a", "a ball, a ball, a ball"))
    assert found.scores == {"caption_words": 6.0, "caption_repeated": pytest.approx(4 / 6)}
    assert not found.marks


def test_every_stage_says_what_it_writes(clean):
    for name, stage in STAGES.items():
        verdict = stage.look(ROW, clean)
        declared = set(stage.scores)
        for score in verdict.scores:
            assert score in declared or score.startswith("jnd_"), (name, score)
        assert set(verdict.marks) <= set(stage.marks) and stage.source and stage.meaning


def test_looking_changes_nothing(clean):
    before = {k: np.copy(v) for k, v in vars(clean).items() if isinstance(v, np.ndarray)}
    first = [s.look(ROW, clean) for s in STAGES.values()]
    again = [s.look(ROW, clean) for s in STAGES.values()]
    assert first == again
    for name, value in before.items():
        np.testing.assert_array_equal(getattr(clean, name), value)


def test_the_page_names_every_score_mark_and_format():
    from pathlib import Path

    from evenflow.data.exporters import EXPORTS

    page = (Path(__file__).resolve().parents[2] / "docs" / "data.md").read_text()
    for name, stage in STAGES.items():
        assert f"\n| {name} |" in page
        for one in (*stage.scores, *stage.marks):
            assert f"`{one}`" in page, one
    for name in EXPORTS:
        assert f"| `{name}`" in page
