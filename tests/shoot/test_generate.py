"""Clips of a prompt: equal bytes for equal seeds, ranks by a rule that can be read."""

import re
from pathlib import Path

import numpy as np
import pytest
from tiny_generator import SAYS

import evenflow as ef
from evenflow.core.clip import ArraySource, Clip
from evenflow.core.errors import BackendMissing, BadInput, Cancelled
from evenflow.shoot import Rank, generate, ranked, takes
from evenflow.shoot import ranking as rules

generate_of = generate.generate


@pytest.fixture
def measured(monkeypatch):
    """Clips whose share and score stand in their first two pixels; 255 is what nobody can say."""

    def measure(clip, caption, preset, cancel):
        shown, score = (int(v) for v in clip.frames(0, 1)[0, 0, 0, :2])
        share = None if shown == 255 or not caption else shown / 100
        return Rank(share, "", None if score == 255 else float(score))

    monkeypatch.setattr(rules, "_measured", measure)


def clip_of(shown, score):
    return Clip(ArraySource(np.full((1, 32, 32, 3), (shown, score, 0), np.uint8)))


def order(*pairs, caption="a ball rolls"):
    return [i for i, _ in ranked([clip_of(*pair) for pair in pairs], caption)]


def test_what_is_shown_and_what_holds_together_both_count(measured):
    assert order((100, 50), (100, 90), (0, 100), (50, 100)) == [1, 0, 3, 2]


def test_ties_keep_the_order_of_seeds(measured):
    assert order((50, 80), (100, 40), (50, 80)) == [0, 1, 2]


def test_what_cannot_be_measured_is_as_the_median(measured):
    assert order((255, 60), (0, 90), (50, 90), (100, 90)) == [3, 2, 0, 1]
    assert order((255, 10), (255, 30), (255, 20)) == [1, 2, 0]  # by the score alone
    assert order((10, 255), (30, 255)) == [1, 0]
    assert order((255, 255), (255, 255)) == [0, 1]


def test_without_a_caption_steadiness_alone_counts(measured):
    assert order((0, 90), (100, 10), caption="") == [0, 1]


def test_a_clip_of_the_world_is_shown_and_another_is_not():
    from evenflow.world.clip import sample

    caption = "A red ball rolls to the left; the camera stays still."
    right = sample(caption, preset="lab", frames=25, size=(64, 64))
    wrong = sample(
        "a blue cube slides to the right; the camera stays still",
        preset="lab", frames=25, size=(64, 64),
    )  # fmt: skip
    clips = [one[0] if isinstance(one, tuple) else one for one in (wrong, right)]
    rows = ranked(clips, caption)
    assert [i for i, _ in rows] == [1, 0]
    best, worst = (rank for _, rank in rows)
    assert best.missing == () and worst.missing
    assert worst.shown is not None and best.shown is not None and worst.shown < best.shown


def test_variants_have_the_bytes_of_their_seeds_alone(model, measured):
    several = takes(SAYS, model=model, seed=3, variants=3)
    assert sorted(take.seed for take in several) == [3, 4, 5]
    for take in several:
        alone = generate_of(SAYS, model=model, seed=take.seed)
        assert (alone.frames() == take.clip.frames()).all()
        assert alone.source.record == take.record
        assert take.rank is not None
    assert (several[0].clip.frames() != several[1].clip.frames()).any()


def test_the_best_of_several_is_what_generate_gives(model, measured):
    best = takes(SAYS, model=model, variants=3)[0]
    assert generate_of(SAYS, model=model, variants=3).source.record["seed"] == best.seed


def test_one_alone_is_not_measured(model, monkeypatch):
    monkeypatch.setattr(rules, "_measured", None)
    assert takes(SAYS, model=model)[0].rank is None


def test_it_is_a_verb_of_the_package(folder):
    clip = ef.generate(SAYS, model=folder, device="cpu")
    assert isinstance(clip, Clip) and len(clip) == 9
    loaded = ef.load(folder, device="cpu")
    assert (loaded.generate(SAYS).frames() == clip.frames()).all()


def test_the_code_of_the_page_runs(folder, tmp_path, monkeypatch, measured, capsys):
    from evenflow.frameworks import model as home

    page = (Path(__file__).parents[2] / "docs" / "generate.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.setattr(home, "folder_of", lambda name: folder)  # whatever it is called there
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    for block in blocks:
        exec(compile(block, "docs/generate.md", "exec"), names)
    shown = capsys.readouterr().out
    assert len(blocks) == 3 and Path("ball.mp4").is_file() and "(4, 32, 32, 3)" in shown


def test_phases_of_several_clips_are_numbered(model, measured):
    events = []
    takes(SAYS, model=model, variants=2, progress=events.append)
    phases = list(dict.fromkeys(event.phase for event in events))
    assert phases == ["1/2 sample", "1/2 decode", "2/2 sample", "2/2 decode", "rank"]


def test_cancelling_is_heard(model):
    token = ef.CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        takes(SAYS, model=model, cancel=token)


@pytest.mark.parametrize(
    ("asked", "says"),
    [({"seed": -1}, "from 0"), ({"variants": 0}, "1 to"), ({"seed": 1 << 70}, "seed")],
)
def test_numbers_that_cannot_be(model, asked, says):
    with pytest.raises(BadInput, match=says):
        takes(SAYS, model=model, **asked)


def test_without_torch_the_extra_is_named(monkeypatch):
    def missing(name):
        raise ImportError(name=name)

    monkeypatch.setattr(generate, "import_module", missing)
    with pytest.raises(BackendMissing, match=r"evenflow\[gen\]"):
        ef.load("anything")
