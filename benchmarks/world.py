"""How fast the world is drawn: frames a second by preset and output, and what a frame costs.

    OMP_NUM_THREADS=1 python benchmarks/world.py --seconds 4 --json world.json

Prints frames a second at 128 x 128 with one and two worker processes (one thread each; the last
column divides by processor time, for machines that others use too), the cost against the
picture's size, the number of things and the frames of a chunk, and bytes moved and kernels launched
per frame, which is what decides on a GPU. With `--device cuda` one process draws on the GPU.
Scenes are staged and simulated before the clock starts; that cost is printed by itself.
"""

import argparse
import json
import multiprocessing
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

OUTPUTS = {
    "RGB": {"antialias": False},
    "RGB + AA": {},
    "RGB + all truth": {"antialias": False, "truth": ("all",)},
    "RGB + AA + all truth": {"truth": ("all",)},
}


def animations(preset, num, frames, size=(128, 128), first=0):
    """Simulated scenes of a preset, and the seconds that took."""
    from evenflow.world.sampling import random_spec
    from evenflow.world.simulate import simulate

    out, spent, seed = [], [], first
    while len(out) < num and seed < first + 5 * num:
        start = time.perf_counter()
        try:
            out.append(simulate(random_spec(preset, seed, frames=frames, size=size)))
            spent.append(time.perf_counter() - start)
        except ValueError:
            pass
        seed += 1
    return out, float(np.median(spent)) if spent else float("nan")


def rate(scenes, seconds, device="cpu", **options):
    """Frames a second, and a second of processor time: whole passes until the time is up."""
    import torch

    from evenflow.world.render import render

    torch.set_num_threads(1)
    render(scenes, device=device, **options)
    done, start, used = 0, time.perf_counter(), time.process_time()
    while True:
        drawn = render(scenes, device=device, **options)
        done += sum(len(one) for one in drawn.frames)
        if device != "cpu":
            torch.cuda.synchronize()
        spent = time.perf_counter() - start
        if spent > seconds:
            return done / spent, done / (time.process_time() - used)


def _work(arguments):
    preset, num, frames, first, seconds, options = arguments
    scenes, _ = animations(preset, num, frames, first=first)
    return rate(scenes, seconds, **options)


def workers(count, preset, num, frames, seconds, options):
    """Frames a second of some processes together."""
    jobs = [(preset, num, frames, 1000 * i, seconds, options) for i in range(count)]
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        rates = pool.map(_work, jobs, chunksize=1)
    return sum(wall for wall, _ in rates), sum(busy for _, busy in rates)


def traffic(scenes, **options):
    """Bytes that kernels read and write, and kernels launched, per frame."""
    import torch
    from torch.utils._python_dispatch import TorchDispatchMode

    from evenflow.world import grounds
    from evenflow.world.render import render

    grounds.BLOCK = 1 << 40  # blocks are for a processor's cache; a GPU paints all at once
    views = {
        "view", "reshape", "select", "slice", "expand", "t", "transpose", "permute", "unsqueeze",
        "squeeze", "alias", "detach", "as_strided", "unbind", "split", "empty", "empty_like",
        "empty_strided", "_unsafe_view", "_local_scalar_dense", "new_empty", "lift_fresh",
        "_reshape_alias",
    }  # fmt: skip

    class Count(TorchDispatchMode):
        def __init__(self):
            super().__init__()
            self.bytes = self.kernels = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if func.overloadpacket.__name__ not in views:
                flat = list(args) + list((kwargs or {}).values()) + [out]
                tensors = [one for one in flat if isinstance(one, torch.Tensor)]
                for one in flat:
                    if isinstance(one, list | tuple):
                        tensors += [x for x in one if isinstance(x, torch.Tensor)]
                self.bytes += sum(x.numel() * x.element_size() for x in tensors)
                self.kernels += 1
            return out

    frames = sum(len(one.shot) for one in scenes)
    render(scenes, **options)
    with Count() as count:
        render(scenes, chunk=frames, **options)
    return count.bytes / frames / 1e6, count.kernels / frames, count.kernels


def crowd(scene, things):
    """A scene with its parts repeated on a grid until there are so many."""
    parts = scene.parts
    own = len(parts.shape)
    times = -(-things // own)
    index = np.tile(np.arange(own), times)[:things]
    number = np.arange(things)
    # Fill the picture: three columns a meter, a row every meter away from the camera.
    place = np.stack([(number % 9 - 4) * 0.7, 0.3 + 0 * number, number // 9 * 0.8], 1)
    changed = {
        name: value[:, index] if value.ndim > 1 else value[index]
        for name, value in vars(parts).items()
    }
    frames = len(scene.shot)
    changed["position"] = np.broadcast_to(place, (frames, things, 3)).astype(np.float32)
    changed["scale"] = np.full((frames, things, 3), 0.25, np.float32)
    changed["present"] = np.ones((frames, things), bool)
    return replace(scene, parts=type(parts)(**changed))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--num", type=int, default=6, help="scenes")
    parser.add_argument("--frames", type=int, default=24)
    parser.add_argument("--presets", default="lab,story,flat,maze")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--quick", action="store_true", help="only frames a second")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    found = {"torch": torch.__version__, "frames_per_second": [], "cost": []}
    print(f"{'preset':8}{'output':24}{'1 worker':>10}{'2 workers':>11}{'2, if left alone':>18}")
    for preset in args.presets.split(","):
        scenes, spent = animations(preset, args.num, args.frames)
        if not scenes:
            print(f"{preset:8}no scenes")
            continue
        for name, options in OUTPUTS.items():
            one, _ = rate(scenes, args.seconds, args.device, **options)
            two = busy = float("nan")
            if args.device == "cpu":
                two, busy = workers(2, preset, args.num, args.frames, args.seconds, options)
            found["frames_per_second"].append(
                {"preset": preset, "output": name, "one": one, "two": two, "two_processor": busy}
            )
            print(f"{preset:8}{name:24}{one:10.0f}{two:11.0f}{busy:18.0f}", flush=True)
        parts = np.mean([one.parts.present.sum(1).mean() for one in scenes])
        print(f"{preset:8}{parts:.0f} parts a frame; staged and simulated in {spent * 1e3:.0f} ms")
        if args.quick:
            continue
        for name, options in OUTPUTS.items():
            megabytes, kernels, launches = traffic(scenes, **options)
            row = {"preset": preset, "output": name, "MB": megabytes, "launches": launches}
            found["cost"].append(row)
            frames = sum(len(one.shot) for one in scenes)
            print(
                f"{preset:8}{name:24}{megabytes:8.1f} MB a frame, "
                f"{launches} kernels for {frames} frames at once ({kernels:.0f} a frame)"
            )
    if not args.quick:
        sweep(args, found)
    if args.json:
        args.json.write_text(json.dumps(found, indent=1))


def sweep(args, found):
    """Cost against size, things and the frames of a chunk."""
    scenes, _ = animations("lab", 2, args.frames)
    for size in ((64, 64), (128, 128), (256, 256), (512, 512)):
        resized = [_resized(one, size) for one in scenes]
        cost = 1e3 / rate(resized, args.seconds / 2, args.device)[1]
        found["cost"].append({"size": size[0], "ms": cost})
        print(f"lab, RGB + AA, {size[0]} x {size[1]}: {cost:.2f} ms a frame")
    for things in (1, 5, 20, 80, 320):
        cost = 1e3 / rate([crowd(scenes[0], things)], args.seconds / 2, args.device)[1]
        found["cost"].append({"things": things, "ms": cost})
        print(f"lab, RGB + AA, {things} parts that fill the picture: {cost:.2f} ms a frame")
    for chunk in (1, 2, 4, 8, 16, 32) if args.device == "cpu" else (8, 64, 256, 512, 1024):
        copies = scenes * (1 if args.device == "cpu" else 24)
        cost = 1e3 / rate(copies, args.seconds / 2, args.device, chunk=chunk)[1]
        found["cost"].append({"chunk": chunk, "ms": cost})
        print(f"lab, RGB + AA, {chunk} frames a chunk: {cost:.2f} ms a frame")


def _resized(scene, size):
    """The same scene in another size."""
    factor = size[1] / scene.spec.size[1]
    k = scene.camera.intrinsics * np.array([[factor], [factor], [1]], np.float32)
    return replace(
        scene,
        spec=replace(scene.spec, size=size),
        camera=replace(scene.camera, intrinsics=k.astype(np.float32)),
    )


if __name__ == "__main__":
    main()
