"""Optional models add signals, restart at cuts, and leave every other number as it was."""

import numpy as np
import pytest
import tiny_weights

from evenflow.continuity import check, upgrades
from evenflow.continuity.samples import Sample
from evenflow.continuity.semantics import Known
from evenflow.continuity.upgrades import SIGNALS_OF, upgrade

from . import drawn

ADDED = {*SIGNALS_OF.values(), "prompt_match"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("weights")
    for name in ("dinov2", "clip", "insightface", "cotracker"):  # RAFT comes in one size only
        tiny_weights.MAKERS[name](root / name)
    return root


@pytest.fixture
def clip(monkeypatch):
    monkeypatch.setattr(upgrades, "GRID", 2)
    return drawn.moving(own=(2.0, 0.0), num_frames=26)


def test_every_other_number_is_the_same_with_and_without(folder, clip):
    prompt = "a gray box moves to the left"  # a finding of its own, from the measured motion
    without = check(clip, prompt=prompt).to_json()
    with_them = check(clip, prompt=prompt, features=folder).to_json()
    assert without["findings"]
    for name in ("subject_similarity", "tracks_kept", "prompt_match"):
        assert "summary" in with_them["signals"][name] and "reason" in without["signals"][name]
        assert np.isfinite(with_them["signals"][name]["summary"])
    assert "face_detection_yunet" in with_them["signals"]["face_similarity"]["reason"]
    assert without.pop("digest") != with_them.pop("digest")
    for report in (without, with_them):
        for name in ADDED:
            del report["signals"][name]
    assert without == with_them


class Ramp:
    """An embedder whose vectors turn by an angle a picture, read from its first pixel."""

    name, digest = "dinov2", "0" * 64

    def embed(self, frames):
        angle = frames[:, 0, 0, 0].astype(np.float32) / 255.0 * np.pi
        return np.stack([np.cos(angle), np.sin(angle)], axis=1)


class Shift:
    """A flow estimator that sees everything move by (3, 4) pixels."""

    name, digest = "raft", "0" * 64

    def flow(self, before, after):
        return np.broadcast_to(np.float32([3, 4]), (*before.shape[:3], 2))


class Fading:
    """A tracker that loses a fifth of the points at each frame."""

    name, digest = "cotracker", "0" * 64

    def track(self, frames, points):
        number = np.arange(len(points)) / len(points)
        seen = np.stack([number >= 0.2 * i - 1e-6 for i in range(len(frames))])
        return np.zeros((len(frames), len(points), 2), np.float32), seen


class Faces:
    """One face in every picture but the second, whose identity is its first pixel."""

    name, digest = "insightface", "0" * 64

    def faces(self, frames):
        return [np.zeros((0 if f[0, 0, 1] else 1, 5, 2), np.float32) for f in frames]

    def embed_faces(self, frames, landmarks):
        return Ramp().embed(frames)


def samples_of(values, *, behind=False, hidden=()):
    made = []
    for i, value in enumerate(values):
        rgb = np.zeros((18, 32, 3), np.uint8)
        rgb[0, 0] = value, 255 if i in hidden else 0, 0
        made.append(Sample(12 * i, i / 2, rgb, rgb if behind else None))
    return made


def known(count, cuts=()):
    return Known(100, np.arange(count) / 24, 24.0, (320, 180), {}, cuts)


def test_subject_similarity_is_half_to_the_first_and_half_to_the_one_before():
    values = [0, 51, 102]  # 0, 36 and 72 degrees
    series, reasons = upgrade({"dinov2": Ramp()}, samples_of(values), known(30))
    found = series["subject_similarity"]
    degree = np.pi / 180
    assert found[12] == pytest.approx(np.cos(36 * degree), abs=1e-5)
    expected = 0.5 * (np.cos(36 * degree) + np.cos(72 * degree))
    assert found[24] == pytest.approx(expected, abs=1e-5)
    assert np.isnan(np.delete(found, [12, 24])).all() and reasons == {}


def test_statistics_restart_at_a_cut():
    values = [0, 0, 204, 204]
    series, _ = upgrade({"dinov2": Ramp()}, samples_of(values), known(48, cuts=[124]))
    found = series["subject_similarity"]
    assert found[12] == pytest.approx(1.0) and found[36] == pytest.approx(1.0, abs=1e-5)
    assert np.isnan(found[24])


def test_speed_is_in_source_pixels_a_second_and_belongs_to_the_later_frame():
    series, _ = upgrade({"raft": Shift()}, samples_of([0, 1], behind=True), known(26, cuts=[113]))
    found = series["motion_raft"]
    assert found[1] == pytest.approx(5.0 * 10 * 24)  # 18 lines stand for 180
    assert np.isnan(np.delete(found, 1)).all()  # frame 113 begins a shot


def test_tracks_kept_is_the_share_that_is_seen():
    series, _ = upgrade({"cotracker": Fading()}, samples_of([0] * 4), known(40))
    assert series["tracks_kept"][[12, 24, 36]] == pytest.approx([0.8, 0.6, 0.4])


def test_faces_are_compared_with_the_shot_s_first_one():
    values = samples_of([0, 51, 0, 51], hidden=[1])
    series, _ = upgrade({"insightface": Faces()}, values, known(40))
    found = series["face_similarity"]
    assert found[24] == pytest.approx(1.0) and found[36] == pytest.approx(np.cos(np.pi / 5))
    assert np.isnan(found[[0, 12]]).all()


def test_a_signal_that_nothing_can_be_said_of_has_a_reason():
    models = {"dinov2": Ramp(), "raft": Shift(), "cotracker": Fading(), "insightface": Faces()}
    series, reasons = upgrade(models, samples_of([0]), known(3))
    assert series == {} and set(reasons) == set(SIGNALS_OF.values())


def test_the_work_is_bounded():
    few = upgrades._few(samples_of([0] * 200), 16)
    assert len(few) == 16 and few[0].index == 0 and few[-1].index == 12 * 199
