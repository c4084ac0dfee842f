"""Score and severity in words, the same on the terminal, in a notebook and on a page."""

import math

SCORE_WORDS = (
    (90.0, "holds together"),
    (80.0, "small flaws"),
    (70.0, "visible flaws"),
    (50.0, "clear defects"),
    (0.0, "broken"),
)
"""Least score and its word. The steps: 1, 2, 3.5 and 7 JND throughout."""

SEVERITY_WORDS = (
    (10.0, "ruins the shot"),
    (5.0, "strong"),
    (3.0, "clear"),
    (2.0, "visible"),
    (1.0, "barely visible"),
    (0.0, "below visible"),
)
"""Least severity in JND and its word."""


def score_word(score: float | None) -> str:
    """A score in words.

    >>> score_word(93.1), score_word(None)
    ('holds together', 'nothing could be assessed')
    """
    if score is None:
        return "nothing could be assessed"
    return next((text for least, text in SCORE_WORDS if score >= least), SCORE_WORDS[-1][1])


def severity_word(jnd: float) -> str:
    """A severity in words, for the number as it is written, with one decimal.

    >>> severity_word(3.2), severity_word(9.97)
    ('clear', 'ruins the shot')
    """
    shown = round(jnd, 1)
    return next((text for least, text in SEVERITY_WORDS if shown >= least), SEVERITY_WORDS[-1][1])


def score_meaning(score: float | None) -> str:
    """What a score stands for, in one sentence.

    >>> score_meaning(72.6)
    'As bad as one defect of 3.2 JND in every second; 100 means that nothing was found.'
    """
    if score is None:
        return "No kind of defect could be judged in this clip; the reasons are below."
    pooled = -10 * math.log(max(score, 1e-9) / 100)  # the P of `core.report.score`
    if pooled < 0.05:
        return "Nothing was found in what could be judged."
    return (
        f"As bad as one defect of {pooled:.1f} JND in every second; "
        "100 means that nothing was found."
    )
