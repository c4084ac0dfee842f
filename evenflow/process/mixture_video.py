"""Videos drawn from a mixture of Gaussians: classes are the text, and guidance has a closed form.

    p(k | x_s) ~ p(k) N(x_s; A mu_k, A K_k A + S^2)
    E[x | x_s] = sum_k p(k | x_s) E_k[x | x_s]

so the score given a class minus the score is the gradient of `log p(k | x_s)`.

Source: Bishop 2006, Pattern Recognition and Machine Learning, section 9.2; classifier guidance:
Dhariwal & Nichol 2021, arXiv:2105.05233, equation 10.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from evenflow.core.contracts import Condition, Predictor, State
from evenflow.process.gaussian_video import GaussianVideo
from evenflow.process.process import Process


@dataclass(frozen=True)
class MixtureVideo:
    """A mixture of laws of clips; the condition `text` is the number of a class for each clip.

    Args:
        weights: prior of each class, positive, sum 1.
        classes: their laws, all of one shape.
    """

    weights: Float[Tensor, " k"]
    classes: tuple[GaussianVideo, ...]

    def log_joint(
        self, x: Float[Tensor, "b c t h w"], level: Float[Tensor, "b t"], process: Process
    ) -> Float[Tensor, "b k"]:
        """`log p(k, x_s)`."""
        each = [law.log_density(x, level, process) for law in self.classes]
        return torch.stack(each, dim=1) + self.weights.log()

    def log_density(
        self, x: Float[Tensor, "b c t h w"], level: Float[Tensor, "b t"], process: Process
    ) -> Float[Tensor, " b"]:
        """Natural logarithm of the density of `x_s`, whatever its class."""
        return self.log_joint(x, level, process).logsumexp(dim=1)

    def posterior(
        self, x: Float[Tensor, "b c t h w"], level: Float[Tensor, "b t"], process: Process
    ) -> Float[Tensor, "b k"]:
        """`p(k | x_s)`."""
        return self.log_joint(x, level, process).softmax(dim=1)

    def clean(
        self,
        x: Float[Tensor, "b c t h w"],
        level: Float[Tensor, "b t"],
        process: Process,
        given: Float[Tensor, "b k"] | None = None,
    ) -> Float[Tensor, "b c t h w"]:
        """`E[x | x_s]`.

        Args:
            given: p(k) in place of the prior, such as 1 for a class that is known.
        """
        log_joint = self.log_joint(x, level, process)
        if given is not None:
            log_joint = log_joint - self.weights.log() + given.log()
        share = log_joint.softmax(dim=1)
        each = [law.clean(x, level, process) for law in self.classes]
        return torch.einsum("bk,kb...->b...", share, torch.stack(each))

    def predictor(self, process: Process) -> Predictor:
        """The exact predictor; of the condition it follows `text`, an integer `(b,)`."""

        def predict(
            x: Float[Tensor, "b c t h w"],
            level: Float[Tensor, "b t"],
            cond: Condition,
            state: State,
        ) -> tuple[Float[Tensor, "b c t h w"], State]:
            given = None
            if "text" in cond:
                given = torch.nn.functional.one_hot(cond["text"], len(self.classes)).to(x)
                asked = cond.get("asked", {}).get("text")
                if asked is not None:
                    given = torch.where(asked[:, None], given, self.weights)
            return self.clean(x, level, process, given), state

        return predict

    def draw(self, noise: Float[Tensor, "b c t h w"], text: Tensor) -> Float[Tensor, "b c t h w"]:
        """Clips of the given classes, an integer `(b,)`, out of noise of unit variance."""
        each = torch.stack([law.draw(noise) for law in self.classes])
        return each[text, torch.arange(len(noise), device=noise.device)]
