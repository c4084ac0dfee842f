"""The command `evenflow`: one verb a file, which parses, calls and prints."""
