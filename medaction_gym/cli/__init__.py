"""The command line, ``medaction-gym``: one file a group of commands."""

from medaction_gym.cli.main import app

__all__ = ["app"]
