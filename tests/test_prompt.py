"""The prompt that language models are trained on and play with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medaction_gym.actions import Commit, Malformed, OrderTest, UpdateDifferential
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.episode import Episode
from medaction_gym.prompt import (
    Limits,
    PromptSettings,
    as_text,
    conversation,
    lessons,
    read_call,
    read_text,
    shorten,
)
from medaction_gym.prompt.cut import cut, estimate
from medaction_gym.trajectory import Trajectory

ROW = Path(__file__).parents[1] / "docs" / "examples" / "distilled.jsonl"
CASES = CaseSet.teaching()


def row() -> list[dict[str, Any]]:
    with ROW.open(encoding="utf-8") as file:
        messages: list[dict[str, Any]] = json.loads(file.readline())["messages"]
    return messages


def tight(total: int, form: Any = "json") -> PromptSettings:
    return PromptSettings(form=form, limits=Limits(total=total, opening=200, answer=100))


def calls(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [c["function"] for m in messages for c in m.get("tool_calls", ())]


def test_an_episode_reads_as_its_trajectory_does() -> None:
    episode = Episode.start(CASES[0]).act((0, "CT head")).act("nonsense").act((2, "Gout"))
    assert conversation(episode) == Trajectory.of(episode).messages()
    with_reason = conversation(episode, ["Because."])
    assert [m["content"] for m in with_reason if m["role"] == "assistant"] == [
        "Because.",
        "nonsense",
        "",
    ]


@pytest.mark.parametrize("total", [700, 900, 1200, 1600, 100_000])
@pytest.mark.parametrize("form", ["json", "tools"])
def test_lessons_hold_the_prompts_of_play(total: int, form: str) -> None:
    messages, how = row(), tight(total, form)
    found = list(lessons(messages, how))
    trained = []
    for lesson in found:
        assert lesson.messages[-1]["role"] == "assistant"
        for at in range(lesson.first, len(lesson.messages)):
            if lesson.messages[at]["role"] == "assistant":
                trained.append(lesson.messages[at])
                turn = messages.index(lesson.messages[at])
                assert lesson.messages[:at] == shorten(messages[:turn], how)
    assert trained == [m for m in messages if m["role"] == "assistant"]
    if total in (700, 100_000):  # what lies between depends on how long the teacher's rows are
        assert (len(found) == 1) == (total == 100_000)


orders = st.sampled_from(["CBC", "CT head", "chest x-ray", "lipase", "MRI of everything", "ECG"])
beliefs = st.lists(st.sampled_from(["Gout", "Scabies", "Stroke"]), min_size=1, unique=True)
moves = st.one_of(
    orders.map(lambda test: {"action": "order_test", "test": test}),
    beliefs.map(
        lambda names: {
            "action": "update_differential",
            "differential": [{"disease": name, "probability": 0.3} for name in names],
        }
    ),
    st.just("I wonder."),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(moves, max_size=25), st.integers(600, 1500), st.integers(0, len(CASES) - 1))
def test_what_is_never_lost(played: list[Any], total: int, case: int) -> None:
    episode = Episode.start(CASES[case])
    for raw in played:
        episode = episode.act(raw)
    whole, how = conversation(episode), tight(total)
    short = shorten(whole, how)
    roles = [m["role"] for m in as_text(short)]
    assert roles == ["system", *["user", "assistant"] * (len(roles) // 2 - 1), "user"]
    stated = [c["arguments"] for c in calls(whole) if c["name"] == "update_differential"]
    told = [c["arguments"] for c in calls(short) if c["name"] == "update_differential"]
    assert told[-1:] == stated[-1:]
    read = " ".join(m["content"] for m in short) + json.dumps(calls(short))
    assert all(c["arguments"]["test"] in read for c in calls(whole) if c["name"] == "order_test")
    if played:
        last = cut(episode.turns[-1].message, 100)
        assert short[-1]["content"] == last
    results = [t.message for t in episode.turns if isinstance(t.action, OrderTest)]
    assert not results or cut(results[-1], 100) in [m["content"] for m in short]
    if how.size(whole) <= 400:
        assert [m["role"] for m in short] == [m["role"] for m in whole]


def test_shortened_prompts_keep_to_the_total() -> None:
    for total in (900, 1200, 1600):
        messages, how = row(), tight(total)
        for turn, message in enumerate(messages):
            if message["role"] == "assistant":
                assert how.size(shorten(messages[:turn], how)) <= total


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("ab. \n;A1(é"), max_size=600), st.integers(4, 150))
def test_a_cut_text_fits(text: str, limit: int) -> None:
    short = cut(text, limit)
    # Counted in pieces, an estimate rounds up oftener than in one.
    assert estimate(short) <= limit + 3
    if estimate(text) <= limit:
        assert short == text
    else:
        assert len(short) < len(text) + 4


def test_a_cut_report_keeps_its_name_and_its_conclusion() -> None:
    middle = " ".join(f"Slice {n} shows nothing of note." for n in range(60))
    report = f"CT abdomen: Done with contrast. {middle} Conclusion: appendicitis."
    short = cut(report, 60)
    assert short.startswith("CT abdomen: Done with contrast.")
    assert short.endswith("Conclusion: appendicitis.")
    both = cut(f"{report}\nLipase: 20 U/L.", 80)
    assert "Lipase: 20 U/L." in both
    assert both.count("[…]") == 1


@pytest.mark.parametrize(
    ("text", "kind", "rationale"),
    [
        ('{"rationale": "Why.", "action": "order_test", "test": "CT"}', OrderTest, "Why."),
        ('```json\n{"action": "commit", "diagnosis": "Gout"}\n```', Commit, ""),
        ('<think>{"action": 1}</think>{"action": "commit", "diagnosis": "G"}', Commit, ""),
        (
            'Hm {this} is {"name": "commit", "arguments": {"diagnosis": "G"}}',
            Commit,
            "Hm {this} is",
        ),
        ('<|python_tag|>{"name": "order_test", "parameters": {"test": "CT"}}', OrderTest, ""),
        ('{"name": "commit", "arguments": "{\\"diagnosis\\": \\"G\\"}"}', Commit, ""),
        (
            '{"action": "commit", "diagnosis": "A"} {"action": "order_test", "test": "B"}',
            Commit,
            "",
        ),
        (
            '{"action": "update_differential", "differential": [{"disease": "Gout",\n'
            '"probability": 0.5}]}',
            UpdateDifferential,
            "",
        ),
        ('{"rationale": "a\nb", "action": "commit", "diagnosis": "Gout"}', Commit, "a\nb"),
        ('{"rationale": 5, "action": "commit", "diagnosis": "Gout"}', Commit, "5"),
        ("<think>it is gout, so", Malformed, ""),
        ('{"name": "commit", "arguments": ["Gout"]}', Malformed, ""),
        ('{"diagnosis": "Gout"}', Malformed, ""),
        ('{"action": "commit", "diagnosis": ', Malformed, ""),
        ("", Malformed, ""),
    ],
)
def test_reading_a_move(text: str, kind: type, rationale: str) -> None:
    move = read_text(text)
    assert type(move.action) is kind, move
    assert move.rationale == rationale
    if isinstance(move.action, Malformed):
        assert move.action.reason


def test_a_call_that_is_none() -> None:
    for name, arguments in (("sing", "{}"), ("commit", "[1]"), ("", ""), ("commit", "{" * 9_000)):
        assert isinstance(read_call(name, arguments).action, Malformed)


@settings(max_examples=150, deadline=None)
@given(st.text(st.sampled_from('{}[]":,\\ actionmeu<>|\x00\ud800'), max_size=200))
def test_reading_never_raises(text: str) -> None:
    read_text(text)


def test_what_a_model_wrote_reads_back_as_it_was() -> None:
    for message in as_text(row()):
        if message["role"] == "assistant":
            assert not isinstance(read_text(message["content"]).action, Malformed)


def test_settings_travel_with_a_model(tmp_path: Path) -> None:
    assert PromptSettings.load(tmp_path) is None
    chosen = PromptSettings.of_template("{{ tools }}", Limits(total=999))
    assert chosen.form == "tools"
    chosen.save(tmp_path)
    assert PromptSettings.load(tmp_path) == chosen
    chosen.model_copy(update={"digest": "0"}).save(tmp_path)
    with pytest.raises(ValueError, match="another prompt"):
        PromptSettings.load(tmp_path)
    (tmp_path / "medaction_prompt.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match="is damaged"):
        PromptSettings.load(tmp_path)


def test_a_template_without_a_system_role() -> None:
    how = PromptSettings.of_template("{{ raise_exception('System role not supported') }}")
    told = how.render(row()[:2])["conversation"]
    assert [m["role"] for m in told] == ["user"]
    assert told[0]["content"].startswith("You are a doctor")
