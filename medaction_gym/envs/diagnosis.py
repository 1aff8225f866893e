"""DiagnosisEnv: active diagnosis of one case an episode, on Gymnasium."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any, Literal

import gymnasium as gym
import numpy as np
from gymnasium.spaces import Box, Dict, Discrete, OneOf
from gymnasium.spaces import Sequence as SequenceSpace

from medaction_gym.actions import MAX_DISEASE, MAX_REQUEST, Hypothesis
from medaction_gym.cases.case import Case
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.envs.unicode import Unicode
from medaction_gym.envs.vocabulary import disease_vocabulary, test_vocabulary
from medaction_gym.episode import Episode, Rules
from medaction_gym.metrics.outcome import RIGHT, top
from medaction_gym.metrics.process import Process
from medaction_gym.oracle import MAX_TESTS_PER_REQUEST, Oracle, Release, oracle_for
from medaction_gym.reward import PRESETS, TERMS, Preset, final_grade, reward_terms
from medaction_gym.view import render_opening, render_turn

# Longest message, in characters. The longest among the 595 real cases is under 10,000; a longer
# one ends with a note of what was cut.
MAX_MESSAGE = 32_768

# Upper end of the dollars observed: more than any record costs, and finite as Gymnasium asks.
MAX_USD = 1_000_000.0

RenderMode = Literal["ansi", "human"]


class DiagnosisEnv(gym.Env[dict[str, Any], Any]):
    """Diagnose a patient step by step: order tests, revise the differential, commit.

    ## Description

    Each episode plays one published or fictional case report. The agent first sees what a doctor
    sees at admission. It orders tests in free text, and gets what the case's record holds; it
    states and revises a differential diagnosis; it ends the episode by committing to a diagnosis.
    Answers come from the record alone: a test that was not done is UNAVAILABLE, never "normal".

    ## Action Space

    `step` takes any of:

    - an element of the action space
      ``OneOf((Unicode test, Sequence(Dict(disease, probability)), Unicode diagnosis))``, i.e. a
      pair of index and value;
    - an action of `medaction_gym.actions`;
    - a mapping, or the same as a JSON string:

    | action | example |
    |---|---|
    | order a test | ``{"action": "order_test", "test": "CT head"}`` |
    | state the differential | ``{"action": "update_differential", "differential": [{"disease": "Stroke", "probability": 0.7}]}`` |
    | commit | ``{"action": "commit", "diagnosis": "Stroke"}`` |

    Malformed input never raises: it is answered with what was wrong, and spends a turn.

    ## Observation Space

    A `Dict`:

    | key | space | meaning |
    |---|---|---|
    | ``message`` | ``Unicode(32768)`` | the presentation at reset (with the menu if ``show_menu``); then the answer to the last action |
    | ``turn`` | ``Discrete(max_turns + 1)`` | actions taken |
    | ``tests`` | ``Discrete(12 * max_turns + 1)`` | tests that gave a result |
    | ``usd`` | ``Box(0, 1e6, (), float32)`` | US dollars spent on tests |

    ## Rewards

    The sum of the terms in ``info["reward_terms"]``, by preset:

    | term | ``"shaped"`` | ``"process"`` | ``"outcome"`` | meaning |
    |---|---|---|---|---|
    | ``outcome`` | yes | | yes | at the end, how right the diagnosis is, in [0, 1] |
    | ``dtc`` | yes | yes | | 0.4 of how much the belief came nearer to the truth |
    | ``rac`` | yes | yes | | 0.6 of how much the evidence drove the belief |
    | ``cost`` | yes | yes | yes | -0.01 a turn and -1 for every $20,000 of tests |
    | ``misuse`` | yes | yes | yes | -0.05 for an action malformed, not understood or repeated |

    See `medaction_gym.reward`. "shaped" and "process" load the knowledge graph when the first
    differential is stated or the episode ends (0.2 s; compiled on first use, some 15 s).

    ## Starting State

    A case drawn uniformly from ``cases`` with ``self.np_random``;
    ``reset(options={"case_id": "..."})`` picks one.

    ## Episode End

    Terminated when the agent commits. Truncated after ``max_turns`` actions; then the working
    differential is graded in place of a diagnosis.

    ## Information

    ``info`` has the same keys and value types at every step:

    | key | meaning |
    |---|---|
    | ``case_id`` | the case |
    | ``outcome`` | RESULT, UNAVAILABLE, AMBIGUOUS, NOT_UNDERSTOOD, REPEATED, MALFORMED or ACCEPTED; ``""`` at reset |
    | ``explanation`` | why, in plain words |
    | ``released`` | names of the results handed out by this action |
    | ``tests``, ``usd``, ``hours`` | tests with a result, dollars and hours spent so far |
    | ``differential`` | the working differential as (disease, probability) pairs |
    | ``reward_terms`` | the terms of this step's reward |
    | ``grade``, ``right`` | grade of the final diagnosis in [0, 1], and whether it reaches 0.8; 0 and False before the end |
    | ``prediction`` | the diagnosis committed to, or the head of the differential on truncation; ``""`` before the end |
    | ``diagnosis`` | the gold diagnosis; ``""`` before the end |

    ## Arguments

    - ``cases``: a `CaseSet`, a path for `CaseSet.load`, or None for the teaching cases that ship
      with the package.
    - ``max_turns``: actions until truncation (default 30).
    - ``max_tests``, ``budget``: limits on tests with a result and on dollars (default None). An
      order beyond a limit is UNAVAILABLE and says so.
    - ``reward``: a preset: ``"shaped"`` (default), ``"process"`` or ``"outcome"``.
    - ``show_menu``: list the names of the recorded tests at reset (default False).
    - ``render_mode``: ``"ansi"`` (`render` returns the episode so far as a string), ``"human"``
      (each step is printed) or None.
    - ``oracle``: makes, from a case, what answers requests (default: the offline
      `medaction_gym.oracle.RecordOracle`), such as `medaction_gym.oracle.patient.Patients`, a
      patient played by a language model. Trajectories replay only with the oracle they were made
      with.

    ## Version History

    - v0: first version.

    Example:
        >>> env = DiagnosisEnv(max_turns=5)
        >>> observation, info = env.reset(seed=7)
        >>> observation["turn"], info["outcome"], info["diagnosis"]
        (0, '', '')
        >>> observation, reward, terminated, truncated, info = env.step(
        ...     {"action": "order_test", "test": "flurbometry"}
        ... )
        >>> info["outcome"], round(reward, 2), terminated, truncated
        ('NOT_UNDERSTOOD', -0.06, False, False)
    """

    metadata: dict[str, Any] = {  # noqa: RUF012  (Gymnasium's name and type)
        "render_modes": ["ansi", "human"],
        "render_fps": 1,
    }

    def __init__(
        self,
        cases: CaseSet | str | os.PathLike[str] | None = None,
        *,
        max_turns: int = 30,
        max_tests: int | None = None,
        budget: float | None = None,
        reward: Preset = "shaped",
        show_menu: bool = False,
        render_mode: RenderMode | None = None,
        oracle: Callable[[Case], Oracle] = oracle_for,
    ):
        if reward not in PRESETS:
            raise ValueError(f"unknown reward preset {reward!r}; known: {', '.join(PRESETS)}")
        if render_mode is not None and render_mode not in self.metadata["render_modes"]:
            raise ValueError(f"render_mode must be 'ansi', 'human' or None, not {render_mode!r}")
        self.rules = Rules(max_turns=max_turns, max_tests=max_tests, budget=budget)
        self.cases = case_set(cases)
        self.reward_preset: Preset = reward
        self.show_menu = show_menu
        self.render_mode = render_mode
        self.oracle = oracle
        self._episode: Episode | None = None
        self._process = Process()
        self._paired: tuple[tuple[Hypothesis, ...], tuple[tuple[str, float], ...]] = ((), ())

        disease = Unicode(MAX_DISEASE, disease_vocabulary())
        hypothesis = Dict({"disease": disease, "probability": Box(0.0, 1.0, (), np.float32)})
        self.action_space = OneOf(
            (
                Unicode(MAX_REQUEST, test_vocabulary()),
                SequenceSpace(hypothesis),
                Unicode(MAX_DISEASE, disease_vocabulary()),
            )
        )
        self.observation_space = Dict(
            {
                "message": Unicode(MAX_MESSAGE),
                "turn": Discrete(self.rules.max_turns + 1),
                "tests": Discrete(MAX_TESTS_PER_REQUEST * self.rules.max_turns + 1),
                "usd": Box(0.0, MAX_USD, (), np.float32),
            }
        )

    @property
    def episode(self) -> Episode:
        """The state of play. It is immutable: keep it as a snapshot, and `restore` it.

        Raises:
            RuntimeError: Before the first `reset`.
        """
        if self._episode is None:
            raise RuntimeError("call reset() first")
        return self._episode

    def restore(self, episode: Episode) -> tuple[dict[str, Any], dict[str, Any]]:
        """Go back to a snapshot.

        Args:
            episode: A value of `episode` taken from an environment with the same rules.

        Returns:
            The observation and info of that state.

        Raises:
            ValueError: If the snapshot was taken under other rules.
        """
        if episode.rules != self.rules:
            raise ValueError(f"the snapshot has {episode.rules!r}, this environment {self.rules!r}")
        self._episode = episode
        if self.reward_preset != "outcome":
            self._process = Process.of(episode)
        return self._observation(), self._info(reward_terms(episode, self.reward_preset))

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Start an episode.

        Args:
            seed: Seeds the choice of cases; None goes on with the stream.
            options: ``{"case_id": "..."}`` picks the case.

        Returns:
            The first observation and info.

        Raises:
            KeyError: If there is no such case; the message names the closest ids.
            ValueError: If an option is unknown.
        """
        super().reset(seed=seed)
        chosen = dict(options or {})
        case_id = chosen.pop("case_id", None)
        if chosen:
            raise ValueError(f"unknown reset options {sorted(chosen)}; known: ['case_id']")
        if case_id is None:
            case = self.cases[int(self.np_random.integers(len(self.cases)))]
        else:
            case = self.cases.get(case_id)
        self._episode = Episode.start(case, self.rules, self.oracle)
        self._process = Process()
        if self.render_mode == "human":
            print(render_opening(case, show_menu=self.show_menu), file=sys.stdout, flush=True)
        return self._observation(), self._info(dict.fromkeys(TERMS[self.reward_preset], 0.0))

    def step(self, action: Any) -> tuple[dict[str, Any], float, bool, bool, dict[str, Any]]:
        """Take one action.

        Args:
            action: See "Action Space" above.

        Returns:
            Observation, reward, terminated, truncated, info.

        Raises:
            RuntimeError: Before `reset`, and after the episode is over.
        """
        self._episode = self.episode.act(action)
        was = self._process
        if self.reward_preset != "outcome":
            self._process = was.after(self._episode)
        terms = reward_terms(self._episode, self.reward_preset, was, self._process)
        status = self._episode.status
        if self.render_mode == "human":
            print(render_turn(self._episode), file=sys.stdout, flush=True)
        return (
            self._observation(),
            sum(terms.values()),
            status == "committed",
            status == "truncated",
            self._info(terms),
        )

    def render(self) -> str | None:
        """The episode so far: a string for "ansi"; None for "human", which prints as it goes."""
        if self.render_mode is None:
            gym.logger.warn("render() needs render_mode='ansi' or 'human' in gym.make")
            return None
        if self.render_mode == "human":
            return None
        episode = self.episode
        states: list[Episode] = []
        while episode.previous is not None:
            states.append(episode)
            episode = episode.previous
        opening = render_opening(episode.case, show_menu=self.show_menu)
        return "\n\n".join([opening, *(render_turn(state) for state in reversed(states))])

    def _observation(self) -> dict[str, Any]:
        episode = self.episode
        if episode.turn is None:
            message = render_opening(episode.case, show_menu=self.show_menu)
        else:
            message = episode.turn.message
        if len(message) > MAX_MESSAGE:
            cut = len(message) - MAX_MESSAGE + 60
            message = f"{message[: MAX_MESSAGE - 60]}\n[{cut:,} further characters left out]"
        return {
            "message": message,
            "turn": episode.number,
            "tests": episode.tests,
            "usd": np.array(min(episode.usd, MAX_USD), dtype=np.float32),
        }

    def _pairs(self, differential: tuple[Hypothesis, ...]) -> tuple[tuple[str, float], ...]:
        """The differential for info; built once for as long as it stands."""
        if differential is not self._paired[0]:
            pairs = tuple((h.disease, h.probability) for h in differential)
            self._paired = (differential, pairs)
        return self._paired[1]

    def _info(self, terms: dict[str, float]) -> dict[str, Any]:
        episode = self.episode
        turn, over = episode.turn, episode.status != "open"
        final = final_grade(episode)
        prediction = (episode.committed or top(episode.differential)) if over else ""
        return {
            "case_id": episode.case.id,
            "outcome": turn.outcome.value if turn else "",
            "explanation": turn.why if turn else "",
            "released": _names(episode.case, turn.released) if turn else (),
            "tests": episode.tests,
            "usd": episode.usd,
            "hours": episode.hours,
            "differential": self._pairs(episode.differential),
            "reward_terms": terms,
            "grade": final,
            "right": final >= RIGHT,
            "prediction": prediction,
            "diagnosis": episode.case.diagnosis.name if over else "",
        }


def case_set(cases: CaseSet | str | os.PathLike[str] | None) -> CaseSet:
    """The cases that an environment's argument means; the teaching cases if None.

    Raises:
        ValueError: If the set is empty, or the file cannot be used.
    """
    if cases is None:
        return CaseSet.teaching()
    if isinstance(cases, CaseSet):
        if not len(cases):
            raise ValueError("the CaseSet is empty; an episode needs a case")
        return cases
    return CaseSet.load(cases)


def _names(case: Case, released: tuple[Release, ...]) -> tuple[str, ...]:
    return tuple(
        case.tests[r.item].name
        if r.analyte < 0
        else f"{case.tests[r.item].name}: {case.tests[r.item].analytes[r.analyte].name}"
        for r in released
    )
