"""Page: docs/world_defects.md, made from DEFECTS and CONTROLS.

`python -m evenflow.world.defects.page` writes it anew; a test holds the page against it.
"""

import inspect
from pathlib import Path

from evenflow.core.kinds import KINDS


def edit_of(plant: object) -> str:
    """What a plant does, from the first sentence of its file."""
    text = inspect.getdoc(inspect.getmodule(plant)) or ""
    first = " ".join(text.split("\n\n")[0].split())
    return first.partition(": ")[2].rstrip(".")


def ladder(steps: tuple[float, ...]) -> str:
    """Five magnitudes."""
    return ", ".join(f"{step:g}" for step in steps)


def defects_table() -> str:
    """Kind, edit, unit, five magnitudes, control; a row for every variant with its own ladder."""
    from evenflow.world.defects import DEFECTS

    lines = [
        "| kind | what is edited | variants | unit | strengths 1 to 5 | legal look-alike |",
        "|---|---|---|---|---|---|",
    ]
    for kind in KINDS:
        row = DEFECTS[kind]
        shared = [v for v in row.variants if v not in row.ladders]
        first = True
        if shared or not row.ladders:
            lines.append(
                f"| `{kind}` | {edit_of(row.plant)} | {', '.join(shared)} | {row.unit} | "
                f"{ladder(row.magnitudes)} | `{row.control}` |"
            )
            first = False
        for variant, (steps, unit) in row.ladders.items():
            head = f"`{kind}` | {edit_of(row.plant)}" if first else " | "
            tail = f"`{row.control}`" if first else ""
            lines.append(f"| {head} | {variant} | {unit} | {ladder(steps)} | {tail} |")
            first = False
    return "\n".join(lines)


def equal_table() -> str:
    """Kinds that name as well what is seen of another."""
    from evenflow.world.defects import DEFECTS

    lines = ["| planted | may be called as well |", "|---|---|"]
    for kind in KINDS:
        row = DEFECTS[kind]
        if row.equal:
            lines.append(f"| `{kind}` | {', '.join(f'`{k}`' for k in row.equal)} |")
        for variant, kinds in row.equal_of.items():
            lines.append(f"| `{kind}`, {variant} | {', '.join(f'`{k}`' for k in kinds)} |")
    return "\n".join(lines)


def controls_table() -> str:
    """Legal look-alikes: what is seen, and whose signal they imitate."""
    from evenflow.world.defects import CONTROLS

    lines = ["| control | what is seen | looks like |", "|---|---|---|"]
    for name, row in CONTROLS.items():
        against = ", ".join(f"`{kind}`" for kind in row.against)
        lines.append(f"| `{name}` | {row.meaning} | {against} |")
    return "\n".join(lines)


TEXT = """# Defects in the scene

A defect can be painted into a finished clip (`evenflow inject`), or the scene itself can go wrong
and be drawn again: `evenflow world inject` edits states, light, camera or events of the
[world](world.md), so that shadows, occlusion, reflections and soft edges follow. Clean and
defective clip share everything else, and so what is wrong is known to the pixel.

![Six scenes without and with a defect, and the pixels that changed](images/world_defects.png)

```sh
evenflow world inject "a red ball rolls behind the pillar" --kind teleportation --strength 3 \\
    --entity "red ball" -o ball.mkv --clean clean.mkv --mask mask.npz
evenflow world inject --kind vanish --variant "stays hidden" --preset story --seed 104 -o gone.mkv
evenflow world inject --kind teleportation --control -o legal.mkv   # a legal look-alike
evenflow world inject --kinds
```

```python
from evenflow.world.clip import scene
from evenflow.world.defects import inject, masks, silhouettes

spec = scene("a red ball rolls behind the pillar", preset="story", seed=0)
planted = inject(spec, "color_change", strength=3)
planted.clip, planted.clean  # lazy; equal byte for byte outside planted.span
planted.span, planted.entities, planted.visible, planted.boxes
masks(planted, range(20, 24))  # (4, h, w) bool
both = inject(planted, "shake", strength=2)  # one more in the same clip; both.spans
both.clip.source.draw([20], truth=("depth", "instance"))  # the truth of what is seen now
```

## What is told

| field | what |
|---|---|
| `span` | kind, first and last frame that differ, their box, the entity, the strength |
| `span.parameters` | magnitude, unit, seed, variant, `equal` kinds, first and last visible frame |
| `masks` | pixels that differ by more than 2/255, with shadows and revealed background |
| `silhouettes` | where the entities are seen in either clip |
| `visible` | pixels of the mask in every frame; below 25 in all of them it is no positive |
| `boxes` | of the mask in every frame |

The command writes all this beside the clip, as `OUT.truth.json` (schema
`evenflow.world_inject/1`); a control's truth has `kind` null.

When, where and who depend on the scene and the seed alone, never on the strength, so five strengths
make a ladder. Who carries a defect is seen with 60 pixels when it begins and through half of its
frames, and moves where the kind needs it. A span does not cross a cut unless the kind concerns the
whole story; `--at` says when instead. Magnitude 0 gives the clean clip, byte for byte. A scene in
which nobody can have a kind is refused with one line.

What a renderer with one sun cannot show in states (one body lit from elsewhere, a shadow that
falls the wrong way, copies that lag behind) is drawn as more pictures of the same scene and laid
over the clip through the masks of who is where.

## Kinds

Variants that are not listed by themselves share the ladder of their kind. Without `--variant` the
seed picks one that the scene can carry.

{defects}

Ladders rise in what a viewer sees: paint, time, way or angle. Pixels that change rise with them
until a body no longer covers the place where it should be.

Some are honestly the same to a viewer, and may be called by either name:

{equal}

## Controls

Every kind names a legal look-alike, whose caption says so: a detector that calls it a defect has
learned that every change is one.

{controls}
"""


def page() -> str:
    """The whole page."""
    return TEXT.format(defects=defects_table(), equal=equal_table(), controls=controls_table())


if __name__ == "__main__":
    Path("docs/world_defects.md").write_text(page(), encoding="utf-8")
