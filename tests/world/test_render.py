"""Pictures and truth against closed forms, brute force and separately tracked points."""

import numpy as np
import pytest
import torch
from world.fixtures.r1_scene import look, scene, turned

from evenflow.world import primitives, raster
from evenflow.world.animation import SHAPES
from evenflow.world.render import render
from evenflow.world.spec import Place

SCALES = {
    "capsule": (0.25, 0.6, 0.25),
    "torus": (0.5, 0.15, 0.5),
    "star": (0.5, 0.5, 0.15),
    "rounded_box": (0.4, 0.5, 0.3),
}
CHECKED = Place(ground="checker", colors=((190, 180, 160), (120, 130, 140)))


def zoo(frames=4, **options):
    """Every shape, turning and moving, before a camera that moves."""
    parts = []
    for i, shape in enumerate(SHAPES):
        x, z = (i % 5 - 2) * 1.0, (i // 5) * 1.6 - 0.5
        scale = SCALES.get(shape, (0.4, 0.4, 0.4))

        def position(t, x=x, z=z, i=i):
            return np.stack([x + 0.06 * t * (-1) ** i, 0.55 + 0.0 * t, z + 0.03 * t], 1)

        parts.append(
            {
                "shape": shape,
                "position": position,
                "rotation": lambda t, i=i: turned((0.3, 1, 0.2 * i), t * 0.12 + i * 0.3),
                "scale": lambda t, s=scale, i=i: np.array(s) * (1 + 0.03 * t[:, None] * (i == 1)),
                "pattern": i % 4,
                "color": (0.1 + 0.08 * i, 0.5, 0.9 - 0.09 * i),
            }
        )
    options.setdefault("place", CHECKED)
    options.setdefault("eye", lambda t: np.stack([0.1 * t - 0.2, 1.5 + 0.02 * t, -6 + 0.05 * t], 1))
    return scene(parts, frames=frames, **options)


@pytest.fixture(scope="module")
def drawn():
    animation = zoo()
    return animation, render([animation], truth=("all",))


def pixel_rays(animation, f):
    """World origins and directions (z-depth 1) of all pixels, float64."""
    k = animation.camera.intrinsics[f].astype(float)
    m = animation.camera.world_to_camera[f].astype(float)
    w, h = animation.spec.size
    y, x = np.mgrid[0:h, 0:w] + 0.5
    u, v = (x - k[0, 2]) / k[0, 0], (y - k[1, 2]) / k[1, 1]
    turn, eye = m[:3, :3], -m[:3, :3].T @ m[:3, 3]
    if animation.camera.orthographic[f]:
        return eye + np.stack([u, v, 0 * u], -1) @ turn, np.broadcast_to(turn[2], (h, w, 3))
    return np.broadcast_to(eye, (h, w, 3)), np.stack([u, v, np.ones_like(u)], -1) @ turn


def brute(animation, f, o, d):
    """Depth and part of the first thing along rays, each part tried with each ray, float64."""
    shape = o.shape[:-1]
    o, d = o.reshape(-1, 3), d.reshape(-1, 3)
    best, who = np.full(len(o), np.inf), np.full(len(o), -2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ground = np.where(d[:, 1] < 0, -o[:, 1] / np.minimum(d[:, 1], -1e-12), np.inf)
    best, who = np.where(ground < 1000, ground, np.inf), np.where(ground < 1000, -1, -2)
    parts = animation.parts
    for p in range(len(parts.shape)):
        scale = torch.tensor(parts.scale[f, p].astype(float))[:, None]
        kind = torch.tensor([int(parts.shape[p])])
        param = torch.tensor([float(parts.param[p])], dtype=torch.float64)
        unit = primitives.casting_scale(kind, scale, param)
        turn = parts.rotation[f, p].astype(float)
        lo = torch.tensor(((o - parts.position[f, p]) @ turn).T) / unit
        ld = torch.tensor((d @ turn).T) / unit
        t = primitives.hit(int(kind), lo, ld, param.expand(len(o)), (scale / unit).expand_as(lo))
        t = np.nan_to_num(t.numpy(), nan=np.inf, posinf=np.inf)
        t[t <= raster.NEAR] = np.inf
        near = t < best
        best, who = np.where(near, t, best), np.where(near, p, who)
    return best.reshape(shape), who.reshape(shape)


def project(animation, f, world):
    """Pixels and z-depth of world points `(..., 3)` in frame f, float64."""
    m = animation.camera.world_to_camera[f].astype(float)
    k = animation.camera.intrinsics[f].astype(float)
    p = world @ m[:3, :3].T + m[:3, 3]
    z = np.ones_like(p[..., 2]) if animation.camera.orthographic[f] else p[..., 2]
    u = k[0, 0] * p[..., 0] / z + k[0, 2]
    v = k[1, 1] * p[..., 1] / z + k[1, 2]
    return np.stack([u, v], -1), p[..., 2]


def moved(animation, f, g, depth, part):
    """World points of the pixels of frame f in frame g, from depth and parts alone."""
    o, d = pixel_rays(animation, f)
    world = o + depth[..., None] * d
    parts = animation.parts
    out = world.copy()
    for p in range(len(parts.shape)):
        mine = part == p
        a, b = parts.rotation[f, p].astype(float), parts.rotation[g, p].astype(float)
        local = (world[mine] - parts.position[f, p]) @ a / parts.scale[f, p]
        out[mine] = (local * parts.scale[g, p]) @ b.T + parts.position[g, p]
    return out


@pytest.mark.parametrize("orthographic", [False, True])
def test_every_pixel_shows_the_nearest_part(orthographic):
    animation = zoo(1, orthographic=orthographic)
    truth = render([animation], truth=("depth", "part"), antialias=False).truth[0]
    o, d = pixel_rays(animation, 0)
    if orthographic:
        o = o - raster.BACK * d
    depth, who = brute(animation, 0, o, d)
    depth = depth - raster.BACK * orthographic
    part = truth.part[0].numpy()
    assert len(np.unique(part)) >= 10
    assert (part == who).mean() > 0.9995
    same = (part == who) & np.isfinite(depth)
    told = truth.depth[0].numpy()
    assert np.abs(told[same] - depth[same])[depth[same] < 30].max() < 2e-3
    assert np.abs(told[same] / depth[same] - 1).max() < 1e-3


def test_depth_is_along_the_axis_and_not_the_ray():
    wall = {"shape": "box", "position": (0, 1, 5), "scale": (30, 30, 0.5)}
    animation = scene([wall], eye=(0, 1, -6), at=(0, 1, 0))
    depth = render([animation], truth=("depth",)).truth[0].depth[0]
    assert (depth[:64] - 10.5).abs().max() < 1e-4  # a wall that faces the camera


def test_a_box_of_pixels_holds_its_part_and_little_more():
    for shape in SHAPES:
        parts = [
            {
                "shape": shape,
                "scale": SCALES.get(shape, (0.4, 0.5, 0.4)),
                "position": (0.4, 1.2, 0),
                "rotation": turned((1, 2, 3), [0.7])[0],
            }
        ]
        animation = scene(parts)
        truth = render([animation], truth=("boxes", "visible")).truth[0]
        x0, y0, x1, y1 = (int(one) for one in truth.boxes[0, 0])
        from evenflow.world.render import _Batch

        chunk = _Batch([animation], torch.device("cpu")).chunk([(0, 0)], [])
        a, b, c, d = (int(one) for one in raster.bounds(chunk.parts, chunk.view)[:, 0])
        assert a <= x0 and x1 <= b and c <= y0 and y1 <= d
        if shape in ("sphere", "box"):
            assert x0 - a <= 2 and b - x1 <= 2 and y0 - c <= 2 and d - y1 <= 2
        area = int(truth.visible[0, 0])
        assert area > 60 and (b - a) * (d - c) < 8 * area


def test_parts_that_come_close_or_lie_behind_are_clipped():
    parts = [
        {"shape": "box", "position": (0.9, 1.0, -5), "scale": (0.1, 1.0, 4.0)},  # beside the eye
        {"shape": "sphere", "position": (0, 1, -9)},  # behind it
    ]
    animation = scene(parts)
    truth = render([animation], truth=("part", "depth")).truth[0]
    o, d = pixel_rays(animation, 0)
    _, who = brute(animation, 0, o, d)
    assert (truth.part[0].numpy() == who).mean() > 0.9995
    assert (who == 0).sum() > 2000 and not (who == 1).any()


@pytest.mark.parametrize("orthographic", [False, True])
@pytest.mark.parametrize("step", [1, -1])
def test_flow_is_where_points_go_that_are_tracked_by_themselves(orthographic, step):
    animation = zoo(3, orthographic=orthographic)
    name = "forward" if step == 1 else "backward"
    truth = render([animation], truth=("depth", "part", f"{name}_flow")).truth[0]
    flow = getattr(truth, f"{name}_flow")[1].numpy()
    depth, part = truth.depth[1].numpy().astype(float), truth.part[1].numpy()
    solid = np.isfinite(depth)
    world = moved(animation, 1, 1 + step, np.where(solid, depth, 1.0), part)
    where, _ = project(animation, 1 + step, world)
    y, x = np.mgrid[0:128, 0:128] + 0.5
    error = np.abs(flow - (where - np.stack([x, y], -1)))
    assert error[solid & (depth < 100)].max() < 0.01
    assert np.abs(flow[part >= 0]).mean() > 0.3
    if not orthographic:
        _, d = pixel_rays(animation, 1)
        eye = (
            -animation.camera.world_to_camera[1 + step, :3, :3].T.astype(float)
            @ (animation.camera.world_to_camera[1 + step, :3, 3])
        )
        far, _ = project(animation, 1 + step, eye + d)
        sky = ~solid
        assert sky.sum() > 500
        assert np.abs(flow - (far - np.stack([x, y], -1)))[sky].max() < 0.01


def outlined(part: np.ndarray) -> np.ndarray:
    """Pixels beside one of another part."""
    made = np.zeros(part.shape, bool)
    across, down = part[:, 1:] != part[:, :-1], part[1:] != part[:-1]
    made[:, 1:] |= across
    made[:, :-1] |= across
    made[1:] |= down
    made[:-1] |= down
    return made


@pytest.mark.parametrize("preset", ["lab", "story"])
def test_visible_pixels_match_when_they_are_warped(preset):
    from evenflow.geometry.warp import warp
    from evenflow.world.sampling import random_spec
    from evenflow.world.simulate import simulate

    errors, before, hidden = [], [], []
    for seed in (0, 1, 100, 102):
        animation = simulate(random_spec(preset, seed, frames=25))
        drawn = render([animation], truth=("forward_flow", "forward_occlusion", "part"))
        truth, picture = drawn.truth[0], drawn.frames[0].numpy().astype(np.float32)
        for f in np.flatnonzero(truth.forward_valid.numpy()):
            gap = np.abs(warp(picture[f + 1], truth.forward_flow[f].numpy()) - picture[f]).mean(-1)
            here = truth.part[f].numpy() != -2  # the sky has hardly any texture
            # pictures are antialiased on silhouettes, truth is that of pixel centers
            edge = outlined(truth.part[f + 1].numpy()).astype(np.float32)[..., None]
            edge = warp(edge, truth.forward_flow[f].numpy())[..., 0] > 0.01
            here &= ~edge & ~outlined(truth.part[f].numpy())
            covered = truth.forward_occlusion[f].numpy()
            errors.append(gap[here & ~covered])
            hidden.append(gap[here & covered])
            fast = np.linalg.norm(truth.forward_flow[f].numpy(), axis=-1) > 0.5
            moving = here & ~covered & fast
            before.append((gap[moving], np.abs(picture[f + 1] - picture[f]).mean(-1)[moving]))
    errors, hidden = np.concatenate(errors), np.concatenate(hidden)
    warped, still = (np.concatenate([pair[i] for pair in before]) for i in range(2))
    assert np.quantile(errors, 0.95) <= 3
    assert len(warped) > 200 and warped.mean() < 0.6 * still.mean()
    assert hidden.mean() > 5 * errors.mean()


def test_occlusion_is_what_a_ray_from_the_other_camera_finds(drawn):
    animation, result = drawn
    truth = result.truth[0]
    depth, part = truth.depth[1].numpy().astype(float), truth.part[1].numpy()
    solid = np.isfinite(depth) & (depth < 60)
    world = moved(animation, 1, 2, np.where(solid, depth, 1.0), part)
    where, z = project(animation, 2, world)
    m = animation.camera.world_to_camera[2].astype(float)
    eye = -m[:3, :3].T @ m[:3, 3]
    ray = (world - eye) / z[..., None]
    first, _ = brute(animation, 2, np.broadcast_to(eye, ray.shape), ray)
    outside = (where < 0).any(-1) | (where >= 128).any(-1)
    hidden = outside | (first < z * (1 - 1e-3))
    told = truth.forward_occlusion[1].numpy()
    assert (hidden & solid).sum() > 60
    assert (told == hidden)[solid].mean() > 0.985
    wrong = (told != hidden) & solid
    # What differs lies on the outlines of things, where a pixel is both.
    edge = np.zeros_like(wrong)
    edge[1:-1, 1:-1] = sum(
        np.roll(part, shift, axis)[1:-1, 1:-1] != part[1:-1, 1:-1]
        for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1))
    ).astype(bool)
    assert (wrong & ~edge).sum() < 0.004 * solid.sum()


def test_going_there_and_back_ends_where_it_began(drawn):
    _, result = drawn
    truth = result.truth[0]
    from evenflow.geometry.warp import warp

    there, back = truth.forward_flow[0].numpy(), truth.backward_flow[1].numpy()
    around = there + warp(back, there)
    clear = ~truth.forward_occlusion[0].numpy()
    part = truth.part[0].numpy()
    same = np.zeros_like(clear)
    same[2:-2, 2:-2] = True
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            same &= np.roll(part, (dy, dx), (0, 1)) == part
    error = np.linalg.norm(around, axis=-1)[clear & same & (part != -2)]
    assert np.quantile(error, 0.95) < 0.05 and np.median(error) < 0.01


def test_a_cut_and_the_ends_have_no_flow():
    animation = zoo(4)
    animation = type(animation)(**{**vars(animation), "shot": np.array([0, 0, 1, 1], np.int16)})
    truth = render([animation], truth=("all",)).truth[0]
    assert truth.forward_valid.tolist() == [True, False, True, False]
    assert truth.backward_valid.tolist() == [False, True, False, True]
    assert (truth.forward_flow[1] == 0).all() and truth.forward_occlusion[1].all()


def test_bytes_do_not_depend_on_chunk_batch_frames_or_threads():
    first = zoo(5)
    place = Place(ground="grass", sky="noon", background="hills", fog=0.3)
    second = zoo(3, place=place, size=(97, 81))
    third = zoo(3, place=Place(ground="sand", sky="evening", background="sea"), sun=(0.5, 0.3, 0.6))
    whole = render([first, third], truth=("all",), chunk=8)
    for animation, index in ((first, 0), (third, 1)):
        for chunk in (1, 3):
            alone = render([animation], truth=("all",), chunk=chunk)
            assert torch.equal(alone.frames[0], whole.frames[index])
            for name, value in vars(alone.truth[0]).items():
                other = getattr(whole.truth[index], name)
                assert value is None or torch.equal(value.nan_to_num(-1), other.nan_to_num(-1)), (
                    name
                )
    some = render([first], frames=[3, 1], truth=("forward_flow",))
    assert torch.equal(some.frames[0], whole.frames[0][[3, 1]])
    assert torch.equal(some.truth[0].forward_flow, whole.truth[0].forward_flow[[3, 1]])
    odd = render([second], chunk=3).frames[0]
    threads = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        again = render([second], chunk=2).frames[0]
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(odd, again)
    with pytest.raises(ValueError, match="one size"):
        render([first, second])


def test_smooth_edges_are_near_what_many_samples_give():
    small, large = zoo(1, size=(96, 96)), zoo(1, size=(768, 768))
    fine = render([large], antialias=False).frames[0][0].float()
    fine = (fine / 255).pow(2.2).view(96, 8, 96, 8, 3).mean(dim=(1, 3)).pow(1 / 2.2) * 255
    hard = render([small], antialias=False).frames[0][0].float()
    soft = render([small]).frames[0][0].float()
    part = render([small], truth=("part",)).truth[0].part[0]
    from evenflow.world.edges import mask

    edge = mask(part[None].to(torch.int32))[0]
    errors = [(one - fine).abs().mean(-1)[edge].mean() for one in (hard, soft)]
    assert errors[1] < 0.7 * errors[0]
    assert torch.equal(hard[~edge], soft[~edge])


def test_the_shadow_of_a_ball_under_a_high_sun_is_a_disk():
    animation = scene(
        [{"shape": "sphere", "position": (0, 1.2, 0), "scale": (0.5, 0.5, 0.5)}],
        eye=(0, 6, -0.01), at=(0, 0, 0), sun=(0, 1, 0),
    )  # fmt: skip
    truth = render([animation], truth=("shadow", "depth", "part"), antialias=False).truth[0]
    side = scene(
        [{"shape": "sphere", "position": (0, 1.2, 0), "scale": (0.5, 0.5, 0.5)}],
        eye=(0, 3, -6), at=(0, 0.3, 0), sun=(0, 1, 0),
    )  # fmt: skip
    assert (truth.part == 0).any()
    truth = render([side], truth=("shadow", "coordinates", "part"), antialias=False).truth[0]
    ground = truth.part[0] == -1
    point = truth.coordinates[0][ground]
    shade = truth.shadow[0][ground]
    away = point[:, [0, 2]].norm(dim=1)
    assert (shade[away < 0.36] > 0.95).all() and (shade[away > 0.64] < 0.05).all()
    half = shade[(away > 0.47) & (away < 0.53)]
    assert 0.3 < half.mean() < 0.7  # the edge is where the ball's outline falls


def test_shadows_fall_away_from_the_sun():
    animation = scene(
        [{"shape": "cylinder", "position": (0, 0.6, 0), "scale": (0.2, 0.6, 0.2)}],
        eye=(0, 4, -6), sun=(-1, 1, 0),
    )  # fmt: skip
    truth = render([animation], truth=("shadow", "coordinates", "part")).truth[0]
    dark = (truth.part[0] == -1) & (truth.shadow[0] > 0.5)
    x = truth.coordinates[0][dark][:, 0]
    assert x.min() > -0.35 and 1.0 < x.max() < 1.6  # as long as it is high


def test_things_cast_shadows_on_things_and_not_on_themselves():
    parts = [
        {"shape": "box", "position": (0, 0.5, 0), "scale": (1.0, 0.5, 1.0)},
        {"shape": "sphere", "position": (0, 2.2, 0), "scale": (0.4, 0.4, 0.4)},
    ]
    animation = scene(parts, eye=(0, 5, -6), at=(0, 1, 0), sun=(0.02, 1, 0.01))
    truth = render([animation], truth=("shadow", "coordinates", "part", "normals")).truth[0]
    top = (truth.part[0] == 0) & (truth.normals[0][..., 1] > 0.9)
    away = truth.coordinates[0][top][:, [0, 2]].norm(dim=1)
    shade = truth.shadow[0][top]
    assert (shade[away < 0.25] > 0.9).all() and (shade[(away > 0.55)] < 0.05).all()
    ball = (truth.part[0] == 1) & (truth.normals[0][..., 1] > 0.3)
    assert (truth.shadow[0][ball] < 0.05).all()


def test_normals_face_the_camera_and_are_those_of_the_shape(drawn):
    animation, result = drawn
    truth = result.truth[0]
    o, d = pixel_rays(animation, 1)
    normal, part = truth.normals[1].numpy(), truth.part[1].numpy()
    solid = part >= -1
    assert np.abs(np.linalg.norm(normal, axis=-1) - 1)[solid].max() < 1e-4
    assert ((normal * d).sum(-1)[solid] < 0.05).mean() > 0.999
    ball = part == 0
    world = o + truth.depth[1].numpy()[..., None].clip(0, 99) * d
    radial = (world - animation.parts.position[1, 0]) / 0.4
    assert np.abs(radial - normal)[ball].max() < 2e-3


def test_counts_boxes_and_corners_agree_with_the_masks(drawn):
    animation, result = drawn
    truth = result.truth[0]
    for f in range(4):
        for e in range(len(SHAPES)):
            mine = truth.instance[f] == e + 1
            assert int(mine.sum()) == int(truth.visible[f, e])
            if not mine.any():
                assert (truth.boxes[f, e] == -1).all()
                continue
            y, x = mine.nonzero().T
            box = [int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1]
            assert truth.boxes[f, e].tolist() == box
            where, _ = project(animation, f, truth.boxes_3d[f, e].numpy().astype(float))
            low, high = where.min(0), where.max(0)
            assert (low <= np.array(box[:2]) + 1).all() and (high >= np.array(box[2:]) - 1).all()


def test_tracks_follow_their_surface(drawn):
    _, result = drawn
    truth = result.truth[0]
    assert truth.tracks.shape == (128, 4, 2)
    parts = set(truth.track_part.tolist())
    assert len(parts & set(range(9))) >= 8 and -1 in parts
    for i in range(128):
        f = int(truth.track_frame[i])
        x, y = truth.tracks[i, f].tolist()
        assert not truth.track_occluded[i, f]
        assert abs(x % 1 - 0.5) < 1e-3 and abs(y % 1 - 0.5) < 1e-3
        assert int(truth.part[f, int(y), int(x)]) == int(truth.track_part[i])
        if f < 3:
            flow = truth.forward_flow[f, int(y), int(x)]
            assert (truth.tracks[i, f] + flow - truth.tracks[i, f + 1]).abs().max() < 0.01
            same = truth.forward_occlusion[f, int(y), int(x)] == truth.track_occluded[i, f + 1]
            assert same


def test_a_part_that_goes_is_occluded():
    parts = [{"shape": "sphere", "position": (0, 1, 0), "present": lambda t: t < 1}]
    animation = scene(parts, frames=2)
    truth = render([animation], truth=("part", "forward_flow", "forward_occlusion")).truth[0]
    ball = truth.part[0] == 0
    assert ball.sum() > 100 and not (truth.part[1] == 0).any()
    assert truth.forward_occlusion[0][ball].all() and (truth.forward_flow[0][ball] == 0).all()
    assert truth.forward_occlusion[0][~ball].float().mean() < 0.01


def test_walls_of_a_place_stand_where_it_says():
    place = Place(walls=((-1.0, 2.0, 1.0, 2.2),), wall_colors=("red",))
    truth = render([scene([], place=place)], truth=("part", "instance", "depth")).truth[0]
    wall = truth.part[0] == 0
    assert wall.sum() > 1000 and (truth.instance == 0).all()
    assert (truth.depth[0][wall] > 7.5).all() and (truth.depth[0][wall] < 8.6).all()


def test_nothing_but_ground_and_sky_can_be_drawn():
    drawn = render([scene([], frames=2)], truth=("all",))
    assert drawn.frames[0].shape == (2, 128, 128, 3)
    assert set(drawn.truth[0].part.unique().tolist()) == {-2, -1}


def test_any_size_can_be_drawn():
    for size in ((1, 1), (33, 17), (200, 120)):
        drawn = render([zoo(2, size=size)], truth=("all",))
        assert drawn.frames[0].shape == (2, size[1], size[0], 3)


def test_what_cannot_be_drawn_is_said():
    with pytest.raises(ValueError, match="no truth is called flowers"):
        render([zoo(1)], truth=("flowers",))
    with pytest.raises(ValueError, match="frames 0 to 0"):
        render([zoo(1)], frames=[1])


def test_every_style_draws():
    from dataclasses import replace

    from evenflow.world.words import STYLES

    animation = zoo(1)
    pictures = [
        render([replace(animation, spec=replace(animation.spec, style=style))]).frames[0]
        for style in STYLES
    ]
    mixed = [replace(animation, spec=replace(animation.spec, style=one)) for one in STYLES]
    together = render(mixed, truth=("depth",), chunk=3).frames
    assert all(torch.equal(a, b) for a, b in zip(together, pictures, strict=True))
    for i, one in enumerate(pictures):
        assert all((one.int() - other.int()).abs().float().mean() > 1 for other in pictures[:i])


def test_look_is_a_camera():
    m = look((0, 1, -5), (0, 1, 0))
    assert np.allclose(m @ [0, 2, 0, 1], [0, -1, 5, 1])


@pytest.mark.gpu
def test_a_gpu_draws_the_same_off_silhouettes():
    animation = zoo(4, place=Place(ground="grass", sky="noon", background="hills"))
    here = render([animation], truth=("all",))
    there = render([animation], truth=("all",), device="cuda")
    from evenflow.world.edges import mask

    edge = mask(here.truth[0].part.to(torch.int32))
    gap = (here.frames[0].int() - there.frames[0].cpu().int()).abs().amax(-1)
    assert gap[~edge].max() <= 2
    same = here.truth[0].part == there.truth[0].part.cpu()
    assert same.float().mean() > 0.999
    flow = (here.truth[0].forward_flow - there.truth[0].forward_flow.cpu()).abs().amax(-1)
    near = same & (here.truth[0].depth < 100)
    assert flow[near].max() < 0.01
