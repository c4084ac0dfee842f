"""`evenflow world`: clips, sheets, scenes and probes; every mistake in one line."""

import builtins
import json

import numpy as np
import pytest
from PIL import Image

import evenflow as ef
from evenflow.cli.world import parse_levels, parse_size
from evenflow.core.errors import BadInput

TINY = ("--frames", 6, "--size", 32)


def sample(run, *args, preset="lab"):
    return run("world", "sample", "--preset", preset, *TINY, *args)


def test_a_caption_becomes_a_clip(run, tmp_path):
    out = tmp_path / "a.mkv"
    done = run("world", "sample", "a red ball rolls to the left", "--preset", "lab",
               "--frames", 25, "--size", "48x32", "-o", out)  # fmt: skip
    assert done.code == 0 and "25 frames, 48x32" in done.out
    clip = ef.read(out)
    assert len(clip) == 25 and (clip.info.width, clip.info.height) == (48, 32)
    shown = run("info", "--json", out)
    assert "procedural world" in shown.out and "red ball" in shown.out


def test_equal_seeds_give_equal_clips_and_specs_draw_them_again(run, tmp_path):
    spec = tmp_path / "scene.json"
    assert sample(run, "--seed", 4, "-o", tmp_path / "a.mkv", "--save-spec", spec).code == 0
    assert sample(run, "--seed", 4, "-o", tmp_path / "b.mkv").code == 0
    assert sample(run, "--seed", 5, "-o", tmp_path / "c.mkv").code == 0
    assert run("world", "sample", "--spec", spec, "-o", tmp_path / "d.mkv").code == 0
    a, b, c, d = (ef.read(tmp_path / f"{n}.mkv").frames() for n in "abcd")
    assert (a == b).all() and (a == d).all() and (a != c).any()


def test_truth_and_captions_lie_beside_the_clip(run, tmp_path):
    out = tmp_path / "a.mkv"
    done = sample(run, "-o", out, "--truth", "depth,flow", "--level", "L1,2", "--json")
    assert done.code == 0
    row = done.json["clips"][0]
    assert row["truth"] == f"{out}.truth" and set(row["captions"]) >= {"L1", "L2"}
    beside = json.loads((tmp_path / "a.mkv.json").read_text())
    assert beside["L1"] == row["captions"]["L1"]
    assert np.load(tmp_path / "a.mkv.truth" / "depth.npy").shape == (6, 32, 32)
    assert not (tmp_path / "a.mkv.truth" / "normals.npy").exists()
    assert {p.name for p in tmp_path.iterdir()} == {"a.mkv", "a.mkv.json", "a.mkv.truth"}


def test_sheets_show_clips_and_truth(run, tmp_path):
    sheet = tmp_path / "s.png"
    done = sample(run, "--sheet", sheet, "--num", 2, "--truth", "depth")
    assert done.code == 0
    width, height = Image.open(sheet).size
    assert width >= 6 * 32 and height >= 4 * 32


@pytest.mark.slow
def test_workers_change_no_byte(run, tmp_path):
    for workers in (1, 2):
        (tmp_path / str(workers)).mkdir()
        out = tmp_path / str(workers) / "c_%02d.mkv"
        done = sample(run, "--num", 3, "--workers", workers, "-o", out, "--truth", "instance")
        assert done.code == 0
    names = [p.relative_to(tmp_path / "1") for p in (tmp_path / "1").rglob("*") if p.is_file()]
    assert len(names) > 10
    for name in names:
        one, two = tmp_path / "1" / name, tmp_path / "2" / name
        if name.suffix == ".mkv":
            assert (ef.read(one).frames() == ef.read(two).frames()).all()
        else:
            assert one.read_bytes() == two.read_bytes(), name


@pytest.mark.parametrize("preset", ["story", "flat", "maze"])
def test_every_preset_gives_a_clip(run, tmp_path, preset):
    done = run("world", "sample", "--preset", preset, "--frames", 30, "--size", 24,
               "-o", tmp_path / "a.gif", "-v")  # fmt: skip
    assert done.code == 0 and "cast:" in done.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "needs an output"),
        (("-o", "{dir}/a.mkv", "--preset", "labb"), "did you mean lab?"),
        (("-o", "{dir}/a.mkv", "--size", "big"), "WxH"),
        (("-o", "{dir}/a.mkv", "--size", "4x4"), "8 to 16384"),
        (("-o", "{dir}/a.mkv", "--frames", "0"), "--frames"),
        (("-o", "{dir}/a.mkv", "--frames", "many"), "many"),
        (("-o", "{dir}/a.mkv", "--fps", "fast"), "fast"),
        (("-o", "{dir}/a.mkv", "--seed", "-1"), "--seed"),
        (("-o", "{dir}/a.mkv", "--style", "tune"), "toon"),
        (("-o", "{dir}/a.mkv", "--truth", "deep"), "no truth 'deep'"),
        (("-o", "{dir}/a.mkv", "--level", "L9"), "L0 to L5"),
        (("-o", "{dir}/a.mkv", "--camera", "fly"), "no camera move"),
        (("-o", "{dir}/a.mkv", "--device", "tpu"), "cpu, cuda"),
        (("-o", "{dir}/a.mkv", "--num", "3"), "counter"),
        (("-o", "{dir}/none/a.mkv",), "does not exist"),
        (("-o", "{dir}/a.xyz",), "ending"),
        (("-o", "{dir}/a.mkv", "--spec", "{dir}/none.json"), "cannot be read"),
        (("-o", "{dir}/a.mkv", "--spec", "{dir}/bad.json"), "JSON"),
        (("a ball rolls", "-o", "{dir}/a.mkv", "--spec", "{dir}/bad.json"), "leave out a caption"),
        (("a bal rolls", "-o", "{dir}/a.mkv"), "ball"),
        (("  ", "-o", "{dir}/a.mkv"), "caption is empty"),
        (("a dog walks", "--preset", "maze", "-o", "{dir}/a.mkv"), "walked, not told"),
        (("-o", "-", "--truth", "all"), "standard output"),
        (("--truth", "all", "--save-spec", "{dir}/s.json"), "--truth lies beside"),
        (("--sheet", "{dir}/a.txt",), "is a picture"),
        (("--sheat", "{dir}/a.png",), "no option --sheat"),
    ],
)  # fmt: skip
def test_mistakes_are_said_in_one_line_and_leave_nothing(run, tmp_path, words, says):
    (tmp_path / "bad.json").write_text("{")
    done = run("world", "sample", *(w.format(dir=tmp_path) for w in words))
    assert done.code == 2 and says in done.err and len(done.errors) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["bad.json"]


def test_nothing_is_overwritten_unasked(run, tmp_path):
    out = tmp_path / "a.mkv"
    assert sample(run, "-o", out).code == 0
    before = out.read_bytes()
    done = sample(run, "-o", out, "--seed", 9)
    assert done.code == 2 and "already there" in done.err and out.read_bytes() == before
    assert sample(run, "-o", out, "--seed", 9, "--yes", "-q").code == 0
    assert out.read_bytes() != before


def test_without_torch_the_extra_is_named(run, tmp_path, monkeypatch):
    import sys

    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "torch" or name.startswith("torch."):
            raise ImportError("No module named 'torch'", name="torch")
        return real(name, *args, **kwargs)

    for name in [n for n in sys.modules if n.startswith("evenflow.world.render")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", without)
    done = sample(run, "-o", tmp_path / "a.mkv")
    assert done.code == 5 and "evenflow[gen]" in done.err and len(done.errors) == 1
    assert list(tmp_path.iterdir()) == []


def test_probes_are_printed_written_and_listed(run, tmp_path):
    shown = run("world", "probes", "--only", "cups,mover")
    assert shown.code == 0 and "cups-1" in shown.out and "pan-1" not in shown.out
    data = run("world", "probes", "--json").json
    assert data["schema"] == "evenflow.world/1" and len(data["probes"]) > 40
    assert set(data["probes"][0]) >= {"prompt", "must", "frames", "family"}
    assert "walk behind a pillar" in run("world", "probes", "--only", "list").out
    folder = tmp_path / "p"
    assert run("world", "probes", "-o", folder).code == 0
    assert {p.name for p in folder.iterdir()} == {"probes.txt", "probes.csv", "probes.jsonl"}
    again = run("world", "probes", "-o", folder)
    assert again.code == 2 and "already holds" in again.err
    assert run("world", "probes", "-o", folder, "--yes", "-q").out == ""


def test_probes_are_rendered_with_truth(run, tmp_path):
    folder = tmp_path / "p"
    done = run("world", "probes", "-o", folder, "--only", "contradiction,hand", "--render",
               "--size", 32, "--truth", "instance")  # fmt: skip
    assert done.code == 0 and "2 clips" in done.out
    assert len(ef.read(folder / "hand-1.mkv")) == 49
    assert (folder / "hand-2.mkv.truth" / "instance.npy").exists()
    assert not list(folder.glob("contradiction*"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--only", "cup"), "did you mean cups?"),
        (("--render",), "say where with -o"),
        (("--only", "cups", "-o", "{dir}/no/p"), "does not exist"),
        (("--size", "x", "-o", "{dir}/p"), "WxH"),
    ],
)
def test_mistakes_with_probes(run, tmp_path, words, says):
    done = run("world", "probes", *(w.format(dir=tmp_path) for w in words))
    assert done.code == 2 and says in done.err and len(done.errors) == 1
    assert list(tmp_path.iterdir()) == []


def test_sizes_and_levels():
    assert parse_size("64") == (64, 64) and parse_size(" 256 X 144 ") == (256, 144)
    assert parse_levels("all")[-1] == "L5" and parse_levels("2,L0") == ("L0", "L2")
    for bad in ("", "64x", "-3", "1e3"):
        with pytest.raises(BadInput):
            parse_size(bad)


def test_help_is_quick_and_loads_no_torch():
    import subprocess
    import sys

    code = (
        "import sys; from evenflow.cli.app import main; main(['world', 'sample', '--help']);"
        "print('LOADED', *[m for m in ('torch', 'numba', 'scipy') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split("LOADED")[1].strip() == ""


def test_truth_does_not_stay_where_its_clip_could_not_be_written(run, tmp_path, monkeypatch):
    import evenflow.io
    from evenflow.core.errors import ResourceShortage

    def full(*args, **kwargs):
        raise ResourceShortage("the disk is full")

    monkeypatch.setitem(vars(evenflow.io), "write", full)
    done = sample(run, "-o", tmp_path / "a.mkv", "--truth", "depth")
    assert done.code == 4 and list(tmp_path.iterdir()) == []
