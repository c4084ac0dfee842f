"""Speed and memory of the full pass, as a ratio to decoding plus one optical flow in the same run.

    python -m benchmarks.speed                     # a moved photograph at 720p
    python -m benchmarks.speed --clip CLIP.mp4
    python -m benchmarks.speed --minutes 10        # memory only, on a clip that long

The floor: PyAV decodes, the luma is brought to 240 lines, DIS (preset "fast") runs on each pair,
one way. Times are only ever compared side by side: A B A B, the median of the ratios counts.
"""

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import av
import cv2
import numpy as np

import evenflow as ef
from benchmarks.footage import moved_photo


def floor(path: Path) -> float:
    """Seconds that decoding and one flow take."""
    cv2.setNumThreads(2)
    search = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_FAST)
    start, before = time.perf_counter(), None
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "AUTO"
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            luma = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)
            luma = luma[:, : frame.width]
            size = (round(frame.width * 240 / frame.height), 240)
            small = cv2.resize(luma, size, interpolation=cv2.INTER_AREA)
            if before is not None:
                search.calc(small, before, None)
            before = small
    return time.perf_counter() - start


def full(path: Path) -> float:
    """Seconds that the full pass takes, the start of its decoder included."""
    start = time.perf_counter()
    ef.check(ef.read(path))
    return time.perf_counter() - start


def peak_of_tree(command: list[str]) -> tuple[int, float]:
    """Most resident bytes that a command and its children held together, and its seconds."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0

    def watch() -> None:
        nonlocal peak
        while process.poll() is None:
            peak = max(peak, sum(resident(pid) for pid in family(process.pid)))
            time.sleep(0.05)

    thread = threading.Thread(target=watch)
    thread.start()
    process.wait()
    thread.join()
    return peak, time.perf_counter() - start


def family(pid: int) -> list[int]:
    """A process and all its descendants (Linux)."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            for child in children.read_text().split():
                found += family(int(child))
        except OSError:
            continue
    return found


def resident(pid: int) -> int:
    """Resident bytes of a process that it shares with nobody or with its relatives (Linux)."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def long_clip(source: Path, target: Path, minutes: float) -> None:
    """Repeats a clip without encoding it again."""
    with av.open(str(source)) as first:
        seconds = float(first.duration or 1) / 1e6
    turns = max(1, round(60 * minutes / seconds))
    listing = target.with_suffix(".txt")
    listing.write_text(f"file '{source}'\n" * turns)
    with (
        av.open(str(listing), format="concat", options={"safe": "0"}) as inside,
        av.open(str(target), "w") as outside,
    ):
        stream = outside.add_stream_from_template(inside.streams.video[0])
        for packet in inside.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                outside.mux(packet)
    listing.unlink()


def main() -> None:
    """Reads the command line and prints the ratio, the rate and the memory."""
    parser = argparse.ArgumentParser(description="speed and memory of the full pass")
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--minutes", type=float, help="measure memory on a clip that long instead")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    try:
        clip = options.clip
        if clip is None:
            clip = folder / "photo.mp4"
            photo = moved_photo("astronaut.png", num_frames=240, size=(1280, 720), seed=4)
            ef.write(photo, clip)
        command = [sys.executable, "-m", "evenflow", "check", "--json", "-q"]
        if options.minutes is not None:
            for minutes in (options.minutes / 4, options.minutes):
                target = folder / f"long{minutes:g}.mp4"
                long_clip(clip, target, minutes)
                peak, seconds = peak_of_tree([*command, str(target)])
                text = f"{minutes:g} minutes: peak {peak / 2**20:.0f} MiB, {seconds:.0f} s"
                print(text, flush=True)
            return
        full(clip)  # compiles what is compiled once
        frames = len(ef.read(clip))
        ratios, rates = [], []
        for _ in range(options.rounds):
            low, high = floor(clip), full(clip)
            ratios.append(high / low)
            rates.append(frames / high)
            print(f"floor {frames / low:.1f}, full {frames / high:.1f} frames/s: {high / low:.2f}")
        peak, _ = peak_of_tree([*command, str(clip)])
        print(
            f"median ratio {statistics.median(ratios):.2f} (from {min(ratios):.2f} to "
            f"{max(ratios):.2f}), {statistics.median(rates):.1f} frames/s, "
            f"peak of the command and its decoder {peak / 2**20:.0f} MiB"
        )
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
