"""JSON: one object for one clip, a list for several; `report.schema.json` says what is in it."""

from collections.abc import Sequence

from evenflow.reports.entry import Entry


def json_text(entries: Sequence[Entry], *, several: bool | None = None) -> str:
    """The JSON text of reports, ending in a line break.

    Args:
        entries: in the order in which they shall appear.
        several: write a list; by default only where there is more than one.
    """
    if several is None:
        several = len(entries) > 1
    if not several:
        return entries[0].dumps() + "\n"
    return "[\n" + ",\n".join(entry.dumps() for entry in entries) + "\n]\n"
