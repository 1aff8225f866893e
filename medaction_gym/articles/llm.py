"""LLM: a compiler that asks a language model what is what, and believes it nothing else.

The model points at sentences; the case holds the article's own words at these places. What cannot
be found in the article is sent back once, with what is wrong with it, and then refused by name.
Which values a result states, what its abbreviations stand for, and the guard against leaks are the
rules' own. An endpoint that fails, or a model that gives no usable answer, says nothing about the
article: that is a `Compiled.failure`, never a refusal.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

from medaction_gym.articles.answer import PROMPT, VERSION, Answer
from medaction_gym.articles.answered import brief, draft_of
from medaction_gym.articles.article import Article
from medaction_gym.articles.compiler import Compiled, Refusal, Refused
from medaction_gym.articles.evidence import Evidence, Unsupported
from medaction_gym.articles.excerpt import excerpt
from medaction_gym.articles.language import looks_english
from medaction_gym.cases.case import Case
from medaction_gym.chat import (
    Candidate,
    ChatClient,
    ChatError,
    EndpointError,
    NotCachedError,
    ReplyError,
)
from medaction_gym.chat.reply import json_format

LIMIT = 60_000  # characters of an article; all but one of the 234 case reports at hand have less
GIVE_UP = 3  # endpoint failures in a row after which nothing more is sent
_ATTEMPTS = 2  # the second is the repair
_PATIENTS = 20
_SHOWN = 12  # faults that a repair request lists
_TOLD = 3  # faults that a refusal lists


class LLMCompiler:
    """Compiles articles by what a language model points at in them.

    Threads may share it; replies that the client's cache holds are not paid for again.

    Args:
        client: Whom to ask.
        options: Of the request, such as a temperature; None leaves one out. An endpoint that
            refuses the JSON schema is asked for plain JSON instead.
        limit: Characters of an article that are sent; see `excerpt`.

    Example:
        >>> LLMCompiler(ChatClient("some-model")).name
        'llm/1 some-model'
    """

    def __init__(
        self, client: ChatClient, options: Mapping[str, Any] | None = None, *, limit: int = LIMIT
    ) -> None:
        if limit < 1:
            raise ValueError(f"the characters to send must be at least 1, not {limit}")
        self.client = client
        self.options = {"temperature": 0} if options is None else dict(options)
        self.limit = limit
        self._schema = "response_format" not in self.options
        self._failed = 0  # in a row
        self._lock = threading.Lock()

    @property
    def name(self) -> str:
        """Version of prompt and form, and the model."""
        return f"{VERSION} {self.client.model}"

    def compile(self, article: Article) -> Compiled:
        """Turn one article into cases, one a patient."""
        if not looks_english(article.text, article.language):
            why = "the guard against leaks reads English only"
            return Compiled(refusals=(Refusal(article.id, "not English", why),))
        shown = excerpt(article, self.limit)
        evidence = Evidence(article)
        try:
            answer = self._ask(article, shown.text, evidence)
        except ChatError as error:
            return Compiled(failure=f"{article.id}: {error}", unread=shown.unread)
        if answer.article == "patients not told apart":
            refusal = Refusal(article.id, "several patients, not told apart", brief(answer.why))
            return Compiled(refusals=(refusal,), unread=shown.unread)
        if answer.article == "no case report":
            refusal = Refusal(article.id, "no case report", brief(answer.why))
            return Compiled(refusals=(refusal,), unread=shown.unread)
        cases: list[Case] = []
        refusals: list[Refusal] = []
        dropped: list[str] = []
        mended = 0
        for number, told in enumerate(answer.patients, 1):
            id = article.id if len(answer.patients) == 1 else f"{article.id}-{number}"
            faults: list[Unsupported] = []
            try:
                case, masked = draft_of(told, id, self.name, evidence, faults).case(article)
                cases.append(case)
                dropped += [f"{id}: {fault}" for fault in faults]
                mended += masked
            except (Refused, ValueError) as error:
                refused = error if isinstance(error, Refused) else Refused.invalid(error)
                more = [f"and {len(faults) - _TOLD} more"] if len(faults) > _TOLD else []
                detail = "; ".join([refused.detail, *map(str, faults[:_TOLD]), *more])
                refusals.append(Refusal(id, refused.reason, detail))
        return Compiled(tuple(cases), tuple(refusals), mended, tuple(dropped), shown.unread)

    def _ask(self, article: Article, text: str, evidence: Evidence) -> Answer:
        """What the model says of an article, the second time if the first was faulty."""
        # JSON, since no quotation mark in an article can end it.
        content = json.dumps({"title": article.title, "text": text}, ensure_ascii=False)
        messages = [{"role": "system", "content": PROMPT}, {"role": "user", "content": content}]
        try:
            try:
                form = {"response_format": json_format(Answer)} if self._schema else {}
                answer = self._answer(messages, evidence, form)
            except (EndpointError, NotCachedError) as error:
                refused = error.status in (400, 422)
                if not self._schema or not (refused or isinstance(error, NotCachedError)):
                    raise
                answer = self._answer(messages, evidence, {})
                self._schema = not refused  # it was the schema that the endpoint refused
        except EndpointError as error:
            if error.status not in (400, 413, 422):  # those are about this request
                with self._lock:
                    self._failed += 1
                    # What is in the cache stays good.
                    self.client.replay = self.client.replay or self._failed >= GIVE_UP
            raise
        except NotCachedError as error:
            if self._failed < GIVE_UP:
                raise
            why = f"not asked, since the endpoint failed {GIVE_UP} times in a row"
            raise EndpointError(why, error.endpoint, error.model) from None
        with self._lock:
            self._failed = 0
        return answer

    def _answer(
        self,
        messages: list[dict[str, str]],
        evidence: Evidence,
        form: Mapping[str, Any],
    ) -> Answer:
        usable: list[Answer] = []
        asked = 0

        def read(candidate: Candidate) -> Answer:
            nonlocal asked
            asked += 1
            if candidate.finish_reason == "length":
                raise ValueError("the answer was cut off by the limit of tokens; copy less")
            answer = candidate.as_json(Answer)
            if (answer.article == "case report") != bool(answer.patients):
                raise ValueError("patients: one entry a patient if and only if it is a case report")
            if len(answer.patients) > _PATIENTS:
                raise ValueError(f"patients: {len(answer.patients)}; at most {_PATIENTS}")
            usable.append(answer)
            faults = self._faults(answer, evidence) if asked < _ATTEMPTS else []
            if faults:
                listed = "\n".join(faults[:_SHOWN])
                raise ValueError(f"some of it is not supported by the article.\n{listed}")
            return answer

        try:
            return self.client.ask_for(
                messages, read, attempts=_ATTEMPTS, **{**form, **self.options}
            )[0]
        except ReplyError:
            if usable:
                return usable[-1]  # the repair made it worse
            raise

    def _faults(self, answer: Answer, evidence: Evidence) -> list[str]:
        """What is wrong with an answer, in words for the model."""
        found: list[str] = []
        for number, told in enumerate(answer.patients):
            faults: list[Unsupported] = []
            try:
                draft_of(told, "x", self.name, evidence, faults)
            except (Refused, ValueError) as error:
                why = error if isinstance(error, Refused) else Refused.invalid(error)
                found.append(f"patients.{number}: {why.reason}: {why.detail}")
            found += [f"patients.{number}.{fault}" for fault in faults]
        return found
