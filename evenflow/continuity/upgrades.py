"""Upgrades: what optional models see in the samples of a clip, as signals of their own.

They add series and change nothing else: no threshold, no finding and no score reads them. Series
are NaN between samples, and statistics restart at cuts.

Source: `subject_similarity` is VBench's subject consistency (Huang et al. 2024, arXiv:2311.17982),
    the mean of the cosines to the sample before and to the first one.
Differs: DINOv2 in place of DINO, every half second in place of every frame, within a shot.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from evenflow.continuity.samples import Sample
from evenflow.core.errors import BackendMissing
from evenflow.core.events import CancelToken

if TYPE_CHECKING:
    from evenflow.continuity.semantics import Known

Series = NDArray[np.float64]
SIGNALS_OF = {
    "dinov2": "subject_similarity",
    "insightface": "face_similarity",
    "raft": "motion_raft",
    "cotracker": "tracks_kept",
}
"""The signal that each model of a features folder adds; `clip` adds `prompt_match`."""
MOST_PAIRS = 16
"""Pairs of frames that RAFT looks at."""
MOST_TRACKED = 24
"""Samples of a shot that points are followed through."""
GRID = 10
"""Rows and columns of points."""


def upgrade(
    models: Mapping[str, Any],
    samples: Sequence[Sample],
    known: "Known",
    *,
    cancel: CancelToken | None = None,
) -> tuple[dict[str, Series], dict[str, str]]:
    """What each model adds.

    Returns:
        Series by signal, one entry a frame; and for what could not be measured, the reason.
    """
    ways: dict[str, Callable[[Any, Sequence[Sample], Known], Iterator[tuple[int, float]]]] = {
        "dinov2": subject_similarity,
        "insightface": face_similarity,
        "raft": motion,
        "cotracker": tracks_kept,
    }
    series: dict[str, Series] = {}
    reasons: dict[str, str] = {}
    for name, measure in ways.items():
        if name not in models:
            continue
        signal = SIGNALS_OF[name]
        values = np.full(len(known.seconds), np.nan)
        try:
            for frame, value in measure(models[name], samples, known):
                if cancel is not None:
                    cancel.check()
                values[frame] = value
        except BackendMissing as missing:
            reasons[signal] = str(missing)
            continue
        if np.isfinite(values).any():
            series[signal] = values
        else:
            reasons[signal] = _NOTHING[signal]
    return series, reasons


_NOTHING = {
    "subject_similarity": "no shot is long enough for two samples",
    "face_similarity": "no shot shows a face twice",
    "motion_raft": "one frame has nothing to be compared with",
    "tracks_kept": "no shot is long enough for two samples",
}


def shots(samples: Sequence[Sample], known: "Known") -> list[list[Sample]]:
    """The samples of each shot; no shot is empty."""
    made: dict[int, list[Sample]] = {}
    for sample in samples:
        shot = sum(cut <= known.first + sample.index for cut in known.cuts)
        made.setdefault(shot, []).append(sample)
    return list(made.values())


def subject_similarity(
    model: Any, samples: Sequence[Sample], known: "Known"
) -> Iterator[tuple[int, float]]:
    """Half the cosine to the sample before and half that to the shot's first one."""
    for shot in shots(samples, known):
        first = before = model.embed(shot[0].rgb[None])[0]
        for sample in shot[1:]:
            vector = model.embed(sample.rgb[None])[0]
            near, far = max(0.0, float(vector @ before)), max(0.0, float(vector @ first))
            yield sample.index, 0.5 * (near + far)
            before = vector


def face_similarity(
    model: Any, samples: Sequence[Sample], known: "Known"
) -> Iterator[tuple[int, float]]:
    """Cosine of the largest face to the first largest face of the shot."""
    for shot in shots(samples, known):
        first: NDArray[np.float32] | None = None
        for sample in shot:
            [faces] = model.faces(sample.rgb[None])
            if len(faces) == 0:
                continue
            [vector] = model.embed_faces(sample.rgb[None], [faces[0]])
            if first is None:
                first = vector
            else:
                yield sample.index, float(vector @ first)


def motion(model: Any, samples: Sequence[Sample], known: "Known") -> Iterator[tuple[int, float]]:
    """Median speed in source pixels a second, from the sample to the frame behind it."""
    pairs = [s for s in samples if s.behind is not None
             and known.first + s.index + 1 not in known.cuts]  # fmt: skip
    for sample in _few(pairs, MOST_PAIRS):
        assert sample.behind is not None
        flow = model.flow(sample.rgb[None], sample.behind[None])[0]
        scale = known.size[1] / sample.rgb.shape[0]
        yield sample.index + 1, float(np.median(np.hypot(*flow.T))) * scale * known.fps


def tracks_kept(
    model: Any, samples: Sequence[Sample], known: "Known"
) -> Iterator[tuple[int, float]]:
    """Share of a grid of points of the shot's first sample that are still seen."""
    for shot in shots(samples, known):
        few = _few(shot, MOST_TRACKED)
        if len(few) < 2:
            continue
        height, width = few[0].rgb.shape[:2]
        x, y = np.meshgrid(
            (np.arange(GRID) + 0.5) / GRID * width, (np.arange(GRID) + 0.5) / GRID * height
        )
        points = np.stack([np.zeros(GRID**2), x.ravel(), y.ravel()], axis=1).astype(np.float32)
        _, seen = model.track(np.stack([sample.rgb for sample in few]), points)
        for sample, visible in list(zip(few, seen, strict=True))[1:]:
            yield sample.index, float(visible.mean())


def _few(samples: Sequence[Sample], most: int) -> list[Sample]:
    """At most so many, evenly, the first and the last among them."""
    if len(samples) <= most:
        return list(samples)
    wanted = sorted({round(i * (len(samples) - 1) / (most - 1)) for i in range(most)})
    return [samples[i] for i in wanted]
