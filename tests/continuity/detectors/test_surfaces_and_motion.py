"""Boiling texture, wobbling outlines, stale copies, swimming ground, impossible motion."""

from fractions import Fraction

import cv2
import numpy as np
import pytest

from benchmarks.footage import data_file, moved_photo
from evenflow.continuity import inject
from evenflow.continuity.analysis import analyze
from evenflow.continuity.detectors import (
    background_swim,
    edge_shimmer,
    ghosting,
    unnatural_motion,
    unstable_texture,
)
from evenflow.continuity.passage import Passage
from evenflow.continuity.picture import working_size
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.times import Range

KINDS = {
    "unstable_texture": unstable_texture.detect,
    "edge_shimmer": edge_shimmer.detect,
    "ghosting": ghosting.detect,
    "background_swim": background_swim.detect,
    "unnatural_motion": unnatural_motion.detect,
}
START, END = 18, 42


@pytest.fixture(scope="module")
def frames():
    if data_file("skimage", "data", "coffee.png") is None:
        pytest.skip("photographs come with the extra demo")
    clip = moved_photo("astronaut.png", num_frames=52, size=(432, 240), seed=4)
    return np.stack(list(clip.frames()))


def passage_of(frames, fps=24):
    clip = Clip(ArraySource(np.asarray(frames), Fraction(fps)))
    info = clip.info
    steps = list(analyze(clip.stream(0, None), fps=float(info.fps), workers=2))
    size = (info.width, info.height)
    return Passage(
        start=0,
        seconds=np.array([float(s.picture.time) for s in steps]),
        size=size,
        lines=working_size(*size)[1],
        pictures=[s.picture for s in steps],
        pairs=[None, *(s.pair for s in steps[1:])],
        anchors=[s.anchor for s in steps],
    )


def suspected(frames):
    """Everything that would be seen, by kind."""
    passage = frames if isinstance(frames, Passage) else passage_of(frames)
    found = {kind: detect(passage) for kind, detect in KINDS.items()}
    return {kind: [c for c in some if c.severity >= 1.5] for kind, some in found.items()}


def shifted(picture, moves):
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return cv2.remap(
        picture, x + moves[..., 0], y + moves[..., 1], cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT,
    )  # fmt: skip


def smooth_noise(rng, shape, sigma):
    made = cv2.GaussianBlur(rng.standard_normal((*shape, 2)).astype(np.float32), (0, 0), sigma)
    return made / made.std()


def spot(shape, x, y, radius):
    rows, cols = np.mgrid[: shape[0], : shape[1]]
    distance = np.hypot(cols - x, rows - y) / radius
    return np.clip((1.2 - distance) / 0.3, 0, 1).astype(np.float32)


def boiling(frames):
    """Another drawing of the texture of a spot at every frame; its coarse part stays."""
    mask, rng = spot(frames.shape[1:3], 216, 110, 62)[..., None], np.random.default_rng(0)
    made = frames.copy()
    for i in range(START, END):
        x = frames[i].astype(np.float32)
        coarse = cv2.GaussianBlur(x, (0, 0), 6)
        detail = shifted(x - coarse, 9 * smooth_noise(rng, x.shape[:2], 5))
        made[i] = np.clip(x + mask * (coarse + detail - x), 0, 255)
    return made


def wobbling(frames, size=1.2):
    """Steep edges are displaced afresh at every frame."""
    rng = np.random.default_rng(1)
    made = frames.copy()
    for i in range(START, END):
        x = frames[i].astype(np.float32)
        gray = cv2.GaussianBlur(x.mean(axis=2), (0, 0), 1)
        slope = np.hypot(cv2.Sobel(gray, -1, 1, 0), cv2.Sobel(gray, -1, 0, 1))
        near = cv2.dilate((slope > np.percentile(slope, 90)).astype(np.float32), np.ones((5, 5)))
        moves = size * smooth_noise(rng, gray.shape, 3) * cv2.blur(near, (5, 5))[..., None]
        made[i] = np.clip(shifted(x, (moves / np.sqrt(2)).astype(np.float32)), 0, 255)
    return made


def ghosted(frames, share=0.4, age=3):
    made = frames.copy()
    for i in range(START, END):
        old = frames[i - age].astype(np.float32)
        made[i] = np.clip((1 - share) * frames[i] + share * old + 0.5, 0, 255)
    return made


def swimming(frames, size=2.5, hertz=1.2):
    made = frames.copy()
    height, width = frames.shape[1:3]
    y, x = np.mgrid[:height, :width] / np.float32(height)
    for i in range(START, END):
        time = (i - START) / 24
        swell = size * min(1.0, (i - START + 1) / 6, (END - i) / 6)
        moves = np.stack(
            [
                np.sin(2 * np.pi * (1.8 * y + 0.5 * x - hertz * time)),
                np.sin(2 * np.pi * (1.6 * x + hertz * time)),
            ],
            axis=-1,
        )
        made[i] = shifted(frames[i], (swell * moves).astype(np.float32))
    return made


def jittering(frames, size=4.0, hertz=5.0):
    """A spot goes to and fro over ground that stretches to make room for it."""
    made = frames.copy()
    mask = spot(frames.shape[1:3], 216, 110, 55)
    for i in range(START, END):
        time = (i - START + 1) / 24
        way = size * np.array([np.sin(2 * np.pi * hertz * time), 0.4], np.float32)
        made[i] = shifted(frames[i], mask[..., None] * way)
    return made


PLANTED = {
    "unstable_texture": boiling,
    "edge_shimmer": wobbling,
    "ghosting": ghosted,
    "background_swim": swimming,
    "unnatural_motion": jittering,
}


@pytest.fixture(scope="module")
def planted(frames):
    """The passage of each fault made by hand, worked out once."""
    return {kind: passage_of(make(frames)) for kind, make in PLANTED.items()}


def overlap(candidate, start=START, end=END):
    shared = min(candidate.end, end) - max(candidate.start, start)
    return shared / (max(candidate.end, end) - min(candidate.start, start))


@pytest.mark.parametrize("kind", PLANTED)
def test_a_fault_made_by_hand_is_found_in_its_span_and_named(planted, kind):
    found = suspected(planted[kind])
    assert found[kind], {k: len(v) for k, v in found.items()}
    best = max(found[kind], key=lambda c: c.severity)
    assert overlap(best) > 0.6
    assert best.severity >= 2.0
    others = [c.severity for k, some in found.items() if k != kind for c in some]
    assert all(severity < best.severity for severity in others)


def test_nothing_is_suspected_in_a_photograph_that_moves(frames):
    assert not any(suspected(frames).values())


def test_a_boiling_spot_is_boxed(planted):
    passage = planted["unstable_texture"]
    [one] = unstable_texture.detect(passage)
    x0, y0, x1, y1 = passage.box_of(one.tiles)
    assert x0 < 216 < x1 and y0 < 110 < y1
    assert (x1 - x0) * (y1 - y0) < 3 * (2 * 62) ** 2


@pytest.mark.parametrize(("kind", "weak"), [("edge_shimmer", 0.6), ("background_swim", 1.4)])
def test_severity_rises_with_the_fault(frames, planted, kind, weak):
    some = KINDS[kind](passage_of(PLANTED[kind](frames, weak)))
    strong = KINDS[kind](planted[kind])
    assert max((c.severity for c in some), default=0.0) < max(c.severity for c in strong)


def test_grain_and_a_pan_and_a_change_of_light_are_none_of_these(frames):
    rng = np.random.default_rng(2)
    grainy = frames + 5 * rng.standard_normal(frames.shape)
    ramp = np.linspace(1.0, 0.8, len(frames))[:, None, None, None]
    lit = np.clip(grainy * ramp, 0, 255).astype(np.uint8)
    assert not any(suspected(lit).values())


def test_a_thing_that_passes_is_no_unnatural_motion(frames):
    made = frames.copy()
    ball = np.random.default_rng(3).integers(40, 220, (60, 60, 3)).astype(np.uint8)
    ball = cv2.GaussianBlur(ball, (0, 0), 2)
    for i in range(len(frames)):
        x = -60 + 9 * i
        left, right = max(0, x), min(432, x + 60)
        if left < right:
            made[i, 90:150, left:right] = ball[:, left - x : right - x]
    assert not suspected(made)["unnatural_motion"]


def test_what_slides_away_and_is_back_within_one_frame_moves_as_nothing_does(frames):
    """A spot glides aside for half a second, stays there, and then leaps back."""
    made = frames.copy()
    mask = spot(frames.shape[1:3], 216, 110, 45)
    for i in range(START, END):
        way = np.array([-14.0 * min(1.0, (i - START + 1) / 12), 0.0], np.float32)
        made[i] = shifted(frames[i], mask[..., None] * way)
    passage = passage_of(made)
    [one] = unnatural_motion.detect(passage)
    assert overlap(one) > 0.6
    assert one.severity > 2
    x0, y0, x1, y1 = passage.box_of(one.tiles)
    assert x0 < 216 < x1 and y0 < 110 < y1


def test_a_copy_that_comes_with_the_first_frame_of_a_dissolve_is_not_taken_for_long(frames):
    """A single odd frame is no ghosting."""
    made = frames.copy()
    made[30] = frames[24]
    assert not suspected(made)["ghosting"]


@pytest.mark.parametrize("kind", ["unstable_texture"])
def test_what_the_injector_plants_is_found(frames, kind):
    clip = Clip(ArraySource(frames, Fraction(24)))
    made, truth = inject(clip, kind, strength=4, at=Range.parse("14f..42f"), seed=3)
    found = suspected(np.stack(list(made.frames())))
    best = max(found[kind], key=lambda c: c.severity)
    assert overlap(best, truth.start_frame, truth.end_frame) > 0.6


def test_short_and_tiny_clips_are_left_alone():
    rng = np.random.default_rng(0)
    for shape in ((5, 240, 320, 3), (12, 24, 24, 3), (1, 64, 64, 3)):
        some = rng.integers(0, 255, shape).astype(np.uint8)
        for kind, found in suspected(some).items():
            assert not found, kind
