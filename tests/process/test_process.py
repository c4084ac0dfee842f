"""Processes: all units of one fact agree, and the curves are those of the papers."""

import math

import pytest

torch = pytest.importorskip("torch")

from scipy.stats import norm  # noqa: E402

from evenflow.process import (  # noqa: E402
    FLOW,
    PROCESSES,
    logit_normal,
    network,
    predictor,
    shift_levels,
)

F64 = {"dtype": torch.float64}
B, C, T, H, W = 2, 3, 4, 2, 5


def draws(seed=0):
    g = torch.Generator().manual_seed(seed)
    clean, noise = (torch.randn(B, C, T, H, W, generator=g, **F64) for _ in range(2))
    return clean, noise, torch.rand(B, T, generator=g, **F64) * 0.98 + 0.01


@pytest.fixture(params=PROCESSES)
def process(request):
    return PROCESSES[request.param]


def test_noise_velocity_and_clean_video_are_one_fact(process):
    clean, noise, level = draws()
    x = process.mix(clean, noise, level)
    velocity = process.velocity(clean, noise, level)
    assert torch.allclose(process.noise_of(x, clean, level), noise, atol=1e-9)
    assert torch.allclose(process.velocity_of(x, clean, level), velocity, atol=1e-9)
    assert torch.allclose(process.clean_of(x, velocity, level), clean, atol=1e-12)
    assert torch.allclose(process.clean_of_noise(x, noise, level), clean, atol=1e-9)
    sigma = process.sigma(level)[:, None, :, None, None]
    assert torch.allclose(process.score_of(x, clean, level), -noise / sigma, atol=1e-6)


def test_gain_alpha_plus_loss_sigma_is_one(process):
    s = torch.linspace(0, 1, 101, **F64)
    one = process.gain(s) * process.alpha(s) + process.loss(s) * process.sigma(s)
    assert torch.allclose(one, torch.ones_like(s), atol=1e-14)


def test_the_ratio_falls_and_finds_its_level_again(process):
    s = torch.linspace(0.001, 0.999, 200, **F64)
    ratio = process.log_snr(s)
    assert (ratio.diff() < 0).all()
    assert torch.allclose(process.level_at(ratio), s, atol=1e-12)
    ends = process.log_snr(torch.tensor([0.0, 1.0], **F64))
    assert ends[0] == math.inf


def test_level_zero_is_the_clip_to_the_bit_and_hides_no_noise(process):
    clean, noise, level = draws()
    level[:, 1] = 0
    x = process.mix(clean.float(), noise.float(), level.float())
    assert torch.equal(x[:, :, 1], clean.float()[:, :, 1])
    assert not process.noise_of(x, 0 * x, level.float())[:, :, 1].any()
    assert torch.equal(process.clean_of(x, noise.float(), level.float())[:, :, 1], x[:, :, 1])


def test_pure_noise_has_nothing_of_the_clip_but_in_the_linear_process():
    left = {name: float(p.alpha(torch.ones((), **F64))) for name, p in PROCESSES.items()}
    assert left["flow"] == left["cosine"] == 0
    assert left["linear"] == pytest.approx(0.00657, abs=1e-5)  # Lin et al., 0.0047 to 0.068 squared
    assert all(float(p.sigma(torch.ones((), **F64))) > 0.9999 for p in PROCESSES.values())


def test_cosine_is_equation_17_and_linear_the_limit_of_ddpm():
    s = torch.linspace(0, 0.99, 50, **F64)
    f = ((s + 0.008) / 1.008 * math.pi / 2).cos() ** 2
    assert torch.allclose(PROCESSES["cosine"].alpha(s) ** 2, f / f[0], atol=1e-14)
    steps = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, **F64), 0).sqrt()
    level = (torch.arange(1000, **F64) + 1) / 1000
    assert (PROCESSES["linear"].alpha(level) - steps).abs().max() < 2e-3


@pytest.mark.parametrize("name", ["cosine", "linear"])
def test_variance_is_kept(name):
    s = torch.linspace(0, 1, 1001, **F64)
    p = PROCESSES[name]
    assert torch.allclose(p.alpha(s) ** 2 + p.sigma(s) ** 2, torch.ones_like(s), atol=1e-14)


def test_near_level_zero_the_cosine_sigma_does_not_cancel():
    tiny = torch.tensor([1e-7], **F64)
    exact = PROCESSES["cosine"].sigma(tiny)
    rounded = PROCESSES["cosine"].sigma(tiny.float())
    assert float(rounded) == pytest.approx(float(exact), rel=1e-5)


def test_shift_keeps_ends_and_order_and_divides_the_ratio():
    s = torch.linspace(0, 1, 50, **F64)
    once = shift_levels(s, shift=3.0)
    assert once[0] == 0 and once[-1] == 1 and (once.diff() > 0).all()
    assert torch.allclose(
        shift_levels(shift_levels(s, shift=3.0), shift=2.0), shift_levels(s, shift=6.0)
    )
    change = FLOW.log_snr(s[1:-1]) - FLOW.log_snr(once[1:-1])
    assert torch.allclose(change, torch.full_like(change, math.log(3)))
    with pytest.raises(ValueError, match="shift=0"):
        shift_levels(s, shift=0.0)


def test_logit_normal_has_the_quantiles_of_its_formula():
    drawn = logit_normal(
        (40000,), generator=torch.Generator().manual_seed(0), mean=0.3, std=0.8, shift=3.0, **F64
    )
    assert ((drawn > 0) & (drawn < 1)).all()
    for q in (0.1, 0.5, 0.9):
        logit = 0.3 + 0.8 * norm.ppf(q) + math.log(3)
        below = float((drawn < 1 / (1 + math.exp(-logit))).double().mean())
        assert below == pytest.approx(q, abs=4 * (q * (1 - q) / 40000) ** 0.5)


def test_a_network_and_its_predictor_are_one_another(process):
    clean, noise, level = draws(1)
    x = process.mix(clean, noise, level)

    def said(x, level, cond, state):
        return cond["gain"] * x.sin(), (state or 0) + 1

    again, state = network(predictor(said, process), process)(x, level, {"gain": 2.0}, 4)
    assert state == 5
    assert torch.allclose(again, 2 * x.sin(), atol=1e-9)


@pytest.mark.parametrize("says", ["velocity", "noise", "clean"])
def test_networks_in_any_unit_make_the_same_predictor(says, process):
    clean, noise, level = draws(2)
    level[:, 2] = 0
    x = process.mix(clean, noise, level)
    facts = {"velocity": process.velocity(clean, noise, level), "noise": noise, "clean": clean}

    def net(x, level, cond, state):
        return facts[says], None

    got, _ = predictor(net, process, says=says)(x, level, {}, None)
    assert torch.allclose(got, clean, atol=1e-9)
    assert torch.equal(got[:, :, 2], x[:, :, 2])
