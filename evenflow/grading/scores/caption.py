"""What the caption says: attributes, counts, relations, events, their order, manner, camera."""

from evenflow.core.span import Span
from evenflow.grading.case import Case, Raw


def _share(case: Case, *kinds: str) -> Raw:
    """Share of shown among the clauses that could be judged."""
    if case.stage is None:
        return Raw(None, "no caption was given")
    mine = [one for one in case.clauses if one.kind in kinds]
    judged = [one for one in mine if one.shown is not None]
    if not mine:
        return Raw(None, "the caption says nothing of it")
    if not judged:
        return Raw(None, "not parsed: " + mine[0].reason)
    wrong = [one for one in judged if not one.shown]
    spans = tuple(
        Span(one.kind, one.start_frame, max(one.end_frame, one.start_frame + 1))
        for one in wrong
        if one.start_frame is not None and one.end_frame is not None
    )
    return Raw(
        1 - len(wrong) / len(judged),
        spans=spans,
        detail={"judged": len(judged), "said": len(mine), "false": [one.text for one in wrong]},
    )


def attributes(case: Case) -> Raw:
    """Kind, color, pattern and size of everybody who is spoken of."""
    return _share(case, "attribute", "kind", "color", "pattern", "size")


def counts(case: Case) -> Raw:
    """As many as were said, and no more."""
    return _share(case, "count")


def relations(case: Case) -> Raw:
    """Where everybody stands at the start."""
    return _share(case, "relation")


def events(case: Case) -> Raw:
    """Share of deeds that were seen as they were told (recall)."""
    return _share(case, "event", "light", "time", "cut")


def order(case: Case) -> Raw:
    """Kendall's tau between the order of telling and that of seeing.

    Pairs that nothing orders (they are told as one, or begin within two frames) do not count
    (Kendall 1938, tau-a over the pairs that are left)."""
    from evenflow.grading.clauses import pairs, seen_deeds

    if case.stage is None:
        return Raw(None, "no caption was given")
    signs = [sign for _, _, sign in pairs(case.stage, seen_deeds(case.stage)) if sign]
    if not signs:
        return Raw(None, "no two deeds that were seen have an order")
    return Raw(sum(signs) / len(signs), detail={"pairs": len(signs)})


def manner(case: Case) -> Raw:
    """Adverbs that show in the speed."""
    return _share(case, "manner")


def camera(case: Case) -> Raw:
    """Moves of the camera that were said, against how the background moves."""
    return _share(case, "camera")


def obedience(case: Case) -> Raw:
    """Share of all clauses that could be judged; the order counts as one more."""
    if case.stage is None:
        return Raw(None, "no caption was given")
    judged = [one for one in case.clauses if one.shown is not None]
    if not judged:
        return Raw(None, "not parsed: no clause could be judged")
    wrong = sum(not one.shown for one in judged)
    return Raw(1 - wrong / len(judged), detail={"judged": len(judged), "false": wrong})
