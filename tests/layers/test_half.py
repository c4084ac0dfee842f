"""Attention in half precision on a CPU goes by products; it is the library's, within rounding."""

import pytest

torch = pytest.importorskip("torch")

from torch.nn import functional as F  # noqa: E402

from evenflow.layers import attention  # noqa: E402


def parts(asks=37, answers=50, seed=0):
    g = torch.Generator().manual_seed(seed)
    sizes = (2, 3, asks, 16), (2, 3, answers, 16), (2, 3, answers, 16)
    return [torch.randn(*size, generator=g).bfloat16() for size in sizes]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("answers", [32, 50, 64])
def test_products_are_the_kernel(masked, answers):
    q, k, v = parts(answers=answers)
    mask = torch.rand(37, answers, generator=torch.Generator().manual_seed(1)) > 0.5
    mask[:, 0] = True
    mask = mask if masked else None
    exact = F.scaled_dot_product_attention(q.double(), k.double(), v.double(), attn_mask=mask)
    kernel = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    made = attention.attend(q, k, v, mask)
    assert made.dtype == torch.bfloat16
    assert (made - exact).abs().max() < 2 * (kernel - exact).abs().max() + 2**-8


def test_gradients_are_those_of_the_kernel():
    grads = []
    for call in (attention.attend, lambda q, k, v, mask: F.scaled_dot_product_attention(q, k, v)):
        q, k, v = (one.requires_grad_() for one in parts())
        call(q, k, v, None).float().square().sum().backward()
        grads.append([one.grad.float() for one in (q, k, v)])
    for mine, its in zip(*grads, strict=True):
        assert (mine - its).norm() < 0.03 * its.norm()


def test_many_scores_go_to_the_kernel(monkeypatch):
    monkeypatch.setattr(attention, "MOST_SCORES", 10)
    monkeypatch.setattr(attention, "_by_products", lambda *parts: pytest.fail("too many"))
    q, k, v = parts()
    assert attention.attend(q, k, v, None).shape == q.shape
