"""Render: animations become pictures and truth, in chunks of frames.

A chunk is cast once (`raster.py`); every pixel then belongs to a thing, the ground or the sky, and
is painted, lit and fogged in three flat lists. What is asked of the truth is computed from the same
lists (`truth.py`). A frame's bytes depend neither on the chunk nor on the batch it is drawn in.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int32, UInt8
from numpy.typing import NDArray
from torch import Tensor

from evenflow.world import (
    contact,
    edges,
    grounds,
    panorama,
    patterns,
    raster,
    shading,
    shadows,
    sky,
    styles,
)
from evenflow.world import truth as truth_
from evenflow.world.animation import SHAPES, Animation
from evenflow.world.primitives import BOX, casting_scale
from evenflow.world.spec import Place
from evenflow.world.truth import Truth
from evenflow.world.words import COLORS, STYLES

FAR = 1000.0
"""World units at which the ground ends."""
WALL_HEIGHT = 2.4
"""World units that the walls of a place (`Place.walls`) are high."""
IDS = {"instance", "part", "visible", "boxes", "tracks"}
"""Truth that needs to know who is where."""
OUTLINED = {"toon", "paper"}
"""Styles that draw outlines."""
SUNNY = ("morning", "noon", "evening", "night")
"""Skies in which the sun or the moon can be seen."""
CHUNK_CPU, CHUNK_GPU = 12, 512
"""Frames of 128 x 128 that are drawn at once: few enough for a processor's cache and enough to hide
what a kernel costs to start; enough to keep a GPU busy."""


@dataclass(frozen=True)
class Rendered:
    """Pictures of some animations.

    Args:
        frames: sRGB of every animation.
        truth: what was asked for, of every animation.
    """

    frames: tuple[UInt8[Tensor, "_ h w 3"], ...]
    truth: tuple[Truth, ...]


@dataclass(frozen=True)
class Sheet:
    """An animation as tables: one row for every part that is present in a frame, frame by frame.

    Args:
        values: position 3, rotation 9, scale 3, color 3, second 3, shift 3, param, pattern scale.
        numbers: shape, entity, part, pattern, material, seed.
        starts: first row of every frame, and the end.
        rank: of part p among those present in frame t.
        present: whether it is, with walls as the last parts.
    """

    values: NDArray[np.float32]
    numbers: NDArray[np.int32]
    starts: NDArray[np.int64]
    rank: NDArray[np.int32]
    present: NDArray[np.bool_]


def walls(place: Place) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Centers, half extents and linear colors of the walls of a place, each `(n, 3)`."""
    rows = np.array(place.walls, np.float32).reshape(-1, 4)
    middle = (
        np.stack(
            [rows[:, 0] + rows[:, 2], np.full(len(rows), WALL_HEIGHT), rows[:, 1] + rows[:, 3]], 1
        )
        / 2
    )
    half = (
        np.stack(
            [
                np.abs(rows[:, 2] - rows[:, 0]),
                np.full(len(rows), WALL_HEIGHT),
                np.abs(rows[:, 3] - rows[:, 1]),
            ],
            1,
        )
        / 2
    )
    names = [
        place.wall_colors[i % len(place.wall_colors)] if place.wall_colors else "gray"
        for i in range(len(rows))
    ]
    paint = np.array([grounds.linear(COLORS[name]) for name in names], np.float32).reshape(-1, 3)
    return middle.astype(np.float32), half.astype(np.float32), paint


def sheet(animation: Animation) -> Sheet:
    """The tables of an animation."""
    parts, frames = animation.parts, len(animation.shot)
    lists = [walls(place) for place in animation.spec.places]
    num_walls = sum(len(one[0]) for one in lists)
    own = len(parts.shape)

    def all_frames(values: NDArray, extra: NDArray) -> NDArray[np.float32]:
        values = np.asarray(values, np.float32).reshape(frames, own, extra.shape[1])
        if not num_walls:
            return values
        extra = np.broadcast_to(extra.astype(np.float32), (frames, *extra.shape))
        return np.concatenate([values, extra], axis=1)

    middle, half, paint = (np.concatenate([one[i] for one in lists]) for i in range(3))
    owner = np.repeat(np.arange(len(lists)), [len(one[0]) for one in lists])
    present = np.concatenate(
        [parts.present, animation.place[:, None] == owner[None].astype(np.int16)], axis=1
    )
    zeros = np.zeros((num_walls, 3), np.float32)
    turn = np.tile(np.eye(3, dtype=np.float32).reshape(1, 9), (num_walls, 1))
    still = np.zeros(num_walls)
    fields = np.concatenate(
        [
            all_frames(parts.position, middle),
            all_frames(parts.rotation, turn),
            all_frames(parts.scale, half),
            all_frames(parts.color, paint),
            all_frames(parts.second, paint),
            all_frames(parts.pattern_shift, zeros),
        ],
        axis=2,
    )
    t, p = np.nonzero(present)
    single = [
        np.concatenate([one, still]).astype(np.float32)[p]
        for one in (parts.param, parts.pattern_scale)
    ]
    values = np.concatenate([fields[t, p].T, np.stack(single)])
    numbers = np.stack(
        [
            np.concatenate([parts.shape, np.full(num_walls, BOX)])[p],
            np.concatenate([parts.entity, still])[p],
            p,
            np.concatenate([parts.pattern, still])[p],
            np.concatenate([parts.material, still])[p],
            np.concatenate([parts.pattern_seed, still])[p],
        ]
    ).astype(np.int32)
    starts = np.concatenate([[0], np.cumsum(present.sum(1))])
    rank = np.cumsum(present, axis=1, dtype=np.int32) - 1
    return Sheet(values, numbers, starts, rank, present)


@dataclass(frozen=True)
class Chunk:
    """Frames that are drawn at once, and those beside them that only truth looks at.

    Args:
        core: how many are drawn; they come first.
        rows: number of the frame among the lights and places of each.
        values: see `Sheet`, `(26, n)`; numbers: `(6, n)`.
        other: for each direction, number of each part's row in the frame after and before, and of
            that frame in the chunk for each frame (-1: there is none).
    """

    core: int
    parts: raster.Instances
    view: raster.View
    cores: raster.Instances
    sun: raster.View
    values: Float[Tensor, "26 n"]
    numbers: Int32[Tensor, "6 n"]
    lights: shading.Lights
    styles: tuple[int, ...]
    neutral: tuple[bool, ...]
    seeds: tuple[int, ...]
    place: Int32[Tensor, " b"]
    other_row: dict[str, Int32[Tensor, " n"]]
    other_frame: dict[str, Int32[Tensor, " b"]]


STEPS = {"forward": 1, "backward": -1}


@lru_cache(maxsize=2)
def _scenery(
    places: tuple[Place, ...], device: torch.device
) -> tuple[grounds.Grounds, panorama.Panorama]:
    """Textures of some places; kept for those who draw the same places again and again."""
    return grounds.textures(places, device), panorama.build(places, device)


class _Batch:
    """All animations of one call, as tables."""

    def __init__(self, animations: Sequence[Animation], device: torch.device) -> None:
        self.animations = animations
        self.device = device
        self.sheets = [sheet(one) for one in animations]
        places: dict[Place, int] = {}
        self.place = [
            [places.setdefault(p, len(places)) for p in a.spec.places] for a in animations
        ]
        self.grounds, self.panorama = _scenery(tuple(places), device)
        self.reach = [shadows.reach(one) for one in animations]

    def chunk(self, units: Sequence[tuple[int, int]], directions: Sequence[str]) -> Chunk:
        """The tables of some frames and of the frames beside them."""
        every = list(units)
        index = {unit: i for i, unit in enumerate(every)}
        beside: dict[str, list[int]] = {}
        for name in directions:
            beside[name] = []
            for a, f in units:
                shot = self.animations[a].shot
                g = f + STEPS[name]
                if not (0 <= g < len(shot) and shot[g] == shot[f]):
                    beside[name].append(-1)
                    continue
                if (a, g) not in index:
                    index[(a, g)] = len(every)
                    every.append((a, g))
                beside[name].append(index[(a, g)])
        values, numbers, counts, start = [], [], [], [0]
        for a, f in every:
            table = self.sheets[a]
            low, high = int(table.starts[f]), int(table.starts[f + 1])
            values.append(table.values[:, low:high])
            numbers.append(table.numbers[:, low:high])
            counts.append(high - low)
            start.append(start[-1] + high - low)
        merged = np.concatenate(numbers, axis=1)
        frame = np.repeat(np.arange(len(every), dtype=np.int32), counts)
        other_row, other_frame = {}, {}
        for name in directions:
            row = np.full(len(frame), -1, np.int32)
            for i, j in enumerate(beside[name]):
                if j < 0:
                    continue
                a, g = every[j]
                part = merged[2, start[i] : start[i + 1]]
                table = self.sheets[a]
                row[start[i] : start[i + 1]] = np.where(
                    table.present[g, part], start[j] + table.rank[g, part], -1
                )
            other_row[name] = self._put(row)
            other_frame[name] = self._put(np.array(beside[name], np.int32))
        flat = self._put(np.concatenate(values, axis=1))
        whole = self._put(merged)
        shape = merged[0]
        order = np.argsort(shape, kind="stable")
        starts = np.searchsorted(shape[order], np.arange(len(SHAPES) + 1))
        wide = flat.to(torch.float64)
        scale = wide[12:15]
        parts = raster.Instances(
            shape=whole[0],
            frame=self._put(frame),
            part=whole[2],
            entity=whole[1],
            param=flat[24],
            position=wide[0:3],
            turn=wide[3:12].reshape(3, 3, -1),
            scale=scale,
            unit=casting_scale(whole[0], scale, wide[24]),
            order=self._put(order),
            starts=tuple(int(one) for one in starts),
        )
        cores = parts
        if len(every) > len(units):
            most = start[len(units)]
            kept = order[order < most]
            begins = np.searchsorted(shape[kept], np.arange(len(SHAPES) + 1))
            cores = raster.Instances(
                **{
                    name: getattr(parts, name)[..., :most]
                    for name in (
                        "shape", "frame", "part", "entity", "param", "position", "turn", "scale",
                        "unit",
                    )
                },
                order=self._put(kept),
                starts=tuple(int(one) for one in begins),
            )  # fmt: skip
        specs = [self.animations[a].spec for a, _ in units]
        place = [self.place[a][int(self.animations[a].place[f])] for a, f in units]
        return Chunk(
            core=len(units),
            parts=parts,
            view=self._view(every),
            cores=cores,
            sun=self._sun(units),
            values=flat,
            numbers=whole,
            lights=self._lights(units),
            styles=tuple(STYLES.index(one.style) for one in specs),
            neutral=tuple(one.preset in ("lab", "flat") and one.style == "plain" for one in specs),
            seeds=tuple(one.seed for one in specs),
            place=self._put(np.array(place, np.int32)),
            other_row=other_row,
            other_frame=other_frame,
        )

    def _put(self, values: NDArray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.device)

    def _view(self, every: Sequence[tuple[int, int]]) -> raster.View:
        cameras = [self.animations[a].camera for a, _ in every]
        pairs = list(zip(cameras, (f for _, f in every), strict=True))
        k = np.stack([one.intrinsics[f] for one, f in pairs]).astype(np.float64)
        m = np.stack([one.world_to_camera[f] for one, f in pairs]).astype(np.float64)
        turn = m[:, :3, :3]
        eye = -(turn * m[:, :3, 3, None]).sum(1)
        width, height = self.animations[every[0][0]].spec.size
        return raster.View(
            width,
            height,
            bool(pairs[0][0].orthographic[pairs[0][1]]),
            self._put(turn.transpose(1, 2, 0)),
            self._put(eye.T),
            self._put(np.stack([k[:, 0, 0], k[:, 1, 1]])),
            self._put(np.stack([k[:, 0, 2], k[:, 1, 2]])),
        )

    def _sun(self, units: Sequence[tuple[int, int]]) -> raster.View:
        middle = np.stack([self.reach[a][0][f] for a, f in units], 1)
        half = np.array([self.reach[a][1][f] for a, f in units])
        toward = np.stack([self.animations[a].light.direction[f] for a, f in units], 1)
        toward = self._put(toward.astype(np.float64))
        return shadows.sun(toward, self._put(middle), self._put(half))

    def _lights(self, units: Sequence[tuple[int, int]]) -> shading.Lights:
        runs: list[tuple[tuple[int, int], list[int]]] = []
        for a, f in units:
            key = (a, int(self.animations[a].place[f]))
            if not runs or runs[-1][0] != key:
                runs.append((key, []))
            runs[-1][1].append(f)
        animations = [self.animations[a] for (a, _), _ in runs]
        places = [one.spec.places[run[0][1]] for one, run in zip(animations, runs, strict=True)]
        return shading.gather(
            [one.light for one in animations],
            [frames for _, frames in runs],
            device=self.device,
            clear=[one.sky in SUNNY and one.background != "room" for one in places],
            seamless=[one.sky == "studio" and one.background == "none" for one in places],
        )


@dataclass(frozen=True)
class Where:
    """Frame and picture coordinates of a list of points."""

    frame: Int32[Tensor, " k"]
    x: Float[Tensor, " k"]
    y: Float[Tensor, " k"]

    def at(self, index: Int32[Tensor, " m"]) -> "Where":
        """Some of them."""
        return Where(*(one.index_select(0, index) for one in (self.frame, self.x, self.y)))


@lru_cache(maxsize=4)
def _pixels(frames: int, height: int, width: int, device: torch.device) -> Where:
    """All pixel centers of some frames."""
    number = torch.arange(frames * height * width, dtype=torch.int32, device=device)
    row = torch.div(number, width, rounding_mode="floor")
    frame = torch.div(row, height, rounding_mode="floor")
    return Where(frame, number - row * width + 0.5, row - frame * height + 0.5)


@dataclass(frozen=True)
class Painted:
    """Colors of a list: things first, then ground, then sky.

    Args:
        color: linear RGB.
        albedo, normal, lit: of things and ground.
        unit, inner: coordinates and normals of things in their parts.
        ground: world points of the ground.
        direction: of the sky's rays.
    """

    color: Float[Tensor, "3 k"]
    albedo: Float[Tensor, "3 m"]
    normal: Float[Tensor, "3 m"]
    lit: Float[Tensor, " m"]
    unit: Float[Tensor, "3 a"]
    inner: Float[Tensor, "3 a"]
    ground: Float[Tensor, "3 g"]
    direction: Float[Tensor, "3 s"]


def _paint(
    batch: _Batch,
    chunk: Chunk,
    local: raster.Local,
    rays: raster.Rays,
    sun: shadows.Shadows,
    close: Tensor,
    things: raster.Surface,
    on_things: Where,
    on_ground: Where,
    floor: Tensor,
    on_sky: Where,
) -> Painted:
    """Colors of things, ground and sky."""
    parts, view = chunk.parts, chunk.view
    inst = things.inst
    one_pixel = (1 / view.focal[1]).to(torch.float32)
    # Things.
    normal = raster.normals(things, parts, local)
    start, ray = rays.at(on_things.frame, on_things.x, on_things.y)
    point = start + things.t * ray
    unit = things.point / local.half.index_select(1, inst)
    values = chunk.values.index_select(1, inst)
    numbers = chunk.numbers.index_select(1, inst)
    turn = values[3:12]
    inner = turn[0:3] * normal[0] + turn[3:6] * normal[1] + turn[6:9] * normal[2]
    away = torch.ones_like(things.t) if view.orthographic else things.t
    footprint = away * one_pixel.index_select(0, on_things.frame)
    size = torch.minimum(torch.minimum(values[12], values[13]), values[14])
    albedo = patterns.paint(
        unit, inner, numbers[3], values[25], numbers[5], values[21:24], values[15:18],
        values[18:21], footprint=footprint / size, shape=numbers[0],
    )  # fmt: skip
    lit = shadows.on_things(sun, on_things.frame, point, normal)
    # The ground.
    start, down = rays.at(on_ground.frame, on_ground.x, on_ground.y)
    floor_point = start + floor * down
    length = (down * down).sum(0).sqrt()
    away = torch.ones_like(floor) if view.orthographic else floor
    width = away * one_pixel.index_select(0, on_ground.frame)
    width = width * length / down[1].abs().clamp_min(1e-3)
    place = chunk.place.index_select(0, on_ground.frame)
    floor_albedo = grounds.paint(batch.grounds, place, floor_point[0], floor_point[2], width)
    floor_lit = shadows.on_ground(sun, on_ground.frame, floor_point)
    # Light.
    back = ray * torch.rsqrt((ray * ray).sum(0))
    light = chunk.lights.take(on_things.frame)
    shaded = shading.shade(
        albedo, normal, -back.expand(3, len(inst)), 1.0 - lit, numbers[4], point, light
    )
    reach = torch.cat([things.t, floor])
    if view.orthographic:
        reach = reach - raster.BACK
    else:
        reach = reach * torch.cat([(ray * ray).sum(0).sqrt(), length])
    light_below = chunk.lights.take(on_ground.frame)
    row = on_ground.frame * view.height + on_ground.y.to(torch.int32)
    hidden = close.index_select(0, row * view.width + on_ground.x.to(torch.int32))
    shaded_floor = shading.ground(floor_albedo, 1.0 - floor_lit, hidden, floor_point, light_below)
    if batch.grounds.water:
        shaded_floor = sky.water(
            shaded_floor, batch.grounds, batch.panorama, place, floor_point,
            (down * torch.rsqrt((down * down).sum(0))).expand(3, len(floor)), light_below, width,
        )  # fmt: skip
    split = len(inst)
    shaded = shading.fog(shaded, reach[:split], light)
    shaded_floor = shading.fog(shaded_floor, reach[split:], light_below)
    # The sky.
    _, direction = rays.at(on_sky.frame, on_sky.x, on_sky.y)
    direction = direction / (direction * direction).sum(0).sqrt()
    direction = direction.expand(3, len(on_sky.x)).contiguous()
    place = chunk.place.index_select(0, on_sky.frame)
    air = sky.paint(batch.panorama, place, direction, chunk.lights.take(on_sky.frame))
    up = torch.zeros_like(floor_point)
    up[1] = 1.0
    linear = torch.cat([shaded, shaded_floor], 1)
    albedo, normal = torch.cat([albedo, floor_albedo], 1), torch.cat([normal, up], 1)
    lit = torch.cat([lit, floor_lit])
    return Painted(
        torch.cat([linear, air], 1), albedo, normal, lit, unit, inner, floor_point, direction
    )


def _draw(
    batch: _Batch, chunk: Chunk, wanted: frozenset[str], antialias: bool
) -> tuple[Tensor, dict[str, Tensor]]:
    """Pictures `(b, h, w, 3)` of the chunk's own frames, and their truth."""
    view, parts, core = chunk.view, chunk.parts, chunk.core
    width, height, flat = view.width, view.height, view.orthographic
    frames = view.eye.shape[1]
    cells, own = frames * height * width, core * height * width
    local = raster.localize(parts, view)
    list_ = raster.pairs(parts, view, local)
    buffer = raster.zbuffer(list_, local, flat, cells)
    rays = raster.Rays.of(view)
    pixels = _pixels(frames, height, width, batch.device)
    floor = raster.ground_image(rays, width, height, FAR).reshape(-1)
    depth = buffer.depth
    thing = depth < floor
    who = torch.where(floor < torch.inf, edges.GROUND, edges.SKY).to(torch.int32)
    who = torch.where(thing, buffer.inst, who)
    depth = torch.minimum(depth, floor)
    things = raster.surface(
        buffer, local, flat, thing.index_select(0, list_.cell) & (list_.cell < own)
    )
    ground = raster.padded((who[:own] == edges.GROUND).nonzero()[:, 0].to(torch.int32))
    air = raster.padded((who[:own] == edges.SKY).nonzero()[:, 0].to(torch.int32))
    sun = shadows.shadows(chunk.cores, chunk.sun)
    close = contact.contact(chunk.cores, view)
    places = [pixels.at(one) for one in (things.cell, ground, air)]
    painted = _paint(
        batch, chunk, local, rays, sun, close, things, places[0], places[1],
        floor.index_select(0, ground), places[2],
    )  # fmt: skip
    every = torch.cat([things.cell, ground, air]).to(torch.int64)
    linear = _dense(painted.color, every, own)
    shape = (frames, height, width)
    who, depth = who.view(shape), depth.view(shape)
    if antialias:
        _smooth(batch, chunk, local, rays, sun, close, list_, who[:core], linear)
    names = {STYLES[one] for one in chunk.styles}
    instance = part = None
    if wanted & IDS or names & OUTLINED:
        instance, part = _ids(parts, who[:core])
    eyes = depth[:core] - raster.BACK if flat else depth[:core]
    pictures = styles.finish(
        linear.view(3, core, height, width).transpose(0, 1),
        eyes if names - {"plain"} else None,
        instance,
        chunk.styles,
        chunk.seeds,
        neutral=chunk.neutral,
    )
    facts: dict[str, Tensor] = {}
    solid = every[: painted.normal.shape[1]]
    for name, values in (
        ("normals", painted.normal),
        ("albedo", painted.albedo),
        ("coordinates", None),
        ("shadow", None),
    ):
        if name not in wanted:
            continue
        if name == "coordinates":
            values = torch.cat([painted.unit, painted.ground], 1)
        elif name == "shadow":
            values = 1.0 - painted.lit[None]
        assert values is not None
        out = _dense(values, solid, own).view(-1, core, height, width)
        facts[name] = out[0] if name == "shadow" else out.permute(1, 2, 3, 0).contiguous()
    if wanted & {"depth", "tracks"}:
        facts["depth"] = eyes
    if instance is not None and part is not None and wanted & IDS:
        facts["instance"], facts["part"] = instance, part
    if chunk.other_row:
        here = Where(
            *(torch.cat(one) for one in zip(*(vars(p).values() for p in places), strict=True))
        )
        seen = truth_.Pixels(
            every, here.frame, here.x, here.y, things.inst, painted.unit, painted.inner,
            painted.ground, painted.direction,
        )  # fmt: skip
        how = truth_.Projections.of(parts, view)
        for name in chunk.other_row:
            rows, other = chunk.other_row[name], chunk.other_frame[name]
            move, hidden = truth_.flow(seen, how, rows, other, depth, who)
            if f"{name}_flow" in wanted:
                out = _dense(move, every, own).view(2, core, height, width)
                facts[f"{name}_flow"] = out.permute(1, 2, 3, 0).contiguous()
            if f"{name}_occlusion" in wanted:
                out = _dense(hidden[None], every, own)
                facts[f"{name}_occlusion"] = out.view(core, height, width)
            facts[f"{name}_valid"] = other >= 0
    return pictures, facts


def _ids(parts: raster.Instances, who: Tensor) -> tuple[Tensor, Tensor]:
    """Entity (0 for none) and part (or what stands for ground and sky) of every pixel."""
    if not len(parts.entity):
        return torch.zeros_like(who, dtype=torch.int16), who.to(torch.int16)
    flat = who.reshape(-1)
    hit = flat.clamp_min(0)
    thing = flat >= 0
    entity = parts.entity.index_select(0, hit) * thing
    part = torch.where(thing, parts.part.index_select(0, hit), flat)
    return entity.to(torch.int16).view(who.shape), part.to(torch.int16).view(who.shape)


def _dense(values: Tensor, index: Tensor, cells: int) -> Tensor:
    """Values `(c, k)` written to their cells, 0 elsewhere."""
    out = torch.zeros((len(values), cells), dtype=values.dtype, device=values.device)
    for i in range(len(values)):
        out[i].scatter_(0, index, values[i])
    return out


def _smooth(
    batch: _Batch,
    chunk: Chunk,
    local: raster.Local,
    rays: raster.Rays,
    sun: shadows.Shadows,
    close: Tensor,
    list_: raster.Pairs,
    who: Tensor,
    linear: Tensor,
) -> None:
    """Antialias `linear` in place."""
    view = chunk.view
    samples = edges.resample(who, list_, local, view, rays, FAR)
    if not len(samples.pixel):
        return
    groups = [
        Where(*edges.place(cell, samples.pixel, view.width, view.height))
        for cell in (samples.things.cell, samples.ground, samples.sky)
    ]
    painted = _paint(
        batch, chunk, local, rays, sun, close, samples.things, groups[0], groups[1],
        samples.depth.index_select(0, samples.ground), groups[2],
    )  # fmt: skip
    index = torch.cat([samples.things.cell, samples.ground, samples.sky]).to(torch.int64)
    color = torch.zeros((3, 4 * len(samples.pixel)), device=linear.device)
    for channel in range(3):
        color[channel].scatter_(0, index, painted.color[channel])
    edges.blend(linear, samples, color)


@contextmanager
def _one_thread(device: torch.device) -> Iterator[None]:
    """On a processor one thread is fastest for lists this short, and always the same."""
    before = torch.get_num_threads()
    if device.type == "cpu" and before != 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if device.type == "cpu" and before != 1:
            torch.set_num_threads(before)


def render(
    animations: Sequence[Animation],
    *,
    frames: Sequence[int] | None = None,
    device: str | torch.device = "cpu",
    truth: Sequence[str] = (),
    antialias: bool = True,
    chunk: int | None = None,
) -> Rendered:
    """Draw animations.

    Args:
        animations: of one picture size.
        frames: numbers of the frames to draw, of every animation; all by default.
        device: where.
        truth: what to tell besides, see `truth.FLAGS`; `("all",)` for everything.
        antialias: smooth edges; truth is always that of the pixels' centers.
        chunk: frames drawn at once; changes the speed, never the bytes.

    Raises:
        ValueError: sizes differ, a frame is not there, or a truth has an unknown name.
    """
    wanted = _wanted(truth)
    where = torch.device(device)
    sizes = {one.spec.size for one in animations}
    if len(sizes) > 1:
        raise ValueError(f"animations of one call have one size, got {sorted(sizes)}: render each")
    units = []
    for a, one in enumerate(animations):
        length = len(one.shot)
        for f in range(length) if frames is None else frames:
            if not 0 <= f < length:
                raise ValueError(f"animation {a} has frames 0 to {length - 1}, got {f}")
            units.append((a, int(f)))
    width, height = next(iter(sizes), (1, 1))
    most = CHUNK_CPU if where.type == "cpu" else CHUNK_GPU
    most = chunk or max(1, round(most * min(4.0, 128 * 128 / (width * height))))
    directions = [name for name in STEPS if {f"{name}_flow", f"{name}_occlusion"} & wanted]
    pictures: list[list[Tensor]] = [[] for _ in animations]
    facts: list[list[dict[str, Tensor]]] = [[] for _ in animations]
    with _one_thread(where), torch.inference_mode():
        batch = _Batch(animations, where)
        for group in _groups(animations, units, most):
            drawn, known = _draw(batch, batch.chunk(group, directions), wanted, antialias)
            for a in sorted({a for a, _ in group}):
                rows = [i for i, (b, _) in enumerate(group) if b == a]
                low, high = rows[0], rows[-1] + 1
                pictures[a].append(drawn[low:high])
                facts[a].append({name: one[low:high] for name, one in known.items()})
        found = tuple(
            _gather(animation, [f for b, f in units if b == a], facts[a], wanted)
            for a, animation in enumerate(animations)
        )
    return Rendered(tuple(torch.cat(one) for one in pictures), found)


def _gather(
    animation: Animation,
    frames: Sequence[int],
    facts: Sequence[dict[str, Tensor]],
    wanted: frozenset[str],
) -> Truth:
    """The truth of one animation out of that of its chunks."""
    names = facts[0] if facts else {}
    out = {name: torch.cat([one[name] for one in facts]) for name in names}
    device = next(iter(out.values())).device if out else torch.device("cpu")
    rows = np.asarray(frames, np.int64)

    def put(values: NDArray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(device)

    if wanted & {"visible", "boxes"}:
        count = animation.entities.present.shape[1]
        visible, boxes = truth_.boxes_of(out["instance"], count)
        out["visible"], out["boxes"] = visible, boxes
    if "tracks" in wanted:
        found = truth_.tracks(animation, rows, out["depth"], out["part"], out["instance"])
        out.update(found)
    if "boxes_3d" in wanted:
        out["boxes_3d"] = put(truth_.boxes_3d(animation, rows))
    if "light_direction" in wanted:
        out["light_direction"] = put(animation.light.direction[rows])
    if "cameras" in wanted:
        out["intrinsics"] = put(animation.camera.intrinsics[rows])
        out["world_to_camera"] = put(animation.camera.world_to_camera[rows])
    asked = set(wanted)
    if "cameras" in wanted:
        asked |= {"intrinsics", "world_to_camera"}
    if "tracks" in wanted:
        asked |= {"track_occluded", "track_part", "track_frame"}
    asked |= {name for name in out if name.endswith("_valid")}
    return Truth(**{name: value for name, value in out.items() if name in asked})


def _wanted(truth: Sequence[str]) -> frozenset[str]:
    names = set(truth_.FLAGS) if "all" in truth else set(truth)
    unknown = sorted(names - set(truth_.FLAGS))
    if unknown:
        raise ValueError(f"no truth is called {unknown[0]}; there are {', '.join(truth_.FLAGS)}")
    return frozenset(names)


def _groups(
    animations: Sequence[Animation], units: Sequence[tuple[int, int]], most: int
) -> Iterator[list[tuple[int, int]]]:
    """Chunks of about the same size, of frames whose cameras are of one kind."""
    runs: list[list[tuple[int, int]]] = []
    kind = None
    for a, f in units:
        now = bool(animations[a].camera.orthographic[f])
        if now != kind:
            runs.append([])
        kind = now
        runs[-1].append((a, f))
    for run in runs:
        count = -(-len(run) // most)
        for i in range(count):
            yield run[len(run) * i // count : len(run) * (i + 1) // count]
