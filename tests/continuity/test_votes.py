"""Preferences against closed forms, Hunter's own iteration and simulated voters."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenflow.continuity.votes import SCHEMA, Vote, preference, read_votes
from evenflow.core.errors import BadInput

counts = st.integers(1, 30)


def votes(left: str, right: str, won: int, lost: int, tied: int = 0) -> list[Vote]:
    return (
        [Vote(left, right, "left")] * won
        + [Vote(left, right, "right")] * lost
        + [Vote(left, right, "tie")] * tied
    )


@given(counts, counts, st.integers(0, 30))
def test_two_clips_differ_by_the_log_of_wins_over_losses_whatever_ties_there_are(won, lost, tied):
    (duel,) = preference(votes("a", "b", won, lost, tied)).pairs
    assert duel.value == pytest.approx(-math.log(won / lost), abs=1e-5)
    assert duel.low is not None and duel.high is not None
    assert duel.low < duel.value < duel.high


@pytest.mark.parametrize(("won", "lost"), [(7, 3), (12, 5), (40, 40)])
def test_the_ends_are_where_the_likelihood_has_fallen_by_half_of_chi_squared(won, lost):
    (duel,) = preference(votes("a", "b", won, lost)).pairs

    def likely(odds: float) -> float:
        return -won * math.log1p(math.exp(odds)) - lost * math.log1p(math.exp(-odds))

    best = likely(-math.log(won / lost))
    for end in (duel.low, duel.high):
        assert end is not None
        assert 2 * (best - likely(end)) == pytest.approx(3.841459, abs=1e-3)


def hunters_iteration(won: np.ndarray, tied: np.ndarray) -> tuple[np.ndarray, float]:
    """Minorize and maximize, for Davidson's model: `(log strengths, odds of a tie)`.

    The root of the product is bounded by the means of the strengths, the logarithm by its tangent.
    """
    met = won + won.T + tied
    strength, odds = np.ones(len(won)), 1.0
    for _ in range(20_000):
        root = np.sqrt(np.outer(strength, strength))
        size = strength[:, None] + strength[None, :] + odds * root
        gain = met * (1 + 0.5 * odds * np.sqrt(strength[None, :] / strength[:, None])) / size
        np.fill_diagonal(gain, 0)
        strength = (won.sum(axis=1) + tied.sum(axis=1) / 2) / gain.sum(axis=1)
        strength /= np.exp(np.log(strength).mean())
        root = np.sqrt(np.outer(strength, strength))
        size = strength[:, None] + strength[None, :] + odds * root
        odds = np.triu(tied).sum() / np.triu(met * root / size, 1).sum()
    return np.log(strength), odds


@pytest.mark.parametrize("seed", range(3))
def test_the_maximum_is_that_of_hunters_iteration(seed):
    names = "abcd"
    rng = np.random.default_rng(seed)
    won, tied = rng.integers(1, 9, (4, 4)), rng.integers(0, 5, (4, 4))
    np.fill_diagonal(won, 0)
    tied = np.triu(tied, 1) + np.triu(tied, 1).T
    ballots = [
        vote
        for i, j in itertools.combinations(range(4), 2)
        for vote in votes(names[i], names[j], won[i, j], won[j, i], tied[i, j])
    ]
    theirs, odds = hunters_iteration(won.astype(float), tied.astype(float))
    ours = preference(ballots)
    found = {place.clip: place.value for place in ours.ranking}
    assert [found[name] for name in names] == pytest.approx(list(theirs), abs=1e-4)
    assert ours.tie_share == pytest.approx(odds / (2 + odds), abs=1e-4)


def test_strengths_of_simulated_voters_are_inside_95_percent_of_the_intervals():
    truth = np.array([0.8, 0.1, -0.9])
    rng = np.random.default_rng(5)
    hits = []
    for _ in range(60):
        ballots = []
        for i, j in itertools.combinations(range(3), 2):
            odds = np.exp([truth[i], truth[j], -0.3 + (truth[i] + truth[j]) / 2])
            won, lost, tied = rng.multinomial(25, odds / odds.sum())
            ballots += votes("abc"[i], "abc"[j], won, lost, tied)
        for place in preference(ballots).ranking:
            low, high = place.low or -99, place.high or 99
            hits.append(low <= truth["abc".index(place.clip)] <= high)
    assert 0.90 < np.mean(hits) < 0.99  # 180 of them, standard error 0.02


def test_who_stood_left_and_in_what_order_makes_no_difference():
    ballots = votes("a", "b", 5, 3, 1) + votes("c", "b", 6, 1) + votes("a", "c", 4, 4)
    turned = [
        Vote(v.right, v.left, {"left": "right", "right": "left", "tie": "tie"}[v.winner])  # type: ignore[arg-type]
        for v in ballots
    ]
    assert preference(ballots).to_json() == preference(turned[::-1]).to_json()


def test_who_never_lost_is_first_with_an_end_on_one_side_only():
    liked = preference(votes("a", "b", 12, 0) + votes("b", "c", 5, 5))
    first = liked.ranking[0]
    assert (first.clip, first.rank, first.value, first.high) == ("a", 1, None, None)
    assert first.low is not None and first.low > 0
    duel = next(d for d in liked.pairs if (d.first, d.second) == ("a", "b"))
    assert (duel.verdict, duel.low, duel.value) == ("a", None, None)
    assert duel.reason == "b never won against a"


def test_few_votes_and_ties_alone_give_no_verdict():
    three = preference(votes("a", "b", 3, 0))
    assert three.pairs[0].verdict is None
    assert three.pairs[0].reason == "a verdict needs 6 votes with a winner"
    ties = preference(votes("a", "b", 0, 0, 9))
    assert ties.tie_share == pytest.approx(1, abs=1e-3)
    assert [place.rank for place in ties.ranking] == [1, 1]


def test_an_even_vote_is_a_tie_and_a_lopsided_one_is_not():
    even = preference(votes("a", "b", 11, 9))
    assert even.pairs[0].verdict == "tie"
    assert [(p.rank, p.tied) for p in even.ranking] == [(1, ("b",)), (1, ("a",))]
    clear = preference(votes("a", "b", 4, 20))
    assert clear.pairs[0].verdict == "b"
    assert [(p.clip, p.rank) for p in clear.ranking] == [("b", 1), ("a", 2)]


def test_groups_that_never_met_are_named():
    with pytest.raises(BadInput, match=r"2 groups that were never compared: \{a, b\} and \{c, d\}"):
        preference(votes("a", "b", 3, 3) + votes("c", "d", 2, 2))
    with pytest.raises(BadInput, match="no votes to count"):
        preference([])


def test_what_the_page_saves_is_read_and_more_keys_do_no_harm(tmp_path):
    rows = [{"left": "a.mp4", "right": "b.mp4", "winner": "tie", "seconds": 2.5, "prompt": "x"}]
    path = tmp_path / "v.json"
    path.write_text(json.dumps({"schema": SCHEMA, "voter": "me", "votes": rows}))
    assert read_votes([path, path]) == [Vote("a.mp4", "b.mp4", "tie")] * 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[]", "got 'list'"),
        ('{"schema": "evenflow.report/1"}', "got 'evenflow.report/1'"),
        ('{"schema": "evenflow.votes/1"}', "no list `votes`"),
        ('{"schema": "evenflow.votes/1", "votes": [3]}', "vote 1"),
        ('{"schema": "evenflow.votes/1", "votes": [{"left": "a"}]}', "vote 1"),
        (
            '{"schema": "evenflow.votes/1", '
            '"votes": [{"left": "a", "right": "a", "winner": "tie"}]}',
            "two different clips",
        ),
        (
            '{"schema": "evenflow.votes/1", "votes": [{"left": "a", "right": "b", "winner": "a"}]}',
            "left, right or tie",
        ),
    ],
)
def test_damaged_votes_are_bad_input_in_one_line(tmp_path, text, says):
    path = tmp_path / "v.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"votes v\.json") as error:
        read_votes([path])
    assert says in str(error.value) and "\n" not in str(error.value)
    with pytest.raises(BadInput, match="cannot be read"):
        read_votes([tmp_path / "none.json"])
