"""Layers: parts of networks: attention by specification, masks, positions, norms, patches."""
