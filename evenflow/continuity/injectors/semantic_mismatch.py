"""Semantic mismatch: the content is not what a prompt or a reference picture says."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import numpy as np

from evenflow.continuity.injectors.followed import generator, look_ahead, placed
from evenflow.continuity.injectors.grain import grain_level
from evenflow.continuity.injectors.hue import recolored, to_lab
from evenflow.continuity.injectors.identity import another
from evenflow.continuity.injectors.plant import Picture, Placed, Plant
from evenflow.continuity.injectors.subject_swap import replaced
from evenflow.core.clip import Frame, Source
from evenflow.core.events import CancelToken

NAMES = {
    "red": 25, "orange": 65, "yellow": 100, "green": 145,
    "cyan": 205, "blue": 270, "purple": 310, "pink": 350,
}  # fmt: skip
"""Hue angles of colors in CIELAB, in degrees."""


def place(source: Source, plant: Plant, cancel: CancelToken | None = None) -> Placed:
    """What is wrong, and what was true: a wrong color everywhere, or something else in a place.

    A range that does not begin with the clip shows the change as well, and is then a change of
    color or a swapped subject just as much.
    """
    rng = generator(plant, 1)
    color = bool(rng.random() < 0.5) and plant.info.channels != 1
    plant, look = look_ahead(source, plant, cancel, sides=(0.42, 0.56))
    if not color:
        settings = {"grain": grain_level(look.first)}
        picture = another(look, plant.followed(), rng)
        plant = replace(plant, picture=picture, settings=settings, variant="object")
        truth = placed(plant, variant="object", was=_color_of(_cut(look.first, plant)),
                       now=_color_of(picture))  # fmt: skip
        return replace(truth, equal=("subject_swap",) if plant.start > 0 else ())
    turn = float(rng.choice([-1.0, 1.0]) * rng.uniform(100, 160))
    plant = replace(plant, variant="color", settings={"turn": np.radians(turn)}, region=None)
    area = plant.box or (0, 0, plant.info.width, plant.info.height)
    own = look.first[area[1] : area[3], area[0] : area[2]]
    parameters = {
        "variant": "color",
        "was": _color_of(own),
        "now": _color_of(_turned(own, plant)),
        "turned_deg": round(turn, 1),
    }
    equal = ("color_change", "style_change") if plant.start > 0 else ()
    return Placed(plant, plant.start, plant.end, plant.box, equal=equal, parameters=parameters)


def _cut(picture: Picture, plant: Plant) -> Picture:
    x0, y0, x1, y1 = plant.followed().box
    return picture[y0:y1, x0:x1]


def _color_of(x: Picture) -> str:
    """The name of the color that most of the vivid pixels have; gray if there are few."""
    if x.shape[2] == 1:
        return "gray"
    lab = to_lab(np.clip(x, 0.0, 1.0))
    chroma = np.hypot(lab[..., 1], lab[..., 2])
    if float((chroma > 15).mean()) < 0.1:
        return "gray"
    angle = np.degrees(np.arctan2(lab[..., 2], lab[..., 1]))
    apart = [np.abs((hue - angle + 180) % 360 - 180) for hue in NAMES.values()]
    nearest = np.argmin(apart, axis=0)
    votes = np.bincount(
        nearest.ravel(), weights=np.where(chroma > 15, chroma, 0.0).ravel(), minlength=len(NAMES)
    )
    return list(NAMES)[int(np.argmax(votes))]


def _turned(x: Picture, plant: Plant) -> Picture:
    made = recolored(x, turn=plant.settings["turn"] * plant.magnitude, tint=(0.0, 0.0))
    return np.clip(made, 0.0, 1.0).astype(np.float32)


def semantic_mismatch(frames: Iterator[Frame], plant: Plant) -> Iterator[Frame]:
    """Turns all hues, or shows something unrelated in a large region; `magnitude` is how far.

    To contradict a prompt from the beginning, plant it from the first frame to the last.
    """
    for frame in frames:
        if frame.index not in plant:
            yield frame
        elif plant.variant == "color":
            yield plant.softly(frame, partial(_turned, plant=plant))
        else:
            edit = partial(replaced, plant=plant, index=frame.index, share=plant.magnitude)
            yield plant.within(frame, edit)
