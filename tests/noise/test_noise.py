"""Noise priors: unit marginals, and the correlation that each declares."""

import pytest

torch = pytest.importorskip("torch")

from evenflow.noise import NOISES, independent  # noqa: E402


@pytest.mark.parametrize("name", NOISES)
def test_every_prior_has_unit_marginals_and_keeps_clips_apart(name):
    noise = NOISES[name]([3, 4], (4, 8, 32, 32), dtype=torch.float64)
    n = noise[0].numel()
    assert ((noise.flatten(1).var(dim=1) - 1).abs() < 5 * (2 / n) ** 0.5).all()
    assert (noise.flatten(1).mean(dim=1).abs() < 5 / n**0.5).all()
    assert torch.equal(noise[1:], NOISES[name]([4], (4, 8, 32, 32), dtype=torch.float64))


def test_frames_of_independent_noise_are_uncorrelated():
    frames = independent([0], (4, 8, 64, 64), dtype=torch.float64)[0].transpose(0, 1).flatten(1)
    off = torch.corrcoef(frames) - torch.eye(8, dtype=torch.float64)
    assert off.abs().max() < 4 / frames.shape[1] ** 0.5
