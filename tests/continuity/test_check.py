"""Check as a caller sees it: clean footage is clean, faults are named, nothing depends on how."""

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.footage import moved_photo
from evenflow.continuity import DETECTORS, check, inject, ledger
from evenflow.continuity.analysis import CHUNK
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput, Cancelled
from evenflow.core.events import CancelToken
from evenflow.core.gate import Gate
from evenflow.core.times import Range

WHERE = {"unnatural_jump": "20f..22f", "style_change": "20f..48f", "drift": "4f..48f"}


def still(frames=30, **options):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 255, (1, 96, 128, 3), np.uint8)
    return Clip(ArraySource(np.repeat(picture, frames, axis=0), Fraction(24), **options))


def test_clean_footage_is_clean(photo_report):
    assert photo_report.findings == ()
    assert photo_report.cuts == ()
    assert photo_report.score == 100.0


WHOLE = ("lighting_flicker", "image_flicker", "high_frequency_noise", "freeze", "style_change",
         "unnatural_jump", "drift", "shake")  # fmt: skip


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("strength", [4, 5])
def test_a_planted_fault_is_found_where_it_is_and_named(photo, kind, strength):
    at = Range.parse(WHERE.get(kind, "16f..36f"))
    clip, truth = inject(photo, kind, strength=strength, at=at, seed=3)
    report = check(clip)
    assert [f.kind for f in report.findings] == [kind]
    [finding] = report.findings
    assert finding.severity_jnd >= 2.0
    assert finding.span.overlap(truth, slack=3) > 0
    assert finding.explanation and finding.evidence["value"] is not None


@pytest.mark.parametrize("kind", ["lighting_flicker", "high_frequency_noise", "shake", "drift"])
def test_severity_grows_with_strength(photo, kind):
    at = Range.parse(WHERE.get(kind, "16f..36f"))
    worst = []
    for strength in (1, 3, 5):
        report = check(inject(photo, kind, strength=strength, at=at, seed=3)[0])
        worst.append(max((f.severity_jnd for f in report.findings if f.kind == kind), default=0.0))
    assert worst[0] < worst[1] < worst[2]


@pytest.mark.parametrize("workers", [2, 5])
def test_the_report_does_not_depend_on_the_number_of_workers(photo, photo_report, workers):
    assert check(photo, workers=workers).dumps() == photo_report.dumps()


def test_nor_on_the_run(photo, photo_report):
    assert check(photo, workers=1).digest == photo_report.digest


def test_the_digest_knows_frames_times_and_range(photo, photo_report):
    frames = photo.frames()
    frames[30, 5, 5, 0] ^= 1
    assert check(Clip(ArraySource(frames, Fraction(24)))).digest != photo_report.digest
    slower = Clip(ArraySource(photo.frames(), Fraction(25)))
    assert check(slower).digest != photo_report.digest
    assert check(photo, span=Range.parse("0f..40f")).digest != photo_report.digest


def test_chunks_meet_without_a_seam(photo):
    twice = np.concatenate([photo.frames(), photo.frames()[::-1]])
    assert len(twice) > CHUNK
    report = check(Clip(ArraySource(twice, Fraction(24))))
    gain = report.signals["luma_gain"].series
    assert np.isfinite(gain[1:]).all()
    assert report.clip["frames"] == len(twice)


def test_a_cut_restarts_the_statistics(photo):
    other = np.flip(photo.frames(), axis=(1, 2))[..., ::-1]
    both = np.concatenate([photo.frames()[:30], other[:30]])
    report = check(Clip(ArraySource(np.ascontiguousarray(both), Fraction(24))))
    assert [(c.start_frame, c.end_frame, c.kind) for c in report.cuts] == [(29, 30, "cut")]
    assert [(s.start_frame, s.end_frame) for s in report.shots] == [(0, 30), (30, 60)]
    assert report.findings == ()
    assert np.isnan(report.signals["luma_gain"].series[[0, 30]]).all()


def test_a_dissolve_is_no_defect_and_parts_the_shots(photo):
    other = np.flip(photo.frames(), axis=(1, 2))[..., ::-1].astype(np.float32)
    share = np.clip((np.arange(48) - 16) / 14, 0, 1)[:, None, None, None]
    mixed = ((1 - share) * photo.frames() + share * other + 0.5).astype(np.uint8)
    report = check(Clip(ArraySource(mixed, Fraction(24))))
    [cut] = report.cuts
    assert cut.kind == "dissolve" and abs(cut.start_frame - 16) <= 4
    assert len(report.shots) == 2
    assert report.findings == ()


def test_a_long_shot_is_taken_in_stretches_without_a_trace(photo, monkeypatch):
    clip = moved_photo("coffee.png", num_frames=188, size=(320, 180), seed=11)
    planted, _ = inject(clip, "lighting_flicker", strength=5, at=Range.parse("80f..120f"))
    whole = check(planted)
    monkeypatch.setattr(ledger, "LONGEST", 96)
    monkeypatch.setattr(ledger, "SHARED", 40)
    parted = check(planted)
    assert (
        [f.kind for f in parted.findings]
        == ["lighting_flicker"]
        == [f.kind for f in whole.findings]
    )
    assert abs(parted.findings[0].span.start_frame - whole.findings[0].span.start_frame) <= 2
    assert abs(parted.findings[0].span.end_frame - whole.findings[0].span.end_frame) <= 2
    for name in ("luma_gain", "change", "motion"):
        one, other = parted.signals[name].series, whole.signals[name].series
        assert np.allclose(one, other, rtol=1e-5, equal_nan=True)


def test_a_range_keeps_the_clip_s_own_frame_numbers(photo):
    clip, _ = inject(photo, "lighting_flicker", strength=5, at=Range.parse("16f..36f"))
    report = check(clip, span=Range.parse("10f..46f"))
    [finding] = report.findings
    assert finding.span.start_frame >= 14 and finding.start_s == pytest.approx(
        finding.span.start_frame / 24
    )
    assert report.clip["frames"] == 36


def test_one_frame_says_what_is_not_assessable():
    report = check(still(frames=1))
    assert report.score is None
    assert set(DETECTORS) <= set(report.not_assessable)
    assert report.signals["luma_gain"].summary is None and report.signals["luma_gain"].reason
    assert report.signals["luma"].summary is not None


def test_a_still_clip_is_not_praised_for_smoothness():
    report = check(still())
    assert report.motion["assessable"] is False
    assert "no motion" in report.not_assessable["unnatural_jump"]
    assert report.findings == ()
    verdict = report.judged(Gate.parse({"unnatural_jump": "<= 2 jnd"})).gate[0]
    assert verdict.passed is False and verdict.value is None


def test_a_tiny_picture_is_refused_with_its_size():
    clip = Clip(ArraySource(np.zeros((4, 8, 200, 3), np.uint8)))
    with pytest.raises(BadInput, match="200 x 8"):
        check(clip)


def test_cancel_stops_between_frames(photo):
    token, seen = CancelToken(), []

    def stop(event):
        seen.append(event.step)
        token.cancel()

    with pytest.raises(Cancelled):
        check(photo, progress=stop, cancel=token)
    assert len(seen) <= 2


def test_progress_ends_at_the_total(photo):
    events = []
    check(photo, progress=events.append)
    assert events[-1].step == events[-1].total == 48
    assert all(a.step < b.step for a, b in zip(events, events[1:], strict=False))


# What must not be taken for a defect ------------------------------------------------------------


def edited(photo, edit):
    frames = photo.frames().astype(np.float32)
    made = np.stack([edit(i, frame) for i, frame in enumerate(frames)])
    return check(Clip(ArraySource(np.clip(made + 0.5, 0, 255).astype(np.uint8), Fraction(24))))


def test_an_exposure_ramp_is_no_flicker(photo):
    report = edited(photo, lambda i, f: f * (1 + 0.2 * i / 48))
    assert not {"lighting_flicker", "image_flicker", "style_change"} & {
        f.kind for f in report.findings
    }


def test_grain_from_the_first_frame_on_is_a_look(photo):
    rng = np.random.default_rng(2)
    report = edited(photo, lambda i, f: f + rng.normal(0, 8, f.shape))
    assert "high_frequency_noise" not in {f.kind for f in report.findings}


def test_a_camera_flash_is_one_bad_frame_and_no_cut(photo):
    report = edited(photo, lambda i, f: f * 0.2 + 200 if i == 24 else f)
    assert [f.kind for f in report.findings] == ["image_flicker"]
    assert report.cuts == ()


def test_alternate_frames_held_are_a_cadence(photo):
    frames = np.repeat(photo.frames(), 2, axis=0)
    report = check(Clip(ArraySource(frames, Fraction(48))))
    assert "freeze" not in {f.kind for f in report.findings}


def test_a_path_and_a_text_will_do(bikes):
    report = check(bikes, span="0f..12f")
    assert report.clip["path"] == str(bikes) and report.clip["frames"] == 12


def test_a_slow_ramp_is_measured_near_its_size(photo):
    clip, _ = inject(photo, "drift", strength=4, at="0f..48f", seed=3)
    report = check(clip)
    [finding] = report.findings
    # 18 dE in the middle of the scale, less in shadows and highlights; lightness is read at L = 50
    assert 13.0 < finding.evidence["value"] < 22.0
