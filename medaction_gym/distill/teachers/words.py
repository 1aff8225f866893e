"""Words: how the privileged teacher writes its reasons.

Each sentence cites what has been revealed, verbatim, between “ ”. It claims support ("speaks for")
only where the graph gives some; elsewhere it says no more than that the result agrees.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

PURPOSE = {
    "examination": (
        "A closer examination costs nothing",
        "I look before I send anything off",
        "The bedside comes first",
    ),
    "laboratory": (
        "A blood or fluid test is quick and cheap",
        "The laboratory can narrow this with little burden",
        "I start with what the laboratory can tell",
    ),
    "physiology": (
        "A measurement of function is safe",
        "I want function measured, not guessed",
    ),
    "imaging": (
        "I want to see the structure",
        "A picture should localise this",
        "Imaging can separate these",
    ),
    "microbiology": (
        "If a microbe is behind this, it should be named before treatment",
        "I look for an organism",
    ),
    "endoscopy": ("A direct look is worth the burden now", "I want to look at it directly"),
    "procedure": ("The simpler tests leave it open, so I go further",),
    "genetics": (
        "An inherited cause would change everything for this patient",
        "The picture is specific enough for a genetic test",
    ),
    "pathology": (
        "Tissue decides where pictures cannot",
        "The simpler tests leave it open; tissue should decide",
    ),
    "other": ("This may add a piece", "One more piece of the record may help"),
}


def percent(p: float) -> str:
    """A probability in words of the ward.

    Example:
        >>> percent(0.35)
        '35%'
    """
    return f"{round(100 * p)}%"


def listed(names: Sequence[str]) -> str:
    """Names in a row.

    Example:
        >>> listed(["gout", "lupus", "sepsis"])
        'gout, lupus and sepsis'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def cited(words: Sequence[str]) -> str:
    """Citations in a row, between marks."""
    return listed([f"“{w}”" for w in words])


def first_impression(
    rng: random.Random, names: Sequence[str], cites: Sequence[str], left: float
) -> str:
    """The first differential."""
    said = cited(cites)
    if not names:
        return f"{said} alone could mean too much; I name nothing yet and gather more."
    top, rest = names[0], listed(names[1:4])
    text = rng.choice(
        (
            f"From {said} I think of {top} first",
            f"{said}: {top} comes to mind",
            f"The story, {said}, makes {top} a fair first thought",
            f"I start from {said}, and weigh {top}",
        )
    )
    if rest:
        text += rng.choice((f"; {rest} stay open", f", against {rest}", f", but also {rest}"))
    if left >= 0.3:
        text += rng.choice(
            (
                f". Nothing is certain, and {percent(left)} I leave to what I have not thought of.",
                f". Before any result I keep {percent(left)} for something else.",
            )
        )
        return text
    return text + "."


def ordering(
    rng: random.Random,
    request: str,
    category: str,
    names: Sequence[str],
    cite: str,
    refused: bool,
) -> str:
    """An order: why this test now."""
    purpose = rng.choice(PURPOSE[category])
    text = "That test is not to be had here. " if refused else ""
    if len(names) > 1:
        between = f"{names[0]} or {names[1]}"
        text += rng.choice(
            (
                f"{purpose}: with “{cite}” it is still {between}, and I ask for {request}.",
                f"“{cite}” leaves {between}. {purpose}; next, {request}.",
                f"{purpose}. {request[:1].upper() + request[1:]} should help to tell {names[0]} "
                f"from {names[1]}, given “{cite}”.",
            )
        )
    elif names:
        text += rng.choice(
            (
                f"{purpose}: does {request} bear out {names[0]}, given “{cite}”?",
                f"With “{cite}” I hold {names[0]} likely. {purpose}; {request} may refute it.",
            )
        )
    else:
        text += f"{purpose}: “{cite}” needs an explanation, so I ask for {request}."
    return text


def updating(
    rng: random.Random,
    cites: Sequence[tuple[str, str]],
    up: tuple[str, float, float, float] | None,
    down: tuple[str, float, float, float] | None,
    leader_before: str,
    leader: str,
) -> str:
    """A change of mind: what the result said, what rises, what falls.

    Args:
        rng: Chooses among wordings.
        cites: Pairs of words and source.
        up: The disease that gains most: name, before, after, the graph's support.
        down: The one that loses most.
        leader_before: The leading disease before.
        leader: The leading disease now.
    """
    (cite, source), *more = cites
    text = rng.choice((f"{source}: “{cite}”", f"The result of {source} says “{cite}”"))
    if more and more[0][0] != cite:
        text += f", and “{more[0][0]}”"
    if up is None and down is None:
        return text + rng.choice((". It changes little; I hold.", ". That leaves me where I was."))
    if up is not None:
        name, was, now, support = up
        verb = (
            rng.choice(("speaks for", "supports", "points to"))
            if support > 0.1
            else rng.choice(("agrees with", "can be explained by", "is compatible with"))
        )
        how = f"from {percent(was)} to {percent(now)}" if was else f"now at {percent(now)}"
        text += rng.choice((f". It {verb} {name}, {how}", f". This {verb} {name} ({how})"))
    if down is not None:
        name, was, now, support = down
        verb = "speaks against" if support < -0.1 else "does little for"
        join = ";" if up is not None else ". It"
        it = " it" if up is not None else ""
        then = f"goes down to {percent(now)}" if now else "I drop"
        text += f"{join}{it} {verb} {name}, which {then}"
    text += "."
    if leader_before and leader and leader_before != leader:
        text += rng.choice(
            (
                f" I had leaned to {leader_before}; now {leader} leads.",
                f" So {leader} overtakes {leader_before}.",
            )
        )
    return text


def committing(
    rng: random.Random,
    name: str,
    cites: Sequence[tuple[str, str]],
    rival: str,
    p: float,
    *,
    out_of_tests: bool,
) -> str:
    """The end: what settles it."""
    said = listed([f"“{w}” ({s})" for w, s in cites])
    text = rng.choice(
        (
            f"{said}: together this is {name}",
            f"I commit to {name}, on the strength of {said}",
            f"{name} accounts for {said} best",
        )
    )
    if rival:
        text += f"; {rival} explains less"
    return text + (
        ". I can learn no more." if out_of_tests else f". At {percent(p)} I stop testing."
    )
