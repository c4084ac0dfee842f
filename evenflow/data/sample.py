"""Sample: what is cut from a row for one training example, and the fingerprint caches know it by.

A row is a clip; a sample is a window of it in time, at a frame rate, cropped and scaled to a
bucket. Equal samples give equal pictures, so a fingerprint names what may be cached.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from fractions import Fraction


def content_name(hash: str, t0: float | None, t1: float | None) -> str:
    """What a row's hash becomes where the row is a stretch of its file: others share the file.

    >>> content_name("ab", None, None), content_name("ab", 0.5, None)
    ('ab', 'ab@0.5..None')
    """
    return f"{hash}@{t0}..{t1}" if hash and (t0 is not None or t1 is not None) else hash


@dataclass(frozen=True, order=True)
class Bucket:
    """One shape of examples: what shares a batch.

    Args:
        frames: 1 + k*c for a tokenizer that takes c frames at a time; 1 is a still.
        width, height: pixels.

    >>> str(Bucket(33, 256, 144)), Bucket.parse("33x256x144") == Bucket(33, 256, 144)
    ('33x256x144', True)
    """

    frames: int
    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.frames}x{self.width}x{self.height}"

    @staticmethod
    def parse(text: str) -> "Bucket":
        """The bucket that `str` wrote: `FRAMESxWIDTHxHEIGHT`."""
        frames, width, height = (int(one) for one in text.split("x"))
        return Bucket(frames, width, height)


@dataclass(frozen=True)
class Window:
    """A stretch of a row in time.

    Args:
        t0: seconds from the beginning of the row (not of its file, where the row has a `t0`) at
            which the first frame is taken.
        frames: how many, `1 / fps` seconds apart; frame k shows what is seen at `t0 + k / fps`.
    """

    t0: Fraction
    frames: int


@dataclass(frozen=True)
class Crop:
    """A rectangle of the upright picture in pixels, `[x, x + width) x [y, y + height)`."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Sample:
    """One training example of a row.

    Args:
        key: of the row.
        window: when.
        bucket: to what shape.
        crop: of the row's pictures, before they are scaled to the bucket's.
        fps: frames a second that are taken; the row's own rate may be another.
        seed: of what augmentations leave to chance; 0 where there are none, so that the same cut
            has the same fingerprint in every epoch.
        hash: `content_name` of the row (SHA-256 of its file or scene, and its stretch), or empty
            where nobody has looked: then the key must name it.
        augment: augmentations with their settings, as `augment.text` writes them, or empty.
    """

    key: str
    window: Window
    bucket: Bucket
    crop: Crop
    fps: Fraction
    seed: int = 0
    hash: str = ""
    augment: str = ""

    def to_json(self) -> str:
        """One line of JSON, keys in order: equal samples give equal text."""
        return json.dumps(asdict(self), default=str, sort_keys=True, separators=(",", ":"))

    @property
    def fingerprint(self) -> str:
        """SHA-256 that names the pictures of this sample.

        Where the row has a hash it stands for the key: a file that is moved or renamed stays
        cached, one that is changed does not.
        """
        parts = asdict(self)
        parts["key"] = "" if self.hash else self.key
        text = json.dumps(parts, default=str, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
