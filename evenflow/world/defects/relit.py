"""Pictures drawn again: what light from elsewhere, or a scene with fewer in it, would look like.

The renderer has one sun. Light that reaches one body from another side, a shadow that falls another
way and copies that lag behind are drawn as whole pictures and laid over the clip through masks of
who is where. `on` gives the same development for what was staged later, so that defects add up.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import Animation
from evenflow.world.clip import cut

F = NDArray[np.float32]
Group = tuple[int, ...]


def turned_light(animation: Animation, angle: float) -> Animation:
    """The scene under a sun that has gone round by an angle; sky and strength stay."""
    c, s = np.cos(angle), np.sin(angle)
    way = animation.light.direction.astype(np.float64)
    turned = np.stack([c * way[:, 0] - s * way[:, 2], way[:, 1], s * way[:, 0] + c * way[:, 2]], 1)
    light = replace(animation.light, direction=turned.astype(np.float32))
    return replace(animation, light=light)


def without(animation: Animation, ids: Group, *, only: bool = False) -> Animation:
    """The scene without some; or with nobody else."""
    mine = np.isin(animation.parts.entity, ids)
    keep = animation.parts.present & (mine if only else ~mine)
    return replace(animation, parts=replace(animation.parts, present=keep))


def drawn(
    animation: Animation, frame: int, style: str
) -> tuple[F, NDArray[np.int64], NDArray[np.bool_]]:
    """One picture `(h, w, 3)` in [0, 1], who is seen in it, and where the ground or a wall is."""
    from evenflow.world.render import render

    some = cut(animation, frame, frame + 1)
    if style != some.spec.style:
        some = replace(some, spec=replace(some.spec, style=style))
    made = render([some], truth=("instance", "part"))
    truth = made.truth[0]
    assert truth.instance is not None and truth.part is not None
    picture = made.frames[0][0].cpu().numpy().astype(np.float32) / np.float32(255)
    ids = truth.instance[0].cpu().numpy().astype(np.int64)
    return picture, ids, np.asarray(truth.part[0].cpu().numpy() == -1)


def soft(mask: NDArray[np.bool_]) -> F:
    """A mask with edges of a pixel, in [0, 1]: mean of 3 x 3 where it touches the border."""
    wide = np.pad(mask.astype(np.float32), 1, mode="edge")
    rows = wide[:-2] + wide[1:-1] + wide[2:]
    mean = (rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / np.float32(9)
    return np.asarray(mean, np.float32)


def _light(picture: F) -> F:
    return np.asarray(
        np.where(picture <= 0.04045, picture / 12.92, ((picture + 0.055) / 1.055) ** 2.4),
        np.float32,
    )


def _picture(light: F) -> F:
    light = np.clip(light, 0, 1)
    return np.asarray(
        np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055), np.float32
    )


@dataclass(frozen=True)
class Relit:
    """A body that is shaded, or throws its shadow, as if the sun stood elsewhere.

    Args:
        animation: the scene; ids: whom it concerns, with what they carry.
        angle: radians that the sun is turned about the vertical.
        what: `shading` or `shadow`.
        style: row of STYLES.
    """

    animation: Animation
    ids: Group
    angle: float
    what: Literal["shading", "shadow"]
    style: str

    def on(self, animation: Animation) -> "Relit":
        """The same for another animation of the scene."""
        return replace(self, animation=animation)

    def __call__(self, picture: F, frame: int) -> F:
        """The developed picture."""
        other = turned_light(self.animation, self.angle)
        if self.what == "shading":
            lit, ids, _ = drawn(other, frame, self.style)
            share = soft(np.isin(ids, self.ids))
            share = np.where(np.isin(ids, self.ids), np.maximum(share, 0.5), share * 0.5)
            mix = np.asarray(share[..., None], np.float32)
            return np.asarray(picture + (lit - picture) * mix, np.float32)
        # Its own shadow is taken from the ground, and one that falls elsewhere is laid on it.
        alone = self.style if self.style not in ("toon", "paper", "pixel") else "plain"
        plain, here, floor = drawn(self.animation, frame, alone)
        bare, _, _ = drawn(without(self.animation, self.ids), frame, alone)
        cast, there, floor_there = drawn(without(other, self.ids, only=True), frame, alone)
        everyone = tuple(range(len(self.animation.spec.cast) + 1))
        empty, _, _ = drawn(without(other, everyone), frame, alone)
        # Pixels at a silhouette are mixed with what stands there and have no shadow of their own.
        edge = (soft(here > 0) > 0) | (soft(there > 0) > 0)
        both = floor & floor_there & ~edge
        lifted = (_light(bare) + 1e-3) / (_light(plain) + 1e-3)
        laid = (_light(cast) + 1e-3) / (_light(empty) + 1e-3)
        factor = np.where(both[..., None], lifted * np.minimum(laid, 1.0), 1.0)
        factor = 1 + (factor - 1) * (soft(both) * both)[..., None]
        changed = np.abs(factor - 1) > 0.01
        return np.where(changed, _picture(_light(picture) * factor.astype(np.float32)), picture)


@dataclass(frozen=True)
class Ghosts:
    """Stale copies of a mover where it was a moment ago.

    Args:
        animation: the scene; ids: of the mover and what it carries.
        share: of the freshest copy in the picture.
        lags: frames that the copies are behind, fresh to stale.
        style: row of STYLES.
    """

    animation: Animation
    ids: Group
    share: float
    lags: tuple[int, ...]
    style: str

    def on(self, animation: Animation) -> "Ghosts":
        """The same for another animation of the scene."""
        return replace(self, animation=animation)

    def __call__(self, picture: F, frame: int) -> F:
        """The developed picture."""
        _, now, _ = drawn(self.animation, frame, self.style)
        free = ~np.isin(now, self.ids)
        out = picture
        shot = self.animation.shot
        for rank, lag in reversed(list(enumerate(self.lags))):
            then = frame - lag
            if then < 0 or shot[then] != shot[frame]:
                continue
            ghost, ids, _ = drawn(_behind(self.animation, self.ids, frame, then), frame, self.style)
            where = soft(np.isin(ids, self.ids)) * free
            share = np.float32(self.share * 0.72**rank) * where[..., None]
            out = out + (ghost - out) * share
        return np.asarray(out, np.float32)


def _behind(animation: Animation, ids: Group, frame: int, then: int) -> Animation:
    """A frame in which some are as they were at another time."""
    parts = animation.parts
    rows = np.flatnonzero(np.isin(parts.entity, ids))
    changed = {}
    for name in ("position", "rotation", "scale", "color", "second", "pattern_shift", "present"):
        values = getattr(parts, name).copy()
        values[frame, rows] = values[then, rows]
        changed[name] = values
    return replace(animation, parts=replace(parts, **changed))
