"""GRPO by TRL on a model made on the spot: does the reward of valid actions rise?

    python scripts/train_grpo.py --out DIR [--steps N] [--seeds N…]

A Llama of some 340,000 parameters and a byte-pair vocabulary, both trained here, first see some
played cases, with half of the calls spoilt, so that they act, and often wrongly. Then `GRPOTrainer`
trains them with `MedActionTools`, paid by `well_formed`. It shows that the tools, the rewards and
the trainer fit together; a model of this size learns form, not medicine. Writes DIR/log.json and
DIR/reward.png. Needs the extra "trl", matplotlib and a few minutes of one CPU.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import time
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

from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.integrations.trl import MedActionTools, prompts, well_formed

TOOLS = (MedActionTools.order_test, MedActionTools.update_differential, MedActionTools.commit)
TESTS = ("complete blood count", "chest X-ray", "CRP", "CT abdomen", "urinalysis", "ECG")
MAX_TURNS = 3
INSTRUCTIONS = "Find the diagnosis with the tools, then commit."
# TRL reads calls only of templates that it knows; it ships Qwen 3's.
TEMPLATE = Path(trl.__file__).parent / "chat_templates" / "qwen3.jinja"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>"]


def shortened(case: Case) -> Case:
    """With a line of history and a few words of each result: form is what the model learns."""
    start = case.presentation.model_copy(
        update={"history": case.presentation.history[:60], "examination": ""}
    )
    tests = tuple(
        test.model_copy(update={"result": test.result[:40], "analytes": ()}) for test in case.tests
    )
    return case.model_copy(update={"presentation": start, "tests": tests})


def played(tools: MedActionTools, case: Case, rng: random.Random) -> list[dict[str, Any]]:
    """A short episode as messages: one or two tests, then a commitment, half of them spoilt."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": INSTRUCTIONS},
        {"role": "user", "content": tools.reset(case_id=case.id)},
    ]
    steps = [("order_test", {"test": test}) for test in rng.sample(TESTS, rng.choice((1, 2)))]
    steps.append(("commit", {"diagnosis": case.diagnosis.name}))
    for name, arguments in steps:
        if rng.random() < 0.5:  # what the model must unlearn
            name = rng.choice(("order_tests", "commit_to", name))
            arguments = {rng.choice(("tests", "name")): next(iter(arguments.values()))}
        call = {"type": "function", "function": {"name": name, "arguments": arguments}}
        messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        try:
            answer = getattr(tools, name)(**arguments)
        except (AttributeError, TypeError) as error:  # as TRL answers
            answer = str({"error": str(error)})
        messages.append({"role": "tool", "name": name, "content": answer})
    return messages


def tokenizer_of(texts: list[str]) -> PreTrainedTokenizerFast:
    """A byte-pair tokenizer learnt from texts, with Qwen 3's chat template."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    learner = trainers.BpeTrainer(
        vocab_size=1_200,
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


def spoken(row: list[int], tokenizer: PreTrainedTokenizerFast) -> list[int]:
    """The labels of a conversation: the assistant's tokens, and -100 for all others."""
    start, end = tokenizer.convert_tokens_to_ids(["<|im_start|>", "<|im_end|>"])
    assistant = tokenizer.encode("assistant")[0]
    labels, speaks = [], False
    for token, following in zip(row, [*row[1:], end], strict=True):
        if token == start:
            speaks = following == assistant
        labels.append(token if speaks else -100)
        speaks = speaks and token != end
    return labels


def warm_up(model: LlamaForCausalLM, rows: list[tuple[list[int], list[int]]], steps: int) -> float:
    """Train on conversations and their labels; the last loss."""
    optimiser = torch.optim.AdamW(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.05, steps)
    rng = random.Random(0)
    loss = torch.tensor(0.0)
    for _ in range(steps):
        batch = rng.sample(rows, 6)
        width = max(len(row) for row, _ in batch)
        ids = torch.tensor([row + [0] * (width - len(row)) for row, _ in batch])
        labels = torch.tensor([said + [-100] * (width - len(said)) for _, said in batch])
        # Padding is on the right, so that what is causal does not see it.
        loss = model(input_ids=ids, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        optimiser.zero_grad()
    return loss.item()


def train(out: Path, *, steps: int, warm: int, seed: int) -> list[dict[str, float]]:
    """Warm up, run GRPO, and return TRL's log of each step."""
    torch.set_num_threads(1)
    set_seed(seed)
    rng = random.Random(seed)
    cases = CaseSet([shortened(case) for case in CaseSet.teaching()])
    tools = MedActionTools(cases, reward="outcome", max_turns=MAX_TURNS)
    schemas = [get_json_schema(tool) for tool in TOOLS]
    talks = [played(tools, case, rng) for case in cases for _ in range(4)]
    # The schemas come before every talk, and should be few tokens.
    tokenizer = tokenizer_of([json.dumps(schemas)] * 60 + [json.dumps(talk) for talk in talks])
    rows = [
        tokenizer.apply_chat_template(talk, tools=schemas, tokenize=True, return_dict=False)
        for talk in talks
    ]
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer), hidden_size=96, intermediate_size=256,
            num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=2_048,
            tie_word_embeddings=True, bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    loss = warm_up(model, [(row, spoken(row, tokenizer)) for row in rows], warm)
    print(f"{model.num_parameters():,} parameters, loss {loss:.2f} after the warm-up", flush=True)
    trainer = GRPOTrainer(
        model=model,
        processing_class=tokenizer,
        reward_funcs=[well_formed],
        train_dataset=prompts(cases, INSTRUCTIONS),
        environment_factory=partial(
            MedActionTools, cases, reward="outcome", max_turns=MAX_TURNS
        ),
        args=GRPOConfig(
            output_dir=str(out), max_steps=steps, learning_rate=3e-4,
            lr_scheduler_type="constant", per_device_train_batch_size=8, num_generations=8,
            max_completion_length=220, max_tool_calling_iterations=MAX_TURNS, beta=0.0,
            logging_steps=1, save_strategy="no", report_to=[], use_cpu=True, seed=seed,
            disable_tqdm=True, bf16=False, gradient_checkpointing=False,
        ),
    )  # fmt: skip
    trainer.train()
    return [entry for entry in trainer.state.log_history if "reward" in entry]


def draw(log: dict[int, list[dict[str, float]]], file: Path) -> None:
    """The reward of valid actions, a curve for each seed."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 3.2), layout="constrained")
    for seed, entries in log.items():
        rewards = [entry["rewards/well_formed/mean"] for entry in entries]
        axes.plot(range(1, len(rewards) + 1), rewards, label=f"seed {seed}")
    axes.set(xlabel="step of GRPO", ylabel="well_formed", ylim=(0, 1))
    axes.legend(loc="lower right", frameon=False)
    axes.grid(alpha=0.3)
    figure.savefig(file, dpi=130)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--warm-up", type=int, default=260)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    log = {}
    for seed in given.seeds:
        begun, used = time.perf_counter(), time.process_time()
        log[seed] = train(given.out, steps=given.steps, warm=given.warm_up, seed=seed)
        (given.out / "log.json").write_text(json.dumps(log, indent=1))
        rewards = [entry["rewards/well_formed/mean"] for entry in log[seed]]
        tenth = max(1, len(rewards) // 10)
        first, last = statistics.mean(rewards[:tenth]), statistics.mean(rewards[-tenth:])
        print(
            f"seed {seed}: well_formed {first:.2f} in the first {tenth} steps, {last:.2f} in the "
            f"last; {time.process_time() - used:.0f} s of CPU, "
            f"{time.perf_counter() - begun:.0f} s",
            flush=True,
        )
    draw(log, given.out / "reward.png")


if __name__ == "__main__":
    main()
