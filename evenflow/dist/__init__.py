"""Ranks: the processes of one job, and how they come to agree."""

from evenflow.dist.ranks import ALONE, Ranks, device_of, joined

__all__ = ["ALONE", "Ranks", "device_of", "joined"]
