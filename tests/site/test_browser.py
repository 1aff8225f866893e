"""Pages in a real browser: Debian's Chromium, driven by Playwright, from the disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.site.conftest import AGENTS, HOSTILE, LARGE, hostile_case

pytest.importorskip("playwright", reason="playwright is not installed: pip install .[browser]")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Error, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no chromium: apt-get install chromium")

# As root and without a network, as in CI.
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run "
    "--disable-background-networking --disable-component-update --disable-sync"
)
DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}

Opened = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, site: Path) -> Iterator[Opened]:
    """Opens pages of the site; at the end, nothing may have gone wrong in any."""
    wrong: list[str] = []
    contexts = []

    def open_(name: str | Path, size: Any = None, scheme: Any = "light", hash: str = "") -> Page:
        context = browser.new_context(viewport=size or DESKTOP, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)  # a busy machine is slow, and not wrong
        page.on("console", lambda message: wrong.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on(
            "request",
            lambda r: None if r.url.startswith(("file:", "data:,")) else wrong.append(r.url),
        )
        page.goto((site / name).as_uri() + hash)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


def a_case(site: Path) -> Path:
    return next(iter(sorted((site / "cases").glob("teaching-*.html")))).relative_to(site)


def hostile(site: Path, kind: str) -> Path:
    return next((site / kind).glob("hostile-*.html")).relative_to(site)


def a_tree(site: Path, *, large: bool) -> Path:
    trees = sorted((site / "trees").glob("teaching-*.html"), key=lambda p: p.stat().st_size)
    return trees[-1 if large else 0].relative_to(site)


def one_of_each(site: Path) -> list[Path]:
    names = ["index.html", "cases.html", "trees.html"]
    return [*map(Path, names), a_case(site), a_tree(site, large=False)]


def agents(page: Page) -> list[str]:
    return page.locator("tbody[data-benchmark=medr-bench] tr:not(.group) th").evaluate_all(
        "rows => rows.filter(r => r.offsetParent).map(r => r.dataset.value)"
    )


def test_sorts(opened: Opened) -> None:
    page = opened("index.html")
    header = page.locator("thead th", has_text="Agent")
    button = header.get_by_role("button")
    button.click()
    assert header.get_attribute("aria-sort") == "ascending"
    assert agents(page) == sorted(AGENTS)
    button.focus()
    page.keyboard.press("Enter")
    assert header.get_attribute("aria-sort") == "descending"
    assert agents(page) == sorted(AGENTS, reverse=True)
    assert page.locator("[aria-sort]").count() == 1
    page.get_by_role("button", name="Accuracy", exact=True).click()
    assert agents(page)[0] == "cheating-oracle"
    for _ in ("descending", "ascending"):
        page.get_by_role("button", name="Exam. precision").click()
        assert agents(page)[-1] == "dump-fifty", "what has no value stands last"


def test_filters(opened: Opened) -> None:
    page = opened("index.html")
    status = page.get_by_role("status")
    expect(status).to_have_text("7 of 7 shown")
    page.get_by_label("Kind of agent").select_option("exploit")
    expect(status).to_have_text("1 of 7 shown")
    assert agents(page) == ["dump-fifty"]
    page.get_by_label("Kind of agent").select_option("")
    page.get_by_label("Protocol").select_option("1-turn")
    expect(status).to_have_text("2 of 7 shown")
    page.get_by_label("Benchmark").select_option("medr-bench")
    expect(status).to_have_text("0 of 7 shown")
    page.get_by_label("Protocol").select_option("")
    page.get_by_label("Agent", exact=True).fill("KNOW")
    assert agents(page) == ["knowledge"]


def test_the_leaderboard_without_script(browser: Browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").as_uri())
    assert page.locator("tbody tr").count() >= len(AGENTS)
    expect(page.locator("#filters")).to_be_hidden()
    context.close()


def test_a_case_from_the_list(opened: Opened) -> None:
    page = opened("cases.html")
    page.get_by_label("Case", exact=True).fill("cardiology-01")
    page.get_by_role("link", name="knowledge: ").first.click()
    expect(page.get_by_role("heading", level=2, name="knowledge")).to_be_visible()
    assert page.locator(".turn").count() > 3
    chart = page.get_by_role("img", name="Differential: probability over the turns")
    expect(chart).to_be_visible()
    assert "leads with" in (chart.get_attribute("aria-label") or "")
    drawn = chart.locator("canvas").evaluate(
        "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
    )
    assert drawn > 10, "the chart is empty"
    page.get_by_text("The same as a table").first.click()
    expect(page.get_by_role("columnheader", name="Turn").first).to_be_visible()
    why = page.locator(".why").last
    expect(why).to_contain_text("DTC")
    expect(why).to_contain_text("RAC")


def test_two_runs_side_by_side(opened: Opened, site: Path) -> None:
    page = opened(a_case(site))
    expect(page.get_by_role("heading", name="Side by side")).to_be_hidden()
    page.get_by_label("Compare with").select_option(index=2)
    expect(page.get_by_role("heading", name="Side by side")).to_be_visible()
    assert page.locator(".account").count() == 2
    for account in page.locator(".account").all():
        lines = account.locator("figure").first.locator(".sample line")
        looks = lines.evaluate_all("lines => lines.map(line => line.className.baseVal)")
        assert len(looks) == len(set(looks)) > 0, "two diseases look alike"
    address = page.url
    assert "b=" in address
    page.reload()
    assert page.locator(".account").count() == 2, "the address says what is compared"
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    assert page.locator(".account").count() == 2
    left, right = (page.locator(".account").nth(n).bounding_box() for n in (0, 1))
    assert left is not None
    assert right is not None
    assert right["x"] > left["x"] + 300


def test_the_tree_by_keyboard(opened: Opened, site: Path) -> None:
    page = opened(a_tree(site, large=False))
    tree = page.get_by_role("tree")
    tree.focus()
    reader = page.locator("#reader-title")
    page.keyboard.press("ArrowDown")
    expect(reader).to_contain_text("Node 1:")
    first = page.locator("[aria-selected=true]")
    assert first.get_attribute("id") == tree.get_attribute("aria-activedescendant")
    assert first.get_attribute("aria-level") == "2"
    before = page.get_by_role("status").inner_text()
    page.keyboard.press("ArrowLeft")
    expect(first).to_have_attribute("aria-expanded", "false")
    assert int(page.get_by_role("status").inner_text().split()[0]) < int(before.split()[0])
    page.keyboard.press("ArrowRight")
    expect(first).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("End")
    page.keyboard.press("c")
    expect(first).to_contain_text("commit to")
    page.keyboard.press("Enter")
    expect(page.locator("#reader")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(tree).to_be_focused()
    page.get_by_role("button", name="Next end of a path").click()
    expect(page.locator("#reader-body")).to_contain_text("The path that ends here")
    page.get_by_text("How it came here").click()
    page.locator(".path button").first.click()
    expect(reader).to_have_text("The presentation")


def test_a_large_tree_stays_quick(opened: Opened, site: Path) -> None:
    page = opened(a_tree(site, large=True))
    page.get_by_role("button", name="Expand all").click()
    expect(page.get_by_role("status")).to_contain_text("10,001 rows")
    assert page.get_by_role("treeitem").count() < 80
    slowest = page.evaluate(
        """async () => {
          const tree = document.getElementById("tree");
          let most = 0;
          for (const key of ["End", "Home", "ArrowDown", "PageDown", "End"]) {
            const begun = performance.now();
            tree.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true}));
            tree.scrollHeight;
            most = Math.max(most, performance.now() - begun);
          }
          return most;
        }"""
    )
    assert slowest < 500
    expect(page.locator("[aria-selected=true]")).to_be_in_viewport()
    there = page.locator("#tree").evaluate(
        """async (tree) => {
          const top = () => document.querySelectorAll("[role=treeitem]")[5].id;
          const before = top();
          tree.scrollTop = tree.scrollHeight / 2;
          while (top() === before) await new Promise(requestAnimationFrame);
          return document.getElementById(tree.getAttribute("aria-activedescendant")) !== null;
        }"""
    )
    assert there, "a screen reader is told of a row that is not there"
    page.locator("#controls select").select_option("truncated")
    assert page.get_by_role("treeitem").count() < 80
    page.get_by_role("button", name="Collapse all").click()
    expect(page.get_by_role("status")).to_contain_text("1 rows of ")
    assert LARGE > 80


def test_hostile_text_is_inert(opened: Opened, site: Path) -> None:
    for name in (Path("index.html"), Path("cases.html"), Path("trees.html")):
        page = opened(name)
        assert page.evaluate("window.pwned") is None
        assert page.locator("img").count() == 0
    page = opened(hostile(site, "cases"))
    said = hostile_case().diagnosis.name
    expect(page.locator(".turn.commit h3")).to_contain_text(said)
    expect(page.locator("main strong").first).to_have_text(said)
    page.get_by_label("Compare with").select_option(index=0)
    assert page.get_by_role("link", name="<img").count() == 0
    assert page.evaluate("window.pwned") is None
    assert page.locator("main img, main script:not([type]), main b").count() == 0
    page = opened(hostile(site, "trees"))
    page.get_by_role("button", name="Next end of a path").click()
    expect(page.locator("#reader-body")).to_contain_text(HOSTILE.split("\u2028")[0])
    assert page.evaluate("window.pwned") is None
    assert page.locator("main img, main b").count() == 0


def test_the_policy_stops_a_script(browser: Browser, site: Path, tmp_path: Path) -> None:
    """Were the escaping to fail, the policy would still hold."""
    shutil.copytree(site / "assets", tmp_path / "assets")
    text = (site / "index.html").read_text(encoding="utf-8")
    evil = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"
    (tmp_path / "index.html").write_text(text.replace("<h1>", f"{evil}<h1>"), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "index.html").as_uri())
    expect(page.get_by_role("status")).to_contain_text("shown")
    assert page.evaluate("window.pwned") is None
    with pytest.raises(Error, match="TrustedHTML"):
        page.evaluate("document.body.innerHTML = '<b>markup</b>'")
    page.close()


def test_a_phone_needs_no_scrolling_sideways(opened: Opened, site: Path) -> None:
    for name in [*one_of_each(site), hostile(site, "cases"), hostile(site, "trees")]:
        page = opened(name, size=PHONE)
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= PHONE["width"], f"{name} is {wide} wide"
    page = opened(a_case(site), size=PHONE)
    page.get_by_label("Compare with").select_option(index=2)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible(opened: Opened, site: Path, scheme: str) -> None:
    """The rules of axe, contrast among them."""
    for name in one_of_each(site):
        page = opened(name, scheme=scheme)
        # preload: it would fetch the style sheet, which the pages' policy forbids
        results = Axe().run(page, options={"resultTypes": ["violations"], "preload": False})
        found = [
            (v["id"], [node["html"][:200] for node in v["nodes"][:3]])
            for v in results.response["violations"]
        ]
        assert found == [], f"{name}, {scheme}"


def test_dark_is_dark(opened: Opened) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    light = opened("index.html").evaluate(background)
    dark = opened("index.html", scheme="dark").evaluate(background)
    assert light == "rgb(255, 255, 255)"
    assert dark == "rgb(18, 22, 27)"


def test_focus_is_seen(opened: Opened) -> None:
    page = opened("index.html")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    style = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert style == "solid"
