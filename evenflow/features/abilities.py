"""Abilities: what an optional model can do for a check; one Protocol each."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]
"""Pictures `(t, h, w, 3)`, sRGB-encoded RGB."""


class Model(Protocol):
    """What every row of `FEATURES` loads."""

    @property
    def name(self) -> str:
        """A row of `FEATURES`."""
        ...

    @property
    def digest(self) -> str:
        """Hexadecimal SHA-256 over names and content of the weights."""
        ...


@runtime_checkable
class ImageEmbedder(Model, Protocol):
    """Pictures that look alike get vectors that point alike."""

    def embed(self, frames: Frames) -> NDArray[np.float32]:
        """One unit vector a frame, `(t, d)`."""
        ...


@runtime_checkable
class TextEmbedder(Model, Protocol):
    """Texts in the same space as the pictures."""

    @property
    def scale(self) -> float:
        """What turns a cosine into a logit; learned with the weights, about 100 for CLIP."""
        ...

    def embed_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a text, `(n, d)`."""
        ...


@runtime_checkable
class FlowEstimator(Model, Protocol):
    """Where every pixel goes."""

    def flow(self, before: Frames, after: Frames) -> NDArray[np.float32]:
        """`(t, h, w, 2)`: `(dx, dy)` in pixels from `before[i]` to `after[i]`, right and down."""
        ...


@runtime_checkable
class PointTracker(Model, Protocol):
    """Where a few points go, also behind what hides them."""

    def track(
        self, frames: Frames, points: NDArray[np.float32]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Follows points through all frames.

        Args:
            frames: of one shot.
            points: `(n, 3)`: number of the frame in which the point is given, x and y in pixels.

        Returns:
            Positions `(t, n, 2)` in pixels and whether each can be seen `(t, n)`.
        """
        ...


@runtime_checkable
class FaceEmbedder(Model, Protocol):
    """Faces of one person get vectors that point alike."""

    def faces(self, frames: Frames) -> list[NDArray[np.float32]]:
        """Largest first, the faces of each frame as five points `(n, 5, 2)` in pixels: the two
        eyes as the viewer sees them from left to right, the nose, the corners of the mouth.

        Raises:
            BackendMissing: the folder holds no face detector.
        """
        ...

    def embed_faces(
        self, frames: Frames, landmarks: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """One unit vector a face, `(n, d)`: face i lies on frame i, with points `(5, 2)`."""
        ...
