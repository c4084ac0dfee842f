"""Prompts: what a person wrote becomes the caption that the model learned from, or one clear error.

The world's language reads the prompt and says it again in the form of the training's captions, so
that "a red ball rolls left behind the pillar" is heard as the model knows such things.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from evenflow.core.errors import BadInput

if TYPE_CHECKING:
    from evenflow.backbones.words import Words
    from evenflow.world.language import Level
    from evenflow.world.script import Script

AS_IT_IS = "as it is"
"""Level of captions that nobody reads: the prompt is handed on."""
MOST = 8
"""Words of a prompt that are still read, in lengths of the longest caption; saying it again may
make it shorter."""
MOST_LETTERS = 40
"""Of a word of a prompt."""


@dataclass(frozen=True)
class Heard:
    """A prompt as a model hears it.

    Args:
        prompt: as it was written.
        caption: in the form that the model learned.
        warnings: what the model will not do, one line each.
    """

    prompt: str
    caption: str
    warnings: tuple[str, ...] = ()


def hear(
    prompt: str,
    words: "Words | None",
    *,
    level: str = "L2",
    camera: str = "static",
    colors: bool = True,
    knows: Sequence[str] = (),
) -> Heard:
    """Reads a prompt.

    Args:
        prompt: in the world's language.
        words: the model's vocabulary and the length of its captions; None hears nothing.
        level: of the captions that it learned from, L0 to L5, or AS_IT_IS.
        camera: what the camera does where the prompt does not say it, or empty; captions of the
            training always say it.
        colors: whether things that the prompt gives no color get one, as captions of the training
            always say it: fixtures gray, the others the first hue that nothing else has.
        knows: words that it has seen; others are a warning. Empty means all.

    Raises:
        BadInput: the prompt is empty or too long, or says what the language or the model has no
            word for.
    """
    text = " ".join(prompt.split()) if level != "L4" and level != "L5" else prompt.strip()
    if not text:
        raise BadInput('the prompt is empty: write one like "a red ball rolls behind a pillar"')
    if words is None:
        return Heard(prompt, "", ("this model learned without captions: the prompt is not heard",))
    most = words.length - 1
    count = len(text.split())
    if count > MOST * most:
        raise BadInput(f"the prompt has {count:,} words, the model hears {most} at most: say less")
    longest = max(text.split(), key=len)
    if len(longest) > MOST_LETTERS:
        raise BadInput(f'"{longest[:20]}..." has {len(longest):,} letters: that is no word')
    lost: list[str] = []
    caption, empty = text, False
    if level != AS_IT_IS:
        caption, lost, empty = _said_again(prompt.strip(), level, camera, colors)
    tokens = words.split(caption)
    try:
        words.encode([caption])
    except ValueError as error:
        if len(tokens) > most:
            raise BadInput(
                f"the model hears {most} words at most, the prompt comes to {len(tokens)} "
                f'("{_short(caption)}"): say less'
            ) from None
        raise BadInput(f'{error} (the prompt was read as "{_short(caption)}")') from None
    strange = [word for word in dict.fromkeys(tokens) if word.isalpha() and word not in knows]
    warnings = [f"captions of this model do not speak of {what}: it is left out" for what in lost]
    if empty:
        warnings.append("the prompt names nothing that could be seen")
    if knows and strange:
        warnings.append(
            f"this model never saw {_listed(strange)}: expect something else in its place"
        )
    return Heard(prompt, caption, tuple(warnings))


def _said_again(text: str, level: str, camera: str, colors: bool) -> tuple[str, list[str], bool]:
    from evenflow.world.language import LEVELS, at_level, contradictions, describe, parse

    if level not in LEVELS:
        raise BadInput(f"the model says that its captions are {level!r}: one of {LEVELS} is known")
    known: Level = level
    script = parse(text)
    for wrong in contradictions(script):
        raise BadInput(f"the prompt cannot come true: {wrong.text}")
    if colors:
        script = _colored(script)
    first = script.shots[0]
    if camera and not first.moves:
        script = replace(script, shots=(replace(first, moves=(camera,)), *script.shots[1:]))
    lost = _lost(script, at_level(script, known))
    return describe(script, known), lost, not script.cast


def _colored(script: "Script") -> "Script":
    """The same, with a color for every thing and fixture."""
    from evenflow.world.words import FIXTURES, HUES, THINGS

    said = {role.color for role in script.cast} | {deed.color for deed in script.deeds}
    free = [hue for hue in HUES if hue not in said] or list(HUES)
    cast = []
    for role in script.cast:
        if not role.color and role.kind in FIXTURES:
            role = replace(role, color="gray")
        elif not role.color and role.kind in THINGS:
            role = replace(role, color=free[0])
            free = [*free[1:], free[0]]
        cast.append(role)
    return replace(script, cast=tuple(cast))


def _lost(script: "Script", kept: "Script") -> list[str]:
    """What a script says and a level does not."""
    found = []
    if len(script.shots) > len(kept.shots):
        found.append("cuts between shots")
    one, other = script.settings[0], kept.settings[0]
    if one != other and (one.name or one.ground or one.colors or one.sky or one.background):
        found.append("the place or the light")
    if script.style and not kept.style:
        found.append(f"the style ({script.style})")
    if any(deed.start is not None or deed.seconds is not None for deed in script.deeds) and not any(
        deed.start is not None or deed.seconds is not None for deed in kept.deeds
    ):
        found.append("when things happen")
    return found


def _short(text: str, most: int = 120) -> str:
    return text if len(text) <= most else text[: most - 3].rstrip() + "..."


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
