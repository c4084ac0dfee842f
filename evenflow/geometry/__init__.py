"""Cameras and warps: plain functions on pixel grids."""
