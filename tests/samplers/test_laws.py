"""Samplers find the law that is known: its mean, covariance, order of convergence, density."""

import math

import pytest

torch = pytest.importorskip("torch")

from bed import EXACT, SHAPE, N, affine, clips, flat, law, noisy_law, root, transport  # noqa: E402

from evenflow.process import COSINE, FLOW, LINEAR, PROCESSES, MixtureVideo  # noqa: E402
from evenflow.process.randomness import normal  # noqa: E402
from evenflow.samplers import SAMPLERS, ancestral, euler, heun, log_likelihood  # noqa: E402
from evenflow.schedules import (  # noqa: E402
    SCHEDULES,
    full_sequence,
    linear,
    log_snr,
    pinned,
    retake,
    shifted,
)

DETERMINISTIC = [name for name in SAMPLERS if name != "ancestral"]
BEST = {"euler": 0.15, "heun": 6e-3, "dpmpp_2m": 0.02}
"""Error of the covariance, whose largest entry is 2.7, with 80 levels."""
FALL = {"euler": 1.8, "heun": 3, "dpmpp_2m": 2.5}
"""By what twice the levels divide it; equal steps of the level are not what dpmpp_2m is for."""
MATRICES = {
    "full_sequence": {},
    "autoregressive": {"block": 2},
    "staggered": {"lag": 7},
    "pyramid": {"slope": 2.5},
    "pinned": {"frames": [0, 2]},
    "retake": {"start": 1, "end": 3},
    "refine": {"strength": torch.tensor([0.3, 0.6, 1.0, 0.8])},
    "frame_in": {"frames": [2], "reach": 1, "strength": 0.4},
}


def errors_of(sampler, schedule, process=FLOW):
    """Of mean and covariance, from the exact law at the first row, with 40 and with 80 levels."""
    video, found = law(), []
    for k in (40, 80):
        levels = SCHEDULES[schedule](linear(k), num_frames=4, **MATRICES[schedule])
        matrix, offset = transport(sampler, video, levels, process)
        mean, covariance = noisy_law(video, levels[0], process)
        covariance = matrix @ covariance @ matrix.T - video.covariance[0]
        mean = matrix @ mean + offset - flat(video.mean[None])[0]
        found.append((float(mean.abs().max()), float(covariance.abs().max())))
    return found


@pytest.mark.parametrize("sampler", DETERMINISTIC)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_matrix_of_levels_gives_the_same_law(sampler, schedule):
    (mean, coarse), (mean_fine, fine) = errors_of(sampler, schedule)
    assert mean < 1e-9 and mean_fine < 1e-9  # the flow of the mean is a straight line
    assert fine < BEST[sampler] and coarse > FALL[sampler] * fine


@pytest.mark.parametrize("process", [COSINE, LINEAR], ids=lambda p: p.name)
@pytest.mark.parametrize("sampler", DETERMINISTIC)
def test_every_process_gives_the_law(sampler, process):
    (_, coarse), (mean, fine) = errors_of(sampler, "full_sequence", process)
    assert mean < 1e-9 and fine < BEST[sampler] and coarse > FALL[sampler] * fine


def test_pinned_frames_give_the_exact_conditional_law():
    video = law()
    levels = pinned(shifted(120), num_frames=4, frames=[0, 3])
    known = flat(torch.ones(1, *SHAPE, **EXACT))[0].clone()
    matrix, offset = transport("heun", video, levels)
    free = slice(2, 6)  # frames 1 and 2
    given = torch.cat([known[:2], torch.zeros(4, **EXACT), known[6:]])
    want = video.clean(clips(given), levels[:1], FLOW)
    assert torch.allclose((matrix @ given + offset)[free], flat(want)[0][free], atol=5e-3)
    conditional = video.covariance_given(levels[0], FLOW)[0][free, free]
    spread = matrix[free, free] @ matrix[free, free].T
    assert torch.allclose(spread, conditional, atol=5e-3)


def test_a_retake_is_drawn_given_both_sides():
    video = law(3)
    levels = retake(log_snr(120), num_frames=4, start=1, end=3)
    matrix, _ = transport("dpmpp_2m", video, levels)
    conditional = video.covariance_given(levels[0], FLOW)[0][2:6, 2:6]
    assert torch.allclose(matrix[2:6, 2:6] @ matrix[2:6, 2:6].T, conditional, atol=2e-3)


def slope(errors, counts):
    """Order of convergence: of the last two, where it has settled."""
    return math.log(errors[-2] / errors[-1]) / math.log(counts[-1] / counts[-2])


def exact_transport(video, first, last):
    """Of the flow between two levels that all frames share: it keeps the standard scores."""
    (_, start), (_, end) = (noisy_law(video, torch.full((4,), s, **EXACT)) for s in (first, last))
    return root(end) @ torch.linalg.inv(root(start))


@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("heun", 2)])
def test_order_of_convergence_in_the_level(sampler, order):
    video, counts = law(), [40, 80]
    exact = exact_transport(video, 1.0, 0.0)
    errors = [
        float((transport(sampler, video, full_sequence(linear(k), num_frames=4))[0] - exact).norm())
        for k in counts
    ]
    assert slope(errors, counts) == pytest.approx(order, abs=0.15)


@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("heun", 2), ("dpmpp_2m", 2)])
@pytest.mark.parametrize("process", PROCESSES.values(), ids=lambda p: p.name)
def test_order_of_convergence_in_log_snr(sampler, order, process):
    video, counts, errors = law(), [30, 60], []
    ends = process.level_at(torch.tensor([-2.5, 2.5], **EXACT))
    (_, start), (_, end) = (noisy_law(video, s.expand(4), process) for s in ends)
    # the flow keeps standard scores along the eigenvectors of the clean covariance
    exact = root(end) @ torch.linalg.inv(root(start))
    for k in counts:
        levels = process.level_at(torch.linspace(-2.5, 2.5, k + 1, **EXACT))
        matrix, _ = transport(sampler, video, full_sequence(levels, num_frames=4), process)
        errors.append(float((matrix - exact).norm()))
    assert slope(errors, counts) == pytest.approx(order, abs=0.2)


@pytest.mark.parametrize(("sampler", "order"), [("euler", 1), ("heun", 2)])
def test_the_order_holds_where_frames_have_different_levels(sampler, order):
    """Covariance of a staggered run, whose transport has no closed form but whose law has."""
    video, counts, errors = law(), [32, 64], []
    for k in counts:
        levels = SCHEDULES["staggered"](linear(k), num_frames=4, lag=k // 4)
        matrix, _ = transport(sampler, video, levels)
        errors.append(float((matrix @ matrix.T - video.covariance[0]).norm()))
    assert slope(errors, counts) == pytest.approx(order, abs=0.2)


def posterior_variance(pair):
    """DDIM's equation 16 for a flow with eta = 1, written out a second time."""
    s, after = (row.repeat_interleave(N // 4) for row in pair)
    return (after / s) ** 2 * (s**2 - ((1 - s) / (1 - after)) ** 2 * after**2)


def ancestral_law(video, levels):
    """Mean and covariance after all steps; each is affine in its clip plus noise of known size."""
    predict, (mean, covariance) = video.predictor(FLOW), noisy_law(video, levels[0])
    z = flat(normal([0], SHAPE, stream=1, **EXACT))[0]
    for pair in levels.unfold(0, 2, 1).mT:
        matrix, offset = affine(
            lambda x, pair=pair: ancestral(predict, x, pair, seeds=[0] * len(x))
        )
        fresh = posterior_variance(pair)
        mean = matrix @ mean + offset - fresh.sqrt() * z
        covariance = matrix @ covariance @ matrix.T + fresh.diag()
    return mean, covariance


def test_the_law_of_ancestral_sampling_is_of_order_one_and_its_mean_exact():
    video, counts, errors = law(), [30, 60], []
    for k in counts:
        mean, covariance = ancestral_law(video, full_sequence(linear(k), num_frames=4))
        errors.append(float((covariance - video.covariance[0]).norm()))
        assert torch.allclose(mean, flat(video.mean[None])[0], atol=1e-9)
    assert slope(errors, counts) == pytest.approx(1, abs=0.15)


def test_without_fresh_noise_ancestral_is_euler():
    video = law()
    x = torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(0), **EXACT)
    levels, predict = full_sequence(linear(9), num_frames=4), video.predictor(FLOW)
    calm = ancestral(predict, x, levels, eta=0.0, seeds=[0, 1])
    assert torch.allclose(calm, euler(predict, x, levels), atol=1e-12)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_samples_have_the_mean_and_covariance_within_monte_carlo_error(sampler):
    video, num = law(), 700
    levels = SCHEDULES["pyramid"](shifted(30, shift=2.0), num_frames=4, slope=2.0)
    start = torch.randn(num, *SHAPE, generator=torch.Generator().manual_seed(5), **EXACT)
    drawn = flat(SAMPLERS[sampler](video.predictor(FLOW), start, levels, seeds=range(num)))
    bias = {"ancestral": 0.2, "euler": 0.2}.get(sampler, 0.02)  # of 30 steps
    scale = video.covariance[0].diagonal()
    off = (torch.cov(drawn.T) - video.covariance[0]).abs() / (scale[:, None] * scale).sqrt()
    assert off.max() < 4.5 * (2 / num) ** 0.5 + bias
    off = (drawn.mean(0) - flat(video.mean[None])[0]).abs() / scale.sqrt()
    assert off.max() < 4.5 / num**0.5 + bias


def test_a_mixture_is_drawn_with_its_shares():
    """Not Gaussian, so that a sampler that only matched two moments would fail."""
    both = MixtureVideo(torch.tensor([0.7, 0.3], **EXACT), (law(0, 0.05), law(1, 0.05)))
    num = 800
    start = torch.randn(num, *SHAPE, generator=torch.Generator().manual_seed(1), **EXACT)
    drawn = heun(both.predictor(FLOW), start, full_sequence(log_snr(40), num_frames=4))
    share = both.posterior(drawn, torch.zeros(num, 4, **EXACT), FLOW)[:, 0]
    assert float((share > 0.5).double().mean()) == pytest.approx(0.7, abs=4 * (0.21 / num) ** 0.5)
    assert float((share * (1 - share)).mean()) < 0.01  # each clip is of one class
    for k, mine in enumerate((share > 0.5, share < 0.5)):
        off = flat(drawn[mine]).mean(0) - flat(both.classes[k].mean[None])[0]
        assert off.abs().max() < 0.1


@pytest.mark.parametrize("process", PROCESSES.values(), ids=lambda p: p.name)
def test_the_density_by_divergence_is_the_closed_form(process):
    """Of second order; the linear process begins beside pure noise, which stays as an error."""
    video = law()
    x = video.draw(torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(2), **EXACT))
    errors = []
    for k in (16, 32):
        levels = full_sequence(0.1 + 0.9 * linear(k), num_frames=4)
        got = log_likelihood(video.predictor(process), x, levels, process=process)
        want = video.log_density(x, levels[-1:].expand(2, -1), process)
        errors.append(float((got - want).abs().max()))
    assert errors[1] < (0.1 if process is LINEAR else 0.02)
    assert process is LINEAR or errors[0] > 3 * errors[1]


def test_the_density_given_pinned_frames_is_the_conditional_one():
    video = law()
    x = video.draw(torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(3), **EXACT))
    matrix = (0.1 + 0.9 * linear(32))[:, None].repeat(1, 4)
    matrix[:, 0] = 0
    got = log_likelihood(video.predictor(FLOW), x, matrix)
    row = matrix[-1:].expand(2, -1)
    alone = row.clone()
    alone[:, 1:] = 1  # the others say nothing: what is left is the density of the pinned frame
    noise = -(flat(x)[:, 2:].square() + math.log(2 * math.pi)).sum(1) / 2
    want = video.log_density(x, row, FLOW) - (video.log_density(x, alone, FLOW) - noise)
    assert torch.allclose(got, want, atol=0.02)


def test_random_directions_estimate_the_divergence_without_bias():
    video, num = law(), 200
    x = video.draw(torch.randn(1, *SHAPE, generator=torch.Generator().manual_seed(2), **EXACT))
    levels = full_sequence(0.1 + 0.9 * linear(10), num_frames=4)
    exact = log_likelihood(video.predictor(FLOW), x, levels)
    many = x.expand(num, -1, -1, -1, -1)
    guesses = log_likelihood(video.predictor(FLOW), many, levels, probes=[range(num)])
    assert float(guesses.std()) > 0.01
    assert abs(float(guesses.mean() - exact)) < 4 * float(guesses.std()) / num**0.5
    halved = log_likelihood(
        video.predictor(FLOW), many, levels, probes=[range(num), range(num, 2 * num)]
    )
    assert float(halved.std() / guesses.std()) == pytest.approx(0.5**0.5, abs=0.12)


def test_a_density_at_level_zero_is_refused():
    x = torch.zeros(1, *SHAPE, **EXACT)
    with pytest.raises(ValueError, match="end above 0"):
        log_likelihood(law().predictor(FLOW), x, full_sequence(linear(4), num_frames=4))
