"""Estimated motion: flow with occlusion and confidence, camera steps, cuts."""
