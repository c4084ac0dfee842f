"""Backbones: the networks; from noisy latents and levels to velocities."""
