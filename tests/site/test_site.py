"""Pages as files: they parse, lead somewhere, say what the results say, and keep text as text."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree.ElementTree import Element

import pytest
from typer.testing import CliRunner

from medaction_gym.benchmarks.provenance import BenchError
from medaction_gym.benchmarks.result import Result
from medaction_gym.cases.caseset import CaseSet
from medaction_gym.cli import app
from medaction_gym.metrics.dtc import dtc
from medaction_gym.metrics.rac import rac
from medaction_gym.site.branches import TreeError, branches
from medaction_gym.site.site import write_site
from medaction_gym.trajectory import read_trajectories
from tests.site.conftest import AGENTS, HOSTILE, LARGE, hostile_case, save_trees, tree_record

html5lib = pytest.importorskip("html5lib", reason="html5lib is not installed: pip install .[dev]")


def parse(file: Path) -> Element:
    """Parse a page; any departure from HTML is an error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    page: Element = parser.parse(file.read_text(encoding="utf-8"))
    return page


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def data(page: Element) -> Any:
    (block,) = [s for s in page.iter("script") if s.get("type") == "application/json"]
    return json.loads(block.text or "")


def case_page(site: Path, case_id: str) -> Element:
    pages = map(parse, sorted((site / "cases").glob("*.html")))
    return next(p for p in pages if "".join(next(p.iter("h1")).itertext()) == case_id)


def words(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def test_pages_are_whole(site: Path) -> None:
    assert {p.name for p in site.iterdir()} >= {"index.html", "cases.html", "trees.html", "assets"}
    for file in pages(site):
        page = parse(file)
        assert len(list(page.iter("main"))) == len(list(page.iter("h1"))) == 1, file
        assert next(page.iter("html")).get("lang") == "en"
        assert next(page.iter("nav")).get("aria-label")
        assert next(page.iter("a")).get("href") == "#main", "the skip link comes first"
        (policy,) = [m for m in page.iter("meta") if m.get("http-equiv")]
        assert policy.get("content", "").startswith("default-src 'none'; script-src 'self'")
        for table in page.iter("table"):
            assert table.find("caption") is not None, file
        for header in page.iter("th"):
            assert header.get("scope"), file
        ids = [e.get("id") for e in page.iter() if e.get("id")]
        assert len(ids) == len(set(ids))
        for element in page.iter():
            for name in ("aria-labelledby", "aria-describedby"):
                assert set(element.get(name, "").split()) <= set(ids), file
        assert not any(e.get("style") or e.tag == "style" for e in page.iter()), (
            "the policy bars it"
        )


def test_links_lead_somewhere(site: Path) -> None:
    for file in pages(site):
        for element in parse(file).iter():
            link = element.get("href") or element.get("src")
            if link and not link.startswith(("#", "data:,")):
                assert not re.match(r"[a-z]+:", link), f"{file.name}: {link} leaves the site"
                assert (file.parent / unquote(link.split("#")[0])).is_file(), f"{file}: {link}"


def test_leaderboard_says_what_results_say(site: Path, runs: Path) -> None:
    page = parse(site / "index.html")
    rows = {words(r.find("th"))[:40]: r for r in page.iter("tr") if r.get("data-kind")}
    free = [b for b in page.iter("tbody") if b.get("data-protocol") == "free-turn"]
    group = next(b for b in free if b.get("data-benchmark") == "medr-bench")
    ranked = []
    for row in list(group)[1:]:
        header = row.find("th")
        assert header is not None
        agent = header.get("data-value", "")
        result = Result.load(runs / "free" / agent)
        assert row.get("data-kind") == result.kind
        said = words(row)
        accuracy = result.metrics["accuracy"]
        assert accuracy.mean is not None
        assert accuracy.ci is not None
        assert f"{accuracy.mean:.3f}" in said
        assert f"{accuracy.ci[0]:.3f} to {accuracy.ci[1]:.3f}n = {accuracy.n}" in said
        for fate in ("right", "wrong", "errored"):
            assert f"{result.counts[fate]}/{result.data.cases}" in said
        mark = {"contestant": "", "bound": "told the answer", "exploit": "exploit"}[result.kind]
        assert mark in words(header)
        ranked.append((agent, words(row[0])))
    assert {agent for agent, _ in ranked} == set(AGENTS)
    ranks = dict(ranked)
    assert ranks["cheating-oracle"] == ranks["dump-fifty"] == "–"
    assert {ranks["knowledge"], ranks["protocol"]} == {"1", "2"}
    assert len(rows) > 3
    assert sum(e.tag.endswith("svg") for e in page.iter()) > len(AGENTS), "intervals are drawn"


def test_a_case_gives_the_metrics_reasons(site: Path, runs: Path) -> None:
    folder = runs / "free" / "knowledge"
    trajectory = next(read_trajectories(folder / "trajectories.jsonl"))
    case = CaseSet.load(folder / "cases.jsonl").get(trajectory.case_id)
    shown = data(case_page(site, case.id))
    run = next(r for r in shown["runs"] if r["label"] == "knowledge, free-turn")
    assert len(run["turns"]) == len(trajectory.steps)
    episode = trajectory.episode(case)
    beliefs = [turn["belief"] for turn in run["turns"] if "belief" in turn]
    assert [shown["texts"][b["dtcWhy"]] for b in beliefs] == [s.why for s in dtc(episode).steps]
    assert [shown["texts"][b["racWhy"]] for b in beliefs] == [s.why for s in rac(episode).steps]
    row = Result.load(folder).rows[0]
    assert (run["dtc"], run["rac"]) == (row.dtc, row.rac)
    assert run["explained"] == pytest.approx([dtc(episode).value, rac(episode).value], abs=1e-4)
    last = [beliefs[-1]["dtc"], beliefs[-1]["rac"]]
    assert last == run["explained"], "the chart ends at the score"
    assert len(shown["runs"]) == len(AGENTS) + 2 * 2  # two agents play two trials
    for turn, step in zip(run["turns"], trajectory.steps, strict=True):
        assert shown["texts"][turn["message"]] == step.message


def test_hostile_text_stays_text(site: Path) -> None:
    allowed = {"table.js", "dom.js", "chart.js", "case.js", "tree.js", "uPlot.iife.min.js"}
    for file in pages(site):
        page = parse(file)
        assert not list(page.iter("img")), file
        assert not list(page.iter("b")), file
        for script in page.iter("script"):
            if script.get("type") != "application/json":
                assert Path(script.get("src", "")).name in allowed
                assert not script.text
        for element in page.iter():
            assert not any(name.startswith("on") for name in element.keys())  # noqa: SIM118
            assert not (element.get("href") or "").startswith("javascript:")
    case = hostile_case()
    page = case_page(site, case.id)
    shown = data(page)
    name = case.diagnosis.name
    assert name in shown["texts"]
    assert shown["runs"][0]["label"].startswith(HOSTILE)
    assert "{{ 7*7 }}" in words(page)
    assert case.tests[0].result in shown["texts"][shown["runs"][0]["turns"][0]["message"]]


def test_fates_of_nodes(teaching: CaseSet) -> None:
    record = tree_record(teaching[0], 5)
    for node, parent in zip(record["nodes"], (0, 1, 2, 1, 0), strict=True):
        node["parent"] = parent
    path = record["paths"][0]
    record["paths"] = [
        path | {"leaf": 3, "fate": "truncated", "end": 2},
        path | {"leaf": 4, "fate": "pruned", "end": -1},
    ]
    made = branches(record)
    assert made["fate"] == ["truncated", "truncated", "truncated", "pruned", "pruned", "open"]
    record["paths"].append(path | {"leaf": 4, "fate": "retained", "end": 4})
    assert branches(record)["fate"][:2] == ["retained", "retained"]
    assert branches(record)["fate"][4] == "retained"


@pytest.mark.parametrize(
    "broken",
    [
        {},
        {"schema_version": "medaction-tree/1"},
        {"schema_version": "medaction-tree/1", "nodes": [1], "paths": [], "pairs": []},
    ],
)
def test_no_tree(broken: dict[str, Any]) -> None:
    with pytest.raises(TreeError):
        branches(broken)


def test_a_tree_that_runs_in_a_circle(teaching: CaseSet) -> None:
    record = tree_record(teaching[0], 3)
    record["nodes"][0]["parent"] = 3
    with pytest.raises(TreeError, match="before its parent"):
        branches(record)


def test_a_large_tree_has_no_rows_in_the_file(site: Path) -> None:
    file = max((site / "trees").glob("*.html"), key=lambda p: p.stat().st_size)
    page = parse(file)
    assert len(data(page)["parent"]) == LARGE + 1
    assert file.stat().st_size < 2_000_000
    assert sum(1 for _ in page.iter()) < 200


def test_twice_the_same_and_nothing_left_over(runs: Path, tmp_path: Path) -> None:
    some = [runs / "free" / "protocol", runs / "grown"]
    done = write_site(some, tmp_path / "a")
    old = tmp_path / "a" / "cases" / "old.html"
    old.write_text("", encoding="utf-8")
    write_site(some, tmp_path / "a")
    write_site([*some, *some], tmp_path / "b")
    files = {
        part: {p.relative_to(tmp_path / part): p.read_bytes() for p in pages(tmp_path / part)}
        for part in "ab"
    }
    assert files["a"] == files["b"]
    assert not old.exists()
    write_site(some[1:], tmp_path / "b")
    assert [p.name for p in pages(tmp_path / "b")][:2] == ["cases.html", "index.html"]
    assert "No runs here" in words(parse(tmp_path / "b" / "index.html"))
    write_site(some[:1], tmp_path / "b")
    assert not (tmp_path / "b" / "trees.html").exists()
    assert (done.runs, done.cases, done.trees) == (1, 4, 1)
    assert done.size == sum(
        p.stat().st_size
        for p in (tmp_path / "a").rglob("*")
        if p.is_file() and p.name != "site.json"
    )


def test_runs_of_one_name_can_be_told_apart(runs: Path, tmp_path: Path) -> None:
    for name in ("first", "second"):
        shutil.copytree(runs / "free" / "protocol", tmp_path / name)
    write_site([tmp_path], tmp_path / "site")
    first = parse(min((tmp_path / "site" / "cases").iterdir()))
    labels = [run["label"] for run in data(first)["runs"]]
    assert labels == [f"protocol, free-turn, {tmp_path.name}/{n}" for n in ("first", "second")]


def test_altered_trajectories_are_marked(runs: Path, tmp_path: Path) -> None:
    for file in ("result.json", "cases.jsonl", "trajectories.jsonl"):
        text = (runs / "free" / "protocol" / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(text, encoding="utf-8")
    with (tmp_path / "trajectories.jsonl").open("a", encoding="utf-8") as file:
        file.write("\n")
    write_site([tmp_path], tmp_path / "site")
    assert "its trajectories are not those of the result" in words(
        parse(tmp_path / "site" / "index.html")
    )


def test_errors_name_the_file(runs: Path, tmp_path: Path, teaching: CaseSet) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(BenchError, match=r"empty: holds no result\.json"):
        write_site([empty], tmp_path / "site")
    assert not (tmp_path / "site").exists()
    (empty / "mine.txt").write_text("", encoding="utf-8")
    with pytest.raises(BenchError, match="other things than a site"):
        write_site([runs / "grown"], empty)
    save_trees(tmp_path / "bad", (teaching[0], {"schema_version": "medaction-tree/9"}))
    with pytest.raises(BenchError, match=r"0\.json: schema_version"):
        write_site([tmp_path / "bad"], tmp_path / "of-trees")
    other = tmp_path / "other"
    other.mkdir()
    CaseSet([hostile_case()]).save(other / "cases.jsonl")
    text = (runs / "free" / "protocol" / "trajectories.jsonl").read_text(encoding="utf-8")
    (other / "trajectories.jsonl").write_text(text, encoding="utf-8")
    with pytest.raises(BenchError, match=r"trajectories\.jsonl: teaching-"):
        write_site([other], tmp_path / "site")
    shutil.copytree(runs / "free" / "protocol", tmp_path / "lacking")
    result = json.loads((tmp_path / "lacking" / "result.json").read_text(encoding="utf-8"))
    del result["metrics"]["rac"]
    (tmp_path / "lacking" / "result.json").write_text(json.dumps(result), encoding="utf-8")
    with pytest.raises(BenchError, match=r"result\.json: lacks metrics\.rac"):
        write_site([tmp_path / "lacking"], tmp_path / "site")
    assert not (tmp_path / "site").exists(), "an earlier site must outlive a bad run"


def test_a_trajectory_of_what_the_case_has_not(runs: Path, tmp_path: Path) -> None:
    shutil.copytree(runs / "free" / "protocol", tmp_path / "run")
    file = tmp_path / "run" / "trajectories.jsonl"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    lines[0]["steps"][0]["released"] = [[999, -1]]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    with pytest.raises(BenchError, match=r"trajectories\.jsonl: teaching-"):
        write_site([tmp_path / "run"], tmp_path / "site")


def test_the_command(runs: Path, tmp_path: Path) -> None:
    call = ["site", str(runs / "hostile"), "--out", str(tmp_path / "site")]
    result = CliRunner().invoke(app, call)
    assert result.exit_code == 0, result.output
    assert "1 run, 1 case, 0 trees" in result.output
    assert (tmp_path / "site" / "index.html").as_uri() in result.output
    result = CliRunner().invoke(app, ["site", str(tmp_path / "no"), "--out", str(tmp_path / "x")])
    assert result.exit_code == 1
    assert "holds no result.json" in result.output


def test_the_chart_library_is_the_published_one() -> None:
    root = Path(__file__).resolve().parents[2]
    notice = (root / "NOTICE").read_text(encoding="utf-8")
    for file in (root / "medaction_gym" / "site" / "vendor").iterdir():
        if "LICENSE" not in file.name:
            assert hashlib.sha256(file.read_bytes()).hexdigest() in notice, file.name
