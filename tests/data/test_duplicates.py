"""Duplicates: what is the same clip and what only looks like it; against comparing all with all."""

import cv2
import numpy as np
import pytest
from data_fakes import clip_of, moving, texture
from hypothesis import given, settings
from hypothesis import strategies as st

import evenflow as ef
from evenflow.data.curation.duplicates import (
    Entry,
    candidates,
    compare,
    find,
    from_json,
    to_json,
)
from evenflow.data.curation.hashing import distance, look_hash, small
from evenflow.data.curation.statistics import Looks, measure


def looks(frames):
    made = measure(clip_of(frames), wants=frozenset({"hashes"})).looks
    assert made is not None
    return made


@pytest.fixture(scope="module")
def original():
    return moving(1, frames=40, speed=(1, 1))


@pytest.fixture(scope="module")
def hashed(original):
    return looks(original)


def test_a_clip_is_alike_to_itself(hashed):
    assert compare(hashed, hashed) == (0.0, 0.0)


def test_resized_and_noisy_it_is_still_the_same(original, hashed):
    half = np.stack([cv2.resize(f, (80, 60), interpolation=cv2.INTER_AREA) for f in original])
    rng = np.random.default_rng(0)
    noisy = np.clip(half * 1.02 + rng.normal(0, 4, half.shape), 0, 255).astype(np.uint8)
    match = compare(hashed, looks(noisy))
    assert match is not None and match[0] <= 8 and abs(match[1]) < 0.1


def test_coded_anew_it_is_still_the_same(original, hashed, tmp_path):
    path = ef.write(clip_of(original), tmp_path / "a.mp4", crf=34)
    found = measure(ef.read(path), wants=frozenset({"hashes"}))
    assert found.looks is not None and compare(hashed, found.looks) is not None


def test_trimmed_it_is_found_at_its_place(original, hashed):
    match = compare(looks(original[11:36]), hashed)
    assert match is not None and match[1] == pytest.approx(11 / 24, abs=0.08)


def test_other_pictures_are_not_the_same(hashed):
    assert compare(hashed, looks(moving(2, frames=40, speed=(1, 1)))) is None


def test_one_place_with_other_events_is_not_the_same():
    place = texture(5, (128, 96))

    def passing(row, step):
        frames = np.stack([place] * 40)
        for i in range(40):
            x = 4 + 2 * i if step > 0 else 84 - 2 * i
            frames[i, row : row + 30, x : x + 30] = (250, 240, 60)
        return looks(frames)

    right, left = passing(8, 1), passing(60, -1)
    assert compare(right, right) is not None and compare(right, left) is None


def test_hashes_are_kept_as_text(hashed):
    again = from_json(to_json(hashed))
    np.testing.assert_array_equal(again.look, hashed.look)
    np.testing.assert_array_equal(again.move, hashed.move)
    assert compare(again, hashed) == (0.0, 0.0)


def test_unrelated_pictures_differ_in_half_of_the_bits():
    apart = [
        int(distance(*(np.array([look_hash(small(texture(i + k)[..., 0]))], np.uint64)
                       for k in (0, 50)))[0])
        for i in range(12)
    ]  # fmt: skip
    assert 24 < np.mean(apart) < 40


def flipped(value, bits):
    for bit in bits:
        value ^= 1 << bit
    return value


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.sets(st.integers(0, 63), max_size=7)),
                min_size=1, max_size=12))  # fmt: skip
def test_the_table_finds_every_pair_within_seven_bits(pairs):
    values = [v for v, _ in pairs] + [flipped(v, bits) for v, bits in pairs]
    clips = [
        Looks(np.zeros(1), np.array([v], np.uint64), np.zeros(1, np.uint64),
              np.full(1, 50, np.float32), np.full(1, np.nan, np.float32),
              np.zeros((1, 150), np.uint8))
        for v in values
    ]  # fmt: skip
    found = set(candidates(clips))
    num = len(pairs)
    for i in range(num):
        assert (num + i, i) in found
    assert all(later > earlier for later, earlier in found)


def test_the_best_of_its_kind_is_kept(hashed, original):
    trimmed = looks(original[:24])
    other = looks(moving(2, frames=40))
    entries = [
        Entry("short", "h1", "f1", trimmed, 100, 24),
        Entry("other", "h2", "f2", other, 400, 40),
        Entry("whole", "h3", "f3", hashed, 100, 40),
        Entry("copy", "h3", "f3", hashed, 100, 40),
        Entry("lossless", "h5", "f3", hashed, 100, 40),
        Entry("broken", "", "", None, 0, 0),
    ]
    found = find(entries)
    assert {i: (twin.of, twin.why.split(",")[0]) for i, twin in found.items()} == {
        0: (2, found[0].why.split(",")[0]), 3: (2, "the same file"), 4: (2, "the same frames"),
    }  # fmt: skip
    assert found[0].why.startswith("alike up to")
    assert find(entries[:2]) == {} and find([]) == {}


def test_plain_pictures_are_nobodys_twin():
    dark = looks(np.zeros((20, 64, 64, 3), np.uint8))
    gray = looks(np.full((20, 64, 64, 3), 90, np.uint8))
    assert compare(dark, gray) is None and compare(dark, dark) is None
