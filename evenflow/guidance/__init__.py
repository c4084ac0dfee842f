"""Guidance: wrappers that make a predictor out of a predictor. `GUIDANCE` is the table.

A row takes its settings and gives `(predict) -> predict`; wrappers may be wrapped again.
"""

from evenflow.guidance.classifier_free import classifier_free
from evenflow.guidance.history import Part, composed, fractional_history, history
from evenflow.guidance.interval import interval

GUIDANCE = {
    "classifier_free": classifier_free,
    "interval": interval,
    "history": history,
    "fractional_history": fractional_history,
}

__all__ = [
    "GUIDANCE",
    "Part",
    "classifier_free",
    "composed",
    "fractional_history",
    "history",
    "interval",
]
