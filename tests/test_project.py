"""The promises that the project makes as a whole."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import evenflow as ef

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("torch", "cv2", "numba", "av", "scipy", "skimage", "skvideo", "pydantic")


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout


@pytest.mark.parametrize("name", [n for n in ef.__all__ if n != "__version__"])
def test_every_public_name_is_there_and_explained(name):
    assert getattr(ef, name).__doc__, f"ef.{name} has no docstring"


def test_what_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = ef.nothing_like_it


def test_import_loads_nothing_heavy():
    loaded = python("import sys, evenflow; print(*sys.modules)").split()
    assert not {*HEAVY, "numpy", "rich", "typer"} & {*loaded}


def test_help_loads_nothing_heavy_and_is_quick():
    code = (
        "import sys, time; start = time.process_time();"
        "from evenflow.cli.app import main; code = main(['check', '--help']);"
        "print('\\nLOADED', code, time.process_time() - start, *sys.modules)"
    )
    code, seconds, *loaded = python(code).split("LOADED")[1].split()
    assert code == "0"
    assert float(seconds) < 1.0
    assert not {"torch", "cv2", "numba", "av", "scipy", "skimage", "skvideo"} & {*loaded}


def test_check_inject_info_and_doctor_load_no_torch():
    verbs = "check, compare, inject, read, write, info, report"
    loaded = python(f"import sys; from evenflow import {verbs}; print(*sys.modules)").split()
    assert "torch" not in loaded


def test_rooms_keep_to_their_floors():
    result = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PATH": ""},
    )
    assert result.returncode == 0, result.stdout


def test_future_annotations_stay_out():
    for path in (ROOT / "evenflow").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            assert not (isinstance(node, ast.ImportFrom) and node.module == "__future__"), path


def test_every_module_opens_with_its_entry_on_the_map():
    for path in (ROOT / "evenflow").rglob("*.py"):
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        assert doc, path
        assert len(doc.splitlines()[0]) <= 100, path


def test_every_extra_is_pinned():
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, version = line.split("==")
            pins[name] = version
    data = project()["project"]
    wanted = [*data["dependencies"]]
    for extra in data["optional-dependencies"].values():
        wanted += extra
    for requirement in wanted:
        name, least = requirement.split(">=")
        assert name in pins, f"{requirement} has no line in constraints.txt"
        number = [int(part) for part in pins[name].split(".")[:3] if part.isdigit()]
        assert number >= [int(part) for part in least.split(".")], requirement


def test_nothing_drags_torchvision_in():
    text = (ROOT / "constraints.txt").read_text()
    for name in ("torchvision", "timm", "lpips", "piq", "open-clip", "nvidia"):
        assert name not in text


def test_the_version_stands_in_one_place():
    assert project()["project"]["dynamic"] == ["version"]
    assert f"## {ef.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_ci_runs_what_the_readme_says():
    lines = [
        line
        for line in (ROOT / ".ci" / "run").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    assert lines[0] == "set -euo pipefail"
    assert lines[-1] == "make test"
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_no_path_of_one_machine_is_written_down():
    import re

    private = re.compile("/(work|root|home)/[a-z]")
    for path in [*ROOT.glob("*.*"), *ROOT.glob("docs/**/*.*"), *ROOT.glob("evenflow/**/*.py")]:
        if path.is_file() and path.suffix in (".py", ".md", ".toml", ".txt", ".yaml"):
            assert not private.search(path.read_text(encoding="utf-8")), path
