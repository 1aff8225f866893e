"""SFTPolicy with a tiny model made on the spot: what it says is nonsense, and nothing breaks.

scripts/test_extra.sh policy sft constrained
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medaction_gym.actions import Malformed
from medaction_gym.agents import SFTPolicy, sft
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.prompt import SYSTEM_PROMPT, TOOLS, Limits, PromptSettings, as_text
from medaction_gym.prompt.grammar import AS_JSON
from medaction_gym.rollout import run
from medaction_gym.trajectory import Settings, Trajectory

torch = pytest.importorskip("torch", reason="needs the extra: pip install 'medaction-gym[sft]'")
transformers = pytest.importorskip("transformers")
pytestmark = pytest.mark.filterwarnings("ignore")  # torch's and transformers' own

CASES = CaseSet.teaching()[:4]
ROWS = Path(__file__).parents[2] / "docs" / "examples" / "distilled.jsonl"
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LIMITS = Limits(total=1100, opening=300, answer=80, reply=160)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of some 200,000 weights, none of them trained, with a tokenizer of 900 tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    out = tmp_path_factory.mktemp("tiny")
    with ROWS.open(encoding="utf-8") as file:
        texts = [m["content"] for line in file for m in as_text(json.loads(line)["messages"])]
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    special = ["<|im_start|>", "<|im_end|>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=special, initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator([*texts, SYSTEM_PROMPT, AS_JSON, json.dumps(TOOLS)], trainer)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=raw, eos_token="<|im_end|>", pad_token="<|im_end|>"
    )
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(out)
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=4, max_position_embeddings=2048,
        eos_token_id=tokenizer.eos_token_id, bos_token_id=None, pad_token_id=tokenizer.pad_token_id,
    )  # fmt: skip
    transformers.LlamaForCausalLM(config).save_pretrained(out)
    PromptSettings.of_template(TEMPLATE, LIMITS).save(out)
    return out


def play(name: str, out: Path, seats: int, turns: int = 6) -> list[Trajectory]:
    settings = Settings.model_validate({"rules": {"max_turns": turns}})
    return run(CASES, name, out, settings=settings, seats=seats)


def test_nonsense_ends_no_episode_early(folder: Path, tmp_path: Path) -> None:
    played = play(f"sft:{folder}", tmp_path, seats=4)
    assert [t.status for t in played] == ["truncated"] * 4, [t.error for t in played]
    assert all(isinstance(step.action, Malformed) for t in played for step in t.steps)


def test_held_to_the_schema_every_action_is_valid(folder: Path, tmp_path: Path) -> None:
    pytest.importorskip("llguidance", reason="needs the extra 'constrained'")
    played = play(f"sft:{folder}?constrained=1&temperature=1", tmp_path, seats=4, turns=8)
    assert {t.status for t in played} <= {"committed", "truncated"}, [t.error for t in played]
    steps = [step for t in played for step in t.steps]
    whole = [step for step in steps if not isinstance(step.action, Malformed)]
    # An answer longer than the limit is cut off, and so malformed; nothing else is.
    assert len(whole) >= len(steps) // 4
    for step in steps:
        if isinstance(step.action, Malformed):
            assert step.action.received.startswith('{"rationale": "'), step.action


@pytest.fixture
def exactly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """In bf16, an untrained model has many close calls, which the shape of a batch may tip."""
    monkeypatch.setattr(sft, "computes_bf16", lambda place: False)
    sft._load.cache_clear()
    yield
    sft._load.cache_clear()


@pytest.mark.usefixtures("exactly")
def test_several_at_once_say_what_each_says_alone(folder: Path, tmp_path: Path) -> None:
    one, four = (play(f"sft:{folder}", tmp_path / str(n), n, turns=3) for n in (1, 4))
    received = [[s.action.received for t in ts for s in t.steps] for ts in (one, four)]  # type: ignore[union-attr]
    same = sum(a == b for a, b in zip(*received, strict=True))
    assert same >= len(received[0]) * 3 // 4, "rounding tips a close call now and then, no more"


def test_an_adapter_plays(folder: Path, tmp_path: Path) -> None:
    peft = pytest.importorskip("peft")
    base = transformers.AutoModelForCausalLM.from_pretrained(folder)
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=2, target_modules=["q_proj", "v_proj"])
    peft.get_peft_model(base, config).save_pretrained(tmp_path / "adapter")
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path / "adapter")
    PromptSettings.load(folder).save(tmp_path / "adapter")  # type: ignore[union-attr]
    adapted = play(f"sft:{tmp_path / 'adapter'}", tmp_path / "a", 2, turns=2)
    plain = play(f"sft:{folder}", tmp_path / "b", 2, turns=2)
    # A fresh adapter changes nothing.
    assert [t.steps for t in adapted] == [t.steps for t in plain]


def test_a_prompt_longer_than_the_model_is_cut(folder: Path, tmp_path: Path) -> None:
    policy: Any = SFTPolicy(folder)
    assert policy.prompt.limits == LIMITS
    short = tmp_path / "short"
    short.mkdir()
    for file in folder.iterdir():
        (short / file.name).write_bytes(file.read_bytes())
    config = json.loads((short / "config.json").read_text(encoding="utf-8"))
    config["max_position_embeddings"] = 300
    (short / "config.json").write_text(json.dumps(config), encoding="utf-8")
    played = play(f"sft:{short}", tmp_path / "run", 2, turns=2)
    assert {t.status for t in played} == {"truncated"}, [t.error for t in played]
