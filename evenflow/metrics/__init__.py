"""Metrics: the quantities of the literature, each as its source defines it; flaws are named.

`METRICS` is the table. What needs a clip alone, or a clip and a reference, `measure` reports with a
number a frame; what needs features of a model is a function on arrays `(n, d)`.
"""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

from evenflow.core.clip import Clip
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.core.measurement import Measurement
from evenflow.io import read
from evenflow.metrics import (
    conditional_alignment,
    dtw,
    dynamic_degree,
    euclidean,
    flow_consistency,
    frechet,
    identity_consistency,
    inception_score,
    kernel_distance,
    luma_gain,
    motion_smoothness,
    ms_ssim,
    pattern,
    psnr,
    sequences,
    ssim,
    temporal_flickering,
    warp_error,
)
from evenflow.metrics.metric import Estimate, Metric, Picture, mean_of
from evenflow.metrics.one_pass import NO_REFERENCE, OnePass

_ROWS = (
    Metric(
        "psnr",
        "peak signal-to-noise ratio of RGB, mean of the frames' values",
        psnr.psnr,
        unit="dB",
        better="higher",
        limits=(0.0, None),
        source="ITU-T J.340",
        at=psnr.at,
        finish=psnr.mean,
        reference="frames",
    ),
    Metric(
        "psnr_pooled",
        "peak signal-to-noise ratio of RGB, of the squared error of all frames",
        psnr.psnr,
        unit="dB",
        better="higher",
        limits=(0.0, None),
        source="ITU-T J.340",
        at=psnr.at,
        finish=psnr.pooled,
        reference="frames",
    ),
    Metric(
        "psnr_y",
        "peak signal-to-noise ratio of luma (BT.709), mean of the frames' values",
        psnr.psnr,
        unit="dB",
        better="higher",
        limits=(0.0, None),
        source="ITU-T J.340",
        at=psnr.at_luma,
        finish=psnr.mean,
        reference="frames",
    ),
    Metric(
        "ssim",
        "structural similarity of luma, Wang's setting (Gaussian window of 11 x 11)",
        ssim.ssim,
        unit="",
        better="higher",
        limits=(-1.0, 1.0),
        source="Wang et al. 2004",
        at=ssim.at_wang,
        finish=mean_of,
        reference="frames",
    ),
    Metric(
        "ssim_skimage",
        "structural similarity of RGB, scikit-image's own setting (flat window of 7 x 7)",
        ssim.ssim,
        unit="",
        better="higher",
        limits=(-1.0, 1.0),
        source="Wang et al. 2004; scikit-image",
        at=ssim.at_skimage,
        finish=mean_of,
        reference="frames",
    ),
    Metric(
        "ms_ssim",
        "structural similarity of luma at five scales",
        ms_ssim.ms_ssim,
        unit="",
        better="higher",
        limits=(0.0, 1.0),
        source="Wang, Simoncelli & Bovik 2003",
        at=ms_ssim.at,
        finish=mean_of,
        reference="frames",
    ),
    Metric(
        "vbench_temporal_flickering",
        "one minus the mean absolute difference of neighbors, VBench's formula",
        temporal_flickering.steadiness,
        unit="share",
        better="higher",
        limits=(0.0, 1.0),
        source="Huang et al. 2024, VBench",
        at=temporal_flickering.at,
        finish=mean_of,
    ),
    Metric(
        "warp_error_dis",
        "squared error along the clip's own motion (DIS flow), Lai's mask",
        warp_error.warp_error,
        unit="",
        better="lower",
        limits=(0.0, 1.0),
        source="Lai et al. 2018",
        at=warp_error.at,
        finish=mean_of,
    ),
    Metric(
        "warp_error_input_dis",
        "squared error along the motion of the reference (DIS flow), Lai's mask",
        warp_error.warp_error,
        unit="",
        better="lower",
        limits=(0.0, 1.0),
        source="Lai et al. 2018",
        at=warp_error.at_input,
        finish=mean_of,
        reference="frames",
    ),
    Metric(
        "flow_consistency_dis",
        "share of the picture whose motion there and back agrees (DIS flow)",
        flow_consistency.flow_consistency,
        unit="share",
        better="higher",
        limits=(0.0, 1.0),
        source="Sundaram, Brox & Keutzer 2010",
        at=flow_consistency.at,
        finish=mean_of,
    ),
    Metric(
        "dynamic_degree_dis",
        "1 if the clip moves by VBench's rule, else 0; with DIS flow, so not VBench's number",
        dynamic_degree.top_displacement,
        unit="",
        better="neither",
        limits=(0.0, 1.0),
        source="Huang et al. 2024, VBench",
        at=dynamic_degree.at,
        finish=dynamic_degree.degree,
    ),
    Metric(
        "motion_strength_dis",
        "largest 5 % of displacement (DIS flow) over the threshold of that rule",
        dynamic_degree.top_displacement,
        unit="thresholds",
        better="neither",
        limits=(0.0, None),
        source="Huang et al. 2024, VBench",
        at=dynamic_degree.at,
        finish=dynamic_degree.strength,
    ),
    Metric(
        "motion_smoothness_dis",
        "how well odd frames are interpolated (DIS flow, so not VBench's number)",
        motion_smoothness.halfway,
        unit="share",
        better="higher",
        limits=(0.0, 1.0),
        source="Huang et al. 2024, VBench; Jiang et al. 2018",
        at=motion_smoothness.at,
        finish=motion_smoothness.mean,
    ),
    Metric(
        "luma_gain_rms",
        "change of brightness from frame to frame, motion taken out, root mean square",
        luma_gain.luma_gain,
        unit="%",
        better="lower",
        limits=(0.0, None),
        source="our own definition",
        at=luma_gain.at,
        finish=luma_gain.rms,
    ),
    Metric(
        "sequence_euclidean",
        "distance of the frames as 8 x 8 mean colors, root mean square",
        euclidean.euclidean,
        unit="gray levels",
        better="lower",
        limits=(0.0, None),
        source="Faloutsos et al. 1994",
        at=euclidean.at,
        finish=euclidean.clips,
        reference="frames",
    ),
    Metric(
        "sequence_dtw",
        "the same along the best path in time; lengths may differ",
        dtw.dtw,
        unit="gray levels",
        better="lower",
        limits=(0.0, None),
        source="Sakoe & Chiba 1978",
        at=sequences.at,
        finish=dtw.clips,
        reference="sequence",
    ),
    Metric(
        "sequence_pattern",
        "do colors rise and fall alike, whatever their level; lengths may differ",
        pattern.pattern_distance,
        unit="",
        better="lower",
        limits=(0.0, None),
        source="Keogh & Pazzani 2001",
        at=sequences.at,
        finish=pattern.clips,
        reference="sequence",
    ),
    Metric(
        "frechet_distance",
        "distance of Gaussians fitted to two sets of features (the maths of FID and FVD)",
        frechet.frechet_distance,
        unit="",
        better="lower",
        limits=(0.0, None),
        source="Heusel et al. 2017; Unterthiner et al. 2018",
        needs="needs features of two sets of clips (such as I3D logits): call "
        "evenflow.metrics.frechet.frechet_distance",
    ),
    Metric(
        "kernel_distance",
        "maximum mean discrepancy of two sets of features (the maths of KID and KVD)",
        kernel_distance.kid,
        unit="",
        better="lower",
        limits=(None, None),
        source="Gretton et al. 2012; Binkowski et al. 2018",
        needs="needs features of two sets of clips (such as Inception pool3): call "
        "evenflow.metrics.kernel_distance.kid",
    ),
    Metric(
        "inception_score",
        "clear classes, and many of them, by a classifier",
        inception_score.inception_score,
        unit="",
        better="higher",
        limits=(1.0, None),
        source="Salimans et al. 2016",
        needs="needs class probabilities of a set of clips (Inception-v3 or C3D): call "
        "evenflow.metrics.inception_score.inception_score",
    ),
    Metric(
        "identity_consistency",
        "likeness of each frame to the first and to the one before",
        identity_consistency.identity_consistency,
        unit="share",
        better="higher",
        limits=(0.0, 1.0),
        source="Huang et al. 2024, VBench",
        needs="needs features of every frame (DINO, CLIP or ArcFace): call "
        "evenflow.metrics.identity_consistency.identity_consistency",
    ),
    Metric(
        "conditional_alignment",
        "likeness of each frame to its condition, such as a text",
        conditional_alignment.conditional_alignment,
        unit="cosine",
        better="higher",
        limits=(-1.0, 1.0),
        source="Wu et al. 2021; Radford et al. 2021",
        needs="needs features of every frame and of the condition (such as CLIP's): call "
        "evenflow.metrics.conditional_alignment.conditional_alignment",
    ),
)

METRICS: dict[str, Metric] = {row.name: row for row in _ROWS}
"""Every metric by its name; `docs/metrics.md` is made from this table."""

ALL = "all"
"""In place of names: all that a clip (and a reference, if there is one) can be measured by."""


def chosen(names: Iterable[str], *, reference: bool) -> dict[str, Metric]:
    """Rows by name, in the order of the names, each once.

    Args:
        names: keys of `METRICS`, or "all".
        reference: there is a reference; "all" leaves out what needs one otherwise.

    Raises:
        BadInput: an unknown name, or none.
    """
    rows: dict[str, Metric] = {}
    for given in names:
        name = given.strip().lower().replace("-", "_")
        if name == ALL:
            rows |= {
                key: row
                for key, row in METRICS.items()
                if row.at is not None and (reference or row.reference == "none")
            }
        elif name in METRICS:
            rows[name] = METRICS[name]
        elif name:
            close = get_close_matches(name, METRICS, n=3) or list(METRICS)
            raise BadInput(
                f"there is no metric {given.strip()!r}: did you mean {', '.join(close)}?"
            )
    if not rows:
        raise BadInput(f"name a metric: {', '.join(METRICS)}, or {ALL}")
    return rows


def for_reference(names: str, *, reference: bool) -> list[str]:
    """The metrics of a command line, `a,b,c`; what cannot work is refused at once.

    Raises:
        BadInput: an unknown name, none, or one that compares with a reference where there is none.
    """
    if reference and not names.strip(" ,"):
        raise BadInput("a reference clip is for metrics: name some, such as --metrics psnr,ssim")
    rows = chosen(names.split(","), reference=reference)
    lonely = [name for name, row in rows.items() if row.reference != "none" and not reference]
    if lonely:
        raise BadInput(f"there is no reference for {', '.join(lonely)}: say which by --ref CLIP")
    return list(rows)


def measure(
    names: str | Sequence[str],
    clip: Clip | str | Path,
    reference: Clip | str | Path | None = None,
    *,
    cut: Sequence[int] = (),
    workers: int | None = None,
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> dict[str, Measurement]:
    """Any number of metrics of one clip, in one pass, in memory that does not grow with its length.

    Args:
        names: keys of `METRICS`, or "all"; one text may hold several with commas.
        clip: what `ef.read` gives, or the path of a file or folder.
        reference: what it is compared with; the same size and length where frames are compared.
        cut: first frames of new shots; `luma_gain_rms` leaves these pairs out.
        workers: threads; None for all cores. The numbers are the same for any number.
        progress: called with an Event now and then.
        cancel: looked at between frames.

    Returns:
        One Measurement a metric; None with the reason where it cannot be measured.

    Raises:
        BadInput: an unknown name, or a reference of another size or length.
        UnreadableVideo: a file cannot be read.
    """
    clip = clip if isinstance(clip, Clip) else read(clip)
    if reference is not None and not isinstance(reference, Clip):
        reference = read(reference)
    wanted = names.split(",") if isinstance(names, str) else names
    rows = chosen(wanted, reference=reference is not None)
    work = OnePass(rows, clip, reference, workers=workers, cancel=cancel)
    meter = Meter("measure", clip.info.num_frames, progress=progress, cancel=cancel)
    for _ in work.watch(clip.stream(cancel=cancel)):
        meter.advance()
    return work.measurements(cut=cut)


__all__ = [
    "ALL",
    "METRICS",
    "NO_REFERENCE",
    "Estimate",
    "Metric",
    "OnePass",
    "Picture",
    "chosen",
    "for_reference",
    "measure",
]
