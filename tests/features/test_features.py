"""Every model keeps its contract on tiny weights; a broken folder is one line with what to do."""

import dataclasses
import json
import shutil
import socket
import subprocess
import sys

import numpy as np
import pytest
import tiny_weights

from evenflow import features
from evenflow.core.errors import BackendMissing
from evenflow.features import FEATURES, clip, dinov2, folder, insightface, raft

torch = pytest.importorskip("torch")
ABILITIES = {
    "dinov2": [features.ImageEmbedder],
    "clip": [features.ImageEmbedder, features.TextEmbedder],
    "insightface": [features.FaceEmbedder],
    "raft": [features.FlowEstimator],
    "cotracker": [features.PointTracker],
}


@pytest.mark.parametrize("name", FEATURES)
def test_each_model_says_its_name_and_keeps_its_contract(models, name):
    model = models[name]
    assert model.name == name and len(model.digest) == 64
    for ability in ABILITIES[name]:
        assert isinstance(model, ability)


def test_only_what_is_there_is_loaded(weights, tmp_path):
    shutil.copytree(weights / "dinov2", tmp_path / "dinov2")
    (tmp_path / "notes").mkdir()
    assert list(features.load(tmp_path)) == ["dinov2"]


@pytest.mark.parametrize("name", ["dinov2", "clip"])
def test_vectors_are_unit_and_do_not_depend_on_the_batch(models, frames, name):
    many = np.concatenate([frames] * 3)  # more than one batch
    vectors = models[name].embed(many)
    assert vectors.shape[0] == 15 and vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    assert np.allclose(vectors[:5], vectors[10:], atol=1e-5)
    assert np.allclose(models[name].embed(frames[2:3])[0], vectors[2], atol=1e-5)
    assert (models[name].embed(frames) == models[name].embed(frames)).all()


@pytest.mark.parametrize("name", ["dinov2", "clip"])
@pytest.mark.parametrize("shape", [(300, 40), (40, 300), (33, 32), (224, 224)])
def test_any_shape_of_picture_is_seen(models, name, shape):
    pictures = np.random.default_rng(0).integers(0, 255, (1, *shape, 3), np.uint8)
    assert np.isfinite(models[name].embed(pictures)).all()


def test_clip_sees_both_ends_of_a_wide_frame(models):
    """A center crop would not."""
    rng = np.random.default_rng(1)
    wide = rng.integers(0, 255, (1, 48, 128, 3), np.uint8)
    for part in (np.s_[:, :, :24], np.s_[:, :, -24:]):
        other = wide.copy()
        other[part] = 255 - other[part]
        assert not np.allclose(models["clip"].embed(wide), models["clip"].embed(other), atol=1e-4)
    crops = models["clip"]._crops(wide[0])
    assert crops.shape == (3, 32, 32, 3)


def test_clip_is_transformers_clip_on_a_square_picture(weights, models):
    """The library's own path from pixels and text to cosine, as an independent check."""
    transformers = pytest.importorskip("transformers")
    from PIL import Image

    model = transformers.CLIPModel.from_pretrained(weights / "clip").eval()
    picture = np.random.default_rng(2).integers(0, 255, (32, 32, 3), np.uint8)
    pixels = (np.asarray(Image.fromarray(picture)) / 255.0 - clip.MEAN) / np.array(clip.DEVIATION)
    texts = ["a red ball", "something else entirely"]
    tokens = transformers.CLIPTokenizer.from_pretrained(weights / "clip")(
        texts, padding=True, return_tensors="pt"
    )
    with torch.inference_mode():
        out = model(**tokens, pixel_values=torch.tensor(pixels, dtype=torch.float32)
                    .permute(2, 0, 1)[None])  # fmt: skip
    ours = models["clip"].embed(picture[None]) @ models["clip"].embed_text(texts).T
    logits = out.logits_per_image.numpy()
    assert np.allclose(models["clip"].scale * ours, logits, atol=1e-3)


def test_a_text_may_be_longer_than_the_model_reads(models):
    vectors = models["clip"].embed_text(["red " * 200, "blue", "blue"])
    assert np.isfinite(vectors).all() and np.allclose(vectors[1], vectors[2])
    assert not np.allclose(vectors[0], vectors[1])


def test_dinov2_sees_the_whole_frame_at_a_multiple_of_its_patch(models):
    assert models["dinov2"]._size(336, 597) == (392, 224)
    assert models["dinov2"]._size(597, 336) == (224, 392)


def test_raft_gives_a_vector_a_pixel_at_any_size(models, frames):
    flow = models["raft"].flow(frames[:2, :70, :91], frames[1:3, :70, :91])
    assert flow.shape == (2, 70, 91, 2) and flow.dtype == np.float32
    assert np.isfinite(flow).all()
    with pytest.raises(ValueError, match="one shape"):
        models["raft"].flow(frames[:1], frames[:2])


def test_raft_s_correlation_peaks_where_the_picture_went():
    """Truth by construction: features that moved by (dx, dy) are found at that offset."""
    from evenflow.features.raft_net import RADIUS, correlation_pyramid, grid, look_up

    torch.manual_seed(0)
    a = torch.randn(1, 64, 24, 32)
    dx, dy = 3, -2
    b = torch.roll(a, (dy, dx), (2, 3))
    found = look_up(correlation_pyramid(a, b), grid(a))[0, :81, 8:16, 8:24]
    best = found.flatten(1).mean(1).argmax().item()  # of the finest size, first axis along x
    assert (best // 9 - RADIUS, best % 9 - RADIUS) == (dx, dy)


def test_raft_upsampling_is_a_convex_mix():
    from evenflow.features.raft_net import HIDDEN, RaftNet

    torch.manual_seed(0)
    flow = torch.full((1, 2, 6, 8), 0.5)
    with torch.inference_mode():
        fine = RaftNet().upsample(flow, torch.randn(1, HIDDEN, 6, 8))
    assert fine.shape == (1, 2, 48, 64)
    assert torch.allclose(fine[..., 8:-8, 8:-8], torch.tensor(4.0), atol=1e-4)


def test_points_stay_where_they_are_given(models, frames):
    points = np.array([[0, 20, 30], [3, 100, 50], [4, 159, 95]], np.float32)
    tracks, visible = models["cotracker"].track(frames, points)
    assert tracks.shape == (5, 3, 2) and visible.shape == (5, 3)
    for i, (frame, x, y) in enumerate(points):
        assert tuple(tracks[int(frame), i]) == (x, y) and visible[int(frame), i]
    assert np.isfinite(tracks).all()
    with pytest.raises(ValueError, match="frames 0 to 4"):
        models["cotracker"].track(frames, np.array([[5, 0, 0]], np.float32))


def test_cotracker_windows_read_pixels_around_a_point():
    from evenflow.features.cotracker_net import windows

    y, x = torch.meshgrid(torch.arange(20.0), torch.arange(30.0), indexing="ij")
    seen = windows(torch.stack([x, y])[None], torch.tensor([[[10.0, 7.5]]]))[0, 0]
    assert torch.allclose(seen[0, 0], torch.tensor([7.0, 4.5]), atol=1e-4)
    assert torch.allclose(seen[6, 0], torch.tensor([13.0, 4.5]), atol=1e-4)  # first axis along x
    assert torch.allclose(seen[0, 6], torch.tensor([7.0, 10.5]), atol=1e-4)


def test_published_sizes():
    """Parameters of the published networks: 5.26 M (RAFT) and 25.4 M (CoTracker3)."""
    from evenflow.features.cotracker_net import CoTrackerNet
    from evenflow.features.iresnet import IResNet
    from evenflow.features.raft_net import RaftNet

    def count(net):
        return sum(p.numel() for p in net.parameters())

    assert count(RaftNet()) == 5_257_536
    assert count(CoTrackerNet()) == 25_385_700
    assert round(count(IResNet((3, 4, 14, 3))) / 1e6, 1) == 43.6


def test_a_face_is_brought_to_its_places():
    angle, scale, shift = 0.4, 2.5, np.array([40.0, 70.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    points = (insightface.PLACES @ turn.T * scale + shift).astype(np.float32)
    matrix = insightface.similarity(points, insightface.PLACES)
    assert np.allclose(points @ matrix[:, :2].T + matrix[:, 2], insightface.PLACES, atol=1e-3)
    assert np.linalg.norm(matrix[:, 0]) == pytest.approx(1 / scale, rel=1e-5)


def test_faces_get_unit_vectors_and_need_a_detector(models, frames):
    points = [insightface.PLACES * 0.7 + 10, insightface.PLACES * 0.5 + 5]
    vectors = models["insightface"].embed_faces(frames[:2], points)
    assert vectors.shape == (2, 20)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    with pytest.raises(BackendMissing, match="face_detection_yunet"):
        models["insightface"].faces(frames)


def test_faces_come_largest_first_with_five_points(models, frames, monkeypatch):
    """YuNet's rows: box, then five points, then the score."""
    small = [10, 10, 8, 8, *np.arange(10.0), 0.9]
    large = [40, 20, 30, 30, *(np.arange(10.0) + 50), 0.8]

    class Detector:
        def detect(self, picture):
            assert picture[0, 0, 0] == frames[0][0, 0, 2]  # it wants BGR
            return 1, np.float32([small, large])

    monkeypatch.setattr(insightface, "_yunet", lambda *args: Detector())
    model = dataclasses.replace(models["insightface"], detector=insightface.Path("yunet.onnx"))
    [found] = model.faces(frames[:1])
    assert found.shape == (2, 5, 2)
    assert found[0].ravel().tolist() == [50.0 + i for i in range(10)]


def test_a_broken_face_detector_is_one_line(weights, tmp_path):
    shutil.copytree(weights / "insightface", tmp_path / "insightface")
    (tmp_path / "insightface/face_detection_yunet_2023mar.onnx").write_bytes(b"not onnx")
    with pytest.raises(BackendMissing) as error:
        features.load(tmp_path)
    assert "face detector" in line(error)


@pytest.mark.parametrize("name", FEATURES)
def test_frames_are_uint8_rgb(models, name):
    wrong = np.zeros((2, 32, 32, 3), np.float32)
    calls = {
        "dinov2": lambda m: m.embed(wrong),
        "clip": lambda m: m.embed(wrong),
        "insightface": lambda m: m.embed_faces(wrong, [insightface.PLACES] * 2),
        "raft": lambda m: m.flow(wrong, wrong),
        "cotracker": lambda m: m.track(wrong, np.zeros((1, 3), np.float32)),
    }
    with pytest.raises(ValueError, match="uint8"):
        calls[name](models[name])


# Folders ------------------------------------------------------------------------------------------


def line(error):
    text = str(error.value)
    assert "\n" not in text and len(text) < 500
    return text


@pytest.mark.parametrize("name", FEATURES)
def test_a_damaged_file_of_weights_is_one_line(weights, tmp_path, name):
    shutil.copytree(weights / name, tmp_path / name)
    [file] = (tmp_path / name).glob("*.safetensors")
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(BackendMissing) as error:
        features.load(tmp_path)
    assert "fetch it again" in line(error)


@pytest.mark.parametrize("name", FEATURES)
def test_weights_of_something_else_are_refused(tmp_path, name):
    from safetensors.torch import save_file

    there = tmp_path / name
    there.mkdir()
    save_file({"conv1.weight": torch.zeros(2)}, there / "model.safetensors")
    if name in ("dinov2", "clip"):
        (there / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(BackendMissing) as error:
        features.load(tmp_path)
    assert " is not " in line(error) or "'bert'" in line(error)


@pytest.mark.parametrize("name", FEATURES)
def test_an_empty_subfolder_says_what_is_wanted(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(BackendMissing) as error:
        features.load(tmp_path)
    assert name in line(error)


@pytest.mark.parametrize("name", ["raft", "dinov2"])
def test_a_pickle_is_never_opened(weights, tmp_path, name):
    shutil.copytree(weights / name, tmp_path / name)
    for file in (tmp_path / name).glob("*.safetensors"):
        file.unlink()
    (tmp_path / name / "pytorch_model.bin").write_bytes(b"cos\nsystem\n(S'touch /tmp/x'\ntR.")
    with pytest.raises(BackendMissing, match="pickle") as error:
        features.load(tmp_path)
    assert "weights_only=True" in line(error)


def test_the_advice_for_a_pickle_works(weights, tmp_path):
    """Written as the published checkpoint is: DataParallel's prefix, norms named twice."""
    there = tmp_path / "raft"
    there.mkdir()
    state = folder.tensors(next((weights / "raft").glob("*.safetensors")))
    twice = {k.replace(".downsample.1.", ".norm3."): v for k, v in state.items()
             if ".downsample.1." in k}  # fmt: skip
    published = {f"module.{k}": v for k, v in {**state, **twice}.items()}
    torch.save(published, there / "raft-things.pth")
    with pytest.raises(BackendMissing) as error:
        features.load(tmp_path)
    command = line(error).partition('python -c "')[2].rstrip('"')
    subprocess.run([sys.executable, "-c", command], cwd=there, check=True)
    (there / "raft-things.pth").unlink()
    converted = features.load(tmp_path)["raft"]
    for name, value in raft.load(weights / "raft").net.state_dict().items():
        assert torch.equal(converted.net.state_dict()[name], value)


def test_two_files_of_weights_are_one_too_many(weights, tmp_path):
    shutil.copytree(weights / "raft", tmp_path / "raft")
    shutil.copy(tmp_path / "raft/raft-things.safetensors", tmp_path / "raft/other.safetensors")
    with pytest.raises(BackendMissing, match="2 safetensors files"):
        features.load(tmp_path)


def test_onnx_packs_are_refused_with_the_reason(tmp_path):
    (tmp_path / "insightface").mkdir()
    (tmp_path / "insightface/w600k_r50.onnx").write_bytes(b"x")
    with pytest.raises(BackendMissing, match="onnxruntime") as error:
        features.load(tmp_path)
    assert "safetensors" in line(error)


def test_a_folder_that_is_not_there_or_holds_nothing_is_one_line(tmp_path):
    with pytest.raises(BackendMissing, match="holds none of dinov2"):
        features.load(tmp_path)
    with pytest.raises(BackendMissing, match="not a folder"):
        features.load(tmp_path / "no")


def test_a_missing_extra_is_named(weights, monkeypatch):
    monkeypatch.setattr(folder, "find_spec", lambda name: None)
    for name, extra in (("raft", "gen"), ("clip", "hub")):
        with pytest.raises(BackendMissing, match=rf"{name} needs torch.*evenflow\[{extra}\]"):
            FEATURES[name](weights / name)


def test_a_config_that_asks_for_foreign_code_runs_none(weights, tmp_path):
    shutil.copytree(weights / "dinov2", tmp_path / "dinov2")
    path = tmp_path / "dinov2/config.json"
    config = json.loads(path.read_text()) | {"auto_map": {"AutoModel": "evil.Evil"}}
    path.write_text(json.dumps(config))
    (tmp_path / "dinov2/evil.py").write_text("raise SystemExit('ran')")
    assert features.load(tmp_path)["dinov2"].name == "dinov2"


def test_missing_weights_are_not_made_up(weights, tmp_path):
    from safetensors.torch import load_file, save_file

    shutil.copytree(weights / "dinov2", tmp_path / "dinov2")
    path = tmp_path / "dinov2/model.safetensors"
    state = load_file(path)
    del state["layernorm.weight"]
    save_file(state, path, metadata={"format": "pt"})
    with pytest.raises(BackendMissing, match=r"lacks 1 weights of Dinov2Model \(.*layernorm"):
        features.load(tmp_path)


def test_settings_of_the_preprocessor_are_used_and_checked(weights, tmp_path, frames):
    shutil.copytree(weights / "dinov2", tmp_path / "dinov2")
    path = tmp_path / "dinov2/preprocessor_config.json"
    path.write_text('{"image_mean": [0.1, 0.1, 0.1]}')
    plain = dinov2.load(weights / "dinov2")
    other = dinov2.load(tmp_path / "dinov2")
    assert not np.allclose(plain.embed(frames), other.embed(frames))
    assert plain.digest != other.digest
    for text, says in (
        ('{"image_mean": [1, 2]}', "3 numbers"),
        ("{", "damaged"),
        ("[]", "damaged"),
    ):
        path.write_text(text)
        with pytest.raises(BackendMissing, match=says):
            dinov2.load(tmp_path / "dinov2")


def test_loading_prints_nothing(weights, capfd):
    FEATURES["dinov2"](weights / "dinov2")
    FEATURES["clip"](weights / "clip")
    assert capfd.readouterr() == ("", "")


def test_loading_uses_no_network(weights, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert features.load(weights)


def test_digests_follow_the_weights(tmp_path):
    one = raft.load(tiny_weights.raft(tmp_path / "a", seed=1)).digest
    same = raft.load(tiny_weights.raft(tmp_path / "b", seed=1)).digest
    other = raft.load(tiny_weights.raft(tmp_path / "c", seed=2)).digest
    assert one == same != other


def test_the_room_itself_loads_no_torch():
    code = (
        "import sys, evenflow.features\n"
        "heavy = {'torch', 'transformers', 'safetensors'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
