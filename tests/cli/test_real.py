"""The verbs on real footage, in one process."""

import csv
import json
import xml.etree.ElementTree as ElementTree

import jsonschema

from evenflow.core.report import report_schema


def test_check_of_real_footage_follows_the_schema_in_every_form(run, carphone, tmp_path):
    outputs = [
        "-o",
        tmp_path / "r.json",
        "--csv",
        tmp_path / "s.csv",
        "--junit",
        tmp_path / "j.xml",
    ]
    result = run("check", carphone, "--range", "1s..3s", "--json", "--fail-on", 10, *outputs)
    assert result.code == 0, result.err
    jsonschema.validate(result.json, report_schema())
    assert json.loads((tmp_path / "r.json").read_text()) == result.json
    rows = list(csv.DictReader((tmp_path / "s.csv").open()))
    assert [rows[0]["frame"], rows[-1]["frame"]] == ["30", "89"]
    assert len(rows) == result.json["clip"]["frames"] == 60
    assert float(rows[0]["time_s"]) == round(30 * 1001 / 30000, 6)
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()
    assert [suite.get("tests"), suite.get("failures")] == ["1", "0"]


def test_the_report_is_the_same_for_any_number_of_workers(run, carphone):
    reports = [
        run("check", carphone, "--range", "0s..2s", "--json", "--workers", n).out for n in (1, 3)
    ]
    assert reports[0] == reports[1]


def test_the_card_of_real_footage_fits_eighty_columns(run, carphone):
    result = run("check", carphone, "--range", "0s..1s")
    assert result.code == 0
    assert max(len(line) for line in result.out.splitlines()) <= 80
    assert "score" in result.out
