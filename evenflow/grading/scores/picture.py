"""The picture as a whole: light, style, noise, sharpness, background, structure."""

import numpy as np
from numpy.typing import NDArray

from evenflow.core.span import Span
from evenflow.grading.case import Case, Raw
from evenflow.grading.paths import shots_of

D = NDArray[np.float64]


def _peak(values: D, kind: str) -> Raw:
    if not np.isfinite(values).any():
        return Raw(None, "the background was not seen")
    t = int(np.nanargmax(values))
    return Raw(float(values[t]), spans=(Span(kind, t, t + 1),))


def _spike(values: D, case: Case, floor: float) -> D:
    """How far an entry stands above those beside it: over 1.3 of the larger plus a floor."""
    out = np.full(len(values), np.nan)
    for a, b in shots_of(case.reading):
        for t in range(a + 1, b):
            beside = [values[s] for s in (t - 2, t - 1, t + 1, t + 2) if a < s < b]
            beside = [v for v in beside if np.isfinite(v)]
            if len(beside) >= 2 and np.isfinite(values[t]):
                out[t] = values[t] - 1.3 * float(np.median(beside)) - floor
    return out


def _third(values: D) -> float:
    values = np.abs(values[np.isfinite(values)])
    keep = max(4, len(values) // 3)
    return float(np.sqrt((np.sort(values)[-keep:] ** 2).mean()))


def exposure_flicker(case: Case) -> Raw:
    """Second differences of the background's exposure, roughest third, percent; a lamp of its own
    shows in tiles."""
    step = case.signals.step.mean(axis=1)
    parts = []
    for a, b in shots_of(case.reading):
        row = step[a + 1 : b]
        if np.isfinite(row).sum() >= 5:
            parts.append(np.diff(np.nan_to_num(row)))
    if not parts:
        return Raw(None, "the background was not seen")
    tilt = case.signals.tilt
    local = _third(np.diff(tilt[np.isfinite(tilt)])) if np.isfinite(tilt).sum() > 6 else 0.0
    return Raw(100 * (_third(np.concatenate(parts)) + 0.5 * local))


def exposure_step(case: Case) -> Raw:
    """Largest step of the background's light from one frame to the next, percent; any channel."""
    step = np.abs(case.signals.step).max(axis=1)
    raw = _peak(_spike(step, case, 0.0), "seam")
    return Raw(None if raw.value is None else 100 * max(raw.value, 0.0), raw.reason, raw.spans)


def light_drift(case: Case) -> Raw:
    """How far the background's light has gone by the end of the shot, percent, where no change of
    light is told; the largest channel."""
    if case.says("dim", "brighten", "sunset", "sunrise"):
        return Raw(None, "the caption asks for a change of light")
    best: float | None = None
    for a, b in shots_of(case.reading):
        step = case.signals.step[a + 1 : b]
        if np.isfinite(step).all(axis=1).sum() < 5:
            continue
        total = np.abs(np.cumsum(np.nan_to_num(step), axis=0)).max()
        best = max(best or 0.0, float(total))
    if best is None:
        return Raw(None, "the background was not seen")
    return Raw(100 * best)


def style_step(case: Case) -> Raw:
    """Largest lasting change of the picture's colors from one frame to the next (L1 of smoothed
    histograms), above that of the frames beside."""
    raw = _peak(_spike(case.signals.palette, case, 0.0), "style_change")
    return raw if raw.value is None else Raw(max(raw.value, 0.0), spans=raw.spans)


def background_step(case: Case) -> Raw:
    """Largest change of the background from one frame to the next that neither the camera nor the
    light explains, levels of 255, above that of the frames beside."""
    raw = _peak(_spike(case.signals.back, case, 0.0), "background_switch")
    return raw if raw.value is None else Raw(max(raw.value, 0.0), spans=raw.spans)


def background_change(case: Case) -> Raw:
    """How far the background is from that of the first frame, levels of 255; where the camera
    stands and the light is not told to change."""
    if case.says("dim", "brighten", "sunset", "sunrise"):
        return Raw(None, "the caption asks for a change of light")
    return (
        _peak(case.signals.early, "background_switch")
        if np.isfinite(case.signals.early).any()
        else Raw(None, "the camera moves")
    )


def swim(case: Case) -> Raw:
    """What is left of the background's motion after the camera's, pixels: the largest third."""
    values = case.signals.swim
    if np.isfinite(values).sum() < 5:
        return Raw(None, "the background has no texture that could swim")
    return Raw(_third(values))


def frame_return(case: Case) -> Raw:
    """How far a single frame leaves what its neighbors agree on, levels of 255; the worst."""
    return _peak(case.signals.returns, "image_flicker")


def grain(case: Case) -> Raw:
    """Noise of the noisiest frames less that of the cleanest, levels of 255 (medians of three)."""
    noise = case.signals.noise
    ok = noise[np.isfinite(noise)]
    if len(ok) < 6:
        return Raw(None, "the background was not seen")
    smooth = np.array([np.median(ok[max(i - 1, 0) : i + 2]) for i in range(len(ok))])
    return Raw(float(np.quantile(smooth, 0.95) - np.quantile(smooth, 0.05)))


def noise_level(case: Case) -> Raw:
    """Noise of the background, levels of 255, the median frame."""
    noise = case.signals.noise
    if np.isfinite(noise).sum() < 3:
        return Raw(None, "the background was not seen")
    return Raw(float(np.nanmedian(noise)))


def sharpness(case: Case) -> Raw:
    """How sharpness goes up and down: the range of its logarithm after its trend was taken out."""
    parts = []
    for a, b in shots_of(case.reading):
        row = case.signals.sharp[a:b]
        ok = np.flatnonzero(np.isfinite(row))
        if len(ok) < 8:
            continue
        line = np.polyval(np.polyfit(ok, row[ok], 1), ok)
        rest = row[ok] - line
        parts.append(float(np.quantile(rest, 0.9) - np.quantile(rest, 0.1)))
    if not parts:
        return Raw(None, "the background was not seen")
    return Raw(max(parts))


def structure(case: Case) -> Raw:
    """Share of edges that is left in the worst quarter of a shot against its best."""
    best: float | None = None
    for a, b in shots_of(case.reading):
        row = case.signals.detail[a:b]
        if len(row) < 8 or np.median(row) < 0.002:
            continue
        low = np.mean(np.sort(row)[: max(2, len(row) // 6)])
        best = min(best if best is not None else 9.0, float(low / np.quantile(row, 0.9)))
    if best is None:
        return Raw(None, "there is no edge to lose")
    return Raw(best)


def ghost(case: Case) -> Raw:
    """How much of what was just uncovered still shows who covered it, as a share; the mean of the
    worst third."""
    values = case.signals.ghost
    ok = values[np.isfinite(values)]
    if len(ok) < 3:
        return Raw(None, "nothing was uncovered")
    return Raw(float(np.mean(np.sort(ok)[-max(3, len(ok) // 3) :])))


def shadow(case: Case) -> Raw:
    """Largest swing of the direction in which shadows fall, radians, where no sunset is told."""
    if case.says("sunset", "sunrise"):
        return Raw(None, "the caption asks for a change of light")
    angle = case.reading.shadow.astype(np.float64)
    best: float | None = None
    for a, b in shots_of(case.reading):
        row = angle[a:b][np.isfinite(angle[a:b])]
        if len(row) < 6:
            continue
        middle = np.angle(np.exp(1j * row).mean())
        off = np.abs(np.angle(np.exp(1j * (row - middle))))
        best = max(best or 0.0, float(np.quantile(off, 0.9)))
    if best is None:
        return Raw(None, "no shadow was read")
    return Raw(best)


def shadow_step(case: Case) -> Raw:
    """How suddenly the ground beside somebody changes: a shadow goes as its body goes, and one that
    swings round alone changes the ground at once. Levels over the pixels of the body, above what
    the frames beside change."""
    best: float | None = None
    spans: tuple[Span, ...] = ()
    for track, look in zip(case.reading.tracks, case.signals.looks, strict=True):
        if np.isfinite(look.around).sum() < 6:
            continue
        rows = _spike(look.around, case, 0.05)
        if not np.isfinite(rows).any():
            continue
        t = int(np.nanargmax(rows))
        if best is None or rows[t] > best:
            best, spans = float(rows[t]), (Span("light_direction", t, t + 1, None, track.id),)
    if best is None:
        return Raw(None, "nobody was followed long enough")
    return Raw(max(best, 0.0), spans=spans)


def cuts(case: Case) -> Raw:
    """Cuts beyond those that the caption tells."""
    if case.script is None:
        return Raw(None, "no caption was given")
    extra = max(0, len(case.reading.cuts) - (len(case.script.shots) - 1))
    spans = tuple(Span("background_switch", t, t + 1) for t in case.reading.cuts)
    return Raw(float(extra), spans=spans if extra else ())
