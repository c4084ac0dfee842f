"""What people see: no preset clips or drowns, and the colors of `lab` can be told apart."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import cv2  # noqa: E402

from evenflow.world.clip import scene  # noqa: E402
from evenflow.world.render import render  # noqa: E402
from evenflow.world.simulate import simulate  # noqa: E402
from evenflow.world.spec import Preset  # noqa: E402
from evenflow.world.words import COLORS, HUES  # noqa: E402

FRAMES = [0, 24, 48]


@pytest.mark.parametrize("preset", ["lab", "story", "flat", "maze"])
def test_nothing_clips_and_nothing_drowns(preset: Preset):
    for seed in range(4):
        pictures = render([simulate(scene(preset=preset, seed=seed))], frames=FRAMES).frames[0]
        assert (pictures == 255).float().mean() < 0.005
        assert (pictures.amax(-1) < 6).float().mean() < 0.02
        assert 50 < pictures.float().mean() < 215 or preset == "story"


def hues(rgb: np.ndarray) -> np.ndarray:
    """Angles in the a-b plane of CIELAB."""
    lab = cv2.cvtColor(np.ascontiguousarray(rgb, np.float32)[None] / 255, cv2.COLOR_RGB2Lab)[0]
    return np.arctan2(lab[:, 2], lab[:, 1])


def test_every_thing_of_lab_is_nearest_to_the_hue_it_is_painted_in():
    names = list(COLORS)
    paints = hues(np.array([COLORS[one] for one in HUES]))
    right = total = 0
    for seed in range(10):
        spec = scene(preset="lab", seed=seed)
        animation = simulate(spec)
        drawn = render([animation], frames=FRAMES, truth=("instance",))
        pictures, ids = drawn.frames[0].numpy(), drawn.truth[0].instance.numpy()
        changing = {event.agent for event in spec.events if event.kind == "change_color"}
        for row, frame in enumerate(FRAMES):
            for one in spec.cast:
                seen = ids[row] == one.id
                name = names[animation.entities.color[frame, one.id - 1]]
                if seen.sum() < 40 or name not in HUES or (one.id in changing and frame == 24):
                    continue
                apart = np.abs(hues(pictures[row][seen])[:, None] - paints)
                nearest = np.minimum(apart, 2 * np.pi - apart).argmin(1)
                right += int((nearest == HUES.index(name)).sum())
                total += len(nearest)
    assert total > 5000
    assert right / total > 0.98


def test_the_ground_and_the_light_of_lab_are_neutral():
    for seed in range(3):
        drawn = render([simulate(scene(preset="lab", seed=seed))], frames=[0], truth=("instance",))
        picture = drawn.frames[0][0].int()
        empty = picture[drawn.truth[0].instance[0] == 0]
        assert (empty.amax(-1) - empty.amin(-1)).float().quantile(0.99) < 14
