"""Hub: one way into transformers: from a local folder, safetensors, no foreign code, no network."""

import logging
from pathlib import Path
from typing import Any

from evenflow.core.errors import BackendMissing


def from_folder(kind: Any, folder: Path) -> Any:
    """`kind.from_pretrained` of a local folder; a model comes in float32, ready to be asked.

    Args:
        kind: a model or tokenizer class of transformers.
        folder: what `save_pretrained` wrote.

    Raises:
        BackendMissing: the folder does not hold all weights of such a model.
    """
    from torch import float32, nn

    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    is_model = issubclass(kind, nn.Module)
    if is_model:
        options |= {"use_safetensors": True, "output_loading_info": True, "dtype": float32}
    from transformers.utils import logging as chatter

    log = logging.getLogger("transformers")
    level, bars = log.level, chatter.is_progress_bar_enabled()
    log.setLevel(logging.CRITICAL)  # what is wrong is said below, in one line
    chatter.disable_progress_bar()
    try:
        loaded = kind.from_pretrained(str(folder.resolve()), **options)
    except Exception as error:  # of many kinds, and all of them mean a broken folder
        reason = " ".join(str(error).split())[:200]
        raise BackendMissing(
            f"{folder.name} cannot be loaded as {kind.__name__} ({reason}): fetch it again"
        ) from None
    finally:
        log.setLevel(level)
        if bars:
            chatter.enable_progress_bar()
    if not is_model:
        return loaded
    model, found = loaded
    missing = sorted(found["missing_keys"]) + sorted(str(k) for k in found["mismatched_keys"])
    if missing:
        raise BackendMissing(
            f"{folder.name} lacks {len(missing)} weights of {kind.__name__} "
            f"(the first is {missing[0]}): fetch it again"
        )
    return model.eval().requires_grad_(False)
