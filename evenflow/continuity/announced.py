"""Announced: what a prompt says is no defect when it is seen.

A cube that turns blue is a color change to whoever looks at pixels alone; to whoever asked for it
it is right. Each row of ANNOUNCEMENTS is a way to say something, and the kinds of findings that it
accounts for. What happens once accounts for one finding, the most severe one; what goes on (grain,
a shaking hand, a blinking lamp) for all of its kinds. What is left out is told in a warning, so
that nothing goes unseen.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from evenflow.continuity.clauses import COLORS
from evenflow.core.finding import Finding

_COLOR = "|".join(COLORS)


@dataclass(frozen=True)
class Announcement:
    """One way to say that something will be seen.

    Args:
        says: a pattern in the words of a prompt, in lower case.
        kinds: of findings that it accounts for.
        once: each time it is said it accounts for one finding, else for all.
    """

    says: str
    kinds: frozenset[str]
    once: bool = False


ANNOUNCEMENTS: tuple[Announcement, ...] = (
    Announcement(
        rf"\b(?:turns?|turning|becomes?|becoming|fades? (?:in)?to|changes? (?:color )?(?:in)?to)"
        rf"\s+(?:\w+ly\s+)?(?:{_COLOR})\b|\bchanges? (?:its |their )?colou?rs?\b",
        frozenset({"color_change", "identity_drift", "drift", "color_flicker"}),
        once=True,
    ),
    Announcement(
        r"\b(?:blink|flicker|flash|strobe|twinkle|glitter)(?:s|es|ing)?\b|\blightning\b|\bfireworks\b",
        frozenset({"color_flicker", "lighting_flicker", "image_flicker"}),
    ),
    Announcement(
        r"\b(?:lights?|lamps?|scene|sky|day|it)\s+(?:\w+ly\s+)?(?:dims?|dimming|brightens?|"
        r"brightening|darkens?|(?:gets?|grows?|goes|turns?) (?:dark|bright)(?:er)?|fades?)\b|"
        r"\bsun(?:\s+(?:\w+ly\s+)?(?:sets?|rises?)|set|rise)\b|\bclouds?\s+(?:\w+\s+)?pass|"
        r"\bnight falls\b",
        frozenset({"drift", "lighting_flicker", "light_direction", "style_change", "seam"}),
    ),
    Announcement(
        r"\b(?:camera|picture|view)\s+(?:\w+ly\s+)?(?:shakes?|shaking|trembles?|wobbles?)\b|"
        r"\bhand-?\s?held\b|\bshaky\b",
        frozenset({"shake"}),
    ),
    Announcement(
        r"\bgrain(?:y|ed)?\b|\bnoisy\b|\bfilm noise\b|\bold film\b",
        frozenset({"high_frequency_noise"}),
    ),
    Announcement(
        r"\bfocus (?:is pulled|is racked|pulls?|shifts?|changes?|moves?)\b|\brack focus\b|"
        r"\b(?:goes?|comes?|falls?) (?:out of|into) focus\b|\bblurs?\b",
        frozenset({"sharpness_pumping", "collapse"}),
    ),
    Announcement(
        r"\bwhip[- ]pans?\b|\bquick pans?\b",
        frozenset({"unnatural_jump", "background_switch", "sharpness_pumping", "shake"}),
    ),
    Announcement(
        r"\b(?:water|waves?|ripples?|flames?|smoke|leaves rustle)\b",
        frozenset({"background_swim", "unstable_texture", "edge_shimmer"}),
    ),
    Announcement(
        r"\b(?:shatters?|vanish(?:es)?|disappears?|pops? (?:up|in|out)|appears?|explodes?)\b",
        frozenset({"vanish"}),
        once=True,
    ),
    Announcement(
        r"\b(?:stops?|stands? still|freezes?|pauses?)\b(?! the camera)",
        frozenset({"freeze"}),
        once=True,
    ),
)  # fmt: skip
"""In the order in which they are looked for."""
_NEGATED = re.compile(r"\b(?:no|not|never|without|does not|doesn't|don't)\s+(?:\w+\s+)?$")


def unannounced(
    findings: Sequence[Finding], prompt: str | None
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """The findings that a prompt does not account for, and a line about each that it does.

    >>> unannounced([], "the cube turns blue")
    ((), ())
    """
    kept = list(findings)
    told: list[str] = []
    low = " ".join((prompt or "").lower().split())
    for row in ANNOUNCEMENTS:
        said = [m for m in re.finditer(row.says, low) if not _NEGATED.search(low[: m.start()])]
        mine = sorted((f for f in kept if f.kind in row.kinds), key=lambda f: -f.severity_jnd)
        for finding in mine[: len(said)] if row.once else mine if said else []:
            kept.remove(finding)
            told.append(
                f"left out: {finding.kind} in frames {finding.span.start_frame}-"
                f"{finding.span.end_frame - 1}, since the prompt says {said[0][0]!r}"
            )
    return tuple(kept), tuple(told)
