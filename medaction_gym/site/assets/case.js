"use strict";

// The turns of one run on a case, or of two side by side.
(() => {
  const { el, number, usd } = dom;
  const { texts, tests, truths, runs } = dom.data();
  const form = document.getElementById("choice");
  const place = document.getElementById("accounts");
  const comparison = document.getElementById("comparison");
  const LINES = 8; // diseases of a chart
  const SHOWN = 10; // hypotheses of a differential that stand there at once
  const KINDS = { bound: "told the answer", exploit: "exploit" };
  const isTrue = new Set(truths);

  const star = () =>
    el("span", { class: "star" }, el("span", { "aria-hidden": "true" }, "★"),
      el("span", { class: "hidden" }, "the diagnosis"));

  function heading(run) {
    const badge = KINDS[run.kind] && el("span", { class: `badge ${run.kind}` }, KINDS[run.kind]);
    return el("h2", {}, run.label, " ", badge);
  }

  function pairs(run) {
    const orders = run.turns.filter((turn) => turn.kind === "order").length;
    return [
      ["Outcome", el("span", { class: `fate-name ${run.fate}` }, run.fate)],
      ["Diagnosis", run.prediction || "none"],
      ["DTC", number(run.dtc, 3)],
      ["RAC", number(run.rac, 3)],
      ["Reward", number(run.reward, 3)],
      ["Turns", `${run.turns.length}, ${orders} of them orders`],
      ["Tests", String(run.tests)],
      ["Cost", `${usd(run.usd)}, ${number(run.hours, 0)} h`],
    ];
  }

  function summary(run) {
    const list = pairs(run).map(([name, said]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, said)));
    const [dtc, rac] = run.explained;
    const differ = Math.abs(dtc - run.dtc) > 0.005 || Math.abs(rac - run.rac) > 0.005;
    return [
      el("dl", { class: "summary" }, ...list),
      run.error && el("p", { class: "error" }, `Errored: ${run.error}`),
      differ && run.fate !== "errored" && el("p", { class: "error" },
        `These are the recorded DTC and RAC. This version of the metrics, with which the charts and reasons below are made, gives ${number(dtc, 3)} and ${number(rac, 3)}.`),
    ];
  }

  // The diseases that a run's chart shows, the ones that ever weighed most first.
  function charted(run) {
    const most = new Map();
    for (const { belief } of run.turns) {
      for (const [name, p] of belief?.held ?? []) most.set(name, Math.max(p, most.get(name) ?? 0));
    }
    return [...most].sort((a, b) => b[1] - a[1]).slice(0, LINES).map(([name]) => name);
  }

  // What line a disease has: the same as in the chart beside this one, or one that is not used
  // there, or failing that one of its light ones.
  function looks(run, beside = new Map()) {
    const names = charted(run);
    const taken = new Set(names.map((name) => beside.get(name)));
    const used = new Set(beside.values());
    const free = [...Array(LINES).keys()].filter((style) => !taken.has(style));
    if (used.size) free.sort((one, other) => used.has(one) - used.has(other) || other - one);
    return new Map(names.map((name) => [name, beside.get(name) ?? free.shift()]));
  }

  // A line a disease; between statements a belief stays what it was.
  function charts(run, last, styles) {
    const stated = run.turns.flatMap((turn, i) => (turn.belief ? [[i + 1, turn.belief]] : []));
    if (!stated.length) return [el("p", {}, "No differential was stated, so there is nothing to chart.")];
    const end = run.turns.length;
    const ends = stated[stated.length - 1][0] === end ? [] : [[end, stated[stated.length - 1][1]]];
    const points = [...stated, ...ends];
    const turns = points.map(([turn]) => turn);
    const lines = [...styles].map(([name, style]) => ({
      style,
      name: texts[name] + (isTrue.has(name) ? " ★ the diagnosis" : ""),
      bold: isTrue.has(name),
      values: points.map(([, belief]) => belief.held.find(([one]) => one === name)?.[1] ?? 0),
    }));
    lines.push({ style: LINES, name: "unknown", values: points.map(([, belief]) => belief.unknown) });
    const [, final] = stated[stated.length - 1];
    const lead = final.held[0];
    const said = lead
      ? `${stated.length} statements; at the end ${texts[lead[0]]} leads with ${number(lead[1])}.`
      : `${stated.length} statements; at the end no disease is named.`;
    const scores = [
      { style: 0, name: "DTC so far", bold: true, values: points.map(([, belief]) => belief.dtc) },
      { style: 1, name: "RAC so far", values: points.map(([, belief]) => belief.rac) },
    ];
    return [
      chart.figure("Differential: probability over the turns", said, turns, lines, last),
      chart.figure("DTC and RAC over the turns",
        `At the end DTC is ${number(final.dtc)} and RAC ${number(final.rac)}.`, turns, scores, last),
    ];
  }

  function bar(name, p, before) {
    const width = el("span", { class: "bar", "aria-hidden": "true" });
    width.style.width = `${100 * Math.min(1, p)}%`;
    const change = p - before;
    const moved = Math.abs(change) < 0.005 ? "" : ` ${change > 0 ? "▲" : "▼"} ${number(Math.abs(change))}`;
    return el("li", {},
      el("span", { class: "disease" }, texts[name], isTrue.has(name) && " ", isTrue.has(name) && star()),
      el("span", { class: "track" }, width),
      el("span", { class: "p" }, number(p), el("small", {}, moved)));
  }

  function differential(turn, before) {
    const was = new Map(before);
    const stated = turn.stated.slice(0, SHOWN).map(([name, p]) => bar(name, p, was.get(name) ?? 0));
    const more = turn.stated.slice(SHOWN).map(([name, p]) => bar(name, p, was.get(name) ?? 0));
    const belief = turn.belief;
    return [
      stated.length ? el("ul", { class: "bars" }, ...stated) : el("p", {}, "Names no disease."),
      more.length && el("details", {}, el("summary", {}, `${more.length} more`),
        el("ul", { class: "bars" }, ...more)),
      belief && el("dl", { class: "why" },
        el("div", {}, el("dt", {}, `DTC ${number(belief.dtc)}`), el("dd", {}, texts[belief.dtcWhy])),
        el("div", {}, el("dt", {}, `RAC ${number(belief.rac)}`), el("dd", {}, texts[belief.racWhy]))),
    ];
  }

  const TITLES = {
    order: "orders ", commit: "commits to ", differential: "states a differential",
    malformed: "sends no valid action",
  };

  function turns(run) {
    let before = [];
    const items = run.turns.map((turn, i) => {
      const said = turn.kind === "order" || turn.kind === "commit" ? texts[turn.said] : "";
      const outcome = turn.outcome.toLowerCase().replaceAll("_", " ");
      const body = turn.kind === "differential" ? differential(turn, before) : [
        turn.kind === "malformed" && el("p", { class: "text said" }, texts[turn.said]),
        el("p", { class: "text" }, texts[turn.message]),
        turn.usd > 0 && el("p", { class: "cost" }, `${usd(turn.usd)}, ${number(turn.hours, 0)} h`),
      ];
      if (turn.kind === "differential") before = turn.stated;
      return el("li", { class: `turn ${turn.kind}` },
        el("h3", {}, el("span", { class: "turn-number" }, `Turn ${i + 1} `), TITLES[turn.kind], said, " ",
          turn.kind === "order" && el("span", { class: `badge outcome ${turn.outcome.toLowerCase()}` }, outcome)),
        ...body.filter(Boolean));
    });
    return el("ol", { class: "turns" }, ...items);
  }

  function account(run, last, styles) {
    return el("section", { class: "account", "aria-label": run.label },
      heading(run), ...summary(run).filter(Boolean), ...charts(run, last, styles),
      el("h3", { class: "hidden" }, "Turns"), turns(run));
  }

  const seen = (run) => new Set(run.turns.flatMap((turn) => turn.items ?? []));

  function compare(a, b) {
    const [first, second] = [a, b].map(pairs);
    const rows = first.map(([name, said], i) =>
      el("tr", {}, el("th", { scope: "row" }, name), el("td", {}, said), el("td", {}, second[i][1])));
    const [mine, theirs] = [seen(a), seen(b)];
    const named = (numbers) => numbers.map((n) => tests[n]).join("; ") || "none";
    const shares = [
      ["Tests only the first had", [...mine].filter((n) => !theirs.has(n))],
      ["Tests only the second had", [...theirs].filter((n) => !mine.has(n))],
      ["Tests both had", [...mine].filter((n) => theirs.has(n))],
    ];
    const table = el("table", { class: "comparison" },
      el("caption", {}, "Two runs on this case"),
      el("thead", {}, el("tr", {}, el("td", {}), el("th", { scope: "col" }, a.label), el("th", { scope: "col" }, b.label))),
      el("tbody", {}, ...rows));
    return [
      el("div", { class: "scroll", role: "region", "aria-label": "Two runs on this case", tabindex: 0 }, table),
      el("dl", { class: "shares" }, ...shares.map(([name, numbers]) =>
        el("div", {}, el("dt", {}, `${name} (${numbers.length})`), el("dd", {}, named(numbers))))),
    ];
  }

  const byId = (id) => runs.find((run) => String(run.id) === id);

  function show() {
    const a = byId(form.elements.a.value) ?? runs[0];
    const b = byId(form.elements.b.value);
    const both = b && b !== a ? [a, b] : [a];
    const last = Math.max(1, ...both.map((run) => run.turns.length));
    const styles = [looks(a)];
    if (both.length > 1) styles.push(looks(b, styles[0]));
    comparison.hidden = both.length < 2;
    while (comparison.children.length > 1) comparison.lastElementChild.remove();
    if (both.length > 1) comparison.append(...compare(a, b));
    place.classList.toggle("two", both.length > 1);
    place.replaceChildren(...both.map((run, i) => account(run, last, styles[i])));
    chart.start();
  }

  function fromAddress() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const start = byId(wanted.get("a")) ?? runs.find((run) => run.kind === "contestant") ?? runs[0];
    form.elements.a.value = String(start.id);
    form.elements.b.value = byId(wanted.get("b")) ? wanted.get("b") : "";
    show();
  }

  function toAddress() {
    const b = form.elements.b.value;
    history.replaceState(null, "", `#a=${form.elements.a.value}${b && `&b=${b}`}`);
    show();
  }

  for (const run of runs) {
    for (const name of ["a", "b"]) {
      form.elements[name].append(el("option", { value: run.id }, `${run.label}: ${run.fate}`));
    }
  }
  form.addEventListener("change", toAddress);
  form.addEventListener("submit", (event) => event.preventDefault());
  // Not for the fragment of the skip link.
  addEventListener("hashchange", () => location.hash.includes("a=") && fromAddress());
  fromAddress();
})();
