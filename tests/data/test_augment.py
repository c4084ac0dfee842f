"""What augmentations record undoes or describes them; what lies beside the picture moves along."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from evenflow.core.errors import BadInput
from evenflow.data.augment import Augment
from evenflow.data.augmentations import AUGMENTATIONS
from evenflow.data.augmentations.camera_jitter import maps
from evenflow.data.augmentations.light import encoded, linear, tint
from evenflow.data.augmentations.paths import wander
from evenflow.data.example import Example, moved, scaled, warped
from evenflow.data.sample import Bucket, Crop
from evenflow.world.clip import sample

SIZE, FRAMES = 48, 9


@pytest.fixture(scope="module")
def scene() -> Example:
    """A scene in which something moves and the camera too."""
    clip, truth = sample(
        preset="story",
        seed=2,
        frames=FRAMES,
        size=(SIZE, SIZE),
        truth=("all",),
        camera="truck left",
    )
    known = {name: value.clone() for name, value in vars(truth).items() if value is not None}
    return Example(clip.tensor().clone(), Fraction(12), known)


def smooth(frames: int = 5) -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(SIZE) + 0.5, torch.arange(SIZE) + 0.5, indexing="ij")
    wave = 0.5 + 0.3 * torch.sin(x / 7) * torch.cos(y / 9)
    shift = torch.arange(frames)[:, None, None] * 0.02
    return torch.stack([wave + shift, wave * 0.8 + shift, 1 - wave + shift]).clamp(0, 1)


@pytest.mark.parametrize("name", sorted(AUGMENTATIONS))
def test_every_augmentation_keeps_the_contract(scene, name):
    chain = Augment.of(name)
    before = scene.video.clone()
    one, told = chain(scene, seed=4)
    two, again = chain(scene, seed=4)
    other, _ = chain(scene, seed=5)
    assert torch.equal(one.video, two.video) and not torch.equal(one.video, other.video)
    assert torch.equal(scene.video, before)
    assert one.video.shape == before.shape and one.video.dtype == torch.float32
    assert float(one.video.min()) >= 0 and float(one.video.max()) <= 1
    assert set(one.truth) == set(scene.truth)
    assert told and all(len(value) == FRAMES for value in told.values())
    assert all(torch.equal(told[k], again[k]) for k in told)


def test_settings_of_zero_change_nothing(scene):
    still = Augment.of(
        "camera_jitter(shift=0,turn=0,zoom=0), light(gain=0,temperature=0),"
        "motion_blur(shutter=0,spread=0)"
    )
    done, told = still(scene, seed=1)
    assert torch.allclose(done.video, scene.video, atol=2e-6)
    for name, value in scene.truth.items():
        assert torch.allclose(
            done.truth[name].nan_to_num(posinf=9).double(), value.nan_to_num(posinf=9).double(),
            atol=1e-4,
        ), name  # fmt: skip
    assert torch.allclose(told["camera_jitter"], torch.eye(3))
    assert torch.allclose(told["light"], torch.ones(FRAMES, 3), atol=1e-6)


def test_the_inverse_of_the_recorded_map_undoes_the_jitter():
    example = Example(smooth(), Fraction(12))
    done, told = Augment.of("camera_jitter(shift=0.03,turn=0.03,zoom=0.03)")(example, seed=3)
    matrix = told["camera_jitter"]
    back = warped(done.video, torch.linalg.inv(matrix))
    x, y = torch.meshgrid(torch.arange(SIZE) + 0.5, torch.arange(SIZE) + 0.5, indexing="xy")
    spots = torch.stack([x, y, torch.ones_like(x)], -1)  # where old pixels are in the new picture
    there = torch.einsum("tij,hwj->thwi", matrix, spots)[..., :2]
    inside = ((there > 1) & (there < SIZE - 1)).all(-1)
    assert inside.float().mean() > 0.5
    assert float((back - example.video).abs()[:, inside].max()) < 0.01
    assert float((done.video - example.video).abs().max()) > 0.05


def test_jitter_never_shows_what_lies_beyond_the_edge():
    for seed in range(20):
        example = Example(torch.zeros(3, 7, 20, 36), Fraction(12))
        _, told = Augment.of("camera_jitter(shift=0.1,turn=0.2,zoom=0.1)")(example, seed=seed)
        corners = torch.tensor([[0, 0, 1], [36, 0, 1], [0, 20, 1], [36, 20, 1.0]])
        at = torch.einsum("tij,kj->tki", torch.linalg.inv(told["camera_jitter"]), corners)
        assert float(at[..., 0].min()) > -1e-3 and float(at[..., 0].max()) < 36 + 1e-3
        assert float(at[..., 1].min()) > -1e-3 and float(at[..., 1].max()) < 20 + 1e-3


def test_flow_ids_and_boxes_of_a_jittered_scene_are_those_of_its_pictures(scene):
    done, told = Augment.of("camera_jitter(shift=0.04,turn=0.02,zoom=0.04)")(scene, seed=8)
    truth, matrix = done.truth, told["camera_jitter"].double()
    # Points of the tracks, moved by the recorded maps, follow the new flow and meet the same ids.
    tracks = truth["tracks"].double()
    old = scene.truth["tracks"].double()
    ones = torch.ones(*old.shape[:2], 1, dtype=torch.float64)
    expected = torch.einsum("tij,ntj->nti", matrix, torch.cat([old, ones], -1))[..., :2]
    assert torch.allclose(tracks, expected, atol=1e-3)
    followed = same_id = total = 0
    for n in range(tracks.shape[0]):
        for t in range(FRAMES - 1):
            x, y = tracks[n, t].tolist()
            if truth["track_occluded"][n, t] or truth["track_occluded"][n, t + 1]:
                continue
            if not (1 <= x < SIZE - 1 and 1 <= y < SIZE - 1):
                continue
            total += 1
            flow = truth["forward_flow"][t, int(y), int(x)].double()
            followed += bool((tracks[n, t] + flow - tracks[n, t + 1]).norm() < 0.35)
            row, column = int(old[n, t, 1]), int(old[n, t, 0])
            same_id += bool(truth["part"][t, int(y), int(x)] == scene.truth["part"][t, row, column])
    assert total > 60 and followed > 0.93 * total and same_id > 0.93 * total
    for t in range(FRAMES):
        for e in range(truth["boxes"].shape[1]):
            rows, columns = torch.nonzero(truth["instance"][t] == e + 1, as_tuple=True)
            assert len(rows) == truth["visible"][t, e]
            if len(rows):
                x0, y0, x1, y1 = truth["boxes"][t, e].tolist()
                assert (x0, y0) == (int(columns.min()), int(rows.min()))
                assert (x1, y1) == (int(columns.max()) + 1, int(rows.max()) + 1)


def test_cameras_of_a_jittered_scene_see_its_points_where_they_are(scene):
    done, _ = Augment.of("camera_jitter(shift=0.04,turn=0.1,zoom=0.05)")(scene, seed=2)
    for example in (scene, done):
        truth = example.truth
        k, pose = truth["intrinsics"].double(), truth["world_to_camera"].double()
        assert torch.allclose(
            pose[:, :3, :3] @ pose[:, :3, :3].mT, torch.eye(3).double(), atol=1e-6
        )
        ground = truth["part"] == -1
        ground &= truth["depth"] < 50
        t, y, x = torch.nonzero(ground, as_tuple=True)
        points = truth["coordinates"][t, y, x].double()
        world = torch.cat([points, torch.ones(len(points), 1, dtype=torch.float64)], -1)
        seen = torch.einsum("nij,nj->ni", pose[t], world)[:, :3]
        at = torch.einsum("nij,nj->ni", k[t], seen)
        at = at[:, :2] / at[:, 2:]
        centers = torch.stack([x + 0.5, y + 0.5], -1)
        # The truth of a new pixel is that of the old one its center falls into: within its radius.
        limit = 1e-2 if example is scene else 0.5 * 2**0.5 * 1.35
        assert len(points) > 500 and float((at - centers).abs().max()) < limit


def test_a_crop_at_half_the_size_halves_flow_and_lens(scene):
    small = scaled(scene, Crop(8, 0, 32, 32), Bucket(FRAMES, 16, 16))
    assert small.video.shape == (3, FRAMES, 16, 16)
    flow = scene.truth["forward_flow"][:, 1:32:2, 9:40:2]
    assert torch.allclose(small.truth["forward_flow"], flow / 2, atol=1e-5)
    k, old = small.truth["intrinsics"], scene.truth["intrinsics"]
    assert torch.allclose(k[:, 0, 2], (old[:, 0, 2] - 8) / 2) and torch.allclose(
        k[:, 0, 0], old[:, 0, 0] / 2
    )
    assert torch.equal(small.truth["world_to_camera"], scene.truth["world_to_camera"])
    assert torch.equal(
        scaled(scene, Crop(0, 0, SIZE, SIZE), Bucket(FRAMES, SIZE, SIZE)).video, scene.video
    )
    # What left the crop is not seen in the next frame any more.
    moved_ = small.truth["forward_flow"][0]
    x = torch.arange(16)[None, :] + 0.5 + moved_[..., 0]
    assert bool(small.truth["forward_occlusion"][0][x >= 16].all())


def test_quarter_turns_of_a_square_are_exact():
    matrix = torch.from_numpy(maps(np.zeros((1, 2)), np.array([np.pi / 2]), np.ones(1), 6, 6))
    ids = torch.arange(36, dtype=torch.int16).reshape(1, 6, 6)
    out = moved({"instance": ids}, matrix, (6, 6), (6, 6))["instance"]
    assert torch.equal(out[0], torch.rot90(ids[0], -1))
    picture = torch.rand(3, 1, 6, 6)
    assert torch.allclose(
        warped(picture, matrix)[:, 0], torch.rot90(picture[:, 0], -1, (1, 2)), atol=1e-5
    )


def test_dividing_by_the_recorded_gains_undoes_the_light():
    example = Example(smooth() * 0.6, Fraction(12))
    done, told = Augment.of("light(gain=0.3,temperature=120,wander=0.1,wander_temperature=30)")(
        example, seed=6
    )
    back = encoded((linear(done.video) / told["light"].t()[:, :, None, None]).clamp(0, 1))
    clean = told["light_clipped"] == 0
    assert clean.any()
    assert float((back - example.video).abs()[:, clean].max()) < 1e-4
    assert float((done.video - example.video).abs().max()) > 0.02


def test_warm_light_is_red_cold_light_blue_and_both_as_bright():
    gains = tint(np.array([-80.0, 0.0, 80.0]))
    assert gains[0, 0] < 1 < gains[0, 2] and gains[2, 0] > 1 > gains[2, 2]
    assert np.allclose(gains[1], 1)
    assert np.allclose(gains @ [0.2126, 0.7152, 0.0722], 1)


def test_light_and_its_code_are_inverse():
    values = torch.linspace(0, 1, 1001)
    assert torch.allclose(encoded(linear(values)), values, atol=2e-6)
    assert linear(torch.tensor([0.5]))[0] == pytest.approx(0.21404, abs=1e-5)


def test_what_stands_is_not_blurred_and_what_moves_keeps_its_light():
    bar = torch.zeros(3, 5, 40, 64)
    for t in range(5):
        bar[:, t, :, 10 + 8 * t : 14 + 8 * t] = 1
    flow = torch.zeros(5, 40, 64, 2)
    flow[..., 0] = 8
    truth = {"forward_flow": flow, "backward_flow": -flow}
    done, told = Augment.of("motion_blur(shutter=0.5,spread=0)")(
        Example(bar, Fraction(12), truth), seed=0
    )
    assert bool(told["motion_blur_true"].all()) and torch.allclose(
        told["motion_blur_pixels"], torch.full((5,), 4.0)
    )
    light_ = linear(done.video)
    sums = light_.sum((0, 2, 3)) / linear(bar).sum((0, 2, 3))
    assert torch.allclose(sums, torch.ones(5), atol=0.02)
    # A bar of 4 under an open shutter of 4 pixels: a trapezium of 8 whose middle is where it was.
    row = light_[0, 2, 20]
    spots = torch.arange(64) + 0.5
    assert float((row * spots).sum() / row.sum()) == pytest.approx(28, abs=0.05)
    assert int((row > 0.02).sum()) in (7, 8) and float(row.max()) > 0.85
    still = Example(bar[:, :1].expand(3, 5, 40, 64), Fraction(12), {})
    alone, told = Augment.of("motion_blur")(still, seed=0)
    assert torch.allclose(alone.video, still.video, atol=1e-5)
    assert not told["motion_blur_true"].any()


def test_estimated_flow_blurs_along_the_motion_too():
    rng = np.random.default_rng(0)
    import cv2

    texture = cv2.GaussianBlur(rng.random((64, 140)).astype(np.float32), (0, 0), 2)
    texture = (texture - texture.min()) / np.ptp(texture)
    frames = torch.stack([torch.from_numpy(texture[:, 40 - 4 * t : 104 - 4 * t]) for t in range(5)])
    example = Example(frames[None].expand(3, 5, 64, 64).contiguous(), Fraction(12))
    done, told = Augment.of("motion_blur(shutter=1,spread=0)")(example, seed=0)
    assert float(told["motion_blur_pixels"][2]) == pytest.approx(4, abs=0.6)
    inner = (slice(None), 2, slice(8, 56), slice(8, 56))
    across = lambda v, d: float(v[inner].diff(dim=d).abs().mean())  # noqa: E731
    lost = [across(done.video, d) / across(example.video, d) for d in (1, 2)]
    assert lost[1] < 0.9 * lost[0]  # less detail along the way than across it


def test_wandering_has_the_strength_and_pace_that_were_asked_for():
    paths = np.concatenate(
        [wander(np.random.default_rng(s), 240, 24.0, pace=2.0, columns=3) for s in range(60)], 1
    )
    assert paths.std() == pytest.approx(1, abs=0.05) and abs(paths.mean()) < 0.08
    power = (np.abs(np.fft.rfft(paths * np.hanning(240)[:, None], axis=0)) ** 2).mean(1)
    frequency = np.fft.rfftfreq(240, 1 / 24)
    assert power[frequency > 2.4].sum() < 0.01 * power.sum()
    one = wander(np.random.default_rng(7), 10, 12.0, pace=1.0)
    two = wander(np.random.default_rng(7), 20, 24.0, pace=1.0)
    assert np.allclose(one, two[::2])  # of seconds, not of frames


def test_chains_are_written_as_text_and_read_again():
    chain = Augment.of("light(gain=0.2), motion_blur")
    assert Augment.of(chain.text) == chain and chain
    assert Augment.of({"light": {"gain": 0.2}, "motion_blur": {}}) == chain
    assert not Augment.of(None) and Augment.of("").text == ""
    alone = Augment.of("light(gain=0.2)")
    example = Example(smooth() * 0.9, Fraction(12))
    assert torch.equal(alone(example, seed=3)[1]["light"], chain(example, seed=3)[1]["light"])


@pytest.mark.parametrize(
    "wrong", ["glow", "light(gian=1)", "light(gain=-1)", "light(gain=x)", "light, light", "light("]
)
def test_silly_chains_are_refused(wrong):
    with pytest.raises(BadInput):
        Augment.of(wrong)
