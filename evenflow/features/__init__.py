"""Features: optional models from a local folder; what they see is added, and changes nothing else.

A folder of weights has a subfolder for each model that is there, named as in `FEATURES`. No weights
are shipped, none are fetched, and nothing here runs unless a folder is named. Weights are
safetensors, and each set has a license of its own, which is the user's to keep.
"""

from collections.abc import Callable
from pathlib import Path

from evenflow.core.errors import BackendMissing
from evenflow.features import clip, cotracker, dinov2, insightface, raft
from evenflow.features.abilities import (
    FaceEmbedder,
    FlowEstimator,
    Frames,
    ImageEmbedder,
    Model,
    PointTracker,
    TextEmbedder,
)

FEATURES: dict[str, Callable[[Path], Model]] = {
    "dinov2": dinov2.load,
    "clip": clip.load,
    "insightface": insightface.load,
    "raft": raft.load,
    "cotracker": cotracker.load,
}
"""What loads each model from its subfolder; a test walks this table."""


def load(folder: str | Path) -> dict[str, Model]:
    """Loads every model whose subfolder is there.

    Args:
        folder: holds one or more of `dinov2`, `clip`, `insightface`, `raft`, `cotracker`.

    Returns:
        Models by their row in `FEATURES`, in its order.

    Raises:
        BackendMissing: there is no such folder, none of the subfolders is in it, one of them is
            broken, or the extra that it needs is not installed.
    """
    root = Path(folder)
    there = [name for name in FEATURES if (root / name).is_dir()]
    if not there:
        what = "holds none of" if root.is_dir() else "is not a folder: give one with"
        raise BackendMissing(f"the features folder {root.name} {what} {', '.join(FEATURES)}")
    return {name: FEATURES[name](root / name) for name in there}


__all__ = [
    "FEATURES",
    "FaceEmbedder",
    "FlowEstimator",
    "Frames",
    "ImageEmbedder",
    "Model",
    "PointTracker",
    "TextEmbedder",
    "load",
]
