"""Over every stretch one step of the student goes where many steps of the teacher go."""

import pytest
import torch

from evenflow.objectives import Batch
from evenflow.objectives.progressive import progressive
from evenflow.process import spread
from evenflow.samplers import dpmpp_2m, euler
from evenflow.schedules import shifted

SPREAD = 0.5
"""Standard deviation of the data, which is white and Gaussian."""
LEVELS = torch.tensor([1.0, 0.8, 0.5, 0.0])


def posterior(x, level, cond, state):
    """What is most likely clean: the teacher."""
    s = spread(level)
    return x * (1 - s) * SPREAD**2 / width(s) ** 2, state


def width(s):
    """Standard deviation at a level."""
    return ((1 - s) ** 2 * SPREAD**2 + s**2).sqrt()


def exact(x, level, cond, state):
    """The velocity over the stretch that begins here: deviations keep their rank."""
    after = torch.zeros_like(level)
    for above, below in zip(LEVELS, LEVELS[1:], strict=False):
        after = torch.where(level == above, below, after)
    upper, lower = spread(level), spread(after)
    gone = torch.where(upper > lower, upper - lower, 1)
    return (x - x * width(lower) / width(upper)) / gone, state


def instant(x, level, cond, state):
    """The velocity at the beginning of a stretch."""
    s = spread(level)
    clean, _ = posterior(x, level, cond, state)
    return (x - clean) / torch.where(s > 0, s, 1), state


def ways(num):
    share = torch.linspace(0, 1, num + 1)
    rows = torch.lerp(LEVELS[:-1, None], LEVELS[1:, None], share)
    rows[:, -1] = LEVELS[1:]
    return rows


def clips(num=64, frames=6):
    generator = torch.Generator().manual_seed(3)
    return Batch(SPREAD * torch.randn(num, 2, frames, 4, 4, generator=generator))


def each(num, first=0):
    return [torch.Generator().manual_seed(first + i) for i in range(num)]


def loss_of(student, *, num=40, learned=3, still=0.0, batch=None, generator=None, channels=None):
    batch = batch or clips()
    return progressive(
        student,
        posterior,
        batch,
        dpmpp_2m,
        generator=generator or each(len(batch.latents)),
        ways=ways(num),
        learned=learned,
        still=still,
        channels=channels,
    )


def test_the_way_of_many_steps_is_what_is_learned():
    right = float(loss_of(exact).value)
    assert right < 1e-4
    assert right < 0.01 * float(loss_of(instant).value)
    assert float(loss_of(exact, num=2).value) > 10 * right  # what is left is the teacher's step


def test_a_teacher_of_one_step_teaches_itself():
    assert float(loss_of(instant, num=1).value) < 1e-10


def test_what_is_learned_leads_to_the_data_in_few_steps():
    noise = torch.randn(256, 2, 1, 4, 4, generator=torch.Generator().manual_seed(1))

    def clean(x, level, cond, state):
        velocity, _ = exact(x, level, cond, state)
        return x - spread(level) * velocity, state

    levels = LEVELS[:, None]
    assert float(euler(clean, noise, levels).std()) == pytest.approx(SPREAD, rel=0.02)
    assert float(euler(posterior, noise, levels).std()) < 0.9 * SPREAD
    many = shifted(400).float()[:, None]
    assert float(euler(posterior, noise, many).std()) == pytest.approx(SPREAD, rel=0.02)


def test_the_past_is_clean_and_the_steps_are_told_apart():
    seen = []

    def watching(x, level, cond, state):
        seen.append((x, level))
        return exact(x, level, cond, state)

    batch = clips(32)
    found = loss_of(watching, batch=batch)
    x, level = seen[-1]
    assert torch.equal(x[:, :, :3], batch.latents[:, :, :3])
    assert not level[:, :3].any() and (level[:, 3:] == level[:, 3:4]).all()
    assert {round(float(one), 4) for one in level[:, -1]} == {1.0, 0.8, 0.5}
    steps = [part for name, part in found.parts.items() if name.startswith("step")]
    assert [float(part.count) for part in steps] == [
        float((level[:, -1] == above).sum()) for above in LEVELS[:-1]
    ]


def test_a_picture_that_a_clip_begins_with_stays():
    seen = []

    def watching(x, level, cond, state):
        seen.append((x, level))
        return exact(x, level, cond, state)

    batch = clips(200, frames=3)
    assert float(loss_of(watching, batch=batch, still=0.4).value) < 1e-4
    x, level = seen[-1]
    first = level[:, 0] == 0
    assert 0.3 < float(first.float().mean()) < 0.5 and (level[:, 1:] > 0).all()
    assert torch.equal(x[first][:, :, 0], batch.latents[first][:, :, 0])


def test_the_loss_of_a_batch_is_the_mean_of_its_parts():
    batch = clips(6)
    whole = loss_of(instant, batch=batch, generator=each(6))
    parts = [
        loss_of(instant, batch=Batch(batch.latents[i : i + 2]), generator=each(2, i))
        for i in (0, 2, 4)
    ]
    assert float(whole.value) == pytest.approx(sum(float(p.value) for p in parts) / 3, rel=1e-5)


def test_channels_count_by_their_weights():
    def off_in_the_first(x, level, cond, state):
        said, state = exact(x, level, cond, state)
        return torch.cat([said[:, :1] + 1, said[:, 1:]], dim=1), state

    for weights, value in ((None, 0.5), (torch.tensor([3.0, 1.0]), 0.75), (torch.ones(2) * 5, 0.5)):
        found = float(loss_of(off_in_the_first, channels=weights).value)
        assert found == pytest.approx(value, rel=0.02)


def test_what_cannot_be_is_said():
    for rows in ([[1.0, 0.5]], [[1.0, 0.5], [0.4, 0.0]], [[1.0, 0.5], [0.5, 0.6]], [[0.9, 0.0]]):
        with pytest.raises(ValueError, match="from 1 to 0 without a gap"):
            progressive(
                exact,
                posterior,
                clips(2),
                dpmpp_2m,
                generator=each(2),
                ways=torch.tensor(rows),
                learned=1,
            )
    with pytest.raises(ValueError, match="learned=7 of 6"):
        loss_of(exact, learned=7)
    with pytest.raises(ValueError, match="2 channels"):
        loss_of(exact, channels=torch.ones(3))
