"""Training with a tiny model made on the spot: it proves the plumbing, and no skill.

scripts/test_extra.sh sft
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from medaction_gym.benchmarks.bench import Entrant, bench
from medaction_gym.benchmarks.data import Choice
from medaction_gym.benchmarks.provenance import BenchError
from medaction_gym.benchmarks.verify import verify
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill import Growth, Settings, Thresholds, distill
from medaction_gym.prompt import Lesson, PromptSettings, as_text
from medaction_gym.rollout import RunError
from medaction_gym.training import recipe as recipes
from medaction_gym.training.dataset import build
from medaction_gym.training.mask import IGNORED, Example, examples
from medaction_gym.training.packing import collate, loss
from medaction_gym.training.rows import brief, draw, read
from medaction_gym.training.sft import last_checkpoint, train
from tests.templates import ENDS, SPECIAL, TEMPLATES

torch = pytest.importorskip("torch", reason="needs the extra: pip install 'medaction-gym[sft]'")
transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's and transformers' own

CASES = CaseSet.teaching()[:16]
DATA = {
    "rationales": False,
    "hypotheses": 2,
    "row": 1024,
    "limits": {"total": 904, "opening": 160, "answer": 24, "gist": 8, "reply": 120},
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("distilled")
    distill(CASES, out, settings=Settings(growth=Growth(nodes=40), limits=Thresholds(per_case=2)))
    return out


@pytest.fixture(scope="module")
def tokenizer(data: Path) -> Any:
    """A byte-level BPE of 900 tokens, as SmolLM2's, Qwen's and Llama's are."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    texts = [m["content"] for row in read(data) for m in as_text(brief(row.messages))]
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=list(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator(texts, trainer)
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    made.chat_template = TEMPLATES["smollm2"]
    return made


@pytest.fixture(scope="module")
def base(tokenizer: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("base")
    tokenizer.save_pretrained(out)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=128, intermediate_size=256, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=4096,
        eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id,
        tie_word_embeddings=True,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(out)
    return out


def _recipe(base: Path, **given: Any) -> recipes.Recipe:
    values = {"base": str(base), "method": "full", "learning_rate": 3e-3, "precision": "fp32"}
    return recipes.Recipe.model_validate({**values, "data": DATA, **given})


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_mask_holds_with_a_real_tokenizer(name: str, tokenizer: Any, data: Path) -> None:
    tokenizer.chat_template = TEMPLATES[name]
    try:
        settings = PromptSettings.of_template(TEMPLATES[name])
        messages = read(data)[0].messages[:-1]
        made = list(examples(Lesson(messages, 0), tokenizer, settings))
        told = settings.render(messages)
        moves = [m["content"] for m in told["conversation"] if m["role"] == "assistant"]
        taught = [t for e in made for t in e.labels if t != IGNORED]
        assert tokenizer.decode(taught) == "".join(move.strip() + ENDS[name] for move in moves)
        # Piece by piece gives the tokens that the whole text has: nothing reaches over a border.
        whole = tokenizer.apply_chat_template(**told, tokenize=False).rstrip()
        assert made[-1].ids == tokenizer(whole, add_special_tokens=False)["input_ids"]
    finally:
        tokenizer.chat_template = TEMPLATES["smollm2"]


def test_a_benchmark(base: Path, tmp_path: Path) -> None:
    CASES[:2].save(tmp_path / "cases.jsonl")
    entrant = Entrant(f"sft:{base}", seats=2)
    choice = Choice((tmp_path / "cases.jsonl",))
    result = bench("medr-bench", choice, "free-turn", entrant, tmp_path / "o")
    assert (len(result.rows), result.counts["errored"], result.kind) == (2, 0, "contestant")
    assert result.measured.usage is not None
    assert result.measured.usage.completion > 0
    assert list(verify(tmp_path / "o")) == []
    with pytest.raises(BenchError, match="--jobs"):
        bench("medr-bench", choice, "1-turn", entrant, tmp_path / "p")


def test_packed_examples_do_not_see_each_other(base: Path) -> None:
    from medaction_gym.training.model import model_of

    # As it is trained: with a cache, transformers takes a packed row for one text.
    model = model_of(_recipe(base)).eval()
    texts = [list(range(20, 20 + n)) for n in (7, 5, 9)]
    batch = collate([[Example(ids, ids) for ids in texts]])
    with torch.no_grad():
        packed = model(input_ids=batch["input_ids"], position_ids=batch["position_ids"]).logits[0]
        alone = torch.cat([model(input_ids=torch.tensor([ids])).logits[0] for ids in texts])
    torch.testing.assert_close(packed, alone, atol=1e-5, rtol=1e-4)


def test_the_loss_is_that_of_transformers(base: Path) -> None:
    model = transformers.AutoModelForCausalLM.from_pretrained(base).eval()
    ids = list(range(30, 50))
    labels = [IGNORED] * 8 + ids[8:15] + [IGNORED] * 5
    batch = collate([[Example(ids, labels)]])
    taught = batch.pop("labels")
    with torch.no_grad():
        ours = loss(model(**batch), taught)
        theirs = model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss
    torch.testing.assert_close(ours, theirs)
    assert taught.shape == (1, 8)


def test_what_was_learnt_by_heart_is_played_move_by_move(
    base: Path, data: Path, tmp_path: Path
) -> None:
    from medaction_gym.agents import SFTPolicy
    from medaction_gym.lockstep import lockstep
    from medaction_gym.rollout import make_env
    from medaction_gym.trajectory import Settings as Rules

    recipe = _recipe(
        base, epochs=110, learning_rate=4e-3, schedule="constant", play_every=1000, play_cases=1
    )
    recipe = recipe.model_copy(
        update={"data": recipe.data.model_copy(update={"per_case": 1, "tokens": 2000})}
    )
    report = train(recipe, data, tmp_path / "run", play=CaseSet.teaching()[30:32])
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    losses = [entry["loss"] for entry in log if "loss" in entry]
    assert losses[-1] < 0.1 * losses[0]
    played = [entry for entry in log if "play_valid_actions" in entry]
    assert [entry["step"] for entry in played] == [0, report["steps"]]
    assert (tmp_path / "run" / "README.md").read_text().startswith("---\nbase_model")

    # Only if every prompt at play is the one of training does it find its way to the end.
    cases = CASES.filter(lambda case: case.id in report["data"]["case_ids"])
    policy, rules = SFTPolicy(tmp_path / "run"), Rules()
    taught = {
        row.case_id: [
            json.loads(m["content"])
            for m in as_text(brief(row.messages, rationales=False, hypotheses=2))
            if m["role"] == "assistant"
        ]
        for row in draw(read(data), 1, recipe.seed)
    }
    for one in lockstep(cases, policy, lambda: make_env(cases, rules), seats=2, settings=rules):
        moves = [step.action.model_dump(mode="json") for step in one.steps]
        assert one.status == "committed"
        assert [{"rationale": "", **move} for move in moves] == taught[one.case_id]


def test_cases_that_are_played_may_not_be_trained_on(
    base: Path, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="cases to play are trained on"):
        train(_recipe(base), data, tmp_path / "run", play=CASES)


def test_a_killed_run_goes_on_and_ends_as_if_it_had_not_been(
    base: Path, data: Path, tmp_path: Path
) -> None:
    recipe = _recipe(base, epochs=6, save_every=2, method="lora", checkpointing=True)
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    train(recipe, data, whole)
    file = tmp_path / "recipe.json"
    file.write_text(recipe.model_dump_json())
    code = (
        "import sys; from medaction_gym.training.recipe import Recipe; "
        "from medaction_gym.training.sft import train; "
        "import torch; torch.set_num_threads(1); "
        "train(Recipe.model_validate_json(open(sys.argv[1]).read()), sys.argv[2], sys.argv[3])"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(file), str(data), str(killed)],
        env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while last_checkpoint(killed / "checkpoints") is None and time.monotonic() < deadline:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (killed / "adapter_model.safetensors").exists()
    with pytest.raises(RunError, match="--resume"):
        train(recipe, data, killed)
    with pytest.raises(RunError, match="different recipe"):
        train(recipe.model_copy(update={"epochs": 7.0}), data, killed, resume=True)
    train(recipe, data, killed, resume=True)

    from safetensors.torch import load_file

    one, other = (load_file(f / "adapter_model.safetensors") for f in (whole, killed))
    assert one.keys() == other.keys()
    for name in one:
        torch.testing.assert_close(one[name], other[name], atol=1e-5, rtol=1e-4)


def test_a_half_written_checkpoint_is_no_checkpoint(tmp_path: Path) -> None:
    for name, whole in (("checkpoint-8", True), ("checkpoint-10", True), ("checkpoint-12", False)):
        (tmp_path / name).mkdir()
        if whole:
            (tmp_path / name / "trainer_state.json").write_text("{}")
    found = last_checkpoint(tmp_path)
    assert found is not None
    assert found.name == "checkpoint-10"
    assert last_checkpoint(tmp_path / "none") is None


@pytest.mark.parametrize("name", recipes.shipped())
def test_shipped_recipes_make_a_batch_and_a_trainer(
    name: str, base: Path, tokenizer: Any, data: Path, tmp_path: Path
) -> None:
    from medaction_gym.training import model as models
    from medaction_gym.training.sft import arguments

    recipe = recipes.load(name, {"base": str(base)})
    made = models.tokenizer_of(recipe)
    settings = models.prompt_settings(recipe, made)
    assert settings.form == "json"
    dataset = build(read(data), recipe.data, made, settings, recipe.seed)
    batch = collate(dataset.rows[: recipe.rows_per_step])
    assert batch["labels"].shape[1] == len(batch["logits_to_keep"]) + 1
    assert batch["input_ids"].shape[1] <= recipe.data.row * recipe.rows_per_step
    told = arguments(recipe, tmp_path)
    assert told.learning_rate == recipe.learning_rate


def test_pairs_of_the_tree_train_a_preference(base: Path, data: Path, tmp_path: Path) -> None:
    pytest.importorskip("trl", reason="needs the extra: pip install 'medaction-gym[sft,trl]'")
    from medaction_gym.training import dpo

    train(_recipe(base, method="lora", epochs=0.5), data, tmp_path / "sft")
    recipe = _recipe(tmp_path / "sft", learning_rate=1e-3, epochs=3)
    report = dpo.train(recipe, data, tmp_path / "dpo", pairs=4)
    log = [json.loads(line) for line in (tmp_path / "dpo" / "log.jsonl").read_text().splitlines()]
    margins = [entry["rewards/margins"] for entry in log if "rewards/margins" in entry]
    assert report["data"]["pairs"] == 4
    assert margins[-1] > margins[0]
    assert (tmp_path / "dpo" / "medaction_prompt.json").exists()
