import pytest
import torch

from evenflow.objectives.autoencoding import WEIGHTS, autoencoding
from evenflow.tokenizers.group_causal import SIZES, GroupCausalVAE, Moments


class Same:
    """Latents that are the video; what is decoded is off by a constant."""

    def __init__(self, off=0.0, log_variance=-20.0):
        self.off, self.log_variance = off, log_variance

    def moments(self, video):
        return Moments(video - 0.5, torch.full_like(video, self.log_variance))

    def decoded(self, latents):
        return latents + 0.5 + self.off


def a_video(batch=2, frames=5, side=16, seed=0):
    return torch.rand(batch, 3, frames, side, side, generator=torch.Generator().manual_seed(seed))


def loss_of(net, video, seed=3, **settings):
    settings = {"noise": (0.0, 0.0), **settings}
    return autoencoding(net, video, generator=torch.Generator().manual_seed(seed), **settings)


def test_who_gives_everything_back_loses_nothing():
    loss = loss_of(Same(), a_video())
    means = {name: part.mean for name, part in loss.parts.items()}
    assert means["pixels"] < 2e-3 and means["psnr"] > 80
    for name in ("details", "motion", "latents", "colors"):
        assert means[name] < 1e-3


def test_a_constant_is_seen_in_pixels_and_colors_and_in_no_detail():
    video = a_video()
    means = {k: p.mean for k, p in loss_of(Same(off=0.1), video).parts.items()}
    assert means["pixels"] == pytest.approx(0.1, abs=1e-3)
    spread = video.flatten(1).std(dim=1)
    assert means["latents"] == pytest.approx(float((0.1 / spread).mean()), rel=1e-3)
    assert means["colors"] == pytest.approx(0.2, abs=1e-4)  # two round trips
    assert means["details"] < 1e-4 and means["motion"] < 1e-4
    assert means["psnr"] == pytest.approx(20, abs=1)


def test_a_smooth_distance_is_quadratic_near_nothing_and_plain_far_off():
    near, far = (loss_of(Same(off=off), a_video(), smooth=0.1) for off in (0.01, 100.0))
    assert near.parts["pixels"].mean == pytest.approx(0.01**2 / 0.2, rel=0.01)
    assert far.parts["pixels"].mean == pytest.approx(100 - 0.1, rel=1e-4)
    with pytest.raises(ValueError, match="smooth"):
        loss_of(Same(), a_video(), smooth=0.0)


def test_round_trips_of_a_share_of_the_clips_mean_the_same():
    class Counting(Same):
        def moments(self, video):
            seen.append(len(video))
            return super().moments(video)

    seen = []
    video = a_video(batch=400, frames=1, side=8)
    whole = loss_of(Counting(off=0.1), video).parts
    some = loss_of(Counting(off=0.1), video, again=0.25).parts
    assert seen[:2] == [400, 400] and seen[2] == 400 and 70 < seen[3] < 130
    for name in ("latents", "colors"):
        assert some[name].mean == pytest.approx(whole[name].mean, rel=0.3)
    assert some["pixels"].mean == whole["pixels"].mean
    one = a_video(batch=1, frames=1, side=8)
    few = [loss_of(Same(off=0.1), one, seed=i, again=0.2).parts["colors"].mean for i in range(40)]
    assert few.count(0.0) > 20 and max(few) == pytest.approx(1.0, rel=1e-3)  # 0.2 / 0.2
    with pytest.raises(ValueError, match="share"):
        loss_of(Same(), video, again=0.0)


def test_the_divergence_is_that_of_two_normal_laws():
    video = a_video()
    loss = loss_of(Same(log_variance=-1.0), video, weights={"divergence": 1.0})
    own = torch.distributions.Normal(video - 0.5, torch.tensor(-0.5).exp())
    wanted = torch.distributions.kl_divergence(own, torch.distributions.Normal(0.0, 1.0)).mean()
    assert loss.value.item() == pytest.approx(wanted.item(), rel=1e-5)


def test_the_value_is_the_weighted_sum_and_the_mean_of_its_clips():
    torch.manual_seed(0)
    net, video = GroupCausalVAE(SIZES["nano"]), a_video(batch=3)
    seeds = [torch.Generator().manual_seed(s) for s in (1, 2, 3)]
    whole = autoencoding(net, video, generator=seeds)
    assert whole.value.item() == pytest.approx(
        sum(WEIGHTS[name] * whole.parts[name].mean for name in WEIGHTS), rel=1e-4
    )
    alone = [
        autoencoding(net, video[i : i + 1], generator=[torch.Generator().manual_seed(s)])
        for i, s in enumerate((1, 2, 3))
    ]
    assert whole.value.item() == pytest.approx(sum(a.value.item() for a in alone) / 3, rel=1e-5)


def test_a_few_steps_go_down():
    torch.manual_seed(0)
    net, video = GroupCausalVAE(SIZES["nano"]), a_video(batch=1, side=8)
    smooth = torch.nn.functional.avg_pool3d(video, 3, stride=1, padding=1)
    steps = torch.optim.AdamW(net.parameters(), lr=3e-3)
    seen = []
    for step in range(40):
        loss = loss_of(net, smooth, seed=step)
        steps.zero_grad()
        loss.value.backward()
        steps.step()
        seen.append(loss.value.item())
    assert sum(seen[-5:]) < 0.5 * sum(seen[:5])
    assert all(p.grad is not None for p in net.parameters())


def test_pictures_have_no_motion():
    assert loss_of(Same(off=0.1), a_video(frames=1)).parts["motion"].mean == 0


def test_what_is_no_part_is_told():
    with pytest.raises(ValueError, match="no part is called"):
        loss_of(Same(), a_video(), weights={"perceptual": 1.0})
    with pytest.raises(ValueError, match="noise goes from"):
        loss_of(Same(), a_video(), noise=(0.2, 0.1))
