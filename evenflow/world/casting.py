"""Casting: roles of a script become entities: kinds, colors, sizes, materials that were not said.

What was said is kept; the rest is chosen so that no two entities of a kind share their color and
that what is alike on the ground is not painted like the ground.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evenflow.core.errors import BadInput
from evenflow.world.gait import HALF_HEIGHTS
from evenflow.world.script import Deed, Role, Script
from evenflow.world.spec import Entity, Preset
from evenflow.world.things import USUAL_SIZE
from evenflow.world.words import COLORS, FIXTURES, HUES, PATTERNS, SIZES, THINGS, WALKERS

FACTORS: dict[str, float] = {"cup": 0.62, "vase": 0.85}
"""Smaller than `things.USUAL_SIZE`, so that hands can hold it."""

RELATIVE = {"small": 0.78, "medium": 1.0, "large": 1.3}
"""What a said size does to walkers and fixtures."""

ROLLING = ("ball", "cart", "ring")
"""Things that roll."""
SLIDING = tuple(kind for kind in THINGS if kind not in (*ROLLING, "balloon"))
FRAGILE = ("vase", "cup")
HELD = (
    "ball",
    "cube",
    "box",
    "cup",
    "vase",
    "ring",
    "star",
    "cylinder",
    "cone",
    "capsule",
    "crate",
)
"""Things that a walker can carry."""
PUSHED = ("ball", "cube", "box", "crate", "cart", "cylinder")
PEOPLE = ("man", "woman", "child")
HANDS = (*PEOPLE, "robot")
"""Walkers that have hands."""

FIXTURE_COLORS: dict[str, tuple[str, ...]] = {
    "pillar": ("gray", "white", "brown"), "wall": ("brown", "gray", "white"),
    "fence": ("brown", "white"), "screen": ("white", "gray", "black"),
    "door": ("brown", "teal", "red"), "table": ("brown", "white", "gray"),
    "ramp": ("gray", "brown", "orange"), "tree": ("green",), "bush": ("green",),
    "rock": ("gray",), "house": ("white", "yellow", "pink", "orange"), "bench": ("brown", "gray"),
    "arch": ("gray", "white", "brown"), "sign": ("white", "yellow", "red"),
    "pendulum": ("gray", "brown"),
}  # fmt: skip
"""What a fixture is painted with where nobody says."""

ANIMAL_COLORS = {
    "dog": ("brown", "white", "black", "orange"), "cat": ("orange", "gray", "black", "white"),
    "horse": ("brown", "white", "black", "gray"), "robot": ("gray", "white", "teal", "orange"),
}  # fmt: skip

SKINS = ((240, 200, 170), (224, 172, 138), (190, 134, 98), (140, 92, 64), (96, 62, 44))
HAIRS = ((40, 28, 24), (84, 54, 34), (150, 96, 50), (214, 176, 96), (120, 118, 120), (150, 60, 32))

MATERIAL_OF: dict[str, tuple[str, ...]] = {
    "ball": ("rubber", "plastic", "matte", "metal"), "cup": ("plastic", "matte", "metal"),
    "vase": ("matte", "stone"), "crate": ("wood",), "balloon": ("rubber",), "lamp": ("glowing",),
    "cart": ("wood", "plastic"), "pillar": ("stone",), "wall": ("stone",), "fence": ("wood",),
    "door": ("wood",), "table": ("wood",), "bench": ("wood",), "rock": ("stone",),
    "arch": ("stone",), "pendulum": ("metal",),
}  # fmt: skip
DENSITIES = {
    "matte": 1.0, "rubber": 0.8, "plastic": 0.7, "metal": 2.4, "wood": 0.8, "stone": 2.0,
    "glowing": 0.8,
}  # fmt: skip
RESTITUTIONS = {
    "matte": 0.5, "rubber": 0.75, "plastic": 0.6, "metal": 0.4, "wood": 0.4, "stone": 0.3,
    "glowing": 0.4,
}  # fmt: skip
PATTERN_OF: dict[str, str] = {"wall": "bricks", "crate": "planks", "fence": "planks"}


@dataclass(frozen=True)
class Cast:
    """Entities, and which of them a role stands for.

    Args:
        entities: in the order of the roles; ids count from 1.
        of: ids of entities by id of the role (several where the role counts more than one).
    """

    entities: tuple[Entity, ...]
    of: Mapping[int, tuple[int, ...]]


def cast(script: Script, *, preset: Preset, rng: np.random.Generator) -> Cast:
    """Entities for the roles of a script; positions are left at the origin.

    Raises:
        BadInput: a role cannot do what its deed says, or an unknown row of a table.
    """
    entities: list[Entity] = []
    of: dict[int, tuple[int, ...]] = {}
    taken: set[tuple[str, str]] = {(role.kind, role.color) for role in script.cast if role.color}
    colors_taken = [role.color for role in script.cast if role.color]
    kinds = {role.id: _kind(role, script, rng) for role in script.cast}
    for role in script.cast:
        _known(role)
        ids: list[int] = []
        color = role.color
        for k in range(role.count):
            if not role.color and (k == 0 or preset != "lab"):
                color = _color(kinds[role.id], preset, taken, colors_taken, rng)
                taken.add((kinds[role.id], color))
                colors_taken.append(color)
            entity = _entity(len(entities) + 1, role, kinds[role.id], color, preset, rng)
            if k and not role.color and preset == "lab":
                entity = replace(entities[-1], id=len(entities) + 1)
            elif k:  # one of "three red balls" differs only by what nobody said
                entity = replace(
                    entities[ids[0] - 1], id=len(entities) + 1, seed=entity.seed, skin=entity.skin
                )
            entities.append(entity)
            ids.append(entity.id)
        of[role.id] = tuple(ids)
    for deed in script.deeds:
        _fit(deed, of, entities, {role.id: role for role in script.cast})
    return Cast(tuple(entities), of)


def weigh(entity: Entity) -> Entity:
    """Mass, restitution and friction by size and material."""
    volume = (entity.size / 0.46) ** 3
    if entity.kind == "cart":
        volume *= 1.6
    mass = max(0.05, round(DENSITIES[entity.material] * volume, 3))
    if entity.kind == "balloon":
        mass = 0.02
    return replace(entity, mass=mass, restitution=RESTITUTIONS[entity.material])


def _known(role: Role) -> None:
    for value, table, name in (
        (role.color, COLORS, "color"), (role.second, COLORS, "color"), (role.size, SIZES, "size"),
        (role.pattern, PATTERNS, "pattern"), (role.hair, COLORS, "hair"),
        (role.material, DENSITIES, "material"),
    ):  # fmt: skip
        if value and value not in table:
            raise BadInput(f"{value!r} is no {name}; take one of {', '.join(table)}")
    if role.count < 1 or role.count > 12:
        raise BadInput(f"{role.count} of a kind cannot be staged; take 1 to 12")


def _kind(role: Role, script: Script, rng: np.random.Generator) -> str:
    """The kind of a role; `thing` and `person` become one that can do the deeds."""
    if role.kind == "person":
        return str(rng.choice(PEOPLE))
    if role.kind != "thing":
        if role.kind not in THINGS and role.kind not in WALKERS and role.kind not in FIXTURES:
            raise BadInput(
                f"{role.kind!r} is no kind of thing, walker or fixture; take one of "
                f"{', '.join((*THINGS, *WALKERS, *FIXTURES))}"
            )
        return role.kind
    doing = {deed.kind for deed in script.deeds if deed.agent == role.id}
    suffering = {deed.kind for deed in script.deeds if deed.target == role.id}
    if "shatter" in doing:
        return "vase"
    if "rise" in doing:
        return "balloon"
    if doing & {"cover", "uncover"}:
        return "cup"
    if doing & {"roll", "bounce", "drop", "throw", "enter", "exit", "hide", "appear", "pass"}:
        return "ball"
    if "slide" in doing or suffering & {"push"}:
        return str(rng.choice(("cube", "box", "cylinder")))
    if suffering & {"pick_up", "carry", "give", "put_down"}:
        return str(rng.choice(("cup", "ball", "cube")))
    if suffering & {"hide", "appear"}:
        return "box"
    return str(rng.choice(("ball", "cube", "cylinder", "cone")))


def _color(
    kind: str, preset: Preset, taken: set[tuple[str, str]], others: list[str],
    rng: np.random.Generator,
) -> str:  # fmt: skip
    """A color that nothing of this kind has, and if possible nobody at all."""
    if kind in FIXTURE_COLORS:
        choices = FIXTURE_COLORS[kind] if preset != "lab" else ("gray", "white", "brown")
        if kind in ("tree", "bush"):
            choices = ("green",)
    elif kind in ANIMAL_COLORS:
        choices = ANIMAL_COLORS[kind]
    else:
        choices = HUES if preset in ("lab", "flat") else (*HUES, "white", "brown")
    order = [choices[i] for i in rng.permutation(len(choices))]
    free = [color for color in order if (kind, color) not in taken]
    if not free:
        order = [HUES[i] for i in rng.permutation(len(HUES))]
        free = [color for color in order if (kind, color) not in taken] or order
    fresh = [color for color in free if color not in others]
    return (fresh or free)[0]


def _entity(
    id: int, role: Role, kind: str, color: str, preset: Preset, rng: np.random.Generator
) -> Entity:
    seed = int(rng.integers(1 << 31))
    plain = preset in ("lab", "flat")
    size_word = role.size
    if kind in THINGS:
        if not size_word:
            size_word = str(rng.choice(("small", "medium", "large"), p=(0.35, 0.45, 0.2)))
        size = USUAL_SIZE[kind] * FACTORS.get(kind, 1.0) * SIZES[size_word] / SIZES["medium"]
    else:
        size = (HALF_HEIGHTS.get(kind) or USUAL_SIZE[kind]) * (
            RELATIVE[size_word] if size_word else 1.0
        )
        if not plain and kind in ("tree", "bush", "rock", "house") and not size_word:
            size *= float(rng.uniform(0.9, 1.15))
    pattern = role.pattern
    chance = float(rng.random())
    if not pattern:
        pattern = "plain"
        if not plain and kind in ("ball", "cube", "box", "cylinder", "capsule") and chance < 0.45:
            pattern = str(
                rng.choice(("striped", "checkered", "dotted", "two-tone", "ringed", "starred"))
            )
        elif not plain:
            pattern = PATTERN_OF.get(kind, "plain")
    material = role.material
    if not material:
        choices = ("matte", "plastic") if plain else MATERIAL_OF.get(kind, ("matte", "plastic"))
        material = str(rng.choice(choices))
    second = role.second
    if not second:
        if kind in (*PEOPLE,):
            dark = [one for one in ("blue", "black", "brown", "gray", "white") if one != color]
            second = dark[int(rng.integers(len(dark)))]
        elif kind == "house":
            second = str(rng.choice(("red", "brown", "gray")))
        elif kind == "tree":
            second = "brown"
        elif kind in ("wall", "crate", "fence", "door", "pillar", "table", "bench"):
            second = "white" if color in ("gray", "red", "teal") else "gray"
        else:
            light = [one for one in ("white", "yellow", "teal", "black") if one != color]
            second = "white" if color != "white" and rng.random() < 0.6 else light[-1]
    hair = HAIRS[int(rng.integers(len(HAIRS)))]
    if role.hair:
        hair = COLORS[role.hair]
    skin = SKINS[int(rng.integers(len(SKINS)))]
    return weigh(
        Entity(
            id=id, kind=kind, color=color, second=second, size=round(size, 4), size_word=size_word,
            pattern=pattern, material=material, hair=hair, skin=skin, seed=seed,
        )
    )  # fmt: skip


CAN: dict[str, tuple[str, ...]] = {
    "roll": ROLLING, "slide": SLIDING, "rise": ("balloon",), "swing": ("pendulum",),
    "shatter": FRAGILE, "cover": ("cup", "box", "crate", "cone", "cylinder"),
    "uncover": ("cup", "box", "crate", "cone", "cylinder"), "lower": ("screen",),
    "raise": ("screen",), "open": ("door",), "close": ("door",), "pick_up": HANDS, "carry": HANDS,
    "put_down": HANDS, "give": HANDS, "push": (*HANDS, "dog", "horse"), "wave": HANDS,
    "hand_over_face": HANDS,
    "drop": tuple(kind for kind in THINGS if kind != "balloon"),
    "fall": tuple(kind for kind in THINGS if kind != "balloon"),
    "throw": tuple(kind for kind in THINGS if kind not in ("balloon", "tower", "lamp", "cart")),
    "bounce": ("ball", "cube", "box", "star", "ring", "capsule", "cylinder", "balloon"),
}  # fmt: skip
"""Who can do what, where not everybody can."""
ON: dict[str, tuple[str, ...]] = {
    "pick_up": HELD, "carry": HELD, "put_down": HELD, "give": HELD,
    "push": (*PUSHED, "tower", "cone", "capsule", "vase", "cup", "lamp", "ring", "star"),
    "kick": (*PUSHED, "ring", "star", "cone", "capsule", "cup"),
}  # fmt: skip
"""With what it can be done."""


def _fit(
    deed: Deed, of: Mapping[int, tuple[int, ...]], entities: list[Entity], roles: dict[int, Role]
) -> None:
    """Raises where a kind cannot do or suffer a deed; sizes that nobody said give way."""
    for role in (deed.agent, deed.target, deed.other):
        if role and role not in of:
            raise BadInput(f"{deed.kind} speaks of role {role}, and the cast has no such role")
    agents = [entities[i - 1] for i in of.get(deed.agent, ())]
    targets = [entities[i - 1] for i in of.get(deed.target, ())]
    doing = deed.kind.replace("_", " ")
    for agent in agents:
        able = CAN.get(deed.kind)
        if able is not None and agent.kind not in able:
            raise BadInput(f"a {agent.kind} cannot {doing}; it takes {', '.join(able)}")
    for target in targets:
        able = ON.get(deed.kind)
        if able is not None and target.kind not in able:
            raise BadInput(f"a {target.kind} is nothing to {doing}; it takes {', '.join(able)}")


def _unsaid_size(entity: Entity, size: float, word: str = "") -> Entity:
    return weigh(replace(entity, size=round(size, 4), size_word=word))
