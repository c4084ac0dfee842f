import csv
import json

import jsonschema
import numpy as np
import pytest
from fakes import a_report
from metric_pictures import clip, smooth, worse

import evenflow as ef
from evenflow.core.measurement import Measurement
from evenflow.core.report import Report, report_schema
from evenflow.metrics import measure


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A pan and its noisy copy, with a cut in the middle of both."""
    folder = tmp_path_factory.mktemp("metrics")
    frames = [smooth(120, 160, dx=1.5 * i) for i in range(12)]
    frames += [255 - smooth(120, 160, dx=1.5 * i)[::-1] // 2 for i in range(12)]
    ef.write(clip(frames), folder / "a.mkv")
    ef.write(clip([worse(f, 6, seed=i) for i, f in enumerate(frames)]), folder / "b.mkv")
    ef.write(clip(frames[:20]), folder / "short.mkv")
    ef.write(clip([f[:, :150] for f in frames]), folder / "narrow.mkv")
    return folder


def test_the_report_has_them_and_follows_its_schema(run, pair):
    ask = ("--metrics", "psnr,ssim,luma_gain_rms,frechet_distance", "--ref", pair / "b.mkv")
    result = run("check", pair / "a.mkv", *ask, "--json")
    assert result.code == 0
    jsonschema.validate(result.json, report_schema())
    found = result.json["metrics"]
    assert list(found) == ["psnr", "ssim", "luma_gain_rms", "frechet_distance"]
    expected = measure("psnr,ssim", pair / "a.mkv", pair / "b.mkv")
    for name in ("psnr", "ssim"):
        assert found[name]["summary"] == pytest.approx(expected[name].summary, rel=1e-4)
        assert found[name]["unit"] == expected[name].unit and found[name]["better"] == "higher"
        assert len(found[name]["series"]) == 24
    assert found["frechet_distance"]["summary"] is None
    assert "needs features" in found["frechet_distance"]["reason"]
    assert found["luma_gain_rms"]["series"][0] is None
    again = Report.from_json(result.json)
    assert again.to_json()["metrics"] == found


def test_the_rest_of_the_report_is_what_it_is_without_them(run, pair):
    plain = run("check", pair / "a.mkv", "--json").json
    asked = run(
        "check", pair / "a.mkv", "--metrics", "ssim", "--ref", pair / "b.mkv", "--json"
    ).json
    assert "metrics" not in plain
    assert plain["digest"] != asked["digest"]
    without = {k: v for k, v in asked.items() if k not in ("metrics", "digest")}
    assert without == {k: v for k, v in plain.items() if k != "digest"}


def test_the_digest_follows_reference_and_names_but_not_workers(run, pair):
    def digest(*options):
        return run("check", pair / "a.mkv", "--json", *options).json["digest"]

    one = digest("--metrics", "ssim", "--ref", pair / "b.mkv", "--workers", 1)
    assert digest("--metrics", "ssim", "--ref", pair / "b.mkv", "--workers", 3) == one
    assert digest("--metrics", "psnr", "--ref", pair / "b.mkv") != one
    assert digest("--metrics", "ssim", "--ref", pair / "a.mkv") != one


def test_cuts_that_check_found_are_no_gain(run, pair):
    found = run("check", pair / "a.mkv", "--metrics", "luma_gain_rms", "--json").json
    assert [cut["end_frame"] for cut in found["cuts"]] == [12]
    series = found["metrics"]["luma_gain_rms"]["series"]
    assert [i for i, v in enumerate(series) if v is None] == [0, 12]


def test_a_range_is_taken_from_both(run, pair):
    ask = ("--metrics", "ssim", "--ref", pair / "b.mkv", "--range", "4f..9f", "--json")
    found = run("check", pair / "a.mkv", *ask).json["metrics"]["ssim"]
    whole = measure("ssim", pair / "a.mkv", pair / "b.mkv")["ssim"].series
    np.testing.assert_allclose(found["series"], whole[4:9], rtol=1e-4)


def test_the_card_shows_them(run, pair):
    names = "psnr,ms_ssim,dynamic_degree_dis,frechet_distance"
    result = run("check", pair / "a.mkv", "--metrics", names, "--ref", pair / "b.mkv")
    assert result.code == 0
    lines = {line.split()[0]: line for line in result.out.splitlines() if line.strip()}
    assert "dB  higher is better" in lines["psnr"]
    assert "161 pixels" in lines["ms_ssim"]
    assert "better" not in lines["dynamic_degree_dis"]
    assert max(map(len, result.out.splitlines())) <= 80


def test_a_folder_of_clips_shares_one_reference(run, pair):
    clips = (pair / "a.mkv", pair / "narrow.mkv", pair / "b.mkv")
    result = run("check", *clips, "--metrics", "ssim", "--ref", pair / "b.mkv", "--json")
    assert result.code == 2
    first, narrow, same = result.json
    assert first["metrics"]["ssim"]["summary"] < 1.0
    assert "150 x 120" in narrow["error"]
    assert same["metrics"]["ssim"]["summary"] == 1.0


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--metrics", "psnr"), "there is no reference for psnr: say which by --ref CLIP"),
        (("--ref", "b.mkv"), "name some, such as --metrics psnr,ssim"),
        (("--metrics", "pnsr", "--ref", "b.mkv"), "there is no metric 'pnsr': did you mean psnr"),
        (("--metrics", "psnr", "--ref", "narrow.mkv"), "scale one of them"),
        (
            ("--metrics", "psnr", "--ref", "short.mkv"),
            "has 24 frames and the reference short.mkv 20",
        ),
        (("--metrics", "psnr", "--ref", "nowhere.mkv"), "nowhere.mkv"),
        (("--metrics", "psnr", "--ref", "b.mkv", "--csv", "b.mkv", "--yes"), "are the same"),
    ],
)
def test_what_cannot_work_is_one_line(run, pair, monkeypatch, options, says):
    monkeypatch.chdir(pair)
    result = run("check", "a.mkv", *options)
    assert result.code == 2 and len(result.errors) == 1
    assert says in result.errors[0] and "Traceback" not in result.err


def test_python_can_ask_for_them_too(pair):
    report = ef.check(pair / "a.mkv", metrics="vbench_temporal_flickering,ssim", ref=pair / "b.mkv")
    assert set(report.metrics) == {"vbench_temporal_flickering", "ssim"}
    assert json.loads(report.dumps())["metrics"]["ssim"]["summary"] < 1
    with pytest.raises(ef.EvenflowError, match="name some"):
        ef.check(pair / "a.mkv", ref=pair / "b.mkv")


def test_the_csv_has_a_column_for_each(run, pair, tmp_path):
    table = tmp_path / "x.csv"
    ask = ("--metrics", "ssim,ms_ssim", "--ref", pair / "b.mkv", "--csv", table, "--quiet")
    assert run("check", pair / "a.mkv", *ask).code == 0
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expected = measure("ssim", pair / "a.mkv", pair / "b.mkv")["ssim"].series
    np.testing.assert_allclose([float(row["ssim"]) for row in rows], expected, rtol=1e-4)
    assert {row["ms_ssim"] for row in rows} == {""}


def test_a_long_series_is_kept_per_second():
    series = np.arange(12_000, dtype=np.float32)
    long = a_report(
        metrics={"ssim": Measurement("ssim", "", "higher", 0.5, series)},
        seconds=np.arange(12_000) / 24,
    )
    data = long.to_json()["metrics"]["ssim"]
    assert "series" not in data and len(data["series_per_second"]) == 500
    assert data["series_per_second"][1] == pytest.approx(35.5)
    assert Report.from_json(long.to_json()).metrics["ssim"].seconds[1] == pytest.approx(35.5)
