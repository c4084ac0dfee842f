"""Check: one pass, one detector per defect kind, arbitration, severity; and planted faults."""

from evenflow.continuity.detectors import DETECTORS
from evenflow.continuity.injectors import CONTROLS, INJECTORS, control
from evenflow.continuity.one_pass import check
from evenflow.continuity.planting import inject

__all__ = ["CONTROLS", "DETECTORS", "INJECTORS", "check", "control", "inject"]
