"""Detectors: what `evenflow check` finds in the clip.

Source: `evenflow.continuity`; a finding of 3 JND is clear to everybody.
"""

from evenflow.continuity.unseen import unseen
from evenflow.core.report import score
from evenflow.data.curation.stage import Verdict
from evenflow.data.curation.statistics import Statistics
from evenflow.data.row import Row

CLEAR = 3.0
SCORES = {
    "consistency": "score of check, 0 to 100",
    "worst_jnd": "severity of the worst finding, JND; 0 without one",
    "jnd_KIND": "severity of the worst finding of a kind (jnd_lighting_flicker, ...)",
}
MARKS = {"inconsistent": f"a finding of {CLEAR:g} JND or more"}


def detectors(row: Row, statistics: Statistics) -> Verdict:
    """Score, and the worst finding of every kind."""
    found = statistics.findings
    if found is None or statistics.reason:
        return Verdict()
    worst: dict[str, float] = {}
    for finding in found:
        worst[finding.kind] = max(worst.get(finding.kind, 0.0), float(finding.severity_jnd))
    hidden = unseen(statistics.octaves, statistics.blockiness, statistics.change)
    noticed = [f for f in found if f.severity_jnd >= 1.0]
    value = score(noticed, duration_s=statistics.duration_s, unseen_jnd=float(hidden["jnd"]))
    most = max(worst.values(), default=0.0)
    scores = {"consistency": value, "worst_jnd": most}
    scores |= {f"jnd_{kind}": jnd for kind, jnd in sorted(worst.items())}
    marks = {}
    if most >= CLEAR:
        kinds = sorted((k for k in worst if worst[k] >= CLEAR), key=lambda k: -worst[k])
        marks["inconsistent"] = ", ".join(f"{kind} {worst[kind]:.1f} JND" for kind in kinds[:4])
    return Verdict(scores, marks)
