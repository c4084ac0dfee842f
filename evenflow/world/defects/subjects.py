"""Who covers which pixels of a frame: what defects of the background alone leave out."""

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import Animation
from evenflow.world.clip import cut


def subjects(animation: Animation) -> tuple[int, ...]:
    """Ids of those that captions may speak of: all but the trees and houses around."""
    spoken = {i for e in animation.spec.events for i in (e.agent, e.target, e.other)}
    return tuple(one.id for one in animation.spec.cast if one.said or one.id in spoken)


def silhouette(animation: Animation, frame: int, ids: tuple[int, ...]) -> NDArray[np.bool_]:
    """Pixels `(h, w)` of a frame that show some of them."""
    from evenflow.world.render import render

    width, height = animation.spec.size
    if not ids:
        return np.zeros((height, width), np.bool_)
    some = cut(animation, frame, frame + 1)
    drawn = render([some], frames=[0], truth=("instance",), antialias=False)
    instance = drawn.truth[0].instance
    assert instance is not None
    return np.asarray(np.isin(instance[0].cpu().numpy(), ids))


def shown(animation: Animation, frame: int, ids: tuple[int, ...]) -> tuple[int, ...]:
    """Those whose middle is in the picture."""
    from evenflow.world.defects.seen import centers

    width, height = animation.spec.size
    x, y, z = centers(animation)[frame].T
    inside = (x > 0) & (x < width) & (y > 0) & (y < height) & (z > 0.2)
    inside &= animation.entities.present[frame]
    return tuple(id for id in ids if inside[id - 1])
