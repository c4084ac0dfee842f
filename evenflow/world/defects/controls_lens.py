"""Controls of camera and lens: moves that are said, grain that was always there, focus that is
pulled."""

from dataclasses import replace

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.cameras import ease
from evenflow.world.clip import cut, with_camera
from evenflow.world.defects import lens
from evenflow.world.defects.controls_light import said
from evenflow.world.defects.defect import Staged
from evenflow.world.defects.draw import staged
from evenflow.world.defects.lens import Picture, developed
from evenflow.world.defects.seen import centers
from evenflow.world.defects.subjects import shown, subjects
from evenflow.world.simulate import simulate
from evenflow.world.spec import CameraMove, SceneSpec

GRAIN = 5.0
"""Gray levels of film grain."""
OPEN = 0.022
"""Sigma of the blur of what is infinitely far when the lens is focused at one unit, in heights."""
LAYERS = 6


def _camera(spec: SceneSpec, *moves: CameraMove) -> SceneSpec:
    """The scene with these moves in every shot, times and amounts by the shot's length."""
    if spec.actions:
        raise BadInput("the camera of this scene is played: take another scene")
    start, shots = 0.0, []
    for shot in spec.shots:
        long = shot.frames / float(spec.fps)
        rows = tuple(
            replace(m, start=round(start + m.start * long, 4), end=round(start + m.end * long, 4))
            for m in moves
        )
        shots.append(replace(shot, camera=replace(shot.camera, moves=rows, keys=())))
        start += long
    return replace(spec, shots=tuple(shots))


def handheld(spec: SceneSpec, seed: int) -> tuple[SceneSpec, str]:
    """A hand holds the camera: it sways from the first frame to the last, and the caption says
    so."""
    if spec.actions:
        raise BadInput("the camera of this scene is played: take another scene")
    made = with_camera(spec, "shake")
    return made, said(made)


def _flat(spec: SceneSpec, what: str) -> None:
    if any(shot.camera.fov <= 0 for shot in spec.shots):
        raise BadInput(f"a parallel camera shows no {what}: take a scene of lab or story")


def dolly(spec: SceneSpec, seed: int) -> tuple[SceneSpec, str]:
    """The camera goes in or out through the whole shot."""
    _flat(spec, "dolly")
    rng = np.random.default_rng([seed, 90])
    kind = str(rng.choice(("dolly in", "dolly out")))
    made = _camera(spec, CameraMove(kind, 0.0, 1.0, 1.3))
    return made, said(made)


def zoom(spec: SceneSpec, seed: int) -> tuple[SceneSpec, str]:
    """The lens zooms in or out through the whole shot."""
    rng = np.random.default_rng([seed, 91])
    inward = rng.random() < 0.5
    kind, amount = ("zoom in", 1.5) if inward else ("zoom out", 0.67)
    made = _camera(spec, CameraMove(kind, 0.0, 1.0, amount))
    return made, said(made)


def pan(spec: SceneSpec, seed: int) -> tuple[SceneSpec, str]:
    """The camera pans evenly."""
    _flat(spec, "pan")
    rng = np.random.default_rng([seed, 92])
    kind = str(rng.choice(("pan left", "pan right")))
    made = _camera(spec, CameraMove(kind, 0.0, 1.0, 0.35))
    return made, said(made)


def quick_pan(spec: SceneSpec, seed: int) -> tuple[SceneSpec, str]:
    """The camera whips aside, looks there, and whips back; what it left is where it must be."""
    _flat(spec, "pan")
    rng = np.random.default_rng([seed, 93])
    first, second = ("left", "right") if rng.random() < 0.5 else ("right", "left")
    away = float(rng.uniform(0.5, 0.75))
    made = _camera(
        spec,
        CameraMove(f"whip pan {first}", 0.2, 0.45, away),
        CameraMove(f"whip pan {second}", 0.6, 0.85, away),
    )
    return made, said(made)


def orbit(spec: SceneSpec, seed: int) -> tuple[SceneSpec, str]:
    """The camera goes round what it looks at: near and far move against each other."""
    _flat(spec, "orbit")
    rng = np.random.default_rng([seed, 94])
    kind = str(rng.choice(("orbit left", "orbit right")))
    made = _camera(spec, CameraMove(kind, 0.0, 1.0, 0.5))
    return made, said(made)


def film_grain(spec: SceneSpec, seed: int) -> tuple[Staged, str]:
    """Film grain, as strong on the first frame as on the last."""
    stage = staged(simulate(spec))
    width, height = spec.size

    def grainy(x: Picture, frame: int) -> Picture:
        noise = lens.grain(height, width, [seed, frame, 95])
        return np.asarray(x + noise * np.float32(GRAIN / 255), np.float32)

    return developed(stage, 0, spec.num_frames, grainy), said(spec, "It is shot on grainy film.")


def rack_focus(spec: SceneSpec, seed: int) -> tuple[Staged, str]:
    """The focus is pulled once, smoothly, from who is near to the background, or back.

    Raises:
        BadInput: nobody is in the picture, or the camera is parallel.
    """
    _flat(spec, "depth of field")
    rng = np.random.default_rng([seed, 96])
    stage = staged(simulate(spec))
    animation = stage.animation
    num = spec.num_frames
    here = shown(animation, 0, subjects(animation)) or shown(
        animation, 0, tuple(c.id for c in spec.cast)
    )
    if not here:
        raise BadInput("nobody is in the picture whom a lens could focus on: take another scene")
    near = float(np.median(centers(animation)[0, np.array(here) - 1, 2]))
    far = 4.0 * near
    time = (np.arange(num) + 0.5) / num
    share = ease((time - 0.25) / 0.5)
    if rng.random() < 0.5:
        share = 1.0 - share
    focus = 1.0 / ((1.0 - share) / near + share / far)
    height = spec.size[1]

    def pulled(x: Picture, frame: int) -> Picture:
        depth = _depth(stage, frame)
        blur = OPEN * near * height * np.abs(1.0 / np.maximum(depth, 0.3) - 1.0 / focus[frame])
        most = float(blur.max())
        if most < 0.3:
            return x
        level = np.clip(blur / most, 0, 1) * (LAYERS - 1)
        # Blur is blended too: an edge of blur in a picture would be an edge.
        level = lens.soft(np.asarray(level, np.float32), 0.4 * most)
        out = np.zeros_like(x)
        for i in range(LAYERS):
            weight = np.maximum(1.0 - np.abs(level - i), 0.0)[..., None]
            out += weight * lens.soft(x, most * i / (LAYERS - 1))
        return np.asarray(out, np.float32)

    text = "from the background to the front" if share[0] > 0.5 else "from the front to the back"
    return developed(stage, 0, num, pulled), said(spec, f"The focus is pulled {text}.")


def _depth(stage: Staged, frame: int) -> Picture:
    from evenflow.world.render import render

    some = cut(stage.animation, frame, frame + 1)
    drawn = render([some], frames=[0], truth=("depth",), antialias=False)
    depth = drawn.truth[0].depth
    assert depth is not None
    return np.asarray(np.minimum(depth[0].cpu().numpy(), 200.0), np.float32)
