"""Guidance: its limits are exact, and where laws are known it is their closed form."""

import pytest

torch = pytest.importorskip("torch")

from bed import EXACT, SHAPE, affine, law  # noqa: E402

from evenflow.guidance import (  # noqa: E402
    Part,
    classifier_free,
    composed,
    fractional_history,
    history,
    interval,
)
from evenflow.process import FLOW, GaussianVideo, MixtureVideo  # noqa: E402
from evenflow.process.randomness import normal  # noqa: E402
from evenflow.samplers import heun  # noqa: E402
from evenflow.schedules import autoregressive, full_sequence, linear, pinned  # noqa: E402

BOTH = MixtureVideo(torch.tensor([0.6, 0.4], **EXACT), (law(0), law(1)))
TEXT = {"text": torch.tensor([0, 1, 1])}
LEVEL = torch.tensor([[0.2, 0.5, 0.9, 0.5], [0.3, 0.3, 0.3, 0.3], [0.1, 0.6, 0.7, 1.0]], **EXACT)


def some(seed=4, num=3):
    return torch.randn(num, *SHAPE, generator=torch.Generator().manual_seed(seed), **EXACT)


class Counted:
    """Counts calls in its state and in itself."""

    def __init__(self, predict):
        self.predict, self.calls, self.states = predict, [], []

    def __call__(self, x, level, cond, state):
        self.calls.append(sorted(cond))
        self.states.append(state)
        clean, _ = self.predict(x, level, cond, None)
        return clean, (state or 0) + 1


@pytest.fixture
def predict():
    return Counted(BOTH.predictor(FLOW))


def test_scale_one_is_none_and_costs_nothing_and_zero_drops_the_text(predict):
    x = some()
    plain, _ = BOTH.predictor(FLOW)(x, LEVEL, TEXT, None)
    free, _ = BOTH.predictor(FLOW)(x, LEVEL, {}, None)
    assert torch.equal(classifier_free(1.0)(predict)(x, LEVEL, TEXT, None)[0], plain)
    assert len(predict.calls) == 1
    assert torch.allclose(classifier_free(0.0)(predict)(x, LEVEL, TEXT, None)[0], free)


@pytest.mark.parametrize("scale", [0.5, 2.0, 7.5])
def test_the_guided_score_is_that_of_the_text_made_sharper(scale, predict):
    """CD1: grad log p(x_s) + scale grad log p(class | x_s), by automatic differentiation."""
    x = some().requires_grad_()
    logs = BOTH.log_joint(x, LEVEL, FLOW).log_softmax(dim=1)[torch.arange(3), TEXT["text"]]
    (want,) = torch.autograd.grad((BOTH.log_density(x, LEVEL, FLOW) + scale * logs).sum(), x)
    clean, _ = classifier_free(scale)(predict)(x.detach(), LEVEL, TEXT, None)
    assert torch.allclose(FLOW.score_of(x.detach(), clean, LEVEL), want, atol=1e-8)


def gaussians():
    """A wide law without the text, a narrow one with it; their covariances commute."""
    g = torch.Generator().manual_seed(9)
    basis = torch.linalg.qr(torch.randn(8, 8, generator=g, **EXACT))[0]
    wide, narrow = (torch.rand(8, generator=g, **EXACT) + low for low in (1.0, 0.1))
    zero = torch.zeros(SHAPE, **EXACT)
    laws = [GaussianVideo.dense(zero, basis * power @ basis.T) for power in (wide, narrow)]

    def predict(x, level, cond, state):
        return laws[1 if "text" in cond else 0].predictor(FLOW)(x, level, cond, state)

    return basis, wide, narrow, predict


@pytest.mark.parametrize("scale", [1.0, 2.0, 4.0])
def test_guided_gaussians_get_the_geometric_mean_not_the_tilted_law(scale):
    """d log std = a(s) ds is linear in the drift: std = wide^((1 - w) / 2) narrow^(w / 2)."""
    basis, wide, narrow, predict = gaussians()
    guided = classifier_free(scale)(predict)
    levels = full_sequence(linear(80), num_frames=4)
    matrix, _ = affine(lambda x: heun(guided, x, levels, cond={"text": True}))
    got = basis.T @ matrix @ matrix.T @ basis
    want = wide ** (1 - scale) * narrow**scale
    assert torch.allclose(got, want.diag(), atol=6e-3)
    tilted = 1 / ((1 - scale) / wide + scale / narrow)
    gap = float((want - tilted).abs().max())
    assert gap < 1e-12 if scale == 1 else gap > 0.02


def test_a_scale_for_each_frame(predict):
    x = some()
    ramp = [1.0, 2.0, 3.0, 4.0]
    got, _ = classifier_free(ramp)(predict)(x, LEVEL, TEXT, None)
    for i, scale in enumerate(ramp):
        want, _ = classifier_free(scale)(predict)(x, LEVEL, TEXT, None)
        assert torch.equal(got[:, :, i], want[:, :, i])


def test_rescaling_brings_the_contrast_of_each_frame_back(predict):
    x = some()
    plain, bare, half, full = (
        classifier_free(scale, rescale=share)(predict)(x, LEVEL, TEXT, None)[0]
        for scale, share in ((1.0, 0.0), (5.0, 0.0), (5.0, 0.5), (5.0, 1.0))
    )
    axes = (1, 3, 4)
    assert torch.allclose(full.std(dim=axes), plain.std(dim=axes))
    assert torch.allclose(half, (bare + full) / 2)
    with pytest.raises(ValueError, match="rescale=2"):
        classifier_free(2.0, rescale=2.0)


def test_another_text_may_stand_in_for_none(predict):
    x, other = some(), {"text": torch.tensor([1, 0, 0])}
    got, _ = classifier_free(2.0, instead=other)(predict)(x, LEVEL, TEXT, None)
    good, bad = (BOTH.predictor(FLOW)(x, LEVEL, c, None)[0] for c in (TEXT, other))
    assert torch.allclose(got, 2 * good - bad)


def test_only_what_is_named_is_dropped_and_each_call_has_its_own_state(predict):
    guided = classifier_free(2.0, drop=["text", "camera"])(predict)
    cond = {**TEXT, "camera": 1, "actions": 2}
    _, state = guided(some(), LEVEL, cond, None)
    _, state = guided(some(), LEVEL, cond, state)
    assert predict.calls[:2] == [["actions", "camera", "text"], ["actions"]]
    assert predict.states == [None, None, 1, 1]


def test_an_interval_guides_frames_inside_it_and_saves_calls_outside(predict):
    x = some()
    got, _ = interval(3.0, low=0.25, high=0.6)(predict)(x, LEVEL, TEXT, None)
    full, _ = classifier_free(3.0)(predict)(x, LEVEL, TEXT, None)
    plain, _ = BOTH.predictor(FLOW)(x, LEVEL, TEXT, None)
    inside = ((LEVEL > 0.25) & (LEVEL <= 0.6))[:, None, :, None, None]
    assert torch.equal(got, torch.where(inside, full, plain))
    predict.calls.clear()
    levels = full_sequence(linear(10), num_frames=4)
    heun(interval(3.0, low=0.35, high=0.65)(predict), x, levels, cond=TEXT)
    assert len([c for c in predict.calls if "text" not in c]) == 6  # 0.6, 0.5, 0.4 seen twice
    whole = interval(3.0, low=0.0, high=1.0)(BOTH.predictor(FLOW))
    assert torch.equal(whole(x, LEVEL, TEXT, None)[0], full)
    with pytest.raises(ValueError, match=r"\(0.7, 0.2\]"):
        interval(low=0.7, high=0.2)


def marginal(video, keep):
    """The law of some frames alone, written with matrices."""
    index = torch.cat([torch.tensor([2 * i, 2 * i + 1]) for i in keep])
    mean = video.mean[:, list(keep)]
    return GaussianVideo.dense(mean, video.covariance[0][index][:, index])


def with_history(seed=6):
    level = torch.tensor([[0.0, 0.0, 0.4, 0.8]], **EXACT).expand(2, -1)
    return some(seed, 2), level


@pytest.mark.parametrize("scale", [0.0, 1.0, 3.0])
def test_vanilla_history_guidance_is_beyond_the_marginal_law(scale):
    video, (x, level) = law(), with_history()
    given = video.clean(x, level, FLOW)[:, :, 2:]
    alone = marginal(video, (2, 3)).clean(x[:, :, 2:], level[:, 2:], FLOW)
    got, _ = history(scale, seeds=[1, 2])(video.predictor(FLOW))(x, level, {}, None)
    assert torch.allclose(got[:, :, 2:], alone + scale * (given - alone), atol=1e-9)
    assert torch.equal(got[:, :, :2], x[:, :, :2])


def test_the_last_frames_of_a_history_may_guide_alone():
    video, (x, level) = law(), with_history()
    parts = [Part(1.0), Part(2.0, last=1)]
    got, _ = composed(parts, seeds=[1, 2])(video.predictor(FLOW))(x, level, {}, None)
    given = video.clean(x, level, FLOW)[:, :, 2:]
    alone = marginal(video, (2, 3)).clean(x[:, :, 2:], level[:, 2:], FLOW)
    last = marginal(video, (1, 2, 3)).clean(x[:, :, 1:], level[:, 1:], FLOW)[:, :, 1:]
    assert torch.allclose(got[:, :, 2:], given + 2 * (last - alone), atol=1e-9)


def test_fractional_guidance_is_by_the_blurred_history():
    video, (x, level) = law(), with_history()
    got, state = fractional_history(3.0, level=0.5, seeds=[1, 2])(video.predictor(FLOW))(
        x, level, {}, None
    )
    noise = normal([1, 2], SHAPE, stream=1 << 32, **EXACT)
    blur = level.clone()
    blur[:, :2] = 0.5
    seen = x.clone()
    seen[:, :, :2] = 0.5 * x[:, :, :2] + 0.5 * noise[:, :, :2]
    blurred = video.clean(seen, blur, FLOW)[:, :, 2:]
    given = video.clean(x, level, FLOW)[:, :, 2:]
    alone = marginal(video, (2, 3)).clean(x[:, :, 2:], level[:, 2:], FLOW)
    assert torch.allclose(got[:, :, 2:], given + 2 * (blurred - alone), atol=1e-9)
    again, _ = fractional_history(3.0, level=0.5, seeds=[1, 2])(video.predictor(FLOW))(
        x, level, {}, state
    )
    assert not torch.equal(got, again)  # new noise at the next call
    sharp, _ = fractional_history(3.0, level=0.0, seeds=[1, 2])(video.predictor(FLOW))(
        x, level, {}, None
    )
    vanilla, _ = history(3.0, seeds=[1, 2])(video.predictor(FLOW))(x, level, {}, None)
    assert torch.allclose(sharp, vanilla, atol=1e-9)


def test_history_guidance_asks_once_where_nothing_is_known_and_twice_where_it_is():
    predict = Counted(law().predictor(FLOW))
    guided = history(2.0, seeds=[1, 2, 3])(predict)
    heun(guided, some(), full_sequence(linear(3), num_frames=4))
    assert len(predict.calls) == 5
    predict.calls.clear()
    heun(guided, some(), pinned(linear(3), num_frames=4, frames=[0]))
    assert len(predict.calls) == 10
    predict.calls.clear()
    guided(some(), torch.zeros(3, 4, **EXACT), {}, None)  # all clean: nothing is drawn
    assert len(predict.calls) == 1


def test_history_guidance_at_scale_one_keeps_the_law_of_an_autoregressive_run():
    video = law()
    levels = autoregressive(linear(20), num_frames=4, block=2)
    plain, _ = affine(lambda x: heun(video.predictor(FLOW), x, levels))
    predict = history(1.0, seeds=range(9))(video.predictor(FLOW))
    guided, _ = affine(lambda x: heun(predict, x, levels))
    assert torch.allclose(plain, guided, atol=1e-9)


def test_guided_predictors_are_predictors_to_be_guided(predict):
    x = some()
    twice = classifier_free(2.0)(classifier_free(3.0)(BOTH.predictor(FLOW)))
    plain, free = (BOTH.predictor(FLOW)(x, LEVEL, c, None)[0] for c in (TEXT, {}))
    assert torch.allclose(twice(x, LEVEL, TEXT, None)[0], free + 6 * (plain - free))
    video, (y, level) = BOTH, with_history()
    both = classifier_free(2.0)(history(2.0, seeds=[1, 2])(video.predictor(FLOW)))
    clean, state = both(y, level, {"text": TEXT["text"][:2]}, None)
    assert clean.isfinite().all() and state is not None


def test_parts_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="give one or more"):
        composed([], seeds=[0])
    with pytest.raises(ValueError, match="levels in"):
        composed([Part(1.0, sharp=1.5)], seeds=[0])
