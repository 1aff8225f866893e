"""Words: how the offline teachers write their reasons.

Each sentence cites what has been revealed, verbatim, between “ ”, with the test it comes from. It
says no more than the citation bears out: "speaks for" where the graph hears that, "I read it as"
where a deciding kind of test states something the graph has no word for, and else that nothing
points there, and that the decision is by the presentation or by exclusion. A reason is short, since
a small model is to learn to write it: a citation, what it means, and little else.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from medaction_gym.distill.teachers.evidence import AGAINST, SPEAKS, Point
from medaction_gym.distill.teachers.phrases import (
    PURPOSE,
    capital,
    listed,
    percent,
    quoted,
    spoken,
)

LITTLE, MUCH = 0.1, 0.3  # changes of a probability that are called so


class Shift(NamedTuple):
    """How far a disease moved, and why.

    Attributes:
        name: The disease.
        before: Its probability before.
        now: Its probability now.
        speaks: What the new results say for it, in logits.
        best: The citation that bears on it most, in the direction in which it moved.
    """

    name: str
    before: float
    now: float
    speaks: float
    best: Point


def first_impression(
    rng: random.Random,
    names: Sequence[str],
    speaking: Sequence[Point],
    complaint: Point,
    left: float,
) -> str:
    """The first differential.

    Args:
        rng: Chooses among wordings.
        names: The diseases, likeliest first.
        speaking: What speaks for the first of them.
        complaint: What the patient comes with.
        left: What is left for something else.
    """
    if not names:
        return rng.choice(
            (
                f"{quoted(complaint)} alone could mean too much; I name nothing yet.",
                f"From {quoted(complaint)} I would only be guessing; first I gather more.",
                f"{quoted(complaint)}: too early for names.",
            )
        )
    top, rest = spoken(names[0]), [spoken(n) for n in names[1:3]]
    if speaking:
        said = listed([quoted(p) for p in speaking])
        text = rng.choice(
            (
                f"{said} {'make' if len(speaking) > 1 else 'makes'} me think of {top} first",
                f"With {said}, {top} comes to mind",
                f"{said} would go with {top}",
                f"I put {top} first because of {said}",
                f"{capital(top)} leads, given {said}",
                f"{said}: {top} is my first thought",
            )
        )
    else:
        said = quoted(complaint)
        text = rng.choice(
            (
                f"{said} points nowhere in particular; I begin with {top}",
                f"Nothing in {said} singles out one disease; {top} is a place to begin",
                f"So far there is only {said}; {top} is one guess",
                f"{said} has many causes, {top} among them",
            )
        )
    if rest:
        text += rng.choice(
            (
                f"; {listed(rest)} {'stay' if len(rest) > 1 else 'stays'} open",
                f", against {listed(rest)}",
                f", but also {listed(rest)}",
                f", before {rest[0]}",
                "",
            )
        )
    if left >= 0.3 and rng.random() < 0.4:
        text += rng.choice((". It may be none of these", ". I keep room for something else"))
    return text + "."


def ordering(
    rng: random.Random,
    request: str,
    category: str,
    names: Sequence[str],
    point: Point | None,
    news: Point | None = None,
    *,
    refused: bool = False,
) -> str:
    """An order: why this test now.

    Args:
        rng: Chooses among wordings.
        request: What is asked for.
        category: What kind of test it is.
        names: The diseases, likeliest first.
        point: What may be cited for the likeliest, or is still to be explained; None for neither.
        news: Of a result that moved nothing, what it says; None if there is none.
        refused: Whether the test asked for before was not to be had.
    """
    purpose = rng.choice(PURPOSE[category])
    request = listed(request.split("; "))
    before = rng.choice(("That is not to be had here. ", "Then without it. ")) if refused else ""
    if news is not None:
        # What came back comes first, and is reason enough to look further.
        said = quoted(news)
        return before + rng.choice(
            (
                f"{said} changes little; {request} next.",
                f"{said} does not decide it. {capital(request)}: {purpose}.",
                f"I note {said} and go on to {request}.",
                f"{said} leaves the order as it is. {capital(purpose)}, so {request}.",
                f"Nothing new in {said}; now {request}.",
            )
        )
    cite = quoted(point) if point is not None else ""
    return before + rng.choice(_why(request, purpose, names, point, cite))


def _why(
    request: str, purpose: str, names: Sequence[str], point: Point | None, cite: str
) -> tuple[str, ...]:
    """Ways to say why, by how many diseases are open and by what can be cited."""
    supports = point is not None and point.supports
    if not names:
        why = f"{cite} needs an explanation" if cite else "an explanation is still wanting"
        return (
            f"{capital(why)}, so I ask for {request}.",
            f"No name for this yet: {why}. {capital(request)} next.",
            f"{capital(request)} first: {purpose}. {capital(why)}.",
        )
    top = spoken(names[0])
    if len(names) == 1:
        if supports:
            return (
                f"{cite} speaks for {top}; {request} may refute it.",
                f"Will {request} bear out {top}, as {cite} does?",
                f"{capital(request)}, to be surer of {top} than {cite} makes me.",
            )
        aside = f" {cite} alone does not prove it." if cite else ""
        return (
            f"I hold {top} likely.{aside} {capital(request)} may refute it.",
            f"Will {request} bear out {top}?{aside}",
            f"{capital(purpose)}, so {request}.{aside}",
            f"{capital(request)} could still refute {top}.{aside}",
        )
    other = spoken(names[1])
    if supports:
        return (
            f"{cite} favours {top}; {request} should tell it from {other}.",
            f"{capital(top)} has {cite} on its side, {other} is next. {capital(request)}.",
            f"{capital(top)} or {other}? {cite} leans to the first; {request}.",
            f"{capital(request)}: {purpose}. {cite} suggests {top}, but {other} is not out.",
            f"Given {cite} I lean to {top}; {request} before I drop {other}.",
            f"If it is {top}, as {cite} hints, {request} should show it.",
            f"{capital(purpose)}, so {request}: {top}, with {cite}, or {other}?",
            f"I ask for {request}, to weigh {top} ({cite}) against {other}.",
        )
    still = f"{cite} is not explained" if cite else "the question is the same"
    return (
        f"{capital(still)}; {request} next.",
        f"{capital(top)} or {other}: {request} may tell. {capital(still)}.",
        f"{capital(still)}, between {top} and {other}; {request}: {purpose}.",
        f"{capital(purpose)}, so {request}. {capital(still)} by {top} or {other} so far.",
        f"{capital(request)}, since {still}.",
    )


def updating(
    rng: random.Random,
    result: Point,
    up: Shift | None,
    down: Shift | None,
    leader_before: str,
    leader: str,
) -> str:
    """A change of mind: what the result said, what rises, what falls.

    Args:
        rng: Chooses among wordings.
        result: What the result says, to be cited where nothing bears on a disease.
        up: The disease that gains most.
        down: The one that loses most.
        leader_before: The leading disease before.
        leader: The leading disease now.
    """
    if up is None and down is None:
        return rng.choice(
            (
                f"{quoted(result)}: it changes little, and I hold.",
                f"{quoted(result)} leaves me where I was.",
                f"Nothing moves with {quoted(result)}.",
            )
        )
    risen, cite = _rise(rng, up, result) if up is not None else ("", None)
    fallen = _fall(rng, down, result, cite) if down is not None else ""
    if leader_before and leader and leader_before != leader:
        before, now = spoken(leader_before), spoken(leader)
        turned = rng.choice(
            (
                f"I had leaned to {before}; now {now} leads.",
                f"So {now} overtakes {before}.",
                f"{capital(now)} now stands before {before}.",
            )
        )
        return " ".join(filter(None, (risen or fallen, turned)))
    # What falls because another rises need not be said every time.
    if risen and down is not None and down.speaks > -AGAINST and rng.random() < 0.5:
        return risen
    return " ".join(filter(None, (risen, fallen)))


def _degree(rng: random.Random, shift: Shift) -> str:
    """How far a disease has risen, sometimes in numbers."""
    if rng.random() < 0.15:
        return f"now {percent(shift.now)}"
    if not shift.before:
        return rng.choice(("now on my list", "a new thought"))
    gain = shift.now - shift.before
    if gain < LITTLE:
        return rng.choice(("a little likelier", "slightly likelier"))
    if gain < MUCH:
        return rng.choice(("likelier now", "clearly up", "more likely"))
    return rng.choice(("much likelier", "far likelier now"))


def _rise(rng: random.Random, up: Shift, result: Point) -> tuple[str, Point]:
    """What lifts a disease, and the citation it says so of."""
    name, how, best = spoken(up.name), _degree(rng, up), up.best
    texts: tuple[str, ...]
    if best.supports and up.speaks >= SPEAKS:
        said = quoted(best)
        texts = (
            f"{said} speaks for {name}, {how}.",
            f"{said} supports {name}: {how}.",
            f"With {said} I raise {name}; {how}.",
            f"{said} is what I would expect in {name}; {how}.",
            f"{capital(name)} would explain {said}: {how}.",
            f"{said} suits {name}, {how}.",
        )
        return rng.choice(texts), best
    cite = result if best.normal else best
    said = quoted(cite)
    if cite.decides:
        texts = (
            f"I take {said} for a sign of {name}, {how}.",
            f"{said}: to my reading that is {name}, {how}.",
            f"{said} goes with {name} better than with the rest; {how}.",
            f"I understand {said} as {name}, {how}.",
        )
    elif cite.normal:
        texts = (
            f"{said} proves nothing, but leaves {name} more room.",
            f"With {said} there is less to set against {name}, {how}.",
            f"{said} takes nothing from {name}.",
            f"{capital(name)} survives {said}.",
        )
    else:
        texts = (
            f"{said} is compatible with {name} and no more.",
            f"{said} is no proof, but {name} can explain it; {how}.",
            f"{capital(name)} can live with {said}.",
            f"{said} could come with much else, {name} among it.",
        )
    return rng.choice(texts), cite


def _fall(rng: random.Random, down: Shift, result: Point, cite: Point | None) -> str:
    name, best = spoken(down.name), down.best
    then = "loses ground" if down.now else "drops out"
    if max(best.speaks, down.speaks) <= -AGAINST:
        if cite is not None and cite.words == best.words:
            return rng.choice(
                (
                    f"It speaks against {name}, which {then}.",
                    f"{capital(name)} {then}: it would not explain that.",
                )
            )
        return rng.choice(
            (
                f"{quoted(best)} speaks against {name}, which {then}.",
                f"{capital(name)} {then}: {quoted(best)} does not go with it.",
                f"{quoted(best)} is not what {name} would show; it {then}.",
            )
        )
    if cite is None:
        return rng.choice(
            (
                f"{quoted(result)} gives {name} nothing new; it {then}.",
                f"I looked for more in {quoted(result)}; {name} {then}.",
                f"{quoted(result)}: no help for {name}, which {then}.",
            )
        )
    return rng.choice(
        (
            f"{capital(name)} {then}.",
            f"{capital(name)} gains nothing by it.",
            f"That leaves less for {name}.",
        )
    )


def committing(
    rng: random.Random,
    name: str,
    cites: Sequence[Point],
    rival: str,
    rival_p: float,
    p: float,
    *,
    out_of_tests: bool,
) -> str:
    """The end: what settles it, or that nothing does.

    Args:
        rng: Chooses among wordings.
        name: The diagnosis.
        cites: What bears on it, the weightiest first; at least one.
        rival: The next disease, "" if there is none.
        rival_p: Its probability.
        p: That of the diagnosis.
        out_of_tests: Whether there is nothing left to learn.
    """
    said, best = spoken(name), cites[0]
    quotes = listed([quoted(c) for c in cites])
    plural = len(cites) > 1
    if best.supports and best.category:
        text = rng.choice(
            (
                f"{quotes}: this is {said}",
                f"I commit to {said}, on the strength of {quotes}",
                f"{capital(said)} accounts best for {quotes}",
                f"{quotes}: together with the story that is {said}",
                f"{quotes} {'decide' if plural else 'decides'} it: {said}",
            )
        )
    elif best.decides:
        text = rng.choice(
            (
                f"I rest the diagnosis of {said} on {quotes}, as I understand it",
                f"{quotes}: that is what I go by, and to me it means {said}",
                f"My reading of {quotes} is {said}",
            )
        )
    elif best.supports:
        text = rng.choice(
            (
                f"No result proves it; I decide on the presentation, {quotes}: {said}",
                f"The results leave it open. By the story, {quotes}, it is {said}",
            )
        )
    else:
        text = rng.choice(
            (
                f"No finding proves {said}; I decide by exclusion, and {quotes} does not "
                "contradict it",
                f"By exclusion: {quotes} is no proof of {said}, but the others explain less",
            )
        )
    if rival and rival_p >= LITTLE:
        text += rng.choice((f"; {spoken(rival)} is not quite out", f", before {spoken(rival)}"))
    if rng.random() < 0.5:
        why = "nothing more is to be learnt" if out_of_tests else "I stop testing"
        text += f". At {percent(p)}, {why}" if rng.random() < 0.3 else f". {capital(why)}"
    return f"{text}."
