"""Captions: text to Script and back, at every level of detail, in a closed vocabulary.

`parse` reads, `describe` writes (levels L0 to L5, explicit or ambiguous), `counterfactuals` writes
captions that are wrong in one thing, `contradictions` finds what cannot come true.
"""

from evenflow.world.language.content import CaptionForm, Level, at_level, normalized
from evenflow.world.language.contradictions import Contradiction, contradictions
from evenflow.world.language.counterfactual import Counterfactual, counterfactuals
from evenflow.world.language.describe import (
    LEVELS,
    TimedCaption,
    describe,
    describe_timed,
    refer,
)
from evenflow.world.language.lexer import nearest, words
from evenflow.world.language.parse import parse, parse_storyboard, parse_timed
from evenflow.world.language.script_of import script_of
from evenflow.world.language.vocabulary import PLACES, VOCABULARY

__all__ = [
    "LEVELS",
    "PLACES",
    "VOCABULARY",
    "CaptionForm",
    "Contradiction",
    "Counterfactual",
    "Level",
    "TimedCaption",
    "at_level",
    "contradictions",
    "counterfactuals",
    "describe",
    "describe_timed",
    "nearest",
    "normalized",
    "parse",
    "parse_storyboard",
    "parse_timed",
    "refer",
    "script_of",
    "words",
]
