"""Inject: plant a defect of a known kind in a scene and measure what came of it.

The scene is simulated once for the clean twin; the row of DEFECTS edits its states (or its events,
and simulates again); both are drawn, and what differs is the truth.
"""

import zlib
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.core.span import Span
from evenflow.core.times import Range
from evenflow.world.defects.defect import LEAST_VISIBLE, Defect, Plan, Planted, Staged
from evenflow.world.defects.difference import common, measure
from evenflow.world.defects.draw import StagedSource, staged
from evenflow.world.defects.placing import carriers, spans
from evenflow.world.defects.seen import pixels
from evenflow.world.spec import SceneSpec

WHOLE = 0.9
"""Share of the picture from which on a box is that of the whole picture."""
SCENES = 3
"""Scenes that are kept simulated: a ladder of strengths asks for the same one five times."""


@dataclass(frozen=True)
class Scene:
    """A scene that defects are planted into.

    Args:
        spec: of the clean twin.
        source: what it is drawn from.
    """

    spec: SceneSpec
    source: StagedSource

    @cached_property
    def seen(self) -> NDArray[np.float64]:
        """Pixels that show everybody, `(t, e)`, see `seen.pixels`."""
        return pixels(self.source.staged.animation, device=self.source.device)


_SCENES: "OrderedDict[tuple[str, str], Scene]" = OrderedDict()


def scene_of(spec: SceneSpec, *, device: str = "cpu") -> Scene:
    """The clean twin, simulated; the last few are kept."""
    from evenflow.world.simulate import simulate

    key = (spec.digest, device)
    if key not in _SCENES:
        _SCENES[key] = Scene(spec, StagedSource(staged(simulate(spec)), device=device))
        while len(_SCENES) > SCENES:
            _SCENES.popitem(last=False)
    _SCENES.move_to_end(key)
    return _SCENES[key]


def inject(
    spec: SceneSpec | Planted,
    kind: str,
    *,
    strength: int,
    at: Range | str | None = None,
    entity: int = 0,
    seed: int = 0,
    caption: str | None = None,
    variant: str = "",
    magnitude: float | None = None,
    device: str = "cpu",
    cancel: CancelToken | None = None,
) -> Planted:
    """A clip of a scene with a defect, its clean twin, and the truth.

    When, where and who depend on the seed and the scene alone, so the strengths of a ladder differ
    in nothing else.

    Args:
        spec: the scene; or what `inject` made, which then gets one more defect.
        kind: a key of DEFECTS.
        strength: 1 (barely visible) to 5 (ruins the shot).
        at: when, as a Range or like `1s..2s`; by default what suits the kind.
        entity: id of who has it, or 0 for one that the seed picks among those that are seen.
        caption: what the scene shows; by default what the world says of it.
        variant: one of the kind's variants, or empty.
        magnitude: in the kind's unit, instead of that of the strength; 0 changes nothing.
        device: `cpu` or `cuda`.

    Raises:
        BadInput: no such kind, variant or entity; or nobody in this scene can have the defect.
    """
    from evenflow.world.defects import DEFECTS

    if kind not in DEFECTS:
        raise BadInput(f"no defect of kind {kind!r} can be planted: there are {', '.join(DEFECTS)}")
    row = DEFECTS[kind]
    if not 1 <= strength <= 5:
        raise BadInput(f"a strength is 1 to 5, got {strength}")
    if variant and variant not in row.variants:
        raise BadInput(
            f"{kind} has no variant {variant!r}: say "
            + (f"one of {', '.join(row.variants)}" if row.variants else "none")
        )
    known = spec.spec if isinstance(spec, Planted) else spec
    if entity and not 1 <= entity <= len(known.cast):
        raise BadInput(f"the scene has entities 1 to {len(known.cast)}, got {entity}")
    if entity and row.carriers is None:
        raise BadInput(f"{kind} concerns the whole picture: leave out the entity")
    if isinstance(spec, Planted):
        source = spec.clip.source
        assert isinstance(source, StagedSource)
        base, clean, before = source, spec.clean, (*spec.before, spec.span)
        seen = pixels(base.staged.animation, device=device)
        caption = spec.caption if caption is None else caption
    else:
        one = scene_of(spec, device=device)
        base, seen, clean, before = one.source, one.seen, Clip(one.source), ()
        caption = _caption(spec) if caption is None else caption
    plan, prepared, after = _plant(
        base.staged, row, seen, kind, strength, magnitude, at, entity, seed, variant
    )
    if prepared is not base.staged:
        base = StagedSource(prepared, device=device, name=base.name)
        if not before:
            clean = Clip(base)
    clip = Clip(StagedSource(after, base, plan.start, plan.end, device=device, name=base.name))
    visible, boxes, differs = measure(clip, Clip(base), plan.start, plan.end, cancel=cancel)
    at_ = np.flatnonzero(differs)
    start, end = (int(at_[0]), int(at_[-1]) + 1) if len(at_) else (plan.start, plan.end)
    if row.step:
        end = start + 1
    shown = np.flatnonzero(visible >= LEAST_VISIBLE)
    box = common(boxes)
    width, height = known.size
    if box is not None and (box[2] - box[0]) * (box[3] - box[1]) >= WHOLE * width * height:
        box = None
    entities = (plan.entity,) if plan.entity else ()
    parameters = {
        "magnitude": plan.magnitude,
        "unit": row.ladders[plan.variant][1] if plan.variant in row.ladders else row.unit,
        "seed": seed,
        "equal": [*row.equal, *row.equal_of.get(plan.variant, ())],
        "entities": list(entities),
        "visible": bool(len(shown)),
        "first_visible": int(shown[0]) if len(shown) else None,
        "last_visible": int(shown[-1]) if len(shown) else None,
        "planted": [plan.start, plan.end],
    }
    if plan.variant:
        parameters["variant"] = plan.variant
    span = Span(kind, start, end, box, plan.entity or None, float(strength), parameters)
    return Planted(
        clip, clean, after, known, caption, span, entities, visible, boxes, before, Clip(base)
    )


def _plant(
    stage: Staged,
    row: Defect,
    seen: NDArray[np.float64],
    kind: str,
    strength: int,
    magnitude: float | None,
    at: Range | str | None,
    entity: int,
    seed: int,
    variant: str,
) -> tuple[Plan, Staged, Staged]:
    """The plan that could be carried out, and what is drawn without and with it."""
    animation = stage.animation
    rng = np.random.default_rng([seed, zlib.crc32(kind.encode()), animation.spec.seed, 0xDEFE])
    refusal = ""
    refused: set[tuple[int, str, int]] = set()
    for start, end in spans(animation, row, rng, at):
        for id in carriers(animation, seen, row, start, end, rng, entity)[:6]:
            forms = [variant] if variant or not row.variants else _shuffled(row.variants, rng)
            for form in forms:
                number = int(rng.integers(2**31))
                case = (id, form, int(animation.shot[start]))
                if row.fit is not None and at is None and case in refused:
                    continue  # it happens where it happens, whenever it is asked for
                steps = row.ladders[form][0] if form in row.ladders else row.magnitudes
                size = steps[strength - 1] if magnitude is None else float(magnitude)
                plan = Plan(kind, strength, start, end, size, id, number, form)
                try:
                    if row.fit is not None and at is None:
                        plan = row.fit(animation, plan)
                    prepared = stage if row.prepare is None else row.prepare(stage, plan)
                    return plan, prepared, row.plant(prepared, plan)
                except BadInput as error:
                    refusal = refusal or str(error)
                    refused.add(case)
        if not refusal:
            refusal = _nobody(kind, entity, start, end)
    raise BadInput(refusal)


def _shuffled(names: tuple[str, ...], rng: np.random.Generator) -> list[str]:
    return [names[int(i)] for i in rng.permutation(len(names))]


def _nobody(kind: str, entity: int, start: int, end: int) -> str:
    if entity:
        return (
            f"entity {entity} cannot have {kind} in frames {start}-{end - 1}: leave out the entity "
            "or take another scene"
        )
    return (
        f"nobody who could have {kind} is seen in frames {start}-{end - 1}: take another time or "
        "another scene"
    )


def _caption(spec: SceneSpec) -> str:
    """What the world says of a scene, or nothing where it has no words (mazes)."""
    from evenflow.world.language import describe

    if spec.preset == "maze":
        return ""
    return describe(spec, "L2")
