"""Staged: units whose clip is a scene with something wrong in it, or with a legal look-alike.

The defect is planted in the states of the world, so that shadows, occlusion and soft edges follow.
What nobody can see is no positive: such a plant is refused.
"""

from evenflow.bench.footage import Take
from evenflow.bench.plan import Unit
from evenflow.bench.scenes import INVISIBLE, spec_of
from evenflow.bench.work import Outcome, Seen, loaded, made, outcome_of
from evenflow.continuity import check
from evenflow.continuity.semantics import KINDS_ASKED
from evenflow.core.clip import ArraySource, Clip, Pixels
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken
from evenflow.core.span import Span
from evenflow.world.defects import CONTROLS, DEFECTS, Planted, Staged, inject
from evenflow.world.defects.draw import StagedSource
from evenflow.world.defects.inject import scene_of
from evenflow.world.language import describe


def caption_of(take: Take) -> str:
    """What the scene of a take shows, as it would be asked for."""
    return describe(spec_of(take), "L2")


def planted(unit: Unit) -> Planted:
    """The defect of a unit, planted.

    Raises:
        BadInput: the scene cannot carry it, or nothing of it can be seen.
    """
    seed = int(unit.rng().integers(2**31))
    made = inject(spec_of(unit.take), unit.name, strength=unit.strength, seed=seed)
    if not made.span.parameters["visible"]:
        raise BadInput(INVISIBLE)
    return made


def look_alike(unit: Unit) -> tuple[Clip, str]:
    """The clip of a control and its caption.

    Raises:
        BadInput: the scene cannot show it.
    """
    seed = int(unit.rng().integers(2**31))
    shown, caption = CONTROLS[unit.name].plant(spec_of(unit.take), seed)
    source = StagedSource(shown) if isinstance(shown, Staged) else scene_of(shown).source
    return _in_memory(Clip(source)), caption


def perform_staged(unit: Unit, *, cancel: CancelToken | None = None) -> Outcome:
    """Makes the clip of a unit that is a scene, checks it, and keeps what the figures need.

    The two kinds that are asked for, and whatever is `prompted`, is checked with the caption as
    the prompt.
    """
    try:
        caption: str | None
        if unit.what == "control":
            clip, caption = look_alike(unit)
            return _checked(unit, clip, None, caption, cancel)
        if unit.what == "clean" or not unit.scene:
            clip, truth = made(unit)
            return _checked(unit, clip, truth, caption_of(unit.take), cancel)
        plant = planted(unit)
    except BadInput as error:
        return Outcome(unit, str(error))
    caption = plant.caption if unit.prompted or unit.name in KINDS_ASKED else None
    outcome = _checked(unit, _in_memory(plant.clip), plant.span, caption, cancel)
    if DEFECTS[unit.name].prepare is None:
        return outcome
    twin = _twin(_in_memory(plant.clean), unit.take, caption, cancel)
    return Outcome(**{**vars(outcome), "twin": twin})


def _twin(
    clean: Clip, take: Take, caption: str | None, cancel: CancelToken | None
) -> tuple[Seen, ...] | None:
    """Findings of a clean twin; None where it is the clean clip of the take."""
    if (clean.frames() == loaded(take).frames()).all():
        return None
    return _checked(Unit("clean", take), clean, None, caption, cancel).findings


def _checked(
    unit: Unit, clip: Clip, truth: Span | None, caption: str | None, cancel: CancelToken | None
) -> Outcome:
    report = check(clip, prompt=caption or None, workers=1, cancel=cancel)
    return outcome_of(unit, truth, report)


def _in_memory(clip: Clip) -> Clip:
    pixels: Pixels = clip.frames()
    return Clip(ArraySource(pixels, clip.info.fps, clip.info.name))
