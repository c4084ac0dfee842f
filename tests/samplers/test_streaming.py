"""Block by block with a cache is the joint run with a level for every frame."""

import pytest

torch = pytest.importorskip("torch")

from evenflow.backbones.dit import DiT, DiTConfig  # noqa: E402
from evenflow.core.contracts import AttentionSpec  # noqa: E402
from evenflow.guidance import classifier_free  # noqa: E402
from evenflow.layers import masks, remember  # noqa: E402
from evenflow.noise import independent  # noqa: E402
from evenflow.process import FLOW, predictor  # noqa: E402
from evenflow.samplers import SAMPLERS, consistency, stream  # noqa: E402
from evenflow.schedules import SCHEDULES, shifted  # noqa: E402

CONFIG = DiTConfig(
    channels=3, width=24, layers=3, heads=2, axes=(4, 4, 4), vocabulary=20, text_width=16,
    registers=2, actions=5, camera=0,
)  # fmt: skip
BLOCK, FRAMES, SEEDS = 2, 7, [3, 4]
LOUD = torch.tensor([1.0, 0.5])


@pytest.fixture(scope="module")
def net():
    torch.manual_seed(0)
    made = DiT(CONFIG)
    for part in made.parameters():
        if part.abs().max() == 0:
            torch.nn.init.normal_(part, std=0.2)
    return made.eval()


def told():
    g = torch.Generator().manual_seed(5)
    return {
        "text": torch.randint(2, 20, (2, 4), generator=g),
        "actions": torch.randn(2, FRAMES, 5, generator=g),
    }


def part(a, b):
    cond = told()
    return {**cond, "actions": cond["actions"][:, a:b]}


def with_spec(net, spec):
    return predictor(lambda x, level, cond, state: net(x, level, cond, state, spec=spec), FLOW)


@torch.no_grad()
@pytest.mark.parametrize("sampler", ["euler", "heun", "dpmpp_2m"])
@pytest.mark.parametrize("num_given", [0, 2])
def test_a_stream_is_the_joint_run(net, sampler, num_given):
    noise = independent(SEEDS, (3, FRAMES, 4, 4))
    given = torch.randn(2, 3, num_given, 4, 4, generator=torch.Generator().manual_seed(1))
    levels = shifted(5)
    joint = with_spec(net, AttentionSpec(mask=masks.block_causal(BLOCK)))
    matrix = SCHEDULES["autoregressive"](levels, num_frames=FRAMES - num_given, block=BLOCK)
    matrix = torch.cat([torch.zeros(len(matrix), num_given), matrix], dim=1)
    x = torch.cat([given, noise[:, :, num_given:]], dim=2)
    whole = SAMPLERS[sampler](classifier_free(2.0)(joint), x, matrix, cond=told())

    cached = with_spec(
        net, AttentionSpec(masks.block_causal(BLOCK), remember=remember.everything())
    )
    parts = noise[:, :, num_given:].split(BLOCK, dim=2)
    made = stream(
        SAMPLERS[sampler],
        classifier_free(2.0)(cached),
        parts,
        levels,
        conds=part,
        given=given if num_given else None,
    )
    streamed = torch.cat(list(made), dim=2)
    assert streamed.shape[2] == FRAMES - num_given
    assert (streamed - whole[:, :, num_given:]).abs().max() < 1e-5


@torch.no_grad()
def test_blocks_come_one_by_one_and_nothing_is_computed_ahead(net):
    calls = []

    def counted(x, level, cond, state):
        calls.append(x.shape[2])
        return torch.zeros_like(x), (state or 0) + 1

    blocks = stream(
        SAMPLERS["euler"],
        counted,
        independent([1], (3, 6, 4, 4)).split(BLOCK, dim=2),
        shifted(4),
    )
    next(blocks)
    assert len(calls) == 4 + 1
    next(blocks)
    assert len(calls) == 2 * (4 + 1)


def test_levels_must_end_clean():
    with pytest.raises(ValueError, match="fall to 0"):
        next(stream(SAMPLERS["euler"], lambda x, level, cond, state: (x, state), [], LOUD))


def test_a_student_says_the_end_and_every_block_has_noise_of_its_own():
    def says(x, level, cond, state):
        shown.append((x.clone(), float(level[0, 0])))
        return torch.full_like(x, 7.0), state

    shown = []
    levels = torch.tensor([1.0, 0.5, 0.0])
    noise = [torch.zeros(1, 1, 2, 2, 2)] * 2
    made = list(stream(consistency, says, noise, levels, seeds=[3]))
    assert all(torch.equal(one, torch.full_like(one, 7.0)) for one in made)
    halves = [x for x, level in shown if level == 0.5]
    assert len(halves) == 2 and not torch.equal(*halves)
    fresh = torch.stack([(x - 3.5) / 0.5 for x in halves])
    assert 0.3 < float(fresh.std()) < 2
    with pytest.raises(ValueError, match="pass seeds="):
        list(stream(consistency, says, noise, levels))
