"""How long do many OpenEnv clients at once wait for an answer?

    python scripts/bench_openenv.py [--clients N] [--episodes N] [--cases FILE]

Starts the server as a process of its own on loopback, lets N clients play short episodes side by
side (an order, a differential, a commitment), and prints errors and the time of a step. Clients and
server share this machine's cores, so the figures are upper bounds. Needs the extra "openenv".
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np

from medaction_gym.cases.caseset import CaseSet
from medaction_gym.integrations.openenv.client import MedActionEnv


async def play(url: str, cases: CaseSet, number: int, episodes: int, times: list[float]) -> int:
    """One client; how many of its episodes failed."""
    failed = 0
    async with MedActionEnv(url) as env:
        for episode in range(episodes):
            case = cases[(number * 7 + episode) % len(cases)]
            try:
                await env.reset(case_id=case.id)
                for action in (
                    {"action": "order_test", "test": case.tests[episode % len(case.tests)].name},
                    {"action": "update_differential", "differential": [
                        {"disease": case.diagnosis.name, "probability": 0.6}
                    ]},
                    {"action": "commit", "diagnosis": case.diagnosis.name},
                ):  # fmt: skip
                    begun = time.perf_counter()
                    told = await env.step(action)
                    times.append(time.perf_counter() - begun)
                failed += not told.done
            except (RuntimeError, OSError) as error:
                if not failed:
                    print(f"client {number}, episode {episode}: {error!r}", file=sys.stderr)
                failed += 1
    return failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--episodes", type=int, default=20)
    parser.add_argument("--cases", type=Path)
    given = parser.parse_args()
    cases = CaseSet.load(given.cases) if given.cases else CaseSet.teaching()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "medaction_gym", "serve", "--port", str(port)]
    command += ["--max-sessions", str(given.clients)]
    command += ["--cases", str(given.cases)] if given.cases else []
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            for _ in range(300):
                try:
                    urllib.request.urlopen(f"{url}/health", timeout=1).read()
                    break
                except OSError:
                    time.sleep(0.2)
            times: list[float] = []

            async def all_of_them() -> list[int]:
                return await asyncio.gather(
                    *(play(url, cases, n, given.episodes, times) for n in range(given.clients))
                )

            begun = time.perf_counter()
            failed = sum(asyncio.run(all_of_them()))
            took = time.perf_counter() - begun
        finally:
            server.terminate()
    p50, p90, p99 = np.percentile(1_000 * np.array(times), (50, 90, 99))
    print(
        f"{given.clients} clients, {given.clients * given.episodes:,} episodes, {failed} failed, "
        f"{len(times) / took:,.0f} steps/s\n"
        f"a step: median {p50:.0f} ms, 90 % {p90:.0f} ms, 99 % {p99:.0f} ms, "
        f"most {1_000 * max(times):.0f} ms"
    )


if __name__ == "__main__":
    main()
