"""Draws docs/film_strip.png: frames of a clip, its brightness over time, and what `check` says.

The footage is a moved photograph of the package scikit-image (public domain or CC0), so the
picture may be shown anywhere. Run: python docs/make_film_strip.py
"""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

import evenflow as ef
from evenflow.cli.footage import pan, photograph
from evenflow.core.times import Range

WIDTH, MARGIN, GAP = 1600, 40, 10
NUM_FRAMES, NUM_SHOWN = 120, 9
PLANTED = (("lighting_flicker", "30f..50f"), ("high_frequency_noise", "75f..95f"))
PAPER, INK, FAINT, LINE = "#fbfaf7", "#22252b", "#8b8b85", "#3a6ea5"
GRAIN = "#7a4a86"
COLORS = {"lighting_flicker": "#d9822b", "high_frequency_noise": "#b23a48"}
OTHER = "#6b7280"


def main() -> None:
    found = photograph()
    assert found is not None, "needs the extra demo: pip install -c constraints.txt -e '.[demo]'"
    clip = pan(found[1], num_frames=NUM_FRAMES, size=(480, 300), name=found[0])
    for kind, at in PLANTED:
        clip, _ = ef.inject(clip, kind, strength=4, at=Range.parse(at))
    report = ef.check(clip)
    for finding in report.findings:
        print(finding.kind, finding.span, f"{finding.severity_jnd:.1f}")
    frames = clip.frames()
    draw_all(frames, report).save(Path(__file__).with_name("film_strip.png"), optimize=True)


def draw_all(frames: np.ndarray, report: ef.Report) -> Image.Image:
    inner = WIDTH - 2 * MARGIN
    tile_w = (inner - GAP * (NUM_SHOWN - 1)) // NUM_SHOWN
    tile_h = round(tile_w * frames.shape[1] / frames.shape[2])
    top, graph_top = MARGIN, MARGIN + tile_h + 26
    graph_h, bar_h = 124, 34
    height = graph_top + graph_h + bar_h + 74
    scale = 2  # drawn twice as large, then made smaller: smooth edges
    page = Image.new("RGB", (WIDTH * scale, height * scale), PAPER)
    draw = ImageDraw.Draw(page)

    def at(frame: float) -> float:
        return (MARGIN + inner * frame / len(frames)) * scale

    for i in range(NUM_SHOWN):
        frame = int((i + 0.5) * len(frames) / NUM_SHOWN)
        tile = Image.fromarray(frames[frame]).resize(
            (tile_w * scale, tile_h * scale), Image.Resampling.LANCZOS
        )
        mask = Image.new("L", tile.size, 0)
        ImageDraw.Draw(mask).rounded_rectangle((0, 0, *tile.size), 8 * scale, fill=255)
        page.paste(tile, ((MARGIN + i * (tile_w + GAP)) * scale, top * scale), mask)

    luma = frames.astype(np.float32) @ np.array([0.2126, 0.7152, 0.0722], np.float32)
    grain = report.signals["noise"].series
    assert grain is not None
    base = (graph_top + graph_h) * scale
    for finding in report.clear_findings():
        color = COLORS.get(finding.kind, OTHER)
        span = finding.span
        box = (at(span.start_frame), graph_top * scale, at(span.end_frame), base + 8 * scale)
        draw.rounded_rectangle(box, 6 * scale, fill=_mix(color, 0.16))
        bar = (box[0], base + 8 * scale, box[2], base + 20 * scale)
        draw.rounded_rectangle(bar, 6 * scale, fill=color)
        label = f"{finding.kind}  {finding.severity_jnd:.1f} JND"
        where = f"{finding.start_s:.1f} s to {finding.end_s:.1f} s"
        draw.text((box[0], base + 28 * scale), label, INK, font=_font(18 * scale))
        draw.text((box[0], base + 52 * scale), where, FAINT, font=_font(15 * scale))
    curves = (("brightness", luma.mean(axis=(1, 2)), LINE), ("grain", grain, GRAIN))
    for row, (name, values, color) in enumerate(curves):
        low, high = np.nanmin(values), np.nanmax(values)
        bottom = (graph_top + graph_h * (row + 1) // 2 - 6) * scale
        reach = (graph_h / 2 - 14) * scale
        points = [
            (at(i + 0.5), bottom - (v - low) / (high - low) * reach)
            for i, v in enumerate(values)
            if np.isfinite(v)
        ]
        draw.line(points, fill=color, width=2 * scale, joint="curve")
        label_at = (MARGIN * scale, bottom - reach - 4 * scale)
        draw.text(label_at, name, color, font=_font(15 * scale))
    return page.resize((WIDTH, height), Image.Resampling.LANCZOS)


def _mix(color: str, share: float) -> tuple[int, ...]:
    ink, paper = (tuple(int(c[i : i + 2], 16) for i in (1, 3, 5)) for c in (color, PAPER))
    return tuple(round(share * a + (1 - share) * b) for a, b in zip(ink, paper, strict=True))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


if __name__ == "__main__":
    main()
