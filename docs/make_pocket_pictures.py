"""Film strips of what pocket makes, for docs/pocket.md: rows of frames under their prompts.

python docs/make_pocket_pictures.py [MODEL] -o docs/images/pocket.png [--quality turbo|full]
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import evenflow as ef

PROMPTS = (
    "a red ball rolls left behind the pillar",
    "a small blue ball rolls to the right, then hits a green cube",
    "there is a yellow cone; an orange ball drops and then bounces",
    "a purple cube turns green, then a red ball rolls to the left",
    "a large orange cup covers a small blue ball",
    "a teal cube slides to the right in front of a pink cylinder",
    "a small green ball flies to the right over a red box",
    "there is a blue star; a red cone shrinks",
)
"""The last shows a red cone, which no scene of the training did."""
SHOWN, SCALE, MARGIN = 8, 2, 6


def strip(pictures: np.ndarray) -> np.ndarray:
    """Frames of a clip beside each other, enlarged."""
    at = np.linspace(0, len(pictures) - 1, SHOWN).round().astype(int)
    gap = np.full((pictures.shape[1], 1, 3), 255, np.uint8)
    parts = [part for i in at for part in (pictures[i], gap)][:-1]
    wide = np.concatenate(parts, axis=1)
    return np.repeat(np.repeat(wide, SCALE, axis=0), SCALE, axis=1)


def sheet(rows: list[tuple[str, np.ndarray]]) -> Image.Image:
    """Strips with what they were asked for above them."""
    font = ImageFont.load_default(15)
    line = 22
    width = rows[0][1].shape[1] + 2 * MARGIN
    height = sum(line + picture.shape[0] + MARGIN for _, picture in rows) + MARGIN
    out = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(out)
    y = MARGIN
    for text, picture in rows:
        draw.text((MARGIN, y), text, fill=(40, 40, 40), font=font)
        out.paste(Image.fromarray(picture), (MARGIN, y + line))
        y += line + picture.shape[0] + MARGIN
    return out


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("model", nargs="?", default="pocket")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--quality", default="turbo", choices=("turbo", "full"))
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    model = ef.load(given.model)
    rows = []
    for prompt in PROMPTS:
        clip = model.generate(
            prompt, seed=given.seed, quality=given.quality, guidance=given.guidance
        )
        rows.append((prompt, strip(clip.frames())))
    given.output.parent.mkdir(parents=True, exist_ok=True)
    sheet(rows).save(given.output, optimize=True)


if __name__ == "__main__":
    main()
