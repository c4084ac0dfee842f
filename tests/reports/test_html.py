"""The files behind the pages: sizes, proxies, pictures, escaping, and the built bundle."""

import base64
import dataclasses
import hashlib
import io
import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from fakes import a_finding, a_report
from pages import ROOT, coded_clip

import evenflow as ef
from evenflow.core.clip import ArrayFrame, Clip, SourceInfo
from evenflow.core.errors import BadInput, Cancelled, OutputExists
from evenflow.core.events import CancelToken
from evenflow.core.measurement import Measurement
from evenflow.core.report import Cut, Report, Shot
from evenflow.io.y4m import PipeSource
from evenflow.reports.frames import plan_stills, roles, still
from evenflow.reports.html import (
    MOST_BYTES,
    html_text,
    write_compare_html,
    write_html,
    write_votes_html,
)
from evenflow.reports.proxy import (
    ProxyWriter,
    frame_table,
    plain,
    plan_segments,
    proxy_size,
)

WEB = ROOT / "web"
BUNDLE = ROOT / "evenflow" / "reports" / "bundle"


def page_data(path: Path) -> dict:
    text = path.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="ef-data">(.*?)</script>', text, re.S)
    assert found is not None
    return json.loads(found[1])


def video_in(path: Path, name: str = "ef-media-0") -> bytes:
    text = path.read_text(encoding="utf-8")
    found = re.search(f'<script type="text/plain" id="{name}">([^<]*)</script>', text)
    assert found is not None
    return base64.b64decode(found[1])


class Endless:
    """A clip that is drawn when it is asked for; counts what was asked for."""

    def __init__(self, num: int, *, fps: int = 10, size: tuple[int, int] = (64, 48)) -> None:
        self.info = SourceInfo("endless.mkv", *size, Fraction(fps), num)
        self.warnings: tuple[str, ...] = ()
        self.num_drawn = 0

    def stream(
        self, start: int = 0, stop: int | None = None, *, cancel: CancelToken | None = None
    ) -> Iterator[ArrayFrame]:
        for i in range(*slice(start, stop).indices(self.info.num_frames or 0)):
            self.num_drawn += 1
            noise = np.random.default_rng(i).integers(
                0, 256, (self.info.height, self.info.width, 3), np.uint8
            )
            yield ArrayFrame(i, i / self.info.fps, noise)


def long_report(source: Endless, *, num_findings: int) -> Report:
    """An hour with findings all over it and twenty signals."""
    num, fps = source.info.num_frames or 0, float(source.info.fps)
    rng = np.random.default_rng(0)
    starts = np.sort(rng.choice(num - 25, num_findings, replace=num_findings > num - 25))
    return a_report(
        source.info.name,
        clip={"path": "endless.mkv", "frames": num, "fps": fps, "duration_s": num / fps,
              "width": source.info.width, "height": source.info.height, "timecode": None},
        cuts=tuple(Cut(i - 1, i, "cut") for i in range(600, num, 600)),
        shots=tuple(Shot(i, min(num, i + 600)) for i in range(0, num, 600)),
        signals={
            f"signal_{k}": Measurement(
                f"signal_{k}", "%", "lower", 0.5, rng.random(num).astype(np.float32)
            )
            for k in range(20)
        },
        findings=tuple(
            a_finding("image_flicker", int(s), int(s) + 20, 2 + 9 * rng.random(), (0, 0, 20, 20),
                      explanation="x" * 120, fps=fps)
            for s in starts
        ),
        seconds=np.arange(num) / fps,
    )  # fmt: skip


def test_an_hour_stays_within_its_size_and_most_of_it_is_never_read(tmp_path: Path):
    source = Endless(36_000)
    report = long_report(source, num_findings=3000)
    path = write_html(report, tmp_path / "r.html", clip=Clip(source))
    assert path.stat().st_size <= MOST_BYTES
    assert source.num_drawn < 1500  # sixty seconds, and lone pictures
    data = page_data(path)
    assert all("series" not in s for s in data["report"]["signals"].values())
    assert len(data["report"]["signals"]["signal_0"]["series_per_second"]) == 3600
    assert len(data["report"]["findings"]) == 2000
    assert "2000 most severe of 3000" in data["report"]["warnings"][-1]
    media = data["media"]
    assert not media["whole"] and sum(b - a for a, b in media["segments"]) <= 600
    worst = max(data["report"]["findings"], key=lambda f: f["severity_jnd"])
    assert any(a <= worst["peak_frame"] < b for a, b in media["segments"])
    assert frame_table(video_in(path)).count == sum(b - a for a, b in media["segments"])


@pytest.mark.parametrize(("seconds", "limit"), [(4, 8_000_000), (20, 16_000_000)])
def test_noise_fits_too(tmp_path: Path, seconds, limit):
    source = Endless(seconds * 12, fps=12, size=(640, 480))
    report = long_report(source, num_findings=30)
    path = write_html(report, tmp_path / "r.html", clip=Clip(source))
    assert path.stat().st_size <= limit
    data = page_data(path)
    assert data["media"]["whole"]
    assert frame_table(video_in(path)).count == seconds * 12
    # The most severe findings have their pictures.
    severe = sorted(range(30), key=lambda i: -data["report"]["findings"][i]["severity_jnd"])
    assert all(data["pictures"][i] for i in severe[:3])


def test_the_embedded_video_is_all_intra_bt709_at_a_constant_rate(tmp_path: Path):
    rate = Fraction(30000, 1001)
    clip = coded_clip(40, fps=rate, width=1280, height=720)
    report = dataclasses.replace(
        a_report(), clip={**a_report().clip, "frames": 40, "fps": float(rate), "duration_s": 1.3}
    )
    path = write_html(report, tmp_path / "r.html", clip=clip)
    media = page_data(path)["media"]
    assert (media["width"], media["height"]) == (854, 480)
    data = video_in(path)
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264" and stream.codec_context.pix_fmt == "yuv420p"
        frames = list(container.decode(stream))
        assert all(frame.key_frame for frame in frames) and len(frames) == 40
        facts = stream.codec_context
        tags = (facts.colorspace, facts.color_primaries, facts.color_trc, facts.color_range)
        assert [int(tag) for tag in tags] == [1, 1, 1, 1]
        times = [frame.pts * stream.time_base for frame in frames]
    assert np.allclose(np.diff([float(t) for t in times]), float(1 / rate), atol=1e-4)
    table = frame_table(data)
    starts = [
        (first + i * step) / table.timescale for first, step, n in table.runs for i in range(n)
    ]
    assert starts == pytest.approx([float(t) for t in times])


def test_a_proxy_keeps_to_its_bytes_even_in_noise():
    for limit in (40_000, 200_000):
        writer = ProxyWriter((320, 240), fps=Fraction(24), num_frames=48, max_bytes=limit)
        rng = np.random.default_rng(0)
        for _ in range(48):
            writer.add(rng.integers(0, 256, (240, 320, 3), np.uint8))
        data, size = writer.finish()
        assert len(data) <= limit
        assert frame_table(data).count == 48
        assert size[1] <= 240


def test_colors_survive_the_proxy():
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :32], picture[:, 32:64], picture[:, 64:] = (
        (200, 30, 40),
        (40, 180, 60),
        (30, 60, 220),
    )
    writer = ProxyWriter((96, 64), fps=Fraction(24), num_frames=2, max_bytes=1_000_000)
    writer.add(picture)
    writer.add(picture)
    data, _ = writer.finish()
    with av.open(io.BytesIO(data)) as container:
        frame = next(container.decode(video=0))
    from evenflow.core.clip import ColorTags
    from evenflow.io.color import to_pixels
    from evenflow.io.layouts import layout_of
    from evenflow.io.worker import planes_of

    planes = planes_of(frame, "yuv420p")
    back = to_pixels(planes, layout_of("yuv420p"), ColorTags("bt709", False, "bt709", "bt709"))
    for x in (16, 48, 80):
        assert np.abs(back[32, x].astype(int) - picture[32, x]).max() <= 6


@pytest.mark.parametrize(
    ("size", "aspect", "expected"),
    [
        ((1920, 1080), Fraction(1), (854, 480)),
        ((720, 576), Fraction(16, 15), (640, 480)),
        ((101, 77), Fraction(1), (100, 76)),
        ((8, 8), Fraction(1), (16, 16)),
        ((8000, 400), Fraction(1), (1280, 64)),
    ],
)
def test_the_size_of_a_proxy(size, aspect, expected):
    assert proxy_size(*size, aspect=aspect) == expected


def test_frame_tables_keep_uneven_times(tmp_path: Path):
    path = tmp_path / "v.mkv"
    ticks = [0, 40, 80, 200, 240, 241]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = Fraction(1, 1000)
        for tick in ticks:
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            frame.pts, frame.time_base = tick, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    table = frame_table(path)
    starts = [first + i * step for first, step, count in table.runs for i in range(count)]
    assert [start * 1000 // table.timescale for start in starts] == ticks


def test_long_clips_keep_a_second_round_the_worst():
    findings = [a_finding("freeze", s, s + 5, j) for s, j in ((100, 3.0), (3000, 9.0), (3010, 4.0))]
    segments = plan_segments(findings, first=0, num_frames=5000, fps=25.0)
    assert segments == ((88, 113), (2988, 3023))
    many = [a_finding("freeze", 60 * i, 60 * i + 5, 1 + i / 100) for i in range(100)]
    kept = plan_segments(many, first=0, num_frames=6100, fps=25.0)
    assert sum(b - a for a, b in kept) <= 1500
    assert kept[-1][0] <= 60 * 99 < kept[-1][1] and kept[0][0] > 60 * 30
    assert plan_segments([], first=7, num_frames=1500, fps=25.0) == ((7, 1507),)
    assert plan_segments([], first=0, num_frames=9000, fps=25.0) == ((0, 250),)


def test_frames_of_a_finding_stay_inside_its_shot():
    shots = (Shot(0, 50), Shot(50, 100))
    inner = a_finding("freeze", 60, 70)
    assert roles(inner, first=0, end=100, shots=shots) == [
        ("before", 59), ("peak", 60), ("after", 70),
    ]  # fmt: skip
    at_cut = dataclasses.replace(a_finding("freeze", 50, 100), peak_frame=80)
    assert roles(at_cut, first=0, end=100, shots=shots) == [
        ("first", 50), ("peak", 80), ("last", 99),
    ]  # fmt: skip
    assert roles(a_finding("freeze", 0, 1), first=0, end=1) == [("peak", 0)]
    flicker = dataclasses.replace(a_finding("image_flicker", 60, 70), peak_frame=65)
    assert [frame for _, frame in roles(flicker, first=0, end=100, shots=shots)] == [64, 65, 66]


def test_pictures_go_to_the_most_severe_first():
    findings = [a_finding("freeze", 10 * i, 10 * i + 3, 1.0 + i) for i in range(10)]
    chosen = plan_stills(findings, first=0, end=200, max_bytes=18_000 * 9)
    assert [bool(frames) for frames in chosen] == [False] * 7 + [True] * 3


def test_any_picture_becomes_a_small_one():
    deep = np.full((1080, 1920, 4), 65535, np.uint16)
    deep[:, :960, 3] = 0
    small = still(plain(deep))
    assert (small.width, small.height) == (480, 270) and small.data[:4] == b"RIFF"
    assert plain(deep)[0, 0].tolist() == [0, 0, 0] and plain(deep)[0, 1900].tolist() == [255] * 3
    assert plain(np.full((4, 4, 1), 9, np.uint8)).shape == (4, 4, 3)


def test_a_page_shares_no_folder_and_holds_the_report(tmp_path: Path):
    report = a_report("/home/someone/secret/a.mp4")
    path = write_html(report, tmp_path / "r.html")
    text = path.read_text(encoding="utf-8")
    assert "/home/someone" not in text
    said = page_data(path)["report"]
    assert said["findings"] == report.to_json()["findings"]
    assert said["clip"]["path"] == "a.mp4" and said["digest"] == report.digest
    assert "no pictures" in page_data(path)["no_media"]
    assert text == html_text([report])


def test_nothing_in_a_page_points_outside():
    text = html_text([a_report()])
    script = (BUNDLE / "evenflow.js").read_text(encoding="utf-8")
    rest = text.replace(script, "")
    assert not re.search(r"""(?:src|href)\s*=\s*["'](?!data:)""", rest)
    assert "http" not in rest.replace("http-equiv", "")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy[1].replace("&#39;", "'")
    assert "default-src 'none'" in policy[1].replace("&#39;", "'")


@pytest.mark.parametrize(
    "evil", ["</script><script>alert(1)</script>", "<!--", "]]>", "\u2028 \\u003c", "a\udcffb"]
)
def test_no_text_breaks_out_of_the_data(tmp_path: Path, evil):
    finding = a_finding(explanation=evil)
    report = a_report(f"{evil}.mp4", findings=(finding,), warnings=(evil,))
    plain_page = html_text([a_report()])
    text = html_text([report])
    assert text.count("<script") == plain_page.count("<script")
    assert text.count("</script") == plain_page.count("</script")
    assert text.count("<!--") == plain_page.count("<!--")
    path = write_html(report, tmp_path / "r.html")
    assert page_data(path)["report"]["findings"][0]["explanation"] == evil


def test_very_many_clips_share_the_size_of_a_page(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("evenflow.reports.html.MOST_BYTES", 700_000)
    sources = [Endless(3000) for _ in range(8)]
    reports = [long_report(source, num_findings=40) for source in sources]
    path = write_html(reports, tmp_path / "r.html", clip=[Clip(source) for source in sources])
    assert path.stat().st_size <= 700_000
    for part in page_data(path)["parts"]:
        assert "curves are left out" in part["report"]["warnings"][0]
        assert part["report"]["signals"]["signal_0"] == {
            "unit": "%", "better": "lower", "summary": 0.5,
        }  # fmt: skip
        assert part["report"]["findings"] and part["report"]["score"] == 72.6
        assert len(part["pictures"]) in (0, len(part["report"]["findings"]))


def test_what_cannot_be_shown_is_said(tmp_path: Path):
    stream = Clip(Endless(10))
    stream.source.info = dataclasses.replace(stream.source.info, num_frames=None)  # type: ignore[misc]
    path = write_html(a_report(), tmp_path / "r.html", clip=stream)
    assert "pipe" in page_data(path)["no_media"]
    pipe = Clip(
        PipeSource(io.BytesIO(b"YUV4MPEG2 W16 H16 F24:1 C420\n" + 2 * (b"FRAME\n" + 384 * b"x")))
    )
    assert len(list(pipe.stream())) == 2  # a check has read it
    path = write_html(a_report(), tmp_path / "p.html", clip=pipe)
    assert "pipe" in page_data(path)["no_media"]
    with pytest.raises(BadInput, match="stream"):
        write_votes_html([pipe, coded_clip(2)], tmp_path / "v.html")
    nothing = a_report(score=None, findings=(), signals={}, objects=())
    path = write_html(nothing, tmp_path / "n.html", clip=coded_clip(1, width=64, height=48))
    data = page_data(path)
    assert data["verdict"]["word"] == "nothing could be assessed"
    assert data["report"]["score"] is None


def test_only_the_checked_range_is_shown(tmp_path: Path):
    clip = coded_clip(60, width=96, height=64)
    report = a_report(shots=(Shot(20, 50),), findings=(a_finding("freeze", 30, 34),))
    report = dataclasses.replace(report, clip={**report.clip, "frames": 30}, cuts=())
    data = page_data(write_html(report, tmp_path / "r.html", clip=clip))
    assert data["first_frame"] == 20 and data["media"]["segments"] == [[20, 50]]
    assert data["media"]["whole"]


def test_varying_rates_keep_their_times(tmp_path: Path):
    times = np.array([0.0, 0.04, 0.5, 0.54, 1.9])
    data = page_data(write_html(a_report(seconds=times), tmp_path / "r.html"))
    assert data["seconds"] == times.tolist()
    even = page_data(write_html(a_report(), tmp_path / "e.html"))
    assert even["seconds"] is None


def test_nothing_is_overwritten_and_nothing_is_left_when_stopped(tmp_path: Path):
    path = write_html(a_report(), tmp_path / "r.html")
    for write in (
        lambda: write_html(a_report(), path),
        lambda: write_compare_html([a_report()] * 2, [None, None], None, path),
        lambda: write_votes_html([coded_clip(2), coded_clip(2)], path),
    ):
        with pytest.raises(OutputExists):
            write()
    token = CancelToken()
    token.cancel()
    clip = coded_clip(30, width=96, height=64)
    report = dataclasses.replace(a_report(), clip={**a_report().clip, "frames": 30})
    with pytest.raises(Cancelled):
        write_html(report, tmp_path / "stopped.html", clip=clip, cancel=token)
    assert [p.name for p in tmp_path.iterdir()] == ["r.html"]


def test_wrong_numbers_of_things_are_clear_errors(tmp_path: Path):
    path = tmp_path / "r.html"
    with pytest.raises(BadInput, match="at least one report"):
        write_html([], path)
    with pytest.raises(BadInput, match="each report needs its clip"):
        write_html([a_report(), a_report()], path, clip=coded_clip(2))
    with pytest.raises(BadInput, match="2 to 26"):
        write_compare_html([a_report()], [None], None, path)
    with pytest.raises(BadInput, match="at least one pair"):
        write_votes_html([], path)
    with pytest.raises(BadInput, match="prompts for"):
        write_votes_html([coded_clip(2), coded_clip(2)], path, prompts=["a", "b"])
    assert not path.exists()


def test_a_comparison_of_long_clips_keeps_the_same_times_of_each(tmp_path: Path):
    sources = [Endless(900), Endless(1800, fps=20)]
    reports = [
        dataclasses.replace(
            long_report(source, num_findings=1),
            findings=(a_finding("freeze", start, start + 4, 5.0, fps=float(source.info.fps)),),
        )
        for source, start in zip(sources, (200, 1000), strict=True)
    ]
    path = write_compare_html(
        reports, [Clip(source) for source in sources], None, tmp_path / "c.html"
    )
    a, b = (one["media"]["segments"] for one in page_data(path)["reports"])
    assert [[x * 2 for x in segment] for segment in a] == b and len(a) == 2
    assert a[0][0] <= 200 < a[0][1] and b[1][0] <= 1000 < b[1][1]
    assert path.stat().st_size <= MOST_BYTES


def test_clips_of_one_name_keep_apart_in_a_vote(tmp_path: Path):
    clips = [coded_clip(3, width=64, height=48, name="a.mp4") for _ in range(3)]
    data = page_data(write_votes_html(clips, tmp_path / "v.html"))
    assert [clip["name"] for clip in data["clips"]] == ["a.mp4", "a.mp4 (2)", "a.mp4 (3)"]
    assert [pair["clips"] for pair in data["pairs"]] == [[0, 1], [0, 2], [1, 2]]
    one = page_data(write_votes_html([(clips[2], clips[0])], tmp_path / "w.html"))
    assert [pair["clips"] for pair in one["pairs"]] == [[0, 1]] and len(one["clips"]) == 2


def test_a_notebook_shows_a_report():
    report = a_report("a/<i>x.mp4", findings=(a_finding(explanation="<script>alert(1)</script>"),))
    text = report._repr_html_()
    assert ">&lt;i&gt;x.mp4<" in text and "<script" not in text
    assert "72.6" in text and "visible flaws" in text and "lighting_flicker" in text
    assert ef.Report._repr_html_(a_report(score=None, findings=()))


# ---- the built bundle


def test_the_bundle_is_built_from_the_sources():
    names = ["package-lock.json", "build.mjs", "tsconfig.json"]
    names += [f"src/{path.name}" for path in (WEB / "src").iterdir()]
    digest = hashlib.sha256()
    for name in sorted(names):
        digest.update(f"{name}\n".encode())
        digest.update((WEB / name).read_bytes())
    first = (BUNDLE / "evenflow.js").read_text(encoding="utf-8").splitlines()[0]
    assert first == f"/* evenflow web {digest.hexdigest()} */", "run make web"


def test_the_bundle_is_small_and_may_stand_in_a_page():
    script = (BUNDLE / "evenflow.js").read_text(encoding="utf-8")
    style = (BUNDLE / "evenflow.css").read_text(encoding="utf-8")
    assert len(script) + len(style) < 300_000
    assert "</script" not in script.lower() and "<!--" not in script.replace("<!--?lit$", "")
    assert "</style" not in style.lower() and "@import" not in style and "url(" not in style
    for word in ("fetch(", "XMLHttpRequest", "WebSocket", "sendBeacon", "importScripts"):
        assert word not in script
    licenses = (BUNDLE / "LICENSES.txt").read_text(encoding="utf-8")
    assert "uplot" in licenses and "BSD 3-Clause" in licenses and "MIT" in licenses


def test_the_lock_file_names_no_host():
    lock = json.loads((WEB / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"]["node_modules/lit"]["integrity"].startswith("sha512-")
    assert "resolved" not in json.dumps(lock)
