"""What each kind of planted fault really does: closed forms, known motion, what must hold still."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from benchmarks.footage import data_file, homography, moved_photo
from evenflow.continuity import inject
from evenflow.continuity.injectors.fill import Fill, spread
from evenflow.continuity.injectors.grain import grain_level
from evenflow.continuity.injectors.hue import recolored, to_lab, to_rgb
from evenflow.continuity.injectors.pick import pick
from evenflow.continuity.injectors.region import Region
from evenflow.continuity.injectors.retimed import retimed
from evenflow.continuity.injectors.survey import Track, follow, ground, survey
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BadInput, Cancelled
from evenflow.core.events import CancelToken
from evenflow.core.times import Range

SIZE = (320, 180)
AT = Range.parse("8f..40f")


@pytest.fixture(scope="module")
def look(photo):
    return survey(photo.source, 8, 40)


def known(point, step, start=8, seed=11):
    """Where a point of frame `start` is at frame `step`, by the photograph's own homography."""
    there = homography(step, seed=seed, size=SIZE, fps=24)
    back = np.linalg.inv(homography(start, seed=seed, size=SIZE, fps=24))
    x, y, w = there @ back @ [*point, 1.0]
    return np.array([x / w, y / w])


def through(track, point, index):
    return (track.at(index) @ [*point, 1.0])[:2]


# Following


def test_a_region_follows_a_known_camera_within_a_third_of_a_pixel(look):
    boxes = [(150, 60, 230, 130), (60, 20, 140, 90)]
    tracks, _ = follow(look, boxes, ground(look)[0])
    for box, track in zip(boxes, tracks, strict=True):
        for point in [((box[0] + box[2]) / 2, (box[1] + box[3]) / 2), box[:2], box[2:]]:
            for index in (9, 20, 39):
                assert np.hypot(*(through(track, point, index) - known(point, index))) < 0.34


def test_the_camera_is_followed_within_a_pixel_and_a_half(look):
    camera, _ = ground(look)
    for point in [(160, 90), (40, 40), (280, 150)]:
        assert np.hypot(*(through(camera, point, 39) - known(point, 39))) < 1.5


def test_an_object_is_followed_and_not_the_ground_behind_it():
    rng = np.random.default_rng(3)
    ground_ = cv2.GaussianBlur(rng.uniform(0, 255, (160, 240)).astype(np.float32), (0, 0), 2.0)
    ground_ = (ground_ - ground_.mean()) * 4 + 110
    thing = cv2.GaussianBlur(rng.uniform(0, 255, (50, 50)).astype(np.float32), (0, 0), 1.5)
    thing = (thing - thing.mean()) * 4 + 140
    frames = []
    for i in range(20):
        frame = np.clip(np.roll(ground_, i, axis=1), 0, 255).astype(np.uint8)
        frame[60:110, 60 + 3 * i : 110 + 3 * i] = np.clip(thing, 0, 255)
        frames.append(np.repeat(frame[..., None], 3, axis=2))
    look = survey(ArraySource(np.stack(frames)), 0, 20)
    camera, own = ground(look)
    [track], _ = follow(look, [(62, 62, 108, 108)], camera)
    assert np.allclose(through(track, (85, 85), 19), (85 + 57, 85), atol=1.0)
    assert np.allclose(through(camera, (160, 20), 19), (160 + 19, 20), atol=1.5)
    assert own[24:34, 24:34].mean() > 1.0 > 5 * own[:8].mean()
    near = [
        np.hypot(region.center[0] - 85, region.center[1] - 85) < 25
        for seed in range(6)
        for region, _ in [pick(look, None, np.random.default_rng(seed), sides=(0.25, 0.3))]
    ]
    assert sum(near) >= 4  # mostly it is the thing that is picked


def test_a_picked_region_stays_in_view(look):
    for seed in range(4):
        region, _ = pick(look, None, np.random.default_rng(seed))
        whole = region.whole(8).sum()
        assert region.whole(39).sum() > 0.8 * whole
        side = np.sqrt(4 * region.half[0] * region.half[1] / (SIZE[0] * SIZE[1]))
        assert 0.2 < side < 0.46


def test_a_region_fades_to_nothing_at_its_rim_and_is_whole_in_its_middle():
    still = Track(0, np.eye(3)[None])
    region = Region(still, (50.0, 40.0), (20.0, 15.0), (100, 80), 0.4, (0.1, 1.0, 2.0))
    alpha = region.whole(0)[..., 0]
    assert alpha[40, 50] == 1.0 and alpha.max() == 1.0
    outside = np.ones_like(alpha, bool)
    outside[25:56, 30:71] = False
    assert not alpha[outside].any()
    assert np.abs(np.diff(alpha, axis=1)).max() < 0.3  # no hard rim
    x0, y0, x1, y1 = region.tight(0)
    assert alpha[y0:y1, x0:x1].sum() == alpha.sum()


def test_a_region_that_left_the_picture_is_nowhere():
    away = np.eye(3)
    away[0, 2] = 500.0
    region = Region(Track(0, np.stack([np.eye(3), away])), (50.0, 40.0), (9.0, 9.0), (100, 80))
    assert region.view(1) is None and region.tight(1) is None and not region.whole(1).any()
    assert region.union(0, 2) == region.tight(0)


def test_a_stream_cannot_be_looked_ahead_in(photo):
    class Stream(ArraySource):
        @property
        def info(self):
            from dataclasses import replace

            return replace(super().info, num_frames=None)

    clip = Clip(Stream(photo.frames(0, 20)))
    with pytest.raises(BadInput, match="is a stream, and this kind has to look ahead"):
        inject(clip, "subject_swap", strength=3, at="4f..12f")
    assert inject(clip, "collapse", strength=3, at="4f..12f")[0].frames(0, 8).any()


def test_a_look_ahead_can_be_stopped(photo):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        inject(photo, "subject_swap", strength=3, at=AT, cancel=token)


# Filling


def test_what_is_known_is_carried_smoothly_into_what_is_not():
    row, col = np.mgrid[:64, :80].astype(np.float32)
    ramp = (0.004 * row + 0.006 * col)[..., None]
    known_ = np.ones_like(ramp)
    known_[20:44, 25:55] = 0
    made = spread(ramp * known_, known_)
    assert np.abs(made - ramp)[20:44, 25:55].max() < 0.03
    assert np.allclose(spread(np.full_like(ramp, 0.3), known_), 0.3, atol=1e-4)


def test_a_thing_on_an_even_ground_vanishes_without_a_trace():
    rng = np.random.default_rng(0)
    row, col = np.mgrid[:120, :160].astype(np.float32)
    ground_ = 90 + 0.3 * col + 0.2 * row
    thing = (col - 80) ** 2 + (row - 60) ** 2 < 14**2
    frames = []
    for _ in range(12):
        view = np.where(thing, 220.0, ground_) + rng.normal(0, 1.0, ground_.shape)
        frames.append(np.repeat(view.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2))
    clip = Clip(ArraySource(np.stack(frames)))
    seed = next(
        s for s in range(20)
        if inject(clip, "vanish", strength=5, at="4f..10f", box=(55, 35, 106, 86), seed=s)[
            1
        ].parameters["variant"] == "gone"
    )  # fmt: skip
    made, _ = inject(clip, "vanish", strength=5, at="4f..10f", box=(55, 35, 106, 86), seed=seed)
    left = made.frames(6, 7)[0, ..., 0].astype(np.float32) - ground_
    assert np.abs(cv2.blur(left, (5, 5))).max() < 6.0
    assert 0.6 < left[46:74, 66:94].std() < 2.0  # with the clip's own grain


def test_a_fill_mirrors_at_the_border():
    picture = np.arange(12, dtype=np.float32).reshape(3, 4, 1)
    got = Fill(2, -1).fetched(picture, (1, 0, 4, 2))
    assert got[..., 0].tolist() == [[7, 6, 5], [3, 2, 1]]


# Color


def test_lab_and_back_is_the_identity():
    colors = np.random.default_rng(0).uniform(0, 1, (20, 30, 3)).astype(np.float32)
    assert np.abs(to_rgb(to_lab(colors)) - colors).max() < 3e-3


def test_a_turned_hue_keeps_lightness_and_chroma():
    colors = np.random.default_rng(1).uniform(0.3, 0.6, (20, 30, 3)).astype(np.float32)
    before, after = to_lab(colors), to_lab(recolored(colors, turn=1.0, tint=(0.0, 0.0)))
    assert np.abs(after[..., 0] - before[..., 0]).max() < 1.5
    chroma = np.hypot(before[..., 1], before[..., 2]) - np.hypot(after[..., 1], after[..., 2])
    assert np.abs(chroma).mean() < 1.0


def test_a_color_out_of_gamut_goes_as_far_as_there_is_one():
    white = np.full((4, 4, 3), 0.98, np.float32)
    made = recolored(white, turn=0.0, tint=(60.0, 0.0))
    assert np.abs(to_lab(np.clip(made, 0, 1)) - to_lab(white))[..., 0].max() < 3.0


def core(truth, frame):
    """The middle half of the truth's box at a frame."""
    x0, y0, x1, y1 = next(b[1:] for b in truth.parameters["boxes"] if b[0] == frame)
    w, h = (x1 - x0) // 4, (y1 - y0) // 4
    return slice(y0 + h, y1 - h), slice(x0 + w, x1 - w)


@pytest.mark.parametrize("strength", [2, 4])
def test_a_color_change_is_as_large_as_it_says_and_leaves_the_light(photo, strength):
    clip, truth = inject(photo, "color_change", strength=strength, at=AT, seed=3)
    rows, cols = core(truth, 8)
    before = to_lab(photo.frames(8, 9)[0, rows, cols] / np.float32(255))
    after = to_lab(clip.frames(8, 9)[0, rows, cols] / np.float32(255))
    asked = truth.parameters["injector_magnitude"]
    assert 0.5 * asked < np.linalg.norm(after - before, axis=-1).mean() < 1.3 * asked
    assert np.abs(after - before)[..., 0].mean() < 1.5


def test_a_color_flicker_has_the_size_that_it_says_and_no_mean(photo):
    clip, truth = inject(photo, "color_flicker", strength=4, at=AT, seed=3)
    steps = []
    for frame, *_ in truth.parameters["boxes"]:
        rows, cols = core(truth, frame)
        own = to_lab(photo.frames(frame, frame + 1)[0, rows, cols] / np.float32(255))
        made = to_lab(clip.frames(frame, frame + 1)[0, rows, cols] / np.float32(255))
        steps.append((made - own).mean(axis=(0, 1)))
    steps = np.array(steps)
    rms = np.sqrt((steps[:, 1:] ** 2).sum(axis=1).mean())
    assert 0.5 * 14 < rms < 1.2 * 14
    assert np.abs(steps[:, 0]).max() < 2.0
    assert np.abs(steps.mean(axis=0)).max() < 0.4 * rms


def test_a_turned_light_leaves_the_mean_brightness(photo):
    clip, truth = inject(photo, "light_direction", strength=4, at=AT, seed=1)
    x0, y0, x1, y1 = truth.parameters["boxes"][0][1:]
    own = (photo.frames(8, 9)[0, y0:y1, x0:x1] / 255) ** 2.2
    made = (clip.frames(8, 9)[0, y0:y1, x0:x1] / 255) ** 2.2
    assert made.mean() == pytest.approx(own.mean(), rel=0.08)
    turn = abs(truth.parameters["azimuth_deg"]["is"] - truth.parameters["azimuth_deg"]["was"])
    assert 100 < min(turn, 360 - turn) <= 180


def test_a_boiling_surface_keeps_its_mean_color(photo):
    clip, truth = inject(photo, "unstable_texture", strength=5, at=AT, seed=1)
    x0, y0, x1, y1 = truth.parameters["boxes"][5][1:]
    frame = truth.parameters["boxes"][5][0]
    own = photo.frames(frame, frame + 1)[0, y0:y1, x0:x1].astype(float)
    made = clip.frames(frame, frame + 1)[0, y0:y1, x0:x1].astype(float)
    assert np.abs(made - own).mean() > 3.0
    assert np.abs((made - own).mean(axis=(0, 1))).max() < 1.5


# Places


def test_a_leaping_object_is_the_same_one_elsewhere(photo):
    clip, truth = inject(photo, "teleportation", strength=3, at=AT, seed=4)
    (ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1) = sorted(
        (b[1:] for b in truth.parameters["boxes"] if b[0] == 8), key=lambda b: b[0]
    )
    here, there = truth.parameters["places"]["from"], truth.parameters["places"]["to"]
    a, b = ((ax0, ay0, ax1, ay1), (bx0, by0, bx1, by1))
    if here[0] > there[0]:
        a, b = b, a
    own, made = photo.frames(8, 9)[0], clip.frames(8, 9)[0]
    ca, cb = ((a[0] + a[2]) // 2, (a[1] + a[3]) // 2), ((b[0] + b[2]) // 2, (b[1] + b[3]) // 2)
    was = own[ca[1] - 4 : ca[1] + 4, ca[0] - 4 : ca[0] + 4]
    now = made[cb[1] - 4 : cb[1] + 4, cb[0] - 4 : cb[0] + 4]
    assert np.array_equal(was, now)
    assert not np.array_equal(was, made[ca[1] - 4 : ca[1] + 4, ca[0] - 4 : ca[0] + 4])
    size = 2 * max(a[2] - a[0], a[3] - a[1])
    assert truth.parameters["distance_px"] > 0.7 * size  # 1.6 diameters


def test_a_vanished_object_comes_in_three_forms(photo):
    forms = {}
    for seed in range(12):
        _, truth = inject(photo, "vanish", strength=4, at=AT, seed=seed)
        forms.setdefault(truth.parameters["variant"], truth)
    assert set(forms) == {"gone", "pops_in", "comes_back_wrong"}
    wrong = forms["comes_back_wrong"]
    first, last = wrong.parameters["occluder"]["frames"]
    assert first == 8 < wrong.start_frame < wrong.end_frame == 40 and last <= 40


def test_what_passes_in_front_hides_the_moment_of_the_change(photo):
    seed = next(
        s for s in range(40)
        if inject(photo, "vanish", strength=5, at=AT, seed=s)[1].parameters["variant"]
        == "comes_back_wrong"
    )  # fmt: skip
    made, truth = inject(photo, "vanish", strength=5, at=AT, seed=seed)
    frames, own = made.frames().astype(int), photo.frames().astype(int)
    x0, y0, x1, y1 = truth.parameters["boxes"][-1][1:]
    middle = (slice(y0 + 10, y1 - 10), slice(x0 + 10, x1 - 10))
    assert np.abs(frames[39] - own[39])[middle].mean() > 15  # another one stands there
    assert not np.abs(frames[8] - own[8])[middle].any()  # and the first one stood there before


def test_a_new_background_leaves_the_subject_alone(photo):
    clip, truth = inject(photo, "background_switch", strength=5, at=AT, seed=2)
    assert truth.box is None
    for frame, x0, y0, x1, y1 in truth.parameters["subject_boxes"][::8]:
        w, h = (x1 - x0) // 4, (y1 - y0) // 4
        own, made = photo.frames(frame, frame + 1)[0], clip.frames(frame, frame + 1)[0]
        inner = (slice(y0 + h, y1 - h), slice(x0 + w, x1 - w))
        assert np.array_equal(own[inner], made[inner])
        gap = np.abs(own.astype(int) - made)
        gap[y0:y1, x0:x1] = 0
        assert gap.mean() > 12


def test_a_new_background_moves_with_the_camera(photo):
    clip, _ = inject(photo, "background_switch", strength=5, at=AT, seed=2)
    look = survey(clip.source, 8, 40)
    camera, _ = ground(look)
    assert np.hypot(*(through(camera, (160, 90), 39) - known((160, 90), 39))) < 2.5


def test_a_swimming_background_is_no_global_shift_and_spares_the_subject(photo):
    clip, truth = inject(photo, "background_swim", strength=4, at=AT, seed=2)
    frame, x0, y0, x1, y1 = truth.parameters["subject_boxes"][len(
        truth.parameters["subject_boxes"]
    ) // 2]  # fmt: skip
    own, made = photo.frames(frame, frame + 1)[0], clip.frames(frame, frame + 1)[0]
    cx, cy = (x0 + x1) // 2, (y0 + y1) // 2
    inner = (slice(cy - 5, cy + 5), slice(cx - 5, cx + 5))
    assert np.array_equal(own[inner], made[inner])
    gray = [cv2.cvtColor(p, cv2.COLOR_RGB2GRAY) for p in (own, made)]
    field = cv2.DISOpticalFlow_create(1).calc(*gray, None)
    spread_ = np.sqrt(((field - field.mean(axis=(0, 1))) ** 2).sum(axis=2).mean())
    assert spread_ > 0.6 > abs(field.mean())
    first = clip.frames(8, 9)[0].astype(int) - photo.frames(8, 9)[0]
    most = np.abs(made.astype(int) - own).mean()
    assert np.abs(first).mean() < 0.6 * most  # it rises


def test_shimmering_edges_leave_flat_areas_alone(photo):
    clip, _ = inject(photo, "edge_shimmer", strength=4, at=AT, seed=2)
    own, made = photo.frames(20, 21)[0], clip.frames(20, 21)[0]
    gray = cv2.GaussianBlur(own.mean(axis=2).astype(np.float32), (0, 0), 1.0)
    slope = np.hypot(cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1))
    flat = cv2.blur(slope, (15, 15)) < np.percentile(slope, 30)
    assert flat.mean() > 0.05
    assert not (own != made).any(axis=2)[flat].any()
    edges = slope > np.percentile(slope, 97)
    assert (own != made).any(axis=2)[edges].mean() > 0.7


# Time


def test_a_ghost_is_a_mix_with_a_frame_from_before(photo):
    clip, truth = inject(photo, "ghosting", strength=3, at=AT, seed=1)
    lag, share = truth.parameters["lag_frames"], truth.parameters["injector_magnitude"]
    own = photo.frames().astype(np.float64)
    made = clip.frames(20, 21)[0]
    assert np.abs(made - ((1 - share) * own[20] + share * own[20 - lag])).max() <= 0.51
    assert 2 <= lag <= 4


def test_seams_part_windows_that_are_steady_inside(photo):
    clip, truth = inject(photo, "seam", strength=5, at=AT, seed=1)
    joints = truth.parameters["joints"]
    assert joints[0] == 8 and len(joints) >= 2 and joints[-1] < 40
    gain = (clip.frames().mean(axis=(1, 2, 3)) / photo.frames().mean(axis=(1, 2, 3)))[8:40]
    steps = np.abs(np.diff(gain))
    inner = [i - 9 for i in joints[1:]]
    assert steps[inner].min() > 5 * np.delete(steps, inner).max()


def test_key_frames_stay_sharp_while_sharpness_pumps(photo):
    clip, truth = inject(photo, "sharpness_pumping", strength=4, at=AT, seed=1)
    period = truth.parameters["period_frames"]
    frames, own = clip.frames(), photo.frames()

    def detail(x):
        return cv2.Laplacian(x.astype(np.float32), cv2.CV_32F).std()

    loss = np.array([detail(frames[i]) / detail(own[i]) for i in range(8, 40)])
    assert np.array_equal(frames[8 + period], own[8 + period])
    assert loss[::period].min() == 1.0 and loss[period // 2] < 0.6
    assert truth.start_frame == 9


def test_a_collapsed_picture_has_no_structure_left(photo):
    for seed in range(6):
        clip, truth = inject(photo, "collapse", strength=5, at=AT, seed=seed)
        own, made = photo.frames(30, 31)[0], clip.frames(30, 31)[0]
        alike = np.corrcoef(own.ravel(), made.ravel())[0, 1]
        first = np.abs(clip.frames(8, 9)[0].astype(int) - photo.frames(8, 9)[0]).mean()
        if truth.parameters["variant"] == "mush":
            assert (
                cv2.Laplacian(made, cv2.CV_32F).std() < 0.25 * cv2.Laplacian(own, cv2.CV_32F).std()
            )
        else:
            assert alike < 0.7
        assert first < 0.5 * np.abs(made.astype(int) - own).mean()


@pytest.mark.parametrize("seed", range(4))
def test_a_wrong_order_loses_no_frame_and_keeps_the_clock(photo, seed):
    clip, truth = inject(photo, "action_sequence", strength=4, at="5f..43f", seed=seed)
    made, own = list(clip.stream()), list(photo.stream())
    assert [f.time for f in made] == [f.time for f in own]
    assert [f.index for f in made] == list(range(48))
    keys = [f.pixels().tobytes() for f in made]
    assert sorted(keys) == sorted(f.pixels().tobytes() for f in own)
    wrong = [i for i in range(48) if keys[i] != own[i].pixels().tobytes()]
    assert truth.start_frame <= wrong[0] and wrong[-1] < truth.end_frame
    assert truth.end_frame - truth.start_frame in (14, 28)


def test_retimed_frames_wait_no_longer_than_they_must(photo):
    order = [12, 13, 10, 11]
    held = list(retimed(photo.stream(8, 16), 10, order))
    assert [f.index for f in held] == list(range(8, 16))
    for place, index in zip(range(10, 14), order, strict=True):
        assert np.array_equal(held[place - 8].pixels(), photo.frames(index, index + 1)[0])


def test_a_mirrored_action_goes_the_other_way(photo):
    seen = set()
    for seed in range(8):
        clip, truth = inject(photo, "action_mismatch", strength=5, at="0%..100%", seed=seed)
        variant = truth.parameters["variant"]
        if variant in seen:
            continue
        seen.add(variant)
        own = photo.frames()
        expected = own[:, :, ::-1] if variant == "mirrored" else own[::-1]
        assert np.array_equal(clip.frames(), expected)
        assert truth.parameters["was"] != truth.parameters["now"]
        dx = (known((160, 90), 47, start=0) - [160, 90])[0]
        assert ("right" if dx > 0 else "left") in truth.parameters["was"]
        assert ("left" if dx > 0 else "right") in truth.parameters["now"]
        assert truth.parameters["equal"] == []
    assert seen == {"mirrored", "backwards"}


def test_a_wrong_content_says_what_was_true(photo):
    seen = {}
    for seed in range(8):
        _, truth = inject(photo, "semantic_mismatch", strength=5, at="0f..20f", seed=seed)
        seen[truth.parameters["variant"]] = truth
    color = seen["color"].parameters
    assert color["was"] in ("orange", "red") and color["now"] not in ("orange", "red")
    assert color["equal"] == [] and seen["object"].box is not None


def test_what_may_not_fit_in_memory_is_refused_beforehand():
    class Wide(ArraySource):
        @property
        def info(self):
            from dataclasses import replace

            return replace(super().info, width=16_000, height=9_000, num_frames=500)

    clip = Clip(Wide(np.zeros((2, 4, 4, 3), np.uint8), Fraction(24)))
    with pytest.raises(BadInput, match=r"have to wait for their turn and take .* GB, more than 1"):
        inject(clip, "action_sequence", strength=5, at="10f..400f")


# Motion


@pytest.mark.parametrize("seed", range(6))
def test_an_object_moves_and_leaves_its_ground_where_it_was(photo, seed):
    clip, truth = inject(photo, "unnatural_motion", strength=4, at=AT, seed=seed)
    assert truth.parameters["variant"] in ("jitter", "slide", "bob")
    middle = truth.parameters["boxes"][len(truth.parameters["boxes"]) // 2]
    frame, x0, y0, x1, y1 = middle
    own, made = photo.frames(frame, frame + 1)[0], clip.frames(frame, frame + 1)[0]
    gap = (own != made).any(axis=2)
    gap[y0:y1, x0:x1] = False
    assert not gap.any()


def test_grain_is_read_where_it_is_flat():
    if data_file("skimage", "data", "coffee.png") is None:
        pytest.skip("photographs come with the extra demo")
    for sigma in (1.5, 4.0):
        clip = moved_photo("coffee.png", num_frames=1, size=SIZE, grain=sigma, seed=11)
        level = 255 * grain_level(clip.frames()[0].astype(np.float32) / 255)
        assert level == pytest.approx(sigma, rel=0.35)
