from dataclasses import replace

import pytest
import torch

from evenflow.layers import haar
from evenflow.tokenizers import TOKENIZERS
from evenflow.tokenizers.group_causal import SIZES, GroupCausalVAE, latent_size
from evenflow.tokenizers.video import check_video
from evenflow.tokenizers.wavelet import Wavelet


def a_video(frames=9, side=16, batch=2, seed=0):
    g = torch.Generator().manual_seed(seed)
    return torch.rand(batch, 3, frames, side, side, generator=g)


def a_vae(seed=0):
    """One whose residuals and statistics are not those of the beginning."""
    torch.manual_seed(seed)
    vae = GroupCausalVAE(SIZES["nano"])
    for part in vae.parameters():
        if part.ndim == 4 and part.abs().max() == 0:
            torch.nn.init.normal_(part, std=0.05)
    vae.mean.normal_(std=0.1)
    vae.std.uniform_(0.5, 2.0)
    return vae.eval()


@pytest.mark.parametrize("dim", [0, 1, 2, -1])
def test_haar_keeps_energy_and_comes_back(dim):
    x = torch.randn(4, 6, 8, dtype=torch.float64)
    low, high = haar.split(x, dim)
    assert torch.allclose(low.square().sum() + high.square().sum(), x.square().sum())
    assert torch.allclose(haar.join(low, high, dim), x)
    still = haar.split(torch.ones(4, 6, 8), dim)[1]
    assert still.abs().max() == 0
    with pytest.raises(ValueError, match="in pairs"):
        haar.split(torch.ones(3, 3), 0)


def test_bands_hold_all_energy():
    x = torch.randn(2, 3, 8, 16, dtype=torch.float64)
    made = haar.bands(x, 2)
    assert torch.allclose(sum(b.square().sum() for b in made), x.square().sum())
    assert [tuple(b.shape[-2:]) for b in made] == [(4, 8)] * 3 + [(2, 4)] * 4


@pytest.mark.parametrize("frames", [1, 5, 9])
def test_the_wavelet_is_orthonormal_and_exact(frames):
    video, tokenizer = a_video(frames).double(), Wavelet()
    latents = tokenizer.encode(video)
    assert latents.shape == (2, 768, 1 + (frames - 1) // 4, 2, 2)
    assert torch.allclose(tokenizer.decode(latents), video)
    assert torch.allclose(latents.square().sum(), (video - 0.5).square().sum())


def test_fewer_channels_keep_the_coarse_and_lose_the_fine():
    smooth = torch.nn.functional.interpolate(
        a_video(9, 2), size=(9, 16, 16), mode="nearest"
    )  # one color a block of 8
    assert torch.allclose(Wavelet(12).decode(Wavelet(12).encode(smooth)), smooth, atol=1e-6)
    video = a_video()
    lost = [
        float((Wavelet(c).decode(Wavelet(c).encode(video)) - video).square().mean())
        for c in (12, 48, 192, 768)
    ]
    assert lost == sorted(lost, reverse=True) and lost[-1] < 1e-10
    with pytest.raises(ValueError, match="1 to 768"):
        Wavelet(0)


@torch.no_grad()
def test_a_stream_is_the_whole_at_once():
    vae, video = a_vae(), a_video(13)
    latents = vae.encode(video)
    groups = [video[:, :, :1], *video[:, :, 1:].split(4, dim=2)]
    streamed = list(vae.encode_stream(iter(groups)))
    assert torch.allclose(torch.cat(streamed, dim=2), latents, atol=1e-5)
    whole = vae.decode(latents)
    parts = list(vae.decode_stream(iter(latents.split(1, dim=2))))
    assert [p.shape[2] for p in parts] == [1, 4, 4, 4]
    assert torch.allclose(torch.cat(parts, dim=2), whole, atol=1e-5)
    assert whole.shape == video.shape


@torch.no_grad()
def test_the_future_never_touches_the_past():
    vae, video = a_vae(), a_video(13)
    other = video.clone()
    other[:, :, 5:] = 1 - other[:, :, 5:]
    latents, changed = vae.encode(video), vae.encode(other)
    assert torch.equal(latents[:, :, :2], changed[:, :, :2])
    assert not torch.allclose(latents[:, :, 2], changed[:, :, 2], atol=1e-4)
    short = vae.encode(video[:, :, :5])
    assert torch.allclose(short, latents[:, :, :2], atol=1e-6)
    assert torch.allclose(vae.decode(latents[:, :, :2]), vae.decode(latents)[:, :, :5], atol=1e-6)


@torch.no_grad()
def test_a_picture_is_the_first_frame_of_a_video():
    vae, video = a_vae(), a_video(5)
    assert torch.allclose(vae.encode(video[:, :, :1]), vae.encode(video)[:, :, :1], atol=1e-6)


def test_inside_a_group_frames_see_forward():
    vae, video = a_vae(), a_video(9, batch=1).requires_grad_()
    latents = vae.moments(video).mean
    out = vae.decoded(latents.detach().requires_grad_())
    gradient = torch.autograd.grad(latents[:, :, 1].sum(), video)[0].abs().amax(dim=(0, 1, 3, 4))
    assert (gradient > 0).tolist() == [True] * 5 + [False] * 4
    assert out.shape[2] == 9


@torch.no_grad()
def test_units_of_latents_come_back():
    vae, x = a_vae(), torch.randn(2, 16, 4, 2, 2)
    assert torch.allclose(vae.plain(vae.normal(x)), x, atol=1e-5)
    other = vae.normal(x)
    first = (x[:, :, 0] - vae.mean[0][None, :, None, None]) / vae.std[0][None, :, None, None]
    assert torch.allclose(other[:, :, 0], first, atol=1e-6)


class Off(torch.nn.Module):
    """A coder of blocks that is a little off."""

    def __init__(self, far):
        super().__init__()
        self.far = far

    def forward(self, group, memory):
        few = 4 * group[:, -1:, :, ::8, ::8] + 2
        few = few + self.far * torch.sin(10 * few)
        return torch.cat([few, torch.zeros_like(few)], dim=2), memory


class Blocks(torch.nn.Module):
    """What is right for a coder that is not off."""

    def forward(self, latents, memory):
        video = ((latents - 2) / 4).repeat_interleave(8, dim=3).repeat_interleave(8, dim=4)
        return video.expand(-1, 4, -1, -1, -1), memory


@torch.no_grad()
def test_refined_latents_decode_to_what_is_coded_alike():
    def off(refinements):
        net = GroupCausalVAE(replace(SIZES["nano"], channels=3, refinements=refinements))
        net.encoder, net.decoder = Off(0.05), Blocks()
        video = net.decoder(2 + torch.randn(1, 1, 3, 4, 4).clamp(-1.5, 1.5), ())[0] + 0.5
        video = video[:, -1:].transpose(1, 2)
        return float((net.decode(net.encode(video)) - video).abs().mean())

    torch.manual_seed(0)
    errors = [off(turns) for turns in range(4)]
    assert errors[0] > 1.5 * errors[1] > 1.5 * 1.5 * errors[2] > 1.5**3 * errors[3]


@torch.no_grad()
def test_refinement_is_the_same_in_a_stream_and_sees_no_future(tmp_path):
    torch.manual_seed(0)
    vae, video = GroupCausalVAE(replace(SIZES["nano"], refinements=2)), a_video(13)
    for block in vae.modules():
        if hasattr(block, "out"):
            torch.nn.init.normal_(block.out.weight, std=0.05)
    vae.save_pretrained(tmp_path / "vae")
    again = GroupCausalVAE.from_pretrained(tmp_path / "vae")
    latents = again.encode(video)
    assert torch.equal(latents, vae.encode(video))
    groups = [video[:, :, :1], *video[:, :, 1:].split(4, dim=2)]
    assert torch.allclose(torch.cat(list(vae.encode_stream(iter(groups))), dim=2), latents)
    assert torch.allclose(vae.encode(video[:, :, :5]), latents[:, :, :2], atol=1e-5)
    plain = GroupCausalVAE.from_pretrained(tmp_path / "vae")
    plain.config = replace(plain.config, refinements=0)
    assert not torch.allclose(plain.encode(video), latents, atol=1e-2)
    # by hand: what the encoder says of what was decoded is mended by
    said = found = plain.encode(video)
    for _ in range(2):
        found = found + said - plain.encode(plain.decode(found))
    assert torch.allclose(found, latents, atol=1e-4)


@torch.no_grad()
def test_rounded_latents_are_those_of_what_they_decode_to():
    def nearly(rounding):
        net = GroupCausalVAE(replace(SIZES["nano"], channels=3, rounding=rounding))
        net.encoder, net.decoder = Off(0.05), Blocks()
        return net

    net = nearly(4)
    video = a_video(9)
    latents = net.encode(video)
    assert torch.equal(latents * 4, (latents * 4).round())
    again = video
    for _ in range(10):
        again = net.decode(net.encode(again))
    assert torch.equal(again, net.decode(latents))
    loose = nearly(0)
    drifted = video
    for _ in range(10):
        drifted = loose.decode(loose.encode(drifted))
    assert not torch.allclose(drifted, loose.decode(loose.encode(video)), atol=1e-3)


@torch.no_grad()
def test_rounding_is_part_of_the_weights_and_the_same_in_a_stream(tmp_path):
    vae, video = GroupCausalVAE(replace(SIZES["nano"], rounding=4)), a_video(13)
    vae.save_pretrained(tmp_path / "vae")
    again = GroupCausalVAE.from_pretrained(tmp_path / "vae")
    assert again.config.rounding == 4
    latents = again.encode(video)
    assert torch.equal(latents, vae.encode(video))
    assert torch.equal(latents * 4, (latents * 4).round())
    groups = [video[:, :, :1], *video[:, :, 1:].split(4, dim=2)]
    assert torch.allclose(torch.cat(list(again.encode_stream(iter(groups))), dim=2), latents)


def test_uncertain_latents_are_drawn_about_their_mean():
    moments = a_vae().moments(a_video(1))
    drawn = [moments.sample(torch.Generator().manual_seed(7)) for _ in range(2)]
    assert torch.equal(*drawn) and not torch.equal(drawn[0], moments.mean)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 3, 4, 16, 16), r"takes 1 \+ 4n frames, got 4: trim to 1 or pad to 5"),
        ((1, 3, 5, 12, 16), "multiples of 8, got 16x12"),
        ((1, 4, 5, 16, 16), r"takes video \(b, 3, f, y, x\)"),
    ],
)
def test_what_does_not_fit_is_told(shape, words):
    whole = (Wavelet().encode, a_vae().encode, a_vae().moments) if shape[1] == 3 else ()
    for check in (*whole, check_video):  # in tests, shapes in annotations are checked before
        with pytest.raises(ValueError, match=words):
            check(torch.rand(shape))


def test_tokenizers_have_names_and_sizes():
    with torch.device("meta"):
        counts = {
            name: make().num_weights / 1e6 for name, make in TOKENIZERS.items() if name != "wavelet"
        }
    assert counts["nano"] < 0.5 and 3 < counts["pocket"] < 8 and counts["pocket-l"] < 14
    assert latent_size(33, 128, 96) == (9, 16, 12)
