"""The contract of the room: what every row of the table promises."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from metric_pictures import clip, smooth

from evenflow.core.errors import BadInput
from evenflow.core.signals import SIGNALS
from evenflow.metrics import METRICS, NO_REFERENCE, chosen, for_reference, measure
from evenflow.metrics.page import page

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "metrics.md"


def film(num=9, *, size=(176, 180), start=0.0, name="a"):
    return clip([smooth(*size, dx=start + 1.5 * i) for i in range(num)], name=name)


@pytest.mark.parametrize("name", METRICS)
def test_a_row_says_what_a_reader_needs(name):
    row = METRICS[name]
    assert row.name == name and name not in SIGNALS
    assert row.meaning and row.source and row.better in ("lower", "higher", "neither")
    assert (row.at is None) == (row.finish is None) == (row.needs is not None)
    doc = sys.modules[row.function.__module__].__doc__ or ""
    for part in ("Formula:", "Source:", "Range:", "Flaws:"):
        assert f"\n{part}" in doc, f"{row.function.__module__} does not say {part}"
    for word in re.findall(r"[A-Z][a-z]{3,}", row.source.replace("our own definition", "")):
        assert word in doc, f"{word} of the row is not in the file"
    if name.endswith("_dis"):
        assert "DIS flow" in doc and "Differs:" in doc


@pytest.mark.parametrize("name", METRICS)
def test_a_row_gives_a_number_in_its_range_or_a_reason(name):
    row = METRICS[name]
    found = row(film(), film(start=0.4, name="b"))
    assert (found.name, found.unit, found.better) == (name, row.unit, row.better)
    if row.at is None:
        assert found.summary is None and found.reason.startswith("needs ")
        assert row.function.__module__ in found.reason
        return
    low, high = row.limits
    assert found.summary is not None
    assert (low is None or found.summary >= low) and (high is None or found.summary <= high)
    assert found.series.shape == (9,) and found.series.dtype == np.float32
    assert np.isfinite(found.series).any()


@pytest.mark.parametrize("name", METRICS)
def test_without_its_reference_a_row_has_a_reason(name):
    row = METRICS[name]
    found = row(film(4))
    if row.at is not None and row.reference != "none":
        assert found.summary is None and found.reason == NO_REFERENCE
    elif row.at is not None:
        assert found.summary is not None


def test_the_page_is_made_from_the_table():
    hint = "run python -m evenflow.metrics.page"
    assert PAGE.read_text(encoding="utf-8") == page(), hint
    for name in METRICS:
        assert re.search(rf"^\| `{name}` \|", page(), re.MULTILINE)
        assert re.search(rf"^## .*`{name}`", page(), re.MULTILINE)


def test_names_are_found_and_misspelt_ones_are_not():
    assert list(chosen(["SSIM", " psnr ", "ssim"], reference=True)) == ["ssim", "psnr"]
    assert list(chosen(["ms-ssim"], reference=True)) == ["ms_ssim"]
    with pytest.raises(BadInput, match=r"no metric 'sssim': did you mean .*ssim"):
        chosen(["sssim"], reference=True)
    with pytest.raises(BadInput, match="name a metric"):
        chosen(["", " "], reference=True)


def test_all_is_what_can_be_measured():
    alone, both = chosen(["all"], reference=False), chosen(["all"], reference=True)
    assert {row.reference for row in alone.values()} == {"none"}
    assert set(both) == {name for name, row in METRICS.items() if row.at is not None}
    assert set(alone) < set(both)


def test_a_command_line_without_its_reference_is_refused():
    assert for_reference("psnr,warp_error_dis", reference=True) == ["psnr", "warp_error_dis"]
    with pytest.raises(BadInput, match="no reference for psnr, ssim: say which by --ref"):
        for_reference("psnr,warp_error_dis,ssim", reference=False)
    with pytest.raises(BadInput, match="name some"):
        for_reference("", reference=True)


def test_equal_clips_are_the_best_there_is():
    found = measure("all", film(), film())
    best = {"ssim": 1.0, "ssim_skimage": 1.0, "ms_ssim": 1.0}
    best |= dict.fromkeys(("sequence_euclidean", "sequence_dtw", "sequence_pattern"), 0.0)
    assert {name: found[name].summary for name in best} == best
