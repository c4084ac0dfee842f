"""Events of change: color, size, a screen that is lowered, and the light."""

import numpy as np
from numpy.typing import NDArray

from evenflow.grading.events.found import Found, Stage, When
from evenflow.grading.paths import runs, shots_of
from evenflow.grading.reading import SEEN, Track
from evenflow.world.script import Deed
from evenflow.world.words import COLORS

D = NDArray[np.float64]
_NAMES = tuple(COLORS)


def change_color(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Its color is another first and the named one from some frame on."""
    rows = np.flatnonzero((agent.state == SEEN) & (agent.colors >= 0))
    if len(rows) < 4:
        return Found.unread("it is hardly seen")
    colors = agent.colors[rows]
    first = int(np.bincount(colors[: max(2, len(colors) // 8)]).argmax())
    last = int(np.bincount(colors[-max(2, len(colors) // 8) :]).argmax())
    if deed.color and last != _NAMES.index(deed.color):
        # it may have changed on from it: some stretch must show it
        held = [b - a for a, b in runs(colors == _NAMES.index(deed.color))]
        if not held or max(held) < 3:
            said = "stays" if first == last else "turns"
            return Found((), f"{said} {_NAMES[last]}")
    if first == last and not deed.color:
        return Found((), f"stays {_NAMES[first]}")
    want = _NAMES.index(deed.color) if deed.color else last
    if first == want and (colors == want).mean() > 0.9:
        return Found((), f"is {_NAMES[want]} all the time")
    turned = np.flatnonzero(colors == want)
    start = next((int(t) for t in turned if (colors[t : t + 3] == want).all() and t > 0), -1)
    if start < 0:
        return Found((), f"is {_NAMES[want]} from the start")
    t = int(rows[start])
    return Found((When(max(t - 2, 0), t + 1),), "")


def _sizes(agent: Track) -> list[D]:
    """What tells a size, frame by frame: the half height, and the root of the area."""
    seen = agent.state == SEEN
    rows = seen & agent.whole
    rows = rows if rows.sum() >= 8 else seen
    lines = [agent.size.astype(np.float64), np.sqrt(agent.area.astype(np.float64))]
    return [np.where(rows & (line > 0), line, np.nan) for line in lines]


def _grows(stage: Stage, agent: Track, sign: int) -> Found:
    whens: list[When] = []
    lines = _sizes(agent)
    if np.isfinite(lines[1]).sum() < 5:
        return Found.unread("it is hardly seen")
    far = max((one.length for one in stage.path(agent).motions), default=0.0)
    if far > 0.6 or not _stands(stage):  # then the area tells distance as well
        lines = lines[:1]
    for line in lines:
        for a, b in shots_of(stage.reading):
            ok = np.flatnonzero(np.isfinite(line[a:b]))
            if len(ok) < 5:
                continue
            row = np.log(np.interp(np.arange(b - a), ok, line[a:b][ok]))
            row = np.convolve(np.pad(row, 1, mode="edge"), np.ones(3) / 3, "valid")
            moves = sign * np.gradient(row) * stage.reading.fps > 0.08
            for first, last in runs(moves):
                by = sign * (row[min(last, len(row) - 1)] - row[max(first - 1, 0)])
                if by > 0.1 and not whens:
                    whens.append(When(a + first, a + last))
    return Found(tuple(whens), "keeps its size")


def _stands(stage: Stage) -> bool:
    from evenflow.grading.nulls import stands

    return stands(stage.reading)


def grow(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It gets larger by an eighth or more."""
    return _grows(stage, agent, 1)


def shrink(stage: Stage, deed: Deed, agent: Track) -> Found:
    """It gets smaller by an eighth or more."""
    return _grows(stage, agent, -1)


def _moves_up(stage: Stage, agent: Track, sign: int) -> Found:
    top = agent.box[:, 1].astype(np.float64)
    tall = (agent.box[:, 3] - agent.box[:, 1]).astype(np.float64)
    ok = np.flatnonzero(np.isfinite(top) & (agent.state == SEEN))
    if len(ok) < 5:
        gone = (agent.state == SEEN).any() and sign < 0
        return Found.unread("it is hardly seen") if not gone else Found((), "is hardly seen")
    line = np.interp(np.arange(len(top)), ok, top[ok])
    v = -sign * np.gradient(line)
    whens = [
        When(a, b)
        for a, b in runs(v > 0.05)
        if abs(line[min(b, len(line) - 1)] - line[max(a - 1, 0)]) > 0.15 * np.nanmax(tall)
    ]
    if not whens:  # its posts stay up while its cloth goes: less or more of it is seen
        area = np.interp(np.arange(len(top)), ok, np.log(np.maximum(agent.area[ok], 1.0)))
        v = sign * np.gradient(area)
        whens = [
            When(a, b)
            for a, b in runs(v > 0.008)
            if abs(area[min(b, len(area) - 1)] - area[max(a - 1, 0)]) > 0.15
        ]
    return Found(tuple(whens), "stays where it is")


def lower(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Its upper edge comes down."""
    return _moves_up(stage, agent, -1)


def lift(stage: Stage, deed: Deed, agent: Track) -> Found:
    """Its upper edge goes up."""
    return _moves_up(stage, agent, 1)


def light(stage: Stage, deed: Deed) -> Found:
    """The background gets darker (dim, sunset) or brighter (brighten, sunrise)."""
    gain = stage.reading.light.astype(np.float64).mean(axis=1)
    if np.isfinite(gain).sum() < 5:
        return Found.unread("the light was not read")
    sign = -1 if deed.kind in ("dim", "sunset") else 1
    whens = []
    for a, b in shots_of(stage.reading):
        ok = np.flatnonzero(np.isfinite(gain[a:b]))
        if len(ok) < 5:
            continue
        row = np.log(np.maximum(np.interp(np.arange(b - a), ok, gain[a:b][ok]), 1e-5))
        v = sign * np.gradient(row) * stage.reading.fps
        for first, last in runs(v > 0.04):
            by = sign * (row[min(last, len(row) - 1)] - row[max(first - 1, 0)])
            if by > 0.12 and last - first >= 3:
                whens.append(When(a + first, a + last))
    return Found(tuple(whens), "the light stays")
