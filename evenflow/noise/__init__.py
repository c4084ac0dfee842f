"""Noise priors: what noise a clip starts from, a seed for each clip. `NOISES` is the table."""

from evenflow.noise.independent import independent

NOISES = {"independent": independent}

__all__ = ["NOISES", "independent"]
