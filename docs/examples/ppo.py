"""PPO with action masks for MedAction-Discrete-v0, in one file after the manner of CleanRL.

    pip install "medaction-gym[rl]"
    python ppo.py                          # some minutes on two cores
    python ppo.py --total-steps 20000      # a quick look

Trains on fictional patients and shows, every few updates, how the policy does on patients of
another seed, beside committing at once to the likeliest disease. Writes the curve to --out.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import gymnasium as gym
import numpy as np
import torch
from torch import nn
from torch.distributions import Categorical

import medaction_gym  # noqa: F401  (registers the environments)
from medaction_gym.envs.discrete import CaseTables, Played, play_each
from medaction_gym.synthetic import SyntheticCases


def parse_args() -> argparse.Namespace:
    """The settings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--total-steps", type=int, default=150_000)
    parser.add_argument("--train-cases", type=int, default=400)
    parser.add_argument("--test-cases", type=int, default=100)
    parser.add_argument("--num-envs", type=int, default=64)
    parser.add_argument("--num-steps", type=int, default=64, help="of each env in a rollout")
    parser.add_argument("--learning-rate", type=float, default=1e-3)
    parser.add_argument("--gamma", type=float, default=1.0, help="episodes are short: no discount")
    parser.add_argument("--gae-lambda", type=float, default=0.95)
    parser.add_argument("--minibatches", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--clip", type=float, default=0.2)
    parser.add_argument("--entropy", type=float, default=0.005)
    parser.add_argument("--value", type=float, default=0.5)
    parser.add_argument("--max-grad-norm", type=float, default=0.5)
    parser.add_argument("--every", type=int, default=4, help="updates between tests")
    parser.add_argument("--out", type=Path, default=Path("ppo_curve.csv"))
    return parser.parse_args()


def make_envs(num_envs: int, cases: SyntheticCases) -> gym.vector.VectorEnv:
    """All episodes in arrays; an episode that ends makes room for the next in the same step."""
    return gym.make_vec(
        "MedAction-Discrete-v0",
        num_envs=num_envs,
        vectorization_mode="vector_entry_point",
        autoreset_mode="SameStep",
        cases=cases,
    )


def layer(inputs: int, outputs: int, std: float = 2**0.5) -> nn.Linear:
    """A layer that starts orthogonal."""
    linear = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(linear.weight, std)
    nn.init.zeros_(linear.bias)
    return linear


class Agent(nn.Module):
    """An actor and a critic of two hidden layers each."""

    def __init__(self, observations: int, actions: int) -> None:
        super().__init__()

        def head(outputs: int, std: float) -> nn.Sequential:
            return nn.Sequential(
                layer(observations, 128), nn.Tanh(), layer(128, 128), nn.Tanh(),
                layer(128, outputs, std),
            )  # fmt: skip

        self.actor, self.critic = head(actions, 0.01), head(1, 1.0)

    def policy(self, observation: torch.Tensor, mask: torch.Tensor) -> Categorical:
        """Which action to take; masked ones have no chance."""
        logits = self.actor(observation)
        return Categorical(logits=torch.where(mask, logits, torch.tensor(-1e8)))

    def value(self, observation: torch.Tensor) -> torch.Tensor:
        """The reward that is still to come."""
        return self.critic(observation).squeeze(-1)


@torch.no_grad()
def test(agent: Agent, cases: SyntheticCases, tables: CaseTables) -> Played:
    """Every case once, with the likeliest action."""

    def policy(observations: np.ndarray, masks: np.ndarray) -> np.ndarray:
        observation, mask = torch.from_numpy(observations), torch.from_numpy(masks)
        return agent.policy(observation, mask).probs.argmax(dim=1).numpy()

    return play_each(policy, cases, tables=tables)


def main() -> None:
    """Train, and test now and then."""
    args = parse_args()
    torch.manual_seed(args.seed)
    envs = make_envs(args.num_envs, SyntheticCases(seed=args.seed, size=args.train_cases))
    catalogue = envs.unwrapped.catalogue
    unseen = SyntheticCases(seed=args.seed + 1_000, size=args.test_cases)
    tables = CaseTables(unseen, catalogue)  # kept from one test to the next
    first_slot = len(catalogue.tests)
    at_once = play_each(lambda seen, _: np.full(len(seen), first_slot), unseen, tables=tables)
    print("committing at once:", at_once.means())
    size = envs.single_observation_space.shape[0]
    agent = Agent(size, int(envs.single_action_space.n))
    optimizer = torch.optim.Adam(agent.parameters(), lr=args.learning_rate, eps=1e-5)

    shape = args.num_steps, args.num_envs
    observations = torch.zeros(*shape, size)
    masks = torch.zeros(*shape, int(envs.single_action_space.n), dtype=torch.bool)
    actions = torch.zeros(shape, dtype=torch.long)
    logprobs, rewards, values = torch.zeros(shape), torch.zeros(shape), torch.zeros(shape)
    ended, after = torch.zeros(shape), torch.zeros(shape)
    batch = args.num_steps * args.num_envs
    updates = args.total_steps // batch
    observation, info = envs.reset(seed=args.seed)
    started, curve = time.time(), []

    for update in range(updates + 1):
        if update % args.every == 0 or update == updates:
            means, steps = test(agent, unseen, tables).means(), update * batch
            curve.append((steps, means["reward"], means["right"], at_once.means()["reward"]))
            print(
                f"{steps:9,} steps  {steps / (time.time() - started):8,.0f} steps/s  unseen:"
                f" reward {means['reward']:6.3f}, right {means['right']:4.0%}", flush=True,
            )  # fmt: skip
        if update == updates:
            break
        optimizer.param_groups[0]["lr"] = args.learning_rate * (1 - update / updates)
        for step in range(args.num_steps):
            observations[step] = torch.from_numpy(observation)
            masks[step] = torch.from_numpy(info["action_mask"])
            with torch.no_grad():
                policy = agent.policy(observations[step], masks[step])
                actions[step] = policy.sample()
                logprobs[step] = policy.log_prob(actions[step])
                values[step] = agent.value(observations[step])
            observation, reward, terminated, truncated, info = envs.step(actions[step].numpy())
            rewards[step] = torch.from_numpy(reward)
            ended[step] = torch.from_numpy(terminated | truncated)
            with torch.no_grad():  # what comes next: the new state, its last state if cut off, or 0
                after[step] = agent.value(torch.from_numpy(observation)) * (1 - ended[step])
                if truncated.any():
                    last = agent.value(torch.from_numpy(info["final_obs"]))
                    after[step] += last * torch.from_numpy(truncated)

        advantages, ahead = torch.zeros(shape), torch.zeros(args.num_envs)
        for step in reversed(range(args.num_steps)):
            error = rewards[step] + args.gamma * after[step] - values[step]
            ahead = error + args.gamma * args.gae_lambda * (1 - ended[step]) * ahead
            advantages[step] = ahead
        returns = advantages + values

        flat = [
            tensor.flatten(0, 1)
            for tensor in (observations, masks, actions, logprobs, advantages, returns)
        ]
        for _ in range(args.epochs):
            for chosen in torch.randperm(batch).chunk(args.minibatches):
                seen, mask, action, before, advantage, target = (t[chosen] for t in flat)
                advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
                policy = agent.policy(seen, mask)
                ratio = (policy.log_prob(action) - before).exp()
                clipped = ratio.clamp(1 - args.clip, 1 + args.clip)
                loss = (
                    -torch.min(ratio * advantage, clipped * advantage).mean()
                    + args.value * (agent.value(seen) - target).square().mean()
                    - args.entropy * policy.entropy().mean()
                )
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(agent.parameters(), args.max_grad_norm)
                optimizer.step()

    with args.out.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("steps", "reward", "right", "at_once"))
        writer.writerows(curve)


if __name__ == "__main__":
    main()
