"""Prompts and references: clauses, directions from the measured motion, and what a judge says."""

import shutil
import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import tiny_weights
from PIL import Image

from evenflow.continuity import check, inject, semantics
from evenflow.continuity.clauses import MAX_CLAUSES, MAX_PROMPT, Direction, clauses, directions
from evenflow.continuity.directions import STEADY_DEG, grade
from evenflow.continuity.samples import MOST, SHORT_SIDE, Album
from evenflow.continuity.semantics import MOVES, Known, Question, severity
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BackendMissing, BadInput, UnreadableVideo

from . import drawn

# Clauses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the camera pans slowly to the right", [("camera", "x", 1)]),
        ("Panning left", [("camera", "x", -1)]),
        ("the camera tilts up, then pans left", [("camera", "y", -1), ("camera", "x", -1)]),
        ("the camera zooms in and then zooms out", [("camera", "zoom", 1), ("camera", "zoom", -1)]),
        ("dolly out", [("camera", "zoom", -1)]),
        ("the camera pushes in", [("camera", "zoom", 1)]),
        ("the camera moves forward", [("camera", "zoom", 1)]),
        ("drone shot flying forward", [("camera", "zoom", 1)]),
        ("the camera trucks left", [("camera", "x", -1)]),
        ("the camera moves down", [("camera", "y", 1)]),
        ("static shot", [("camera", "still", 0)]),
        ("the camera does not move", [("camera", "still", 0)]),
        ("a car drives to the left", [("own", "x", -1)]),
        ("a truck moves right", [("own", "x", 1)]),
        ("birds fly across the sky from left to right", [("own", "x", 1)]),
        ("a leaf falls down", [("own", "y", 1)]),
        ("a balloon floats upwards", [("own", "y", -1)]),
        ("a stone falls from top to bottom", [("own", "y", 1)]),
        ("the camera moves to the left and up", [("camera", "x", -1), ("camera", "y", -1)]),
        ("the background moves to the right", [("camera", "x", -1)]),
    ],
)
def test_directions_are_read(text, expected):
    assert [(d.who, d.axis, d.sign) for d in directions(text)] == expected


@pytest.mark.parametrize(
    "text",
    [
        "a frying pan on the left side of the stove",
        "a lamp to the left of the bed",
        "he raises his left hand",
        "she turns left",
        "the man looks right",
        "the camera never pans left",
        "a car moves to the left of the house",
        "a truck on the right",
        "he runs up the stairs quickly to open the door",
        "the zoo is open",
        "",
    ],
)
def test_places_hands_and_negations_are_no_directions(text):
    found = directions(text)
    assert [d for d in found if d.axis != "y"] == []  # "runs up" is one


def test_content_and_action_are_parted():
    made = clauses("A man in a blue jacket walks two dogs along the beach at sunset. 4k, cinematic")
    assert [c.about for c in made] == ["what", "color", "who", "place", "time", "action"]
    by = {c.about: c for c in made}
    assert by["what"].claim == "a photo of a man in a blue jacket"
    assert "a photo of a man in a red jacket" in by["color"].others
    assert by["who"].others == ("a photo of a woman in a blue jacket",)
    assert by["place"].claim == "a photo of a beach" and "a photo of a forest" in by["place"].others
    assert "a photo taken at night" in by["time"].others
    assert by["action"].direction is None


def test_alternatives_are_nothing_that_the_prompt_says_too():
    made = clauses("a red car beside a blue car, a dog and a cat in a park near a forest")
    for clause in made:
        for other in clause.others:
            assert "blue car beside" not in other and "a photo of a cat and a cat" not in other
    colors = [c for c in made if c.about == "color"]
    assert all("a blue car beside a blue car" not in " ".join(c.others) for c in colors)
    assert not any("forest" in o or "park" in o for c in made if c.about == "place"
                   for o in c.others)  # fmt: skip


@pytest.mark.parametrize("text", ["an orange on a table", "a black and white film", "orange juice"])
def test_some_color_words_are_none(text):
    assert "color" not in [c.about for c in clauses(text)]


def test_articles_follow_the_swapped_word():
    [color] = [c for c in clauses("a red ball") if c.about == "color"]
    assert "a photo of an orange ball" in color.others


def test_a_camera_clause_is_about_its_subject_too():
    made = clauses("dolly in on an old lighthouse")
    assert [c.claim for c in made if c.about == "what"] == ["a photo of an old lighthouse"]


def test_a_prompt_has_bounds():
    with pytest.raises(BadInput, match="empty"):
        clauses(" \n ?!")
    with pytest.raises(BadInput, match=str(MAX_PROMPT)):
        clauses("a" * (MAX_PROMPT + 1))
    long = ". ".join(f"a thing of kind {i}" for i in range(50))
    asked = semantics.question(prompt=long)
    assert len(asked.clauses) == MAX_CLAUSES and "left out" in asked.warnings[0]


@pytest.mark.parametrize(
    "text", ["a?!", "4k", "木の下の犬", "\x00\x1b[2J", "(a" * 500, "a " * 1500]
)
def test_any_text_is_taken(text):
    clauses(text)


def mismatches(report):
    return [f for f in report.findings if f.kind in semantics.KINDS_ASKED]


# Directions ---------------------------------------------------------------------------------------

MOTIONS = {
    "pan right": {"camera": (2.0, 0.0)},
    "pan left": {"camera": (-2.0, 0.0)},
    "tilt up": {"camera": (0.0, -2.0)},
    "tilt down": {"camera": (0.0, 2.0)},
    "zoom in": {"zoom": 0.006},
    "zoom out": {"zoom": -0.006},
    "moves right": {"own": (3.0, 0.0)},
    "moves up": {"own": (0.0, -2.0)},
    "followed to the right": {"camera": (2.5, 0.0), "own": (0.01, 0.0)},
    "still": {},
}


@pytest.fixture(scope="module")
def measured():
    """The signals of motion of every clip in MOTIONS."""
    made = {}
    for name, options in MOTIONS.items():
        report = check(drawn.moving(**options))
        nothing = np.full(report.clip["frames"], np.nan)
        series = {n: report.signals[n].series for n in MOVES}
        made[name] = {n: nothing if s is None else s.astype(float) for n, s in series.items()}
    return made


def graded(series, prompt):
    [one] = grade(clauses(prompt), series, fps=24.0, size=drawn.SIZE)
    return one


@pytest.mark.parametrize(
    ("motion", "holds", "fails"),
    [
        ("pan right", "the camera pans right", "the camera pans left"),
        ("pan left", "the camera pans left", "the camera pans right"),
        ("tilt up", "the camera tilts up", "the camera tilts down"),
        ("tilt down", "the camera tilts down", "the camera tilts up"),
        ("zoom in", "the camera zooms in", "the camera pulls back"),
        ("zoom out", "zoom out", "zoom in"),
        ("moves right", "a box moves right", "a box moves left"),
        ("moves up", "a box floats up", "a box falls down"),
        ("followed to the right", "a box moves right", "a box moves to the left"),
        ("followed to the right", "the camera tracks right", "static camera"),
        ("still", "static camera", "the camera pans left"),
        ("moves right", "the camera stays still", "the camera tilts up"),
    ],
)
def test_a_direction_holds_or_goes_the_other_way(measured, motion, holds, fails):
    assert graded(measured[motion], holds).holds is True
    wrong = graded(measured[motion], fails)
    assert wrong.holds is False and wrong.severity >= 3.0
    assert wrong.start <= 2 and wrong.end >= 29 and wrong.start <= wrong.peak < wrong.end


def test_what_stands_still_is_not_said_to_move(measured):
    assert graded(measured["still"], "a box moves right").holds is None


def test_a_sequence_of_directions_is_an_order():
    path = np.concatenate([np.arange(20), 19 - np.arange(20)])[:, None] * [[2.5, 0.0]]
    report = check(drawn.along(path, np.zeros(40)))
    series = {n: np.nan_to_num(report.signals[n].series) for n in ("camera_x", "camera_y")}
    series |= {n: np.zeros(40) for n in ("camera_zoom", "own_x", "own_y")}
    assert graded(series, "the camera pans right, then pans left").holds is True
    assert graded(series, "the camera pans left, then pans right").holds is False
    assert graded(series, "the camera pans left").holds is None  # half of it does


def test_a_hand_that_trembles_is_a_still_camera():
    rng = np.random.default_rng(3)
    series = {n: np.zeros(96) for n in MOVES}
    series["camera_x"] = np.diff(rng.normal(0, 1.0, 97))
    assert graded(series, "static camera").holds is True
    series["camera_x"] += 2.0 * STEADY_DEG / 18 * 180 / 96
    assert graded(series, "static camera").holds is False


def test_a_large_thing_is_not_taken_for_the_camera(measured):
    series = {n: np.zeros(32) for n in MOVES}
    series["camera_x"] = series["own_x"] = np.full(32, 3.0)  # the camera was read off the thing
    assert graded(series, "the camera pans right").holds is None


def test_severity_of_a_direction_grows_with_the_way(measured):
    series = dict(measured["pan right"])
    sizes = []
    for scale in (0.5, 1.0, 2.0):
        series["camera_x"] = measured["pan right"]["camera_x"] * scale
        sizes.append(graded(series, "pan left").severity)
    assert sizes == sorted(sizes) and sizes[0] < sizes[2] <= 10.0


def test_a_wrong_direction_is_one_finding_in_the_report():
    clip = drawn.moving(camera=(2.0, 0.0), own=(-3.0, 0.0))
    right = check(clip, prompt="The camera pans right. A box moves left.")
    assert mismatches(right) == [] and "action_mismatch" not in right.not_assessable
    wrong = check(clip, prompt="The camera pans left. A box moves right.")
    [finding] = mismatches(wrong)
    assert finding.kind == "action_mismatch" and not finding.repairable
    assert finding.severity_jnd >= 3 and finding.confidence > 0.5
    assert set(finding.evidence["clauses"]) == {"The camera pans left", "A box moves right"}
    assert wrong.score <= right.score


def test_moved_photographs_agree_with_what_moved_them(photo, photo_report):
    """A legal control: no direction that the prompt gets right is reported."""
    dx = float(np.nansum(photo_report.signals["camera_x"].series))
    way = "left" if dx > 0 else "right"  # the picture shifts against the camera
    report = check(photo, prompt=f"a cup of coffee, the camera moves {way}")
    assert mismatches(report) == []


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_planted_against_the_prompt_is_found_and_the_clean_twin_is_not(photo, seed):
    """The prompt says how the picture moved before it was mirrored or played backwards."""
    planted, truth = inject(photo, "action_mismatch", strength=5, at="0f..48f", seed=seed)
    prompt = truth.parameters["was"]
    assert mismatches(check(photo, prompt=prompt)) == []
    found = mismatches(check(planted, prompt=prompt))
    assert [f.kind for f in found] == ["action_mismatch"]
    assert found[0].span.time_iou(truth) > 0.7


# Reasons ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "semantic", "action"),
    [
        ({}, "no --prompt or --reference given", "no --prompt given"),
        ({"prompt": "a dog"}, "needs --judge", "says nothing of motion"),
        ({"prompt": "a dog barks"}, "needs --judge", "only directions can be measured"),
        ({"prompt": "a box moves right"}, "needs --judge", "neither agrees"),
        ({"prompt": "pan left"}, "says nothing of content", None),
    ],
)
def test_what_cannot_be_told_has_its_reason(options, semantic, action):
    report = check(drawn.moving(num_frames=30), **options)
    assert semantic in report.not_assessable["semantic_mismatch"]
    if action is None:
        assert "action_mismatch" not in report.not_assessable
    else:
        assert action in report.not_assessable["action_mismatch"]
    assert report.signals["prompt_match"].summary is None
    assert report.signals["prompt_match"].reason


def test_a_reference_without_a_judge_is_no_finding(tmp_path):
    Image.new("RGB", (40, 30), (255, 0, 0)).save(tmp_path / "r.png")
    report = check(drawn.plain([(0, 0, 255)]), references=tmp_path / "r.png")
    assert "needs --judge" in report.not_assessable["semantic_mismatch"]
    assert mismatches(report) == []


def test_what_could_not_be_measured_beside_what_could_is_a_warning():
    report = check(drawn.moving(camera=(2.0, 0.0)), prompt="a dog barks. The camera pans right")
    assert "action_mismatch" not in report.not_assessable
    assert any("a dog barks" in warning for warning in report.warnings)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"prompt": ""}, BadInput, "empty"),
        ({"references": ["no.png"]}, UnreadableVideo, "no.png"),
        ({"references": ["a.png"] * 9}, BadInput, "at most 8"),
        ({"judge": "no-such-folder"}, BackendMissing, "not a folder"),
        ({"judge": "ftp://host/v1"}, BadInput, "'ftp'"),
        ({"judge": "http://"}, BadInput, "address"),
        ({"judge": "https://me:secret@host/v1"}, BadInput, "name or password"),
        ({"judge": "https://host/v1", "offline": True}, BadInput, "--offline"),
        ({"features": "no-such-folder"}, BackendMissing, "not a folder"),
    ],
)
def test_a_wrong_question_is_told_before_the_work_starts(options, error, says):
    seen = []
    with pytest.raises(error, match=says) as told:
        check(drawn.moving(num_frames=4), progress=seen.append, **options)
    assert not seen and "secret" not in str(told.value) and "\n" not in str(told.value)


# Samples ------------------------------------------------------------------------------------------


def through(clip, album):
    for frame in album.watch(clip.stream()):
        frame.pixels()
    return album.samples()


def test_a_sample_every_half_second():
    clip = drawn.plain([(200, 200, 200)], num_frames=50, fps=24)
    samples = through(clip, Album())
    assert [s.index for s in samples] == [0, 12, 24, 36, 48]
    assert samples[1].time_s == 0.5
    assert samples[0].rgb.shape == (96, 128, 3)


def test_samples_are_bounded_and_even_in_a_long_clip():
    frames = np.zeros((2000, 8, 8, 3), np.uint8)
    samples = through(Clip(ArraySource(frames, Fraction(10))), Album(with_next=True))
    assert MOST // 2 <= len(samples) <= MOST
    assert len({b.index - a.index for a, b in zip(samples, samples[1:], strict=False)}) == 1
    assert all(s.behind is not None for s in samples[:-1])


def test_samples_are_small_whatever_the_source():
    for shape, kind in (((720, 1280, 3), np.uint8), ((1280, 720, 4), np.uint16), ((50, 70, 1),
                        np.uint8)):  # fmt: skip
        frames = np.full((1, *shape), 7 * 257 if kind == np.uint16 else 7, kind)
        [sample] = through(Clip(ArraySource(frames)), Album())
        assert min(sample.rgb.shape[:2]) <= SHORT_SIDE and sample.rgb.shape[2] == 3
        assert sample.rgb.dtype == np.uint8
        frames[:] = 0
        assert sample.rgb.any()  # its own memory


# A judge that knows colors ------------------------------------------------------------------------

HUES = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1)}


class ColorJudge:
    """Pictures and texts as unit vectors of their color: a CLIP that is never wrong."""

    name, digest, scale = "clip", "0" * 64, 100.0

    def embed(self, frames):
        mean = frames.reshape(len(frames), -1, 3).astype(np.float32).mean(axis=1) + 1e-3
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def embed_text(self, texts):
        rows = [sum((np.float32(v) for k, v in HUES.items() if k in t), np.float32([0.6] * 3))
                for t in texts]  # fmt: skip
        return np.stack([row / np.linalg.norm(row) for row in rows])


def judged(clip, prompt=None, references=()):
    asked = Question(prompt, clauses(prompt) if prompt else (), references, ColorJudge())
    samples = through(clip, asked.album())
    count = clip.info.num_frames
    still = {n: np.full(count, np.nan) for n in MOVES}
    fps = float(clip.info.fps)
    known = Known(0, np.arange(count) / fps, fps, (128, 96), still)
    return asked.answer(samples, known)


RED, BLUE = (255, 10, 10), (10, 10, 255)


def test_the_right_color_holds_and_the_wrong_one_fails():
    reply = judged(drawn.plain([RED]), "a red wall")
    assert reply.findings == () and "semantic_mismatch" not in reply.missing
    assert np.nanmin(reply.series["prompt_match"]) > 0.9
    reply = judged(drawn.plain([BLUE]), "a red wall")
    [finding] = reply.findings
    assert finding.kind == "semantic_mismatch"
    assert (finding.span.start_frame, finding.span.end_frame) == (0, 36)
    assert finding.severity_jnd >= 3 and "more likely a blue wall" in finding.explanation
    assert np.nanmax(reply.series["prompt_match"]) < 0.1


def test_the_frames_that_fail_are_the_span():
    reply = judged(drawn.plain([RED, BLUE], num_frames=96), "a red wall")
    [finding] = reply.findings
    assert (finding.span.start_frame, finding.span.end_frame) == (48, 96)
    assert finding.start_s == pytest.approx(2.0) and finding.end_s == pytest.approx(4.0)
    match = reply.series["prompt_match"]
    assert np.isfinite(match[::12]).all() and np.isnan(match[1:12]).all()


def test_half_a_second_of_something_else_is_no_mismatch():
    colors = [RED] * 3 + [BLUE] + [RED] * 4
    assert judged(drawn.plain(colors, num_frames=96), "a red wall").findings == ()


def test_references_are_compared():
    red, blue = (np.full((60, 60, 3), c, np.uint8) for c in (RED, BLUE))
    assert judged(drawn.plain([RED]), references=(red,)).findings == ()
    assert judged(drawn.plain([RED]), references=(blue, red)).findings == ()  # one is enough
    [finding] = judged(drawn.plain([RED]), references=(blue,)).findings
    assert finding.evidence["clauses"] == ["the reference"]
    missing = judged(drawn.plain([RED]), references=(blue,)).missing
    assert missing == {"action_mismatch": "no --prompt given"}


def test_severity_is_a_falling_function_of_the_probability():
    sizes = [severity(p) for p in np.linspace(0, 1, 101)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == 10.0 and sizes[50] == pytest.approx(0.0) and sizes[-1] == 0.0


def test_a_feature_alone_measures_and_finds_nothing():
    asked = Question("a red wall", clauses("a red wall"), (), None, {"clip": ColorJudge()})
    clip = drawn.plain([BLUE])
    known = Known(0, np.arange(36) / 24, 24.0, (128, 96), {n: np.zeros(36) for n in MOVES})
    reply = asked.answer(through(clip, asked.album()), known)
    assert reply.findings == () and np.nanmax(reply.series["prompt_match"]) < 0.1
    assert "needs --judge" in reply.missing["semantic_mismatch"]


# A tiny CLIP from a folder ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory):
    return tiny_weights.clip(tmp_path_factory.mktemp("judge") / "my-clip")


def test_a_clip_folder_judges_content(clip_folder, tmp_path):
    clip = drawn.plain([RED])
    Image.fromarray(clip.frames(0, 1)[0]).save(tmp_path / "r.png")
    report = check(
        clip, prompt="a red wall in a kitchen", references=[tmp_path / "r.png"], judge=clip_folder
    )
    match = report.signals["prompt_match"]
    assert 0.0 < match.summary < 1.0
    assert np.isfinite(match.series[[0, 12, 24]]).all() and np.isnan(match.series[1:12]).all()
    assert "semantic_mismatch" not in report.not_assessable
    assert report.to_json()["signals"]["prompt_match"]["unit"] == "share"


def test_the_digest_knows_the_question_and_no_path(clip_folder, tmp_path):
    clip = drawn.plain([RED], num_frames=10)
    Image.new("RGB", (40, 30), RED).save(tmp_path / "r.png")
    Image.new("RGB", (40, 30), BLUE).save(tmp_path / "b.png")
    moved = tmp_path / "elsewhere" / "clip"
    shutil.copytree(clip_folder, moved)
    shutil.copy(tmp_path / "r.png", tmp_path / "same.png")

    def digest(**options):
        return check(clip, **options).digest

    plain = digest()
    base = {"prompt": "a red wall", "references": [tmp_path / "r.png"], "judge": clip_folder}
    whole = digest(**base)
    assert len({plain, whole, digest(prompt="a red wall"), digest(**base | {"prompt": "a wall"}),
                digest(**base | {"references": [tmp_path / "b.png"]})}) == 5  # fmt: skip
    assert whole == digest(**base | {"judge": moved.parent})
    assert whole == digest(**base | {"references": [tmp_path / "same.png"]})
    assert whole == digest(**base, workers=1)


def test_the_number_of_workers_changes_nothing(clip_folder):
    clip = drawn.plain([RED, BLUE], num_frames=48)
    one = check(clip, prompt="a red wall", judge=clip_folder, workers=1)
    assert one.dumps() == check(clip, prompt="a red wall", judge=clip_folder, workers=5).dumps()


def test_a_range_keeps_the_clip_s_own_frame_numbers(clip_folder, monkeypatch):
    monkeypatch.setattr(semantics, "_judge", lambda judge, offline: ColorJudge())
    clip = drawn.plain([BLUE], num_frames=72)
    report = check(clip, prompt="a red wall", judge="x", span="1s..3s")
    [finding] = [f for f in report.findings if f.kind == "semantic_mismatch"]
    assert (finding.span.start_frame, finding.span.end_frame) == (24, 72)
    assert (finding.start_s, finding.end_s) == (pytest.approx(1.0), pytest.approx(3.0))


def test_a_question_without_a_model_loads_no_torch(tmp_path):
    code = (
        "import sys, numpy as np, evenflow as ef\n"
        "clip = ef.Clip(ef.ArraySource(np.zeros((9, 96, 128, 3), np.uint8)))\n"
        "report = ef.check(clip, prompt='a red ball, the camera pans left')\n"
        "heavy = {'torch', 'transformers', 'safetensors'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_direction_is_a_value():
    assert replace(Direction("own", "x", 1), sign=-1) == directions("a car goes left")[0]
