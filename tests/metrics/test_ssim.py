import cv2
import numpy as np
import pytest
from metric_pictures import clip, colored, texture, worse
from skimage.metrics import structural_similarity

from evenflow.core.errors import BadInput
from evenflow.metrics import METRICS, measure
from evenflow.metrics.ms_ssim import WEIGHTS, ms_ssim
from evenflow.metrics.ssim import ROWS, ssim

WANG = {
    "gaussian_weights": True,
    "sigma": 1.5,
    "use_sample_covariance": False,
    "data_range": 255,
}
TORCHMETRICS = {  # 1.9.0 in float64, data_range=255: strength of the noise, MS-SSIM, SSIM
    4: (0.997855667, 0.986871924),
    16: (0.972464815, 0.846725586),
    60: (0.771274652, 0.289381302),
}
SIZES = [(11, 11), (64, 48), (ROWS + 10, 40), (ROWS + 11, 40), (301, 175)]


def pairs():
    for size in SIZES:
        for strength in (3, 20, 90):
            a = texture(*size)
            yield a, worse(a, strength)
    a = texture(90, 120)
    yield a, cv2.GaussianBlur(a, (0, 0), 2.0)
    yield a, np.full_like(a, 128)
    yield a, 255 - a


def test_wangs_setting_is_scikit_images():
    for a, b in pairs():
        assert ssim(a, b) == pytest.approx(structural_similarity(a, b, **WANG), abs=1e-9)


def test_the_default_setting_is_scikit_images():
    for a, b in pairs():
        expected = structural_similarity(a, b, data_range=255)
        assert ssim(a, b, setting="skimage") == pytest.approx(expected, abs=1e-9)
    a, b = colored(), worse(colored(), 20)
    expected = structural_similarity(a, b, data_range=255, channel_axis=-1)
    assert ssim(a, b, setting="skimage") == pytest.approx(expected, abs=1e-9)


def test_torchmetrics_looks_beyond_the_border():
    for strength, (_, value) in TORCHMETRICS.items():
        a, b = texture(), worse(texture(), strength)
        assert ssim(a, b, border="reflect") == pytest.approx(value, abs=1e-8)


def test_ms_ssim_is_that_of_torchmetrics():
    for strength, (value, _) in TORCHMETRICS.items():
        a, b = texture(), worse(texture(), strength)
        assert ms_ssim(a, b, border="reflect") == pytest.approx(value, abs=1e-8)
        assert ms_ssim(a, b) == pytest.approx(value, abs=2e-3)


@pytest.mark.parametrize("size", [(161, 161), (176, 208), (193, 171)])
def test_ms_ssim_is_a_slow_double_sum(size):
    for strength in (6, 50):
        a = texture(*size)
        b = worse(a, strength)
        assert ms_ssim(a, b) == pytest.approx(slow_ms_ssim(a, b), abs=1e-9)


def slow_ms_ssim(a, b):
    """Window by window, with Wang's weights in two dimensions."""
    x = np.arange(11) - 5
    window = np.exp(-(x[:, None] ** 2 + x[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    a, b, value = a.astype(float), b.astype(float), 1.0
    for scale, weight in enumerate(WEIGHTS):
        if scale:
            a, b = slow_half(a), slow_half(b)
        views = [np.lib.stride_tricks.sliding_window_view(z, (11, 11)) for z in (a, b)]
        ma, mb = ((v * window).sum((2, 3)) for v in views)
        centered = [v - m[..., None, None] for v, m in zip(views, (ma, mb), strict=True)]
        va, vb = ((c**2 * window).sum((2, 3)) for c in centered)
        both = (centered[0] * centered[1] * window).sum((2, 3))
        contrast = (2 * both + 58.5225) / (va + vb + 58.5225)
        light = (2 * ma * mb + 6.5025) / (ma**2 + mb**2 + 6.5025)
        value *= (contrast * light if scale == 4 else contrast).mean() ** weight
    return value


def slow_half(x):
    rows = [x[i : i + 2].mean(0) for i in range(0, len(x), 2)]
    columns = [np.stack(rows)[:, j : j + 2].mean(1) for j in range(0, x.shape[1], 2)]
    return np.stack(columns, axis=1)


@pytest.mark.parametrize("setting", ["wang", "skimage"])
def test_limits_and_symmetry(setting):
    a, b = texture(60, 80), worse(texture(60, 80), 30)
    assert ssim(a, a, setting=setting) == 1.0
    assert ssim(a, b, setting=setting) == pytest.approx(ssim(b, a, setting=setting), abs=1e-12)
    assert ssim(a, 255 - a, setting=setting) < 0
    wide = ssim(a * 257.0, b * 257.0, setting=setting, white=65535.0)
    assert wide == pytest.approx(ssim(a, b, setting=setting), abs=1e-9)


def test_a_clip_is_measured_frame_by_frame_on_luma_and_on_rgb():
    frames = [colored(seed=s) for s in range(3)]
    other = [worse(f, 10 * i + 1) for i, f in enumerate(frames)]
    found = measure("ssim,ssim_skimage", clip(frames), clip(other))
    luma = [[f @ np.array([0.2126, 0.7152, 0.0722]) for f in each] for each in (frames, other)]
    expected = [structural_similarity(a, b, **WANG) for a, b in zip(*luma, strict=True)]
    np.testing.assert_allclose(found["ssim"].series, expected, atol=1e-6)
    assert found["ssim"].summary == pytest.approx(np.mean(expected), abs=1e-7)
    expected = [
        structural_similarity(a, b, data_range=255, channel_axis=-1)
        for a, b in zip(frames, other, strict=True)
    ]
    assert found["ssim_skimage"].summary == pytest.approx(np.mean(expected), abs=1e-7)


def test_sixteen_bits_give_the_same_value():
    a, b = colored(180, 170), worse(colored(180, 170), 12)
    wide = [clip([f.astype(np.uint16) * 257]) for f in (a, b)]
    for name in ("ssim", "ssim_skimage", "ms_ssim"):
        eight = METRICS[name](clip([a]), clip([b])).summary
        assert METRICS[name](*wide).summary == pytest.approx(eight, abs=1e-9)


def test_a_picture_smaller_than_the_window_is_no_number():
    small = [np.zeros((10, 40, 3), np.uint8)]
    found = measure("ssim,ssim_skimage,ms_ssim", clip(small), clip(small))
    assert found["ssim"].summary is None and "11 pixels" in found["ssim"].reason
    assert found["ssim_skimage"].summary == 1.0
    assert found["ms_ssim"].summary is None and "161 pixels" in found["ms_ssim"].reason
    with pytest.raises(BadInput, match="11 x 11"):
        ssim(small[0][..., 0], small[0][..., 0])
    with pytest.raises(BadInput, match="161 pixels"):
        ms_ssim(np.zeros((160, 300)), np.zeros((160, 300)))
    with pytest.raises(BadInput, match="one size"):
        ssim(np.zeros((20, 20)), np.zeros((20, 21)))
