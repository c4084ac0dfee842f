"""Plan: which defects go into which clips, when and how strong; one Unit is one clip to be checked.

Everything random depends on the seed, the clip's name and the kind's name alone, so that a new kind
or another clip leaves all other plants where they were.
"""

import hashlib
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal, TypeVar

import numpy as np

from evenflow.bench.footage import Take

Item = TypeVar("Item")

LEAST_PLANTS = 4
"""Of a kind at each strength, where there are clips enough that can carry it."""

NUM_LADDERS = 3
"""Clips that get a kind at every strength, at one time and place: what Spearman needs."""

LEAD, TAIL = 8, 4
"""Clean frames before and behind a planted defect."""


@dataclass(frozen=True)
class Unit:
    """One clip to be made and checked.

    Args:
        what: a clean clip, one with a planted defect, or a legal look-alike.
        take: the clip.
        name: the planted kind, or the control.
        strength: 1 to 5 of a planted defect.
        turn: plants of one kind and turn in one clip share time, place and randomness.
        boxed: give the injector a place; else it chooses.
        change: what is done to the clip before it is checked, a row of `changes.CHANGES`.
        seed: of the whole bench.
        scene: planted in the states of a scene, not in its pixels.
        prompted: checked with its caption as the prompt; of a control, its own.
    """

    what: Literal["clean", "plant", "control"]
    take: Take
    name: str = ""
    strength: int = 0
    turn: int = 0
    boxed: bool = False
    change: str = ""
    seed: int = 0
    scene: bool = False
    prompted: bool = False

    def key(self) -> str:
        """Names the work; what differs in nothing that matters has the same key.

        A file counts by its content, wherever it lies.
        """
        data = asdict(self)
        if self.take.mark:
            data["take"] |= {"file": "", "name": ""}
        elif self.take.file:
            data["take"]["file"] = self.take.file.replace("\\", "/").rsplit("/", 1)[-1]
        if self.what == "clean":
            data["seed"] = 0
        text = json.dumps(data, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    def rng(self) -> np.random.Generator:
        """Randomness of time and place, the same for every strength of a turn."""
        return np.random.default_rng(
            [self.seed, self.turn, _number(self.name), _number(self.take.name)]
        )


@dataclass(frozen=True)
class Placement:
    """How a kind likes to lie in time.

    Args:
        seconds: mean length of its span.
        to_end: what changes stays changed until the clip ends.
        whole: it runs through (almost) the whole clip.
    """

    seconds: float = 1.0
    to_end: bool = False
    whole: bool = False


PLACEMENTS: dict[str, Placement] = {
    "subject_swap": Placement(to_end=True),
    "color_change": Placement(to_end=True),
    "background_switch": Placement(to_end=True),
    "style_change": Placement(to_end=True),
    "teleportation": Placement(to_end=True),
    "light_direction": Placement(to_end=True),
    "collapse": Placement(to_end=True),
    "drift": Placement(whole=True),
    "identity_drift": Placement(whole=True),
    "action_sequence": Placement(2.2),
    "seam": Placement(2.0),
    "background_swim": Placement(1.5),
    "sharpness_pumping": Placement(1.5),
    "freeze": Placement(0.8),
}
"""Kinds that are not at their best in a second somewhere in the middle; the others need no row."""


def span_of(
    unit: Unit, *, num_frames: int, fps: float, least: int = 1, attempt: int = 0
) -> tuple[int, int] | None:
    """Frames `[start, end)` for a plant at a random time, or None where the clip is too short.

    Args:
        least: frames that the injector needs.
        attempt: with each one the time is drawn anew, from the second on the span is also longer.
    """
    rng = np.random.default_rng([int(unit.rng().integers(2**31)), attempt])
    placement = PLACEMENTS.get(unit.name, Placement())
    if placement.whole:
        start = 1 + int(rng.integers(0, max(1, num_frames // 8)))
        return (start, num_frames) if num_frames - start >= max(4, least) else None
    if placement.to_end:
        shortest = max(16, least)
        if num_frames < LEAD + max(4, least):
            return None
        return LEAD + int(rng.integers(0, max(1, num_frames - LEAD - shortest + 1))), num_frames
    stretch = 2.0 ** max(0, attempt - 1)
    length = max(4, least, round(placement.seconds * rng.uniform(0.8, 1.4) * fps * stretch))
    length = min(length, num_frames - LEAD - TAIL)
    if length < max(4, least):
        return None
    start = LEAD + int(rng.integers(0, num_frames - LEAD - TAIL - length + 1))
    return start, start + length


def plants(
    takes: Sequence[Take],
    kind: str,
    *,
    strengths: Sequence[int] = (1, 2, 3, 4, 5),
    seed: int = 0,
    rounds: int = 1,
    ladders: int = NUM_LADDERS,
    least: int = LEAST_PLANTS,
) -> list[Unit]:
    """Where a kind is planted: every strength on some clips, one or two on each of the others.

    Each strength gets at least `least` plants a round, unless `takes` is empty.
    """
    units = []
    for turn in range(rounds):
        order = shuffled(takes, seed, turn, kind)
        first, rest = order[:ladders], order[ladders:]
        base = 10 * turn
        units += [
            Unit("plant", take, kind, strength, base, seed=seed)
            for take in first
            for strength in strengths
        ]
        missing = max(0, least - len(first)) if first else 0
        if rest:
            each = min(len(strengths), max(1, math.ceil(missing * len(strengths) / len(rest))))
            wheel = shuffled(strengths, seed, turn, kind)
            for i, take in enumerate(rest):
                units += [
                    Unit(
                        "plant", take, kind, wheel[(i * each + j) % len(wheel)], base + 1, seed=seed
                    )
                    for j in range(each)
                ]
        else:
            units += [
                Unit("plant", first[i % len(first)], kind, strength, base + 1 + i, seed=seed)
                for i in range(missing)
                for strength in strengths
            ]
    return units


def top_up(
    units: Sequence[Unit],
    takes: Sequence[Take],
    kind: str,
    *,
    strengths: Sequence[int],
    seed: int,
    least: int = LEAST_PLANTS,
) -> list[Unit]:
    """More plants of a kind where clips refused it, on clips that did not.

    Args:
        units: plants of the kind that worked.
        takes: clips that carried it.
    """
    if not takes:
        return []
    order, made = shuffled(takes, seed, 77, kind), 0
    more = []
    for strength in strengths:
        for _ in range(least - sum(unit.strength == strength for unit in units)):
            take = order[made % len(order)]
            more.append(Unit("plant", take, kind, strength, 1000 + made // len(order), seed=seed))
            made += 1
    return more


def shuffled(items: Sequence[Item], seed: int, turn: int, name: str) -> list[Item]:
    """The items in an order that depends on nothing else."""
    order = np.random.default_rng([seed, turn, _number(name)]).permutation(len(items))
    return [items[i] for i in order]


def _number(text: str) -> int:
    return zlib.crc32(text.encode())
