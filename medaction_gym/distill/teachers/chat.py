"""ChatTeacher: any language model behind an OpenAI-compatible endpoint.

It is shown the conversation that a row of the data set would hold up to this point, and nothing
else of the case. What it answers that is no action becomes a malformed move: a branch of the tree
that is recorded and not grown on. An endpoint that fails is no move at all: the case is given up
with `TeacherError`, and tried again when the run is resumed.

Every reply is kept in the cache under the exact request, seed included, before it is used. So a
run that was killed grows the same trees again as far as it had come, and pays for the rest only.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from importlib.util import find_spec
from weakref import finalize

from medaction_gym.actions import Malformed
from medaction_gym.cases.case import Case
from medaction_gym.chat import Candidate as Answer
from medaction_gym.chat import ChatError, Usage
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.distill.messages import history
from medaction_gym.distill.node import Candidate, Node
from medaction_gym.distill.teachers.base import TeacherError
from medaction_gym.prompt.reply import read_answer
from medaction_gym.prompt.request import request

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
        self._client = endpoint.client()
        # Teachers are not closed by those who use them; this one's connections end with it.
        finalize(self, self._client.close)

    def candidates(self, node: Node, k: int, rng: random.Random) -> list[Candidate]:
        """Ask for k moves.

        Raises:
            TeacherError: If the endpoint fails, retries included.
        """
        asked = self._endpoint.options | request(history(node), self._endpoint)
        seed = rng.randrange(SEEDS - k)
        # An endpoint that gives one at a time is asked with the next seed by the client itself.
        asks = [(seed, k)] if self._endpoint.several else [(seed + i, 1) for i in range(k)]
        found = []
        for seed, n in asks:
            try:
                reply = self._client.ask(n=n, seed=seed, **asked)
            except ChatError as error:
                raise TeacherError(str(error)) from None
            self.usage += reply.usage
            found += [_candidate(answer) for answer in reply.candidates]
        return found


def _candidate(answer: Answer) -> Candidate:
    read = read_answer(answer)
    plan = "malformed" if isinstance(read.action, Malformed) else "proposed"
    return Candidate(read.action, read.rationale, plan)
