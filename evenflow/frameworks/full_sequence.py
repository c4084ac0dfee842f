"""Full sequence: all latent frames of a clip at once, each seeing all others.

Source: Ho et al. 2022, Video Diffusion Models, arXiv:2204.03458, section 3. Frames that are given
stand at level 0: Chen et al. 2024, Diffusion Forcing, arXiv:2407.01392, section 3.3.
"""

from collections.abc import Iterator

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition
from evenflow.core.errors import BadInput
from evenflow.core.events import CancelToken, Meter, Progress
from evenflow.frameworks.seen import STEPS, Net, counted, seeing
from evenflow.guidance import classifier_free
from evenflow.layers.attention import PLAIN
from evenflow.noise import independent
from evenflow.process.randomness import mixed


def full_sequence(
    net: Net,
    cond: Condition,
    *,
    seed: int,
    shape: tuple[int, int, int, int],
    levels: Float[Tensor, " k"],
    sampler: str = "dpmpp_2m",
    guidance: float = 1.0,
    block: int = 3,
    trained: int | None = None,
    given: Float[Tensor, "1 c _ h w"] | None = None,
    begun: Float[Tensor, "1 c _ h w"] | None = None,
    device: torch.device | str = "cpu",
    progress: Progress | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[Float[Tensor, "1 c _ h w"]]:
    """Latents of one clip, all in one part; arguments as in `autoregressive`.

    Raises:
        BadInput: the clip is longer than those of the training.
    """
    frames = shape[1]
    if trained is not None and frames > trained:
        raise BadInput(
            f"full_sequence makes {1 + 4 * (trained - 1)} frames at most with this model, got "
            f"{1 + 4 * (frames - 1)}: say --method autoregressive, or fewer frames"
        )
    if begun is not None and begun.shape[2] == frames:
        yield begun
        return
    x = independent([seed], shape, device=device)
    rows = levels[:, None].repeat(1, frames)
    if given is not None:
        x[:, :, : given.shape[2]] = given
        rows[:, : given.shape[2]] = 0
    meter = Meter("sample", len(levels) - 1, progress=progress, cancel=cancel)
    predict = seeing(net, PLAIN, PLAIN)
    if guidance != 1:
        predict = classifier_free(guidance)(predict)
    told = {**cond, "start": 0}
    yield STEPS[sampler](
        counted(predict, meter), x, rows, cond=told, seeds=[mixed(seed, 0)], cancel=cancel
    )
