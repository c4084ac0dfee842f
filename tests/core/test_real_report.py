"""What `check` really says follows the schema, also of clips with almost nothing in them."""

import json

import jsonschema
import numpy as np
import pytest

import evenflow as ef
from evenflow.core.report import report_schema


@pytest.mark.parametrize("num_frames", [1, 2, 30])
def test_a_checked_clip_follows_the_schema(num_frames):
    rng = np.random.default_rng(0)
    still = rng.integers(0, 256, (96, 128, 3), dtype=np.uint8)
    frames = np.stack([np.roll(still, 2 * i, axis=1) for i in range(num_frames)])
    report = ef.check(ef.Clip(ef.ArraySource(frames)))
    written = json.loads(report.dumps())
    jsonschema.Draft202012Validator(report_schema()).validate(written)
    assert ef.Report.from_json(written).to_json() == written
