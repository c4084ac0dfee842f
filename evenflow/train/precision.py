"""Precision: matrix products in bfloat16 while weights, moments and losses stay in float32.

Source: Micikevicius et al. 2017, Mixed Precision Training, arXiv:1710.03740, section 3.1 (a master
copy of the weights); bfloat16 needs no scaling of the loss: Kalamkar et al. 2019, arXiv:1905.12322.
"""

from contextlib import AbstractContextManager, nullcontext

import torch


def computing(precision: str, device: str) -> AbstractContextManager[object]:
    """The context in which a loss is computed: `fp32` or `bf16`."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.split(":", 1)[0], dtype=torch.bfloat16)
