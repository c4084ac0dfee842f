"""Style change: from one frame on the whole picture is finished in another style.

The knob is the share of that style that is mixed into the scene's own.
"""

from dataclasses import replace

from evenflow.core.errors import BadInput
from evenflow.world.defects.defect import Ladder, Plan, Staged

TARGETS = ("toon", "pastel", "sepia", "pixel", "paper", "plain")
"""Styles that it may turn into; night and fog would be weather."""

SHARE = "share of the other style"
LADDERS: dict[str, Ladder] = {
    "pixel": ((0.25, 0.45, 0.65, 0.85, 1.0), SHARE),
    "paper": ((0.2, 0.4, 0.6, 0.8, 1.0), SHARE),
}
"""Strengths of styles that show less when they are mixed in."""


def plant(staged: Staged, plan: Plan) -> Staged:
    """Draws the span in the style that the variant names.

    Raises:
        BadInput: the scene has it already.
    """
    own = staged.animation.spec.style
    other = plan.variant
    if other == own:
        raise BadInput(f"the scene is in the style {own} already: take another variant")
    if plan.magnitude == 0:
        return staged
    num = len(staged.animation.shot)
    styles = list(staged.styles or (own,) * num)
    shares = list(staged.shares or (1.0,) * num)
    for frame in range(plan.start, plan.end):
        styles[frame], shares[frame] = other, min(1.0, plan.magnitude)
    return replace(staged, styles=tuple(styles), shares=tuple(shares))
