"""Defects in the scene: states, light, camera and pictures of the world go wrong on purpose."""
