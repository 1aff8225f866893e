"""Pictures of the pages for docs/pages.md, from the demo's site. Needs the extra "browser".

Usage: medaction-gym demo --out DIR; python scripts/screenshots.py DIR/site docs/images
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-sync"
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 800}
CASE = "cases/teaching-genetics-02-*.html"
NEXT = "document.querySelector('[name=next]').click(); scrollTo(0, 0)"
TURNS = "document.querySelector('.account').scrollIntoView({behavior: 'instant'})"
# File, page, fragment, size, scheme, what to do first.
PICTURES = (
    ("leaderboard", "index.html", "", DESKTOP, "light", "0"),
    ("comparison", CASE, "#a=1&b=2", DESKTOP, "dark", TURNS),
    ("case-phone", CASE, "#a=1", PHONE, "light", TURNS),
    ("tree", "trees/*.html", "", DESKTOP, "light", NEXT),
)


def main(site: Path, out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=FLAGS.split()
        )
        for name, pattern, fragment, size, scheme, first in PICTURES:
            page = browser.new_page(viewport=size, color_scheme=scheme)
            page.goto(min(site.glob(pattern)).resolve().as_uri() + fragment)
            page.evaluate(first)
            page.wait_for_timeout(300)
            page.screenshot(path=out / f"{name}.png")
            print(name, (out / f"{name}.png").stat().st_size)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
