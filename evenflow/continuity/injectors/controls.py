"""Controls: legal look-alikes of the defects, which a good detector must leave alone.

Each one carries some of a defect's signal and is no defect: it is there from the first frame on,
moves evenly, comes in through the border, or is an edit that everybody makes.
"""

import difflib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.grain import grainy
from evenflow.continuity.injectors.occluder import Bar
from evenflow.continuity.injectors.pick import pick
from evenflow.continuity.injectors.plant import Picture, colors, painted, repainted
from evenflow.continuity.injectors.region import Region
from evenflow.continuity.injectors.staged import Ball, crossing, standing
from evenflow.continuity.injectors.survey import survey
from evenflow.core.clip import ArrayFrame, Clip, Frame, Source, SourceInfo
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken

Edit = Callable[[Frame], Frame]


@dataclass(frozen=True)
class Control:
    """One row of the table.

    Args:
        apply: makes the controlled clip; lazy, the same for the same seed.
        against: the kinds whose signal it imitates.
        meaning: what a viewer sees.
    """

    apply: Callable[[Clip, int], Clip]
    against: tuple[str, ...]
    meaning: str


@dataclass(frozen=True)
class EditedSource:
    """A source whose every frame is edited by itself."""

    source: Source
    edit: Edit

    @property
    def info(self) -> SourceInfo:
        """Of the source."""
        return self.source.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the source."""
        return self.source.warnings

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Edited frames `[start, stop)`."""
        for frame in self.source.stream(start, stop, cancel=cancel):
            yield self.edit(frame)


@dataclass(frozen=True)
class HeldSource:
    """A source that shows every `hold`-th frame `hold` times."""

    source: Source
    hold: int

    @property
    def info(self) -> SourceInfo:
        """Of the source."""
        return self.source.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the source."""
        return self.source.warnings

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)`."""
        held = None
        for frame in self.source.stream(start - start % self.hold, stop, cancel=cancel):
            if held is None or frame.index % self.hold == 0:
                held = frame.pixels()
            if frame.index >= start:
                yield ArrayFrame(frame.index, frame.time, held)


@dataclass(frozen=True)
class StoppableSource:
    """A source that can be stopped from outside, whoever streams it."""

    source: Source
    cancel: CancelToken

    @property
    def info(self) -> SourceInfo:
        """Of the source."""
        return self.source.info

    @property
    def warnings(self) -> tuple[str, ...]:
        """Of the source."""
        return self.source.warnings

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[Frame]:
        """Frames `[start, stop)`."""
        return self.source.stream(start, stop, cancel=cancel or self.cancel)


def control(clip: Clip, name: str, *, seed: int = 0, cancel: CancelToken | None = None) -> Clip:
    """A clip with something in it that looks like a defect and is none.

    Args:
        name: a key of `CONTROLS`.
        seed: decides everything random; the same call gives the same frames.
        cancel: stops the look ahead that some of them need.

    Raises:
        BadInput: there is no such control, or the clip is too short or a stream.
    """
    if name not in CONTROLS:
        near = difflib.get_close_matches(name, CONTROLS, n=3) or list(CONTROLS)
        raise BadInput(f"there is no control {name!r}: did you mean {', '.join(near)}?")
    if clip.info.num_frames is None:
        raise BadInput(
            f"{clip.info.name} is a stream, and a control needs to know its length: "
            "save it to a file first"
        )
    if clip.info.num_frames < 8:
        raise BadInput(
            f"a control needs 8 frames, {clip.info.name} has {clip.info.num_frames}: "
            "take a longer clip"
        )
    if cancel is not None:
        clip = Clip(StoppableSource(clip.source, cancel))
    return CONTROLS[name].apply(clip, seed)


def _each(clip: Clip, edit: Edit) -> Clip:
    return Clip(EditedSource(clip.source, edit))


def _length_s(clip: Clip) -> float:
    return len(clip) / float(clip.info.fps)


# The camera


def _camera(clip: Clip, view: Callable[[float], tuple[float, float, float, float]]) -> Clip:
    """The clip through a window: `view(time_s)` is its zoom, its middle in shares, its roll."""
    info, fps = clip.info, float(clip.info.fps)
    size = (info.width, info.height)

    def edit(frame: Frame) -> Frame:
        zoom, x, y, roll = view(frame.index / fps)
        cos, sin = zoom * np.cos(roll), zoom * np.sin(roll)
        turn = np.array([[cos, -sin], [sin, cos]])
        middle = np.array([(size[0] - 1) * x, (size[1] - 1) * y])
        offset = np.array([(size[0] - 1) / 2, (size[1] - 1) / 2]) - turn @ middle
        own = colors(frame)
        made = cv2.warpAffine(
            own, np.hstack([turn, offset[:, None]]), size,
            flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101,
        )  # fmt: skip
        return repainted(frame, made.reshape(own.shape))

    return _each(clip, edit)


def pan(clip: Clip, seed: int) -> Clip:
    """The camera pans evenly, a quarter of the picture at most."""
    rng = np.random.default_rng([seed, 10])
    room = 0.18
    speed = min(0.1, room / _length_s(clip))
    angle = rng.choice([0.0, np.pi]) + rng.uniform(-0.3, 0.3)
    way = np.array([np.cos(angle), np.sin(angle)]) * speed
    start = 0.5 - way * _length_s(clip) / 2
    return _camera(clip, lambda t: (1.3, start[0] + way[0] * t, start[1] + way[1] * t, 0.0))


def zoom(clip: Clip, seed: int) -> Clip:
    """The camera zooms evenly, in or out."""
    rng = np.random.default_rng([seed, 11])
    span = min(0.12 * _length_s(clip), 0.45)
    rate = span / _length_s(clip)
    if rng.random() < 0.5:
        return _camera(clip, lambda t: (1.02 * float(np.exp(rate * t)), 0.5, 0.5, 0.0))
    return _camera(clip, lambda t: (1.02 * float(np.exp(span - rate * t)), 0.5, 0.5, 0.0))


def handheld(clip: Clip, seed: int) -> Clip:
    """A hand holds the camera: slow sway, below a hertz."""
    rng = np.random.default_rng([seed, 12])
    pace = rng.uniform(0.15, 0.8, (3, 3))
    phase = rng.uniform(0, 2 * np.pi, (3, 3))
    size = np.array([0.012, 0.012, 0.006])

    def view(time_s: float) -> tuple[float, float, float, float]:
        sway = size * np.sin(2 * np.pi * pace * time_s + phase).mean(axis=0)
        return 1.08, 0.5 + float(sway[0]), 0.5 + float(sway[1]), float(sway[2])

    return _camera(clip, view)


def focus_pull(clip: Clip, seed: int) -> Clip:
    """The lens goes out of focus and comes back, once and smoothly."""
    length = len(clip)
    most = 0.008 * clip.info.height

    def edit(frame: Frame) -> Frame:
        sigma = most * float(np.sin(np.pi * (frame.index + 0.5) / length)) ** 2
        own = colors(frame)
        if sigma < 0.25:
            return frame
        return repainted(frame, cv2.GaussianBlur(own, (0, 0), sigma).reshape(own.shape))

    return _each(clip, edit)


# Light


def _lit(x: Picture, gain: NDArray[np.floating] | float) -> Picture:
    """Colors whose linear light is multiplied by a gain."""
    made: Picture = x * np.power(np.maximum(gain, 0.02), 1 / 2.2).astype(np.float32)
    return made


def exposure_ramp(clip: Clip, seed: int) -> Clip:
    """Exposure rises or falls evenly over the whole clip, by less than a viewer minds."""
    rng = np.random.default_rng([seed, 13])
    most = float(rng.choice([-1.0, 1.0])) * 0.07
    length = len(clip)

    def edit(frame: Frame) -> Frame:
        return repainted(frame, _lit(colors(frame), 1.0 + most * frame.index / length))

    return _each(clip, edit)


def _passing_light(clip: Clip, seed: int, tint: NDArray[np.float64]) -> Clip:
    """A wide soft footprint of light or shadow goes once from one side to the other."""
    rng = np.random.default_rng([seed, 14])
    info = clip.info
    x = np.linspace(0, 1, info.width, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, info.height, dtype=np.float32)[:, None]
    slope = rng.uniform(-0.4, 0.4)
    across = x + np.float32(slope) * (y - 0.5)
    if rng.random() < 0.5:
        across = 1.0 - across
    length = len(clip)
    tint = tint if info.channels != 1 else tint.mean(keepdims=True)

    def edit(frame: Frame) -> Frame:
        middle = -0.9 + 2.8 * (frame.index + 0.5) / length
        foot = np.exp(-0.5 * ((across - np.float32(middle)) / 0.42) ** 2)
        gain = 1.0 + foot[..., None] * tint.astype(np.float32)
        return repainted(frame, _lit(colors(frame), gain))

    return _each(clip, edit)


def colored_light(clip: Clip, seed: int) -> Clip:
    """A soft colored light goes over the whole scene."""
    rng = np.random.default_rng([seed, 15])
    warm = np.array([0.45, 0.05, -0.3])
    cold = np.array([-0.25, 0.05, 0.45])
    return _passing_light(clip, seed, warm if rng.random() < 0.5 else cold)


def soft_shadow(clip: Clip, seed: int) -> Clip:
    """The shadow of a cloud goes over the whole scene."""
    return _passing_light(clip, seed, np.array([-0.45, -0.43, -0.38]))


def film_grain(clip: Clip, seed: int) -> Clip:
    """Film grain, as strong on the first frame as on the last."""
    sigma = 5.0 / 255.0

    def edit(frame: Frame) -> Frame:
        own = colors(frame)
        shared = grainy(np.zeros((*own.shape[:2], 1), np.float32), sigma, [seed, frame.index, 16])
        return repainted(frame, own + shared)

    return _each(clip, edit)


# Edits


def _other_shot(x: Picture, mirrored_zoom: float, warm: float) -> Picture:
    """The same scene as another camera shows it: mirrored, closer, graded in its own way."""
    height, width, channels = x.shape
    w, h = max(2, int(width / mirrored_zoom)), max(2, int(height / mirrored_zoom))
    part = np.ascontiguousarray(x[height - h :, :w][:, ::-1])
    made = cv2.resize(part, (width, height), interpolation=cv2.INTER_CUBIC)
    made = np.clip(made.reshape(x.shape), 0.0, 1.0)
    if channels == 3:
        made = made * np.array([1.0 + warm, 1.0, 1.0 - warm], np.float32)
    return np.clip(made, 0.0, 1.0).astype(np.float32) ** np.float32(1.35)


def hard_cut(clip: Clip, seed: int) -> Clip:
    """A planned cut to another shot in the middle of the clip."""
    rng = np.random.default_rng([seed, 17])
    at = round(len(clip) * rng.uniform(0.4, 0.6))
    closer, warm = float(rng.uniform(1.7, 2.1)), float(rng.uniform(-0.12, 0.12))

    def edit(frame: Frame) -> Frame:
        if frame.index < at:
            return frame
        return repainted(frame, _other_shot(colors(frame), closer, warm))

    return _each(clip, edit)


def dissolve(clip: Clip, seed: int) -> Clip:
    """A planned dissolve to another shot in the middle of the clip."""
    rng = np.random.default_rng([seed, 18])
    length = max(4, min(round(0.8 * float(clip.info.fps)), len(clip) // 3))
    at = round(len(clip) * rng.uniform(0.4, 0.6)) - length // 2
    closer, warm = float(rng.uniform(1.7, 2.1)), float(rng.uniform(-0.12, 0.12))

    def edit(frame: Frame) -> Frame:
        share = (frame.index - at + 1) / (length + 1)
        if share <= 0.0:
            return frame
        own = colors(frame)
        other = _other_shot(own, closer, warm)
        return repainted(frame, own + np.float32(min(share, 1.0)) * (other - own))

    return _each(clip, edit)


def on_twos(clip: Clip, seed: int) -> Clip:
    """Animated on twos: about twelve drawings a second, each of them held evenly."""
    hold = max(2, round(float(clip.info.fps) / 12))
    return Clip(HeldSource(clip.source, hold))


# Things in the scene


def _place(clip: Clip, seed: int, sides: tuple[float, float], softness: float) -> Region:
    """A place that is followed through the whole clip."""
    look = survey(clip.source, 0, len(clip))
    rng = np.random.default_rng([seed, 19])
    return pick(look, None, rng, sides=sides, softness=softness, still=True)[0]


def flickering_region(clip: Clip, seed: int) -> Clip:
    """A screen or a fire that flickers in one place, from the first frame to the last."""
    region = _place(clip, seed, (0.22, 0.3), 0.3)
    rng = np.random.default_rng([seed, 20])
    count = len(clip)
    fresh = rng.standard_normal((count, 2))
    wave = fresh.copy()
    for i in range(1, count):
        wave[i] = 0.5 * wave[i - 1] + 0.87 * fresh[i]

    def edit(frame: Frame) -> Frame:
        light, warm = wave[min(frame.index, count - 1)] * (0.16, 0.08)
        tint = np.array([light + warm, light, light - warm])
        view = region.view(frame.index)
        if view is None:
            return frame
        box, alpha = view

        def lit(x: Picture) -> Picture:
            own = tint if x.shape[2] == 3 else tint.mean(keepdims=True)
            return _lit(x, 1.0 + alpha * own)

        return painted(frame, box, lit)

    return _each(clip, edit)


def water(clip: Clip, seed: int) -> Clip:
    """Rippling water in one place, from the first frame to the last."""
    region = _place(clip, seed, (0.38, 0.5), 0.4)
    rng = np.random.default_rng([seed, 21])
    height, fps = clip.info.height, float(clip.info.fps)
    waves = [
        (rng.uniform(0.05, 0.12) * height, rng.uniform(0, 2 * np.pi), rng.uniform(1.0, 2.5),
         rng.uniform(0, 2 * np.pi))
        for _ in range(5)
    ]  # fmt: skip
    size = 0.005 * height

    def edit(frame: Frame) -> Frame:
        view = region.view(frame.index)
        if view is None:
            return frame
        box, alpha = view
        u, v = region.local(frame.index, box)
        x, y = u * np.float32(region.half[0]), v * np.float32(region.half[1])
        surface = np.zeros((*x.shape, 2), np.float32)
        for length, angle, pace, phase in waves:
            way = np.array([np.cos(angle), np.sin(angle)], np.float32)
            turn = 2 * np.pi * ((x * way[0] + y * way[1]) / length - pace * frame.index / fps)
            surface += np.cos(turn + phase)[..., None].astype(np.float32) * way
        moves = surface * np.float32(size) * alpha

        def rippled(own: Picture) -> Picture:
            row, col = np.mgrid[: own.shape[0], : own.shape[1]].astype(np.float32)
            where = np.stack([col, row], axis=-1) + moves
            made = cv2.remap(
                own, where, None, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101
            ).reshape(own.shape)
            glint = 1.0 + 0.04 * surface[..., 1:] * alpha
            return np.where(alpha > 0, made * glint, own)

        return painted(frame, box, rippled)

    return _each(clip, edit)


def occluder(clip: Clip, seed: int) -> Clip:
    """A post passes in front of everything, and what was behind it comes back the same."""
    region = _place(clip, seed, (0.26, 0.36), 0.3)
    bar = Bar.over(region, 0, len(clip), np.random.default_rng([seed, 22]))
    return _each(clip, bar.passing)


def rotating_object(clip: Clip, seed: int) -> Clip:
    """A painted ball stands in the scene and turns evenly."""
    region = _place(clip, seed, (0.2, 0.26), 0.3)
    rng = np.random.default_rng([seed, 23])
    ball = Ball.drawn(0.5 * float(min(region.half)) + 0.25 * float(max(region.half)), rng)
    turn = float(rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 2.0))
    return _each(clip, standing(ball, region, turn=turn, fps=float(clip.info.fps)))


def enter_and_leave(clip: Clip, seed: int) -> Clip:
    """Something comes in through one border, crosses evenly, and leaves through the other."""
    rng = np.random.default_rng([seed, 24])
    ball = Ball.drawn(0.1 * clip.info.height, rng)
    return _each(clip, crossing(ball, clip.info, start=0.08, end=0.92, count=len(clip), rng=rng))


def fast_motion(clip: Clip, seed: int) -> Clip:
    """Something shoots through the picture, fast and evenly."""
    rng = np.random.default_rng([seed, 25])
    ball = Ball.drawn(0.07 * clip.info.height, rng)
    share = min(0.8, 0.7 / _length_s(clip))  # in 0.7 s from border to border
    start = float(rng.uniform(0.05, 0.95 - share))
    move = crossing(ball, clip.info, start=start, end=start + share, count=len(clip), rng=rng)
    return _each(clip, move)


CONTROLS: dict[str, Control] = {
    "pan": Control(
        pan, ("shake", "unnatural_jump", "background_switch", "drift"),
        "the camera pans evenly",
    ),
    "zoom": Control(
        zoom, ("background_swim", "sharpness_pumping", "unnatural_jump"),
        "the camera zooms evenly",
    ),
    "handheld": Control(
        handheld, ("shake", "background_swim"), "a hand holds the camera",
    ),
    "focus_pull": Control(
        focus_pull, ("sharpness_pumping", "collapse", "style_change"),
        "the lens goes out of focus and comes back once",
    ),
    "exposure_ramp": Control(
        exposure_ramp, ("drift", "lighting_flicker", "style_change"),
        "exposure changes evenly, by less than a viewer minds",
    ),
    "colored_light": Control(
        colored_light, ("color_change", "color_flicker", "identity_drift", "light_direction"),
        "a soft colored light goes over the whole scene",
    ),
    "soft_shadow": Control(
        soft_shadow, ("lighting_flicker", "light_direction", "seam", "image_flicker"),
        "the shadow of a cloud goes over the whole scene",
    ),
    "film_grain": Control(
        film_grain, ("high_frequency_noise", "unstable_texture", "edge_shimmer"),
        "film grain from the first frame to the last",
    ),
    "hard_cut": Control(
        hard_cut, ("background_switch", "style_change", "subject_swap", "action_sequence"),
        "a planned cut to another shot",
    ),
    "dissolve": Control(
        dissolve, ("ghosting", "identity_drift", "collapse", "background_switch"),
        "a planned dissolve to another shot",
    ),
    "on_twos": Control(
        on_twos, ("freeze", "unnatural_jump", "unnatural_motion"),
        "animated on twos, every drawing held evenly",
    ),
    "flickering_region": Control(
        flickering_region, ("color_flicker", "lighting_flicker", "image_flicker"),
        "a screen or a fire flickers from the first frame to the last",
    ),
    "water": Control(
        water, ("background_swim", "unstable_texture", "edge_shimmer", "unnatural_motion"),
        "water ripples in one place from the first frame to the last",
    ),
    "occluder": Control(
        occluder, ("vanish", "subject_swap", "teleportation"),
        "a post passes in front, and what was behind it comes back the same",
    ),
    "rotating_object": Control(
        rotating_object, ("subject_swap", "unnatural_motion", "light_direction"),
        "a painted ball stands in the scene and turns evenly",
    ),
    "enter_and_leave": Control(
        enter_and_leave, ("vanish", "teleportation", "identity_drift"),
        "something comes in through one border and leaves through the other",
    ),
    "fast_motion": Control(
        fast_motion, ("teleportation", "unnatural_jump", "ghosting", "image_flicker"),
        "something shoots through the picture, fast and evenly",
    ),
}  # fmt: skip
