"""Noise is a function of seed, stream and frame, and independent across each of them."""

import pytest

torch = pytest.importorskip("torch")

from evenflow.process.randomness import mixed, normal  # noqa: E402


def test_a_clip_depends_neither_on_its_batch_nor_on_its_length():
    all_three = normal([5, 6, 7], (2, 6, 3, 3), stream=4)
    assert torch.equal(all_three[1:2], normal([6], (2, 6, 3, 3), stream=4))
    assert torch.equal(all_three[:, :, :4], normal([5, 6, 7], (2, 4, 3, 3), stream=4))
    assert torch.equal(
        all_three[:, :, 2:], normal([5, 6, 7], (2, 4, 3, 3), stream=4, first_frame=2)
    )


def test_the_numbers_are_the_same_in_any_precision():
    single = normal([1], (1, 2, 4, 4))
    assert torch.equal(single.double(), normal([1], (1, 2, 4, 4), dtype=torch.float64))


def test_seeds_streams_and_frames_are_uncorrelated():
    n = 64 * 64
    rows = [normal([s], (1, 3, 64, 64), stream=k)[0, 0].flatten(1) for s in (0, 1) for k in (0, 1)]
    rows = torch.cat(rows).double()  # 12 of them
    assert (torch.corrcoef(rows) - torch.eye(12)).abs().max() < 4.5 / n**0.5
    assert (rows.mean(dim=1).abs() < 4.5 / n**0.5).all()
    assert ((rows.var(dim=1) - 1).abs() < 4.5 * (2 / n) ** 0.5).all()


def test_every_part_of_a_seed_counts():
    seen = {mixed(a, b, c) for a in range(20) for b in range(20) for c in range(20)}
    assert len(seen) == 8000
    assert mixed(-1) != mixed(1)
