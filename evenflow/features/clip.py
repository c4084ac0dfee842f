"""CLIP: pictures and texts in one space (image and text embedding).

Source: Radford et al. 2021, Learning Transferable Visual Models From Natural Language Supervision,
    arXiv:2103.00020, section 2.4 and figure 3; the logit is `scale * cosine`.
Differs: a frame that is not square is seen through square crops that together cover it, and its
    vector is their mean; a center crop would lose 44 % of a 16:9 frame.

A folder as `CLIPModel.save_pretrained` and `CLIPTokenizer.save_pretrained` write it: `config.json`,
`model.safetensors`, and `tokenizer.json` or `vocab.json` with `merges.txt`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from evenflow.core.errors import BackendMissing
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

BATCH = 8
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
SQUARE = 1.15
"""Frames less elongated than this are seen through one crop."""


@dataclass(frozen=True)
class CLIP:
    """An ImageEmbedder and a TextEmbedder; see the Protocols for what it gives."""

    digest: str
    model: Any
    tokenizer: Any
    side: int
    mean: NDArray[np.float32]
    deviation: NDArray[np.float32]
    scale: float
    name: str = "clip"

    def embed(self, frames: Frames) -> NDArray[np.float32]:
        """One unit vector a frame, `(t, d)`."""
        import torch

        made = []
        for first in range(0, len(checked_frames(frames)), BATCH):
            crops = [self._crops(frame) for frame in frames[first : first + BATCH]]
            values = np.concatenate(crops).astype(np.float32) / 255.0
            values = (values - self.mean) / self.deviation
            with torch.inference_mode():
                seen = self.model.vision_model(
                    torch.from_numpy(values.transpose(0, 3, 1, 2).copy())
                )
                vectors = self.model.visual_projection(seen.pooler_output)
                vectors = torch.nn.functional.normalize(vectors, dim=1)
                of_frames = vectors.reshape(len(crops), len(crops[0]), -1).mean(dim=1)
                made.append(torch.nn.functional.normalize(of_frames, dim=1))
        whole: NDArray[np.float32] = torch.cat(made).numpy()
        return whole

    def embed_text(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One unit vector a text, `(n, d)`; what is longer than the model reads is cut off."""
        import torch

        made = []
        for first in range(0, len(texts), 4 * BATCH):
            tokens = self.tokenizer(
                list(texts[first : first + 4 * BATCH]),
                padding="max_length",
                max_length=self.model.config.text_config.max_position_embeddings,
                truncation=True,
                return_tensors="pt",
            )
            with torch.inference_mode():
                read = self.model.text_model(tokens["input_ids"], tokens["attention_mask"])
                vectors = self.model.text_projection(read.pooler_output)
                made.append(torch.nn.functional.normalize(vectors, dim=1))
        whole: NDArray[np.float32] = torch.cat(made).numpy()
        return whole

    def _crops(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width = frame.shape[:2]
        scale = self.side / min(height, width)
        size = (max(self.side, round(width * scale)), max(self.side, round(height * scale)))
        picture = np.asarray(Image.fromarray(frame).resize(size, Image.Resampling.BICUBIC))
        spare = max(size) - self.side
        if max(size) < SQUARE * self.side:
            starts = [spare // 2]
        else:
            num = 1 + -(-spare // self.side)  # enough to cover the long side
            starts = [round(i * spare / (num - 1)) for i in range(num)]
        along = 0 if size[1] > size[0] else 1
        return np.stack([np.take(picture, range(s, s + self.side), axis=along) for s in starts])


def load(folder: Path) -> CLIP:
    """Loads the weights of a folder; never from a network.

    Raises:
        BackendMissing: the extra `hub` is not installed, or the folder is not a CLIP.
    """
    checked_config(folder, "clip")
    if not (folder / "tokenizer.json").is_file() and not (folder / "vocab.json").is_file():
        raise BackendMissing(
            f"{folder.name} has no tokenizer.json and no vocab.json: save the tokenizer there too"
        )
    need("clip", "hub", "torch", "transformers")
    from transformers import CLIPModel, CLIPTokenizer

    model = from_folder(CLIPModel, folder)
    used = settings(folder / "preprocessor_config.json")
    return CLIP(
        digest_of(transformers_files(folder)),
        model,
        from_folder(CLIPTokenizer, folder),
        model.config.vision_config.image_size,
        channels(used, "image_mean", MEAN),
        channels(used, "image_std", DEVIATION),
        float(model.logit_scale.exp()),
    )
