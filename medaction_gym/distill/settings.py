"""Settings: what a distillation is made of, enough to do it again."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from medaction_gym import __version__
from medaction_gym.chat.endpoint import Endpoint
from medaction_gym.distill.selection import Thresholds
from medaction_gym.distill.tree import Growth


class Settings(BaseModel):
    """What is distilled, by whom and how: enough to do it again.

    Attributes:
        teachers: Names of teachers, or ``module:Class``.
        growth: How trees grow, the seed among it.
        limits: What paths must reach.
        chat: The language model that the teacher "chat" asks.
        cases_hash: Hash of the cases, those of benchmarks left out.
        benchmark_hash: Hash of the benchmark cases, "" if there are none.
        package_version: The medaction-gym that ran.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    teachers: tuple[str, ...] = ("privileged",)
    growth: Growth = Growth()
    limits: Thresholds = Thresholds()
    chat: Endpoint | None = None
    cases_hash: str = ""
    benchmark_hash: str = ""
    package_version: str = __version__

    def described(self) -> dict[str, Any]:
        """What makes this run another than others; not where its model was reached, and how fast.

        Example:
            >>> Settings(chat=Endpoint(model="m", cache="replies.sqlite")).described()["chat"]
            {'model': 'm', 'form': 'tools', 'options': {'temperature': 1.0}, 'context': 0}
        """
        return self.model_dump(mode="json", exclude={"chat": Endpoint.REACHED})
