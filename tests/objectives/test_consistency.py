import pytest
import torch

from evenflow.objectives import Batch
from evenflow.objectives.consistency import consistency
from evenflow.process import spread
from evenflow.schedules import shifted

SPREAD = 0.5
"""Standard deviation of the data, which is white and Gaussian."""


def posterior(x, level, cond, state):
    """What is most likely clean: the guided teacher."""
    s = spread(level)
    return x * (1 - s) * SPREAD**2 / ((1 - s) ** 2 * SPREAD**2 + s**2), state


def end(x, level, cond, state):
    """Where the path through `x` ends: deviations keep their rank, so they are scaled."""
    s = spread(level)
    return x * SPREAD / ((1 - s) ** 2 * SPREAD**2 + s**2).sqrt(), state


def clips(num=64, frames=6):
    generator = torch.Generator().manual_seed(3)
    return Batch(SPREAD * torch.randn(num, 2, frames, 4, 4, generator=generator))


def each(num, first=0):
    return [torch.Generator().manual_seed(first + i) for i in range(num)]


def loss_of(student, *, grid=256, learned=3, still=0.0, batch=None, generator=None, channels=None):
    batch = batch or clips()
    return consistency(
        student,
        posterior,
        batch,
        generator=generator or each(len(batch.latents)),
        levels=shifted(grid).float(),
        learned=learned,
        still=still,
        channels=channels,
    )


def test_the_end_of_the_path_is_what_is_learned():
    right = float(loss_of(end).value)
    assert right < 0.002
    assert right < 0.3 * float(loss_of(posterior).value)
    assert float(loss_of(end, grid=16).value) > right  # what is left is the teacher's step


def test_a_student_that_can_learn_the_end_learns_it():
    grid = shifted(64).float()

    def student(x, level, cond, state):
        s = spread(level)
        return x * scale(((1 - s) * x.new_ones(()), s)), state

    weight = torch.nn.Parameter(torch.tensor(1.0))

    def scale(alpha_sigma):
        alpha, sigma = alpha_sigma
        return weight / (alpha**2 * weight**2 + sigma**2).sqrt()

    optimizer = torch.optim.Adam([weight], lr=0.02)
    for step in range(150):
        batch = clips(16)
        optimizer.zero_grad()
        consistency(
            student, posterior, batch, generator=each(16, 100 * step), levels=grid, learned=6
        ).value.backward()
        optimizer.step()
    assert float(weight.detach()) == pytest.approx(SPREAD, abs=0.08)


def test_the_past_is_clean_and_only_the_end_is_learned():
    seen = []

    def watching(x, level, cond, state):
        seen.append((x, level))
        return end(x, level, cond, state)

    batch = clips(8)
    loss_of(watching, batch=batch)
    for x, level in seen:
        assert torch.equal(x[:, :, :3], batch.latents[:, :, :3])
        assert not level[:, :3].any()
    upper = seen[-1][1][:, 3:]
    assert (upper > 0).all() and (upper == upper[:, :1]).all()


def test_some_clips_begin_with_a_picture_where_nothing_is_before():
    def share(learned):
        firsts = []

        def watching(x, level, cond, state):
            firsts.append(level)
            return end(x, level, cond, state)

        batch = clips(400, frames=3)
        loss_of(watching, batch=batch, learned=learned, still=0.4)
        level = firsts[-1]
        assert (level[:, -1] > 0).all()
        return float((level[:, -learned] == 0).float().mean())

    assert share(3) == pytest.approx(0.4, abs=0.1)
    assert share(2) == 0


def test_the_loss_of_a_batch_is_the_mean_of_its_parts():
    batch = clips(6)
    whole = loss_of(posterior, batch=batch, generator=each(6))
    parts = [
        loss_of(posterior, batch=Batch(batch.latents[i : i + 2]), generator=each(2, i))
        for i in (0, 2, 4)
    ]
    assert float(whole.value) == pytest.approx(sum(float(p.value) for p in parts) / 3, rel=1e-5)


def test_what_cannot_be_is_said():
    with pytest.raises(ValueError, match="falls from 1 to 0"):
        consistency(
            end, posterior, clips(2), generator=each(2), levels=torch.tensor([1.0, 0.5]), learned=1
        )
    with pytest.raises(ValueError, match="learned=7 of 6"):
        loss_of(end, learned=7)


def test_channels_count_by_their_weights():
    def off_in_the_first(x, level, cond, state):
        said, state = end(x, level, cond, state)
        return torch.cat([said[:, :1] * (1 + spread(level)), said[:, 1:]], dim=1), state

    plain, first, second, alike = (
        float(loss_of(off_in_the_first, channels=weights).value)
        for weights in (None, torch.tensor([3.0, 1.0]), torch.tensor([1.0, 3.0]), torch.ones(2) * 5)
    )
    assert alike == pytest.approx(plain)
    assert first > 1.1 * plain > 1.1 * 1.1 * second
    with pytest.raises(ValueError, match="2 channels"):
        loss_of(end, channels=torch.ones(3))
