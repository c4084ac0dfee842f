"""Draws docs/images/report.png: the page that `check --report` writes, in a headless browser.

The footage is a moved photograph of the package scikit-image (an astronaut; NASA, public domain)
with planted defects, so the picture may be shown anywhere. It needs the extras demo and dev, and a
Chromium of the system. Run: python docs/make_report_picture.py
"""

import io
import shutil
import sys
import tempfile
from pathlib import Path

import cv2
from PIL import Image
from playwright.sync_api import sync_playwright
from skimage import data

import evenflow as ef
from evenflow.cli.footage import pan
from evenflow.core.times import Range
from evenflow.reports.html import write_html

PLANTED = (
    ("lighting_flicker", 4, "20f..44f", None),
    ("high_frequency_noise", 4, "66f..84f", None),
    ("color_change", 4, "100f..140f", (60, 300, 250, 470)),
    ("freeze", 3, "158f..165f", None),
)
SIZE = (854, 480)
WINDOW = (1200, 1120)


def main() -> None:
    photograph = cv2.resize(data.astronaut()[:350], (1060, 725), interpolation=cv2.INTER_CUBIC)
    clip = pan(photograph, num_frames=200, size=SIZE, name="take_7.mp4")
    for kind, strength, at, box in PLANTED:
        clip, _ = ef.inject(clip, kind, strength=strength, at=Range.parse(at), box=box)
    with tempfile.TemporaryDirectory() as folder:
        path = ef.write(clip, Path(folder) / "take_7.mkv")
        clip = ef.read(path)
        report = ef.check(clip, path="take_7.mp4")
        for finding in report.findings:
            print(finding.kind, finding.span, f"{finding.severity_jnd:.1f}")
        page = write_html(report, Path(folder) / "report.html", clip=clip)
        shot(page, Path(sys.argv[1]) if len(sys.argv) > 1 else None)


def shot(page: Path, out: Path | None) -> None:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))))
    with sync_playwright() as play:
        window = {"width": WINDOW[0], "height": WINDOW[1]}
        run = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        tab = run.new_page(viewport=window)
        tab.goto(page.as_uri())
        tab.wait_for_timeout(1500)
        tab.keyboard.press("n")
        tab.keyboard.press("n")
        tab.keyboard.press("n")
        tab.wait_for_timeout(1500)
        picture = Image.open(io.BytesIO(tab.screenshot())).convert("RGB")
        run.close()
    out = out or Path(__file__).with_name("images") / "report.png"
    out.parent.mkdir(exist_ok=True)
    colors = picture.quantize(256, method=Image.Quantize.MEDIANCUT)
    few = picture.quantize(palette=colors, dither=Image.Dither.FLOYDSTEINBERG)
    few.save(out, optimize=True)
    print(out, out.stat().st_size)


if __name__ == "__main__":
    main()
