"""InsightFace: faces to vectors that say who it is (ArcFace embedding).

Source: Deng et al. 2019, ArcFace: Additive Angular Margin Loss for Deep Face Recognition,
    arXiv:1801.07698: five points are brought to their places on 112 x 112 pixels by a similarity.
Differs: the onnx packs (buffalo_l, antelopev2) would need onnxruntime, which is not among our
    pins; the torch backbones (r18, r34, r50, r100) hold the same networks and are read from
    safetensors. Faces are found by YuNet (Wu et al. 2023, YuNet: A Tiny Millisecond-level Face
    Detector), which OpenCV reads itself, in place of SCRFD.

The folder holds one safetensors file, and the face detector `face_detection_yunet*.onnx`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from evenflow.core.errors import BackendMissing
from evenflow.features.abilities import Frames
from evenflow.features.folder import checked_frames, digest_of, fill, need, tensors, weights_file

BATCH = 16
PLACES = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
     [70.7299, 92.2041]], np.float32,
)  # fmt: skip
"""Where eyes, nose and corners of the mouth go on 112 x 112 pixels (as it was trained)."""
LEAST_FACE = 0.7
"""Score from which YuNet's boxes count as faces."""


@dataclass(frozen=True)
class InsightFace:
    """A FaceEmbedder; see the Protocol for what it gives."""

    digest: str
    net: Any
    detector: Path | None
    name: str = "insightface"

    def faces(self, frames: Frames) -> list[NDArray[np.float32]]:
        """Five points `(n, 5, 2)` of the faces of each frame, largest first."""
        if self.detector is None:
            raise BackendMissing(
                "insightface holds no face detector: put face_detection_yunet_2023mar.onnx beside "
                "its weights"
            )
        height, width = checked_frames(frames).shape[1:3]
        yunet = _yunet(self.detector, width, height)
        found = []
        for frame in frames:
            _, rows = yunet.detect(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
            rows = np.zeros((0, 15), np.float32) if rows is None else rows  # x y w h, points, score
            order = np.argsort(-rows[:, 2] * rows[:, 3], kind="stable")
            found.append(rows[order, 4:14].reshape(-1, 5, 2).astype(np.float32))
        return found

    def embed_faces(
        self, frames: Frames, landmarks: Sequence[NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """One unit vector a face, `(n, d)`: face i lies on frame i."""
        import torch

        pairs = zip(checked_frames(frames), landmarks, strict=True)
        crops = np.stack([aligned(frame, points) for frame, points in pairs])
        made = []
        for first in range(0, len(crops), BATCH):
            values = crops[first : first + BATCH].astype(np.float32) / 127.5 - 1.0
            with torch.inference_mode():
                vectors = self.net(torch.from_numpy(values.transpose(0, 3, 1, 2).copy()))
                made.append(torch.nn.functional.normalize(vectors, dim=1))
        whole: NDArray[np.float32] = torch.cat(made).numpy()
        return whole


def _yunet(model: Path, width: int, height: int) -> Any:
    try:
        return cv2.FaceDetectorYN.create(str(model), "", (width, height), LEAST_FACE)
    except (cv2.error, AttributeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise BackendMissing(
            f"{model.name} cannot be loaded as a face detector ({reason}): fetch it again"
        ) from None


def aligned(frame: NDArray[np.uint8], points: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The face `(112, 112, 3)` after the similarity that brings its five points to their places."""
    face: NDArray[np.uint8] = cv2.warpAffine(frame, similarity(points, PLACES), (112, 112))
    return face


def similarity(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float64]:
    """The matrix `(2, 3)` of the rotation, scale and shift that bring `a` closest to `b`.

    Source: Umeyama 1991, Least-squares estimation of transformation parameters, in the plane, where
    the rotation and scale are one complex factor.
    """
    p, q = (v[:, 0].astype(np.float64) + 1j * v[:, 1] for v in (a, b))
    p0, q0 = p - p.mean(), q - q.mean()
    factor = np.vdot(p0, q0) / max(float(np.vdot(p0, p0).real), 1e-12)
    shift = q.mean() - factor * p.mean()
    return np.array(
        [[factor.real, -factor.imag, shift.real], [factor.imag, factor.real, shift.imag]]
    )


def load(folder: Path) -> InsightFace:
    """Loads the weights of a folder.

    Raises:
        BackendMissing: the extra `gen` is not installed, or the folder holds no ArcFace weights.
    """
    packs = sorted(p.name for p in folder.glob("*.onnx") if "yunet" not in p.name)
    if packs and not list(folder.glob("*.safetensors")):
        raise BackendMissing(
            f"{packs[0]} needs onnxruntime, which is not among our pins: put the torch backbone "
            "(r50 or another) there as safetensors"
        )
    file = weights_file(folder)
    need("insightface", "gen", "torch", "safetensors")
    from evenflow.features.iresnet import IResNet

    state = tensors(file)
    try:
        widths = [state[f"layer{n}.0.conv2.weight"].shape[0] for n in range(1, 5)]
        depths = [len({k.split(".")[1] for k in state if k.startswith(f"layer{n}.")})
                  for n in range(1, 5)]  # fmt: skip
        dim = state["fc.weight"].shape[0]
    except KeyError as error:
        raise BackendMissing(f"{file.name} is not an IResNet: it has no {error.args[0]}") from None
    net = IResNet(depths, widths, dim)
    fill(net, state, what="an IResNet", file=file.name)
    detectors = sorted(folder.glob("face_detection_yunet*.onnx"))
    if detectors:
        _yunet(detectors[0], 320, 320)  # a broken one is told before the long work
    return InsightFace(digest_of([file, *detectors[:1]]), net, next(iter(detectors), None))
