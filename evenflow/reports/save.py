"""Text into a file, whole or not at all: written beside, then renamed."""

import errno
import os
from collections.abc import Iterable
from pathlib import Path

from evenflow.core.errors import BadInput, OutputExists, ResourceShortage


def free_to_write(path: Path, *, suffixes: Iterable[str] = (), overwrite: bool = False) -> None:
    """Says now what `save` would say after the long work.

    Args:
        path: the file that shall be written.
        suffixes: the endings that are known; none means any.
        overwrite: a file that is there may be replaced.

    Raises:
        BadInput: unknown suffix, no such folder, or a folder stands where the file should.
        OutputExists: the file is there and `overwrite` is false.
    """
    known = sorted(suffixes)
    if known and path.suffix.lower() not in known:
        raise BadInput(
            f"{path.name} ends in {path.suffix or 'nothing'!r}: "
            f"a report is written as {', '.join(known)}"
        )
    if path.is_dir():
        raise BadInput(f"{path.name} is a folder: give the name of a file")
    if not path.parent.is_dir():
        raise BadInput(f"the folder {path.parent} does not exist: make it first")
    if path.exists() and not overwrite:
        raise OutputExists(f"{path.name} is already there: choose another name or say --yes")
    if not os.access(path.parent, os.W_OK):
        raise BadInput(f"the folder {path.parent} may not be written to: choose another one")


def save(text: str, path: str | Path) -> Path:
    """Writes UTF-8 text beside `path` and renames it; nothing is left behind on an error.

    Raises:
        BadInput: the place cannot be written to.
        ResourceShortage: the disk is full.
    """
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise ResourceShortage(
                f"{path.name} cannot be written, the disk is full: make room and run again"
            ) from None
        reason = (error.strerror or str(error)).lower()
        raise BadInput(f"{path} cannot be written: {reason}") from None
    finally:
        beside.unlink(missing_ok=True)
    return path
