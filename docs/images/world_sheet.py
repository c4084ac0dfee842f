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
    ("a teal ball rolls behind a pillar and hits a red cube in the park", 2),
    ("a woman pushes a blue crate in the city at sunset while the camera orbits left", 2),
    ("a dog runs on the beach at noon while the camera follows it", 2),
    ("a woman in pink walks past a lamp at night in the city, then waves", 2),
    ("a child kicks a striped ball in the snow at noon", 2),
    ("a robot carries a green cube in the desert in the evening", 2),
    ("a woman gives a red cup to a man in the forest in the style of a toon", 1),
    ("a purple vase drops and shatters in the room", 1),
    ("a pink balloon rises over the water in the evening", 2),
    ("a child runs around a red cone on the playground", 1),
    ("the sun sets over the sea while a cat walks past a bench", 1),
    ("", 3),
)
"""Captions and seeds; without a caption a dog walks through a maze."""

FRAMES = 49
COLUMNS = 5
TRUTH = ("depth", "instance", "forward_flow", "forward_occlusion", "normals")


def main(path: Path) -> None:
    """Write the sheet."""
    rows, captions = [], []
    some = [round(2 + (FRAMES - 5) * i / (COLUMNS - 1)) for i in range(COLUMNS)]
    for caption, seed in SCENES:
        spec = scene(caption or None, preset="story" if caption else "maze", seed=seed)
        animation = simulate(spec)
        rows.append(render([animation], frames=some).frames[0].numpy())
        captions.append(caption or "a dog that is played walks through a maze")
        if len(rows) == 1:
            truth = render([animation], frames=[some[3]], truth=TRUTH).truth[0]
    rows.append([truth_view(truth, name)[0] for name in TRUTH])
    captions.append("what is true of the first row: depth, ids, flow, occlusion, normals")
    picture = sheet(rows, captions=captions)
    picture.save(path, optimize=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size / 1000:.0f} kB")
    full = np.concatenate([np.asarray(one).reshape(-1) for row in rows[:-1] for one in row])
    print(f"{(full == 255).mean():.4%} of all values are 255, {(full == 0).mean():.4%} are 0")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/world.png"))
