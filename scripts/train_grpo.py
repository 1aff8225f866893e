"""GRPO by TRL on a model made on the spot: does the reward of valid actions rise?

    python scripts/train_grpo.py --out DIR [--steps N] [--seed N]

A Llama of about a million parameters and a byte-pair vocabulary, both trained here, first see some
played cases for a minute, with calls spoilt in half of them, so that they act, and often wrongly.
Then `GRPOTrainer` trains them with `MedActionTools`, paid by `well_formed`. It shows that the
tools, the rewards and the trainer fit together; a model of this size learns form, not medicine.
Writes DIR/log.json and DIR/reward.png. Needs the extra "trl" and a CPU.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
from functools import partial
from pathlib import Path
from typing import Any

import torch
import trl
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    set_seed,
)
from transformers.utils import get_json_schema
from trl import GRPOConfig, GRPOTrainer

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.integrations.trl import MedActionTools, prompts, well_formed
from medaction_gym.prompt.grammar import SYSTEM_PROMPT

TOOLS = (MedActionTools.order_test, MedActionTools.update_differential, MedActionTools.commit)
TESTS = ("complete blood count", "chest X-ray", "CRP", "CT abdomen", "urinalysis", "ECG")
MAX_TURNS = 4
# TRL reads calls only of templates that it knows; it ships Qwen 3's.
TEMPLATE = Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]


def played(case: Any, rng: random.Random) -> list[dict[str, Any]]:
    """A short episode as messages: one or two tests, a differential, a commitment."""
    tools = MedActionTools(CaseSet([case]), reward="outcome", max_turns=MAX_TURNS)
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": SYSTEM_PROMPT},
        {"role": "user", "content": tools.reset()},
    ]
    guess = rng.choice(case.differential or (case.diagnosis.name,))
    steps = [("order_test", {"test": test}) for test in rng.sample(TESTS, rng.choice((1, 2)))]
    steps.append(("commit", {"diagnosis": guess}))
    for name, arguments in steps:
        if rng.random() < 0.5:  # what a model must unlearn
            name = rng.choice(("order_tests", "commit_to", name))
            arguments = {rng.choice(("tests", "name")): next(iter(arguments.values()))}
        call = {"type": "function", "function": {"name": name, "arguments": arguments}}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        try:
            answer = getattr(tools, name)(**arguments)
        except (AttributeError, TypeError) as error:
            answer = str({"error": str(error)})
        messages.append({"role": "tool", "name": name, "content": answer})
    return messages


def tokenizer_of(texts: list[str]) -> PreTrainedTokenizerFast:
    """A byte-pair tokenizer learnt from texts, with Qwen 3's chat template."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    learner = trainers.BpeTrainer(
        vocab_size=1_500,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    raw.train_from_iterator(texts, learner)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|im_end|>", pad_token="<|endoftext|>"
    )
    tokenizer.chat_template = TEMPLATE.read_text(encoding="utf-8")
    return tokenizer


def warm_up(model: LlamaForCausalLM, rows: list[list[int]], steps: int) -> float:
    """Train on whole conversations; the last loss."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=3e-3)
    rng = random.Random(0)
    loss = torch.tensor(0.0)
    for _ in range(steps):
        batch = rng.sample(rows, 8)
        width = max(map(len, batch))
        ids = torch.tensor([row + [0] * (width - len(row)) for row in batch])
        held = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in batch])
        labels = ids.masked_fill(held == 0, -100)
        loss = model(input_ids=ids, attention_mask=held, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad()
    return float(loss)


def train(out: Path, *, steps: int, warm: int = 150, seed: int = 0) -> list[float]:
    """Warm up, run GRPO, and return the mean `well_formed` reward of each step."""
    torch.set_num_threads(1)
    set_seed(seed)
    rng = random.Random(seed)
    # Shortened presentations: a model of this size reads little, and form is what it learns.
    cases = CaseSet(
        [
            case.model_copy(
                update={"presentation": case.presentation.model_copy(
                    update={"history": case.presentation.history[:80], "examination": ""}
                )}
            )
            for case in CaseSet.teaching()
        ]
    )  # fmt: skip
    schemas = [get_json_schema(tool) for tool in TOOLS]
    talks = [played(case, rng) for case in cases for _ in range(4)]
    texts = [json.dumps(schemas), *(json.dumps(talk) for talk in talks)]
    tokenizer = tokenizer_of(texts)
    rows = [
        tokenizer.apply_chat_template(talk, tools=schemas, tokenize=True, return_dict=False)
        for talk in talks
    ]
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=128, intermediate_size=384,
            num_hidden_layers=4, num_attention_heads=4, max_position_embeddings=4_096,
            bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    loss = warm_up(model, rows, warm)
    longest = max(map(len, rows))
    print(f"{model.num_parameters():,} parameters, up to {longest} tokens, loss {loss:.2f}")
    trainer = GRPOTrainer(
        model=model,
        processing_class=tokenizer,
        reward_funcs=[well_formed],
        train_dataset=prompts(cases),
        environment_factory=partial(
            MedActionTools, cases, reward="outcome", max_turns=MAX_TURNS
        ),
        args=GRPOConfig(
            output_dir=str(out), max_steps=steps, learning_rate=1e-3,
            lr_scheduler_type="constant", per_device_train_batch_size=8, num_generations=8,
            max_completion_length=400, max_tool_calling_iterations=MAX_TURNS, beta=0.0,
            logging_steps=1, save_strategy="no", report_to=[], use_cpu=True, seed=seed,
            disable_tqdm=True, bf16=False, gradient_checkpointing=False,
        ),
    )  # fmt: skip
    trainer.train()
    log = [entry for entry in trainer.state.log_history if "reward" in entry]
    (out / "log.json").write_text(json.dumps(log, indent=1))
    return [entry["rewards/well_formed/mean"] for entry in log]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    rewards = train(given.out, steps=given.steps, seed=given.seed)
    tenth = max(1, len(rewards) // 10)
    first, last = statistics.mean(rewards[:tenth]), statistics.mean(rewards[-tenth:])
    print(f"well_formed: first {tenth} steps {first:.3f}, last {tenth} steps {last:.3f}")

    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    axes.plot(range(1, len(rewards) + 1), rewards, color="#2a6fb0")
    axes.set(xlabel="step of GRPO", ylabel="well_formed", ylim=(0, 1))
    axes.grid(alpha=0.3)
    figure.savefig(given.out / "reward.png", dpi=130)


if __name__ == "__main__":
    main()
