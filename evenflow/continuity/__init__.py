"""Check: one pass, one detector a defect kind, arbitration, severity; compare; planted faults."""

from evenflow.continuity.comparison import compare
from evenflow.continuity.detectors import DETECTORS
from evenflow.continuity.injectors import CONTROLS, INJECTORS, control
from evenflow.continuity.one_pass import check
from evenflow.continuity.planting import inject

__all__ = ["CONTROLS", "DETECTORS", "INJECTORS", "check", "compare", "control", "inject"]
