"""Several candidates, tool calls and forms: what is read, and what is asked again."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, ConfigDict

from medaction_gym.chat import ReplyError, tool
from tests.chat.asked import GOOD, HELLO, Answer, Clients
from tests.chat_server import ChatServer, Step, fails, says


class OrderTest(BaseModel):
    """Order one test."""

    model_config = ConfigDict(extra="forbid")

    test: str


def test_candidates(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.script += [says("a", "b", "c")]
    assert [c.text for c in chat_client().ask(HELLO, n=3).candidates] == ["a", "b", "c"]
    assert chat_server.requests[0]["n"] == 3


def test_endpoints_that_give_one_candidate_at_a_time(
    chat_server: ChatServer, chat_client: Clients
) -> None:
    chat_server.script += [says("a"), says("b"), says("c")]
    client = chat_client()
    reply = client.ask(HELLO, n=3, seed=7)
    assert [c.text for c in reply.candidates] == ["a", "b", "c"]
    assert [(r.get("n"), r["seed"]) for r in chat_server.requests] == [(3, 7), (2, 8), (None, 9)]
    assert client.usage.requests == 3


def test_endpoints_that_refuse_several_candidates(
    chat_server: ChatServer, chat_client: Clients
) -> None:
    chat_server.default = lambda r: fails(400, "n must be 1") if "n" in r else says(str(r["seed"]))
    client = chat_client()
    assert [c.text for c in client.ask(HELLO, n=3, seed=1).candidates] == ["1", "2", "3"]
    assert [c.text for c in client.ask(HELLO, n=2, seed=5).candidates] == ["5", "6"]
    assert ["n" in request for request in chat_server.requests].count(True) == 1


def test_tools(chat_server: ChatServer, chat_client: Clients) -> None:
    chat_server.script += [says(None, calls=[("order_test", {"test": "ferritin"})])]
    tools = [tool("order_test", OrderTest)]
    forms = {"order_test": OrderTest}
    found = chat_client().ask_for(HELLO, lambda c: c.as_calls(forms), tools=tools)
    assert found == [[OrderTest(test="ferritin")]]
    function = chat_server.requests[0]["tools"][0]["function"]
    assert function["description"] == "Order one test."
    assert function["parameters"]["required"] == ["test"]


@pytest.mark.parametrize(
    "bad",
    [
        says(None, calls=[("order_test", '{"test": "ferr')]),
        says(None, calls=[("order_test", {"tset": "ferritin"})]),
        says(None, calls=[("order_test", "[]")]),
        says(None, calls=[("prescribe", {"drug": "x"})]),
        says("I would order ferritin."),
        says(None),
    ],
)
def test_malformed_tool_calls_are_asked_again(
    chat_server: ChatServer, chat_client: Clients, bad: Step
) -> None:
    chat_server.script += [bad, says(None, calls=[("order_test", {"test": "ferritin"})])]
    client = chat_client()
    found = client.ask_for(HELLO, lambda c: c.as_calls({"order_test": OrderTest}))
    assert found == [[OrderTest(test="ferritin")]]
    roles = [m["role"] for m in chat_server.requests[1]["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert "cannot be used" in chat_server.requests[1]["messages"][-1]["content"]
    assert client.usage.requests == 2


@pytest.mark.parametrize(
    "text", [GOOD, f"```json\n{GOOD}\n```", f"<think>{{hm}}</think>Here: {GOOD}."]
)
def test_forms(chat_server: ChatServer, chat_client: Clients, text: str) -> None:
    chat_server.default = says(text)
    assert chat_client().ask_form(HELLO, Answer).verdict == "yes"
    assert chat_server.requests[0]["response_format"]["json_schema"]["strict"] is True
    chat_client().ask_form(HELLO, Answer, response_format=None)
    assert "response_format" not in chat_server.requests[1]


def test_a_form_never_met_is_an_error_of_the_reply(
    chat_server: ChatServer, chat_client: Clients
) -> None:
    chat_server.default = says('{"why": "", "verdict": "perhaps"}')
    with pytest.raises(ReplyError, match="'yes' or 'no'") as caught:
        chat_client().ask_form(HELLO, Answer, attempts=3)
    assert caught.value.attempts == len(chat_server.requests) == 3


def test_the_good_candidates_of_several_are_kept(
    chat_server: ChatServer, chat_client: Clients
) -> None:
    chat_server.default = says("bad", GOOD, "worse", GOOD)
    found = chat_client().ask_for(HELLO, lambda c: c.as_json(Answer), n=4)
    assert [answer.verdict for answer in found] == ["yes", "yes"]
    assert len(chat_server.requests) == 1
