"""Menu: from a summary's prose about tests to `TestResult`s.

Summaries write tests in four ways: `Name: result`, bold or plain; a verb sentence ("CT showed
..."); a generic heading over several tests ("Imaging: X-ray ...; MRI ..."); and free lists of
values. This module tells them apart with the test catalogue, names each item after what a doctor
would order, never after what was found, and gives a panel's components as analytes. Nothing is
dropped in silence: what names no test becomes the item "Other findings", and pseudo-tests are
returned.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

from medaction_gym.cases.analytes import analytes_in, measured, with_states
from medaction_gym.cases.case import Analyte, Category, TestResult, as_category
from medaction_gym.cases.headings import PATIENT, PSEUDO, clean_name, strip_time
from medaction_gym.cases.prose import (
    STATE,
    VERB,
    Bullet,
    bullets,
    ended,
    flatten,
    is_heading_like,
    parts_of,
    sentences,
    split_heading,
)
from medaction_gym.catalogue.catalogue import Catalogue, Mention
from medaction_gym.catalogue.tokens import Token, tokenize

# Heads so general that what matters is inside: an imaging heading is split into its tests, a
# laboratory heading becomes a panel.
_GENERIC_IMAGING = frozenset({"imaging", "radiology"})

_LABORATORY = frozenset({"laboratory"})
OTHER = "Other findings"
LABORATORY = "Laboratory tests"


class Pseudo(NamedTuple):
    """Text under a heading that is no test, and so is not on the menu."""

    heading: str
    text: str


@dataclass
class Menu:
    """What was read: the tests, and the headings left out.

    Attributes:
        tests: Menu items with unique names, sorted by name.
        pseudo: Headings such as "Treatment" with their text.
    """

    tests: tuple[TestResult, ...] = ()
    pseudo: tuple[Pseudo, ...] = ()


@dataclass
class _Item:
    """A menu item while it is being built."""

    name: str
    category: Category
    result: list[str] = field(default_factory=list)
    analytes: list[Analyte] = field(default_factory=list)


def parse_menu(text: str) -> Menu:
    """Read a section about tests, as markdown or prose.

    Example:
        >>> menu = parse_menu('''
        ... - Bloodwork: Elevated WBC (12 x 10^9/L) and CRP (50 mg/L); normal ferritin.
        ... - Imaging: Abdominal X-ray showed air-fluid levels; MRI of the pelvis was normal.
        ... - **Treatment:** Surgery.''')
        >>> [test.name for test in menu.tests]
        ['Abdominal X-ray', 'Bloodwork', 'MRI of the pelvis']
        >>> [(a.name, a.result) for a in menu.tests[1].analytes][-1]
        ('ferritin', 'normal ferritin')
        >>> menu.pseudo
        (Pseudo(heading='Treatment', text='Surgery.'),)
    """
    builder = _Builder(Catalogue.load())
    for bullet in bullets(text):
        builder.add(bullet)
    return builder.menu()


class _Builder:
    """Collects items, deciding for every piece of text which test it belongs to."""

    def __init__(self, catalogue: Catalogue):
        self.catalogue = catalogue
        self.items: list[_Item] = []
        self.pseudo: list[Pseudo] = []

    def add(self, bullet: Bullet) -> None:
        """Take in one bullet with everything below it."""
        heading, body = split_heading(bullet.text)
        if heading and PATIENT.match(heading):
            if body:
                self._prose(body)
            for child in bullet.children:
                self.add(child)
            return
        if heading and PSEUDO.match(strip_time(heading)):
            self.pseudo.append(
                Pseudo(heading, "\n".join([body, *flatten(bullet.children)]).strip())
            )
            return
        if not bullet.children:
            self._text(heading, body)
            return
        if not heading and not is_heading_like(bullet.text):
            self._text("", body)
            heading = ""
        elif not heading:
            heading, body = bullet.text.strip(" :"), ""
        heads = self._heads(heading)
        opens = not heading or not heads or all(self._generic(m) for m in heads)
        named = [bool(self._heads(split_heading(c.text)[0])) for c in bullet.children]
        if opens and any(named):
            if body:
                self._text(heading, body)
            for child in bullet.children:
                self.add(child)
        else:
            self._text(heading, "\n".join(filter(None, [body, *flatten(bullet.children)])))

    def _text(self, heading: str, body: str) -> None:
        body = body.strip()
        if heading and body:
            self._headed(heading, body)
        else:
            self._prose(body or heading)

    def _headed(self, heading: str, body: str) -> None:
        heads = self._heads(heading)
        state = STATE.match(heading)
        if state and len(clean_name(heading)) < len(heading):
            # "Positive tests for coeliac disease: tTG, EMA": the state is part of the result.
            body = f"{state.group()}: {body}"
        if not heads:
            mentions = self._mentions(heading)
            category: Category = "other"
            if _has(mentions, "organism"):
                category = "microbiology"
            elif _has(mentions, "specimen"):
                category = "laboratory"
            self._append(heading, category, body)
        elif all(m.term.id in _GENERIC_IMAGING for m in heads):
            self._sentencewise(heading, body, "imaging")
        elif all(m.term.category in _LABORATORY for m in heads):
            self._sentencewise(heading, body, "laboratory")
        else:
            self._append(heading, _category(heads), body)

    def _sentencewise(self, heading: str, body: str, category: Category) -> None:
        """Give the sentences under a general heading to the tests they name."""
        current: _Item | None = None
        for sentence in sentences(body):
            if self._listed(sentence, heading):
                current = None
                continue
            subject = self._subject(sentence)
            foreign = [m for m in self._heads(subject) if not self._belongs(m, category)]
            if foreign:
                current = self._append(self._phrase(subject, foreign), _category(foreign), sentence)
            elif current is None or category == "laboratory":
                current = self._append(heading, category, sentence)
            else:
                current.result.append(sentence)

    def _belongs(self, mention: Mention, category: Category) -> bool:
        """Whether a test named under a general heading is part of what the heading stands for."""
        if category == "imaging":
            return self._generic(mention)
        return mention.term.kind != "procedure" or mention.term.category in _LABORATORY

    def _listed(self, sentence: str, heading: str = LABORATORY) -> bool:
        """Take in a list of tests that share a state ("normal brain CT, chest X-ray and EMG")."""
        if self._heads(self._subject(sentence, verbs_only=True)):
            return False
        parts = parts_of(sentence)
        procedures = [[m for m in self._heads(p) if m.term.kind == "procedure"] for p in parts]
        if sum(map(bool, procedures)) < 2 or not STATE.search(sentence):
            return False
        states = with_states(parts, self.catalogue)
        if not all(result.strip() for _, result in states):
            return False
        for (part, result), heads in zip(states, procedures, strict=True):
            if heads:
                self._append(self._phrase(part, heads), _category(heads), result)
            elif self._heads(part):
                self._append(heading, "laboratory", result)
            else:
                self._append(OTHER, "other", result)
        return True

    def _prose(self, text: str) -> None:
        current: _Item | None = None
        for sentence in sentences(text):
            heading, body = split_heading(sentence)
            if heading and body and self._heads(heading):
                self._headed(heading, body)
                current = self.items[-1]
                continue
            if self._listed(sentence):
                current = None
                continue
            subject = self._subject(sentence)
            heads = self._heads(subject) or self._heads(sentence)[:1]
            specific = [m for m in heads if not self._generic(m)] or heads
            if not specific:
                current = self._headless(sentence, current)
            elif all(self._belongs(m, "laboratory") for m in specific):
                current = self._append(LABORATORY, "laboratory", sentence)
            else:
                named = [m for m in specific if not self._belongs(m, "laboratory")]
                where = subject if self._heads(subject) else sentence
                current = self._append(self._phrase(where, named), _category(named), sentence)

    def _headless(self, sentence: str, current: _Item | None) -> _Item:
        """A sentence that names no test: laboratory findings, more of the last test, or other."""
        if any(True for _ in measured(sentence, self.catalogue)):
            return self._append(LABORATORY, "laboratory", sentence)
        if current:
            current.result.append(sentence)
            return current
        if _has(self._mentions(sentence), "organism") and STATE.search(sentence):
            return self._append("Microbiology", "microbiology", sentence)
        return self._append(OTHER, "other", sentence)

    def _append(self, name: str, category: Category, result: str) -> _Item:
        name = clean_name(name)
        for item in self.items:
            if item.name.casefold() == name.casefold() and item is self.items[-1]:
                item.result.append(result)
                return item
            if item.name.casefold() == name.casefold() and category in ("laboratory", "other"):
                item.result.append(result)
                return item
        self.items.append(_Item(name, category, [result]))
        return self.items[-1]

    def _subject(self, sentence: str, *, verbs_only: bool = False) -> str:
        """What stands before the verb, or the whole sentence where that names no test.

        Args:
            sentence: The sentence.
            verbs_only: A state ("normal") does not count as a verb, and there may be no subject.
        """
        for verb in VERB.finditer(sentence):
            before = sentence[: verb.start()]
            if verbs_only and STATE.fullmatch(verb.group()):
                continue
            if self._heads(before):
                return before
        return "" if verbs_only else sentence

    def _phrase(self, text: str, heads: list[Mention]) -> str:
        """The words of a text that name the test: its heads with their sites and specimens."""
        tokens = tokenize(text)
        mentions = [m for m in self.catalogue.find(tokens) if not _is_marker(m)]
        wanted = {m.term.id for m in heads}
        first = next(i for i, m in enumerate(mentions) if m.term.id in wanted)
        start, end = mentions[first].first, mentions[first].last
        for mention in reversed(mentions[:first]):
            if not _joined(text, tokens, mention.last, start):
                break
            start = mention.first
        for mention in mentions[first + 1 :]:
            if not _joined(text, tokens, end, mention.first):
                break
            end = mention.last
        stop = tokens[end - 1].end
        closing = re.match(
            r"\s*(?:scan|imaging|examination|analysis|test(?:ing)?|study)?\)?", text[stop:]
        )
        if closing and (text[stop:].startswith(")") or "(" in text[tokens[start].start : stop]):
            stop += len(closing.group().rstrip())
        return text[tokens[start].start : stop]

    def _mentions(self, text: str) -> list[Mention]:
        return self.catalogue.find(text)

    def _heads(self, text: str) -> list[Mention]:
        return [
            m
            for m in self._mentions(text)
            if m.term.kind in ("analyte", "panel", "procedure") and not _is_marker(m)
        ]

    def _generic(self, mention: Mention) -> bool:
        return mention.term.id in _GENERIC_IMAGING or mention.term.id in (
            "blood_tests",
            "laboratory_tests",
        )

    def menu(self) -> Menu:
        tests, taken = [], set()
        for item in self.items:
            name, number = item.name, 2
            while name.casefold() in taken:
                name, number = f"{item.name} ({number})", number + 1
            taken.add(name.casefold())
            result = " ".join(text.strip() for text in item.result).rstrip(";")
            analytes: tuple[Analyte, ...] = ()
            if item.category in ("laboratory", "microbiology", "procedure", "other"):
                analytes = analytes_in("\n".join(map(ended, item.result)), self.catalogue)
            if item.category in ("microbiology", "procedure") and len(analytes) < 2:
                analytes = ()
            if re.search(r"serolog|antibod|tit(?:er|re)", item.name, re.IGNORECASE):
                # The IgG of a serology is an antibody against something, not a level.
                classes = {"igg", "igm", "iga", "ige"}
                analytes = tuple(a for a in analytes if a.name.lower() not in classes)
            if item.category == "other" and len(analytes) > 1:
                item.category = "laboratory"
            single = len(analytes) == 1 and len(self._heads(item.name)) == 1
            tests.append(
                TestResult(
                    name=name,
                    category=item.category,
                    result=result,
                    analytes=() if single and self._named_alone(item.name) else analytes,
                )
            )
        tests.sort(key=lambda test: test.name.casefold())
        return Menu(tuple(tests), tuple(self.pseudo))

    def _named_alone(self, name: str) -> bool:
        return all(m.term.kind == "analyte" for m in self._heads(name))


def _joined(text: str, tokens: list[Token], before: int, after: int) -> bool:
    """Whether two mentions belong to one name: nothing but small words between them."""
    if after < before:
        return False
    between = text[tokens[before - 1].end : tokens[after].start] if before > 0 else ""
    return (
        len(between) <= 25
        and not VERB.search(between)
        and bool(
            re.fullmatch(
                r"(?:[\s\-/()]|\b(?:of|the|and|right|left|both|bilateral|lower|upper|samples?|"
                r"specimens?|scan|for|from|in|on|contrast|enhanced|guided|with|without|plain)\b)*",
                between,
                re.IGNORECASE,
            )
        )
    )


def _is_marker(mention: Mention) -> bool:
    """A marker sought in tissue is a finding of the pathologist's report, no item of its own."""
    return mention.term.id.startswith("ihc_")


def _category(heads: list[Mention]) -> Category:
    return as_category(heads[0].term.category)


def _has(mentions: list[Mention], kind: str) -> bool:
    return any(m.term.kind == kind for m in mentions)
