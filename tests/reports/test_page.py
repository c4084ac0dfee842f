"""The pages in a browser: what is shown is what was asked for, and people can use it."""

import dataclasses
import json
import random
import time
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from fakes import a_finding, a_report
from pages import READ_CODE, bare_page, coded_clip, coded_frames

from evenflow.core.clip import Clip
from evenflow.core.measurement import Measurement
from evenflow.core.report import Cut, Report, Shot
from evenflow.reports.html import write_compare_html, write_html, write_votes_html
from evenflow.reports.proxy import frame_table

NUM = 240
PLAYER = "document.querySelector('ef-report').renderRoot.querySelector('ef-player')"


def report_of(clip: Clip, *, name: str = "coded.mp4", first: int = 0) -> Report:
    """Three findings in a clip of two shots."""
    info, num = clip.info, len(clip) - first
    fps, rng = float(info.fps), np.random.default_rng(0)
    series = rng.random(num).astype(np.float32)
    series[0] = np.nan
    half = first + num // 2
    return a_report(
        name,
        clip={
            "path": f"clips/{name}",
            "frames": num,
            "fps": fps,
            "duration_s": num / fps,
            "width": info.width,
            "height": info.height,
            "timecode": None,
        },
        cuts=(Cut(half - 1, half, "cut"),),
        shots=(Shot(first, half), Shot(half, first + num, {"shot": 0, "palette": 0.8})),
        signals={
            name: Measurement(name, unit, "lower", 0.5, series)
            for name, unit in (("luma_gain", "%"), ("noise", "gray levels"), ("change", "px"))
        },
        findings=(
            a_finding("lighting_flicker", first + 20, first + 40, 3.2, fps=fps),
            a_finding("freeze", first + 60, first + 66, 6.0, (40, 80, 200, 240), fps=fps),
            a_finding("image_flicker", first + 150, first + 152, 11.0, fps=fps),
        ),
        seconds=(first + np.arange(num)) / fps,
        objects=(
            {"id": 1, "start_frame": first, "end_frame": half,
             "identity": [{"lag_s": lag, "similarity": 0.9} for lag in (0.5, 1.0, 2.0)]},
        ),
    )  # fmt: skip


@pytest.fixture(scope="session")
def clip() -> Clip:
    return coded_clip(NUM)


@pytest.fixture(scope="session")
def report_page(clip, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "report.html"
    return write_html(report_of(clip), path, clip=clip)


@pytest.fixture(scope="session")
def long_gop(tmp_path_factory) -> Path:
    """H.264 with two key frames in ten seconds and three B frames in a row."""
    path = tmp_path_factory.mktemp("video") / "long_gop.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx264",
            rate=Fraction(24),
            options={"x264-params": "keyint=120:min-keyint=120:bframes=3:b-adapt=0:scenecut=0"},
        )
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for picture in coded_frames(NUM):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    with av.open(str(path)) as container:
        kinds = [str(frame.pict_type) for frame in container.decode(video=0)]
    assert len({*kinds}) == 3
    return path


def until(page, expression: str, seconds: float = 60.0) -> None:
    """Waits in steps: the page's policy forbids scripts that a waiting driver would put in."""
    limit = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < limit, f"never came true: {expression}"
        page.wait_for_timeout(20)


def ready(page) -> None:
    until(page, "document.querySelector('[data-from]').ready === true")


def shown(page) -> int:
    """The frame that the picture says."""
    return page.evaluate(f"({READ_CODE})({PLAYER}.video)")


def seeks(page, player: str, num: int = 200) -> list[tuple[int, int, int]]:
    """Frames asked for, what the player says is shown, and what the picture says."""
    chance = random.Random(7)
    asked = [chance.randrange(NUM) for _ in range(num)]
    return page.evaluate(
        f"""async (asked) => {{
          const player = {player}, read = {READ_CODE}, out = [];
          for (const frame of asked) {{
            const said = await player.seek(frame);
            out.push([frame, said, read(player.video)]);
          }}
          return out;
        }}""",
        asked,
    )


def test_the_frame_shown_is_the_frame_asked_for_in_the_embedded_video(report_page, open_page):
    page = open_page(report_page)
    ready(page)
    rows = seeks(page, PLAYER)
    assert len({asked for asked, _, _ in rows}) > 100
    assert sum(asked == said == seen for asked, said, seen in rows) == 200


def test_the_frame_shown_is_the_frame_asked_for_in_a_long_gop_file(long_gop, open_page, tmp_path):
    table = frame_table(long_gop)
    media = {
        "element": "v",
        "mime": "video/mp4",
        "width": 640,
        "height": 360,
        "timescale": table.timescale,
        "runs": table.runs,
        "segments": [[0, table.count]],
        "whole": True,
    }
    page = open_page(bare_page(tmp_path / "raw.html", video=long_gop, media=media))
    player = "document.querySelector('ef-player')"
    until(page, f"{player}.frame === 0")
    rows = seeks(page, player)
    assert sum(asked == said == seen for asked, said, seen in rows) == 200


def test_a_click_on_the_heatmap_goes_there(report_page, open_page):
    page = open_page(report_page)
    ready(page)
    box = page.locator("ef-heatmap .map").bounding_box()
    left = 158  # the labels
    assert box["width"] > 1000
    for share in (0.25, 0.7):
        x = left + share * (box["width"] - left)
        page.mouse.click(box["x"] + x, box["y"] + 8)  # the row of shots: no finding there
        goal = int(share * NUM)
        until(page, f"Math.abs({PLAYER}.frame - {goal}) <= 1")
        assert abs(shown(page) - goal) <= 1
        assert shown(page) == page.evaluate(f"{PLAYER}.frame")
    # A click on a finding chooses it, even when it is two pixels off a thin one.
    x = left + (150.5 / NUM) * (box["width"] - left)
    page.mouse.click(box["x"] + x + 5, box["y"] + 22 + 12)  # the most severe kind stands first
    until(page, f"{PLAYER}.chosen === 2 && {PLAYER}.frame >= 150 && {PLAYER}.frame < 152")
    assert page.locator("ef-findings li[aria-current=true] h3").inner_text() == "Image flicker"


def test_the_heatmap_works_by_keyboard(report_page, open_page):
    page = open_page(report_page)
    ready(page)
    page.locator("ef-heatmap .map").focus()
    page.keyboard.press("End")
    until(page, f"{PLAYER}.frame === {NUM - 1}")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    until(page, f"{PLAYER}.frame === 1")
    assert shown(page) == 1
    page.keyboard.press("ArrowDown")
    until(page, f"{PLAYER}.chosen === 0")
    says = "document.querySelector('ef-report').renderRoot.querySelector('ef-heatmap')"
    until(
        page,
        f"""{says}.renderRoot.querySelector('.map').getAttribute('aria-valuetext')
                    .includes('Lighting flicker, 3.2 JND')""",
    )


def test_keys_walk_through_findings_and_frames(report_page, open_page):
    page = open_page(report_page)
    ready(page)
    peaks = [20, 60, 150]
    for key, goal in zip("nnnnp", [*peaks, peaks[0], peaks[2]], strict=True):
        page.keyboard.press(key)
        until(page, f"{PLAYER}.frame === {goal}")
        assert shown(page) == goal
    page.keyboard.press(",")
    until(page, f"{PLAYER}.frame === 149")
    page.keyboard.press(".")
    page.keyboard.press(".")
    until(page, f"{PLAYER}.frame === 151")
    assert shown(page) == 151
    assert page.locator("ef-player [aria-live]").inner_text().startswith("frame 151")
    page.keyboard.press("w")
    until(page, f"{PLAYER}.frame === 150")
    page.keyboard.press("?")
    assert page.locator("ef-report dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("ef-report dialog").is_visible()


def test_j_k_l_play_backwards_stop_and_play(report_page, open_page):
    page = open_page(report_page)
    ready(page)
    page.keyboard.press("l")
    until(page, f"{PLAYER}.frame >= 12")
    page.keyboard.press("l")
    assert page.evaluate(f"{PLAYER}.rate") == 2
    page.keyboard.press("k")
    until(page, f"{PLAYER}.playing === 0")
    stopped = page.evaluate(f"{PLAYER}.frame")
    page.wait_for_timeout(200)
    assert page.evaluate(f"{PLAYER}.frame") - stopped <= 1
    at = page.evaluate(f"{PLAYER}.seek({PLAYER}.frame)")
    page.keyboard.press("j")
    until(page, f"{PLAYER}.frame < {at - 3}")
    page.keyboard.press("k")
    until(page, f"{PLAYER}.playing === 0")
    until(page, f"({READ_CODE})({PLAYER}.video) === {PLAYER}.frame")


def test_playing_counts_what_is_shown(report_page, open_page):
    page = open_page(report_page)
    ready(page)
    wrong = page.evaluate(
        f"""async () => {{
          const player = {PLAYER}, read = {READ_CODE};
          let wrong = 0, seen = 0;
          player.addEventListener('ef-frame', (e) => {{
            seen += 1;
            if (Math.abs(read(player.video) - e.detail.frame) > 1) wrong += 1;
          }});
          player.play();
          for (let i = 0; i < 300 && seen < 12; i++)
            await new Promise((done) => setTimeout(done, 50));
          player.pause();
          return [seen, wrong];
        }}"""
    )
    assert wrong[0] > 5 and wrong[1] == 0


def test_a_finding_is_played_over_and_over(report_page, open_page):
    page = open_page(report_page)
    ready(page)
    page.get_by_role("button", name="Play it: freeze").click()
    frames = page.evaluate(
        f"""async () => {{
          const frames = [];
          let again = 0;
          {PLAYER}.addEventListener('ef-frame', (e) => {{
            again += e.detail.frame < frames.at(-1) ? 1 : 0;
            frames.push(e.detail.frame);
          }});
          for (let i = 0; i < 300 && again < 2; i++)
            await new Promise((done) => setTimeout(done, 50));
          return frames;
        }}"""
    )
    inner = frames[1:]
    assert min(inner) >= 52 and max(inner) <= 74  # 0.3 s more on both sides
    assert any(b < a for a, b in zip(inner, inner[1:], strict=False))  # it began again


def test_the_box_is_drawn_where_the_finding_is(report_page, open_page):
    page = open_page(report_page)
    ready(page)
    page.evaluate(f"{PLAYER}.seek(62)")
    page.keyboard.press("n")
    until(page, f"{PLAYER}.chosen === 1 && {PLAYER}.frame === 60")
    yellow = page.evaluate(
        f"""() => {{
          const canvas = {PLAYER}.renderRoot.querySelector('canvas');
          const {{width, height}} = canvas;
          const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
          let box = [1, 1, 0, 0];
          const top = Math.floor(height * 0.3);  // below the label
          for (let i = 4 * top * width; i < data.length; i += 4) {{
            const x = (i / 4) % width, y = Math.floor(i / 4 / width);
            if (data[i] > 240 && data[i + 1] > 195 && data[i + 2] < 130 && data[i + 3] > 200)
              box = [Math.min(box[0], x / width), Math.min(box[1], y / height),
                     Math.max(box[2], x / width), Math.max(box[3], y / height)];
          }}
          return box;
        }}"""
    )
    left, _, right, bottom = yellow
    assert [left, right, bottom] == pytest.approx([40 / 640, 200 / 640, 240 / 360], abs=0.012)


def test_a_page_of_ten_seconds_of_720p_takes_eight_megabytes_at_most(tmp_path, open_page):
    clip = coded_clip(250, fps=Fraction(25), width=1280, height=720)
    path = write_html(report_of(clip), tmp_path / "r.html", clip=clip)
    assert path.stat().st_size <= 8_000_000
    ready(open_page(path))  # benchmarks/pages.py says how soon


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_axe_finds_nothing_serious(report_page, open_page, axe, look):
    options = {
        "light": {"color_scheme": "light"},
        "dark": {"color_scheme": "dark"},
        "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True},
    }[look]
    page = open_page(report_page, **options)
    ready(page)
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    serious = [
        (one["id"], one["nodes"][0]["html"][:200], one["nodes"][0].get("any", [{}])[:1])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert not serious


@pytest.mark.parametrize("mobile", [True, False])
def test_on_a_phone_nothing_sticks_out(report_page, tmp_path, open_page, mobile):
    for path in (report_page, compare_page(tmp_path)):
        page = open_page(path, viewport={"width": 390, "height": 844}, is_mobile=mobile)
        ready(page)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.evaluate("scrollTo(0, 1500)")
        page.wait_for_timeout(100)
        wide = page.evaluate(
            """() => {
              const wide = [];
              const look = (root) => {
                for (const one of root.querySelectorAll('*')) {
                  const scrolls = one.closest('.table, .wrap, .hidden-text');
                  if (!scrolls && one.getBoundingClientRect().right > 391)
                    wide.push(one.tagName + '.' + one.className);
                  if (one.shadowRoot) look(one.shadowRoot);
                }
              };
              look(document);
              return wide;
            }"""
        )
        assert not wide


def test_the_theme_follows_the_system_and_can_be_turned(report_page, open_page):
    page = open_page(report_page, color_scheme="dark")
    ready(page)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(19, 21, 25)"
    page.get_by_role("button", name="Light or dark").click()
    assert page.evaluate(ground) == "rgb(246, 246, 243)"


def test_print_has_every_finding_and_curve_and_no_controls(report_page, open_page):
    page = open_page(report_page, color_scheme="dark")
    ready(page)
    page.emulate_media(media="print")
    until(
        page,
        "document.querySelector('ef-report').renderRoot.querySelector('ef-curves')"
        ".renderRoot.querySelectorAll('.uplot').length >= 3",
    )
    assert not page.locator("ef-player").is_visible()
    assert page.locator("ef-findings button:visible:not(.shot)").count() == 0
    assert page.locator("ef-findings img").count() >= 6
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_names_and_explanations_cannot_break_out_of_the_page(tmp_path, open_page):
    evil = "</script><script>window.hit=1</script><img src=x onerror='window.hit=1'>&amp;\u2028.mp4"
    clip = coded_clip(24, width=160, height=96)
    finding = a_finding("freeze", 2, 6, 5.0, (0, 0, 9, 9), explanation=evil, fps=24.0)
    report = report_of(clip)
    changed = a_report(
        evil,
        clip={**report.clip, "path": evil},
        findings=(finding,),
        warnings=(evil,),
        not_assessable={"shake": evil},
    )
    page = open_page(write_html(changed, tmp_path / "r.html", clip=clip))
    ready(page)
    page.wait_for_timeout(200)
    assert page.evaluate("window.hit") is None
    assert evil.replace("</script><script>window.hit=1</script>", "")[-9:] in (
        page.locator("ef-report h1").inner_text() + ".mp4"
    )
    assert "window.hit=1</script>" in page.locator("ef-findings p").first.inner_text()


def test_a_video_that_cannot_be_shown_says_so(tmp_path, open_page):
    video = tmp_path / "v.mp4"
    video.write_bytes(b"this is no video" * 100)
    media = {
        "element": "v",
        "mime": "video/mp4",
        "width": 64,
        "height": 48,
        "timescale": 24,
        "runs": [[0, 1, 10]],
        "segments": [[0, 10]],
        "whole": True,
    }
    page = open_page(bare_page(tmp_path / "bad.html", video=video, media=media))
    page.get_by_text("This browser cannot show this video").wait_for()


def test_frames_that_are_not_stored_are_said_to_be(tmp_path, open_page):
    """A clip of more than a minute: the page holds one second round each finding."""
    clip = coded_clip(800, fps=Fraction(10), width=160, height=96)
    report = report_of(clip)
    page = open_page(write_html(report, tmp_path / "r.html", clip=clip))
    ready(page)
    for frame in (20, 60, 150, 153):
        assert page.evaluate(f"{PLAYER}.seek({frame})") == frame == shown(page)
    near = page.evaluate(f"{PLAYER}.seek(400)")
    assert near == shown(page) and near < 160
    page.get_by_text("Frame 400 is not stored in this file").wait_for()


def compare_page(tmp_path, *, third: bool = False):
    a = coded_clip(60, fps=Fraction(24), width=320, height=180)
    changed = coded_frames(60, width=320, height=180)
    changed[20:40, 90:] = np.clip(changed[20:40, 90:].astype(int) + 40, 0, 255)
    from evenflow.core.clip import ArraySource

    b = Clip(ArraySource(changed, Fraction(24), "b.mp4"))
    clips = [a, b]
    if third:  # the same at half the rate
        clips.append(
            Clip(ArraySource(coded_frames(60, width=320, height=180)[::2], Fraction(12), "c.mp4"))
        )
    reports = [report_of(clip, name=f"{'abc'[i]}.mp4") for i, clip in enumerate(clips)]
    return write_compare_html(reports, clips, None, tmp_path / "compare.html")


COMPARE = "document.querySelector('ef-compare-page').renderRoot.querySelector('ef-compare')"


def test_clips_are_compared_in_step(tmp_path, open_page):
    page = open_page(compare_page(tmp_path, third=True))
    ready(page)
    rows = page.evaluate(
        f"""async () => {{
          const deck = {COMPARE}, read = {READ_CODE}, out = [];
          for (const frame of [3, 30, 31, 59, 0, 44]) {{
            const frames = await deck.seek(frame);
            const codes = [...deck.renderRoot.querySelectorAll('video')].map((v) => read(v));
            out.push([frame, [...frames], codes]);
          }}
          return out;
        }}"""
    )
    for frame, frames, codes in rows:
        assert frames == [frame, frame, frame // 2]
        assert codes == [frame, frame, frame // 2 * 2]


def test_wipe_blink_and_difference(tmp_path, open_page):
    page = open_page(compare_page(tmp_path))
    ready(page)
    page.evaluate(f"{COMPARE}.seek(30)")
    page.keyboard.press("w")
    stage = page.locator("ef-compare .stack")
    box = stage.bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + 20)
    until(page, f"Math.abs({COMPARE}.wipe - 0.25) < 0.01")
    clips = "[...{}.renderRoot.querySelectorAll('.cell')].map((c) => c.style.clipPath)"
    left, right = page.evaluate(clips.format(COMPARE))
    assert left.startswith("inset(0px 7") and right.endswith("2" + right.split("2", 1)[1])
    # Left of the line is the first clip, right of it the second, brighter one.
    shot = np.asarray(png(stage.screenshot()))
    h, w = shot.shape[:2]
    first, second = (
        page.evaluate(
            f"""(x) => {{ const v = {COMPARE}.renderRoot.querySelectorAll('video')[x];
            const c = document.createElement('canvas'); c.width = 320; c.height = 180;
            const p = c.getContext('2d'); p.drawImage(v, 0, 0, 320, 180);
            return [32, 224].map((a) => [...p.getImageData(a, 128, 1, 1).data]); }}""",
            i,
        )
        for i in (0, 1)
    )
    seen = [shot[int(128 / 180 * h), int(x / 320 * w), :3] for x in (32, 224)]
    for side, own, other in ((0, first, second), (1, second, first)):
        mine, far = (np.abs(seen[side] - np.array(x[side][:3])).mean() for x in (own, other))
        assert mine <= 8 and far >= 20

    page.keyboard.press("x")  # blink: the other one
    front = page.evaluate(f"{COMPARE}.front")
    hidden = (
        "[...{}.renderRoot.querySelectorAll('.cell')].map((c) => getComputedStyle(c).visibility)"
    )
    assert page.evaluate(hidden.format(COMPARE))[front] == "visible"
    page.keyboard.press("x")
    until(page, f"{COMPARE}.front === {1 - front}")
    seen_now = page.evaluate(hidden.format(COMPARE))
    assert seen_now[1 - front] == "visible" and seen_now[front] == "hidden"

    page.keyboard.press("d")
    until(page, f"{COMPARE}.spread !== null")
    inside = page.evaluate(f"{COMPARE}.spread")
    assert 12 <= inside <= 24  # 40 gray levels in half of the picture, less what is clipped
    page.locator("ef-compare select").select_option("16")
    page.evaluate(f"{COMPARE}.seek(10)")
    until(page, f"{COMPARE}.spread < 1.5")


def png(data: bytes):
    import io

    from PIL import Image

    return Image.open(io.BytesIO(data)).convert("RGB")


def test_compared_clips_play_in_step(tmp_path, open_page):
    page = open_page(compare_page(tmp_path))
    ready(page)
    page.keyboard.press("Space")
    apart = page.evaluate(
        f"""async () => {{
          const deck = {COMPARE}, apart = [];
          for (let i = 0; i < 20; i++) {{
            await new Promise((done) => setTimeout(done, 60));
            apart.push(Math.abs(deck.frames[0] - deck.frames[1]));
          }}
          return apart;
        }}"""
    )
    assert np.median(apart) <= 3
    page.evaluate(f"{COMPARE}.seek(25)")
    until(page, f"{COMPARE}.frames.every((f) => f === 25)")


def test_axe_finds_nothing_serious_on_the_other_pages(tmp_path, open_page, axe):
    clip = coded_clip(24, width=160, height=96)
    other = coded_clip(24, width=160, height=96)
    votes = write_votes_html([clip, other], tmp_path / "votes.html")
    for path in (compare_page(tmp_path), votes):
        page = open_page(path)
        until(page, "document.querySelector('[data-from]').ready === true")
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        serious = [
            (one["id"], one["nodes"][0]["html"][:200])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert not serious


def test_what_compare_says_stands_beside_its_clips(tmp_path, open_page, axe):
    from evenflow.continuity.comparison import compared

    clips = [coded_clip(NUM, width=160, height=96, name=f"{x}.mp4") for x in "ab"]
    reports = [report_of(clip, name=clip.info.name) for clip in clips]
    reports[0] = dataclasses.replace(reports[0], findings=(), score=100.0)
    said = compared(reports)
    pair = said.pairs[0]
    page = open_page(write_compare_html(reports, clips, said, tmp_path / "c.html"))
    ready(page)
    words = {None: "A and B:", "tie": "A and B are a tie", "A": "A is better"}[pair.better]
    assert page.locator("ul.verdict").inner_text().startswith(words)
    first = pair.where[0]
    assert first.better == "A"
    page.locator("ul.where button").first.click()
    until(page, f"{COMPARE}.frames[1] === {first.start_frame}")
    rows = page.locator("ef-compare-page tbody tr").all_inner_texts()
    assert any(row.startswith("Severity") for row in rows)
    page.get_by_role("button", name="Show all").first.click()
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert not [one["id"] for one in found if one["impact"] in ("serious", "critical")]


def test_blind_votes_are_random_and_saved_by_name(tmp_path, open_page):
    clips = [coded_clip(12, width=160, height=96, name=f"{x}.mp4") for x in "abcd"]
    path = write_votes_html(clips, tmp_path / "votes.html", prompts="a ball rolls")
    text = path.read_text(encoding="utf-8")
    assert text.count('type="text/plain"') == 4  # each clip is in it once
    page = open_page(path)
    until(page, "document.querySelector('ef-votes').ready === true")
    assert "a.mp4" not in page.locator("ef-votes").inner_text()  # blind
    element = "document.querySelector('ef-votes')"
    order = page.evaluate(f"{element}.order")
    assert sorted(place["pair"] for place in order) == list(range(6))
    for i, key in enumerate(["ArrowLeft", "2", "0", "1", "ArrowDown", "u", "ArrowRight"]):
        page.keyboard.press(key)
        until(page, f"{element}.votes.length === {i + 1 if i < 5 else [4, 5][i - 5]}")
    page.get_by_role("button", name="Left is better").click()
    page.get_by_label("Your name").fill("Ada L.")
    with page.expect_download() as download:
        page.get_by_role("button", name="Save votes.json").click()
    assert download.value.suggested_filename == "votes_Ada_L_.json"
    saved = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert saved["schema"] == "evenflow.votes/1" and saved["voter"] == "Ada L."
    assert [vote["winner"] for vote in saved["votes"]] == [
        "left", "right", "tie", "left", "right", "left",
    ]  # fmt: skip
    pairs = {frozenset((vote["left"], vote["right"])) for vote in saved["votes"]}
    assert len(pairs) == 6 and saved["votes"][0]["prompt"] == "a ball rolls"
    # Another voter gets another order or other sides.
    orders = set()
    for _ in range(4):
        other = open_page(path)
        until(other, f"{element}.order.length === 6")
        orders.add(json.dumps(other.evaluate(f"{element}.order")))
    assert len(orders) > 1


def test_several_clips_share_a_page(tmp_path, open_page, axe):
    from evenflow.reports import Unchecked

    clips = [coded_clip(24, width=160, height=96, name=f"{x}.mp4") for x in "ab"]
    entries = [
        report_of(clips[0], name="a.mp4"),
        Unchecked("x/bad.mp4", "bad.mp4 is empty"),
        report_of(clips[1], name="b.mp4"),
    ]
    page = open_page(write_html(entries, tmp_path / "r.html", clip=[clips[0], None, clips[1]]))
    page.get_by_text("bad.mp4 is empty").wait_for()
    page.evaluate(axe)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    assert not [one["id"] for one in found if one["impact"] in ("serious", "critical")]
    page.get_by_role("button", name="b.mp4").click()
    until(
        page,
        "document.querySelector('ef-report-set').renderRoot"
        ".querySelector('ef-report h1, ef-report').data.report.clip.path === 'b.mp4'",
    )
