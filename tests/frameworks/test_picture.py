"""Pictures: read, fitted, and told apart from those of the world."""

import numpy as np
import pytest
from PIL import Image

import evenflow as ef
from evenflow.core.errors import BadInput, UnreadableVideo
from evenflow.frameworks.picture import fit, foreign, still


def ramp(width, height):
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return np.rint(np.stack([x, y, 0 * x], axis=2)).astype(np.uint8)


def test_a_picture_of_the_size_is_itself():
    made = still(ramp(32, 24), (32, 24))
    assert (made.pixels == ramp(32, 24)).all() and made.warnings == ()


def test_another_aspect_shows_the_middle_and_says_so():
    wide = ramp(200, 50)
    pixels, cut = fit(wide, (32, 32))
    assert pixels.shape == (32, 32, 3) and "middle 50x50" in cut
    left, right = pixels[:, 0, 0].mean(), pixels[:, -1, 0].mean()
    assert abs((left + right) / 2 - 127.5) < 2 and right - left < 70  # of 255 over all of it


def test_scaling_keeps_means_and_needs_no_words():
    pixels, cut = fit(ramp(128, 96), (64, 48))
    assert cut == "" and abs(pixels.mean() - ramp(128, 96).mean()) < 1


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "1", "I;16"])
def test_every_kind_of_file_becomes_three_channels(tmp_path, mode):
    path = tmp_path / "a.png"
    Image.fromarray(ramp(40, 40)).convert("L" if mode == "I;16" else mode).save(path)
    assert still(path, (32, 32)).pixels.shape == (32, 32, 3)


def test_what_is_transparent_lies_on_gray():
    array = np.zeros((8, 8, 4), np.uint8)
    assert (still(array, (8, 8)).pixels == 128).all()


def test_sixteen_bits_are_rounded():
    array = np.full((8, 8, 3), 65535, np.uint16)
    assert (still(array, (8, 8)).pixels == 255).all()  # type: ignore[arg-type]


def test_a_clip_gives_its_first_frame():
    clip = ef.Clip(ef.ArraySource(np.stack([ramp(16, 16), 0 * ramp(16, 16)])))
    assert (still(clip, (16, 16)).pixels == ramp(16, 16)).all()


def test_files_that_are_no_pictures(tmp_path):
    (tmp_path / "text.png").write_text("no picture\n" * 9)
    (tmp_path / "cut.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(9))
    for name in ("text.png", "cut.png", "missing.png"):
        with pytest.raises(UnreadableVideo) as error:
            still(tmp_path / name, (32, 32))
        assert name in str(error.value) and "video" not in str(error.value)
    with pytest.raises(BadInput, match="folder"):
        still(tmp_path, (32, 32))
    for wrong in (np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4), np.uint8)):
        with pytest.raises(BadInput):
            still(wrong, (32, 32))  # type: ignore[arg-type]


@pytest.mark.parametrize("preset", ["lab", "flat", "maze"])
def test_pictures_of_the_world_are_at_home(preset):
    pytest.importorskip("torch")
    from evenflow.world.clip import WorldSource, scene

    for seed in range(60_000, 60_003):
        clip = ef.Clip(WorldSource(scene(preset=preset, seed=seed, frames=33, size=(64, 64))))
        assert not foreign(clip.frames(0, 1)[0])


@pytest.mark.parametrize("size", [(64, 64), (128, 128)])
def test_footage_is_foreign(carphone, size):
    for number in (3, 71):
        frame = ef.read(carphone).frames(number, number + 1)[0]
        assert foreign(fit(frame, size)[0])


def test_noise_is_foreign_and_a_plain_wall_is_not():
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    assert foreign(noise) and not foreign(np.full((64, 64, 3), 99, np.uint8))
