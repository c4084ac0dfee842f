"""The nets, how they are fitted, and nulls of what is rare."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from safetensors.torch import load_file, save_file  # noqa: E402

from evenflow.grading import fitting, network, nulls  # noqa: E402
from evenflow.grading.eyes import WEIGHTS  # noqa: E402
from evenflow.grading.scenes import KINDS, SHARES, Sample, preset_of  # noqa: E402


def sample(kind="ball", pattern=0, side=40):
    pictures = np.full((2, 128, 128, 3), 90, np.uint8)
    ids = np.zeros((2, 128, 128), np.uint8)
    ids[:, 50 : 50 + side, 40 : 40 + side] = 1
    pictures[ids == 1] = (208, 40, 44)
    half = side / 2
    return Sample(
        pictures, ids, np.zeros((2, 1), np.uint8), np.zeros(1, np.uint8),
        np.array([pattern], np.uint8), np.array([KINDS.index(kind)], np.uint8),
        np.tile(np.array([40 + half, 50 + half], "f4"), (2, 1, 1)), np.zeros((2, 0, 2), "f4"),
    )  # fmt: skip


def test_what_is_added_begins_as_nothing():
    x = torch.randn(2, 64, 8, 8)
    assert torch.equal(network.Wider(64).eval()(x), x)


def test_the_weights_that_ship_are_small_and_fit_the_nets():
    net, looks = network.load(WEIGHTS)
    count = sum(p.numel() for part in (net, looks) for p in part.parameters())
    assert 150_000 < count < 500_000 and WEIGHTS.stat().st_size < 1_000_000
    with torch.inference_mode():
        said = net(torch.rand(1, 3, 64, 96))
    assert said.shape == (1, sum(network.HEADS.values()), 32, 48) and torch.isfinite(said).all()


def test_hard_kinds_and_patterns_are_drawn_more_often_and_bare_pictures_seldom():
    plain = fitting.weight_of(sample(), 0)
    assert plain == 1.0
    assert fitting.weight_of(sample("cup"), 0) == fitting.HARD["cup"]
    assert fitting.weight_of(sample(pattern=1), 0) == 1.5
    assert fitting.weight_of(sample(side=4), 0) == pytest.approx(0.15)


def test_a_number_has_one_preset_and_all_come_up():
    names = [preset_of(number) for number in range(300)]
    assert names[7] == preset_of(7)
    for name, share in SHARES:
        assert names.count(name) / 300 == pytest.approx(share, abs=0.12)


def test_a_run_that_starts_from_weights_holds_the_first_layer(tmp_path):
    sample().save(tmp_path / "000001.npz")
    start = network.Network()
    save_file(start.state_dict(), str(tmp_path / "start.safetensors"))
    out = tmp_path / "out.safetensors"
    fitting.fit(tmp_path, out, steps=2, batch=2, start=tmp_path / "start.safetensors")
    made = load_file(out)
    before = start.state_dict()
    assert torch.equal(made["stem.0.weight"], before["stem.0.weight"])
    assert not torch.equal(made["heads.weight"], before["heads.weight"])
    assert all(torch.isfinite(v).all() for v in made.values() if v.is_floating_point())


def test_what_is_rare_takes_the_null_of_all_presets():
    entry = {"clips": 20, "quantiles": [0.0] * 7}
    few = {"clips": 3, "quantiles": [1.0] * 7}
    table = {
        "nulls": {
            "lab/identity/any": {"gravity": few, "grain": entry},
            "every/identity/any": {"gravity": entry},
        }
    }
    found = nulls.null_of("gravity", preset="lab", codec="identity", still=True, table=table)
    assert found is not None and found.num_clips == 20
    for preset, codec in (("maze", "identity"), ("lab", "jpeg-q75")):
        asked = nulls.null_of("gravity", preset=preset, codec=codec, still=True, table=table)
        assert asked is None
