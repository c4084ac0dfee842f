"""Bodies: of what parts walkers are made, as tables; lengths are shares of the whole height.

Every part hangs on a bone. A body has no face that moves; eyes, nose and hair show where it looks.
"""

from dataclasses import dataclass, field

Vec = tuple[float, float, float]

PELVIS, TORSO, NECK, HEAD = 0, 1, 2, 3
UPPER_LEG, LOWER_LEG, FOOT, UPPER_ARM, LOWER_ARM, HAND = 4, 6, 8, 10, 12, 14
"""Bones of two legs; of limbs the left one, the right one comes after it."""
NUM_BIPED = 16
TRUNK, NAPE, SKULL, UPPER, LOWER, PAW, TAIL = 0, 1, 2, 3, 7, 11, 15
"""Bones of four legs: front left, front right, hind left, hind right; the tail has two."""
NUM_QUADRUPED = 17

SHOES: tuple[int, int, int] = (58, 46, 42)
DARK: tuple[int, int, int] = (30, 26, 30)
STEEL: tuple[int, int, int] = (120, 124, 132)
LIT: tuple[int, int, int] = (170, 240, 255)


@dataclass(frozen=True)
class Part:
    """One part on a bone.

    Args:
        bone: see the tables above.
        shape: one of `animation.SHAPES`.
        at, half: center and half extents on the bone, shares of the height. Limbs have their
            middle at the origin and y toward the body; the head and the trunk are upright, z ahead.
        paint: `color`, `second`, `skin`, `hair`, or sRGB.
        patterned: True wears the entity's pattern and material.
        material: one of MATERIALS.
        pitch, roll: radians, of the part on its bone.
        param: see SHAPES.
    """

    bone: int
    shape: str
    at: Vec
    half: Vec
    paint: str | tuple[int, int, int]
    patterned: bool = False
    material: str = "matte"
    pitch: float = 0.0
    roll: float = 0.0
    param: float = 0.0


@dataclass(frozen=True)
class Biped:
    """Two legs: lengths as shares of the height.

    Args:
        hip: height of the hip joints when it stands, `hip_side` half their distance.
        thigh, shin, ankle: bones and the height of the ankle; foot: from heel to ball.
        shoulder, shoulder_side: as the hips; waist: where the torso begins to lean.
        neck, head: heights of the neck's root and the head's center; head_half: its half extents.
        upper, fore: of the arm; stance: half the distance of the feet.
    """

    hip: float
    hip_side: float
    thigh: float
    shin: float
    ankle: float
    foot: float
    shoulder: float
    shoulder_side: float
    waist: float
    neck: float
    head: float
    head_half: Vec
    upper: float
    fore: float
    stance: float
    parts: tuple[Part, ...] = field(default=())


@dataclass(frozen=True)
class Quadruped:
    """Four legs: lengths as shares of the height.

    Args:
        shoulder, hip: heights of the upper joints when it stands; ahead, behind: how far they are
            from the middle; front_side, hind_side: half their distances.
        upper, lower: bones of the front legs; thigh, shin: of the hind legs; paw: height of it.
        neck: its length; raise: radians that it rises; head: from its end to the head's center.
        tail: length of each of its two bones; droop: radians that it hangs.
        knees: -1 if the front knees bend back, 1 if forward.
    """

    shoulder: float
    hip: float
    ahead: float
    behind: float
    front_side: float
    hind_side: float
    upper: float
    lower: float
    thigh: float
    shin: float
    paw: float
    neck: float
    rise: float
    head: float
    tail: float
    droop: float
    knees: float
    parts: tuple[Part, ...] = field(default=())


def _limb(bone: int, length: float, radius: float, paint: str, **more: object) -> list[Part]:
    """A left and a right capsule along a bone."""
    half = (radius, 0.5 * length + 0.8 * radius, radius)
    return [
        Part(bone + side, "capsule", (0, 0, 0), half, paint, **more)  # type: ignore[arg-type]
        for side in (0, 1)
    ]


def _head(head: Vec, *, long: bool, big: float) -> list[Part]:
    x, y, z = head
    eye = 0.0135 * big
    parts = [
        Part(HEAD, "sphere", (0, 0, 0), head, "skin"),
        Part(HEAD, "sphere", (0, 0.30 * y, -0.22 * z), (1.09 * x, 0.84 * y, 0.98 * z), "hair"),
        Part(HEAD, "sphere", (-0.40 * x, 0.02 * y, 0.87 * z), (eye, 1.35 * eye, 0.6 * eye), DARK),
        Part(HEAD, "sphere", (0.40 * x, 0.02 * y, 0.87 * z), (eye, 1.35 * eye, 0.6 * eye), DARK),
        Part(HEAD, "sphere", (0, -0.22 * y, 1.0 * z), (0.17 * x, 0.16 * y, 0.2 * z), "skin"),
        Part(
            HEAD, "sphere", (-1.0 * x, -0.08 * y, 0.02 * z), (0.16 * x, 0.24 * y, 0.2 * z), "skin"
        ),
        Part(HEAD, "sphere", (1.0 * x, -0.08 * y, 0.02 * z), (0.16 * x, 0.24 * y, 0.2 * z), "skin"),
    ]
    if long:
        half = (0.98 * x, 1.05 * y, 0.42 * z)
        parts.append(Part(HEAD, "sphere", (0, -0.52 * y, -0.68 * z), half, "hair"))
    return parts


def _person(b: Biped, *, bulk: float, long_hair: bool, skirt: bool) -> Biped:
    leg = "skin" if skirt else "second"
    chest = b.shoulder - b.waist
    side = b.shoulder_side
    parts: list[Part] = [
        Part(PELVIS, "sphere", (0, 0.012, 0), (0.088 * bulk, 0.062, 0.068 * bulk), "second"),
        Part(TORSO, "capsule", (0, 0.42 * chest, 0), (0.074 * bulk, 0.62 * chest, 0.062 * bulk),
             "color", patterned=True),
        Part(TORSO, "sphere", (0, 0.74 * chest, 0.004), (side * 1.0, 0.40 * chest, 0.074 * bulk),
             "color", patterned=True),
        Part(NECK, "capsule", (0, 0, 0), (0.03 * bulk, 0.05, 0.03 * bulk), "skin"),
        *_limb(UPPER_LEG, b.thigh, 0.046 * bulk, leg),
        *_limb(LOWER_LEG, b.shin, 0.036 * bulk, leg),
        *_limb(UPPER_ARM, b.upper, 0.034 * bulk, "color"),
        *_limb(LOWER_ARM, b.fore, 0.026 * bulk, "skin"),
        *[Part(HAND + k, "sphere", (0, -0.012, 0), (0.028 * bulk, 0.036, 0.03 * bulk), "skin")
          for k in (0, 1)],
        *[Part(FOOT + k, "capsule", (0, 0, 0), (0.03 * bulk, 0.5 * b.foot + 0.038, 0.028), SHOES,
               pitch=1.5707963) for k in (0, 1)],
        *_head(b.head_half, long=long_hair, big=b.head_half[1] / 0.085),
    ]  # fmt: skip
    if skirt:
        parts.append(
            Part(PELVIS, "cone", (0, 0.02, 0), (0.135 * bulk, 0.19, 0.125 * bulk), "second")
        )
    return Biped(**{**vars(b), "parts": tuple(parts)})


def _robot(b: Biped) -> Biped:
    chest = b.shoulder - b.waist
    metal = "metal"
    parts: list[Part] = [
        Part(PELVIS, "box", (0, 0.0, 0), (0.075, 0.045, 0.06), "second", material=metal),
        Part(TORSO, "rounded_box", (0, 0.56 * chest, 0), (0.125, 0.52 * chest, 0.085), "color",
             patterned=True, material=metal, param=0.35),
        Part(TORSO, "cylinder", (0, 0.62 * chest, 0.083), (0.045, 0.012, 0.045), LIT,
             material="glowing", pitch=1.5707963),
        Part(NECK, "cylinder", (0, 0, 0), (0.03, 0.04, 0.03), STEEL, material=metal),
        Part(HEAD, "rounded_box", (0, 0, 0), b.head_half, "color", material=metal, param=0.4),
        Part(HEAD, "sphere", (-0.38 * b.head_half[0], 0.012, b.head_half[2] * 0.98),
             (0.022, 0.022, 0.012), LIT, material="glowing"),
        Part(HEAD, "sphere", (0.38 * b.head_half[0], 0.012, b.head_half[2] * 0.98),
             (0.022, 0.022, 0.012), LIT, material="glowing"),
        Part(HEAD, "box", (0, -0.045, b.head_half[2] * 0.98), (0.035, 0.008, 0.008), DARK),
        Part(HEAD, "cylinder", (0, b.head_half[1] + 0.02, 0), (0.007, 0.025, 0.007), STEEL),
        Part(HEAD, "sphere", (0, b.head_half[1] + 0.05, 0), (0.016, 0.016, 0.016), "second",
             material="glowing"),
    ]  # fmt: skip
    for bone, length, wide, paint in (
        (UPPER_LEG, b.thigh, 0.04, "second"), (LOWER_LEG, b.shin, 0.044, "color"),
        (UPPER_ARM, b.upper, 0.034, "second"), (LOWER_ARM, b.fore, 0.036, "color"),
    ):  # fmt: skip
        for k in (0, 1):
            half = (wide, 0.5 * length + 0.01, wide)
            parts.append(Part(bone + k, "cylinder", (0, 0, 0), half, paint, material=metal))
    for k in (0, 1):
        parts.append(
            Part(HAND + k, "sphere", (0, -0.01, 0), (0.036, 0.036, 0.036), STEEL, material=metal)
        )
        parts.append(
            Part(FOOT + k, "box", (0, 0, 0.008), (0.045, 0.026, 0.5 * b.foot + 0.045), STEEL,
                 material=metal)
        )  # fmt: skip
    return Biped(**{**vars(b), "parts": tuple(parts)})


BIPEDS: dict[str, Biped] = {
    "man": _person(
        Biped(hip=0.497, hip_side=0.052, thigh=0.232, shin=0.225, ankle=0.045, foot=0.085,
              shoulder=0.785, shoulder_side=0.112, waist=0.545, neck=0.80, head=0.905,
              head_half=(0.07, 0.09, 0.078), upper=0.165, fore=0.145, stance=0.05),
        bulk=1.0, long_hair=False, skirt=False),
    "woman": _person(
        Biped(hip=0.502, hip_side=0.05, thigh=0.235, shin=0.228, ankle=0.043, foot=0.078,
              shoulder=0.775, shoulder_side=0.096, waist=0.56, neck=0.79, head=0.902,
              head_half=(0.07, 0.09, 0.078), upper=0.158, fore=0.14, stance=0.043),
        bulk=0.9, long_hair=True, skirt=True),
    "child": _person(
        Biped(hip=0.43, hip_side=0.055, thigh=0.196, shin=0.192, ankle=0.046, foot=0.09,
              shoulder=0.695, shoulder_side=0.105, waist=0.47, neck=0.715, head=0.858,
              head_half=(0.108, 0.132, 0.116), upper=0.14, fore=0.128, stance=0.056),
        bulk=1.14, long_hair=False, skirt=False),
    "robot": _robot(
        Biped(hip=0.442, hip_side=0.062, thigh=0.2, shin=0.195, ankle=0.05, foot=0.09,
              shoulder=0.735, shoulder_side=0.16, waist=0.475, neck=0.765, head=0.875,
              head_half=(0.088, 0.078, 0.08), upper=0.155, fore=0.15, stance=0.07)),
}  # fmt: skip


def _animal(
    q: Quadruped, *, girth: Vec, skull: Vec, snout: Vec, ear: Vec, ears: str, leg: float,
    tail: float, neck: float, mane: bool = False,
) -> Quadruped:  # fmt: skip
    """An animal's parts; sizes are half extents as shares of the height."""
    long = 0.5 * (q.ahead + q.behind)
    x, y, z = skull
    parts: list[Part] = [
        Part(TRUNK, "capsule", (0, 0, 0), (girth[0], long + girth[2], girth[1]), "color",
             patterned=True, pitch=1.5707963),
        Part(TRUNK, "sphere", (0, 0.01, 0.8 * long), (girth[0] * 1.12, girth[1] * 1.2,
             girth[1] * 1.15), "color", patterned=True),
        Part(TRUNK, "sphere", (0, 0.015, -0.85 * long), (girth[0] * 1.08, girth[1] * 1.12,
             girth[1] * 1.0), "color", patterned=True),
        Part(NAPE, "capsule", (0, 0, 0), (neck, 0.5 * q.neck + neck, neck * 1.15), "color"),
        Part(SKULL, "sphere", (0, 0, 0), skull, "color"),
        Part(SKULL, "capsule", (0, -0.28 * y, 0.72 * z + snout[2] * 0.5),
             (snout[0], snout[2], snout[1]), "second", pitch=1.5707963),
        Part(SKULL, "sphere", (0, -0.16 * y, 0.72 * z + snout[2] * 1.46),
             (0.6 * snout[0], 0.5 * snout[1], 0.34 * snout[0]), DARK),
        *[Part(SKULL, "sphere", (s * 0.58 * x, 0.26 * y, 0.74 * z),
               (0.17 * x, 0.2 * y, 0.13 * z), DARK) for s in (-1, 1)],
    ]  # fmt: skip
    for s in (-1, 1):
        if ears == "up":
            at, roll = (s * 0.55 * x, 0.92 * y + 0.4 * ear[1], -0.15 * z), -0.18 * s
            parts.append(Part(SKULL, "cone", at, ear, "color", roll=roll))
        else:
            at, roll = (s * (x + 0.15 * ear[0]), 0.15 * y, -0.1 * z), 0.22 * s
            parts.append(Part(SKULL, "sphere", at, ear, "second", roll=roll))
    for k in range(4):
        upper, lower = (q.upper, q.lower) if k < 2 else (q.thigh, q.shin)
        wide = leg * (1.25 if k < 2 else 1.45)
        parts.append(
            Part(UPPER + k, "capsule", (0, 0, 0), (wide, 0.5 * upper + 0.7 * wide, wide), "color")
        )
        half = (leg * 0.82, 0.5 * lower + 0.6 * leg, leg * 0.82)
        parts.append(Part(LOWER + k, "capsule", (0, 0, 0), half, "color"))
        foot = (1.1 * leg, 0.5 * q.paw + 0.008, 1.45 * leg)
        parts.append(
            Part(PAW + k, "sphere", (0, 0.5 * q.paw, 0.2 * leg), foot, DARK if mane else "second")
        )
    for k in (0, 1):
        wide = tail * (1.0 - 0.2 * k)
        half = (wide, 0.5 * q.tail + 0.7 * wide, wide)
        parts.append(Part(TAIL + k, "capsule", (0, 0, 0), half, "second" if mane else "color"))
    if mane:
        half = (0.4 * neck, 0.5 * q.neck + 0.03, 0.7 * neck)
        parts.append(Part(NAPE, "sphere", (0, 0.02, -0.95 * neck), half, "second"))
        parts.append(
            Part(SKULL, "sphere", (0, 0.75 * y, 0.1 * z), (0.4 * x, 0.45 * y, 0.5 * z), "second")
        )
    return Quadruped(**{**vars(q), "parts": tuple(parts)})


QUADRUPEDS: dict[str, Quadruped] = {
    "dog": _animal(
        Quadruped(shoulder=0.53, hip=0.54, ahead=0.3, behind=0.3, front_side=0.11,
                  hind_side=0.105, upper=0.24, lower=0.245, thigh=0.25, shin=0.255, paw=0.055,
                  neck=0.2, rise=1.12, head=0.09, tail=0.17, droop=-0.75, knees=-1.0),
        girth=(0.155, 0.165, 0.12), skull=(0.14, 0.138, 0.145), snout=(0.075, 0.066, 0.1),
        ear=(0.045, 0.13, 0.075), ears="down", leg=0.048, tail=0.034, neck=0.105),
    "cat": _animal(
        Quadruped(shoulder=0.46, hip=0.48, ahead=0.33, behind=0.33, front_side=0.095,
                  hind_side=0.095, upper=0.21, lower=0.21, thigh=0.23, shin=0.22, paw=0.05,
                  neck=0.1, rise=0.8, head=0.11, tail=0.3, droop=-0.9, knees=-1.0),
        girth=(0.15, 0.155, 0.11), skull=(0.19, 0.17, 0.165), snout=(0.075, 0.055, 0.05),
        ear=(0.07, 0.1, 0.04), ears="up", leg=0.05, tail=0.042, neck=0.1),
    "horse": _animal(
        Quadruped(shoulder=0.54, hip=0.56, ahead=0.29, behind=0.3, front_side=0.075,
                  hind_side=0.075, upper=0.235, lower=0.262, thigh=0.25, shin=0.262, paw=0.055,
                  neck=0.29, rise=0.95, head=0.065, tail=0.14, droop=0.95, knees=1.0),
        girth=(0.118, 0.138, 0.1), skull=(0.066, 0.085, 0.11), snout=(0.048, 0.056, 0.09),
        ear=(0.022, 0.055, 0.02), ears="up", leg=0.032, tail=0.036, neck=0.082, mane=True),
}  # fmt: skip


def build(kind: str) -> Biped | Quadruped:
    """The table of a row of WALKERS."""
    return BIPEDS[kind] if kind in BIPEDS else QUADRUPEDS[kind]
