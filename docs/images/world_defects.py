"""Draw docs/images/world_defects.png: the same scenes without and with a defect in them.

Run from the root of the repository: `python docs/images/world_defects.py [PNG]`.
"""

import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from evenflow.world.clip import scene
from evenflow.world.defects import inject, masks
from evenflow.world.sheet import sheet

ROWS = (
    ("a red ball rolls behind the pillar", 0, "vanish", "stays hidden", 5, "red ball"),
    (
        "a woman walks past the yellow box in the park",
        1,
        "unnatural_motion",
        "floating",
        4,
        "woman",
    ),
    ("a blue ball rolls past the red cube in the desert", 2, "ghosting", "", 4, "blue ball"),
    ("a man walks past the orange crate in the city", 3, "subject_swap", "", 5, "man"),
    ("a green ball drops and bounces in the room", 4, "unphysical", "bounce", 5, "green ball"),
    ("a dog walks past the purple cube on the beach", 5, "light_direction", "shadow", 4, "cube"),
)
"""Caption, seed, kind, variant, strength, who has it."""
SIZE, COLUMNS = (176, 112), 4


def main(path: Path) -> None:
    """Write the sheet: clean, with the defect, and the last picture's mask."""
    rows, texts = [], []
    for caption, seed, kind, variant, strength, words in ROWS:
        spec = scene(caption, preset="story", seed=seed, frames=48, fps=Fraction(12), size=SIZE)
        name = words.split()[-1]
        who = next(one.id for one in spec.cast if one.kind == name)
        made = inject(spec, kind, strength=strength, variant=variant, entity=who)
        shown = np.flatnonzero(made.visible >= 25)
        at = np.unique(np.linspace(shown[0], shown[-1], COLUMNS).astype(int))
        for clip, what in ((made.clean, caption), (made.clip, _words(kind, variant, strength))):
            pictures = [np.asarray(clip.frames(int(f), int(f) + 1)[0]) for f in at]
            if what == caption:
                pictures.append(np.full_like(pictures[0], 255))
            else:
                best = int(made.visible.argmax())
                mask = masks(made, [best])[0]
                pictures.append(np.repeat((mask * np.uint8(255))[..., None], 3, axis=2))
            rows.append(pictures)
            texts.append(what)
    picture = sheet(rows, captions=texts)
    small = picture.quantize(192, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(f"{path}: {picture.width} x {picture.height}, {path.stat().st_size / 1000:.0f} kB")


def _words(kind: str, variant: str, strength: int) -> str:
    form = f", {variant}" if variant else ""
    return f"{kind}{form}, strength {strength}; at the right the pixels that changed"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/images/world_defects.png"))
