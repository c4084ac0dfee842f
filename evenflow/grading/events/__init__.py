"""Events read off tracks: one function a kind, `(stage, deed, track) -> Found`."""

from collections.abc import Callable

from evenflow.grading.events import change, hands, motion, sight, touch
from evenflow.grading.events.found import Found, Stage, When
from evenflow.grading.reading import Track
from evenflow.world.script import Deed

READERS: dict[str, Callable[[Stage, Deed, Track], Found]] = {
    "roll": motion.go,
    "slide": motion.go,
    "walk": motion.go,
    "run": motion.go,
    "follow": motion.follow,
    "circle": motion.circle,
    "turn": motion.turn,
    "spin": motion.spin,
    "swing": motion.swing,
    "rise": motion.rise,
    "jump": motion.jump,
    "sit": motion.sit,
    "stand": motion.stand,
    "drop": touch.drop,
    "fall": touch.drop,
    "throw": touch.throw,
    "hit": touch.hit,
    "bounce": touch.bounce,
    "stop": touch.stop,
    "pass": sight.passing,
    "hide": sight.hide,
    "appear": sight.appear,
    "enter": sight.enter,
    "exit": sight.leave,
    "cover": sight.cover,
    "uncover": sight.uncover,
    "pick_up": hands.pick_up,
    "carry": hands.carry,
    "put_down": hands.put_down,
    "give": hands.give,
    "push": hands.push,
    "kick": hands.kick,
    "change_color": change.change_color,
    "grow": change.grow,
    "shrink": change.shrink,
    "lower": change.lower,
    "raise": change.lift,
}
"""What can be told from tracks. The rest (wave, shatter, open...) is "not parsed"."""

LIGHT = ("dim", "brighten", "sunset", "sunrise")


def find(stage: Stage, deed: Deed) -> Found:
    """When a deed happened, or why not, or why that cannot be told."""
    if deed.kind in LIGHT:
        return change.light(stage, deed)
    reader = READERS.get(deed.kind)
    if reader is None:
        return Found.unread(f"{deed.kind.replace('_', ' ')!r} cannot be told from tracks")
    agents = stage.cast.get(deed.agent, [])
    if not agents:
        return Found.unread("who does it was not read")
    found = [reader(stage, deed, one) for one in agents]
    missing = next((one for one in found if not one.whens), None)
    if missing is not None and len(found) > 1:
        return missing
    whens = tuple(sorted((w for one in found for w in one.whens), key=lambda w: w.start))
    return Found(whens, found[0].reason, found[0].parsed)


__all__ = ["LIGHT", "READERS", "Found", "Stage", "When", "find"]
