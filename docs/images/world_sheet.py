"""Draw docs/images/world.png: scenes from captions, and what is true of the first of them.

Run from the root of the repository: `python docs/images/world_sheet.py [PNG]`.
"""

import sys
from pathlib import Path

import numpy as np

from evenflow.world.clip import scene
from evenflow.world.render import render
from evenflow.world.sheet import sheet, truth_view
from evenflow.world.simulate import simulate

SCENES = (
    ("a man in red walks past a white pillar in the park in the morning, then waves", 3),
    ("a woman pushes a blue crate in the city at sunset while the camera orbits left", 2),
    ("a child kicks a striped ball in the snow at noon", 2),
    ("at night a man walks past a lamp on the street while the camera pans left", 2),
    ("a robot carries a green cube in the desert in the evening", 2),
    ("a purple vase drops and shatters in the room", 1),
    ("a pink balloon rises over the water in the evening", 2),
    ("a woman gives a red cup to a man in the forest in the style of a toon", 1),
    ("the sun sets over the sea while a cat walks past a bench", 1),
    ("a black dog runs around a tree in the meadow at noon", 1),
)
FRAMES = 49
COLUMNS = 6


def main(path: Path) -> None:
    """Write the sheet."""
    rows, captions = [], []
    for caption, seed in SCENES:
        animation = simulate(scene(caption, seed=seed, frames=FRAMES))
        some = [round(2 + (FRAMES - 5) * i / (COLUMNS - 1)) for i in range(COLUMNS)]
        rows.append(render([animation], frames=some).frames[0].numpy())
        captions.append(caption)
    animation = simulate(scene(SCENES[0][0], seed=SCENES[0][1], frames=FRAMES))
    names = ("depth", "instance", "forward_flow", "forward_occlusion", "normals", "shadow")
    drawn = render([animation], frames=[17], truth=names)
    rows.append([truth_view(drawn.truth[0], name)[0] for name in names])
    captions.append("what is true of the first row: depth, ids, flow, occlusion, normals, shadow")
    picture = sheet(rows, captions=captions)
    picture.save(path, optimize=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size / 1000:.0f} kB")
    full = np.concatenate([np.asarray(one).reshape(-1) for row in rows[:-1] for one in row])
    print(f"{(full == 255).mean():.4%} of all values are 255, {(full == 0).mean():.4%} are 0")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/world.png"))
