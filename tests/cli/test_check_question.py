"""`check --prompt --reference --judge --features`: what reaches the analysis, and exit codes."""

import pytest


def test_the_question_reaches_the_analysis(run, fake_check, tmp_path, monkeypatch):
    monkeypatch.setattr("evenflow.continuity.semantics.question", lambda **options: None)
    result = run(
        "check", "a.mp4", "--prompt", "a dog", "--reference", "1.png", "--reference", "2.png",
        "--judge", "http://localhost:1/v1#m", "--features", "models", "-q",
    )  # fmt: skip
    assert result.code == 0
    assert {k: fake_check[0][k] for k in ("prompt", "references", "judge", "features")} == {
        "prompt": "a dog",
        "references": ("1.png", "2.png"),
        "judge": "http://localhost:1/v1#m",
        "features": "models",
    }


def test_without_them_nothing_is_asked(run, fake_check):
    run("check", "a.mp4", "-q")
    assert fake_check[0]["prompt"] is None and fake_check[0]["references"] == ()
    assert fake_check[0]["judge"] is None and fake_check[0]["features"] is None


def test_the_features_folder_may_come_from_the_environment(run, fake_check, tmp_path, monkeypatch):
    monkeypatch.setenv("EVENFLOW_FEATURES", str(tmp_path / "none"))
    result = run("check", "a.mp4")
    assert result.code == 5 and "features folder none is not a folder" in result.errors[0]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--judge", "https://host/v1", "--offline"], 2, "--offline"),
        (["--judge", "ftp://host"], 2, "'ftp'"),
        (["--judge", "no-folder"], 5, "not a folder"),
        (["--prompt", " "], 2, "prompt is empty"),
        (["--reference", "no.png"], 2, "no.png"),
        (["--features", "no-folder"], 5, "not a folder"),
        (["--features", "."], 5, "holds none of dinov2, clip"),
    ],
)
def test_what_is_wrong_is_one_line_before_the_work(
    run, fake_check, tmp_path, monkeypatch, options, code, says
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("EVENFLOW_FEATURES", raising=False)
    result = run("check", "a.mp4", *options)
    assert (result.code, len(result.errors)) == (code, 1), result.err
    assert says in result.errors[0]


def test_a_judge_that_cannot_be_reached_leaves_the_exit_code(run, carphone):
    result = run(
        "check", carphone, "--range", "0f..12f", "--prompt", "a man talks", "--json",
        "--judge", "http://127.0.0.1:9/v1#m",
    )  # fmt: skip
    assert result.code == 0
    assert "cannot be reached" in result.json["not_assessable"]["semantic_mismatch"]
    assert "warning: carphone_pristine.mp4: the judge could not be asked" in result.err


def test_offline_without_an_address_is_what_check_always_is(run, fake_check):
    assert run("check", "a.mp4", "--offline", "-q").code == 0
