"""How well the grader reads clean clips that its parser was not fitted on.

```sh
python -m benchmarks.eyes --preset lab --seeds 0..250 [--codec blur1] [--workers 2] -o eyes.jsonl
```

Every clip is a line of the output, so a run that was stopped goes on. Seeds are below
`scenes.FIRST`: none was learned from. A body counts where 60 pixels or more of it show, for a
quarter of the clip or a second; `attributes` is color and kind, both, of its track; `lost` are
tracks that were LOST in a frame; positions are against the center of the body's true mask.
"""

import argparse
import collections
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from fractions import Fraction
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

LEAST = 60
CODECS = ("identity", "blur1", "noise5", "down2", "jpeg50", "cast", "blurnoise")


def degraded(pictures: np.ndarray, codec: str, seed: int) -> np.ndarray:
    """Frames after what a codec does to them."""
    rng = np.random.default_rng([seed, 0xDE6])
    out = []
    for picture in pictures:
        value = picture.astype(np.float32)
        if codec in ("blur1", "blurnoise"):
            value = cv2.GaussianBlur(value, (0, 0), 1.0)
        if codec in ("noise5", "blurnoise"):
            value = value + rng.normal(0, 0.05 * 255, value.shape).astype(np.float32)
        if codec == "down2":
            h, w = value.shape[:2]
            value = cv2.resize(value, (w // 2, h // 2), interpolation=cv2.INTER_AREA)
            value = cv2.resize(value, (w, h), interpolation=cv2.INTER_LINEAR)
        if codec == "cast":
            value = value * np.array([1.1, 1.0, 0.9], np.float32)
        value = np.clip(np.rint(value), 0, 255).astype(np.uint8)
        if codec == "jpeg50":
            coded = cv2.imencode(".jpg", value, [cv2.IMWRITE_JPEG_QUALITY, 50])[1]
            value = cv2.imdecode(coded, cv2.IMREAD_COLOR)
        out.append(value)
    return np.stack(out)


def measure(task: tuple[str, int, str, str, int, tuple[int, int]]) -> dict | None:
    """One clip, read and compared with its truth."""
    preset, seed, codec, parser, frames, size = task
    import torch

    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    from evenflow.core.clip import ArraySource, Clip
    from evenflow.core.errors import BadInput
    from evenflow.grading.eyes import read
    from evenflow.world.clip import WorldSource
    from evenflow.world.sampling import random_spec
    from evenflow.world.words import COLORS

    try:
        spec = random_spec(preset, seed, frames=frames, fps=Fraction(12), size=size)
    except BadInput:
        return None
    source = WorldSource(spec)
    pictures, truth = source.draw(range(frames), truth=("instance",))
    ids = truth.instance.numpy()
    if codec != "identity":
        pictures = degraded(pictures, codec, seed)
    clip = Clip(ArraySource(pictures, Fraction(12)))
    reading = read(clip, camera=source.animation.camera, preset=preset, parser=parser)
    labels = reading.labels
    if labels.shape[1:] != ids.shape[1:]:
        big = [cv2.resize(m.astype(np.float32), size, interpolation=cv2.INTER_NEAREST)
               for m in labels]  # fmt: skip
        labels = np.stack(big).astype(np.int16)
    names = list(COLORS)
    states = source.animation.entities
    rows, errors = [], []
    seen_frames = found_frames = 0
    ground_errors = []
    taken: dict[int, tuple[int, int]] = {}  # a track is one body's only: that of most pixels
    for entity in spec.cast:
        votes = np.bincount(labels[ids == entity.id], minlength=len(reading.tracks) + 1)
        votes[0] = 0
        best = int(votes.argmax())
        if votes[best] > taken.get(best, (0, 0))[1]:
            taken[best] = (entity.id, int(votes[best]))
    for entity in spec.cast:
        own = ids == entity.id
        area = own.sum((1, 2))
        shown = np.flatnonzero(area >= LEAST)
        need = min(12, max(3, frames // 4))
        if len(shown) < need:
            continue
        votes = np.bincount(labels[own], minlength=len(reading.tracks) + 1)
        votes[0] = 0
        best = int(votes.argmax())
        row = {
            "id": entity.id, "said": entity.said, "kind": entity.kind, "shown": len(shown),
            "pattern": entity.pattern, "second": entity.second,
            "size": [float(entity.size), None],
        }  # fmt: skip
        true = collections.Counter(names[c] for c in states.color[shown, entity.id - 1])
        row["color"] = true.most_common(1)[0][0]
        ok = votes[best] > 0.3 * own.sum() and taken[best][0] == entity.id
        row["track"] = best if ok else 0
        if ok:
            track = reading.tracks[best - 1]
            row |= {
                "read_kind": track.kind,
                "read_color": track.color,
                "read_pattern": track.pattern,
                "kinds": dict(list(track.kinds.items())[:3]),
            }
            with np.errstate(all="ignore"):
                known = np.isfinite(track.size)
                row["size"][1] = float(np.median(track.size[known])) if known.any() else None
            sure = np.flatnonzero(np.isfinite(track.ground[:, 0]))
            for t in sure:
                here = states.position[t, entity.id - 1].copy()
                here[1] -= states.size[t, entity.id - 1]
                ground_errors.append([float(v) for v in track.ground[t] - here])
        seen_frames += len(shown)
        for t in shown:
            if not ok:
                break
            if reading.tracks[best - 1].state[t] != 1:
                continue
            y, x = np.nonzero(own[t])
            mine = labels[t] == best
            both = (mine & own[t]).sum()
            if both < 0.3 * (mine.sum() + own[t].sum() - both):
                continue
            found_frames += 1
            at = reading.tracks[best - 1].center[t]
            errors.append(float(np.hypot(x.mean() + 0.5 - at[0], y.mean() + 0.5 - at[1])))
        rows.append(row)
    matched = {row["track"] for row in rows}
    tracks = [
        {"id": one.id, "kind": one.kind, "color": one.color, "matched": one.id in matched,
         "state": "".join("-SHOL"[s] for s in one.state)}
        for one in reading.tracks
    ]  # fmt: skip
    return {
        "preset": preset, "seed": seed, "codec": codec, "parser": parser, "style": spec.style,
        "events": [e.kind for e in spec.events], "shots": len(spec.shots), "cuts": reading.cuts,
        "bodies": rows, "tracks": tracks, "errors": [round(e, 3) for e in errors],
        "shown": seen_frames, "found": found_frames, "notes": reading.notes,
        "ground": [float(np.median(np.abs(np.array(ground_errors)[:, k]))) for k in range(3)]
        if ground_errors else None,
    }  # fmt: skip


def summary(rows: list[dict]) -> dict:
    """Figures of a set of clips."""
    bodies = [b for row in rows for b in row["bodies"]]
    said = [b for b in bodies if b["said"]]
    errors = np.array([e for row in rows for e in row["errors"]])
    tracks = [t for row in rows for t in row["tracks"]]

    def share(some: list[dict], test) -> float | None:
        return round(float(np.mean([test(b) for b in some])), 4) if some else None

    def color(b: dict) -> bool:
        return b.get("read_color") == b["color"]

    def kind(b: dict) -> bool:
        return b.get("read_kind") == b["kind"]

    confused = collections.Counter(
        (b["kind"], b.get("read_kind", "missed")) for b in said if not kind(b)
    )
    mixed = collections.Counter(
        (b["color"], b.get("read_color", "missed")) for b in said if not color(b)
    )
    places = np.array([row["ground"] for row in rows if row["ground"]])
    return {
        "clips": len(rows), "bodies": len(said),
        "attributes": share(said, lambda b: color(b) and kind(b)),
        "color": share(said, color), "kind": share(said, kind),
        "pattern": share([b for b in said if b.get("read_pattern")],
                         lambda b: b["pattern"] == b["read_pattern"]),
        "scenery_attributes": share([b for b in bodies if not b["said"]],
                                    lambda b: color(b) and kind(b)),
        "tracked": share(said, lambda b: b["track"] > 0),
        "frame_recall": round(sum(r["found"] for r in rows) / max(sum(r["shown"] for r in rows), 1),
                              4),
        "position_median_px": round(float(np.median(errors)), 3) if len(errors) else None,
        "position_p95_px": round(float(np.quantile(errors, 0.95)), 2) if len(errors) else None,
        "tracks": len(tracks),
        "lost": share(tracks, lambda t: "L" in t["state"]),
        "lost_2": share(tracks, lambda t: "LL" in t["state"]),
        "lost_matched": share([t for t in tracks if t["matched"]], lambda t: "L" in t["state"]),
        "extra_tracks": share(tracks, lambda t: not t["matched"]),
        "cuts_wrong": sum(len(r["cuts"]) != r["shots"] - 1 for r in rows),
        "ground_median": np.round(np.median(places, 0), 3).tolist() if len(places) else None,
        "confused_kinds": [[*k, n] for k, n in confused.most_common(14)],
        "confused_colors": [[*k, n] for k, n in mixed.most_common(8)],
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="lab")
    parser.add_argument("--seeds", default="0..50")
    parser.add_argument("--codec", default="identity", choices=CODECS)
    parser.add_argument("--parser", default="auto")
    parser.add_argument("--frames", type=int, default=49)
    parser.add_argument("--size", default="128x128")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("-o", "--output", type=Path, required=True)
    asked = parser.parse_args()
    first, last = (int(v) for v in asked.seeds.split(".."))
    width, height = (int(v) for v in asked.size.split("x"))
    rows = []
    if asked.output.exists():
        rows = [json.loads(line) for line in asked.output.read_text().splitlines()]
    done = {row["seed"] for row in rows}
    tasks = [
        (asked.preset, seed, asked.codec, asked.parser, asked.frames, (width, height))
        for seed in range(first, last)
        if seed not in done
    ]
    with (
        asked.output.open("a") as file,
        ProcessPoolExecutor(asked.workers, mp_context=get_context("spawn")) as pool,
    ):
        for row in pool.map(measure, tasks):
            if row is None:
                continue
            rows.append(row)
            file.write(json.dumps(row) + "\n")
            file.flush()
    json.dump(summary(rows), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
