"""Grading: a clip is read back to the state of a world, and scored against laws and caption."""
