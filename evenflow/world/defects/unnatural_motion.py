"""Unnatural motion: sliding feet, floating, gliding without a spin, limb jitter, jerks, standstill.

Every variant has its own knob: the share of the gait that is missing while the body goes on, the
height of the floating in heights of the body, the share of the spin that is missing, degrees of the
limbs, and the seconds for which a mover stops between jerks or stands while all else goes on. What
was lost is made good before the span ends, so the frames behind it are the scene's own.
"""

import numpy as np
from numpy.typing import NDArray

from evenflow.world.animation import Animation
from evenflow.world.defects import unstable_texture
from evenflow.world.defects.defect import Ladder, Plan, Staged
from evenflow.world.defects.edits import carried_by, moved, need
from evenflow.world.defects.limbs import trembling
from evenflow.world.defects.seen import movers, present, who
from evenflow.world.defects.timing import between, eased, lagging, warped

D = NDArray[np.float64]
VARIANTS = ("sliding", "floating", "no spin", "limb jitter", "jerks", "stuck")
LADDERS: dict[str, Ladder] = {
    "sliding": ((0.2, 0.4, 0.6, 0.8, 1.0), "share of the gait that is missing"),
    "floating": ((0.05, 0.1, 0.18, 0.3, 0.5), "heights of the body above its support"),
    "no spin": ((0.1, 0.25, 0.45, 0.7, 1.0), "share of the spin that is missing"),
    "limb jitter": ((3.0, 6.0, 11.0, 19.0, 32.0), "degrees rms of the limbs"),
    "jerks": ((0.09, 0.17, 0.25, 0.35, 0.5), "s between jerks"),
    "stuck": ((0.15, 0.25, 0.4, 0.65, 1.0), "s of standstill"),
}
ROUND = ("ball", "cylinder", "ring", "capsule")
"""Things that roll."""
WALKING = 0.3
"""World units a second from which on somebody walks or rolls."""


def carriers(animation: Animation, start: int, end: int) -> tuple[int, ...]:
    """Movers first; then whoever stands on something."""
    ids = who(animation, "walkers", "things")
    first = movers(animation, start, end, ids)
    held = animation.entities.support[start]
    rest = (i for i in present(animation, start, end, ids) if i not in first and held[i - 1] == 0)
    return (*first, *rest)


def prepare(staged: Staged, plan: Plan) -> Staged:
    """Something that should roll wears a pattern, or nobody could see that it does not."""
    if plan.variant != "no spin":
        return staged
    _spinning(staged.animation, plan)
    return unstable_texture.prepare(staged, plan)


def plant(staged: Staged, plan: Plan) -> Staged:
    """Does what the variant says between the two frames."""
    return {
        "sliding": _sliding, "floating": _floating, "no spin": _no_spin,
        "limb jitter": _jitter, "jerks": _jerks, "stuck": _stuck,
    }[plan.variant](staged, plan)  # fmt: skip


def _moving(animation: Animation, plan: Plan, what: str) -> None:
    good = movers(animation, plan.start, plan.end, (plan.entity,), least=WALKING)
    need(good, f"entity {plan.entity} does not move in these frames, so it cannot {what}")


def _sliding(staged: Staged, plan: Plan) -> Staged:
    animation = staged.animation
    need(plan.entity in animation.skeletons.entity, f"entity {plan.entity} has no feet to slide on")
    _moving(animation, plan, "slide")
    if plan.magnitude == 0:
        return staged
    num = plan.end - plan.start
    w = list(animation.skeletons.entity).index(plan.entity)
    phase = np.maximum.accumulate(animation.skeletons.phase[:, w].astype(np.float64))
    phase = phase + 1e-6 * np.arange(len(phase))
    now = phase[plan.start : plan.end]
    turn = max(1, round(0.75 * num))
    lag = plan.magnitude * (np.minimum(now, now[min(turn, num - 1)]) - now[0])
    # The gait makes good what it lost but for whole steps: there its poses are the same.
    rest = lag - np.round(lag[-1])
    u = np.clip((np.arange(num) - turn + 1) / max(num - turn, 1), 0, 1)
    u = u * u * (3 - 2 * u)
    lag = lag - u * (rest[-1])
    times = np.interp(now - lag, phase, np.arange(len(phase)))
    return warped(staged, (plan.entity,), plan.start, times, in_place=True)


def _floating(staged: Staged, plan: Plan) -> Staged:
    states = staged.animation.entities
    span = slice(plan.start, plan.end)
    held = states.support[span, plan.entity - 1]
    need((held >= 0).mean() > 0.7, f"entity {plan.entity} stands on nothing in these frames")
    if plan.magnitude == 0:
        return staged
    num, fps = plan.end - plan.start, float(staged.animation.spec.fps)
    high = 2.0 * states.size[span, plan.entity - 1].astype(np.float64)
    up = plan.magnitude * high * eased(num, round(0.25 * fps))
    shift = np.zeros((num, 3))
    shift[:, 1] = up
    return moved(staged, plan.entity, plan.start, shift)


def _spinning(animation: Animation, plan: Plan) -> None:
    spin = np.linalg.norm(animation.entities.spin[plan.start : plan.end, plan.entity - 1], axis=-1)
    kind = animation.spec.entity(plan.entity).kind
    need(
        kind in ROUND and np.median(spin) > 1.5,
        f"entity {plan.entity} does not roll in these frames",
    )
    _moving(animation, plan, "roll")


def _no_spin(staged: Staged, plan: Plan) -> Staged:
    _spinning(staged.animation, plan)
    if plan.magnitude == 0:
        return staged
    num = plan.end - plan.start
    times = np.arange(plan.start, plan.end) - lagging(num, min(plan.magnitude, 1.0), back=0.2)
    return _posed(staged, plan, times)


def _posed(staged: Staged, plan: Plan, times: D) -> Staged:
    """Orientation of other times, place of now."""
    states = staged.animation.entities
    axes = states.rotation[:, plan.entity - 1].astype(np.float64)
    there = between(axes, times, turns=True)
    turn = np.einsum("tij,tkj->tik", there, axes[plan.start : plan.end])
    none = np.zeros((len(times), 3))
    return moved(staged, plan.entity, plan.start, none, along=False, turn=turn)


def _jitter(staged: Staged, plan: Plan) -> Staged:
    animation = staged.animation
    need(plan.entity in animation.skeletons.entity, f"entity {plan.entity} has no limbs")
    if plan.magnitude == 0:
        return staged
    angle = float(np.deg2rad(plan.magnitude))
    return trembling(staged, plan.entity, plan.start, plan.end, angle, plan.seed)


def _with(staged: Staged, plan: Plan) -> tuple[int, ...]:
    return (plan.entity, *carried_by(staged.animation, plan.entity, plan.start, plan.end))


def _jerks(staged: Staged, plan: Plan) -> Staged:
    _moving(staged.animation, plan, "jerk")
    fps = float(staged.animation.spec.fps)
    hold = round(plan.magnitude * fps)
    if plan.magnitude == 0:
        return staged
    frames = np.arange(plan.end - plan.start, dtype=np.float64)
    hold = max(2, hold)
    times = plan.start + np.floor(frames / hold) * hold
    return warped(staged, _with(staged, plan), plan.start, times)


def _stuck(staged: Staged, plan: Plan) -> Staged:
    _moving(staged.animation, plan, "get stuck")
    if plan.magnitude == 0:
        return staged
    fps = float(staged.animation.spec.fps)
    num = plan.end - plan.start
    stop = max(2, min(round(plan.magnitude * fps), round(0.75 * num)))
    back = max(2, min(stop, num - stop))
    u = np.clip((np.arange(num) - stop + 1) / back, 0, 1)
    lag = np.minimum(np.arange(num), stop) * (1 - u * u * (3 - 2 * u))
    return warped(staged, _with(staged, plan), plan.start, np.arange(plan.start, plan.end) - lag)
