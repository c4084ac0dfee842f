"""Caption: how long it is, and whether it is one.

Source: pipelines strip how captioning models begin ("The video shows ..."; notes of Open-Sora and
finetrainers); the words are counted by spaces.
"""

import re

from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

PREFIX = re.compile(
    r"\s*(?:in\s+)?(?:the|this|a|an)\s+(?:short\s+)?(?:video|clip|footage|scene|image|animation)"
    r"(?:\s+clip)?\s+(?:shows?|depicts?|features?|captures?|begins?|opens?|presents?|displays?|is)\b",
    re.IGNORECASE,
)
SCORES = {
    "caption_words": "words of the caption",
    "caption_repeated": "share of its words that it has said before",
}
MARKS = {
    "no_caption": "there is none",
    "caption_prefix": "it begins like 'The video shows', which says nothing",
}


def caption(row: Row, statistics: Statistics | None = None) -> Verdict:
    """Words, repetition, empty phrases; looks at the row alone."""
    words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", row.caption.lower())
    scores = {"caption_words": float(len(words))}
    marks = {}
    if words:
        scores["caption_repeated"] = 1.0 - len(set(words)) / len(words)
    else:
        marks["no_caption"] = "the caption is empty"
    if (found := PREFIX.match(row.caption)) is not None:
        marks["caption_prefix"] = f"it begins with {found[0].strip()!r}"
    return Verdict(scores, marks)
