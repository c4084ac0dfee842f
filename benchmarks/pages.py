"""How large a report is, how soon it opens and how fast a frame is found, in headless Chromium.

python -m benchmarks.pages                     # ten seconds of a moved photograph at 720p
python -m benchmarks.pages --clip CLIP.mp4
"""

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import sync_playwright

import evenflow as ef
from benchmarks.footage import moved_photo
from evenflow.reports.html import write_html

READY = "document.querySelector('[data-from]').ready === true"
SEEK = """async () => {
  const player = document.querySelector('ef-report').renderRoot.querySelector('ef-player');
  const out = [];
  for (let i = 0; i < 60; i++) {
    const start = performance.now();
    await player.seek((i * 97) % 240);
    out.push(performance.now() - start);
  }
  return out;
}"""


def main() -> None:
    """Reads the command line and prints size, time to open and time to seek."""
    parser = argparse.ArgumentParser(description="size and speed of a report in a browser")
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    browser = next(filter(None, map(shutil.which, ("chromium", "google-chrome", "chrome"))), None)
    if browser is None:
        sys.exit("a browser is needed: install chromium")
    folder = Path(tempfile.mkdtemp())
    try:
        if options.clip is None:
            clip = moved_photo("astronaut.png", num_frames=250, size=(1280, 720), seed=4)
        else:
            clip = ef.read(options.clip)
        page_file = write_html(ef.check(clip), folder / "report.html", clip=clip)
        opened, seeks = [], []
        with sync_playwright() as play:
            chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            for _ in range(options.rounds):
                page = chromium.new_page()
                start = time.perf_counter()
                page.goto(page_file.as_uri())
                while not page.evaluate(READY):
                    page.wait_for_timeout(10)
                opened.append(time.perf_counter() - start)
                seeks += page.evaluate(SEEK)
                page.close()
            chromium.close()
        size = page_file.stat().st_size / 1e6
        print(f"{size:.1f} MB; opens in {statistics.median(opened):.2f} s ({max(opened):.2f} at "
              f"most); a seek takes {statistics.median(seeks):.0f} ms")  # fmt: skip
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
