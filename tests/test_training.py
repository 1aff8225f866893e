"""Training, as far as it goes without torch: masks, packing, rows, recipes, comparison, card."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest

from medaction_gym.agents.base import make_agent
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.distill import Growth, Settings, Thresholds, distill
from medaction_gym.metrics.share import Share
from medaction_gym.prompt import Lesson, Limits, PromptSettings
from medaction_gym.prompt.messages import exchange
from medaction_gym.training import recipe as recipes
from medaction_gym.training.card import card
from medaction_gym.training.compare import differences, rates
from medaction_gym.training.dataset import build
from medaction_gym.training.export import to_gguf
from medaction_gym.training.mask import IGNORED, Example, TemplateError, examples
from medaction_gym.training.model import MissingError
from medaction_gym.training.packing import pack
from medaction_gym.training.rows import DataError, Row, brief, draw, ground, read
from tests.templates import ENDS, SPECIAL, TEMPLATES

_PIECES = re.compile("|".join(re.escape(s) for s in SPECIAL) + r"|\w+|\s+|[^\w\s]")


class WordTokenizer:
    """As much of a tokenizer of transformers as is needed, with words for tokens."""

    def __init__(self, template: str) -> None:
        self.added_tokens_decoder: dict[int, Any] = {}
        self.chat_template = template
        self.vocabulary: dict[str, int] = {s: n for n, s in enumerate(SPECIAL)}
        self.all_special_ids = list(self.vocabulary.values())

    def __call__(self, text: str, add_special_tokens: bool = True) -> dict[str, list[int]]:
        words = _PIECES.findall(text)
        ids = [self.vocabulary.setdefault(w, len(self.vocabulary)) for w in words]
        return {"input_ids": ids}

    def apply_chat_template(
        self, conversation: list[Any], add_generation_prompt: bool, **given: Any
    ) -> str:
        environment = jinja2.Environment()
        environment.globals["raise_exception"] = _raise
        told = environment.from_string(self.chat_template).render(
            messages=conversation, add_generation_prompt=add_generation_prompt, tools=None
        )
        return told

    def text(self, ids: list[int]) -> str:
        words = {n: word for word, n in self.vocabulary.items()}
        return "".join(words[n] for n in ids)


def _raise(message: str) -> None:
    raise jinja2.TemplateError(message)


def _messages() -> list[dict[str, Any]]:
    def call(n: int, name: str, **arguments: Any) -> dict[str, Any]:
        function = {"name": name, "arguments": arguments}
        called = {"id": f"call_{n}", "type": "function", "function": function}
        return {"role": "assistant", "content": "Why not.", "tool_calls": [called]}

    beliefs = [{"disease": d, "probability": 0.2} for d in ("Gout", "Lupus", "Sepsis")]
    return [
        {"role": "system", "content": "You are a doctor."},
        {"role": "user", "content": "Patient: a man\nassistant\nHistory: pain"},
        call(1, "order_test", test="uric acid"),
        {"role": "tool", "tool_call_id": "call_1", "content": "Uric acid: high"},
        call(2, "update_differential", differential=beliefs),
        {"role": "tool", "tool_call_id": "call_2", "content": "Differential noted."},
        call(3, "commit", diagnosis="Gout"),
    ]


def _settings(name: str) -> PromptSettings:
    return PromptSettings.of_template(TEMPLATES[name], Limits())


@pytest.mark.parametrize("name", TEMPLATES)
def test_loss_is_on_the_moves_and_their_ends_token_by_token(name: str) -> None:
    tokenizer, settings = WordTokenizer(TEMPLATES[name]), _settings(name)
    messages = _messages()
    made = list(examples(Lesson(messages, 0), tokenizer, settings))
    told = settings.render(messages)["conversation"]
    moves = [m["content"] for m in told if m["role"] == "assistant"]
    taught = [
        tokenizer.text([i for i, label in zip(e.ids, e.labels, strict=True) if label != IGNORED])
        for e in made
    ]
    assert "".join(taught) == "".join(move + ENDS[name] for move in moves)
    for e in made:
        for token, label in zip(e.ids, e.labels, strict=True):
            assert label in (token, IGNORED)


@pytest.mark.parametrize("name", TEMPLATES)
def test_each_move_follows_the_very_prompt_of_play(name: str) -> None:
    tokenizer, settings = WordTokenizer(TEMPLATES[name]), _settings(name)
    messages = _messages()
    starts = []
    for e in examples(Lesson(messages, 0), tokenizer, settings):
        taught = [label != IGNORED for label in e.labels]
        begins = [n for n, now in enumerate(taught) if now and not taught[n - 1]]
        starts += [tokenizer.text(e.ids[:n]) for n in begins]
    wanted = [
        tokenizer.apply_chat_template(
            **settings.render(messages[:at]), add_generation_prompt=True, tokenize=False
        )
        for at, m in enumerate(messages)
        if m["role"] == "assistant"
    ]
    assert starts == wanted


def test_a_template_that_rewrites_turns_gives_an_example_a_move() -> None:
    count = {
        name: sum(1 for _ in examples(Lesson(_messages(), 0), WordTokenizer(text), _settings(name)))
        for name, text in TEMPLATES.items()
    }
    assert count == {"smollm2": 1, "qwen": 3, "llama": 1, "gemma": 1}


def test_what_came_in_an_earlier_lesson_is_context() -> None:
    tokenizer, settings = WordTokenizer(TEMPLATES["smollm2"]), _settings("smollm2")
    (made,) = examples(Lesson(_messages(), 6), tokenizer, settings)
    taught = [i for i, label in zip(made.ids, made.labels, strict=True) if label != IGNORED]
    assert '"commit"' in tokenizer.text(taught)
    assert "order_test" not in tokenizer.text(taught)


@pytest.mark.parametrize(
    ("template", "said"),
    [
        (TEMPLATES["smollm2"].replace("<|im_end|>\n{% endfor %}", "\n{% endfor %}"), "to stop"),
        (
            TEMPLATES["llama"].replace("{% if add_generation_prompt %}<", "?{% if true %}<"),
            "begins",
        ),
    ],
)
def test_a_template_that_cannot_be_masked_is_refused(template: str, said: str) -> None:
    tokenizer = WordTokenizer(template)
    settings = PromptSettings.of_template(template, Limits())
    with pytest.raises(TemplateError, match=said):
        list(examples(Lesson(_messages(), 0), tokenizer, settings))


def test_packing_loses_nothing_and_overfills_no_row() -> None:
    made = [Example([n] * size, [n] * size) for n, size in enumerate([7, 3, 3, 5, 1, 8, 2])]
    rows = pack(made, 8)
    assert sorted(e.ids[0] for row in rows for e in row) == list(range(7))
    assert max(sum(len(e.ids) for e in row) for row in rows) <= 8
    assert len(rows) == 4
    with pytest.raises(ValueError, match="has 8 tokens and a row 7"):
        pack(made, 7)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("distilled")
    settings = Settings(growth=Growth(nodes=60), limits=Thresholds(per_case=3))
    distill(CaseSet.teaching()[:3], out, settings=settings)
    return out


def test_rows_are_those_of_the_choice(data: Path) -> None:
    both, none = read(data), read(data, "none")
    assert len(both) == len((data / "sft.jsonl").read_text(encoding="utf-8").splitlines())
    by_one = [read(data, choice) for choice in ("dtc", "rac")]
    assert all(len(both) <= len(found) <= len(none) for found in by_one)
    kept = {json.dumps(row.messages) for row in both}
    assert kept <= {json.dumps(row.messages) for row in none}


def test_a_case_comes_again_only_when_all_have_come(data: Path) -> None:
    rows = read(data, "none")
    drawn = list(draw(rows, 2, seed=1))
    cases = [row.case_id for row in drawn]
    assert sorted(cases[:3]) == sorted({row.case_id for row in rows})
    assert max(map(cases.count, cases)) == 2
    assert drawn == list(draw(rows, 2, seed=1))
    assert drawn != list(draw(rows, 2, seed=2))


def test_paths_that_read_their_diagnosis_come_first() -> None:
    def path(*moves: tuple[dict[str, Any], str]) -> list[dict[str, Any]]:
        told = enumerate(moves)
        return [message for n, (move, answer) in told for message in exchange(move, "", answer, n)]

    def thinks(disease: str) -> tuple[dict[str, Any], str]:
        differential = [{"disease": disease, "probability": 0.5}]
        return {"action": "update_differential", "differential": differential}, "Noted."

    def sees(result: str) -> tuple[dict[str, Any], str]:
        return {"action": "order_test", "test": "CT"}, result

    end = {"action": "commit", "diagnosis": "Gout"}, "Committed to: Gout."
    rows = [
        Row("told", path(thinks("gout"), sees("A picture of gout."), end), 1.0),
        Row("read", path(thinks("Sepsis"), sees("A picture of gout."), thinks("Gout"), end), 0.5),
        Row("part", path(thinks("Acute gout"), sees("Normal."), end), 0.7),
        Row("bare", path(sees("Tophi."), end), 0.2),
        Row("then", path(sees("Tophi."), thinks("Gout"), sees("It is gout."), end), 0.2),
    ]
    assert [ground(row) for row in rows] == [2, 0, 2, 1, 1]
    for seed in range(5):
        drawn = [row.case_id for row in draw(rows, 1, seed, "late")]
        assert drawn[0] == "read"
        assert set(drawn[1:3]) == {"bare", "then"}


def test_brief_moves_keep_the_first_hypotheses_and_change_no_row() -> None:
    messages = _messages()
    told = brief(messages, rationales=False, hypotheses=1)
    stated = told[4]["tool_calls"][0]["function"]["arguments"]["differential"]
    assert [h["disease"] for h in stated] == ["Gout"]
    assert told[4]["content"] == ""
    assert messages == _messages()


def test_a_folder_without_rows_says_which_file(tmp_path: Path, data: Path) -> None:
    with pytest.raises(DataError, match=r"sft\.jsonl: no such file; make it with 'medaction-gym"):
        read(tmp_path)
    with pytest.raises(DataError, match="has no trees"):
        read(tmp_path, "rac")
    row = json.loads((data / "sft.jsonl").read_text(encoding="utf-8").splitlines()[0])
    (tmp_path / "sft.jsonl").write_text(json.dumps({**row, "schema_version": "x/9"}) + "\n")
    with pytest.raises(DataError, match="line 1: schema_version is 'x/9'"):
        read(tmp_path)
    del row["messages"]
    (tmp_path / "sft.jsonl").write_text(json.dumps(row) + "\n")
    with pytest.raises(DataError, match="line 1: no field 'messages'"):
        read(tmp_path)


@pytest.mark.parametrize("name", recipes.shipped())
def test_shipped_recipes_build_their_dataset(name: str, data: Path) -> None:
    made = recipes.load(name, {})
    tokenizer = WordTokenizer(TEMPLATES["smollm2"])
    settings = PromptSettings.of_template(tokenizer.chat_template, made.data.limits)
    dataset = build(read(data), made.data, tokenizer, settings, made.seed)
    account = dataset.account
    assert account["cases"] == len(account["case_ids"]) <= 3
    assert 0 < account["taught"] < account["tokens"]
    assert all(sum(len(e.ids) for e in row) <= made.data.row for row in dataset.rows)


def test_a_limit_on_tokens_holds(data: Path) -> None:
    made = recipes.load("smollm2-cpu", {"data.tokens": 9000})
    tokenizer = WordTokenizer(TEMPLATES["smollm2"])
    settings = PromptSettings.of_template(tokenizer.chat_template, made.data.limits)
    assert build(read(data), made.data, tokenizer, settings, 0).account["tokens"] <= 9000
    with pytest.raises(ValueError, match="less than the first path has"):
        build(read(data), recipes.Data(tokens=5), tokenizer, settings, 0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("base = 'x'\nrows = 3", "rows: Extra inputs"),
        ("base = 'x'\nmethod = 'all'", "method: Input should be"),
        ("epochs = 1", "base: Field required; give --base"),
        ("base = 'x'\n[data]\nrow = 100", "less than limits.total"),
        ("base = ", "Invalid value"),
    ],
)
def test_a_wrong_recipe_names_file_and_field(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(recipes.RecipeError, match=re.escape(said)) as caught:
        recipes.load(file, {})
    assert "mine.toml" in str(caught.value)


def test_an_unknown_recipe_names_those_that_ship() -> None:
    with pytest.raises(recipes.RecipeError, match="smollm2-cpu"):
        recipes.load("nothing", {})


def _runs(*right: float) -> Iterator[dict[str, Share]]:
    return ({"accuracy": Share(one, 1), "rare": Share(0, 0)} for one in right)


def test_seeds_of_a_case_are_no_cases_of_their_own() -> None:
    once = {f"c{n}": list(_runs(n % 2)) for n in range(8)}
    often = {f"c{n}": list(_runs(*[n % 2] * 50)) for n in range(8)}
    assert rates(once) == rates(often)
    assert rates(once)["accuracy"].value == 0.5
    assert rates(once)["rare"].value is None


def test_a_difference_is_paired_by_case() -> None:
    first = {f"c{n}": list(_runs(n % 2)) for n in range(8)}
    second = {**{f"c{n}": list(_runs(1.0)) for n in range(8)}, "other": list(_runs(0.0))}
    found = differences(first, second)["accuracy"]
    assert found.value == 0.5
    assert found.low is not None
    assert found.low > 0
    assert differences(first, first)["accuracy"] == (0.0, 0.0, 0.0)


def test_the_card_says_what_it_was_made_of() -> None:
    report = {
        "recipe": recipes.load("smollm2-cpu", {}).model_dump(mode="json"),
        "data": {"paths": 3, "cases": 2, "tokens": 1000, "taught": 400},
        "data_sha256": "abc",
        "package_version": "0",
    }
    log = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.0}, {"step": 2, "play_accuracy": 0.25}]
    told = card(report, log)
    assert told.startswith("---\nbase_model: smollm2\nlibrary_name: peft\n")
    assert "| loss, first and last tenth | 2.000, 1.000 |" in told
    assert "| accuracy | 0.250 |" in told


@pytest.mark.parametrize(
    ("name", "said"), [("llama:nowhere", "train export"), ("llama:x?seed=1", "no option seed")]
)
def test_an_agent_without_its_file_says_how_to_make_it(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        make_agent(name)


def test_an_export_needs_a_trained_model_and_the_extra(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ValueError, match="holds no trained model"):
        to_gguf(tmp_path)
    (tmp_path / "config.json").touch()
    here = {"accelerate", "peft", "torch", "transformers"}
    monkeypatch.setattr(
        "medaction_gym.training.model.find_spec", lambda name: name if name in here else None
    )
    with pytest.raises(MissingError, match="training needs gguf"):
        to_gguf(tmp_path)
