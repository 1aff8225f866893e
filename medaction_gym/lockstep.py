"""Lockstep: several episodes side by side, so that a model is asked for many moves at once.

An episode that ends makes room for the next case. Each plays as it would alone, as far as the model
answers the same in a batch as alone: with sampling it does not, and rounding may tip a close call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from medaction_gym.agents.base import Start, agent_rng, failure
from medaction_gym.agents.language import Session
from medaction_gym.cases.case import Case
from medaction_gym.chat import SetupError
from medaction_gym.envs.diagnosis import DiagnosisEnv
from medaction_gym.prompt.reply import Move
from medaction_gym.trajectory import Settings, Trajectory


class Batched(Protocol):
    """An agent that can be asked for the moves of several sessions at once."""

    def moves(self, sessions: Sequence[Session]) -> list[Move | Exception]:
        """As `medaction_gym.agents.language.LanguageAgent.moves`."""
        ...


class _Seat(NamedTuple):
    """A case that is being played."""

    number: int
    env: DiagnosisEnv
    session: Session


def lockstep(
    cases: Iterable[Case],
    agent: Batched,
    make_env: Callable[[], DiagnosisEnv],
    *,
    seats: int,
    name: str = "",
    seed: int = 0,
    settings: Settings | None = None,
) -> Iterator[Trajectory]:
    """Play cases, several at a time.

    Args:
        cases: The cases.
        agent: Who plays.
        make_env: Makes an environment whose cases include them; called once a seat.
        seats: How many play at a time, at least 1.
        name: The agent's name, for the record.
        seed: Seed of the agent.
        settings: The environment's settings, for the record.

    Yields:
        Trajectories in the order of the cases, each as soon as those before it are done.
    """
    waiting = iter(enumerate(cases))
    playing: list[_Seat] = []
    free = [make_env() for _ in range(seats)]
    done: dict[int, Trajectory] = {}
    due = 0
    while True:
        while free and (next_case := next(waiting, None)):
            number, case = next_case
            env = free.pop()
            observation, info = env.reset(options={"case_id": case.id})
            start = Start(observation, info, agent_rng(seed, case), None)
            playing.append(_Seat(number, env, Session(start)))
        if not playing:
            return
        moves = _asked(agent, [seat.session for seat in playing])
        still = []
        for seat, move in zip(playing, moves, strict=True):
            over, error = _step(seat, move)
            if over:
                done[seat.number] = Trajectory.of(
                    seat.env.episode, settings=settings, agent=name, seed=seed, error=error
                )
                free.append(seat.env)
            else:
                still.append(seat)
        playing = still
        while due in done:
            yield done.pop(due)
            due += 1


def _asked(agent: Batched, sessions: list[Session]) -> list[Move | Exception]:
    # As in `rollout`: what fails in an agent is recorded, and is no wrong diagnosis.
    try:
        return agent.moves(sessions)
    except SetupError:
        raise
    except Exception as error:
        return [error] * len(sessions)


def _step(seat: _Seat, move: Move | Exception) -> tuple[bool, str]:
    """Take a move; returns whether the episode is over, and what failed if something did."""
    if isinstance(move, Exception):
        return True, failure(move)
    seat.session.say(move)
    try:
        observation, _, terminated, truncated, _ = seat.env.step(move.action)
    except SetupError:
        raise
    except Exception as error:  # a patient that could not be asked
        return True, failure(error)
    seat.session.hear(observation["message"])
    return terminated or truncated, ""
