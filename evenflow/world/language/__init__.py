"""Captions: text to Script and back, at every level of detail, in a closed vocabulary."""

from evenflow.world.language.lexer import nearest, words
from evenflow.world.language.parse import parse, parse_storyboard, parse_timed
from evenflow.world.language.vocabulary import PLACES, VOCABULARY

__all__ = [
    "PLACES",
    "VOCABULARY",
    "nearest",
    "parse",
    "parse_storyboard",
    "parse_timed",
    "words",
]
