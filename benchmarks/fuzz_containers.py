"""Mutated containers through the real reading path: frames, a warning or one error line.

    python benchmarks/fuzz_containers.py --num 2000 --seed 0 --workers 2 --json fuzz.json

Every case takes a small valid file of one container, damages it (bytes flipped, cut off, parts
removed, repeated or zeroed, length fields edited, the head of one file spliced onto the body of
another), opens it with `evenflow.io.read` and decodes every frame. What may come out is
frames, warnings, or one of Evenflow's own errors with a single line; anything else is a failure and
its file is kept.
"""

import argparse
import json
import random
import struct
import sys
import tempfile
import threading
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import EvenflowError
from evenflow.io import pool, read, write
from evenflow.io.y4m import PipeSource

SILENCE_S = 10.0
"""A case that says nothing for so long is stopped; the product waits longer."""


def seeds(folder: Path) -> dict[str, bytes]:
    """Small valid files, one of every kind that is read."""
    import av

    y, x = np.mgrid[0:32, 0:48]
    frames = np.stack(
        [np.stack([x * 5 + 9 * i, y * 7, (x + y) * 3 + 5 * i], -1) % 256 for i in range(8)]
    ).astype(np.uint8)
    clip = Clip(ArraySource(frames, Fraction(25)))
    deep = Clip(ArraySource(frames[:2].astype(np.uint16) * 257, Fraction(25)))
    out: dict[str, bytes] = {}
    for name in ("a.mkv", "a.mp4", "a.mov", "a.webm", "a.gif", "a.webp", "a.y4m"):
        write(clip, folder / name, settings={"fuzz": True})
        out[name] = (folder / name).read_bytes()
    one = Clip(ArraySource(frames[:1], Fraction(25)))
    for name, source in (("a.png", one), ("a.tiff", one)):
        write(source, folder / name)
        out[name] = (folder / name).read_bytes()
    write(Clip(ArraySource(deep.frames(0, 1))), folder / "deep.png")
    out["deep.png"] = (folder / "deep.png").read_bytes()
    try:
        write(one, folder / "a.exr")
        out["a.exr"] = (folder / "a.exr").read_bytes()
    except EvenflowError:
        pass
    import PIL.Image

    PIL.Image.fromarray(frames[0]).save(folder / "a.jpg")
    out["a.jpg"] = (folder / "a.jpg").read_bytes()
    for name, codec, pix_fmt in (
        ("b.avi", "mpeg4", "yuv420p"), ("c.avi", "mjpeg", "yuvj420p"),
        ("d.ts", "libx264", "yuv420p"), ("e.mkv", "libx265", "yuv420p10le"),
        ("f.webm", "libsvtav1", "yuv420p"), ("g.mov", "prores_ks", "yuv422p10le"),
        ("h.mov", "qtrle", "argb"), ("i.mp4", "mpeg4", "yuv420p"),
    ):  # fmt: skip
        with av.open(str(folder / name), "w") as sink:
            stream = sink.add_stream(codec, rate=25)
            stream.width, stream.height, stream.pix_fmt = 64, 64, pix_fmt
            sound = sink.add_stream("aac", rate=48000) if name in ("i.mp4", "d.ts") else None
            for i in range(8):
                picture = np.pad(frames[i], ((0, 32), (0, 16), (0, 0)), "wrap")
                frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pix_fmt)
                sink.mux(stream.encode(frame))
            sink.mux(stream.encode(None))
            if sound is not None:
                wave = np.zeros((1, 4096), np.int16)
                part = av.AudioFrame.from_ndarray(wave, "s16", "mono")
                part.sample_rate = 48000
                sink.mux(sound.encode(part))
                sink.mux(sound.encode(None))
        out[name] = (folder / name).read_bytes()
    return out


def mutate(data: bytes, others: list[bytes], rng: random.Random) -> tuple[str, bytes]:
    """One damaged copy of `data`, and what was done to it."""
    kind = rng.choice(
        ["flip", "flip", "flip", "head", "head", "cut", "remove", "repeat", "zero", "length",
         "length", "splice", "noise"]
    )  # fmt: skip
    raw = bytearray(data)
    n = len(raw)
    if kind == "flip":
        for _ in range(rng.choice([1, 1, 2, 4, 16, 64])):
            raw[rng.randrange(n)] ^= 1 << rng.randrange(8)
    elif kind == "head":  # where sizes, counts and types stand
        for _ in range(rng.choice([1, 2, 4, 8])):
            raw[rng.randrange(min(n, 1024))] = rng.choice(
                [0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)]
            )
    elif kind == "cut":
        del raw[rng.randrange(1, n) :]
    elif kind == "remove":
        at = rng.randrange(n)
        del raw[at : at + rng.choice([1, 4, 64, 512])]
    elif kind == "repeat":
        at = rng.randrange(n)
        part = raw[at : at + rng.choice([4, 64, 1024])]
        raw[at:at] = part * rng.choice([1, 3, 20])
    elif kind == "zero":
        at = rng.randrange(n)
        size = min(rng.choice([4, 32, 256]), n - at)
        raw[at : at + size] = bytes(size)
    elif kind == "length":
        for _ in range(rng.choice([1, 2])):
            at = rng.randrange(max(1, n - 8))
            order = rng.choice("<>")
            value = rng.choice([0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, rng.randrange(1 << 32)])
            raw[at : at + 4] = struct.pack(order + "I", value)
    elif kind == "splice":
        other = rng.choice(others)
        raw = raw[: rng.randrange(1, n)] + bytearray(other[rng.randrange(len(other)) :])
    else:
        at = rng.randrange(n)
        size = min(rng.choice([16, 128]), n - at)
        raw[at : at + size] = rng.randbytes(size)
    return kind, bytes(raw)


def attempt(path: Path) -> tuple[str, str]:
    """Outcome of reading and decoding one file: a class, and its line."""
    import io

    try:
        if path.suffix == ".y4mpipe":
            source = PipeSource(io.BytesIO(path.read_bytes()))
            num = sum(1 for frame in source.stream() if frame.pixels() is not None)
            return ("warning" if source.warnings else "frames"), str(num)
        clip = read(path)
        num = 0
        for frame in clip.stream():
            frame.pixels()
            num += 1
            if num > 2000:
                break
        lines = [*clip.warnings]
        if any("\n" in line for line in lines):
            return "FAILURE", f"a warning of several lines: {lines!r}"
        return ("warning" if lines else "frames"), (lines or [str(num)])[0]
    except EvenflowError as error:
        text = str(error)
        if "\n" in text or not text or "Errno" in text:
            return "FAILURE", f"not one clear line: {text!r}"
        if "crashed" in text:
            return "decoder crash, reported", text
        if "silent" in text:
            return "decoder hang, reported", text
        if "nonsense" in text or "without an answer" in text:
            return "FAILURE", text
        return f"error: {type(error).__name__}", text
    except Exception as error:
        return "FAILURE", f"{type(error).__name__}: {error}"


def run(num: int, seed: int, workers: int = 2, keep: Path | None = None) -> dict[str, object]:
    """Tries `num` damaged files and counts what came out."""
    pool.SILENCE_S = SILENCE_S
    outcomes: Counter[str] = Counter()
    by_kind: dict[str, Counter[str]] = {}
    failures: list[str] = []
    slowest = [0.0, ""]
    lock = threading.Lock()
    with tempfile.TemporaryDirectory(prefix="evenflow-fuzz-") as temporary:
        folder = Path(temporary)
        files = seeds(folder)
        names = sorted(files)
        bodies = [files[name] for name in names]
        todo = iter(range(num))

        def work(k: int) -> None:
            while True:
                with lock:
                    case = next(todo, None)
                if case is None:
                    return
                rng = random.Random(f"{seed}/{case}")
                name = names[case % len(names)]
                how, data = mutate(files[name], bodies, rng)
                ending = ".y4mpipe" if name == "a.y4m" and rng.random() < 0.5 else Path(name).suffix
                path = folder / f"case-{k}-{case}{ending}"
                path.write_bytes(data)
                start = time.perf_counter()
                outcome, line = attempt(path)
                took = time.perf_counter() - start
                with lock:
                    outcomes[outcome] += 1
                    by_kind.setdefault(name, Counter())[outcome] += 1
                    if took > slowest[0]:
                        slowest[:] = [took, f"{name} {how} case {case}: {line[:80]}"]
                    if outcome == "FAILURE" or took > SILENCE_S + 20:
                        failures.append(f"case {case} ({name}, {how}, {took:.1f} s): {line[:300]}")
                        if keep is not None:
                            keep.mkdir(parents=True, exist_ok=True)
                            (keep / path.name).write_bytes(data)
                path.unlink()

        start = time.perf_counter()
        threads = [threading.Thread(target=work, args=(k,)) for k in range(workers)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return {
        "schema": "evenflow.fuzz/1",
        "num": num,
        "seed": seed,
        "seconds": round(time.perf_counter() - start, 1),
        "outcomes": dict(outcomes.most_common()),
        "by_file": {name: dict(counter) for name, counter in sorted(by_kind.items())},
        "slowest": slowest,
        "failures": failures,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--num", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--keep", type=Path, help="folder for files that failed")
    options = parser.parse_args()
    result = run(options.num, options.seed, options.workers, options.keep)
    text = json.dumps(result, indent=1)
    if options.json is not None:
        options.json.write_text(text + "\n")
    print(text)
    return 1 if result["failures"] else 0


if __name__ == "__main__":
    sys.exit(main())
