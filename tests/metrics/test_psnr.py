import numpy as np
import pytest
from metric_pictures import clip, colored, texture, worse
from skimage.metrics import peak_signal_noise_ratio

from evenflow.core.errors import BadInput
from evenflow.metrics import METRICS, measure
from evenflow.metrics.psnr import psnr


@pytest.mark.parametrize("strength", [1, 8, 40])
def test_it_is_scikit_images(strength):
    a = colored()
    b = worse(a, strength)
    expected = peak_signal_noise_ratio(a, b, data_range=255)
    assert psnr(a, b) == pytest.approx(expected, abs=1e-9)
    wide, other = a.astype(np.uint16) * 257, b.astype(np.uint16) * 257 + 3
    expected = peak_signal_noise_ratio(wide, other, data_range=65535)
    assert psnr(wide, other) == pytest.approx(expected, abs=1e-9)


def test_it_is_torchmetrics():
    golden = {4: 39.890575116, 16: 28.55970198, 60: 17.282431026}  # 1.9.0, float64, data_range=255
    for strength, value in golden.items():
        a, b = texture(), worse(texture(), strength)
        assert psnr(a, b) == pytest.approx(value, abs=1e-5)  # its logarithm has single precision
        assert psnr(a / 255, b / 255, white=1.0) == pytest.approx(psnr(a, b), abs=1e-9)


def test_a_constant_step_has_a_closed_form():
    a = np.full((8, 8), 100, np.uint8)
    assert psnr(a, a + 10) == pytest.approx(20 * np.log10(25.5), abs=1e-12)
    assert psnr(a, a) == np.inf


def test_a_clip_gets_the_mean_and_the_pooled_value():
    frames = [np.full((8, 8, 3), 100, np.uint8)] * 3
    steps = (5, 10, 20)
    other = clip([f + np.uint8(s) for f, s in zip(frames, steps, strict=True)])
    found = measure("psnr,psnr_pooled,psnr_y", clip(frames), other)
    each = [20 * np.log10(255 / s) for s in steps]
    assert found["psnr"].summary == pytest.approx(np.mean(each), abs=1e-9)
    np.testing.assert_allclose(found["psnr"].series, each, rtol=1e-6)
    pooled = 10 * np.log10(255**2 / np.mean(np.square(steps)))
    assert found["psnr_pooled"].summary == pytest.approx(pooled, abs=1e-9)
    assert found["psnr_y"].summary == pytest.approx(np.mean(each), abs=1e-9)  # gray steps


def test_equal_frames_have_no_finite_mean_and_no_made_up_one():
    frames = [colored(), worse(colored(), 4)]
    same = METRICS["psnr"](clip(frames), clip(frames))
    assert same.summary is None and same.reason == "both clips are equal: PSNR is infinite"
    half = measure("psnr,psnr_pooled", clip(frames), clip([frames[0], frames[0]]))
    assert half["psnr"].summary is None and "1 of 2 frames" in half["psnr"].reason
    value = psnr(frames[0], frames[1])
    assert half["psnr_pooled"].summary == pytest.approx(value + 10 * np.log10(2), abs=1e-9)


def test_depths_are_put_on_one_scale():
    a, b = colored(), worse(colored(), 6)
    wide = clip([b.astype(np.uint16) * 257])
    assert METRICS["psnr"](clip([a]), wide).summary == pytest.approx(psnr(a, b), abs=1e-9)


def test_a_range_is_never_guessed():
    a = np.zeros((4, 4))
    with pytest.raises(BadInput, match="say white="):
        psnr(a, a)
    with pytest.raises(BadInput, match="one shape and type"):
        psnr(a.astype(np.uint8), np.zeros((4, 5), np.uint8))
