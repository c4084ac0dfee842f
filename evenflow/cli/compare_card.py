"""A comparison as a person reads it in a terminal: who is better, by how much, where.

Every difference is the second clip minus the first, with the interval that decides.
"""

from collections.abc import Iterable
from pathlib import PurePath

from rich.console import Console
from rich.text import Text

from evenflow.cli.card import word
from evenflow.cli.console import one_line
from evenflow.continuity.comparison import Comparison, Difference, Pair, Where
from evenflow.continuity.votes import Preference
from evenflow.core.estimate import LEVEL
from evenflow.reports.entry import clock, frames

MOST_WHERE = 8
"""Stretches that are listed of a pair without --verbose: the worst, in order of time."""


def print_comparison(result: Comparison, console: Console, *, verbose: bool = False) -> None:
    """The clips; the verdict or the ranking; what differs, where; the gate."""
    for label, clip, score in zip(result.labels, result.clips, result.scores, strict=True):
        said, style = word(score)
        console.print(
            Text.assemble(
                (f"{label}  ", "bold"),
                (_name(clip), "bold"),
                (f"  {clip.get('width')}x{clip.get('height')}", "dim"),
                (f"  {float(clip.get('fps') or 0):.5g} fps", "dim"),
                (f"  {clock(float(clip.get('duration_s') or 0))}", "dim"),
                "" if score is None else f"  score {score:.1f}",
                "  ",
                (said, style),
            ),
            soft_wrap=True,
        )
    for note in result.notes:
        _wrapped(console, note, style="yellow")
    basis = (
        f"{clock(result.start_s)} to {clock(result.end_s)} in {result.num_blocks} "
        f"block{'' if result.num_blocks == 1 else 's'} of {result.block_s:g} s, "
        f"intervals of {LEVEL:.0%}"
    )
    console.print(Text(f"  compared: {basis}", style="dim"), soft_wrap=True)
    console.print()
    if len(result.pairs) == 1:
        _print_verdict(result.pairs[0], console)
        _print_pair(result.pairs[0], console, verbose=verbose)
    else:
        _print_ranking(result, console)
        best = result.ranking[0].clip
        for pair in result.pairs:
            if verbose or best in (pair.first, pair.second):
                console.print()
                _print_verdict(pair, console)
                _print_pair(pair, console, verbose=verbose)
        if not verbose:
            console.print(Text("  -v shows every pair", style="dim"))
    _print_gate(result, console)
    console.print()


def print_preference(liked: Preference, console: Console, *, verbose: bool = False) -> None:
    """The ranking by votes, with intervals of the strength."""
    console.print(Text(f"{liked.num_votes} votes on {len(liked.ranking)} clips", style="bold"))
    width = max(len("clip"), *(len(_cut(place.clip)) for place in liked.ranking))
    head = f"  rank  {'clip':<{width}}  won lost  tie   strength"
    console.print(Text(head, style="dim"))
    for place in liked.ranking:
        value = "   no end" if place.value is None else f"{place.value:+9.2f}"
        mark = "=" if place.tied else " "
        console.print(
            Text.assemble(
                (f"  {place.rank:>3}{mark}  ", "bold"),
                f"{_cut(place.clip):<{width}} {place.wins:>4} {place.losses:>4} {place.ties:>4}  ",
                value,
                (f"  [{_end(place.low)}, {_end(place.high)}]", "dim"),
            ),
            soft_wrap=True,
        )
    console.print(
        Text("  strength: log-odds against the average clip; = ties with another", style="dim")
    )
    for duel in liked.pairs:
        if not verbose and duel.verdict == "tie":
            continue
        said = (
            "a tie" if duel.verdict == "tie"
            else f"{_cut(duel.verdict)} is liked better" if duel.verdict
            else duel.reason or "open"
        )  # fmt: skip
        console.print(
            Text.assemble(
                f"  {_cut(duel.first)} - {_cut(duel.second)}: ",
                (said, "green" if duel.verdict not in (None, "tie") else "dim"),
            ),
            soft_wrap=True,
        )
    console.print()


def _print_verdict(pair: Pair, console: Console) -> None:
    row = pair.score
    line = Text("  ")
    if row.value is None:
        line.append(f"{pair.first} and {pair.second} cannot be compared: ", style="yellow")
        line.append(one_line(row.reason or "not measured"))
    elif pair.better is None:
        line.append(f"{pair.first} and {pair.second}: no verdict, ", style="yellow")
        line.append(f"{pair.second} scores {row.value:+.1f}; {one_line(row.reason or '')}")
    else:
        interval = f"{pair.second} scores {row.value:+.1f} {_interval(row, 1)}"
        if pair.better == "tie":
            line.append(f"{pair.first} and {pair.second} tie", style="bold")
            line.append(f": {interval}, which holds 0")
            ahead = {where.better for where in pair.where}
            if len(ahead) == 1:
                count = len(pair.where)
                times = "once" if count == 1 else f"{count} times"
                line.append(f"; {ahead.pop()} is better {times}, never worse")
        else:
            loser = pair.second if pair.better == pair.first else pair.first
            line.append(f"{pair.better} is better than {loser}", style="bold green")
            line.append(f": {interval}")
    console.print(line, soft_wrap=True)


def _print_pair(pair: Pair, console: Console, *, verbose: bool) -> None:
    kinds = {
        name: row
        for name, row in pair.kinds.items()
        if row.value is not None and (row.worst_first or row.worst_second)
    }
    everything = {**pair.signals, **pair.metrics}
    signals = {
        name: row
        for name, row in everything.items()
        if row.value is not None and (verbose or row.verdict not in (None, "tie"))
    }
    if kinds:
        _print_rows("kind, jnd a second", kinds, pair, console)
    if signals:
        _print_rows("signal", signals, pair, console)
    if any(
        row.verdict not in (None, "tie") and not row.sure
        for row in (*kinds.values(), *signals.values())
    ):
        console.print(
            Text("  perhaps: such a row may come by chance where there are so many", style="dim")
        )
    shown = sorted(pair.where, key=lambda w: -w.by_jnd)
    shown = sorted(shown if verbose else shown[:MOST_WHERE], key=lambda w: w.start_s)
    for where in shown:
        _print_where(where, console)
    if len(shown) < len(pair.where):
        more = len(pair.where) - len(shown)
        console.print(Text(f"  and {more} more stretches: -v shows all", style="dim"))
    for reason, names in _not_compared({**pair.kinds, **everything}).items():
        if verbose:
            _wrapped(console, f"not compared: {', '.join(names)} ({reason})", style="dim")
    if not verbose:
        count = sum(row.value is None for row in (*pair.kinds.values(), *everything.values()))
        if count:
            told = f"{count} kinds and signals cannot be compared: -v says why"
            console.print(Text(f"  {told}", style="dim"))


def _print_rows(title: str, rows: dict[str, Difference], pair: Pair, console: Console) -> None:
    change = f"{pair.second} - {pair.first}"
    head = f"  {title:<22}{pair.first:>7}{pair.second:>7}{change:>8}  {'interval':<18}better"
    console.print(Text(head, style="dim"), soft_wrap=True)
    for name, row in rows.items():
        label = name if not row.unit or row.unit == "jnd" else f"{name} {row.unit}"
        console.print(
            Text.assemble(
                f"  {label:<22.22}{_short(row.first):>7}{_short(row.second):>7}"
                f"{_short(row.value, sign=True):>8}  ",
                (f"{_interval(row, None):<18}", "dim"),
                *_said(row),
            ),
            soft_wrap=True,
        )


def _said(row: Difference) -> Iterable[tuple[str, str]]:
    """The verdict in a word; one that does not hold for all rows together is a `perhaps`."""
    if row.verdict is None:
        yield "open", "yellow"
    elif row.verdict in ("tie", "differ"):
        yield row.verdict, "dim"
    else:
        yield row.verdict, "bold green" if row.sure else "green"
    if row.verdict not in (None, "tie") and not row.sure:
        yield " perhaps", "dim"


def _print_where(where: Where, console: Console) -> None:
    interval = ""
    if where.low is not None and where.high is not None:
        interval = f" [{where.low:.1f}, {where.high:.1f}]"
    console.print(
        Text.assemble(
            f"  {clock(where.start_s)} to {clock(where.end_s)}  ",
            (f"{where.better} is better by {where.mean_jnd:.1f} jnd{interval}", "green"),
            f": {', '.join(where.kinds[:3])}",
            (
                f" at frame{'s' if where.end_frame - where.start_frame > 1 else ''} "
                f"{frames(where.start_frame, where.end_frame)}",
                "dim",
            ),
        ),
        soft_wrap=True,
    )


def _print_ranking(result: Comparison, console: Console) -> None:
    names = {
        label: _cut(_name(clip)) for label, clip in zip(result.labels, result.clips, strict=True)
    }
    width = max(len("clip"), *map(len, names.values()))
    console.print(Text(f"  rank     {'clip':<{width}}  score", style="dim"))
    for place in result.ranking:
        rank = " -" if place.rank is None else f"{place.rank:>2}"
        line = Text.assemble(
            (f"  {rank}{'=' if place.tied else ' '}  {place.clip}   ", "bold"),
            f"{names[place.clip]:<{width}}  ",
            "    -" if place.score is None else f"{place.score:5.1f}",
        )
        if place.tied:
            line.append(f"  ties with {', '.join(place.tied)}", style="dim")
        if place.reason:
            line.append(f"  {one_line(place.reason)}", style="yellow")
        console.print(line, soft_wrap=True)


def _print_gate(result: Comparison, console: Console) -> None:
    fancy = console.encoding.lower().replace("-", "").startswith("utf")
    for verdict in result.gate:
        good, bad = ("✓", "✗") if fancy else ("ok", "NO")
        mark = (good, "green") if verdict.passed else (bad, "red")
        line = Text.assemble("  gate ", mark, f" {verdict.clip} - {verdict.against}: ")
        line.append(str(verdict.clause))
        value = verdict.reason if verdict.value is None else f"{verdict.value:.4g}"
        line.append(f": {one_line(value or 'not measured')}")
        console.print(line, soft_wrap=True)


def _not_compared(rows: dict[str, Difference]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for name, row in rows.items():
        if row.value is None:
            reasons.setdefault(one_line(row.reason or "not measured"), []).append(name)
    return reasons


def _interval(row: Difference, decimals: int | None) -> str:
    if row.low is None or row.high is None:
        return "no interval"
    if decimals is not None:
        return f"[{row.low:+.{decimals}f}, {row.high:+.{decimals}f}]"
    return f"[{_short(row.low, sign=True)}, {_short(row.high, sign=True)}]"


def _short(value: float | None, *, sign: bool = False) -> str:
    """A number in at most seven characters.

    >>> _short(0.01234), _short(12.345, sign=True), _short(0.0), _short(-0.00012)
    ('0.012', '+12.3', '0', '-1e-04')
    """
    if value is None:
        return "-"
    if value == 0:
        return "0"
    plus, size = "+" if sign else "", abs(value)
    if size < 0.0005:
        return f"{value:{plus}.0e}"
    if size >= 99_999.5:
        return f"{value:{plus}.1e}"
    decimals = 3 if size < 0.9995 else 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{value:{plus}.{decimals}f}"


def _end(value: float | None) -> str:
    return "no end" if value is None else f"{value:+.2f}"


def _name(clip: dict[str, object]) -> str:
    path = one_line(str(clip.get("path") or "clip"))
    return PurePath(path).name or path


def _cut(name: str) -> str:
    line = one_line(name)
    return line if len(line) <= 40 else line[:37] + "..."


def _wrapped(console: Console, text: str, *, style: str) -> None:
    lines = Text(one_line(text), style=style).wrap(console, max(20, min(console.width, 100) - 4))
    for line in lines:
        console.print(Text("  ") + line)
