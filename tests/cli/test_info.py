import pytest

import evenflow as ef


def test_info_tells_what_a_real_file_is(run, bikes):
    result = run("info", bikes)
    assert result.code == 0
    for part in ("h264", "640x272", "250 frames, 10.000 s, 25 fps", "matrix", "assumed"):
        assert part in result.out
    data = run("info", bikes, "--json").json
    assert data["schema"] == "evenflow.info/1"
    assert (data["width"], data["height"], data["frames"]) == (640, 272, 250)


@pytest.mark.parametrize("name", ["b.mkv", "b.mp4"])
def test_what_inject_did_is_read_back_from_the_file(run, carphone, tmp_path, name):
    out = tmp_path / name
    words = ["inject", carphone, "--kind", "shake", "--at", "1s..2s", "--strength", 4, "-o", out]
    assert run(*words).code == 0
    result = run("info", out)
    assert f"evenflow {ef.__version__}" in result.out
    assert "kind: shake" in result.out
    data = run("info", out, "--json").json
    assert data["settings"]["inject"]["start_frame"] == 30
    assert data["provenance"]["planted_defects"] is True
    assert not list(tmp_path.glob(".*"))


def test_a_name_with_markup_is_printed_as_it_is(run, carphone, tmp_path):
    odd = tmp_path / "[red]x.mp4"
    odd.write_bytes(carphone.read_bytes())
    assert "[red]x.mp4" in run("info", odd).out
