"""``python -m medaction_gym``: the command line."""

from medaction_gym.cli import app

app(prog_name="medaction-gym")
