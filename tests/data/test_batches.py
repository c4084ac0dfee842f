"""Batches depend on (seed, epoch, number) alone, and show what their samples say they show."""

import json
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import evenflow as ef
from evenflow.core.clip import ArrayFrame, SourceInfo
from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.data.batches import Batches
from evenflow.data.buckets import Buckets
from evenflow.data.open import open_dataset
from evenflow.data.plan import Facts, facts_of, look_at, plan
from evenflow.data.row import Row
from evenflow.data.scenes import draw, picked, stage
from evenflow.data.windows import Sampling
from evenflow.data.worlds import world_rows

SCENES = "world:flat?seed=0&n=6&frames=13&size=32"
SMALL = Buckets(sides=(32,), frames=(5,), batch=2)


@pytest.fixture(scope="module")
def scenes():
    return open_dataset(SCENES)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Ten clips whose pixels are 10 * number + frame, of two shapes and several lengths."""
    at = tmp_path_factory.mktemp("files")
    for i in range(10):
        frames, width = (12, 48) if i % 3 else (7, 32)
        array = np.zeros((frames, 32, width, 3), np.uint8)
        array += (10 * i + np.arange(frames, dtype=np.uint8))[:, None, None, None]
        ef.write(ef.Clip(ef.ArraySource(array, Fraction(24))), at / f"{i}.mkv")
        (at / f"{i}.txt").write_text(f"clip {i}")
    return at


SHAPES = Buckets(sides=(32,), ratios=(1.0, 1.5), frames=(1, 3), group=2, multiple=8, batch=2)


def same(a, b):
    assert (
        a["keys"] == b["keys"] and a["captions"] == b["captions"] and a["samples"] == b["samples"]
    )
    assert torch.equal(a["video"], b["video"])
    for table in ("truth", "augment"):
        assert set(a[table]) == set(b[table])
        for name, value in a[table].items():
            assert torch.equal(value.nan_to_num(), b[table][name].nan_to_num()), name


def test_scenes_are_equal_to_the_clips_of_their_rows(scenes):
    batches = Batches(scenes, buckets=SMALL, truth=("forward_flow", "depth"), seed=3)
    assert len(batches) == 3 and batches.dropped == ()
    seen = []
    for batch in batches:
        for i, sample in enumerate(batch["samples"]):
            index = int(sample.key.rpartition("_")[2])
            row = scenes.row(index)
            start = sample.window.t0 * sample.fps
            assert start.denominator == 1 and 0 <= start <= 8
            rows = range(int(start), int(start) + 5)
            pictures, truth = scenes.source(row).draw(rows, truth=("forward_flow", "depth"))
            video = batch["video"][i].permute(1, 2, 3, 0).numpy()
            assert np.array_equal((video * 255).round().astype(np.uint8), pictures)
            assert torch.equal(batch["truth"]["depth"][i], truth.depth)
            assert torch.equal(batch["truth"]["forward_flow"][i, :-1], truth.forward_flow[:-1])
            assert batch["captions"][i] == row.caption and sample.hash == row.hash
            assert float(batch["t0"][i]) == pytest.approx(float(start / 12))
            seen.append(index)
    assert sorted(seen) == list(range(6))


def test_gradients_pass_through_what_was_drawn(scenes):
    batch = next(iter(Batches(scenes, buckets=SMALL, truth=("forward_flow",))))
    weight = torch.ones(1, requires_grad=True)
    (batch["video"] * weight).sum().backward()
    (batch["truth"]["forward_flow"] * weight).sum().backward()
    assert weight.grad is not None and batch["video"].dtype == torch.float32
    assert float(batch["video"].min()) >= 0 and float(batch["video"].max()) <= 1


HOW = {"truth": ("flow", "instance"), "seed": 5, "augment": "camera_jitter, light, motion_blur"}


@pytest.mark.slow
def test_workers_change_no_byte(scenes):
    several = Batches(scenes, buckets=SMALL, workers=2, prefetch=1, **HOW)
    for a, b in zip(Batches(scenes, buckets=SMALL, **HOW), several, strict=True):
        same(a, b)
    several.close()


def test_the_batch_changes_no_byte_of_a_clip():
    scenes = world_rows(SCENES)
    how = {**HOW, "sampling": "head", "augment": None}
    one = list(Batches(scenes, buckets=SMALL, **how))
    alone = {}
    for batch in Batches(scenes, buckets=Buckets(sides=(32,), frames=(5,), batch=6), **how):
        alone |= dict(zip(batch["keys"], batch["video"], strict=True))
    for batch in one:
        for key, video in zip(batch["keys"], batch["video"], strict=True):
            assert torch.equal(alone[key], video)


def test_a_picked_animation_is_drawn_as_in_the_whole_and_flows_between_what_was_picked():
    rows = world_rows("world:flat?seed=4&n=1&frames=13&size=48")
    source = rows.source(rows.row(0))
    frames = [0, 3, 4, 9, 12]
    ((pictures, truth),) = draw(
        [stage(rows, 0, 0, 13, Fraction(12))], device="cpu", truth=("forward_flow",)
    )
    whole = picked(source.animation, frames)
    from evenflow.world.render import render

    drawn = render([whole], truth=("forward_flow", "tracks"))
    assert torch.equal(drawn.frames[0], pictures[frames])
    assert not torch.equal(drawn.truth[0].forward_flow[0], truth.forward_flow[0])
    # Flow over three frames is where the point of the track goes over three frames.
    known = drawn.truth[0]
    hits = 0
    for n in range(known.tracks.shape[0]):
        for k in range(4):
            x, y = known.tracks[n, k].tolist()
            if known.track_frame[n] != k or known.track_occluded[n, k]:
                continue
            flow = known.forward_flow[k, int(y), int(x)]
            there = known.tracks[n, k] + flow
            assert torch.allclose(there, known.tracks[n, k + 1], atol=0.05)
            hits += 1
    assert hits > 10


def test_scenes_at_another_rate_show_the_frames_of_those_times(scenes):
    half = Batches(scenes, buckets=SMALL, fps=6, sampling="head", shuffle=False)
    batch = next(iter(half))
    expected = scenes.clip(scenes.row(0)).frames()[[0, 2, 4, 6, 8]]
    video = (batch["video"][0].permute(1, 2, 3, 0).numpy() * 255).round().astype(np.uint8)
    assert np.array_equal(video, expected) and float(batch["fps"][0]) == 6


def test_played_scenes_bring_their_actions_and_cameras():
    rows = world_rows("world:maze?seed=2&n=1&frames=9&size=32")
    spec = rows.spec(rows.row(0))
    batch = next(iter(Batches(rows, buckets=Buckets(sides=(32,), frames=(9,), batch=1))))
    told = np.array(spec.actions, np.float32)[:9]
    assert batch["has_actions"].tolist() == [True] and batch["has_camera"].tolist() == [True]
    assert np.allclose(batch["actions"][0].numpy()[: len(told)], told)
    slow = next(iter(Batches(rows, fps=6, buckets=Buckets(sides=(32,), frames=(5,), batch=1))))
    looks = slow["actions"][0].numpy()[:4, 8:].sum(0)
    assert np.allclose(looks, told[:8, 8:].sum(0), atol=1e-6)  # nothing of a turn is lost
    camera = rows.source(rows.row(0)).animation.camera
    assert np.allclose(slow["world_to_camera"][0], camera.world_to_camera[::2])


def value(video: torch.Tensor) -> list[int]:
    assert float(video.std((0, 2, 3)).max()) < 1e-6
    return (video.mean((0, 2, 3)) * 255).round().int().tolist()


@pytest.mark.parametrize("workers", [0, 2])
def test_files_are_cut_where_their_samples_say(folder, workers):
    batches = Batches(
        open_dataset(folder), buckets=SHAPES, sampling="chunk", workers=workers, seed=2
    )
    counts = {}
    for batch in batches:
        assert batch["video"].shape[2:] == (
            batch["bucket"].frames, batch["bucket"].height, batch["bucket"].width,
        )  # fmt: skip
        for i, sample in enumerate(batch["samples"]):
            number = int(sample.key)
            start = int(sample.window.t0 * 12)
            # 24 a second, taken at 12: every other frame.
            expected = [10 * number + 2 * (start + k) for k in range(sample.bucket.frames)]
            assert value(batch["video"][i]) == expected
            assert batch["captions"][i] == f"clip {number}"
            counts.setdefault((number, start), 0)
    assert batches.failed == []
    assert {n: sorted(s for m, s in counts if m == n) for n in range(10)} == {
        n: ([0, 3] if n % 3 else [0]) for n in range(10)
    }
    batches.close()


class Memory:
    """Ten clips in memory, of two shapes."""

    name = "memory"

    def __len__(self):
        return 10

    def __iter__(self):
        return map(self.row, range(10))

    def row(self, index):
        frames, width = (12, 48) if index % 3 else (7, 32)
        return Row(
            str(index), "", num_frames=frames, fps=Fraction(24), width=width, height=32
        )  # fmt: skip

    def clip(self, row):
        array = np.zeros((row.num_frames, 32, row.width, 3), np.uint8)
        return ef.Clip(ef.ArraySource(array, Fraction(24)))


def keys_of(batches: Batches, limit: int | None = None) -> list[tuple[str, Fraction]]:
    out = []
    for n, batch in enumerate(batches):
        out += [(s.key, s.window.t0) for s in batch["samples"]]
        if limit is not None and n + 1 >= limit:
            break
    return out


def test_ranks_share_batches_and_resume_with_any_other_number_of_them():
    source = Memory()
    how = {"buckets": Buckets(**{**vars(SHAPES), "batch": 4}), "sampling": "random", "seed": 9}
    one = Batches(source, **how)
    whole = keys_of(one) + keys_of(one)
    assert len({tuple(whole[: len(whole) // 2]), tuple(whole[len(whole) // 2 :])}) == 2
    for sizes, stop in (((2, 4), 1), ((4, 1), 2), ((1, 2), 3)):
        got, state = [], None
        for turn, size in enumerate(sizes):
            ranks = [Batches(source, rank=r, world_size=size, **how) for r in range(size)]
            for rank in ranks:
                if state is not None:
                    rank.load_state_dict(json.loads(json.dumps(state)))
            while len(got) < len(whole):
                parts = [keys_of(rank, 1) for rank in ranks]
                got += [parts[i % size][i // size] for i in range(sum(map(len, parts)))]
                states = [rank.state_dict() for rank in ranks]
                assert all(one == states[0] for one in states)
                if turn == 0 and states[0]["position"] == stop:
                    state = states[0]
                    break
        assert got == whole


@given(st.integers(0, 3), st.integers(1, 9), st.sampled_from([0, 1, 3]))
@settings(max_examples=12, deadline=None)
def test_a_stop_anywhere_loses_and_repeats_nothing(seed, stop, prefetch):
    source = Memory()
    how = {"buckets": SHAPES, "seed": seed, "prefetch": prefetch}
    whole = keys_of(Batches(source, **how))
    first = Batches(source, **how)
    begun = keys_of(first, min(stop, len(first) - 1))
    state = first.state_dict()
    again = Batches(source, **{**how, "seed": 77})
    again.load_state_dict(state)
    assert begun + keys_of(again) == whole


def test_a_state_of_other_data_is_refused(scenes):
    state = Batches(scenes, buckets=SMALL).state_dict()
    assert set(state) == {"epoch", "position", "seed", "digest"}
    with pytest.raises(BadInput, match="other data"):
        Batches(Memory(), buckets=SHAPES).load_state_dict(state)
    with pytest.raises(BadInput, match="position"):
        Batches(scenes, buckets=SMALL).load_state_dict({"epoch": 0, "seed": 1})


def test_a_clip_that_cannot_be_read_is_told_and_another_takes_its_place(tmp_path, folder):
    lines = []
    for i in (1, 2, 4):
        (tmp_path / f"{i}.mkv").write_bytes((folder / f"{i}.mkv").read_bytes())
        lines.append({"path": f"{i}.mkv", "num_frames": 12, "fps": 24, "width": 48, "height": 32})
    (tmp_path / "bad.mkv").write_text("no video")
    lines += [{**lines[0], "path": "bad.mkv"}, {"path": "gone.mkv"}, {"path": "none.mkv", "fps": 1}]
    (tmp_path / "metadata.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    batches = Batches(open_dataset(tmp_path), buckets=SHAPES, sampling="head")
    assert {one.key for one in batches.dropped} == {"gone", "none"}
    keys = [key for key, _ in keys_of(batches)]
    assert len(keys) == 4 and set(keys) == {"1", "2", "4"}
    assert [one.key for one in batches.failed] == ["bad"]
    assert "bad" in batches.failed[0].reason and "\n" not in batches.failed[0].reason
    (tmp_path / "metadata.jsonl").write_text(json.dumps(lines[3]) + "\n")
    with pytest.raises(UnreadableVideo, match="cannot be read"):
        keys_of(Batches(open_dataset(tmp_path), buckets=SHAPES, sampling="head"))


def test_filters_are_applied_late_and_told(folder):
    rows = [
        Row(str(i), f"{i}.mkv", scores={"motion": i / 10}, marks={"black": "x"} if i == 8 else {})
        for i in range(10)
    ]
    source = open_dataset(rows, base=folder)
    batches = Batches(source, buckets=SHAPES, where="motion >= 0.5 and not black", sampling="head")
    assert {key for key, _ in keys_of(batches)} == {"5", "6", "7", "9"}
    assert {one.reason for one in batches.dropped} == {"left out by the filter"}


def test_weights_and_repeats_decide_how_often_a_dataset_comes(folder, tmp_path):
    (tmp_path / "few").mkdir()
    for i in (1, 2):
        (tmp_path / "few" / f"{i}.mkv").write_bytes((folder / f"{i}.mkv").read_bytes())
    (tmp_path / "list.toml").write_text(
        f'[[dataset]]\npath = "{folder}"\nweight = 1\nname = "many"\n'
        '[[dataset]]\npath = "few"\nweight = 3\n'
    )
    how = {"buckets": SHAPES, "sampling": "head", "last": "short"}
    weighed = Batches(open_dataset(tmp_path / "list.toml"), **how)
    draws = [
        weighed.members(e, n)
        for e in range(5)
        for n in range(weighed._planned(e)[1].num_batches(e))
    ]
    parts = [member.part for draw_ in draws for member in draw_.members]
    assert parts.count(1) == 3 * parts.count(0) == 5 * 12 * 3 / 4  # five epochs of 12 windows
    (tmp_path / "list.toml").write_text(
        f'[[dataset]]\npath = "{folder}"\nname = "many"\n[[dataset]]\npath = "few"\nrepeats = 4\n'
    )
    keys = [k for k, _ in keys_of(Batches(open_dataset(tmp_path / "list.toml"), **how))]
    assert sorted(k for k in keys if k.startswith("few/")) == ["few/1"] * 4 + ["few/2"] * 4
    assert len({k for k in keys if k.startswith("many/")}) == 10 and len(keys) == 18


def test_repeats_and_weights_of_lists_in_lists_multiply():
    from evenflow.data.joined import Joined, Part
    from evenflow.data.plan import factors_of, leaves_of

    class Leaf(Memory):
        pass

    inner = Joined("inner", (Part(Leaf(), "a", repeats=2), Part(Leaf(), "b", repeats=3)))
    outer = Joined("outer", (Part(inner, "in", repeats=2), Part(Leaf(), "c")))
    assert [leaf.prefix for leaf in leaves_of(outer)] == ["in/a/", "in/b/", "c/"]
    assert factors_of(outer, [10, 20, 30]) == (4, 6, 1)
    weighed = Joined("w", (Part(inner, "in", weight=3), Part(Leaf(), "c", weight=1)))
    factors = factors_of(weighed, [10, 20, 30])
    sizes = [f * n for f, n in zip(factors, [10, 20, 30], strict=True)]
    assert sum(sizes) == 60 and sizes[2] == 15 and sizes[1] / sizes[0] == Fraction(3 * 20, 2 * 10)
    scenes = Joined("s", (Part(Joined("t", (Part(world_rows(SCENES), "x"),)), "y"),))
    batch = next(iter(Batches(scenes, buckets=SMALL, truth=("instance",))))
    assert batch["truth"]["instance"].shape[0] == 2  # drawn, with its truth, however deep it lies
    assert all(key.startswith("y/x/flat_") for key in batch["keys"])


def test_a_hundred_million_scenes_are_planned_at_once():
    rows = world_rows("world:story?seed=0&n=100000000&frames=33&size=64")
    batches = Batches(rows, buckets=Buckets(sides=(64,), batch=64))
    assert len(batches) == 100_000_000 // 64
    assert len({m.entry for m in batches.members(0, 12345).members}) == 64


def test_keep_probabilities_are_drawn_anew_in_every_epoch():
    rows = world_rows("world:flat?seed=0&n=400&frames=9&size=64")
    how = Buckets(sides=(32, 64), frames=(9,), keep={"64": 0.25})
    looked = look_at(rows)
    plans = [
        plan(looked, buckets=how, sampling=Sampling(), fps=Fraction(12), epoch=e) for e in (0, 1, 0)
    ]
    large = [set(one.cuts[-1][0].rows.tolist()) for one in plans]
    assert large[0] == large[2] != large[1]
    assert all(60 < len(one) < 140 for one in large)
    assert Facts(Fraction(1), 2, 3).width == 2


def test_actions_and_cameras_beside_files_go_along(folder, tmp_path):
    (tmp_path / "1.mkv").write_bytes((folder / "1.mkv").read_bytes())
    actions = np.zeros((12, 10), np.float32)
    actions[:, 0] = np.arange(12) % 2
    actions[:, 8] = np.arange(12)
    np.save(tmp_path / "1.actions.npy", actions)
    row = "0.5 0.75 0.5 0.5 0 0 1 0 0 0.25 0 1 0 0 0 0 1 0"
    (tmp_path / "1.camera.txt").write_text(
        "".join(f"{round(i / 24 * 1e6)} {row}\n" for i in range(12))
    )
    buckets = Buckets(sides=(16,), frames=(3,), group=2, multiple=8, batch=1)
    batch = next(iter(Batches(open_dataset(tmp_path), buckets=buckets, sampling="head")))
    # At half the rate each action gathers two: keys pressed, looks added up.
    assert batch["actions"][0, :, 0].tolist() == [1, 1, 1]
    assert batch["actions"][0, :, 8].tolist() == [0 + 1, 2 + 3, 4 + 5]
    # 48 x 32, cropped to the 32 x 32 in the middle, halved.
    k = batch["intrinsics"][0, 0]
    assert torch.allclose(
        k, torch.tensor([[0.5 * 48 / 2, 0, 8], [0, 0.75 * 32 / 2, 8], [0, 0, 1.0]]), atol=1e-5
    )
    assert batch["has_camera"].tolist() == [True]
    np.save(tmp_path / "1.actions.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    broken = Batches(open_dataset(tmp_path), buckets=buckets, sampling="head")
    with pytest.raises(UnreadableVideo, match="actions"):
        next(iter(broken))


def test_truth_beside_files_is_that_of_the_scene_they_were_drawn_from(tmp_path):
    from evenflow.world.clip import write_truth

    asked = ("forward_flow", "forward_occlusion", "instance", "boxes", "depth", "tracks")
    rows = world_rows("world:story?seed=2&n=1&frames=13&size=48")
    row = rows.row(0)
    for name in ("videos", "gt"):
        (tmp_path / name).mkdir()
    ef.write(rows.clip(row), tmp_path / "videos" / "s.mkv")
    write_truth(rows.source(row), tmp_path / "gt" / "s")
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "videos/s.mkv", "text": "x"}')
    how = {
        "buckets": Buckets(sides=(32,), frames=(9,), batch=1), "truth": asked, "sampling": "head",
        "augment": "camera_jitter",
    }  # fmt: skip
    drawn = next(iter(Batches(rows, **how)))
    files = Batches(open_dataset(tmp_path), **how)
    read = next(iter(files))
    assert set(read["truth"]) == {*asked, "forward_valid", "track_occluded"}
    for name, values in read["truth"].items():
        if not name.startswith("track"):  # other points are picked from a window than from a whole
            assert torch.equal(values, drawn["truth"][name]), name
    assert not read["truth"]["forward_valid"][0, -1] and read["truth"]["forward_valid"][0, 0]
    assert read["truth"]["tracks"].shape[2] == 9
    assert torch.allclose(read["intrinsics"], drawn["intrinsics"], atol=1e-3)
    assert torch.allclose(read["world_to_camera"], drawn["world_to_camera"], atol=1e-4)
    assert float((read["video"] - drawn["video"]).abs().mean()) < 0.01  # scaled by other means
    # Every other frame: what leads from frame to frame is not known any more.
    slow = {**how, "fps": 6, "buckets": Buckets(sides=(32,), frames=(5,), batch=1)}
    assert set(next(iter(Batches(open_dataset(tmp_path), **slow)))["truth"]) == {
        "instance", "boxes", "depth", "tracks", "track_occluded",
    }  # fmt: skip
    np.save(tmp_path / "gt" / "s" / "depth.npy", np.zeros((3, 4, 5), np.float32))
    with pytest.raises(UnreadableVideo, match="depth"):
        next(iter(Batches(open_dataset(tmp_path), **how)))


def test_masks_beside_files_go_along(tmp_path):
    array = np.random.default_rng(0).integers(0, 255, (12, 32, 48, 1), dtype=np.uint8)
    for name, frames in (("a", array), ("b", array), ("c", array), ("a.mask", array)):
        ef.write(ef.Clip(ef.ArraySource(frames, Fraction(24))), tmp_path / f"{name}.mkv")
    ef.write(ef.Clip(ef.ArraySource(array[:1])), tmp_path / "b.mask.png")
    how = Buckets(sides=(32,), frames=(3,), group=2, multiple=8, batch=3)
    batches = Batches(open_dataset(tmp_path), buckets=how, sampling="head", shuffle=False)
    assert len(batches.source) == 3  # a mask is no clip
    batch = next(iter(batches))
    middle = torch.from_numpy(array[:5:2, :, 8:40, 0].astype(np.float32) / 255)
    assert batch["has_mask"].tolist() == [True, True, False]
    assert torch.allclose(batch["mask"][0], middle) and bool((batch["mask"][2] == 1).all())
    assert torch.allclose(batch["mask"][1], middle[:1].expand(3, 32, 32))
    # Its clip is the mask: they stay together when the camera shakes.
    shaken = Batches(
        open_dataset(tmp_path), buckets=how, sampling="head", augment="camera_jitter(shift=0.1)"
    )
    batch = next(iter(shaken))
    i = batch["keys"].index("a")
    off = (batch["mask"][i] - batch["video"][i].mean(0)).abs().mean()
    assert float(off) < 0.6 * float((batch["mask"][i] - middle).abs().mean())


@pytest.mark.parametrize("told", [True, False])
def test_stretches_and_uneven_rates_are_laid_out_by_their_seconds(tmp_path, told):
    # A second at 20 frames a second, then two at 5; each picture has the value of its number.
    times = [Fraction(i, 20) for i in range(20)] + [1 + Fraction(i, 5) for i in range(10)]

    class Uneven:
        warnings = ()
        info = SourceInfo("uneven", 32, 32, Fraction(12), 30, variable_rate=True)

        def stream(self, start=0, stop=None, *, cancel=None):
            for i in range(*slice(start, stop).indices(30)):
                yield ArrayFrame(i, times[i], np.full((32, 32, 3), i, np.uint8))

    ef.write(ef.Clip(Uneven()), tmp_path / "a.mkv")
    line = {"path": "a.mkv", "t0": 0.5, "t1": 2.5}
    if told:  # as curation writes a shot: its own number of frames
        line |= {"num_frames": 18, "fps": 12, "width": 32, "height": 32}
    (tmp_path / "metadata.jsonl").write_text(json.dumps(line))
    source = open_dataset(tmp_path)
    assert (facts_of(source.row(0)) == Facts(Fraction(2), 32, 32)) is told
    how = Buckets(sides=(32,), frames=(5,), batch=1)
    batches = Batches(source, buckets=how, fps=5, sampling="chunk", shuffle=False)
    shown = [(float(b["t0"][0]), value(b["video"][0])) for b in batches]
    # The stretch begins at frame 10: 0.5, 0.7, 0.9, 1.1, 1.3 s; then 1.5 to 2.3 s.
    assert shown == [(0.0, [10, 14, 18, 20, 21]), (1.0, [22, 23, 24, 25, 26])]


def test_silly_batches_are_refused(scenes):
    with pytest.raises(BadInput, match="ranks"):
        Batches(scenes, buckets=SMALL, world_size=4)
    with pytest.raises(BadInput, match="no clip fits"):
        Batches(scenes, buckets=Buckets(sides=(128,)))
    with pytest.raises(BadInput):
        Batches(scenes, buckets=SMALL, rank=2, world_size=2)
    with pytest.raises(BadInput, match="truth"):
        Batches(scenes, buckets=SMALL, truth=("beauty",))
