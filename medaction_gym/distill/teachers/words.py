"""Words: how the offline teachers write their reasons.

Each sentence cites what has been revealed, verbatim, between “ ”, with the test it comes from. It
says no more than the citation bears out: "speaks for" where the graph hears that, "I read it as"
where a deciding kind of test states something the graph has no word for, and else that nothing
points there, and that the decision is by the presentation or by exclusion.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from medaction_gym.distill.teachers.evidence import SPEAKS, Point
from medaction_gym.distill.teachers.phrases import (
    PURPOSE,
    capital,
    listed,
    percent,
    quoted,
    spoken,
)


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
            )
        )
    top, rest = spoken(names[0]), listed([spoken(n) for n in names[1:4]])
    if speaking:
        said = listed([quoted(p) for p in speaking])
        text = rng.choice(
            (
                f"{said} {'make' if len(speaking) > 1 else 'makes'} me think of {top} first",
                f"With {said}, {top} comes to mind",
                f"{said} would go with {top}",
                f"I put {top} first because of {said}",
            )
        )
    else:
        said = quoted(complaint)
        text = rng.choice(
            (
                f"{said} points nowhere in particular; I begin with {top}",
                f"Nothing in {said} singles out one disease. {capital(top)} is a place to begin",
                f"So far there is only {said}; {top} is one guess",
            )
        )
    if rest:
        text += rng.choice((f"; {rest} stay open", f", against {rest}", f", but also {rest}"))
    if left >= 0.3:
        text += rng.choice(
            (
                f". {percent(left)} I leave to what I have not thought of",
                f". Before any result I keep {percent(left)} for something else",
                f". Nothing is certain: {percent(left)} stays with none of these",
            )
        )
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
    text = ""
    if refused:
        text = rng.choice(("That test is not to be had here. ", "Without that test, then. "))
    if news is not None:
        text += rng.choice(
            (
                f"{quoted(news)} changes little. ",
                f"{quoted(news)} leaves me where I was. ",
                f"I note {quoted(news)}; the order of my suspicions stays. ",
                f"{quoted(news)} does not decide it. ",
            )
        )
    cite = quoted(point) if point is not None else ""
    if not names:
        why = f"{cite} needs an explanation" if cite else "an explanation is still wanting"
        return text + rng.choice(
            (
                f"{capital(why)}; {purpose}, so I ask for {request}.",
                f"I have no name for this yet: {why}. {capital(purpose)}; {request}.",
                f"Before I guess, {request}: {purpose}. {capital(why)}.",
            )
        )
    top = spoken(names[0])
    if len(names) == 1:
        if point is not None and point.supports:
            return text + rng.choice(
                (
                    f"{cite} speaks for {top}. {capital(purpose)}; {request} may refute it.",
                    f"{capital(purpose)}: does {request} bear out {top}, as {cite} does?",
                )
            )
        aside = f" {cite} alone does not prove it." if cite else ""
        return text + rng.choice(
            (
                f"I hold {top} likely.{aside} {capital(purpose)}; {request} may refute it.",
                f"{capital(purpose)}: does {request} bear out {top}?{aside}",
            )
        )
    other = spoken(names[1])
    if point is not None and point.supports:
        return text + rng.choice(
            (
                f"{cite} favours {top}, but {other} is not out; {purpose}: {request}.",
                f"{capital(top)} has {cite} on its side, {other} is next. "
                f"{capital(purpose)}, so {request}.",
                f"{capital(purpose)}. {capital(request)} may tell {top}, which "
                f"{cite} suggests, from {other}.",
                f"Given {cite} I lean to {top}; before I believe it over {other}, "
                f"{request}: {purpose}.",
                f"{cite} would go with {top}. What about {other}? "
                f"{capital(purpose)}, and I ask for {request}.",
            )
        )
    still = f"{cite} is not explained" if cite else "the question is the same"
    return text + rng.choice(
        (
            f"Neither {top} nor {other} is borne out; {still}. {capital(purpose)}: {request}.",
            f"{capital(still)}. {capital(purpose)}, and {request} might separate {top} "
            f"from {other}.",
            f"It is open between {top} and {other}; {still}. Next, {request}: {purpose}.",
            f"{capital(still)}; {top} and {other} are both possible. I ask for "
            f"{request}: {purpose}.",
        )
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
    text = " ".join(filter(None, (risen, fallen)))
    if leader_before and leader and leader_before != leader:
        before, now = spoken(leader_before), spoken(leader)
        text += rng.choice(
            (
                f" I had leaned to {before}; now {now} leads.",
                f" So {now} overtakes {before}.",
                f" {capital(now)} takes the first place from {before}.",
            )
        )
    return text


def _rise(rng: random.Random, up: Shift, result: Point) -> tuple[str, Point]:
    """What lifts a disease, and the citation it says so of."""
    name = spoken(up.name)
    how = (
        f"from {percent(up.before)} to {percent(up.now)}" if up.before else f"now {percent(up.now)}"
    )
    best = up.best
    if best.supports and up.speaks >= SPEAKS:
        said = quoted(best)
        texts = (
            f"{said} speaks for {name}, {how}.",
            f"{said} supports {name} ({how}).",
            f"With {said} I raise {name}: {how}.",
            f"{said} is what I would expect in {name}; {how}.",
        )
        return rng.choice(texts), best
    cite = result if best.normal else best
    said = quoted(cite)
    if cite.decides:
        texts = (
            f"I take {said} for a sign of {name}, {how}.",
            f"{said}: to my reading that is {name} ({how}).",
            f"{said} goes with {name} better than with the rest; {how}.",
            f"{capital(name)}, {how}: that is how I understand {said}.",
        )
    elif cite.normal:
        texts = (
            f"{said} proves nothing, but leaves {name} more room: {how}.",
            f"With {said} there is less to set against {name}, {how}.",
            f"{said} takes nothing from {name}, {how}.",
            f"{capital(name)} survives {said}: {how}.",
        )
    else:
        texts = (
            f"{said} is compatible with {name} and no more; {how}.",
            f"{said} is not proof, but {name} can explain it ({how}).",
            f"{capital(name)} can live with {said}: {how}.",
            f"{said} could come with much else; {name} among it, {how}.",
        )
    return rng.choice(texts), cite


def _fall(rng: random.Random, down: Shift, result: Point, cite: Point | None) -> str:
    name, best = spoken(down.name), down.best
    then = f"goes down to {percent(down.now)}" if down.now else "drops out"
    if max(best.speaks, down.speaks) <= -SPEAKS / 2:
        if cite is not None and cite.words == best.words:
            return rng.choice(
                (
                    f"It speaks against {name}, which {then}.",
                    f"{capital(name)} {then}, since it would not explain that.",
                )
            )
        return rng.choice(
            (
                f"{quoted(best)} speaks against {name}, which {then}.",
                f"{capital(name)} {then}: {quoted(best)} does not go with it.",
            )
        )
    if cite is None:
        return rng.choice(
            (
                f"{quoted(result)} gives {name} nothing new; it {then}.",
                f"I looked for more in {quoted(result)}; {name} {then}.",
            )
        )
    return rng.choice(
        (
            f"{capital(name)} {then}.",
            f"{capital(name)} gains nothing by it and {then}.",
            f"That leaves less for {name}, which {then}.",
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
    if best.supports and best.category:
        text = rng.choice(
            (
                f"{quotes}: this is {said}",
                f"I commit to {said}, on the strength of {quotes}",
                f"{capital(said)} accounts best for {quotes}",
                f"{quotes}: together with the story that is {said}",
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
                f"The results leave it open. By the story, {quotes}, {said} is my diagnosis",
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
    if rival:
        text += rng.choice(
            (
                f"; {spoken(rival)} keeps {percent(rival_p)}",
                f", with {percent(rival_p)} left for {spoken(rival)}",
            )
        )
    why = "nothing more is to be learnt" if out_of_tests else "I stop testing"
    return f"{text}. At {percent(p)}, {why}."
