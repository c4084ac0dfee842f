"""Words: captions of a closed vocabulary become numbers; the list stands beside the weights.

A word of the list is a token; so are the signs that the list has, and numbers are told figure by
figure. What it does not have is an error with the nearest words, never a silent unknown.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Int
from torch import Tensor

PADDING, BEGIN = 0, 1
"""Numbers of the token that fills up, and of the one that a caption begins with."""
_WORD = re.compile(r"[a-z]+(?:[-'][a-z]+)*|[^\sa-z]")


@dataclass(frozen=True)
class Words:
    """A closed vocabulary.

    Args:
        vocabulary: its words, in the order of their numbers, from 2 on.
        length: tokens of every caption; longer ones are refused.
    """

    vocabulary: tuple[str, ...]
    length: int = 24
    _number: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.length < 2:
            raise ValueError(f"a caption needs room for a word, got length={self.length}")
        if len(set(self.vocabulary)) != len(self.vocabulary):
            raise ValueError("a vocabulary has every word once")
        numbers = {word: i + 2 for i, word in enumerate(self.vocabulary)}
        object.__setattr__(self, "_number", numbers)

    @property
    def size(self) -> int:
        """Numbers in all, padding and begin among them."""
        return len(self.vocabulary) + 2

    def split(self, text: str) -> list[str]:
        """The words of a text, in small letters."""
        return _WORD.findall(text.lower())

    def encode(self, texts: Sequence[str]) -> Int[Tensor, "b n"]:
        """Numbers of captions, filled up with padding.

        Raises:
            ValueError: a word is not in the vocabulary, or a caption is too long.
        """
        made = torch.full((len(texts), self.length), PADDING, dtype=torch.int64)
        for row, text in enumerate(texts):
            words = self.split(text)
            if len(words) > self.length - 1:
                raise ValueError(
                    f"a caption has {self.length - 1} words at most, got {len(words)}: say less"
                )
            numbers = [BEGIN, *map(self._of, words)]
            made[row, : len(numbers)] = torch.tensor(numbers)
        return made

    def decode(self, numbers: Int[Tensor, " n"]) -> str:
        """The words of numbers, one space between them."""
        return " ".join(self.vocabulary[i - 2] for i in numbers.tolist() if i > BEGIN)

    def _of(self, word: str) -> int:
        if word not in self._number:
            close = difflib.get_close_matches(word, self.vocabulary, n=3)
            hint = f": nearest are {', '.join(close)}" if close else ""
            raise ValueError(f"the model does not know the word {word!r}{hint}")
        return self._number[word]
