"""Export: a trained model as a GGUF file, which llama.cpp plays several times as fast on a CPU.

Vocabulary, shape and chat template are those of the packaged base's own GGUF file; the weights are
the trained ones, in eight bits. So it is for models that began from a packaged one.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medaction_gym.agents.llama import GGUF
from medaction_gym.models import fetch_gguf
from medaction_gym.training.model import require, weights_of

if TYPE_CHECKING:
    import numpy as np


def to_gguf(folder: str | Path, base: str = "smollm2") -> Path:
    """Write ``model.gguf`` into a trained model's folder.

    Args:
        folder: What ``train sft`` wrote, weights or adapters.
        base: The packaged model that it began from.

    Returns:
        The file.

    Raises:
        ValueError: If there is no model, or its tensors are not those of the base.
        training.model.MissingError: If the extra ``sft`` is not installed.
    """
    if not any((Path(folder) / name).is_file() for name in ("config.json", "adapter_config.json")):
        raise ValueError(f"{folder}: holds no trained model; name the folder of 'train sft --out'")
    require("gguf")
    import gguf
    import torch

    source = gguf.GGUFReader(fetch_gguf(base))
    model = weights_of(str(folder), dtype=torch.float32)
    weights = model.state_dict()
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.LLAMA, model.config.num_hidden_layers)
    ours = {
        f"{names.get_name(name.removesuffix('.weight'))}.weight": name
        for name in weights
        if name != "lm_head.weight" or not model.config.tie_word_embeddings
    }
    known = {tensor.name: tensor for tensor in source.tensors}
    if set(ours) != set(known):
        strange = sorted(set(ours) ^ set(known))[:3]
        raise ValueError(f"{folder}: its tensors are not those of {base}, such as {strange}")
    file = Path(folder) / GGUF
    part = file.with_suffix(".part")
    writer = gguf.GGUFWriter(part, "llama")
    for field in source.fields.values():
        if not field.name.startswith("GGUF.") and field.name != "general.architecture":
            kind = field.types[0]
            sub = field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None
            value = field.contents()
            if field.name == "general.file_type":
                value = int(gguf.LlamaFileType.MOSTLY_Q8_0)
            writer.add_key_value(field.name, value, kind, sub)
    heads = {"q": model.config.num_attention_heads, "k": model.config.num_key_value_heads}
    for name, tensor in known.items():
        values = weights[ours[name]].float().numpy()
        for side, count in heads.items():
            if f"attn_{side}.weight" in name:
                values = _interleaved(values, count)
        if list(values.shape[::-1]) != [int(size) for size in tensor.shape]:
            raise ValueError(f"{folder}: {name} has another shape than in {base}")
        if values.ndim == 1:  # norms are few, and coarse ones hurt
            writer.add_tensor(name, values)
        else:
            eight = gguf.quants.quantize(values, gguf.GGMLQuantizationType.Q8_0)
            writer.add_tensor(name, eight, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    steps: list[Callable[[], Any]] = [
        writer.write_header_to_file,
        writer.write_kv_data_to_file,
        writer.write_tensors_to_file,
        writer.close,
    ]
    for step in steps:
        step()
    part.replace(file)
    return file


def _interleaved(values: np.ndarray, heads: int) -> np.ndarray:
    """Rows of queries or keys in the order of llama.cpp: halves of a rotation side by side.

    Example:
        >>> import numpy as np
        >>> _interleaved(np.arange(8)[:, None], heads=2)[:, 0].tolist()
        [0, 2, 1, 3, 4, 6, 5, 7]
    """
    size = values.shape[0] // heads // 2
    halves = values.reshape(heads, 2, size, *values.shape[1:])
    return halves.swapaxes(1, 2).reshape(values.shape)
