"""Layout: one way in which a dataset lies on a disk."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evenflow.data.row import Source


@dataclass(frozen=True)
class Layout:
    """A row of LAYOUTS.

    Args:
        claims: whether a file or folder lies in this way; looks at names, opens little.
        read: the dataset: the path, the folder that none of its paths may leave, and its name.
        says: what it looks like, for messages.
    """

    claims: Callable[[Path], bool]
    read: Callable[[Path, Path | None, str], Source]
    says: str
