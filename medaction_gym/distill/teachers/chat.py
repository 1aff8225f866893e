"""ChatTeacher: any language model behind an OpenAI-compatible endpoint.

It is shown the conversation that a row of the data set would hold up to this point, and nothing
else of the case. What it answers that is no action becomes a malformed move: a branch of the tree
that is recorded and not grown on. An endpoint that fails is no move at all: the case is given up
with `TeacherError`, and tried again when the run is resumed.

Every reply is kept in the cache under the exact request, seed included, before it is used. So a
run that was killed grows the same trees again as far as it had come, and pays for the rest only.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any
from weakref import finalize

from medaction_gym.actions import Action, Malformed, parse
from medaction_gym.cases.case import Case
from medaction_gym.chat import Candidate as Answer
from medaction_gym.chat import ChatClient, ChatError, Usage
from medaction_gym.distill.messages import TOOLS, as_calls, as_text, history
from medaction_gym.distill.node import Candidate, Node
from medaction_gym.distill.teachers.base import TeacherError
from medaction_gym.distill.teachers.endpoint import Endpoint

SEEDS = 2**31  # endpoints take a signed 32-bit seed


class ChatTeacher:
    """See the module.

    Args:
        cases: Not looked at; every teacher is made in the same way.
        endpoint: The model, and how it is reached.

    Attributes:
        usage: What all replies so far cost when they were paid for, those from the cache included.

    Raises:
        ValueError: If the endpoint is not usable as described.
    """

    name = "chat"
    privileged = False

    def __init__(self, cases: Iterable[Case] = (), endpoint: Endpoint | None = None) -> None:
        if endpoint is None:
            raise ValueError("the teacher 'chat' needs a model: --model NAME, or OPENAI_MODEL")
        if find_spec("openai") is None:
            raise ValueError("the teacher 'chat' needs openai: pip install 'medaction-gym[llm]'")
        self.usage = Usage()
        self._endpoint = endpoint
        self._client = ChatClient(
            endpoint.model,
            base_url=endpoint.base_url or None,
            cache=endpoint.cache or None,
            timeout=endpoint.timeout,
            retries=endpoint.retries,
            per_minute=endpoint.per_minute,
        )
        # Teachers are not closed by those who use them; this one's connections end with it.
        finalize(self, self._client.close)

    def candidates(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
        """Ask for k moves.

        Raises:
            TeacherError: If the endpoint fails, retries included.
        """
        messages, options = history(node), dict(self._endpoint.options)
        if self._endpoint.form == "json":
            messages = as_text(messages)
        else:
            messages, options["tools"] = as_calls(messages), TOOLS
        seed = rng.randrange(SEEDS - k)
        # An endpoint that gives one at a time is asked with the next seed by the client itself.
        asks = [(seed, k)] if self._endpoint.several else [(seed + i, 1) for i in range(k)]
        found = []
        for seed, n in asks:
            try:
                reply = self._client.ask(messages, n=n, seed=seed, **options)
            except ChatError as error:
                raise TeacherError(str(error)) from None
            self.usage += reply.usage
            found += [self._read(answer) for answer in reply.candidates]
        return found

    def _read(self, answer: Answer) -> Candidate:
        if not answer.tool_calls:
            return written(answer.answer)
        call = answer.tool_calls[0]
        action: Action | Malformed
        try:
            given = json.loads(call.arguments or "{}")
            if not isinstance(given, dict):
                raise ValueError("the arguments are no object")
            action = parse({**given, "action": call.name})
        except (ValueError, RecursionError) as error:
            action = Malformed(reason=f"{call.name}: {error}"[:300], received=answer.said()[:200])
        return Candidate(action, answer.answer, _plan(action))


def written(text: str) -> Candidate:
    """A move written as a JSON object, with whatever is written around it as its reason.

    Example:
        >>> move = written('Sounds like gout. {"action": "commit", "diagnosis": "Gout"}')
        >>> move.action.diagnosis, move.rationale
        ('Gout', 'Sounds like gout.')
        >>> written("I would rather not.").plan
        'malformed'
    """
    first, last = text.find("{"), text.rfind("}")
    if first < 0 or last < first:
        lost = Malformed(reason="no tool was called, and no action written", received=text[:200])
        return Candidate(lost, "", "malformed")
    around = f"{text[:first]} {text[last + 1 :]}".replace("```json", "").replace("```", "").strip()
    inside = text[first : last + 1]
    try:
        given: dict[str, Any] = json.loads(inside)  # what begins with a brace is an object
        reason = str(given.pop("rationale", "")).strip()
        action = parse(given)
    except (ValueError, RecursionError) as error:
        reason = ""
        action = Malformed(reason=f"not JSON: {error}"[:300], received=inside[:200])
    return Candidate(action, reason or around, _plan(action))


def _plan(action: Action | Malformed) -> str:
    return "malformed" if isinstance(action, Malformed) else "proposed"
