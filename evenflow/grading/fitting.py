"""Fitting: the parser's net learns from the world's own masks.

```sh
python -m evenflow.grading.fitting --samples DIR --draw 1400      # scenes, as files in DIR
python -m evenflow.grading.fitting --samples DIR --steps 4650 -o pixels.safetensors
python -m evenflow.grading.fitting --samples DIR --steps 6000 --start pixels.safetensors -o ON
python -m evenflow.grading.fitting --samples DIR --looks 3000 -o looks.safetensors
python -m evenflow.grading.fitting --join pixels.safetensors looks.safetensors -o OUT.safetensors
```

All can be stopped and started again: samples that are there stay, and a run goes on from its last
checkpoint (`OUT.state`, safetensors as well). Pictures are cut, mirrored, scaled, blurred, made
small and large again, given other gains and casts, noise and JPEG's blocks, so that the net does
not lean on what only a clean render has.
"""

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.grading.network import ASKED, HEADS, STRIDE, WAY, Looks, Network, cut_out
from evenflow.grading.scenes import Sample, fill, preset_of
from evenflow.world.words import WALKERS

SIDE = 128
"""Pixels of the square cuts that are learned from."""
LEAST = 14
"""Pixels that a body must show for its color and kind to be asked for."""


@dataclass(frozen=True)
class Lesson:
    """One cut and its answers, on the grid of the net (`g` = SIDE / STRIDE).

    Args:
        picture: sRGB in [0, 1], `(3, SIDE, SIDE)`.
        share: of the cell that shows bodies, `(g, g)`.
        body: number of the body + 1, 0 where none is asked for, `(g, g)`.
        table: color, second, pattern, kind, 1 if patterned, of every body, `(e, 5)`.
        way: to the center in units of WAY, `(2, g, g)`.
        center, edge, sole: targets in [0, 1], `(g, g)`.
    """

    picture: NDArray[np.float32]
    share: NDArray[np.float32]
    body: NDArray[np.int64]
    table: NDArray[np.int64]
    way: NDArray[np.float32]
    center: NDArray[np.float32]
    edge: NDArray[np.float32]
    sole: NDArray[np.float32]


def degrade(picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
    """What cameras, codecs and tokenizers do to a picture, by chance; sRGB in [0, 1]."""
    if rng.random() < 0.45:
        sigma = float(rng.uniform(0.4, 1.5))
        picture = cv2.GaussianBlur(picture, (0, 0), sigma)
    if rng.random() < 0.15:
        h, w = picture.shape[:2]
        by = float(rng.uniform(1.3, 2.2))
        small = (max(int(w / by), 2), max(int(h / by), 2))
        down = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        picture = cv2.resize(down, (w, h), interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.6:
        gain = rng.uniform(0.8, 1.2) * rng.uniform(0.88, 1.12, 3)
        picture = picture * gain.astype(np.float32)
        picture = np.clip(picture, 0, 1) ** np.float32(rng.uniform(0.85, 1.18))
    if rng.random() < 0.4:
        picture = picture + rng.normal(0, rng.uniform(0.01, 0.06), picture.shape).astype("f4")
    picture = np.clip(picture, 0, 1)
    if rng.random() < 0.25:
        quality = int(rng.integers(30, 90))
        coded = cv2.imencode(
            ".jpg", np.rint(picture * 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality]
        )[1]
        picture = cv2.imdecode(coded, cv2.IMREAD_COLOR).astype(np.float32) / 255
    return np.ascontiguousarray(picture, np.float32)


HARD = {
    "cup": 2.5, "crate": 2.5, "balloon": 2.0, "bench": 2.0, "ring": 2.0, "pendulum": 2.0,
    "vase": 2.0, "star": 1.8, "dog": 1.8, "cat": 1.8, "capsule": 1.8, "child": 1.6, "woman": 1.5,
    "horse": 1.5, "screen": 1.5, "door": 1.5, "lamp": 1.5, "tower": 1.5, "cart": 1.5, "sign": 1.5,
    "box": 1.4, "arch": 1.4, "cone": 1.3,
}  # fmt: skip
"""How many times as often as others a picture with such a kind is learned from."""
PLACES = {"lab": 0.55, "story": 1.5, "flat": 0.5, "maze": 0.4}
"""The same, of scenes of a preset."""
CLEAR = 40
"""Pixels that a body shows at least for its kind to count there."""


def weight_of(sample: Sample, frame: int) -> float:
    """How often a frame is learned from: that of its hardest body and of the mean one, by half;
    patterns are half as hard again. Bare pictures have little to say."""
    area = np.bincount(sample.ids[frame].ravel(), minlength=len(sample.kind) + 1)[1:]
    shown = np.flatnonzero(area >= CLEAR)
    if not len(shown):
        return 0.15
    names = _kinds()
    hard = [
        HARD.get(names[sample.kind[e]], 1.0) * (1.5 if sample.pattern[e] else 1.0) for e in shown
    ]
    return 0.5 * max(hard) + 0.5 * float(np.mean(hard))


def _bumps(points: NDArray, sigmas: NDArray, cells: int) -> NDArray[np.float32]:
    """Bumps of height 1 on the grid, in pixels; the highest counts."""
    at = (np.arange(cells) + 0.5) * STRIDE
    out = np.zeros((cells, cells), np.float32)
    for (x, y), sigma in zip(points, sigmas, strict=True):
        if np.isfinite(x) and -16 < x < SIDE + 16 and -16 < y < SIDE + 16:
            row = np.exp(-0.5 * ((at - y) / sigma) ** 2)
            column = np.exp(-0.5 * ((at - x) / sigma) ** 2)
            np.maximum(out, np.outer(row, column), out=out)
    return out


def lesson(sample: Sample, frame: int, rng: np.random.Generator) -> Lesson:
    """A cut of one frame with its answers."""
    height, width = sample.ids.shape[1:]
    scale = float(np.exp(rng.uniform(np.log(0.8), np.log(1.5))))
    flip = rng.random() < 0.5
    side = SIDE / scale
    x0 = rng.uniform(min(0, width - side), max(0, width - side))
    y0 = rng.uniform(min(0, height - side), max(0, height - side))
    matrix = np.array([[scale, 0, -x0 * scale], [0, scale, -y0 * scale]])
    if flip:
        matrix = np.array([[-scale, 0, SIDE + x0 * scale], [0, scale, -y0 * scale]])
    # cv2 puts pixel centers at whole numbers, we put them at +0.5.
    shifted = matrix.copy()
    shifted[:, 2] += matrix[:, :2] @ [0.5, 0.5] - 0.5
    picture = sample.pictures[frame].astype(np.float32) / 255
    if scale < 0.95:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.5 * (1 / scale - 1) + 0.25)
    picture = cv2.warpAffine(
        picture, shifted, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    ids = cv2.warpAffine(
        sample.ids[frame], shifted, (SIDE, SIDE), flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_REPLICATE,
    )  # fmt: skip
    cells = SIDE // STRIDE
    four = np.stack([ids[0::2, 0::2], ids[1::2, 1::2], ids[0::2, 1::2], ids[1::2, 0::2]])
    share = (four > 0).mean(0).astype(np.float32)
    body = four[0].astype(np.int64)
    for other in four[1:]:
        body = np.where(body == 0, other, body)
    area = np.bincount(ids.ravel(), minlength=len(sample.kind) + 1)
    patterned = sample.pattern > 0
    walks = np.array([name in WALKERS for name in _kinds()])[sample.kind]
    table = np.stack(
        [sample.color[frame], sample.second, sample.pattern, sample.kind, patterned | walks], 1
    ).astype(np.int64)
    middle = sample.middle[frame] @ matrix[:, :2].T + matrix[:, 2]
    asked = area[1:] >= LEAST
    sigma = np.clip(0.16 * np.sqrt(np.maximum(area[1:], 1)), 2.0, 5.0)
    center = _bumps(middle[asked], sigma[asked], cells)
    at = (np.arange(cells) + 0.5) * STRIDE
    grid = np.stack(np.meshgrid(at, at), 0)  # x, y
    who = np.maximum(body - 1, 0)
    way = np.zeros((2, cells, cells), np.float32)
    if len(middle):
        way = np.clip((np.nan_to_num(middle)[who].transpose(2, 0, 1) - grid) / WAY, -4, 4)
    padded = np.pad(body, 1)
    edge = np.zeros((cells, cells), np.float32)
    for dy in (0, 1, 2):
        for dx in (0, 1, 2):
            near = padded[dy : dy + cells, dx : dx + cells]
            edge[(near > 0) & (body > 0) & (near != body)] = 1
    soles = sample.soles[frame] @ matrix[:, :2].T + matrix[:, 2]
    known = np.zeros(len(soles), bool)
    if len(soles):
        x, y = np.nan_to_num(soles, nan=-99).T
        inside = (x >= 0) & (x < SIDE) & (y >= 1) & (y < SIDE)
        for i in np.flatnonzero(inside):
            column, row = int(x[i]), int(y[i])
            near = ids[max(row - 4, 0) : row + 2, max(column - 2, 0) : column + 3]
            hit = near[near > 0]
            known[i] = bool(len(hit)) and bool(walks[hit - 1].any())
    sole = _bumps(soles[known], np.full(int(known.sum()), 2.0), cells)
    ask = np.concatenate([[False], asked])
    return Lesson(
        degrade(picture, rng).transpose(2, 0, 1), share, np.where(ask[body], body, 0), table,
        way.astype(np.float32), center, edge, sole,
    )  # fmt: skip


def _kinds() -> tuple[str, ...]:
    from evenflow.grading.scenes import KINDS

    return KINDS


def loss(answers: Tensor, lessons: list[Lesson]) -> tuple[Tensor, dict[str, float]]:
    """What the net is told; and its parts, for people."""
    rows_of = answers.permute(0, 2, 3, 1).float()  # b h w c
    said = dict(zip(HEADS, rows_of.split(list(HEADS.values()), dim=-1), strict=True))
    device = answers.device

    def stack(name: str) -> Tensor:
        return torch.from_numpy(np.stack([getattr(one, name) for one in lessons])).to(device)

    body = stack("body")
    share = stack("share")
    cells = body.flatten().nonzero()[:, 0]
    base = np.cumsum([0, *[len(one.table) for one in lessons]])[:-1]
    table = torch.from_numpy(np.concatenate([one.table for one in lessons])).to(device)
    first = torch.from_numpy(base).to(device)[cells // body[0].numel()]
    number = body.flatten()[cells] - 1 + first
    facts = table[number]
    # A body of four times the pixels counts twice as much, not four times.
    area = torch.bincount(number, minlength=len(table)).clamp(min=1).float()
    weight = area.rsqrt()[number]
    weight = weight / weight.sum().clamp(min=1e-6)
    mine = rows_of.reshape(-1, rows_of.shape[-1]).index_select(0, cells)
    own = dict(zip(HEADS, mine.split(list(HEADS.values()), dim=-1), strict=True))

    def named(name: str, column: int, where: Tensor | None = None) -> Tensor:
        each = functional.cross_entropy(
            own[name], facts[:, column], reduction="none", label_smoothing=0.02
        )
        w = weight if where is None else weight * where
        return (each * w).sum() / w.sum().clamp(min=1e-6)

    parts = {
        "thing": functional.binary_cross_entropy_with_logits(said["thing"][..., 0], share),
        "color": named("color", 0),
        "second": named("second", 1, facts[:, 4].float()),
        "pattern": named("pattern", 2),
        "kind": named("kind", 3),
        "center": _sparse(said["center"][..., 0], stack("center")),
        "edge": functional.binary_cross_entropy_with_logits(said["edge"][..., 0], stack("edge")),
        "sole": _sparse(said["sole"][..., 0], stack("sole")),
    }
    way = stack("way").permute(0, 2, 3, 1).reshape(-1, 2)[cells]
    parts["way"] = ((own["way"] - way).abs().sum(1) * weight).sum()
    shares = {
        "thing": 4.0, "color": 1.0, "second": 0.3, "pattern": 0.5, "kind": 1.5, "center": 1.0,
        "edge": 1.0, "sole": 0.5, "way": 1.0,
    }  # fmt: skip
    total = sum((shares[name] * part for name, part in parts.items()), torch.zeros(()))
    return total, {name: float(part.detach()) for name, part in parts.items()}


def _sparse(logits: Tensor, target: Tensor) -> Tensor:
    """Of a map of few bumps: cross entropy where the easy nothing counts little.

    Source: Zhou et al. 2019, Objects as Points, arXiv:1904.07850, eq. 1 (alpha 2, beta 4).
    """
    p = torch.sigmoid(logits)
    top = target > 0.95
    positive = ((1 - p) ** 2 * functional.logsigmoid(logits))[top].sum()
    empty = (1 - target) ** 4 * p**2 * functional.logsigmoid(-logits)
    return -(positive + empty[~top].sum()) / top.sum().clamp(min=len(target))


@dataclass(frozen=True)
class Faces:
    """Bodies of all samples: which sample, frame and id each is, and how often it is drawn.

    Args:
        rows: sample, frame, id, `(n, 3)`.
        share: probability of each.
    """

    rows: NDArray[np.int64]
    share: NDArray[np.float64]

    @classmethod
    def of(cls, samples: list[Sample]) -> "Faces":
        """Those of LEAST pixels or more; kinds that are rare are drawn more often than they are."""
        rows, kinds = [], []
        for i, sample in enumerate(samples):
            for frame in range(len(sample.ids)):
                area = np.bincount(sample.ids[frame].ravel(), minlength=len(sample.kind) + 1)
                for e in np.flatnonzero(area[1:] >= 1.5 * LEAST):
                    rows.append((i, frame, e + 1))
                    kinds.append(int(sample.kind[e]))
        count = np.bincount(kinds)
        share = count[kinds] ** -0.6
        return cls(np.array(rows), share / share.sum())


def face(
    sample: Sample, frame: int, id: int, rng: np.random.Generator
) -> tuple[NDArray[np.float32], float, list[int]]:
    """A cut of one body as `Looks` is shown it, and its facts: kind, color, second, pattern, 1 if
    it has a second color. Its mask is as the parser may find it: without strings and posts, wider,
    thinner, or by cells of the grid."""
    mask = (sample.ids[frame] == id).astype(np.uint8)
    if rng.random() < 0.5:
        thick = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
        mask = thick if thick.sum() > max(0.6 * mask.sum(), 20) else mask
    chance = rng.random()
    if chance < 0.25:
        mask = cv2.dilate(mask, np.ones((3, 3), np.uint8))
    elif chance < 0.35 and mask.sum() > 80:
        thinner = cv2.erode(mask, np.ones((2, 2), np.uint8))
        mask = thinner if thinner.sum() > 30 else mask
    elif chance < 0.6:
        one, two = rng.integers(0, STRIDE, 2)
        cells = np.roll(mask, (int(one), int(two)), (0, 1))[::STRIDE, ::STRIDE]
        cells = cells.repeat(STRIDE, 0).repeat(STRIDE, 1)[: mask.shape[0], : mask.shape[1]]
        mask = np.ascontiguousarray(cells) if cells.sum() >= 20 else mask
    y, x = np.nonzero(mask)
    picture = sample.pictures[frame]
    box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
    grown = [int(v + rng.integers(-1, 2)) for v in box]
    height, width = mask.shape
    box = (
        int(np.clip(grown[0], 0, box[2] - 1)), int(np.clip(grown[1], 0, box[3] - 1)),
        int(np.clip(grown[2], grown[0] + 1, width)), int(np.clip(grown[3], grown[1] + 1, height)),
    )  # fmt: skip
    some = rng.integers(2)
    around = slice(max(box[1] - 20, 0), box[3] + 20), slice(max(box[0] - 20, 0), box[2] + 20)
    part = degrade(picture[around].astype(np.float32) / 255, rng)
    degraded = picture.copy()
    degraded[around] = np.rint(part * 255).astype(np.uint8)
    inner = mask[box[1] : box[3], box[0] : box[2]] > 0
    shown, scale = cut_out(degraded, box, inner)
    if some:
        shown = np.ascontiguousarray(shown[:, :, ::-1])
    kind = int(sample.kind[id - 1])
    marked = int(sample.pattern[id - 1] > 0 or _kinds()[kind] in WALKERS)
    facts = [kind, int(sample.color[frame, id - 1]), int(sample.second[id - 1]),
             int(sample.pattern[id - 1]), marked]  # fmt: skip
    return shown, scale, facts


def fit_looks(
    samples: Path, out: Path, *, steps: int = 3000, batch: int = 64, rate: float = 3e-3,
    progress: Progress | None = None, cancel: CancelToken | None = None,
) -> None:  # fmt: skip
    """Fits `Looks` to bodies of samples and writes its weights; goes on from those in `out`, if
    there are any."""
    from safetensors.torch import load_file, save_file

    known = [Sample.load(path) for path in sorted(samples.glob("*.npz"))]
    faces = Faces.of(known)
    torch.manual_seed(1)
    net = Looks().to(memory_format=torch.channels_last)
    first = 0
    if out.exists():
        net.load_state_dict(load_file(out))
        first = 1 << 20  # other cuts than those of the run before
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=2e-2)
    mean = {k: v.detach().clone() for k, v in net.state_dict().items()}
    meter = Meter("look", steps, progress=progress, cancel=cancel)
    report = [0.0] * (len(ASKED) + 1)
    started = time.perf_counter()
    for step in range(steps):
        rng = np.random.default_rng([first + step, 0xFACE])
        rows = faces.rows[rng.choice(len(faces.rows), batch, p=faces.share)]
        drawn = [face(known[i], int(f), int(e), rng) for i, f, e in rows]
        x = torch.from_numpy(np.stack([one[0] for one in drawn]))
        scale = torch.tensor([one[1] for one in drawn], dtype=torch.float32)
        facts = torch.tensor([one[2] for one in drawn])
        warm = min((step + 1) / (0.03 * steps), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate * warm * (0.5 + 0.5 * np.cos(np.pi * step / steps)) + 1e-6
        net.train()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            said = net(x.to(memory_format=torch.channels_last), scale)
        parts = said.float().split(list(ASKED.values()), dim=1)
        total = torch.zeros(())
        for k, (name, logits) in enumerate(zip(ASKED, parts, strict=True)):
            each = functional.cross_entropy(
                logits, facts[:, k], reduction="none", label_smoothing=0.02
            )
            if name == "second":
                part = (each * facts[:, 4]).sum() / facts[:, 4].sum().clamp(min=1)
            else:
                part = each.mean()
            total = total + (1.0 if name in ("kind", "color") else 0.5) * part
            report[k] = 0.98 * report[k] + 0.02 * float(part.detach())
        hit = (parts[0].argmax(1) == facts[:, 0]).float().mean()
        report[-1] = 0.98 * report[-1] + 0.02 * float(hit)
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        optimizer.step()
        keep = min(0.998, (1 + step) / (10 + step))
        with torch.no_grad():
            for k_, v in net.state_dict().items():
                if v.is_floating_point():
                    mean[k_].lerp_(v, 1 - keep)
                else:
                    mean[k_] = v.clone()
        if (step + 1) % 100 == 0 or step + 1 == steps:
            beside = out.with_name(out.name + ".part")
            save_file({k_: v.contiguous() for k_, v in mean.items()}, str(beside))
            beside.replace(out)
            pace = (time.perf_counter() - started) / (step + 1)
            text = " ".join(f"{v:.3f}" for v in report)
            sys.stderr.write(f"{step + 1}/{steps} {len(faces.rows)} bodies {pace:.2f} s: {text}\n")
            sys.stderr.flush()
        meter.advance()


def join(pixels: Path, looks: Path, out: Path) -> None:
    """One file of both nets' weights in half precision, as `network.load` reads it."""
    from safetensors.torch import load_file, save_file

    both = load_file(pixels) | {f"looks.{k}": v for k, v in load_file(looks).items()}
    both = {k: v.half() if v.is_floating_point() else v for k, v in both.items()}
    beside = out.with_name(out.name + ".part")
    save_file(both, str(beside))
    beside.replace(out)


def _flat(net: Network, optimizer: torch.optim.AdamW, mean: dict[str, Tensor]) -> dict[str, Tensor]:
    """Everything that a run needs to go on, as tensors by name."""
    out = {f"net.{k}": v.contiguous() for k, v in net.state_dict().items()}
    out |= {f"mean.{k}": v.contiguous() for k, v in mean.items()}
    for i, one in enumerate(net.parameters()):
        for name in ("exp_avg", "exp_avg_sq"):
            if one in optimizer.state:
                out[f"{name}.{i}"] = optimizer.state[one][name].contiguous()
    return out


def fit(
    samples: Path,
    out: Path,
    *,
    steps: int = 4000,
    batch: int = 12,
    rate: float = 3e-3,
    every: int = 100,
    start: Path | None = None,
    device: str = "cpu",
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> None:
    """Fits the net to samples and writes its weights.

    Args:
        samples: folder of `scenes.fill`; what is added while this runs is learned from as well.
        out: safetensors; its checkpoint is `out` + `.state`.
        steps: in all, with those of earlier runs.
        batch: cuts in a step.
        rate: highest learning rate; it rises for 3 % of the steps and falls as a cosine.
        every: steps between checkpoints.
        start: weights to begin with; layers that they do not know begin as nothing, and the first
            layer, which costs a third of a step, stays as it is.
    """
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    torch.manual_seed(0)
    net = Network().to(device).to(memory_format=torch.channels_last)
    if start is not None:
        net.load_state_dict(load_file(start, device=device), strict=False)
        net.stem.requires_grad_(False)
    optimizer = torch.optim.AdamW(net.parameters(), lr=rate, weight_decay=1e-3)
    mean = {k: v.detach().clone() for k, v in net.state_dict().items()}
    state = out.with_name(out.name + ".state")
    first = 0
    if state.exists():
        with safe_open(str(state), "pt") as file:
            first = int(file.metadata()["step"])
        kept = load_file(state, device=device)
        net.load_state_dict({k[4:]: v for k, v in kept.items() if k.startswith("net.")})
        mean = {k[5:]: v for k, v in kept.items() if k.startswith("mean.")}
        for i, one in enumerate(net.parameters()):
            if f"exp_avg.{i}" in kept:
                optimizer.state[one] = {
                    "step": torch.tensor(float(first)),
                    "exp_avg": kept[f"exp_avg.{i}"],
                    "exp_avg_sq": kept[f"exp_avg_sq.{i}"],
                }
    known: dict[str, Sample] = {}
    drawn: list[tuple[Sample, int]] = []
    chance = np.zeros(0)
    report: dict[str, float] = {}
    meter = Meter("fit", steps - first, progress=progress, cancel=cancel)
    started = time.perf_counter()
    for step in range(first, steps):
        if step == first or step % every == 0:
            for path in sorted(samples.glob("*.npz")):
                if path.name not in known:
                    known[path.name] = Sample.load(path)
            drawn, often = [], []
            for name, sample in sorted(known.items()):
                place = PLACES[preset_of(int(Path(name).stem))]
                drawn += [(sample, frame) for frame in range(len(sample.ids))]
                often += [place * weight_of(sample, frame) for frame in range(len(sample.ids))]
            chance = np.array(often) / sum(often)
        rng = np.random.default_rng([step, 0xF17])
        picked = rng.choice(len(drawn), batch, p=chance)
        lessons = [lesson(*drawn[int(row)], rng) for row in picked]
        x = torch.from_numpy(np.stack([one.picture for one in lessons])).to(device)
        x = x.to(memory_format=torch.channels_last)
        warm = min((step + 1) / (0.03 * steps), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate * warm * (0.5 + 0.5 * np.cos(np.pi * step / steps)) + 1e-6
        net.train()
        net.stem.train(start is None)
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16):
            answers = net(x)
        total, parts = loss(answers, lessons)
        optimizer.zero_grad(set_to_none=True)
        total.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimizer.step()
        keep = min(0.998, (1 + step) / (10 + step))
        with torch.no_grad():
            for k, v in net.state_dict().items():
                if v.is_floating_point():
                    mean[k].lerp_(v, 1 - keep)
                else:
                    mean[k] = v.clone()
        for name, part in parts.items():
            report[name] = 0.98 * report.get(name, part) + 0.02 * part
        if (step + 1) % every == 0 or step + 1 == steps:
            plain = {k: v.contiguous() for k, v in mean.items()}
            for path, content in ((state, _flat(net, optimizer, mean)), (out, plain)):
                beside = path.with_name(path.name + ".part")
                save_file(content, str(beside), metadata={"step": str(step + 1)})
                beside.replace(path)
            pace = (time.perf_counter() - started) / (step + 1 - first)
            text = " ".join(f"{name} {value:.3f}" for name, value in report.items())
            sys.stderr.write(
                f"{step + 1}/{steps} {len(known)} samples {pace:.2f} s a step: {text}\n"
            )
            sys.stderr.flush()
        meter.advance()


def main() -> None:
    """The command line of this file."""
    parser = argparse.ArgumentParser(prog="evenflow.grading.fitting", description=__doc__)
    parser.add_argument("--samples", type=Path, default=Path("samples"), help="their folder")
    parser.add_argument("--draw", type=int, default=0, help="draw samples up to this number")
    parser.add_argument("--steps", type=int, default=0, help="steps in all; 0 fits nothing")
    parser.add_argument("--start", type=Path, help="weights to begin with")
    parser.add_argument("--looks", type=int, default=0, help="steps of the second look")
    parser.add_argument("--join", type=Path, nargs=2, metavar=("PIXELS", "LOOKS"))
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("-o", "--output", type=Path, default=Path("parser.safetensors"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rate", type=float, default=3e-3, help="highest learning rate")
    parser.add_argument("--threads", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    if asked.draw:
        fill(asked.samples, range(asked.draw))
    if asked.steps:
        fit(
            asked.samples, asked.output, steps=asked.steps, batch=asked.batch, rate=asked.rate,
            start=asked.start, device=asked.device,
        )  # fmt: skip
    if asked.looks:
        fit_looks(asked.samples, asked.output, steps=asked.looks, rate=asked.rate)
    if asked.join:
        join(asked.join[0], asked.join[1], asked.output)


if __name__ == "__main__":
    main()
