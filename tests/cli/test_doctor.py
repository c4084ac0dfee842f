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
    assert items["extra hub"].fix == "pip install -c constraints.txt -e '.[hub]'"


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


def mistagged(path, *, matrix: str, tag: int):
    """A chart whose numbers were made with `matrix` and whose file says another one."""
    from fractions import Fraction

    import av
    import numpy as np

    from evenflow.io.chart import chart_clip

    red, blue = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}[matrix]
    rgb = chart_clip(1).frames()[0] / 255.0
    luma = rgb @ np.array([red, 1 - red - blue, blue])
    planes = [
        16 + 219 * luma,
        128 + 224 * (rgb[..., 2] - luma) / (2 * (1 - blue)),
        128 + 224 * (rgb[..., 0] - luma) / (2 * (1 - red)),
    ]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=Fraction(24))
        stream.height, stream.width = luma.shape
        stream.pix_fmt = "yuv444p"
        context = stream.codec_context
        context.colorspace, context.color_range = tag, 1
        context.color_primaries, context.color_trc = tag, tag
        for i in range(6):
            frame = av.VideoFrame.from_ndarray(
                np.rint(np.stack(planes)).astype(np.uint8), format="yuv444p"
            )
            frame.pts, frame.colorspace, frame.color_range = i, tag, 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_wrong_matrix_tag_of_another_program_is_reported(run, tmp_path):
    right = run("doctor", mistagged(tmp_path / "right.mkv", matrix="bt709", tag=1))
    assert right.code == 0
    assert "the colors are right" in right.out
    wrong = run("doctor", mistagged(tmp_path / "wrong.mkv", matrix="bt709", tag=6))
    assert wrong.code == 1
    assert "wrong matrix" in wrong.out
    assert "worst patch" in wrong.out


def test_the_chart_goes_out_and_comes_back(run, tmp_path):
    chart = tmp_path / "chart.mp4"
    assert run("doctor", "--make-chart", chart).code == 0
    assert run("doctor", "--make-chart", chart).code == 2
    assert run("doctor", chart).code == 0


def test_what_is_no_chart_is_bad_input(run, carphone):
    result = run("doctor", carphone)
    assert result.code == 2
    assert "chart" in result.errors[0]


def test_every_writer_keeps_the_colors(run):
    result = run("doctor", "--json")
    assert result.code == 0, result.out
    colors = {i["name"]: i["state"] for i in result.json["items"] if "colors in" in i["name"]}
    assert {"colors in mkv", "colors in mp4", "colors in png"} <= set(colors)
    assert "broken" not in colors.values()
