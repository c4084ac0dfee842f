"""How far samplers end from a law that is known exactly, by calls of the predictor.

    python -m benchmarks.samplers            # tables in Markdown, as in docs/engine.md

The law is Gaussian: 8 frames of 3 x 3 pixels, smooth in time and space. A deterministic sampler of
it is an affine map, so its matrix, and from that the covariance of what it makes, is found without
drawing a sample; of the ancestral one step by step. Float64, no network, about a minute.
"""

import argparse
import math
from functools import partial

import torch
from torch import Tensor

from evenflow.core.contracts import Predictor
from evenflow.process import FLOW, GaussianVideo
from evenflow.samplers import SAMPLERS, ancestral
from evenflow.schedules import LEVELS, SCHEDULES, full_sequence

FRAMES, SIDE = 8, 3
SHAPE = (1, FRAMES, SIDE, SIDE)
N = FRAMES * SIDE * SIDE
CALLS = (8, 16, 32, 64, 128)
PER_STEP = {"euler": 1, "heun": 2, "dpmpp_2m": 1, "ancestral": 1}
SETTINGS = {
    "full_sequence": {},
    "autoregressive": {"block": 2},
    "staggered": {"lag": 2},
    "pyramid": {"slope": 0.5},
    "pinned": {"frames": [0, -1]},
    "retake": {"start": 2, "end": 6},
    "refine": {"strength": 0.6},
    "frame_in": {"frames": [4], "reach": 2},
}


def smooth(places: Tensor, length: float) -> Tensor:
    """Covariance that falls with distance, and a little that is each place's own."""
    far = torch.cdist(places, places)
    return 0.95 * (-far.square() / (2 * length**2)).exp() + 0.05 * torch.eye(len(places))


def law() -> GaussianVideo:
    """Smooth over three frames and two pixels, of unit variance."""
    line = torch.arange(float(FRAMES))[:, None]
    grid = torch.cartesian_prod(*[torch.arange(float(SIDE))] * 2)
    return GaussianVideo.separable(torch.zeros(SHAPE), smooth(line, 3.0), smooth(grid, 2.0))


def matrix_of(function) -> Tensor:
    """Matrix of a linear function of clips, in coordinates (t, c, h, w)."""
    unit = torch.eye(N).reshape(N, FRAMES, 1, SIDE, SIDE).movedim(1, 2)
    return function(unit).movedim(2, 1).flatten(1).T


def covariance(video: GaussianVideo, row: Tensor) -> Tensor:
    """Of the noisy clip at one row of levels."""
    root = matrix_of(video.draw)
    a, s = (curve(row).repeat_interleave(SIDE * SIDE) for curve in (FLOW.alpha, FLOW.sigma))
    return a[:, None] * (root @ root.T) * a + (s**2).diag()


def made(sampler: str, predict: Predictor, levels: Tensor, start: Tensor) -> Tensor:
    """Covariance of what comes out, if what goes in has `start`."""
    if sampler != "ancestral":
        matrix = matrix_of(lambda x: SAMPLERS[sampler](predict, x, levels))
        return matrix @ start @ matrix.T
    for pair in levels.unfold(0, 2, 1).mT:
        step = partial(ancestral, predict, levels=pair)
        noise = step(torch.zeros(1, *SHAPE), seeds=[0])
        matrix = matrix_of(lambda x, step=step, noise=noise: step(x, seeds=[0] * N) - noise)
        s, after = (row.repeat_interleave(SIDE * SIDE) for row in pair)
        kept = torch.where(after < 1, (1 - s) / (1 - after), 1)
        fresh = torch.where(s > 0, (after / s) ** 2 * (s**2 - kept**2 * after**2), 0)
        start = matrix @ start @ matrix.T + fresh.diag()
    return start


def error(video: GaussianVideo, sampler: str, levels: Tensor) -> float:
    """Relative error of the covariance at the last row, from the exact one at the first."""
    end = covariance(video, levels[-1])
    got = made(sampler, video.predictor(FLOW), levels, covariance(video, levels[0]))
    return float((got - end).norm() / end.norm())


def table(head: list[str], rows: list[list[str]]) -> str:
    """Markdown."""
    lines = ["| " + " | ".join(cells) + " |" for cells in [head, ["---"] * len(head), *rows]]
    return "\n".join(lines)


def shown(value: float) -> str:
    """Two digits."""
    return f"{value:.1e}" if value < 0.01 else f"{value:.2g}"


def orders(video: GaussianVideo) -> str:
    """Between log(alpha / sigma) of -2.5 and 2.5, in equal steps of it."""
    rows = []
    for sampler, per_step in PER_STEP.items():
        found = []
        for calls in CALLS:
            ratio = torch.linspace(-2.5, 2.5, calls // per_step + 1)
            levels = full_sequence(FLOW.level_at(ratio), num_frames=FRAMES)
            found.append(error(video, sampler, levels))
        order = math.log2(found[-2] / found[-1])
        rows.append([sampler, *map(shown, found), f"{order:.2f}"])
    return table(["sampler", *(f"{c} calls" for c in CALLS), "order"], rows)


def by_levels(video: GaussianVideo, calls: int) -> str:
    """From pure noise to clean video, so many calls, every row of LEVELS."""
    rows = []
    for sampler, per_step in PER_STEP.items():
        steps = (calls + 1) // per_step if per_step == 2 else calls
        found = [
            error(video, sampler, full_sequence(levels(steps), num_frames=FRAMES))
            for levels in LEVELS.values()
        ]
        rows.append([sampler, *map(shown, found)])
    return table(["sampler", *LEVELS], rows)


def by_schedule(video: GaussianVideo, steps: int) -> str:
    """Every matrix of levels, so many steps a frame."""
    rows = []
    for name, schedule in SCHEDULES.items():
        matrices = {
            k: schedule(LEVELS["linear"](k), num_frames=FRAMES, **SETTINGS[name])
            for k in (steps, 2 * steps)
        }
        cells = [name, str(len(matrices[steps]) - 1)]
        for sampler in ("euler", "heun", "dpmpp_2m"):
            coarse, fine = (error(video, sampler, matrix) for matrix in matrices.values())
            cells.append(f"{shown(coarse)} -> {shown(fine)}")
        rows.append(cells)
    return table(["schedule", "steps", "euler", "heun", "dpmpp_2m"], rows)


def main() -> None:
    """Prints the three tables."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    video = law()
    print(f"### Order of convergence\n\n{orders(video)}\n")
    print(f"### Levels, at 24 calls\n\n{by_levels(video, 24)}\n")
    print(f"### Schedules, at 20 and 40 steps a frame\n\n{by_schedule(video, 20)}")


if __name__ == "__main__":
    main()
