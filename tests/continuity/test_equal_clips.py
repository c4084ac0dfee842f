"""Clips made by one and the same process are rarely told apart: what a verdict is worth."""

import numpy as np
import pytest
from fakes import a_finding, a_report

from evenflow.continuity.comparison import compared
from evenflow.core.report import Report, Shot


def by_chance(rng: np.random.Generator, seconds: int, share: float) -> Report:
    """Freezes of a second in a share of all seconds, their severities exponential around 4 JND."""
    findings = tuple(
        a_finding("freeze", 25 * i, 25 * i + 25, float(severity))
        for i, severity in enumerate(rng.exponential(4, seconds))
        if rng.random() < share
    )
    clip = {**a_report().clip, "frames": 25 * seconds, "duration_s": float(seconds)}
    return a_report(
        clip=clip, findings=findings, signals={}, cuts=(), not_assessable={},
        shots=(Shot(0, 25 * seconds),), seconds=np.arange(25 * seconds) / 25,
    )  # fmt: skip


@pytest.mark.parametrize(("seconds", "share"), [(5, 0.3), (10, 0.1), (10, 0.7), (30, 0.3)])
def test_equal_clips_are_told_apart_no_more_than_once_in_twenty(seconds, share):
    rng = np.random.default_rng(seconds)
    wrong = sum(
        compared([by_chance(rng, seconds, share), by_chance(rng, seconds, share)]).pairs[0].better
        != "tie"
        for _ in range(150)
    )
    assert wrong <= 150 * 0.05 + 3  # two standard errors of 150 runs


def test_of_four_equal_clips_not_one_pair_is_told_apart_more_than_once_in_twenty_times():
    rng = np.random.default_rng(4)
    wrong = sum(
        any(
            pair.better != "tie"
            for pair in compared([by_chance(rng, 10, 0.3) for _ in range(4)]).pairs
        )
        for _ in range(40)
    )
    assert wrong <= 5
