import importlib.metadata
import subprocess
import sys

from evenflow.cli import doctor


def test_the_machine_and_the_libraries_are_good_here():
    items = {item.name: item for item in [*doctor.machine(), *doctor.libraries()]}
    assert {"python", "cores", "numpy", "scipy", "numba", "av", "opencv"} <= set(items)
    assert not [item for item in items.values() if item.state == "broken"]
    assert "FFmpeg" in items["av"].value


def test_a_missing_library_is_broken_and_says_how_to_get_it(monkeypatch):
    def version(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    broken = [item for item in doctor.libraries() if item.state == "broken"]
    assert "pip install -c constraints.txt numba" in [item.fix for item in broken]


def test_extras_are_told_from_the_installed_project(monkeypatch):
    monkeypatch.setattr(
        importlib.metadata,
        "requires",
        lambda name: [
            "numpy>=2",
            "openexr>=3.3; extra == 'exr'",
            "nothing-like-it; extra == 'hub'",
        ],
    )
    monkeypatch.setattr(doctor, "_installed", lambda name: {"openexr": "3.5.3"}.get(name, ""))
    items = {item.name: item for item in doctor.extras()}
    assert items["extra exr"].state == "good"
    assert items["extra hub"].fix == "pip install -c constraints.txt 'evenflow[hub]'"


def test_torch_is_looked_up_but_never_imported():
    code = (
        "import sys; from evenflow.cli import doctor; doctor.machine(); doctor.libraries();"
        "doctor.extras(); print('torch' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"


def test_a_broken_part_makes_the_exit_code_one(run, monkeypatch):
    monkeypatch.setattr(doctor, "_everything", lambda: [doctor.Item("numba", "broken", "x", "fix")])
    result = run("doctor")
    assert result.code == 1
    assert "1 broken" in result.out
    data = run("doctor", "--json").json
    assert data["schema"] == "evenflow.doctor/1"
    assert data["items"][0]["state"] == "broken"


def test_make_chart_and_a_chart_do_not_go_together(run, tmp_path):
    result = run("doctor", tmp_path / "a.mp4", "--make-chart", tmp_path / "b.mkv")
    assert result.code == 2
    assert "one of the two" in result.errors[0]
