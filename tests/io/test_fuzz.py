from benchmarks.fuzz_containers import run


def test_damaged_containers_end_in_frames_warnings_or_error_lines():
    result = run(60, seed=11, workers=2)
    assert result["failures"] == []
    assert sum(result["outcomes"].values()) == 60
