"""On a CUDA device the same clips come out, within the rounding of float32."""

import pytest

torch = pytest.importorskip("torch")

from evenflow.guidance import classifier_free, history  # noqa: E402
from evenflow.noise import independent  # noqa: E402
from evenflow.objectives import Batch, flow_matching  # noqa: E402
from evenflow.process import FLOW, GaussianVideo, MixtureVideo, network  # noqa: E402
from evenflow.samplers import SAMPLERS  # noqa: E402
from evenflow.schedules import SCHEDULES, shifted  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]


def clips(sampler, device):
    frames = torch.arange(4.0, device=device)
    over = (-(frames[:, None] - frames).square() / 8).exp() + 0.1 * torch.eye(4, device=device)
    ramp = frames[None, :, None, None].expand(1, 4, 2, 2) / 4
    laws = tuple(GaussianVideo.separable(sign * ramp, over) for sign in (1, -1))
    both = MixtureVideo(torch.tensor([0.5, 0.5], device=device), laws)
    predict = classifier_free(2.0)(history(2.0, seeds=[1, 2])(both.predictor(FLOW)))
    x = independent([1, 2], (1, 4, 2, 2), device=device)
    levels = SCHEDULES["autoregressive"](shifted(6), num_frames=4, block=2)
    text = {"text": torch.tensor([0, 1], device=device)}
    out = SAMPLERS[sampler](predict, x, levels, seeds=[1, 2], cond=text)
    loss = flow_matching(
        network(both.predictor(FLOW), FLOW),
        Batch(out, text),
        generator=torch.Generator().manual_seed(0),
    )
    assert loss.value.isfinite()
    return out.cpu()


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_device_changes_nothing_but_the_rounding(sampler):
    assert torch.allclose(clips(sampler, "cpu"), clips(sampler, "cuda"), atol=1e-3)
