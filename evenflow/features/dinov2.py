"""DINOv2: pictures to vectors that say what is seen, not in which light (image embedding).

Source: Oquab et al. 2023, DINOv2: Learning Robust Visual Features without Supervision,
    arXiv:2304.07193; the class token after the last layer norm.
Differs: the whole frame is seen. Its short side becomes 224 pixels, both sides the nearest multiple
    of the patch size, and the position embedding is interpolated, in place of a center crop that
    would lose 44 % of a 16:9 frame.

A folder as `Dinov2Model.save_pretrained` writes it: `config.json`, `model.safetensors`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evenflow.features.abilities import Frames
from evenflow.features.folder import (
    channels,
    checked_config,
    checked_frames,
    digest_of,
    need,
    settings,
    transformers_files,
)
from evenflow.features.hub import from_folder

SHORT_SIDE = 224
BATCH = 8
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # ImageNet, as it was trained


@dataclass(frozen=True)
class DINOv2:
    """An ImageEmbedder; see the Protocol for what it gives."""

    digest: str
    model: Any
    patch: int
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    name: str = "dinov2"

    def embed(self, frames: Frames) -> NDArray[np.float32]:
        """One unit vector a frame, `(t, d)`."""
        import torch

        size = self._size(*checked_frames(frames).shape[1:3])
        made = []
        for first in range(0, len(frames), BATCH):
            pictures = [
                np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC))
                for frame in frames[first : first + BATCH]
            ]
            values = np.stack(pictures).astype(np.float32) / 255.0
            values = (values - self.mean) / self.deviation
            with torch.inference_mode():
                tokens = self.model(torch.from_numpy(values.transpose(0, 3, 1, 2).copy()))
                made.append(torch.nn.functional.normalize(tokens.last_hidden_state[:, 0], dim=1))
        vectors: NDArray[np.float32] = torch.cat(made).numpy()
        return vectors

    def _size(self, height: int, width: int) -> tuple[int, int]:
        scale = SHORT_SIDE / min(height, width)
        sides = (max(1, round(side * scale / self.patch)) * self.patch for side in (width, height))
        wide, high = sides
        return wide, high


def load(folder: Path) -> DINOv2:
    """Loads the weights of a folder; never from a network.

    Raises:
        BackendMissing: the extra `hub` is not installed, or the folder is not a DINOv2.
    """
    config = checked_config(folder, "dinov2")
    need("dinov2", "hub", "torch", "transformers")
    from transformers import Dinov2Model

    model = from_folder(Dinov2Model, folder)
    used = settings(folder / "preprocessor_config.json")
    return DINOv2(
        digest_of(transformers_files(folder)),
        model,
        int(config.get("patch_size", model.config.patch_size)),
        channels(used, "image_mean", MEAN),
        channels(used, "image_std", DEVIATION),
    )
