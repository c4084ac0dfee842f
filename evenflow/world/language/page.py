"""The page on the language, docs/world_language.md, made from its tables.

`python -m evenflow.world.language.page` writes it; a test says when that is due.
"""

from collections import defaultdict
from pathlib import Path

from evenflow.world import words as world
from evenflow.world.language import grammar
from evenflow.world.language.content import DIRECTED, IMPLIED
from evenflow.world.language.counterfactual import counterfactuals
from evenflow.world.language.describe import LEVELS, describe
from evenflow.world.language.parse import parse
from evenflow.world.language.vocabulary import (
    EXPANDED,
    NEAR,
    PLACES,
    SYNONYMS,
    VERB_SYNONYMS,
    VOCABULARY,
)

EXAMPLE = (
    "At noon on a plain gray floor a large red ball rolls slowly to the right, passes behind a "
    "gray pillar and hits a small blue cube; the camera stays still"
)

TOP = """# The language of the world

This page is made from the tables of `evenflow/world/language` by
`python -m evenflow.world.language.page`.

```python
from evenflow.world.language import counterfactuals, describe, parse

script = parse("a red ball rolls behind the pillar")  # text -> Script
describe(script, "L3", seed=1)  # Script or SceneSpec -> text, in one of several wordings
counterfactuals(script)  # captions that are wrong in one thing, and in which
```

`parse(describe(script, level))` gives back all that the caption says, for every level, form and
wording; `at_level(script, level)` is what a level says. Captions are written with {size} words, the
vocabulary below. People may write more: any form of a verb or noun (`rolls`, `rolled`, `is
rolling`, bare `roll`), articles or none, British spelling, synonyms, passives, pronouns, "which",
"while", "when", "before", "after that", "at the same time", seconds. Nothing is dropped in
silence: what is not understood is an error of one line that points to its word and says what to
write instead. An unknown word gets the nearest known ones, by meaning or by letters. A negation
("without", "no", "not") is refused: say what is there instead.

Words of manner and mood change gait, speed and light, never a face: faces of this world have no
expression. A generator that is trained on these captions alone learns this grammar, not English.
A caption that contradicts itself is read, and `contradictions(script)` says why it
cannot come true.

## Levels

| level | what it says | example |
|---|---|---|
"""

SAYS = {
    "L0": "tags; who does what is left open",
    "L1": "one clause: the first deed, with colors",
    "L2": "one sentence: the cast, where they stand, all deeds, the camera",
    "L3": "a paragraph: also place, light, style and cuts",
    "L4": "a global caption and lines with their seconds",
    "L5": "a storyboard: shots with framing and seconds, and a cast that stays the same",
}

RULES = """
`[then]` stands where the time of a deed is not known. The ambiguous form of a level leaves out
what tells one thing from another: "{ambiguous}"

## Who is meant

- "A red ball" is somebody new; "the ball" is who was named before, if there is just one that it can
  be. Two that fit are an error: say which by color, size, pattern, material, clothes, hair, side
  ("the left ball") or order of mention ("the first red ball").
- Captions use the shortest phrase that tells one from all others (`refer(script, id)`); the side
  and the order come last.
- A pronoun is written only where one role alone can be meant. Read, it is whom it can mean: the
  subject before, what somebody holds, who was named last.
- "Three dogs" are one role of three; a bare plural is two, "some" and "several" are three.
- "A woman in yellow", "a man in a red shirt and blue trousers with black hair": clothes. "A red and
  white striped ball": a color and that of the pattern.

## What happens, and when

- Clauses follow one another: "and", "then", "after that". "While", "as", "meanwhile" and "at the
  same time" join a deed to the one before. "B when A", "after A, B" and "before B, A" put A first.
- Two subjects of one verb do it at once; "each other" is each with the next.
- Directions are those of the camera: forward is away from it, back toward it. "Enters from the
  left" goes right.
- Of a thing that is dropped, thrown, rolled, slid, opened, closed or put over something, `other`
  is who does it. Of what is put down, carried, pushed or kicked, `other` is what the relation is
  about.
- "At 2 s", "from 1 to 2.5 s", "until 3 s", "for 2 s", and `[1-2.5 s]` before a line.

## Clauses

A pattern names its subject (`a` agent, `t` target, `o` other), then the verb and what follows:
`{a} {t} {o}` who or what, `{d}` a direction, `{from}` a side, `{r}` a relation, `{c}` a color,
`{m}` a manner. Where a relation is not said, the one in the last column is meant.

| event | direction | patterns | relation |
|---|---|---|---|
"""


def page() -> str:
    """The whole page."""
    script = parse(EXAMPLE)
    text = TOP.replace("{size}", str(len(VOCABULARY)))
    for level in LEVELS:
        example = describe(script, level).replace("\n", "<br>")
        text += f"| {level} | {SAYS[level]} | {example} |\n"
    text += RULES.replace("{ambiguous}", describe(script, "L2", form="ambiguous"))
    for kind in world.EVENTS:
        patterns = "<br>".join(f"`{pattern}`" for pattern in grammar.CLAUSES[kind])
        direction = "yes" if kind in DIRECTED else ""
        text += f"| {kind} | {direction} | {patterns} | {IMPLIED.get(kind, '')} |\n"
    text += "\n## Camera, light and places\n\n| what | it is said |\n|---|---|\n"
    for move, said in grammar.MOVES.items():
        text += f"| camera `{move}` | the camera {', '.join(said)} |\n"
    for sky, phrases in grammar.SKIES.items():
        text += f"| sky `{sky}` | {', '.join(phrases)} |\n"
    for background, phrase in grammar.BACKGROUNDS.items():
        text += f"| background `{background}` | {phrase} |\n"
    for ground in world.GROUNDS:
        phrase = grammar.GROUNDS.get(ground, ground)
        painted = grammar.PAINTED_GROUNDS[ground].format("red")
        text += f"| ground `{ground}` | on {phrase}, on {painted} |\n"
    text += "\nA place that is named looks like this, where no more is said:\n\n"
    text += "| place | ground | background |\n|---|---|---|\n"
    for name, setting in PLACES.items():
        text += f"| {name} | {setting.ground} | {setting.background} |\n"
    text += "\n## Counterfactuals\n\nOf the example of L2, each false in one thing:\n\n"
    text += "| what | true | false | caption |\n|---|---|---|---|\n"
    for one in counterfactuals(script):
        text += f"| {one.what} | {one.true} | {one.false} | {one.text} |\n"
    text += f"\n## Vocabulary\n\n{len(VOCABULARY)} words, by class; some are in several.\n\n"
    text += "| class | words |\n|---|---|\n"
    classes: dict[str, list[str]] = defaultdict(list)
    for word, names in VOCABULARY.items():
        for name in names:
            classes[name].append(word)
    for name, members in classes.items():
        text += f"| {name} | {' '.join(f'`{word}`' for word in members)} |\n"
    text += "\n### Understood as a word of the vocabulary\n\n| written | understood |\n|---|---|\n"
    known: dict[str, list[str]] = defaultdict(list)
    for table in (SYNONYMS, VERB_SYNONYMS):
        for word, meaning in table.items():
            if word != meaning:
                known[meaning].append(word)
    for word, several in EXPANDED.items():
        known[" ".join(several)].append(word)
    for meaning in sorted(known):
        text += f"| {', '.join(known[meaning])} | {meaning} |\n"
    text += "\n### Refused, with what comes nearest\n\n| written | nearest |\n|---|---|\n"
    near: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for word, close in NEAR.items():
        near[close].append(word)
    for close, members in sorted(near.items()):
        text += f"| {', '.join(members)} | {', '.join(close)} |\n"
    return text


if __name__ == "__main__":
    Path("docs/world_language.md").write_text(page(), encoding="utf-8")
