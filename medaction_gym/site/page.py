"""Page: fills a template; what comes from data is escaped, in text, attributes and JSON alike."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from medaction_gym import __version__

# Nothing but the site's own files; and no script may turn a string into markup.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)


@cache
def environment() -> Environment:
    """Jinja with autoescape, in which an unknown name is an error."""
    made = Environment(
        loader=PackageLoader("medaction_gym.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals |= {"version": __version__, "policy": POLICY, "counted": counted}
    made.filters |= {"web": web}
    # Compact; |tojson goes on to escape <, >, & and ', and json all that is not ASCII.
    made.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    return made


def page(template: str, *, root: str, **values: Any) -> str:
    """A filled template; `root` leads from the page's folder to that of the site."""
    return environment().get_template(template).render(root=root, **values)


def counted(number: int, noun: str) -> str:
    """A number of things.

    Example:
        >>> counted(1, "run"), counted(2_000, "run")
        ('1 run', '2,000 runs')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def web(url: str) -> str:
    """An address that may become a link, or "".

    Example:
        >>> web("https://example.org/a"), web("javascript:alert(1)"), web(" HTTP://b")
        ('https://example.org/a', '', '')
    """
    return url if url.startswith(("https://", "http://")) else ""
