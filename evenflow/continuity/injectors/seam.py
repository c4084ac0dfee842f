"""Seam: tone, place and grain step a little wherever two generated windows were joined."""

from collections.abc import Iterator
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.injectors.followed import generator
from evenflow.continuity.injectors.plant import Picture, Placed, Plant
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken


def joints(plant: Plant) -> list[int]:
    """Frames at which a new window begins; the first is the start of the range."""
    fps = float(plant.info.fps)
    period = round(fps * generator(plant).uniform(0.4, 0.9))
    period = max(3, min(period, plant.length // 2))
    last = plant.end - max(2, period // 2)  # no sliver at the end
    return [plant.start, *range(plant.start + period, last, period)]


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """The frames of the range, and the joints among them."""
    return Placed(plant, plant.start, plant.end, plant.box, parameters={"joints": joints(plant)})


def seam(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Gives every window its own tone, contrast, place and grain.

    `magnitude` is the step from window to window in percent of tone.
    """
    at = joints(plant)
    states = _states(plant, len(at))
    for frame in frames:
        if frame.index in plant:
            window = int(np.searchsorted(at, frame.index, side="right")) - 1
            edit = partial(_windowed, state=states[window], plant=plant, index=frame.index)
            yield plant.softly(frame, edit)
        else:
            yield frame


def _states(plant: Plant, count: int) -> NDArray[np.float64]:
    """Brightness, two tints, contrast, x, y of each window; neighbors are one unit apart."""
    rng = plant.rng()
    states, now = [], np.zeros(6)
    for _ in range(count):
        step = rng.standard_normal(6) * (1.0, 0.4, 0.4, 0.5, 0.4, 0.4)
        step[0] = np.copysign(max(abs(step[0]), 0.7), -now[0] if now[0] else step[0])
        now = now + step / np.linalg.norm(step)
        states.append(now)
    return np.array(states)


def _windowed(x: Picture, *, state: NDArray[np.float64], plant: Plant, index: int) -> Picture:
    size = plant.magnitude / 100.0
    light, warm, green, contrast, dx, dy = state * size
    made = x
    shift = np.array([dx, dy]) * 0.03 * plant.info.height
    if np.hypot(*shift) > 0.1:
        matrix = np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]]])
        made = cv2.warpAffine(
            made, matrix, (x.shape[1], x.shape[0]),
            flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101,
        ).reshape(x.shape)  # fmt: skip
    gain = np.full(x.shape[2], 1.0 + light)
    if x.shape[2] == 3:
        gain = gain + np.array([warm, green, -warm])
    made = 0.5 + (1.0 + contrast) * (made * gain.astype(np.float32) - 0.5)
    rng = np.random.default_rng([plant.seed, index, 3])
    grain = rng.standard_normal(x.shape, dtype=np.float32)
    return made + np.float32(0.06 * size * abs(state[0])) * grain
