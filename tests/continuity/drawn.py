"""Drawn clips whose camera and motion are known: a textured ground, and a textured thing on it."""

from fractions import Fraction

import cv2
import numpy as np

from evenflow.core.clip import ArraySource, Clip

SIZE = (320, 180)
SIDE = 90


def texture(height: int, width: int, blur: float, seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(0, 1, (height, width, 3)).astype(np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), blur)
    return np.clip((smooth - smooth.mean()) / smooth.std() * 45 + 128, 0, 255)


def moving(camera=(0.0, 0.0), zoom=0.0, own=None, num_frames=32) -> Clip:
    """A camera that goes `camera` pixels a frame to the right and down, and grows by `zoom`.

    `own` is the step of a square thing across the picture, or None for no thing.
    """
    steps = np.arange(num_frames)
    paths = [np.outer(steps, camera), steps * zoom]
    return along(paths[0], paths[1], None if own is None else np.outer(steps, own))


def along(path, zoom, own=None) -> Clip:
    """The same along any path `(n, 2)`, with log growth `(n,)`."""
    ground, thing = texture(420, 760, 4.0, 0), texture(SIDE, SIDE, 2.5, 1)
    frames = []
    for i in range(len(path)):
        z = float(np.exp(zoom[i]))
        x, y = 380 + path[i][0], 210 + path[i][1]
        matrix = np.float32([[z, 0, SIZE[0] / 2 - z * x], [0, z, SIZE[1] / 2 - z * y]])
        frame = cv2.warpAffine(ground, matrix, SIZE, borderMode=cv2.BORDER_REFLECT)
        if own is not None:
            middle = own[len(own) // 2]
            at = np.array(SIZE) / 2 - SIDE / 2 + own[i] - middle
            shift = np.float32([[1, 0, at[0]], [0, 1, at[1]]])
            share = cv2.warpAffine(np.ones((SIDE, SIDE), np.float32), shift, SIZE)[..., None]
            frame = frame * (1 - share) + cv2.warpAffine(thing, shift, SIZE) * share
        frames.append(np.clip(frame + 0.5, 0, 255).astype(np.uint8))
    return Clip(ArraySource(np.stack(frames), Fraction(24)))


def plain(colors, num_frames=36, fps=24) -> Clip:
    """A texture in one color after another, each for as long."""
    gray = texture(96, 128, 3.0, 2)[..., :1] / 255.0
    which = (np.arange(num_frames) * len(colors) // num_frames).tolist()
    frames = [np.clip(gray * np.float32(colors[i]) * 1.4, 0, 255).astype(np.uint8) for i in which]
    return Clip(ArraySource(np.stack(frames), Fraction(fps)))
