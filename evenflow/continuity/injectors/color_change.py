"""Color change: an object takes another color at once and keeps it, its lightness stays."""

from collections.abc import Iterator
from dataclasses import replace

from evenflow.continuity.injectors.followed import generator, look_ahead, placed
from evenflow.continuity.injectors.hue import recolored, toward
from evenflow.continuity.injectors.plant import Placed, Plant
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """An object with colors that can change, and the turn that moves them as far as asked for."""
    plant, look = look_ahead(source, plant, cancel, color=True)
    view = plant.followed().view(plant.start)
    assert view is not None
    (x0, y0, x1, y1), alpha = view
    rng = generator(plant, 1)
    turn, tint = toward(look.first[y0:y1, x0:x1], alpha, plant.magnitude, rng)
    plant = replace(plant, settings={"turn": turn, "tint": tint})
    return placed(plant)


def color_change(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Turns the hue of an object by `magnitude` dE, from the first frame of the span to its end."""
    turn, tint = plant.settings["turn"], plant.settings["tint"]
    for frame in frames:
        if frame.index in plant:
            yield plant.within(frame, lambda x, box: recolored(x, turn=turn, tint=tint))
        else:
            yield frame
