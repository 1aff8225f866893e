"""Sphinx configuration. The build needs no network: nothing is fetched, intersphinx is off."""

from __future__ import annotations

import inspect
import textwrap
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import medaction_gym
from medaction_gym import CaseSet, DiagnosisEnv

project = "medaction-gym"
author = "the medaction-gym developers"
copyright = "the medaction-gym developers, Apache-2.0"
release = version = medaction_gym.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
# A line of code has up to 100 characters, and should be seen whole.
html_theme_options = {"light_css_variables": {"code-font-size": "76%"}}
html_static_path = ["_static"]
html_css_files = ["output.css"]
html_title = f"medaction-gym {release}"

myst_enable_extensions = ["colon_fence"]  # :::{warning} and its like
myst_heading_anchors = 3
autodoc_member_order = "bysource"
# Types under the parameters: a frozen model's signature with its annotations fills a screen.
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
# Docstrings list attributes themselves; as fields of the class they are not listed twice.
napoleon_use_ivar = True
# `Name` in a docstring is code.
default_role = "code"

# Stands in for a colon; a character of the private use area, which no text contains.
COLON = "\ue000"


def environment_page() -> str:
    """The docstring of `DiagnosisEnv`, which is Markdown, as a page."""
    body, _, example = (inspect.getdoc(DiagnosisEnv) or "").partition("\nExample:\n")
    code = textwrap.dedent(example).strip()
    return f"# MedAction-v0\n\n{body}\n## Example\n\n```pycon\n{code}\n```\n"


def fill_in(app: Sphinx, name: str, source: list[str]) -> None:
    """Put the docstring in place of environment.md, which is a stub."""
    if name == "environment":
        source[0] = environment_page()


def outdated(app: Sphinx, *_: Any) -> list[str]:
    """Read environment.md in every build: Sphinx cannot see that a docstring has changed."""
    return ["environment"]


def shorten(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Refer to the environment page where autodoc would repeat it."""
    if obj is DiagnosisEnv:
        lines[:] = ["Active diagnosis of one case an episode. See the :doc:`environment` page."]


def hide_colon(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Napoleon takes the start of a property's first sentence, up to a colon, for its type."""
    if what == "property" and lines:
        lines[0] = lines[0].replace(":", COLON)


def show_colon(
    app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Undo `hide_colon` once napoleon has been."""
    lines[:] = [line.replace(COLON, ":") for line in lines]


def skip(app: Sphinx, what: str, name: str, obj: object, skip: bool, options: object) -> bool:
    """Leave out "Alias for field number 0" and its like."""
    return skip or type(obj).__name__ == "_tuplegetter"


def setup(app: Sphinx) -> None:
    """Check the example case, and connect the functions above."""
    CaseSet.load(Path(__file__).parent / "examples" / "my-case.json")
    app.connect("source-read", fill_in)
    app.connect("env-get-outdated", outdated)
    app.connect("autodoc-process-docstring", shorten)
    app.connect("autodoc-process-docstring", hide_colon, priority=400)  # napoleon has 500
    app.connect("autodoc-process-docstring", show_colon, priority=600)
    app.connect("autodoc-skip-member", skip)
