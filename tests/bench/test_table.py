import json
import math

import pytest

from evenflow.bench import BenchTable, Column, Estimate

COLUMNS = (Column("kind"), Column("share"), Column("count", zero="·"), Column("worst", digits=1))


def test_a_table_is_markdown_with_intervals_and_gaps():
    rows = (
        ("`a|b`", Estimate(0.5, 0.25, 0.75, 8), 3, 1.25),
        ("two\nlines", None, 0, math.nan),
    )
    lines = BenchTable("t", COLUMNS, rows).to_markdown().splitlines()
    assert lines[0] == "| kind | share | count | worst |"
    assert lines[1] == "|---|---:|---:|---:|"
    assert lines[2] == "| `a\\|b` | 0.50 [0.25, 0.75] | 3 | 1.2 |"
    assert lines[3] == "| two lines | – | · | – |"
    assert {line.count(" | ") for line in (lines[0], *lines[2:])} == {3}


def test_its_json_is_plain():
    rows = (("a", Estimate(0.5, None, None, 2), 0, math.nan), ("b", 0.123456, 7, None))
    data = BenchTable("t", COLUMNS, rows).to_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert data["rows"][0] == {
        "kind": "a",
        "share": {"value": 0.5, "low": None, "high": None, "count": 2},
        "count": 0,
        "worst": None,
    }
    assert data["rows"][1]["share"] == 0.1235


def test_columns_can_be_read_and_left_out():
    table = BenchTable("t", COLUMNS[:2], (("a", 1.0), ("b", 2.0)))
    assert table.column("share") == [1.0, 2.0]
    assert table.without("share").to_markdown() == "| kind |\n|---|\n| a |\n| b |"
    with pytest.raises(KeyError):
        table.column("nothing")


def test_a_row_of_another_length_is_refused():
    with pytest.raises(ValueError, match="2 columns, got a row of 1"):
        BenchTable("t", COLUMNS[:2], (("a",),))
