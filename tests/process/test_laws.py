"""The analytic laws: every closed form against an independent computation of the same."""

import pytest

torch = pytest.importorskip("torch")

import numpy as np  # noqa: E402
from bed import EXACT, SHAPE, N, clips, flat, law, noisy_law  # noqa: E402
from scipy.stats import multivariate_normal  # noqa: E402

from evenflow.process import FLOW, PROCESSES, GaussianVideo, MixtureVideo  # noqa: E402

LEVEL = torch.tensor([[0.0, 0.3, 0.7, 1.0], [0.5, 0.5, 0.5, 0.5], [0.0, 0.3, 0.7, 1.0]], **EXACT)


def some(seed=1, num=3):
    g = torch.Generator().manual_seed(seed)
    return torch.randn(num, *SHAPE, generator=g, **EXACT)


@pytest.fixture(params=PROCESSES)
def process(request):
    return PROCESSES[request.param]


def test_the_clean_estimate_is_the_conditional_mean_of_the_joint_gaussian(process):
    video, x = law(), some()
    k = video.covariance[0].numpy()
    mu = flat(video.mean[None])[0].numpy()
    for i in range(3):
        a = process.alpha(LEVEL[i]).repeat_interleave(2).numpy()
        mean, noisy = (part.numpy() for part in noisy_law(video, LEVEL[i], process))
        want = mu + (k * a) @ np.linalg.inv(noisy) @ (flat(x)[i].numpy() - mean)
        got = flat(video.clean(x, LEVEL, process))[i].numpy()
        assert np.allclose(got, want, atol=1e-10)
        rest = k - (k * a) @ np.linalg.inv(noisy) @ (k * a).T
        assert np.allclose(video.covariance_given(LEVEL[i], process)[0].numpy(), rest, atol=1e-10)


def test_the_density_is_scipys_and_its_gradient_the_score(process):
    video, x = law(), some().requires_grad_()
    got = video.log_density(x, LEVEL, process)
    for i in range(3):
        mean, covariance = noisy_law(video, LEVEL[i], process)
        want = multivariate_normal(mean.numpy(), covariance.numpy()).logpdf(flat(x)[i].detach())
        assert float(got[i].detach()) == pytest.approx(float(want), abs=1e-9)
    (slope,) = torch.autograd.grad(got.sum(), x)
    score = process.score_of(x, video.clean(x, LEVEL, process), LEVEL)
    hidden = (LEVEL > 0)[:, None, :, None, None].expand_as(slope)
    assert torch.allclose(score[hidden], slope[hidden], atol=1e-9)


def test_an_estimate_that_moves_is_as_unsure_as_tweedie_says():
    """Cov[x | x_s] = sigma^2 / alpha dD/dx, second order of Tweedie's formula."""
    video, row = law(), LEVEL[1:2]
    slope = torch.autograd.functional.jacobian(
        lambda y: flat(video.clean(clips(y), row, FLOW))[0], flat(some(num=1))[0]
    )
    assert torch.allclose(0.5**2 / 0.5 * slope, video.covariance_given(row[0], FLOW)[0], atol=1e-10)


def test_a_separable_law_is_the_dense_one_of_its_kronecker_product():
    g = torch.Generator().manual_seed(3)
    over = [torch.randn(n, n, generator=g, **EXACT) for n in (4, 2)]
    frames, pixels = (m @ m.T + 0.3 * torch.eye(len(m), **EXACT) for m in over)
    mean = torch.randn(SHAPE, generator=g, **EXACT)
    cheap = GaussianVideo.separable(mean, frames, pixels)
    dense = GaussianVideo.dense(mean, torch.kron(frames, pixels))
    x = some()
    assert torch.allclose(cheap.clean(x, LEVEL, FLOW), dense.clean(x, LEVEL, FLOW), atol=1e-10)
    assert torch.allclose(cheap.log_density(x, LEVEL, FLOW), dense.log_density(x, LEVEL, FLOW))
    white = GaussianVideo.separable(mean, frames)
    dense = GaussianVideo.dense(mean, torch.kron(frames, torch.eye(2, **EXACT)))
    assert torch.allclose(white.clean(x, LEVEL, FLOW), dense.clean(x, LEVEL, FLOW), atol=1e-10)


def test_drawn_clips_have_the_mean_and_the_covariance():
    video = law()
    drawn = flat(video.draw(some(num=20000)))
    scale = video.covariance[0].diagonal()
    off = (torch.cov(drawn.T) - video.covariance[0]).abs() / (scale[:, None] * scale).sqrt()
    assert off.max() < 5 * (2 / 20000) ** 0.5
    assert ((drawn.mean(0) - flat(video.mean[None])[0]).abs() < 5 * (scale / 20000).sqrt()).all()


def mixture():
    return MixtureVideo(torch.tensor([0.5, 0.2, 0.3], **EXACT), tuple(law(s) for s in (0, 1, 2)))


def test_a_mixture_has_the_density_and_the_posterior_of_bayes():
    both, x = mixture(), some()
    each = (
        np.array(
            [
                [
                    multivariate_normal(*(p.numpy() for p in noisy_law(v, row))).pdf(y)
                    for v in both.classes
                ]
                for row, y in zip(LEVEL, flat(x).numpy(), strict=True)
            ]
        )
        * both.weights.numpy()
    )
    assert np.allclose(both.log_density(x, LEVEL, FLOW), np.log(each.sum(1)), atol=1e-9)
    want = each / each.sum(1, keepdims=True)
    assert np.allclose(both.posterior(x, LEVEL, FLOW), want, atol=1e-10)


def test_the_gradient_of_a_mixtures_density_is_its_score():
    both, x = mixture(), some().requires_grad_()
    (slope,) = torch.autograd.grad(both.log_density(x, LEVEL, FLOW).sum(), x)
    score = FLOW.score_of(x, both.clean(x, LEVEL, FLOW), LEVEL)
    hidden = (LEVEL > 0)[:, None, :, None, None].expand_as(slope)
    assert torch.allclose(score[hidden], slope[hidden], atol=1e-9)


def test_text_chooses_the_class_of_those_that_ask_for_it():
    both, x = mixture(), some()
    predict = both.predictor(FLOW)
    text = torch.tensor([2, 0, 1])
    named, _ = predict(x, LEVEL, {"text": text}, None)
    for i, k in enumerate(text.tolist()):
        want = both.classes[k].clean(x[i : i + 1], LEVEL[i : i + 1], FLOW)
        assert torch.allclose(named[i : i + 1], want)
    free, _ = predict(x, LEVEL, {}, None)
    asked = torch.tensor([True, False, True])
    some_, _ = predict(x, LEVEL, {"text": text, "asked": {"text": asked}}, None)
    assert torch.allclose(some_[asked], named[asked]) and torch.allclose(some_[1], free[1])


def test_a_pinned_frame_is_copied_through_and_pure_noise_says_nothing():
    video, x = law(), some()
    clean = video.clean(x, LEVEL, FLOW)
    assert torch.allclose(clean[0, :, 0], x[0, :, 0], atol=1e-9)
    other = x.clone()
    other[0, :, 3] += 10  # at level 1
    assert torch.allclose(video.clean(other, LEVEL, FLOW)[0], clean[0])
    assert len(flat(x)[0]) == N
