"""Block by block: the parts, the cache that does not grow, runs that go on, runs of training."""

import numpy as np
import pytest
import torch
from tiny_generator import SAYS
from train_runs import generator_recipe

from evenflow.core.errors import BadInput, Cancelled
from evenflow.core.events import CancelToken
from evenflow.frameworks import FRAMEWORKS, load
from evenflow.frameworks.autoregressive import blocks
from evenflow.layers.positions import after_sinks
from evenflow.process.randomness import mixed
from evenflow.schedules.levels import shifted

LEVELS = shifted(3)


def run(model, frames=3, *, method="autoregressive", net=None, **options):
    cond = {"text": model.words.encode([SAYS])}
    told = {"block": 2, "trained": 3, "levels": LEVELS, "seed": 5, **options}
    with torch.no_grad():
        return list(
            FRAMEWORKS[method](net or model.teacher.net, cond, shape=(4, frames, 4, 4), **told)
        )


class Spied:
    """The network, and how many latent frames of video every call has in sight, at which times."""

    def __init__(self, net):
        self.net, self.sight, self.times = net, [], []

    def __call__(self, x, level, cond, state=None, *, spec):
        made, after = self.net(x, level, cond, state, spec=spec)
        tokens = after.layers[0].tokens
        video = tokens.role == 0
        where = spec.positions(tokens)[0] if spec.positions else tokens.place
        self.sight.append(len(tokens.place[video, 0].unique()))
        self.times.append(float(where[video, 0].max()))
        return made, after


@pytest.mark.parametrize("begin", [0, 1, 2])
def test_blocks_cover_every_frame_once(begin):
    spans = list(blocks(begin, 11, 3))
    covered = [frame for a, b in spans for frame in range(a, b)]
    assert covered == list(range(begin, 11))
    assert all(b % 3 == 0 or b == 11 for _, b in spans)


def test_it_makes_what_validation_in_training_makes(tmp_path):
    from evenflow.dist import ALONE
    from evenflow.train.tasks.generator import GeneratorTask
    from evenflow.train.validation import Prompt

    recipe = generator_recipe(validation={"steps": 4, "guidance": 2.0})
    task = GeneratorTask(recipe, ALONE)
    for part in (task.net.told, task.net.last_told, task.net.outlet):
        torch.nn.init.normal_(part.weight, std=0.1)
    first = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    caption = "A ball rolls."
    prompts = [Prompt(caption, None, None, still, 3) for still in (None, first)]
    expected = [task.clips([prompt])[0] for prompt in prompts]
    task.save(tmp_path / "tiny")
    model = load(tmp_path / "tiny", device="cpu")
    for prompt, right in zip(prompts, expected, strict=True):
        plan = model.plan("a ball rolls", image=prompt.first, quality="full", steps=4, guidance=2.0)
        object.__setattr__(plan, "caption", caption)  # the tiny recipe learns from L1
        seed = mixed(recipe.seed, prompt.seed)
        parts = list(model.parts(plan, seed))
        made = model.clip(plan, seed, torch.cat(parts, dim=2)).frames()
        assert np.abs(made.astype(int) - right).max() <= 1


def test_a_long_clip_begins_like_a_short_one(model):
    short, long = (torch.cat(run(model, frames, trained=4), dim=2) for frames in (4, 10))
    # the short one needs no window; the long one has one that is not full yet
    assert torch.allclose(short, long[:, :, :4], atol=1e-5)


def test_what_is_in_sight_does_not_grow_and_times_stay_in_training_range(model):
    spy = Spied(model.teacher.net)
    run(model, 40, net=spy, trained=9, block=3)
    assert max(spy.sight) <= 9 and max(spy.times) <= 8
    assert max(spy.sight[-8:]) == max(spy.sight[12:20])  # flat from the first full window on


@pytest.mark.parametrize("given", [0, 1])
@pytest.mark.parametrize("guidance", [1.0, 2.5])
def test_a_run_goes_on_from_every_part_to_the_same_bits(model, given, guidance):
    first = torch.randn(1, 4, 1, 4, 4, generator=torch.Generator().manual_seed(1))
    options = {"given": first if given else None, "guidance": guidance}
    whole = run(model, 8, **options)
    for count in range(len(whole) + 1):
        begun = torch.cat(whole[:count], dim=2) if count else None
        again = run(model, 8, begun=begun, **options)
        assert torch.equal(torch.cat(again, dim=2), torch.cat(whole, dim=2))


def test_part_of_a_block_is_made_anew(model):
    whole = torch.cat(run(model, 6), dim=2)
    assert torch.equal(torch.cat(run(model, 6, begun=whole[:, :, :3]), dim=2), whole)


def test_a_picture_stays_as_it_is(model):
    first = torch.randn(1, 4, 1, 4, 4)
    for method in FRAMEWORKS:
        made = torch.cat(run(model, 3, method=method, given=first), dim=2)
        assert made.shape[2] == 3 and torch.equal(made[:, :, :1], first)


def test_full_sequence_says_how_much_it_can_make(model):
    with pytest.raises(BadInput, match="9 frames at most"):
        run(model, 4, method="full_sequence")


@pytest.mark.parametrize("method", FRAMEWORKS)
def test_seeds_and_prompts_matter_and_nothing_else_does(model, method):
    a, b, c = (torch.cat(run(model, method=method, seed=s), dim=2) for s in (5, 5, 6))
    assert torch.equal(a, b) and not torch.equal(a, c)


@pytest.mark.parametrize("method", FRAMEWORKS)
def test_cancelling_stops_before_the_next_call_of_the_network(model, method):
    token, calls = CancelToken(), []

    def net(*args, **options):
        calls.append(1)
        if len(calls) == 2:
            token.cancel()
        return model.teacher.net(*args, **options)

    with pytest.raises(Cancelled):
        run(model, 3, method=method, net=net, cancel=token)
    assert len(calls) == 2


def test_progress_counts_every_call_up_to_the_last(model):
    for method in FRAMEWORKS:
        events = []
        run(model, 3, method=method, progress=events.append)
        assert events[-1].step == events[-1].total and events[-1].phase == "sample"


def test_samplers_that_draw_noise_draw_other_noise_in_every_block(model):
    seen = []

    def net(x, level, cond, state=None, *, spec):
        made, after = model.teacher.net(x, level, cond, state, spec=spec)
        seen.append((float(level.max()), x.clone()))
        return 0 * made, after

    run(model, 4, net=net, sampler="consistency")
    second = [x for level, x in seen if abs(level - float(LEVELS[1])) < 1e-6]
    assert len(second) == 2 and not torch.equal(second[0], second[1])


def test_positions_follow_the_sinks():
    from evenflow.core.contracts import Tokens

    place = torch.tensor([[-1.0, -1, -1], [0, 0, 0], [7, 0, 1], [8, 0, 0]])
    tokens = Tokens(place, torch.tensor([1, 0, 0, 0]), torch.full((4,), -1), torch.zeros(4))
    assert after_sinks(1)(tokens)[0, :, 0].tolist() == [-1, 0, 1, 2]
    assert after_sinks(0)(tokens)[0, :, 0].tolist() == [-1, 0, 7, 8]
    assert torch.equal(after_sinks(1)(tokens)[0, :, 1:], place[:, 1:])
    with pytest.raises(ValueError):
        after_sinks(-1)
