"""Episode: one play of one case, as a pure state machine.

No gym, no language model, no random numbers. A state is immutable and points to the one before
it, so a snapshot is the state itself: branching a tree of trajectories costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from medaction_gym.actions import (
    Action,
    Commit,
    Hypothesis,
    Malformed,
    OrderTest,
    Outcome,
    UpdateDifferential,
    parse,
)
from medaction_gym.cases.case import Case
from medaction_gym.oracle import MAX_TESTS_PER_REQUEST, Oracle, Part, Release, oracle_for

Status = Literal["open", "committed", "truncated"]

# Which of several parts' outcomes speaks for the whole request.
_PRECEDENCE = (
    Outcome.RESULT,
    Outcome.AMBIGUOUS,
    Outcome.REPEATED,
    Outcome.UNAVAILABLE,
    Outcome.NOT_UNDERSTOOD,
)


class Rules(BaseModel):
    """What an episode allows.

    Attributes:
        max_turns: Actions until the episode is truncated, at least 1.
        max_tests: Tests with a result that may be ordered, or None for no limit.
        budget: US dollars that may be spent on tests, or None for no limit.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_turns: int = Field(default=30, ge=1, le=10_000)
    max_tests: int | None = Field(default=None, ge=0)
    budget: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class Turn(NamedTuple):
    """One action and what came of it.

    Attributes:
        action: The action, or what was malformed.
        outcome: How it was taken.
        message: What the doctor is told.
        why: The reason for the outcome, in plain words.
        released: What of the record was handed out for the first time.
        tests: How many tests gave a result (a panel is one).
        usd: What the turn's tests cost.
        hours: How long the doctor waited for them; tests of one request run side by side.
    """

    action: Action | Malformed
    outcome: Outcome
    message: str
    why: str
    released: tuple[Release, ...] = ()
    tests: int = 0
    usd: float = 0.0
    hours: float = 0.0


class Episode(NamedTuple):
    """A state of play.

    A named tuple: as immutable as it looks, and the cheapest thing Python can copy.

    Attributes:
        case: The case played.
        rules: What is allowed.
        previous: The state before, None at the start.
        turn: The turn that led here, None at the start.
        number: Turns taken so far.
        status: ``"open"``, ``"committed"`` or ``"truncated"``.
        seen: Everything handed out so far.
        tests: Tests that gave a result so far.
        usd: Dollars spent so far.
        hours: Hours passed so far.
        differential: The working differential, empty before the first.

    Example:
        >>> from medaction_gym.cases.caseset import CaseSet
        >>> start = Episode.start(CaseSet.teaching()[0])
        >>> after = start.act({"action": "commit", "diagnosis": "Gout"})
        >>> start.status, after.status, after.turn.outcome.value
        ('open', 'committed', 'ACCEPTED')
        >>> after.previous is start
        True
    """

    case: Case
    rules: Rules
    oracle: Oracle
    previous: Episode | None = None
    turn: Turn | None = None
    number: int = 0
    status: Status = "open"
    seen: frozenset[Release] = frozenset()
    tests: int = 0
    usd: float = 0.0
    hours: float = 0.0
    differential: tuple[Hypothesis, ...] = ()

    @classmethod
    def start(
        cls,
        case: Case,
        rules: Rules | None = None,
        oracle: Callable[[Case], Oracle] = oracle_for,
    ) -> Episode:
        """The state before the first action.

        Args:
            case: The case to play.
            rules: What is allowed; the defaults of `Rules` if None.
            oracle: Makes the oracle that answers from the case.
        """
        return cls(case=case, rules=rules or Rules(), oracle=oracle(case))

    def act(self, raw: object) -> Episode:
        """Take an action in any form that `actions.parse` reads; malformed input spends a turn.

        Raises:
            RuntimeError: If the episode is over.
        """
        if self.status != "open":
            raise RuntimeError(f"the episode is over ({self.status}); start a new one")
        action = parse(raw)
        # Exact types, as in `parse`: isinstance on pydantic classes is slow.
        if type(action) is OrderTest:
            turn = self._order(action)
        elif type(action) is Malformed:
            message = (
                f"That was no valid action: {action.reason}. "
                "Send order_test, update_differential or commit."
            )
            turn = Turn(action, Outcome.MALFORMED, message, action.reason)
        elif type(action) is UpdateDifferential:
            turn = Turn(action, Outcome.ACCEPTED, "Differential noted.", "differential replaced")
        else:
            assert type(action) is Commit
            turn = Turn(
                action, Outcome.ACCEPTED, f"Committed to: {action.diagnosis}.", "final diagnosis"
            )
        return self.after(turn)

    def stop(self) -> Episode:
        """This state as one that is truncated, for a player who has left; unchanged if it is over.

        Example:
            >>> from medaction_gym.cases.caseset import CaseSet
            >>> Episode.start(CaseSet.teaching()[0]).stop().status
            'truncated'
        """
        return self._replace(status="truncated") if self.status == "open" else self

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns so far, first to last."""
        turns = []
        state: Episode | None = self
        while state is not None and state.turn is not None:
            turns.append(state.turn)
            state = state.previous
        return tuple(reversed(turns))

    @property
    def committed(self) -> str:
        """The final diagnosis, or ``""`` if there is none."""
        action = self.turn.action if self.turn else None
        return action.diagnosis if isinstance(action, Commit) else ""

    def __repr__(self) -> str:
        return f"Episode({self.case.id!r}, turn {self.number}, {self.status})"

    def after(self, turn: Turn) -> Episode:
        """The state that a turn leads to, for whoever has a record of the turn."""
        action, number = turn.action, self.number + 1
        status: Status = "open"
        if type(action) is Commit:
            status = "committed"
        elif number >= self.rules.max_turns:
            status = "truncated"
        return Episode(
            case=self.case,
            rules=self.rules,
            oracle=self.oracle,
            previous=self,
            turn=turn,
            number=number,
            status=status,
            seen=self.seen.union(turn.released) if turn.released else self.seen,
            tests=self.tests + turn.tests,
            usd=self.usd + turn.usd,
            hours=self.hours + turn.hours,
            differential=(
                action.differential if type(action) is UpdateDifferential else self.differential
            ),
        )

    def _order(self, action: OrderTest) -> Turn:
        parts = self.oracle.answer(action.test)
        if len(parts) > MAX_TESTS_PER_REQUEST:
            reason = f"test: names {len(parts)} tests; at most {MAX_TESTS_PER_REQUEST} a request"
            return Turn(action, Outcome.MALFORMED, f"Not ordered: {reason}.", reason)
        lines, whys, outcomes = [], [], []
        released: list[Release] = []
        tests, usd, hours = 0, 0.0, 0.0
        for part in parts:
            part, new = self._within_limits(part, released, tests, usd)
            if new:
                tests += 1
                usd += part.price.usd
                hours = max(hours, part.price.hours)
                released += new
            lines.append(self._say(part, new))
            whys.append(f"{part.asked}: {part.why}")
            outcomes.append(part.outcome)
        outcome = next(o for o in _PRECEDENCE if o in outcomes)
        return Turn(
            action=action,
            outcome=outcome,
            message="\n".join(lines),
            why="; ".join(whys),
            released=tuple(released),
            tests=tests,
            usd=usd,
            hours=hours,
        )

    def _within_limits(
        self, part: Part, released: list[Release], tests: int, usd: float
    ) -> tuple[Part, list[Release]]:
        """What of a part is new, and whether the rules still allow it."""
        if part.outcome is not Outcome.RESULT:
            return part, []
        # An analyte of a panel that has been read whole is no news.
        new = [
            r
            for r in part.releases
            if not any(known in self.seen or known in released for known in (r, Release(r.item)))
        ]
        if not new:
            why = "all of it was reported before"
            return part._replace(outcome=Outcome.REPEATED, why=why), []
        rules = self.rules
        if rules.max_tests is not None and self.tests + tests >= rules.max_tests:
            why = f"the limit of {rules.max_tests} tests is reached; commit to a diagnosis"
            return part._replace(outcome=Outcome.UNAVAILABLE, why=why), []
        if rules.budget is not None and self.usd + usd + part.price.usd > rules.budget:
            left = rules.budget - self.usd - usd
            why = f"it costs ${part.price.usd:,.2f} and ${left:,.2f} of the budget is left"
            return part._replace(outcome=Outcome.UNAVAILABLE, why=why), []
        return part, new

    def _say(self, part: Part, new: list[Release]) -> str:
        if part.outcome is Outcome.RESULT:
            return "\n".join(self._report(release) for release in new)
        if part.outcome is Outcome.REPEATED:
            return f"{part.asked}: already reported above."
        if part.outcome is Outcome.NOT_UNDERSTOOD:
            return f"{part.asked!r} was not understood: it {part.why}."
        if part.outcome is Outcome.AMBIGUOUS:
            return f"{part.asked}: not specific enough; {part.why}."
        return f"{part.asked}: not available; {part.why}."

    def _report(self, release: Release) -> str:
        test = self.case.tests[release.item]
        if release.analyte < 0:
            return f"{test.name}: {test.result}"
        analyte = test.analytes[release.analyte]
        return f"{analyte.name}: {analyte.result}"
