"""Needs: how much memory and disk a clip takes, estimated before the work begins."""

import os
import shutil
from pathlib import Path

from evenflow.core.errors import ResourceShortage

MARGIN = 1.25
"""Asked for over the estimate."""
LOSSLESS, DELIVERY = 1.1, 0.6
"""Most bytes of a file, of those of its raw pictures; measured on noise, which packs worst."""


def memory_of(
    *,
    size: tuple[int, int],
    frames: int,
    sight: int,
    block: int,
    layers: int,
    width: int,
    patch: int,
    guided: bool,
    full: bool,
) -> int:
    """Bytes that a clip takes beside the weights.

    Args:
        size: width and height; frames: of the clip.
        sight: latent frames that are seen at once; block: that are made at once.
        layers, width, patch: of the network, rows and columns of a token.
        guided: two calls a step, each with its past.
        full: all at once, without a past.
    """
    pixels = size[0] * size[1]
    tokens = max(1, pixels // (8 * patch) ** 2)
    latent_frames = 1 + (frames - 1) // 4
    at_once = tokens * (latent_frames if full else block)
    past = 0 if full else 2 * layers * tokens * sight * width * 4 * 2  # and a copy on the way
    work = at_once * width * 4 * 24 + 3 * tokens * sight * width * 4 * 2
    decode = pixels * 4 * 4 * 48  # four frames' features at half the side, and their copies
    clip = frames * pixels * 3 * 2 + latent_frames * (pixels // 64) * 16 * 4 * 3
    return int((past + work) * (2 if guided else 1) + decode + clip)


def free_memory() -> int | None:
    """Bytes that may still be taken; None where the system does not say."""
    found: list[int] = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        found += [int(one.split()[1]) * 1024 for one in lines if one.startswith("MemAvailable:")]
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
        if limit.isdigit():
            used = int(Path("/sys/fs/cgroup/memory.current").read_text())
            found.append(int(limit) - used)
    except (OSError, ValueError):
        pass
    if not found and "SC_AVPHYS_PAGES" in os.sysconf_names:
        found.append(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return max(0, min(found)) if found else None


def enough_memory(need: int) -> None:
    """Raises where a clip would take more memory than there is.

    Raises:
        ResourceShortage: how much it takes, how much there is.
    """
    free = free_memory()
    if free is not None and need * MARGIN > free:
        raise ResourceShortage(
            f"this clip takes about {_giga(need * MARGIN)} of memory and {_giga(free)} are free: "
            f"ask for fewer frames or a smaller --size"
        )


def disk_of(size: tuple[int, int], frames: int, channels: int, *, lossless: bool) -> int:
    """Bytes of a clip's file, its latents and its settings, at most."""
    pixels = size[0] * size[1]
    raw = frames * pixels * 3
    latents = (1 + (frames - 1) // 4) * (pixels // 64) * channels * 4
    return int(raw * (LOSSLESS if lossless else DELIVERY)) + latents + 65_536


def enough_disk(folder: Path, need: int) -> None:
    """Raises where files would take more disk than there is.

    Raises:
        ResourceShortage: how much they take, how much there is.
    """
    free = shutil.disk_usage(folder).free
    if need * MARGIN > free:
        raise ResourceShortage(
            f"this takes up to {_giga(need * MARGIN)} of disk and {_giga(free)} are free: make "
            f"room, or ask for fewer frames or a smaller --size"
        )


def _giga(size: float) -> str:
    return f"{size / 1e9:,.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"
