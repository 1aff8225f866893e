"""Knowing: exploits that know the gold diagnosis and put on a show of finding it."""

from __future__ import annotations

from medaction_gym.actions import Action
from medaction_gym.metrics.families.situation import (
    Situation,
    end,
    order,
    ramp,
    say,
    stepwise,
    truth,
)


def right_at_once_ignores_tests(s: Situation) -> list[Action]:
    """Certain before the first test, and unmoved by all."""
    return stepwise(s, [0.95] * (len(s.tests) + 1))


def right_at_once_no_tests(s: Situation) -> list[Action]:
    """Certain, and no test."""
    return [truth(s, 0.95), end(s)]


def right_at_once_wiggles(s: Situation) -> list[Action]:
    """Certain at once, with a token move after each test."""
    return stepwise(s, [0.9 + 0.01 * i for i in range(len(s.tests) + 1)])


def token_updates(s: Situation) -> list[Action]:
    """As sure as is free, then a token move after each test."""
    return stepwise(s, [0.5 + 0.01 * i for i in range(len(s.tests) + 1)])


def jump_without_evidence(s: Situation) -> list[Action]:
    """Two statements in a row, the second certain; the tests come after."""
    return [truth(s, 0.1), *stepwise(s, [0.95] * (len(s.tests) + 1))]


def repeat_one_test(s: Situation) -> list[Action]:
    """Ramps over five orders of one test."""
    actions = [truth(s, 0.15)]
    for p in ramp(5)[1:]:
        actions += [order(s.tests[0]), truth(s, p)]
    return [*actions, end(s)]


def oscillate(s: Situation) -> list[Action]:
    """Swings between certain and doubtful, and ends certain."""
    actions = [truth(s, 0.1)]
    for test in s.tests:
        actions += [order(test), truth(s, 0.9), truth(s, 0.1)]
    return [*actions, truth(s, 0.9), end(s)]


def against_the_evidence(s: Situation) -> list[Action]:
    """The mirror image of the steady ramp: from the truth to a wrong disease."""
    actions: list[Action] = []
    for i, p in enumerate(reversed(ramp(len(s.tests), 0.05, 0.5))):
        actions += [order(s.tests[i - 1])] if i else []
        actions.append(say((s.wrong[0], 0.95 - p), (s.gold, p)))
    return [*actions, end(s)]


def dump_fifty(s: Situation) -> list[Action]:
    """Fifty diseases, the gold among them, after each test."""
    names = sorted([s.gold, *s.others[:49]])
    actions = [say(*((n, 0.02) for n in names))]
    for test in s.tests:
        s.random.shuffle(names)
        actions += [order(test), say(*((n, 0.02) for n in names))]
    return [*actions, end(s)]


def random_walk(s: Situation) -> list[Action]:
    """A random differential after each test."""
    names, actions = [s.gold, *s.wrong], list[Action]()
    for test in [None, *s.tests]:
        actions += [order(test)] if test else []
        parts = [s.random.random() for _ in names]
        actions.append(say(*((n, p / sum(parts)) for n, p in zip(names, parts, strict=True))))
    return [*actions, end(s)]


def rename(s: Situation) -> list[Action]:
    """Certain at once; the same disease under another name after each test."""
    names = _aliases(s)
    actions = [say((names[0], 0.95))]
    for i, test in enumerate(s.tests, 1):
        actions += [order(test), say((names[i % len(names)], 0.95))]
    return [*actions, end(s)]


def split_over_synonyms(s: Situation) -> list[Action]:
    """Certain at once; the mass flows from one name to another, as if moved by the tests."""
    one, other = _aliases(s)[:2]
    actions = [say((one, 0.95))]
    for i, test in enumerate(s.tests, 1):
        p = 0.95 * i / len(s.tests)
        actions += [order(test), say((one, 0.95 - p), (other, p))]
    return [*actions, end(s)]


def hedge(s: Situation) -> list[Action]:
    """Two diseases, both grow alike with the tests."""
    actions: list[Action] = []
    for i, p in enumerate(ramp(len(s.tests), 0.1, 0.5)):
        actions += [order(s.tests[i - 1])] if i else []
        actions.append(say((s.gold, p), (s.wrong[0], p)))
    return [*actions, end(s)]


def stall(s: Situation) -> list[Action]:
    """As sure as is free, all tests, never an update."""
    return stepwise(s, [0.5] * (len(s.tests) + 1))


def reorder(s: Situation) -> list[Action]:
    """The masses stay, the order in which they are listed turns."""
    names = [s.gold, *s.wrong]
    mass = [0.5, 0.2, 0.15, 0.1]
    actions: list[Action] = []
    for i, test in enumerate([None, *s.tests]):
        actions += [order(test)] if test else []
        pairs = list(zip(names, mass, strict=False))
        turn = i % len(pairs)
        actions.append(say(*pairs[turn:], *pairs[:turn]))
    return [*actions, end(s)]


def shuffle_distractors(s: Situation) -> list[Action]:
    """The truth stays as sure as is free; the wrong diseases trade places after each test."""
    mass = [0.45, 0.03, 0.0]
    actions: list[Action] = []
    for test in [None, *s.tests]:
        actions += [order(test)] if test else []
        s.random.shuffle(mass)
        actions.append(say((s.gold, 0.5), *zip(s.wrong, mass, strict=False)))
    return [*actions, end(s)]


def pump(s: Situation) -> list[Action]:
    """Surer and less sure after every other test, ever on the evidence just gathered."""
    return stepwise(s, [0.5, *(0.1 if i % 2 else 0.9 for i in range(1, len(s.tests))), 0.9])


def creep(s: Situation) -> list[Action]:
    """Certain in steps too small to notice, after the first test; then the other tests."""
    first, *rest = s.tests
    actions = [truth(s, 0.1), order(first)]
    actions += [truth(s, 0.1 + 0.004 * i) for i in range(1, 160)]
    return [*actions, truth(s, 0.95), *map(order, rest), end(s)]


def launder(s: Situation) -> list[Action]:
    """The truth stays as sure as is free; one wrong disease after another fades with the tests."""
    actions: list[Action] = []
    for i, test in enumerate([None, *s.tests]):
        actions += [order(test)] if test else []
        left = 1 - i / len(s.tests)
        actions.append(say((s.gold, 0.5), (s.wrong[0], 0.3 * left), (s.wrong[-1], 0.1 * left)))
    return [*actions, end(s)]


def pad_the_name(s: Situation) -> list[Action]:
    """Certain at once; after each test the same disease with other words around it."""
    frames = (
        "{}",
        "{} as suspected on arrival",
        "presentation of {} in this patient",
        "{} overall",
    )
    actions = [say((s.gold, 0.95))]
    for i, test in enumerate(s.tests, 1):
        actions += [order(test), say((frames[i % len(frames)].format(s.gold), 0.95))]
    return [*actions, end(s)]


def believes_other(s: Situation) -> list[Action]:
    """A wrong disease, ever surer with the tests; then commits to the truth."""
    actions: list[Action] = []
    for i, p in enumerate(ramp(len(s.tests))):
        actions += [order(s.tests[i - 1])] if i else []
        actions.append(say((s.wrong[0], p)))
    return [*actions, end(s)]


def _aliases(s: Situation) -> list[str]:
    """Ways to write the gold diagnosis; most cases state one name only."""
    name = s.gold.rstrip(".")
    written = [s.gold, *s.case.diagnosis.synonyms, name.upper(), f"{name} (confirmed)"]
    return list(dict.fromkeys(n[:300] for n in written))
