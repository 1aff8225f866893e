"""Errors: what can go wrong between us and a model. None of it says anything about a patient."""

from __future__ import annotations


class SetupError(ValueError):
    """No model can be asked as things are set up here: a key or a library is missing.

    Unlike a failure, it would meet every request alike, so it ends a run at once.
    """


class ChatError(RuntimeError):
    """A model gave no usable answer.

    Args:
        message: What happened.
        endpoint: The address that was asked, without credentials.
        model: The model that was asked for.
        status: The last HTTP status, if the endpoint answered at all.
        attempts: How often it was tried.
    """

    def __init__(
        self,
        message: str,
        endpoint: str = "",
        model: str = "",
        status: int | None = None,
        attempts: int = 0,
    ) -> None:
        # All arguments go to the base class, so that the error survives pickling between processes.
        super().__init__(message, endpoint, model, status, attempts)
        self.message = message
        self.endpoint = endpoint
        self.model = model
        self.status = status
        self.attempts = attempts

    def __str__(self) -> str:
        """Who failed, how, and after how many attempts."""
        status = f", status {self.status}" if self.status else ""
        attempts = f", {self.attempts} attempts" if self.attempts > 1 else ""
        return f"{self.endpoint}, model {self.model}{status}{attempts}: {self.message}"


class EndpointError(ChatError):
    """The endpoint failed: unreachable, overloaded, refusing, or answering no chat completion."""


class ReplyError(ChatError):
    """The model answered, but no answer had the form that was asked for."""


class NotCachedError(ChatError):
    """A client that may only replay was asked something new."""
