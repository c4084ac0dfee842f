"""The words that captions of the world are made of, as the text encoder takes them."""

from evenflow.backbones.words import Words
from evenflow.world.language.lexer import surface
from evenflow.world.language.vocabulary import VOCABULARY

SIGNS = (".", ",", ";", ":", "-", "'", '"', "%")


def world_words() -> tuple[str, ...]:
    """Every word of the world's language with all its forms, signs and figures, sorted."""
    split = Words((), 2).split
    found = {part for phrase in (*VOCABULARY, *surface()) for part in split(phrase)}
    return tuple(sorted(found | set(SIGNS) | {str(figure) for figure in range(10)}))
