"""Caches: made once, found again, safe against kills and neighbors; tiny encoders stand in."""

import json
import threading
from fractions import Fraction

import numpy as np
import pytest
import torch
from data_fakes import clip_of, moving

import evenflow as ef
from evenflow.core.errors import BadInput
from evenflow.data.caches import LatentCache, Store, TextCache, cache_frames, frames
from evenflow.data.open import open_dataset
from evenflow.data.sample import Bucket, Crop, Sample, Window

SAMPLES = [
    Sample(f"k{i}", Window(Fraction(0), 5), Bucket(5, 8, 8), Crop(0, 0, 8, 8), Fraction(12))
    for i in range(4)
]


class Halving:
    """Latents are the video at half the size; logvar is its negative."""

    def __init__(self, fingerprint="halving 1", noisy=True):
        self.fingerprint, self.noisy, self.calls = fingerprint, noisy, []

    def encode(self, video):
        self.calls.append(len(video))
        mean = torch.nn.functional.avg_pool3d(video, (1, 2, 2))
        return (mean, -mean) if self.noisy else mean


class Letters:
    """A row a letter."""

    fingerprint = "letters 1"

    def __init__(self):
        self.seen = []

    def encode(self, captions):
        self.seen += captions
        return [torch.tensor([[float(ord(c))] * 3 for c in text]) for text in captions]


def video(some):
    return torch.stack([torch.full((3, 5, 8, 8), (i + 1) / 8) for i in some])


def test_latents_are_made_once_and_come_back(tmp_path):
    encoder = Halving()
    cache = LatentCache(tmp_path / "c", encoder)
    first = cache.latents(SAMPLES, video)
    assert encoder.calls == [1, 1, 1, 1]
    again = LatentCache(tmp_path / "c", encoder).latents(SAMPLES[::-1], video)[::-1]
    assert encoder.calls == [1, 1, 1, 1]
    for i, (a, b) in enumerate(zip(first, again, strict=True)):
        assert a.mean.dtype == torch.bfloat16 and a.mean.shape == (3, 5, 4, 4)
        assert torch.equal(a.mean, b.mean) and torch.equal(a.logvar, -b.mean)
        assert a.mean.float().mean() == pytest.approx((i + 1) / 8, rel=1e-2)


def test_the_noise_of_latents_is_that_of_its_seed(tmp_path):
    one = LatentCache(tmp_path / "c", Halving()).latents(SAMPLES[:1], video)[0]
    assert torch.equal(one.sample(3), one.sample(3)) and not torch.equal(
        one.sample(3), one.sample(4)
    )
    many = torch.stack([one.sample(seed) for seed in range(300)])
    assert many.mean() == pytest.approx(float(one.mean.float().mean()), abs=0.02)
    assert many.std() == pytest.approx(float(torch.exp(0.5 * one.logvar.float()).mean()), rel=0.03)
    plain = LatentCache(tmp_path / "d", Halving(noisy=False)).latents(SAMPLES[:1], video)[0]
    assert plain.logvar is None and torch.equal(plain.sample(1), plain.mean.float())


def test_what_decides_on_an_entry_is_in_its_name(tmp_path):
    cache = LatentCache(tmp_path / "c", Halving())
    cache.latents(SAMPLES[:1], video)
    base = SAMPLES[0]
    others = [
        Sample("x", base.window, base.bucket, base.crop, base.fps),
        Sample(base.key, Window(Fraction(1), 5), base.bucket, base.crop, base.fps),
        Sample(base.key, base.window, Bucket(5, 16, 8), base.crop, base.fps),
        Sample(base.key, base.window, base.bucket, Crop(1, 0, 8, 8), base.fps),
        Sample(base.key, base.window, base.bucket, base.crop, Fraction(24)),
        Sample(base.key, base.window, base.bucket, base.crop, base.fps, hash="ab"),
    ]
    names = {cache.store.fingerprint(s.fingerprint) for s in (base, *others)}
    assert len(names) == 7
    with pytest.raises(BadInput, match="is a cache of latents by"):
        LatentCache(tmp_path / "c", Halving("halving 2"))
    with pytest.raises(BadInput, match="is a cache of latents"):
        TextCache(tmp_path / "c", Letters())


def test_modes(tmp_path):
    encoder = Halving()
    with pytest.raises(BadInput, match="no cache"):
        LatentCache(tmp_path / "c", encoder, mode="only")
    LatentCache(tmp_path / "c", encoder).latents(SAMPLES[:2], video)
    only = LatentCache(tmp_path / "c", encoder, mode="only")
    assert len(only.latents(SAMPLES[:2], video)) == 2
    with pytest.raises(
        BadInput, match=r"2 of 4 entries are not in the cache c \(k2 is the first\)"
    ):
        only.latents(SAMPLES, video)
    LatentCache(tmp_path / "c", encoder, mode="regenerate").latents(SAMPLES[:2], video)
    assert encoder.calls == [1] * 4
    with pytest.raises(BadInput, match="modes"):
        LatentCache(tmp_path / "c", encoder, mode="maybe")


def test_torn_entries_are_made_again_unless_they_are_trusted(tmp_path):
    encoder = Halving()
    cache = LatentCache(tmp_path / "c", encoder)
    cache.latents(SAMPLES[:1], video)
    path = cache.store.path(cache.store.fingerprint(SAMPLES[0].fingerprint))
    whole = path.read_bytes()
    for torn in (whole[:-1], whole[:20], b"", b"\xff" * 64):
        path.write_bytes(torn)
        assert LatentCache(tmp_path / "c", encoder, mode="trust").store.has(
            cache.store.fingerprint(SAMPLES[0].fingerprint)
        )
        cache.latents(SAMPLES[:1], video)
        assert path.read_bytes() == whole
    assert cache.store.verify() == []
    flipped = bytearray(whole)
    flipped[-1] ^= 1
    path.write_bytes(flipped)
    assert cache.store.verify() == ["k0 has changed since it was written"]


def test_a_kill_between_file_and_list_loses_nothing(tmp_path):
    encoder = Halving()
    cache = LatentCache(tmp_path / "c", encoder)
    cache.latents(SAMPLES[:2], video)
    (tmp_path / "c/manifest.sqlite").unlink()  # nothing was listed
    (tmp_path / "c/abc").mkdir(exist_ok=True)
    (tmp_path / "c/abc/.half.part").write_bytes(b"half")
    again = LatentCache(tmp_path / "c", encoder)
    assert len(again.latents(SAMPLES[:2], video)) == 2 and encoder.calls == [1, 1]
    assert len(again.store.entries()) == 2 and again.store.verify() == []


def test_writers_side_by_side_make_one_cache(tmp_path):
    errors = []

    def work(shift):
        try:
            cache = LatentCache(tmp_path / "c", Halving())
            order = SAMPLES[shift:] + SAMPLES[:shift]
            index = {s.key: i for i, s in enumerate(SAMPLES)}
            cache.latents(order, lambda some: video([index[order[i].key] for i in some]))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    store = LatentCache(tmp_path / "c", Halving()).store
    assert not errors and len(store.entries()) == 4 and store.verify() == []


def test_equal_captions_are_embedded_once(tmp_path):
    encoder = Letters()
    cache = TextCache(tmp_path / "t", encoder)
    found = cache.embeddings(["ab", "c", "ab", "ünï"])
    assert encoder.seen == ["ab", "c", "ünï"]
    assert [tuple(one.shape) for one in found] == [(2, 3), (1, 3), (2, 3), (3, 3)]
    assert torch.equal(found[0], found[2]) and found[1][0, 0] == ord("c")
    TextCache(tmp_path / "t", encoder).embeddings(["c", "d"])
    assert encoder.seen == ["ab", "c", "ünï", "d"]


def test_folders_stay_small_and_foreign_ones_are_refused(tmp_path):
    store = Store(tmp_path / "s", kind="frames")
    assert store.path("0" * 64).parent.parent == tmp_path / "s"
    assert len(store.path("0" * 64).parent.name) == 3
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "letter.txt").write_text("dear")
    with pytest.raises(BadInput, match="something else"):
        Store(tmp_path / "x", kind="frames")
    with pytest.raises(BadInput, match="does not exist"):
        Store(tmp_path / "no" / "such", kind="frames")


def test_frames_are_cut_once_and_come_back(tmp_path):
    clips = tmp_path / "clips"
    clips.mkdir()
    for i in range(2):
        ef.write(clip_of(moving(i, frames=24)), clips / f"{i}.mkv")
    ef.write(clip_of(moving(5, frames=4)), clips / "short.mkv")
    source = open_dataset(clips)
    first = cache_frames(source, tmp_path / "c", bucket="9x96x96", fps="12", sampling="uniform:2")
    assert (first.made, first.known) == (4, 0) and first.failed == 0
    assert first.left_out == (("short", "it has 2 frames at 12 a second, 9 are asked for"),)
    (clips / "0.mkv").rename(clips / "renamed.mkv")
    again = cache_frames(
        open_dataset(clips), tmp_path / "c", bucket="9x96x96", fps="12", sampling="uniform:2"
    )
    assert (again.made, again.known) == (0, 4)
    store = Store(tmp_path / "c", kind="frames")
    path = store.path(store.entries()[0][0])
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    assert header["__metadata__"]["fingerprint"] == store.entries()[0][0]
    with pytest.raises(BadInput, match="entries are not in the cache"):
        cache_frames(source, tmp_path / "c", bucket="5x96x96", mode="only")
    with pytest.raises(BadInput, match="random"):
        cache_frames(source, tmp_path / "c", sampling="random")
    with pytest.raises(BadInput, match="FRAMESxWIDTHxHEIGHT"):
        cache_frames(source, tmp_path / "c", bucket="big")


def test_cached_frames_are_those_of_the_clip(tmp_path):
    made = moving(3, frames=24)
    ef.write(clip_of(made), tmp_path / "a.mkv")
    source = open_dataset(tmp_path / "a.mkv")
    cache_frames(source, tmp_path / "c", bucket="9x128x96", fps="12", sampling="head")
    store = Store(tmp_path / "c", kind="frames")
    from evenflow.data.curation.content import content_hash

    hash = content_hash(source, source.row(0))
    sample = Sample(
        "a",
        Window(Fraction(0), 9),
        Bucket(9, 128, 96),
        Crop(0, 0, 128, 96),
        Fraction(12),
        hash=hash,
    )
    np.testing.assert_array_equal(frames(store, sample), made[0:18:2])
