"""Page: the table of metrics as Markdown, with formula, source and flaws out of each file.

`python -m evenflow.metrics.page` writes `docs/metrics.md`; a test says when that is due.
"""

import inspect
import sys
from pathlib import Path

from evenflow.metrics import METRICS, Metric

HEAD = """\
# Metrics

This page is made from the table `METRICS` and the files of `evenflow/metrics` by
`python -m evenflow.metrics.page`.

```sh
evenflow check out.mp4 --metrics vbench_temporal_flickering,warp_error_dis
evenflow check out.mp4 --metrics psnr,ssim,ms_ssim --ref original.mp4
evenflow check out.mp4 --metrics all --ref original.mp4 --json
```

```python
from evenflow.metrics import METRICS, measure

measure("psnr,ssim", "out.mp4", "original.mp4")["ssim"].summary
METRICS["ssim"](clip, reference)  # one metric of two clips
METRICS["ssim"].function(a, b)  # the maths, on two arrays
```

Metrics stand beside the findings of `check`: they change no finding, no score and no gate. They are
what the literature defines, flaws included; most reward stillness and softness, so read them beside
the findings. All that are asked for share one decode, a few frames are held at a time, and the
numbers are the same for any `--workers`. The report's digest then covers their names and the frames
of the reference as well.

Each has a summary and a number a frame: entry i compares frames i-1 and i where neighbors are
compared. What cannot be measured is null with the reason, never 0. Pictures are sRGB-encoded RGB at
full size; 8 and 16 bits are put on one scale, gray is taken as three equal channels, alpha is laid
over mid gray. A reference has the same size and number of frames, and is compared by number, not by
time; for `sequence_dtw` and `sequence_pattern` it may have any. Names that end in `_dis` use
classical DIS flow in place of a network: they are not the numbers that papers print. What needs
`features` is a function on arrays `(n, d)`, and is null with the reason on the command line.
"""

_WANTS = {
    "none": "the clip",
    "frames": "a reference of the same size and length",
    "sequence": "a reference of any size and length",
}


def page() -> str:
    """The whole page."""
    lines = [
        HEAD,
        "| metric | what | needs | unit | better | range | source |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [_row(row) for row in METRICS.values()]
    named: dict[str, list[str]] = {}
    for row in METRICS.values():
        named.setdefault(row.function.__module__, []).append(row.name)
    for module, names in named.items():
        lines += ["", f"## {', '.join(f'`{name}`' for name in names)}", ""]
        lines += _section(module)
    return "\n".join(lines) + "\n"


def _row(row: Metric) -> str:
    needs = _WANTS[row.reference] if row.at is not None else "features"
    low, high = ("" if limit is None else f"{limit:g}" for limit in row.limits)
    span = f"{low or '-∞'} to {high or '∞'}"
    unit = row.unit or "-"
    cells = (f"`{row.name}`", row.meaning, needs, unit, row.better, span, row.source)
    return f"| {' | '.join(cells)} |"


def _section(module: str) -> list[str]:
    """The file's docstring; its marked paragraphs become a list."""
    doc = inspect.getdoc(sys.modules[module]) or ""
    first, _, rest = doc.partition("\n")
    lines = [first.strip(), ""]
    for line in rest.strip().splitlines():
        head, colon, tail = line.partition(":")
        if colon and head.isalpha() and head[0].isupper():
            lines.append(f"- **{head}:**{tail}")
        elif line.strip():
            lines.append(f"  {line.strip()}")
        else:
            lines.append("")
    lines += ["", f"In `{module}`."]
    return lines


def write(path: Path | None = None) -> Path:
    """Writes the page; `docs/metrics.md` beside the package by default."""
    path = path or Path(__file__).resolve().parents[2] / "docs" / "metrics.md"
    path.write_text(page(), encoding="utf-8")
    return path


if __name__ == "__main__":
    write()
