"""Decoder: a batch of conversations continued token by token, each read only once.

A turn's prompt begins with most of the last turn's. What a model computed for those tokens is kept
by session, so that a turn costs the new tokens alone: the environment's answer and the reply. On a
processor, where reading a prompt takes longest, that makes an episode several times as fast.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import torch

    # Scores of the next token, given what was said so far; both of shape (batch, ...).
    Processor = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class _Kept(NamedTuple):
    """What was computed for a conversation's tokens: by layer, keys and values (heads, n, size)."""

    ids: list[int]
    layers: list[tuple[torch.Tensor, torch.Tensor]]


class Decoder:
    """Continues prompts with a model of transformers.

    Args:
        model: A causal language model.
        ends: Tokens that end a reply.
        pad: The token for places without one.
    """

    def __init__(self, model: Any, ends: Iterable[int], pad: int) -> None:
        self.model, self.ends, self.pad = model, frozenset(ends), pad
        # transformers 5.24 calls it so, and warns of the name it had before.
        known = signature(model.forward).parameters
        self._cache = "cache" if "cache" in known else "past_key_values"
        self._kept: WeakKeyDictionary[Any, _Kept] = WeakKeyDictionary()

    def reply(
        self,
        prompts: Sequence[list[int]],
        sessions: Sequence[Hashable],
        limit: int,
        *,
        temperature: float = 0.0,
        seed: int = 0,
        processors: Sequence[Processor] = (),
        over: Callable[[list[int]], bool] = lambda said: False,
    ) -> list[list[int]]:
        """Continue each prompt to its end.

        Args:
            prompts: Tokens of each, at least one.
            sessions: Whose prompt each is; what is kept for it is forgotten with it.
            limit: Tokens of a reply, at most.
            temperature: Of sampling; 0 takes the likeliest token.
            seed: Of sampling.
            processors: What is done to the scores, such as a grammar.
            over: Whether what was said is all that is wanted, though the model would go on.

        Returns:
            The replies' tokens, without those that end them.
        """
        import torch

        dice = torch.Generator(device=self.model.device).manual_seed(seed)
        with torch.inference_mode():
            read = [
                self._read(p, self._kept.get(s)) for p, s in zip(prompts, sessions, strict=True)
            ]
            kept, scores = [one for one, _ in read], torch.stack([last for _, last in read])
            said: list[list[int]] = [[] for _ in prompts]
            cache, mask = self._joined(kept)
            places = torch.tensor([len(p) for p in prompts], device=self.model.device)
            history = self._padded(prompts)
            going = [True] * len(prompts)
            for step in range(limit):
                for processor in processors:
                    scores = processor(history, scores)
                token = self._choose(scores, temperature, dice)
                for n, one in enumerate(token.tolist()):
                    going[n] = going[n] and one not in self.ends
                    if going[n]:
                        said[n].append(one)
                        going[n] = not over(said[n])
                if not any(going) or step == limit - 1:
                    break
                history = torch.cat([history, token[:, None]], 1)
                mask = torch.cat([mask, mask.new_ones(len(prompts), 1)], 1)
                out = self.model(
                    input_ids=token[:, None],
                    attention_mask=mask,
                    position_ids=(places + step)[:, None],
                    use_cache=True,
                    **{self._cache: cache},
                )
                scores = out.logits[:, -1]
            width = max(len(p) for p in prompts)
            for n, (prompt, session) in enumerate(zip(prompts, sessions, strict=True)):
                # The last token said was never read, nor was anything after the end.
                whole = [*prompt, *said[n][: cache.get_seq_length() - width]]
                part = slice(width - len(prompt), width - len(prompt) + len(whole))
                layers = [
                    (layer.keys[n, :, part].clone(), layer.values[n, :, part].clone())
                    for layer in cache.layers
                ]
                self._kept[session] = _Kept(whole, layers)
        return said

    def _read(self, prompt: list[int], before: _Kept | None) -> tuple[_Kept, torch.Tensor]:
        """Read what is new of a prompt; returns what is kept and the scores of the next token."""
        import torch
        from transformers import DynamicCache

        pairs = enumerate(zip(prompt, before.ids, strict=False)) if before else ()
        size = min(len(prompt), len(before.ids)) if before else 0
        same = next((n for n, (a, b) in pairs if a != b), size)
        same = min(same, len(prompt) - 1)  # the last is read again, for its scores
        cache = DynamicCache()
        for n, (keys, values) in enumerate(before.layers if before and same else ()):
            cache.update(keys[None, :, :same], values[None, :, :same], n)
        out = self.model(
            input_ids=torch.tensor([prompt[same:]], device=self.model.device),
            use_cache=True,
            logits_to_keep=1,
            **{self._cache: cache},
        )
        layers = [(layer.keys[0], layer.values[0]) for layer in cache.layers]
        return _Kept(prompt, layers), out.logits[0, -1]

    def _joined(self, kept: Sequence[_Kept]) -> tuple[Any, torch.Tensor]:
        """One cache for all, shorter ones with room at their left, and the mask of that room."""
        import torch
        from torch.nn.functional import pad
        from transformers import DynamicCache

        width = max(len(one.ids) for one in kept)
        cache = DynamicCache()
        for n in range(len(kept[0].layers)):
            keys, values = (
                torch.stack(
                    [pad(one.layers[n][side], (0, 0, width - len(one.ids), 0)) for one in kept]
                )
                for side in (0, 1)
            )
            cache.update(keys, values, n)
        return cache, (self._padded([one.ids for one in kept], -1) >= 0).long()

    def _padded(self, rows: Sequence[list[int]], pad: int | None = None) -> torch.Tensor:
        import torch

        fill = self.pad if pad is None else pad
        width = max(len(row) for row in rows)
        padded = [[fill] * (width - len(row)) + row for row in rows]
        return torch.tensor(padded, device=self.model.device)

    def _choose(
        self, scores: torch.Tensor, temperature: float, dice: torch.Generator
    ) -> torch.Tensor:
        import torch

        if not temperature:
            return scores.argmax(-1)
        chances = torch.softmax(scores.float() / temperature, -1)
        return torch.multinomial(chances, 1, generator=dice)[:, 0]


def computes_bf16(place: str) -> bool:
    """Whether a device, ``"cpu"`` or one of a GPU's names, computes in bf16 and not just stores it.

    A processor without instructions for it is many times slower with bf16 than with fp32.
    """
    import torch

    if place != "cpu":
        return bool(torch.cuda.is_bf16_supported())
    capability = torch.backends.cpu.get_cpu_capability()
    return capability == "AVX512" and bool(torch.cpu._is_avx512_bf16_supported())
