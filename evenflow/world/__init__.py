"""The procedural world: scenes with exact truth, `SceneSpec -> Animation -> pictures and truth`."""
