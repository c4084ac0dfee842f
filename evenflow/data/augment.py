"""Augment: a chosen chain of augmentations as one seeded function of an example."""

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from evenflow.core.errors import BadInput

if TYPE_CHECKING:
    from torch import Tensor

    from evenflow.data.example import Example


@dataclass(frozen=True)
class Augment:
    """Augmentations with their settings; the same example and seed give the same bytes.

    Args:
        steps: names of AUGMENTATIONS and all their settings; done in the order of that table.
    """

    steps: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps)

    @property
    def needs_flow(self) -> bool:
        """Whether one of them looks at true flow where it can be had."""
        return any(name == "motion_blur" for name, _ in self.steps)

    @staticmethod
    def of(
        said: "Augment | str | Mapping[str, Mapping[str, float]] | None",
    ) -> "Augment":
        """From `light(gain=0.2), motion_blur`, or from settings by name.

        Raises:
            BadInput: no such augmentation or setting, or a setting below 0.

        >>> Augment.of("light(gain=0.2)").text.split(",")[0]
        'light(gain=0.2'
        """
        if isinstance(said, Augment):
            return said
        if said is None:
            return Augment()
        table = _parsed(said) if isinstance(said, str) else said
        from evenflow.data.augmentations import AUGMENTATIONS

        for name in table:
            if name not in AUGMENTATIONS:
                raise BadInput(f"there is no augmentation {name!r}: say {', '.join(AUGMENTATIONS)}")
        steps = []
        for name, row in AUGMENTATIONS.items():
            if name not in table:
                continue
            for setting, value in table[name].items():
                if setting not in row.settings:
                    near = difflib.get_close_matches(setting, row.settings, n=1)
                    hint = f"did you mean {near[0]}?" if near else ", ".join(row.settings)
                    raise BadInput(f"{name} has no setting {setting!r}: {hint}")
                if not (math.isfinite(value) and value >= 0):
                    raise BadInput(f"{name}: {setting} is 0 or more, got {value}")
            values = {**row.settings, **table[name]}
            steps.append((name, tuple((k, float(v)) for k, v in values.items())))
        return Augment(tuple(steps))

    @property
    def text(self) -> str:
        """What `of` reads, with all settings; empty for none."""
        return "; ".join(
            f"{name}({','.join(f'{k}={v:g}' for k, v in values)})" for name, values in self.steps
        )

    def __call__(self, example: "Example", *, seed: int) -> "tuple[Example, dict[str, Tensor]]":
        """The changed example, and the numbers of every frame that were recorded.

        Each augmentation has chance of its own: leaving one out changes nothing in the others.
        """
        from evenflow.data.augmentations import AUGMENTATIONS

        told: dict[str, Tensor] = {}
        for name, values in self.steps:
            number = int.from_bytes(name.encode()[:8], "little")
            rng = np.random.default_rng([seed, number])
            done = AUGMENTATIONS[name].change(example, rng, dict(values))
            example, told = done.example, told | done.told
        return example, told


def _parsed(text: str) -> dict[str, dict[str, float]]:
    out: dict[str, dict[str, float]] = {}
    rest = text.strip()
    while rest:
        name, inside = rest, ""
        cut = min((i for i in (rest.find(c) for c in "(,;") if i >= 0), default=len(rest))
        name, sign = rest[:cut].strip(), rest[cut : cut + 1]
        rest = rest[cut + 1 :]
        if sign == "(":
            inside, closed, rest = rest.partition(")")
            rest = rest.lstrip()
            if not closed or (rest and rest[0] not in ",;"):
                raise BadInput(f"augmentations are name(setting=number, ...), got {text!r}")
            rest = rest[1:]
        if not name or name in out:
            raise BadInput(f"augmentations are name(setting=number, ...), once each, got {text!r}")
        out[name] = {}
        for part in filter(None, (one.strip() for one in inside.split(","))):
            setting, _, value = part.partition("=")
            try:
                out[name][setting.strip()] = float(value)
            except ValueError:
                raise BadInput(f"{name}: settings are name=number, got {part!r}") from None
        rest = rest.strip()
    return out
