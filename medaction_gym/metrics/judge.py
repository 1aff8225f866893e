"""Judge: do two written diagnoses name the same disease?

An offline judge: no language model, no network, the same answer in every process. It reads two
strings, measures some thirty things about them (shared words by rarity, head nouns, abbreviations,
the concepts both link to in the knowledge graph and how those lie to each other; see
`judge_features`), and turns the measurements into a probability with a logistic regression, fitted
to verdicts of GPT-4o on real answers (`scripts/train_judge.py`; the weights file says on what).

A few things are settled by rule instead, since no judged answer teaches them and a policy rewarded
for this judge's opinion would find them: what is denied ("no evidence of gout") is no answer, a
list of guesses is none either, and another side, type, stage or organism is another diagnosis.
These rules only ever lower the probability, to a limit that `Judgement.why` names.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, NamedTuple, Protocol

from medaction_gym.chat.errors import ChatError
from medaction_gym.knowledge.graph import KnowledgeGraph
from medaction_gym.knowledge.lexicon import GENERIC, WEAK
from medaction_gym.knowledge.shared import knowledge
from medaction_gym.metrics.conflicts import conflicts
from medaction_gym.metrics.judge_features import BROAD, Measures, Reader
from medaction_gym.metrics.profile import MAX_CHARS, Profile
from medaction_gym.whole import whole_file

WEIGHTS = "judge_weights.json"

# What a rule leaves of the probability. All lie below one half: the verdict cannot be "same".
AFFIRMS_NOTHING = 0.01
LIST_OF_GUESSES = 0.10
RECITAL = 0.20
ALTERNATIVES = 0.25
CONFLICT = 0.20
OTHER_DISEASE = 0.25

BROAD_CLASS = 0.15  # "neoplasm" of a chondrosarcoma
WIDER_CLASS = 0.45  # "meningitis" of a tuberculous meningitis: graders differ

# Information content below which a class is merely wider; below `BROAD` it is broad.
WIDER = 0.7

STRANGERS = 0.29  # nothing in common at all
SINGLE_WORD = 0.45  # "granulosa" of a granulosa cell tumour: graders cannot know what is meant

MAX_GUESSES = 5  # diagnoses strung together beyond those of the gold
MANY_WITHS = 3  # "a with b with c with d" beyond the gold's: a list in disguise
MAX_OTHERS = 2  # diseases that have nothing to do with the gold, strung to it
MAX_LONGER = 45  # affirmed words beyond those of the gold: a case report, not a diagnosis
STORY_WORDS = 12  # of a text that begins "A 54-year-old man", more than which is a story
IDENTICAL = 0.99

Verdict = Literal["same", "different", "undecided"]


class Judgement(NamedTuple):
    """How likely two strings name one disease, what follows from it, and why."""

    p: float
    verdict: Verdict
    why: str


class DiagnosisJudge(Protocol):
    """What every judge offers, whether it counts words or asks a language model."""

    def __call__(self, gold: str, prediction: str) -> Judgement:
        """Judge one pair."""
        ...


# How an explanation names a measurement.
_SAID = {
    "recall": "words of the gold in the prediction",
    "precision": "words of the prediction in the gold",
    "f1": "shared words",
    "core_recall": "words of the gold's main phrase in the prediction",
    "main_precision": "words of the prediction's main phrase in the gold",
    "name": "likeness of the names",
    "abbreviation": "a shared abbreviation",
    "agreement": "best sign of agreement",
    "both_ways": "agreement both ways",
    "nothing": "nothing in common",
    "replaced": "words exchanged for others",
    "swapped": "one word of the name exchanged for another",
    "longer": "log of the length ratio",
    "guesses": "log of further guesses",
    "choice": "alternatives offered",
    "same": "same main concept",
    "same_any": "same concept",
    "lin": "similarity of the concepts",
    "lin_set": "similarity of all concepts",
    "broader": "a broader concept",
    "narrower": "a narrower concept",
    "apart": "unrelated concepts",
    "silent": "no concepts to compare",
}


class Judge:
    """The offline judge.

    Args:
        weights: The fitted model, as `scripts/train_judge.py` writes it.
        graph: The knowledge graph; without one, only words are compared.
        cache_size: How many judgements are kept.

    Example:
        >>> judge = Judge.load()
        >>> judge("Pyogenic granuloma", "lobular capillary haemangioma").verdict
        'same'
        >>> judge("Type 2 diabetes mellitus", "Type 1 diabetes mellitus")[1:]
        ('different', 'another type: 2 against 1')
        >>> judge("Gout", "No evidence of gout").why
        'the prediction affirms nothing'
    """

    def __init__(
        self, weights: Mapping[str, Any], graph: KnowledgeGraph | None, cache_size: int = 50_000
    ) -> None:
        self.provenance: Mapping[str, Any] = weights["provenance"]
        self._intercept = float(weights["intercept"])
        self._terms = [
            (str(row["name"]), float(row["mean"]), float(row["scale"]), float(row["weight"]))
            for row in weights["features"]
        ]
        self.different_below, self.same_from = map(float, weights["band"])
        self.reader = Reader(graph)
        self._judged = lru_cache(cache_size)(self._judge)

    @classmethod
    def load(cls, path: str | Path | None = None) -> Judge:
        """The judge with the weights that ship, or with those of a file, on the shared graph."""
        source = Path(path) if path else files("medaction_gym.metrics").joinpath("data", WEIGHTS)
        return cls(json.loads(source.read_text(encoding="utf-8")), knowledge())

    def __call__(self, gold: str, prediction: str) -> Judgement:
        """Judge one pair; what stands beyond the first `MAX_CHARS` characters is not read."""
        return self._judged(gold[:MAX_CHARS], prediction[:MAX_CHARS])

    def forget(self) -> None:
        """Empty the cache of judgements, to time the work itself."""
        self._judged.cache_clear()

    def _judge(self, gold: str, prediction: str) -> Judgement:
        a, b = self.reader.profile(gold), self.reader.profile(prediction)
        if a.everything and a.everything == b.everything:
            return Judgement(IDENTICAL, "same", "the same words")
        if nothing := no_answer(a, b):
            return Judgement(nothing[0], "different", nothing[1])
        measures = self.reader.measure(gold, prediction)
        p, parts = self.score(measures)
        limit, reason = min(self.rules(a, b), default=(1.0, ""))
        if limit < p:
            return Judgement(limit, self._verdict(limit), reason)
        p = round(p, 4)
        return Judgement(p, self._verdict(p), self._explain(p, measures, parts))

    def _verdict(self, p: float) -> Verdict:
        if p >= self.same_from:
            return "same"
        return "different" if p < self.different_below else "undecided"

    def rules(self, a: Profile, b: Profile) -> Iterator[tuple[float, str]]:
        """The rules that hold for a pair: the most that each leaves of the probability, and why."""
        if found := conflicts(a, b):
            yield CONFLICT, f"another {found[0]}"
        if denied := sorted(b.denied.intersection(a.words) - WEAK - GENERIC):
            yield CONFLICT, f"part of the gold is denied: {denied[0]}"
        if b.withs - a.withs >= MANY_WITHS:
            yield LIST_OF_GUESSES, f"{b.withs + 1} findings strung together"
        if b.choices > a.choices + 1:
            yield ALTERNATIVES, "several alternatives"
        others = self.reader.other_diseases(a, b)
        if others >= MAX_OTHERS:
            yield LIST_OF_GUESSES, f"{others} unrelated diseases beside it"
        if two := self.reader.two_diseases(a, b):
            yield OTHER_DISEASE, f"two diseases: {two[0]}, {two[1]}"
        if (wider := self.reader.bare_class(a, b)) and wider[0] < WIDER:
            if wider[0] < BROAD:
                yield BROAD_CLASS, f"only a broad class: {wider[1]}"
            yield WIDER_CLASS, f"only a broader class: {wider[1]}"
        if self.reader.single_word(a, b):
            yield SINGLE_WORD, f"only one word of it: {b.words[0]}"
        if self.reader.strangers(a, b):
            yield STRANGERS, "no word and no class in common"

    def score(self, measures: Measures) -> tuple[float, dict[str, float]]:
        """The probability before the rules, and what each measurement added to its logit."""
        parts = {
            name: weight * (measures[name] - mean) / scale
            for name, mean, scale, weight in self._terms
        }
        logit = self._intercept + math.fsum(parts.values())
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, logit)))), parts

    def _explain(self, p: float, measures: Measures, parts: Mapping[str, float]) -> str:
        """The two measurements that weighed most towards the verdict, in words."""
        sign = 1 if p >= 0.5 else -1
        ranked = sorted(parts, key=lambda name: (-sign * parts[name], name))
        # What is absent ("no conflict") supports a verdict, but explains none.
        telling = [name for name in ranked if sign < 0 or measures[name]]
        said = [f"{_SAID.get(name, name)} {measures[name]:.2f}" for name in telling[:2]]
        if measures["silent"]:
            said.append("compared by words: the graph knows only one or neither")
        return "; ".join(said)


def no_answer(a: Profile, b: Profile) -> tuple[float, str] | None:
    """Why a prediction is no answer at all, whatever diseases it names, and what that leaves."""
    if not b.words:
        return AFFIRMS_NOTHING, "the prediction affirms nothing"
    if not a.words:
        return AFFIRMS_NOTHING, "the gold diagnosis affirms nothing"
    if b.guesses - a.guesses >= MAX_GUESSES:
        return LIST_OF_GUESSES, f"a list of {b.guesses} guesses"
    if (b.story and not a.story and len(b.words) > STORY_WORDS) or (
        len(b.words) - len(a.words) >= MAX_LONGER
    ):
        return RECITAL, "a recital, not a diagnosis"
    return None


_OUTCOME = frozenset((*Judgement._fields, "error"))  # what a row may hold from an earlier judging


@cache
def judge() -> Judge:
    """The judge that a process shares."""
    return Judge.load()


def judge_file(
    source: str | Path,
    target: str | Path,
    judge: DiagnosisJudge | None = None,
    *,
    jobs: int = 1,
    on_pair: Callable[[int], object] = lambda pairs: None,
) -> dict[str, int]:
    """Judge every row of a JSONL file; rows come back in order with ``p``, ``verdict``, ``why``.

    A row that could not be judged, because an endpoint failed, has an ``error`` and none of these.
    The target is written whole or not at all.

    Args:
        source: Rows with the strings ``gold`` and ``prediction``; other fields are kept, but
            for those of an earlier judging (``p``, ``verdict``, ``why``, ``error``).
        target: Where the judged rows go.
        judge: Who judges; the offline judge if not given.
        jobs: Pairs judged at once, for judges that wait for an endpoint.
        on_pair: Called after every pair with the number of different pairs.

    Returns:
        How many rows got each verdict, and how many an error.

    Raises:
        ValueError: A row is no JSON object or lacks a field; the message names the line.
    """
    with Path(source).open("rb") as lines:
        rows = [
            _row(line, f"{source}, line {number}")
            for number, line in enumerate(lines, 1)
            if line.strip()
        ]
    judged = judge or Judge.load()
    pairs = list(dict.fromkeys((row["gold"], row["prediction"]) for row in rows))

    def attempt(pair: tuple[str, str]) -> dict[str, Any]:
        try:
            outcome = judged(*pair)._asdict()
        except ChatError as error:
            outcome = {"error": str(error)}
        on_pair(len(pairs))
        return outcome

    counts = {"same": 0, "different": 0, "undecided": 0, "error": 0}
    with ThreadPoolExecutor(jobs) as pool:
        try:
            outcomes = dict(
                zip(pairs, (pool.map if jobs > 1 else map)(attempt, pairs), strict=True)
            )
        except BaseException:
            pool.shutdown(cancel_futures=True)  # when interrupted, do not ask for the rest first
            raise
    with whole_file(target) as out:
        for row in rows:
            outcome = outcomes[row["gold"], row["prediction"]]
            counts[outcome.get("verdict", "error")] += 1
            kept = {k: v for k, v in row.items() if k not in _OUTCOME}
            # Escaped, so that lone surrogates and odd line separators survive.
            out.write(json.dumps(kept | outcome) + "\n")
    return counts


def _row(line: bytes, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{where}: not JSON: {error}") from None
    if not isinstance(row, dict):
        raise ValueError(f"{where}: a row must be an object")
    for field in ("gold", "prediction"):
        if not isinstance(row.get(field), str):
            raise ValueError(f"{where}: {field!r} must be a string")
    return row
