"""Random scripts for the tests of language: everything that a caption can say, far from sense."""

import random
from dataclasses import replace

from evenflow.world import words as world
from evenflow.world.language.content import DIRECTED, IMPLIED, TRANSITIVE, sort_of
from evenflow.world.language.vocabulary import PLACES
from evenflow.world.script import Deed, Role, Script, ScriptShot, Setting, Standing

DOERS = ("roll", "slide", "drop", "throw", "open", "close", "cover")
RELATIONS_OF = {
    "stop": ("beside", "behind", "in front of", "under"),
    "hide": ("behind", "under"),
    "appear": ("out from behind", "beside", "behind"),
    "bounce": ("off", "over", "onto"),
    "drop": ("onto", "into", "behind"),
    "fall": ("off", "onto", "behind", "into"),
    "pass": ("past", "behind", "in front of", "between", "through", "under"),
    "put_down": ("onto", "beside", "under", "into", "behind", "in front of"),
    "circle": ("around",),
}
PLAIN = tuple(one for one in world.RELATIONS if one not in ("out from behind",))


def random_script(seed: int, *, shots: int | None = None) -> Script:
    rng = random.Random(seed)

    def pick(options, share=1.0):
        return rng.choice(list(options)) if rng.random() < share else type(next(iter(options)))()

    cast: list[Role] = []

    def add(sort: str) -> int:
        kinds = {
            "thing": (*world.THINGS, "thing"),
            "walker": (*world.WALKERS, "person"),
            "fixture": world.FIXTURES,
        }[sort]
        if cast and rng.random() < 0.35:
            same = [one for one in cast if sort_of(one.kind) == sort]
            if same:
                return rng.choice(same).id
        kind = rng.choice(kinds)
        colors = list(world.COLORS)
        role = Role(
            len(cast) + 1,
            kind,
            color=pick(colors, 0.8),
            size=pick(world.SIZES, 0.3),
            pattern=pick(world.PATTERNS, 0.3),
            material=pick(world.MATERIALS, 0.3),
            count=rng.choice((1, 1, 1, 1, 1, 2, 3)),
        )
        human = kind in ("man", "woman", "child", "person", "robot")
        if rng.random() < 0.3 and (
            role.color
            or role.kind in ("man", "woman")
            or (role.pattern and role.pattern not in ("plain", "two-tone"))
        ):
            role = replace(role, second=rng.choice([c for c in colors if c != role.color]))
        if human and rng.random() < 0.3:
            role = replace(role, hair=rng.choice(colors))
        if rng.random() < 0.1 and role.count == 1:
            role = replace(role, side=rng.choice(("left", "right", "middle")))
        alike = [one for one in cast if sort_of(one.kind) == sort]
        if alike and rng.random() < 0.15:
            role = replace(rng.choice(alike), id=len(cast) + 1)
        cast.append(role)
        return role.id

    num_shots = shots or rng.choice((1, 1, 1, 2, 3))
    deeds: list[Deed] = []
    for shot in range(num_shots):
        for _ in range(rng.randint(0 if num_shots > 1 else 1, 3)):
            kind = rng.choice(list(world.EVENTS))
            row = world.EVENTS[kind]
            deed = Deed(kind, shot=shot)
            if row.agents != ("light",):
                deed = replace(deed, agent=add(rng.choice(row.agents)))
            need = [name for name in row.roles if name not in ("agent", "other?")]
            used = {deed.agent}
            for name in need:
                if name.endswith("?") and rng.random() < 0.5:
                    continue
                sort = rng.choice(("thing", "walker", "fixture"))
                if kind in ("give", "pick_up", "carry", "push", "kick", "put_down"):
                    sort = "walker" if name == "other" else "thing"
                id = add(sort)
                if id in used:
                    continue
                used.add(id)
                deed = replace(deed, **{name.rstrip("?"): id})
            missing = [n for n in row.roles if not n.endswith("?") and n != "agent"]
            if any(not getattr(deed, name) for name in missing):
                continue
            if kind in DOERS and rng.random() < 0.3 and not deed.other:
                id = add("walker")
                if id not in used:
                    deed = replace(deed, other=id)
            if kind in TRANSITIVE and rng.random() < 0.4:
                id = add("fixture")
                if id not in used:
                    deed = replace(deed, other=id)
            about = deed.other if kind in TRANSITIVE else deed.target
            if about and kind in IMPLIED:
                deed = replace(deed, relation=pick(RELATIONS_OF.get(kind, PLAIN), 0.8))
            if deed.relation == "between":
                if kind in TRANSITIVE:
                    deed = replace(deed, relation="behind")
                else:
                    count = cast[deed.target - 1].count
                    id = add("fixture")
                    if count > 1 or id in (deed.agent, deed.target) or deed.other:
                        deed = replace(deed, relation="behind")
                    else:
                        deed = replace(deed, other=id)
            if kind in DIRECTED:
                options = ("left", "right", "forward", "back")
                deed = replace(deed, direction=pick(options, 0.5))
            if kind == "change_color":
                deed = replace(deed, color=rng.choice(list(world.COLORS)))
            deed = replace(deed, manner=pick(world.MANNERS, 0.3))
            if rng.random() < 0.5:
                start = round(rng.random() * 3, 2)
                deed = replace(deed, start=start, end=round(start + 0.1 + rng.random(), 2))
            if rng.random() < 0.1:
                deed = replace(deed, seconds=round(rng.random() + 0.5, 1))
            if deeds and rng.random() < 0.25:
                deed = replace(deed, together=True)
            deeds.append(deed)
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        add(rng.choice(("thing", "thing", "walker", "fixture")))
    standing: list[Standing] = []
    if len(cast) > 1 and rng.random() < 0.5:
        for _ in range(rng.choice((1, 1, 2))):
            role, target = rng.sample(range(1, len(cast) + 1), 2)
            relation = rng.choice(
                ("on", "in", "under", "behind", "in front of", "beside", "left of", "right of")
            )
            if cast[target - 1].kind in world.WALKERS and rng.random() < 0.5:
                relation = "held by"
            standing.append(Standing(role, relation, target))
    names = rng.sample(list(PLACES), num_shots)
    settings = []
    many = num_shots > 1
    for number in range(num_shots if many and rng.random() < 0.5 else 1):
        name = names[number] if many or rng.random() < 0.4 else ""
        ground = pick(world.GROUNDS, 0.6)
        settings.append(
            Setting(
                name,
                ground=ground,
                colors=tuple(rng.sample(list(world.COLORS), rng.choice((1, 2))))
                if ground in ("plain", "checker", "tiles", "carpet") and rng.random() < 0.5
                else (),
                sky=pick(world.SKIES, 0.6),
                background=pick(world.BACKGROUNDS, 0.6),
                fog=rng.random() < 0.2,
            )
        )
    rows = []
    for number in range(num_shots):
        moves = tuple(rng.choice(world.CAMERA_MOVES) for _ in range(rng.choice((0, 1, 1, 2))))
        follows = rng.choice([one.id for one in cast]) if cast else 0
        held = any(m == "follow" or m.startswith("orbit") for m in moves)
        if "follow" in moves and not cast:
            moves = ()
        needs = "follow" in moves
        rows.append(
            ScriptShot(
                place=settings[min(number, len(settings) - 1)].name,
                size=pick(("wide", "medium", "close"), 0.5),
                moves=moves,
                follows=follows if held and (needs or rng.random() < 0.5) else 0,
                manner=pick(world.MANNERS, 0.2),
                seconds=round(1 + rng.random() * 3, 2) if rng.random() < 0.8 else None,
            )
        )
    return Script(
        tuple(cast), tuple(standing), tuple(deeds), tuple(settings), tuple(rows),
        pick(world.STYLES, 0.4),
    )  # fmt: skip
