import pytest
import torch

from evenflow.objectives.distribution_matching import distribution_matching
from evenflow.process import spread


def law(mean, width):
    """What is clean where the data are Gaussian and white."""

    def predict(x, level, cond, state):
        s = spread(level)
        alpha = 1 - s
        kept = alpha * width**2 / (alpha**2 * width**2 + s**2)
        return mean + kept * (x - alpha * mean), state

    return predict


def clips(mean, width, num=64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return mean + width * torch.randn(num, 1, 3, 2, 2, generator=generator)


def moved(clip, real, fake, seed=0):
    clip = clip.clone().requires_grad_()
    generator = [torch.Generator().manual_seed(seed + i) for i in range(len(clip))]
    loss = distribution_matching(clip, real, fake, {}, generator=generator)
    loss.value.backward()
    return loss, -clip.grad * clip.numel()


def test_clips_move_to_where_the_real_law_is():
    _, move = moved(clips(1.0, 0.5), law(0.0, 0.5), law(1.0, 0.5))
    assert float(move.mean()) < -0.1
    _, move = moved(clips(-1.0, 0.5), law(0.0, 0.5), law(-1.0, 0.5))
    assert float(move.mean()) > 0.1


def test_clips_that_are_too_much_alike_are_driven_apart():
    narrow = clips(0.0, 0.1)
    _, move = moved(narrow, law(0.0, 0.5), law(0.0, 0.1))
    assert float((move * narrow).mean()) > 0
    wide = clips(0.0, 1.0)
    _, move = moved(wide, law(0.0, 0.5), law(0.0, 1.0))
    assert float((move * wide).mean()) < 0


def test_the_past_stays_clean_and_is_not_moved():
    clip = clips(1.0, 0.5).requires_grad_()
    seen = []

    def watching(x, level, cond, state):
        seen.append((x, level))
        return law(0.0, 0.5)(x, level, cond, state)

    generator = [torch.Generator().manual_seed(i) for i in range(len(clip))]
    distribution_matching(
        clip, watching, law(1.0, 0.5), {}, generator=generator, learned=1
    ).value.backward()
    x, level = seen[0]
    assert torch.equal(x[:, :, :2], clip.detach()[:, :, :2])
    assert not level[:, :2].any() and bool((level[:, 2] > 0).all())
    assert not clip.grad[:, :, :2].any() and clip.grad[:, :, 2].abs().min() > 0
    with pytest.raises(ValueError, match="learned=4 of 3"):
        distribution_matching(clip, watching, watching, {}, generator=generator, learned=4)


def test_channels_weigh_what_they_change():
    generator = torch.Generator().manual_seed(0)
    clip = torch.randn(8, 2, 3, 2, 2, generator=generator).requires_grad_()
    seeds = [torch.Generator().manual_seed(i) for i in range(8)]
    weights = torch.tensor([3.0, 1.0])
    distribution_matching(
        clip, law(0.0, 0.5), law(1.0, 0.5), {}, generator=seeds, channels=weights
    ).value.backward()
    heavy, light = clip.grad.abs().mean(dim=(0, 2, 3, 4))
    assert float(heavy / light) == pytest.approx(3.0, rel=0.1)
    with pytest.raises(ValueError, match="2 channels, got weights of 3"):
        distribution_matching(
            clip, law(0, 1), law(0, 1), {}, generator=seeds, channels=torch.ones(3)
        )


def test_nothing_moves_where_both_laws_agree():
    loss, move = moved(clips(0.3, 0.5), law(0.3, 0.5), law(0.3, 0.5))
    assert float(loss.value.detach()) == 0 and not move.any()


def test_a_student_finds_the_mean_and_the_width_of_the_real_law():
    mean = torch.nn.Parameter(torch.tensor(2.0))
    width = torch.nn.Parameter(torch.tensor(0.2))
    optimizer = torch.optim.Adam([mean, width], lr=0.03)
    for step in range(300):
        optimizer.zero_grad()
        generator = torch.Generator().manual_seed(step)
        made = mean + width * torch.randn(32, 1, 3, 2, 2, generator=generator)
        fake = law(mean.detach(), width.detach())
        distribution_matching(made, law(0.5, 0.7), fake, {}, generator=generator).value.backward()
        optimizer.step()
    assert float(mean.detach()) == pytest.approx(0.5, abs=0.1)
    assert float(width.detach()) == pytest.approx(0.7, abs=0.1)
