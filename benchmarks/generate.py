"""From the shell to a clip: seconds beside those of `import torch`, and peak memory.

    python -m benchmarks.generate [MODEL] [--sizes 64x64] [--frames 33] [--times 5]

Both are run in turn as programs of their own, so that a busy machine is busy for both; a line has
medians. Peak memory is that of the program's resident pages, as the system counts them.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

PROMPT = "a red ball rolls left behind the pillar"


def run(words: list[str]) -> tuple[float, float]:
    """Seconds and gigabytes of a program that has to end well."""
    begin = time.perf_counter()
    child = os.posix_spawn(sys.executable, [sys.executable, *words], dict(os.environ))
    _, status, used = os.wait4(child, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - begin, used.ru_maxrss / 1e6


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("model", nargs="?", default="pocket")
    parser.add_argument("--sizes", nargs="+", default=["64x64"])
    parser.add_argument("--frames", nargs="+", default=["33"])
    parser.add_argument("--quality", default="turbo")
    parser.add_argument("--times", type=int, default=5)
    given = parser.parse_args()
    for size in given.sizes:
        for frames in given.frames:
            torch, whole, memory = [], [], []
            for i in range(given.times):
                with tempfile.TemporaryDirectory() as folder:
                    clip = str(Path(folder) / "clip.mp4")
                    words = ["generate", PROMPT, "-o", clip, "--seed", str(i), "--quiet"]
                    words += ["--model", given.model, "--size", size, "--frames", frames]
                    torch.append(run(["-c", "import torch"])[0])
                    seconds, most = run(["-m", "evenflow", *words, "--quality", given.quality])
                    whole.append(seconds)
                    memory.append(most)
            own, alone = statistics.median(whole), statistics.median(torch)
            print(
                f"{frames} frames of {size}: {own:.1f} s, import torch {alone:.1f} s, "
                f"over it {own - alone:.1f} s; peak {max(memory):.2f} GB",
                flush=True,
            )


if __name__ == "__main__":
    main()
