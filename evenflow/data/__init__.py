"""Data: folders, lists, shards and the world itself as one kind of dataset; curation, caches."""
