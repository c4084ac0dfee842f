import pytest
import torch

from evenflow.backbones.dit import SIZES, DiT
from evenflow.core.contracts import AttentionSpec
from evenflow.layers import masks, remember
from evenflow.noise import independent
from evenflow.process import FLOW, predictor, spread
from evenflow.samplers import consistency, euler, stream
from evenflow.samplers.rollout import rollout

LEVELS = torch.tensor([1.0, 0.8, 0.5, 0.0])
SEEDS = [4, 9]


@pytest.fixture(scope="module")
def student():
    from dataclasses import replace

    torch.manual_seed(0)
    config = replace(SIZES["nano"], channels=4, width=24, layers=2, heads=2, axes=(4, 4, 4))
    net = DiT(replace(config, vocabulary=9, text_width=16, actions=0, camera=0))
    for part in (net.told, net.last_told, net.outlet):
        torch.nn.init.normal_(part.weight, std=0.2)
    spec = AttentionSpec(masks.block_causal(2), remember=remember.everything())

    def call(x, level, cond, state):
        return net(x, level, cond, state, spec=spec)

    return net, predictor(call, FLOW)


def told(start=0, end=0):
    return {"text": torch.tensor([[1, 2, 3], [1, 4, 0]])}


def noise():
    return independent(SEEDS, (4, 5, 4, 4))


def test_the_last_step_gives_what_the_student_makes(student):
    _, predict = student
    made = rollout(predict, noise(), LEVELS, block=2, exit_step=2, conds=told, seeds=SEEDS)
    blocks = [noise()[:, :, i : i + 2] for i in (0, 2, 4)]
    with torch.no_grad():
        whole = torch.cat(
            list(stream(consistency, predict, blocks, LEVELS, conds=told, seeds=SEEDS)), dim=2
        )
    assert torch.allclose(made, whole, atol=1e-5)
    assert made.requires_grad and not whole.requires_grad


@pytest.mark.parametrize("exit_step", [0, 1, 2])
def test_a_student_of_euler_goes_to_the_end_whatever_step_counts(student, exit_step):
    _, predict = student
    made = rollout(
        predict,
        noise(),
        LEVELS,
        block=2,
        exit_step=exit_step,
        conds=told,
        seeds=SEEDS,
        sampler="euler",
    )
    blocks = [noise()[:, :, i : i + 2] for i in (0, 2, 4)]
    with torch.no_grad():
        whole = torch.cat(list(stream(euler, predict, blocks, LEVELS, conds=told)), dim=2)
    assert torch.allclose(made, whole, atol=1e-5)
    assert made.requires_grad


def test_a_step_of_euler_moves_the_clip_by_its_length():
    velocity = torch.zeros((), requires_grad=True)

    def straight(x, level, cond, state):
        return x - spread(level) * (x - 2 + velocity), state  # its velocity is x - 2 + velocity

    gradients = []
    for step in range(3):
        made = rollout(
            straight,
            noise()[:, :, :1],
            LEVELS,
            block=1,
            exit_step=step,
            conds=told,
            seeds=SEEDS,
            sampler="euler",
        )
        (gradient,) = torch.autograd.grad(made.mean(), velocity)
        gradients.append(float(gradient))
    lengths = (LEVELS.diff()).tolist()
    assert gradients == pytest.approx(lengths, abs=1e-5)


def test_a_past_that_does_not_count_is_made_to_its_end(student):
    _, predict = student
    for sampler, other in (("euler", euler), ("consistency", consistency)):
        made = rollout(
            predict,
            noise(),
            LEVELS,
            block=2,
            exit_step=0,
            conds=told,
            seeds=SEEDS,
            sampler=sampler,
            learned=1,
        )
        blocks = [noise()[:, :, i : i + 2] for i in (0, 2)]
        with torch.no_grad():
            past = torch.cat(
                list(stream(other, predict, blocks, LEVELS, conds=told, seeds=SEEDS)), dim=2
            )
        assert torch.allclose(made[:, :, :4], past, atol=1e-5)
        graded = torch.autograd.grad(made[:, :, 4:].sum(), student[0].outlet.weight)
        assert graded[0].abs().sum() > 0


def test_only_one_call_of_every_block_carries_the_gradient(student):
    net, predict = student
    graded = []

    def watching(x, level, cond, state):
        out = predict(x, level, cond, state)
        graded.append(out[0].requires_grad)
        return out

    made = rollout(watching, noise(), LEVELS, block=2, exit_step=1, conds=told, seeds=SEEDS)
    # a step that is not learned, the one that is, and the look at the clean block: but at the end
    assert graded == [False, True, False, False, True, False, False, True]
    net.zero_grad()
    made[:, :, 4:].sum().backward()
    assert net.outlet.weight.grad is not None


def test_a_sampler_without_students():
    with pytest.raises(ValueError, match="consistency or euler, got 'heun'"):
        rollout(
            lambda x, *_: (x, None),
            noise(),
            LEVELS,
            block=2,
            exit_step=0,
            conds=told,
            seeds=SEEDS,
            sampler="heun",
        )


def test_a_step_that_there_is_not():
    with pytest.raises(ValueError, match="3 steps has no step 3"):
        rollout(
            lambda x, *_: (x, None), noise(), LEVELS, block=2, exit_step=3, conds=told, seeds=SEEDS
        )
