"""Key-value policies: what of the past stays visible to later calls."""

from collections.abc import Callable

from evenflow.core.contracts import KeyValuePolicy, KeyValues, Site
from evenflow.layers.attention import appended, kept_tokens
from evenflow.layers.masks import VIDEO


def everything() -> KeyValuePolicy:
    """All of it."""
    return lambda kept, new, site: appended(kept, new)


def window(num_frames: int, *, sinks: int = 0) -> KeyValuePolicy:
    """The last `num_frames` latent frames, the first `sinks`, and all that is no video.

    Source: Xiao et al. 2023, StreamingLLM, arXiv:2309.17453, section 3.2 (sinks and a window).

    Raises:
        ValueError: nothing would be kept, or a number is negative.
    """
    if num_frames < 1 or sinks < 0:
        raise ValueError(f"keeps 1 frame or more and 0 sinks or more, got {num_frames}, {sinks}")

    def policy(kept: KeyValues | None, new: KeyValues, site: Site) -> KeyValues:
        both = appended(kept, new)
        time, video = both.tokens.place[:, 0], both.tokens.role == VIDEO
        if not bool(video.any()):
            return both
        last = float(time[video].max())
        return kept_tokens(both, ~video | (time > last - num_frames) | (time < sinks))

    return policy


POLICIES: dict[str, Callable[..., KeyValuePolicy]] = {"everything": everything, "window": window}
"""Policies by name."""
