"""Scenery: themes (park, beach, night street ...) and what a place looks like where nobody says.

A theme is a row of `THEMES`. What a script says of its setting is kept; the theme that fits it best
gives the rest: ground, sky, background, light, and the trees, houses and rocks that stand around.
"""

from dataclasses import dataclass, replace

import numpy as np

from evenflow.world.casting import FIXTURE_COLORS, MATERIAL_OF, PATTERN_OF
from evenflow.world.script import Setting
from evenflow.world.spec import Entity, Light, Place, Preset
from evenflow.world.things import USUAL_SIZE
from evenflow.world.words import COLORS

RGB = tuple[int, int, int]


@dataclass(frozen=True)
class Theme:
    """A kind of place.

    Args:
        grounds, skies, backgrounds: rows of their tables, the likeliest first.
        colors: pairs of ground colors, sRGB.
        scale: world units of one repeat of the ground.
        around: kinds that stand around, with how many of each at most.
        walkers: who is met here.
        styles: rows of STYLES that suit it.
        fog: share of fog at 10 units, at most.
        indoors: no sun and no wind.
    """

    grounds: tuple[str, ...]
    skies: tuple[str, ...]
    backgrounds: tuple[str, ...]
    colors: tuple[tuple[RGB, RGB], ...]
    scale: float = 1.0
    around: tuple[tuple[str, int], ...] = ()
    walkers: tuple[str, ...] = ("man", "woman", "child", "dog")
    styles: tuple[str, ...] = ("plain", "plain", "plain", "toon", "pastel")
    fog: float = 0.0
    indoors: bool = False


_DAY = ("noon", "morning", "evening", "overcast")
THEMES: dict[str, Theme] = {
    "park": Theme(
        ("grass",), _DAY, ("hills", "forest"), (((126, 172, 84), (104, 150, 70)),),
        around=(("tree", 4), ("bush", 2), ("bench", 1)),
    ),
    "meadow": Theme(
        ("grass",), ("morning", "noon", "evening"), ("hills", "mountains"),
        (((150, 186, 92), (122, 162, 74)), ((170, 182, 96), (142, 156, 78))),
        around=(("bush", 3), ("tree", 2), ("rock", 1)), walkers=("horse", "child", "dog", "woman"),
        styles=("plain", "pastel", "plain", "paper"),
    ),
    "forest": Theme(
        ("grass",), ("morning", "overcast", "noon"), ("forest",),
        (((92, 128, 70), (74, 104, 58)),), around=(("tree", 6), ("rock", 2), ("bush", 2)),
        walkers=("dog", "man", "woman", "horse"), fog=0.25, styles=("plain", "foggy", "toon"),
    ),
    "city": Theme(
        ("asphalt", "tiles"), _DAY, ("city",), (((126, 128, 134), (104, 106, 112)),),
        around=(("house", 2), ("sign", 1), ("bench", 1), ("tree", 1)),
        styles=("plain", "toon", "plain"),
    ),
    "beach": Theme(
        ("sand",), ("noon", "morning", "evening"), ("sea",),
        (((232, 208, 160), (214, 186, 136)),), around=(("rock", 3),),
        styles=("plain", "pastel", "plain"),
    ),
    "desert": Theme(
        ("sand",), ("noon", "evening", "morning"), ("desert",),
        (((226, 178, 120), (204, 152, 98)),), around=(("rock", 4),),
        walkers=("man", "horse", "robot", "woman"), styles=("plain", "sepia", "plain"),
    ),
    "snow": Theme(
        ("snow",), ("overcast", "morning", "noon"), ("mountains", "forest"),
        (((238, 242, 248), (220, 228, 240)),), around=(("tree", 4), ("rock", 1)), fog=0.15,
        walkers=("child", "man", "dog", "woman"), styles=("plain", "pastel", "plain"),
    ),
    "night street": Theme(
        ("asphalt",), ("night",), ("city",), (((96, 98, 108), (80, 82, 92)),),
        around=(("lamp", 2), ("house", 2), ("sign", 1)), styles=("plain",),
        walkers=("man", "woman", "cat", "robot"),
    ),
    "room": Theme(
        ("planks", "carpet", "tiles"), ("studio",), ("room",),
        (((186, 140, 96), (160, 116, 78)), ((172, 96, 92), (150, 80, 78)),
         ((214, 206, 194), (188, 178, 166))),
        around=(("table", 1), ("lamp", 1)), walkers=("child", "man", "woman", "cat"),
        styles=("plain", "plain", "pastel"), indoors=True,
    ),
    "playground": Theme(
        ("checker", "tiles", "carpet"), ("noon", "morning"), ("hills", "city"),
        (((236, 200, 120), (222, 132, 110)), ((150, 200, 190), (112, 164, 170))),
        around=(("bench", 1), ("tree", 2), ("fence", 1)), walkers=("child", "dog", "woman"),
        styles=("plain", "toon", "pastel"),
    ),
    "mountains": Theme(
        ("grass", "snow"), ("morning", "noon", "evening"), ("mountains",),
        (((136, 150, 104), (116, 128, 90)),), around=(("rock", 4), ("tree", 2)),
        walkers=("man", "horse", "dog"),
    ),
    "harbor": Theme(
        ("planks", "tiles"), ("evening", "morning", "noon"), ("sea", "city"),
        (((176, 148, 116), (150, 122, 94)),), around=(("fence", 1), ("sign", 1), ("crate", 2)),
        styles=("plain", "paper", "plain"),
    ),
    "square": Theme(
        ("tiles", "checker"), ("noon", "evening", "overcast"), ("city",),
        (((206, 198, 186), (176, 168, 158)), ((196, 180, 170), (150, 138, 134))),
        around=(("bench", 2), ("tree", 1), ("arch", 1)),
    ),
    "lake": Theme(
        ("water",), ("evening", "morning", "noon"), ("mountains", "hills"),
        (((96, 142, 166), (74, 116, 144)),), around=(("rock", 4),), fog=0.1,
        walkers=("robot", "horse"), styles=("plain", "pastel"),
    ),
    "studio": Theme(
        ("plain", "checker"), ("studio", "plain"), ("none",),
        (((196, 198, 202), (172, 176, 182)), ((224, 216, 204), (200, 192, 182)),
         ((176, 192, 206), (150, 168, 186))),
        styles=("plain", "toon", "paper"), walkers=("robot", "woman", "cat", "child"),
    ),
}  # fmt: skip
"""The places of `story`."""

GROUND_COLORS: dict[str, tuple[RGB, RGB]] = {
    "plain": ((182, 184, 188), (160, 162, 168)), "checker": ((206, 210, 216), (150, 160, 176)),
    "planks": ((186, 140, 96), (160, 116, 78)), "tiles": ((206, 198, 186), (176, 168, 158)),
    "grass": ((126, 172, 84), (104, 150, 70)), "sand": ((232, 208, 160), (214, 186, 136)),
    "snow": ((238, 242, 248), (220, 228, 240)), "asphalt": ((126, 128, 134), (104, 106, 112)),
    "water": ((96, 142, 166), (74, 116, 144)), "carpet": ((172, 96, 92), (150, 80, 78)),
}  # fmt: skip

ALIASES: dict[str, str] = {
    "street": "city", "town": "city", "garden": "park", "field": "meadow", "wood": "forest",
    "woods": "forest", "sea": "beach", "shore": "beach", "kitchen": "room", "house": "room",
    "hall": "room", "night": "night street", "mountain": "mountains", "port": "harbor",
}  # fmt: skip

LIGHTS: dict[str, Light] = {
    "plain": Light(elevation=0.95, color=(1.0, 0.99, 0.97), ambient=0.45),
    "morning": Light(elevation=0.45, color=(1.0, 0.88, 0.7), ambient=0.4),
    "noon": Light(elevation=1.05, color=(1.0, 0.97, 0.9), ambient=0.38),
    "evening": Light(elevation=0.3, color=(1.0, 0.7, 0.46), ambient=0.42),
    "night": Light(elevation=0.8, color=(0.5, 0.62, 1.0), gain=0.45, ambient=0.5),
    "overcast": Light(elevation=0.9, color=(0.94, 0.97, 1.0), gain=0.95, ambient=0.75),
    "studio": Light(elevation=0.95, color=(1.0, 0.96, 0.9), ambient=0.5),
}  # fmt: skip
"""Light of a sky before anything happens to it."""


def theme_of(setting: Setting, preset: Preset, rng: np.random.Generator) -> str:
    """The theme that fits what is said best; one by chance where nothing is."""
    if preset != "story":
        return "studio"
    name = setting.name.removeprefix("the ").strip()
    name = ALIASES.get(name, name)
    if name in THEMES:
        return name
    fit: dict[str, int] = {}
    for name, theme in THEMES.items():
        fit[name] = sum(
            (3 if table[0] == said else 2) if said in table else -2
            for said, table in (
                (setting.ground, theme.grounds),
                (setting.sky, theme.skies),
                (setting.background, theme.backgrounds),
            )
            if said
        )
    best = max(fit.values())
    names = [name for name in THEMES if fit[name] == best]
    return names[int(rng.integers(len(names)))]


def place_for(
    setting: Setting,
    theme: str,
    *,
    preset: Preset,
    avoid: tuple[str, ...],
    rng: np.random.Generator,
) -> Place:
    """The place of a setting.

    Args:
        setting: what is said.
        theme: a row of THEMES.
        avoid: names of colors that must not drown in the ground.
    """
    row = THEMES[theme]
    seed = int(rng.integers(1 << 31))
    azimuth = float(rng.choice((-1.0, 1.0)) * rng.uniform(1.1, 2.6))
    if preset in ("lab", "flat"):
        gray = int(rng.integers(150, 196))
        colors = ((gray, gray, gray + 2), (gray - 22, gray - 22, gray - 20))
        ground = setting.ground or (
            "plain" if preset == "flat" or rng.random() < 0.6 else "checker"
        )
        if setting.ground and setting.ground not in ("plain", "checker"):
            colors = GROUND_COLORS[setting.ground]
        sky, background, fog = setting.sky or "plain", setting.background or "none", 0.0
    else:
        ground = setting.ground or row.grounds[_first(len(row.grounds), rng)]
        sky = setting.sky or row.skies[_first(len(row.skies), rng)]
        background = setting.background or row.backgrounds[_first(len(row.backgrounds), rng)]
        colors = _ground_colors(ground, row, avoid, rng)
        fog = float(rng.uniform(0, row.fog)) if row.fog and rng.random() < 0.5 else 0.0
    if setting.fog:
        fog = float(rng.uniform(0.4, 0.55))
    if setting.colors:
        first = COLORS[setting.colors[0]]
        second = COLORS[setting.colors[1]] if len(setting.colors) > 1 else _shade(first, 0.82)
        colors = (first, second)
    light = LIGHTS[sky]
    if preset != "lab":
        light = replace(
            light,
            azimuth=round(azimuth, 4),
            elevation=round(light.elevation * float(rng.uniform(0.88, 1.12)), 4),
        )
    else:
        light = replace(light, azimuth=round(azimuth, 4))
    return Place(
        name=setting.name or (theme if preset == "story" else ""), ground=ground, sky=sky,
        background=background, colors=colors, scale=row.scale, fog=round(fog, 4), seed=seed,
        light=light,
    )  # fmt: skip


def _first(num: int, rng: np.random.Generator) -> int:
    """One of so many, the first half of the time."""
    return 0 if num == 1 or rng.random() < 0.5 else int(rng.integers(num))


def _shade(color: RGB, factor: float) -> RGB:
    return (int(color[0] * factor), int(color[1] * factor), int(color[2] * factor))


def _ground_colors(
    ground: str, row: Theme, avoid: tuple[str, ...], rng: np.random.Generator
) -> tuple[RGB, RGB]:
    """Colors of a ground: the theme's if the ground is its own; away from the colors of things."""
    pairs = list(row.colors) if ground == row.grounds[0] or ground not in GROUND_COLORS else []
    if not pairs:
        pairs = [GROUND_COLORS[ground]]
    if ground in ("plain", "checker", "tiles", "carpet"):
        pairs += [((196, 198, 202), (172, 176, 182)), ((206, 196, 180), (180, 170, 154))]

    def apart(pair: tuple[RGB, RGB]) -> float:
        return min(
            (
                sum((a - b) ** 2 for a, b in zip(COLORS[name], pair[0], strict=True))
                for name in avoid
            ),
            default=0,
        ) + 400.0 * float(rng.random())

    return max(pairs, key=apart)


def scenery(
    theme: str, first_id: int, *, taken: tuple[tuple[float, float, float], ...],
    eye: tuple[float, float, float], ahead: tuple[float, float], half_width: float,
    depth: float, most: int, rng: np.random.Generator,
) -> tuple[Entity, ...]:  # fmt: skip
    """Trees, houses and rocks that stand where they hide nothing and nobody goes.

    Args:
        theme: a row of THEMES.
        first_id: of the first of them.
        taken: circles (x, z, radius) that must stay free.
        eye: of the camera; `ahead`: the direction it looks in, on the ground, unit.
        half_width: tangent of half the horizontal field of view.
        depth: distance from the eye of the farthest that matters; scenery stands behind.
        most: how many at most.
    """
    row = THEMES[theme]
    wanted = [kind for kind, most_of in row.around for _ in range(1 + int(rng.integers(most_of)))]
    order = rng.permutation(len(wanted))
    placed: list[Entity] = []
    circles = list(taken)
    for index in order[:most]:
        kind = wanted[index]
        size = USUAL_SIZE[kind] * float(rng.uniform(0.85, 1.2))
        radius = WIDE.get(kind, 0.6) * size + 0.25
        for _ in range(8):
            away = depth + radius + float(rng.uniform(0.6, 6.5 if kind != "house" else 8.0))
            if kind == "house":
                away += 2.5
            edge = half_width * away
            side = float(rng.uniform(-1.05, 1.05)) * (edge + 0.3 * radius)
            x = eye[0] + ahead[0] * away + ahead[1] * side
            z = eye[2] + ahead[1] * away - ahead[0] * side
            if all((x - cx) ** 2 + (z - cz) ** 2 > (radius + r) ** 2 for cx, cz, r in circles):
                circles.append((x, z, radius))
                colors = FIXTURE_COLORS.get(kind, ("brown",))
                heading = 0.0
                if kind in ("house", "bench", "sign", "fence", "tree", "rock", "bush"):
                    heading = float(rng.uniform(-0.5, 0.5)) + (np.pi if kind == "bench" else 0.0)
                placed.append(
                    Entity(
                        id=first_id + len(placed), kind=kind,
                        color="yellow" if kind == "lamp" else str(rng.choice(colors)),
                        second=SECOND.get(kind, "gray"), size=round(size, 4),
                        pattern=PATTERN_OF.get(kind, "plain"),
                        material=str(rng.choice(MATERIAL_OF.get(kind, ("matte",)))),
                        position=(round(x, 4), 0.0, round(z, 4)), heading=round(heading, 4),
                        mass=20.0, seed=int(rng.integers(1 << 31)), said=False,
                    )
                )  # fmt: skip
                break
    return tuple(placed)


WIDE = {
    "tree": 0.55, "bush": 1.3, "rock": 1.4, "house": 1.4, "bench": 2.2, "sign": 0.7, "fence": 3.0,
    "lamp": 0.4, "arch": 1.1, "table": 2.0, "crate": 1.4,
}  # fmt: skip
"""Radius of the circle on the ground that scenery needs, in half heights."""
SECOND = {"tree": "brown", "house": "red", "bench": "gray", "sign": "black", "lamp": "gray"}
