"""Animation: a simulated scene, frame by frame, as plain arrays: all that a renderer draws.

Letters: `t` frames, `p` parts, `e` entities (row `i` is the entity with id `i + 1`), `w` walkers.
World axes are those of `spec.py`; a camera has OpenCV axes (x right, y down, z forward) and its
matrix takes world to camera. Arrays are float32 unless said otherwise and are never written to.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from evenflow.world.spec import SceneSpec

F = NDArray[np.float32]
SHAPES = ("sphere", "box", "cylinder", "cone", "capsule", "torus", "star", "cup", "rounded_box")
"""What a part can be. In its own axes each shape fills the box [-1, 1]^3 before `scale`:
sphere of radius 1; box; cylinder and cone about y (the cone's tip at y = 1); capsule about y, whose
caps have the radius scale x whatever its length; torus about y, `param` is the ratio of the tube's
radius to the outer radius; star with five points, extruded along z, `param` inner to outer radius;
cup about y, open at the top, `param` the thickness of its wall; rounded box, `param` the radius of
its edges, as a share of the smallest half side."""


@dataclass(frozen=True)
class Parts:
    """What is drawn.

    Args:
        shape: row of SHAPES, int8 `(p,)`.
        entity: id, int16 `(p,)`; parts of scenery that nobody speaks of share the ids of FIXTURES.
        param: see SHAPES, `(p,)`.
        pattern, material: rows of PATTERNS and PART_MATERIALS of `words.py`, int8 `(p,)`.
        pattern_scale: repeats over the unit box, `(p,)`.
        pattern_seed: int32 `(p,)`.
        position: of the center, `(t, p, 3)`.
        rotation: part to world, `(t, p, 3, 3)`.
        scale: half extents, `(t, p, 3)`.
        color, second: linear RGB in [0, 1], `(t, p, 3)`.
        pattern_shift: of the pattern over its part, in repeats, `(t, p, 3)`; 0 unless it swims.
        present: bool `(t, p)`.
    """

    shape: NDArray[np.int8]
    entity: NDArray[np.int16]
    param: F
    pattern: NDArray[np.int8]
    material: NDArray[np.int8]
    pattern_scale: F
    pattern_seed: NDArray[np.int32]
    position: F
    rotation: F
    scale: F
    color: F
    second: F
    pattern_shift: F
    present: NDArray[np.bool_]


@dataclass(frozen=True)
class CameraTrack:
    """The camera of every frame.

    Args:
        intrinsics: K `(t, 3, 3)` in pixels of `SceneSpec.size`; pixel centers are at +0.5, so the
            principal point of a picture of width 128 is 64.0. For an orthographic camera fx and fy
            are pixels per world unit.
        world_to_camera: `(t, 4, 4)`.
        orthographic: bool `(t,)`.
    """

    intrinsics: F
    world_to_camera: F
    orthographic: NDArray[np.bool_]


@dataclass(frozen=True)
class LightTrack:
    """The light of every frame.

    Args:
        direction: unit vector toward the sun, `(t, 3)`.
        color: of the sun times gain, linear RGB, `(t, 3)`.
        sky, bounce: linear RGB that comes from above and from below, `(t, 3)`.
        zenith, horizon: linear RGB of the sky that is seen, `(t, 3)`.
        fog: density per world unit, `(t,)`; its color is `horizon`.
        lamps: `(t, k, 8)`: position, linear RGB, radius, 1 if it is lit; k may be 0.
    """

    direction: F
    color: F
    sky: F
    bounce: F
    zenith: F
    horizon: F
    fog: F
    lamps: F


@dataclass(frozen=True)
class EntityTrack:
    """The state of every entity in every frame.

    Args:
        position: of its center, `(t, e, 3)`.
        rotation: `(t, e, 3, 3)`.
        velocity, spin: linear and angular, per second, `(t, e, 3)`: a point at r from the center
            moves at velocity + spin x r, so that what turns left has a negative spin y.
        size: half height, `(t, e)`.
        color: row of COLORS, int8 `(t, e)`.
        present: bool `(t, e)`.
        support: id of what it stands on or hangs in; 0 the ground, -1 nothing, int16 `(t, e)`.
    """

    position: F
    rotation: F
    velocity: F
    spin: F
    size: F
    color: NDArray[np.int8]
    present: NDArray[np.bool_]
    support: NDArray[np.int16]


@dataclass(frozen=True)
class Skeletons:
    """Joints of walkers.

    Args:
        entity: ids, int16 `(w,)`.
        joints: 17 world points in COCO's order (nose, eyes, ears, shoulders, elbows, wrists, hips,
            knees, ankles; left before right), `(t, w, 17, 3)`; for four legs the front legs stand
            for the arms.
        feet: soles, `(t, w, 4, 3)`; two legs repeat theirs.
        stance: a foot that carries, bool `(t, w, 4)`.
        phase: of the gait, in cycles, `(t, w)`.
    """

    entity: NDArray[np.int16]
    joints: F
    feet: F
    stance: NDArray[np.bool_]
    phase: F


@dataclass(frozen=True)
class Contact:
    """Two bodies that touched; or one and the ground (id 0).

    Args:
        frame: the first frame that shows it.
        time: seconds, exact to the substep.
        first, second: ids.
        impulse: mass times change of speed along the normal.
        position, normal: world; the normal points from the second to the first.
    """

    frame: int
    time: float
    first: int
    second: int
    impulse: float
    position: tuple[float, float, float]
    normal: tuple[float, float, float]


@dataclass(frozen=True)
class Happened:
    """An event as it came out: when it really began and ended, and if it came true."""

    kind: str
    start_frame: int
    end_frame: int
    agent: int
    target: int = 0
    other: int = 0


@dataclass(frozen=True)
class Animation:
    """A whole scene, ready to draw.

    Args:
        spec: what it was made from.
        parts, camera, light, entities, skeletons: see there.
        shot: number of the shot of every frame, int16 `(t,)`.
        place: number of the place of every frame, int16 `(t,)`.
        contacts, happened: in the order of time.
        sunlit: center and half side of what the sun's picture (the one that shadows come from) must
            show in each frame, float64 `(t, 4)`; None leaves it to the renderer, which looks at
            whole shots. A stretch of an animation keeps that of the whole.
    """

    spec: SceneSpec
    parts: Parts
    camera: CameraTrack
    light: LightTrack
    entities: EntityTrack
    skeletons: Skeletons
    shot: NDArray[np.int16]
    place: NDArray[np.int16]
    contacts: tuple[Contact, ...] = ()
    happened: tuple[Happened, ...] = field(default=())
    sunlit: NDArray[np.float64] | None = None
