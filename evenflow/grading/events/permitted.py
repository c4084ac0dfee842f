"""Who is in somebody's hands: what is carried obeys its carrier and not gravity."""

from typing import TYPE_CHECKING

from evenflow.grading.reading import Track

if TYPE_CHECKING:
    from evenflow.grading.case import Case

HANDS = ("pick_up", "carry", "put_down", "give")


def carried(case: "Case", track: Track) -> bool:
    """Whether the caption says that somebody takes it, or holds it from the start; without a
    caption, whether a walker's box is around it for a quarter of the frames."""
    if case.script is not None:
        roles = case.roles(track)
        if any(d.kind in HANDS and d.target in roles for d in case.script.deeds):
            return True
        return any(
            w.role in roles and w.relation in ("held by", "in", "on") for w in case.script.standing
        )
    return False
