"use strict";

// Charts of values in [0, 1] over turns, drawn by uPlot; each has a table that says the same.
const chart = (() => {
  const { el, svg, number } = dom;
  const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [12, 4], [2, 6], [6, 2, 2, 2], [1, 3]];
  const HEIGHT = 220;
  const live = new Set();

  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const colour = (style) => css(`--line-${style}`);

  function draw(one) {
    one.plot?.destroy();
    const { box, turns, lines, last } = one;
    const axis = {
      stroke: css("--text"),
      grid: { stroke: css("--rule"), width: 1 },
      ticks: { stroke: css("--rule"), width: 1 },
      font: "12px system-ui, sans-serif",
    };
    const options = {
      width: Math.max(200, box.clientWidth),
      height: HEIGHT,
      padding: [10, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      select: { show: false },
      scales: { x: { time: false, range: [0, last] }, y: { range: [0, 1] } },
      axes: [
        { ...axis, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000], label: "turn", labelSize: 18, size: 32 },
        { ...axis, size: 40, values: (_, ticks) => ticks.map((tick) => tick.toFixed(1)) },
      ],
      series: [
        {},
        ...lines.map((line) => ({
          stroke: colour(line.style),
          width: line.bold ? 4 : 2,
          dash: DASHES[line.style],
          paths: uPlot.paths.stepped({ align: 1 }),
          points: { show: true, size: 6, fill: colour(line.style) },
        })),
      ],
    };
    one.plot = new uPlot(options, [turns, ...lines.map((line) => line.values)], box);
  }

  function redraw() {
    for (const one of live) {
      if (one.box.isConnected) draw(one);
      else {
        one.plot?.destroy();
        live.delete(one);
      }
    }
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const one = [...live].find((candidate) => candidate.box === target);
      const width = Math.max(200, target.clientWidth);
      if (one?.plot && one.plot.width !== width) one.plot.setSize({ width, height: HEIGHT });
    }
  });

  // What a line looks like, in the legend.
  function sample({ style, bold }) {
    return svg(
      "svg",
      { class: "sample", viewBox: "0 0 36 8", "aria-hidden": "true", focusable: "false" },
      svg("line", {
        class: `line-${style}`,
        x1: 0, x2: 36, y1: 4, y2: 4,
        "stroke-width": bold ? 4 : 2,
        "stroke-dasharray": DASHES[style].join(" ") || null,
      }),
    );
  }

  function table(title, turns, lines) {
    const head = el("tr", {}, el("th", { scope: "col" }, "Turn"),
      ...lines.map((line) => el("th", { scope: "col" }, line.name)));
    const body = turns.map((turn, i) =>
      el("tr", {}, el("th", { scope: "row" }, String(turn)),
        ...lines.map((line) => el("td", { class: "number" }, number(line.values[i])))));
    return el("details", {},
      el("summary", {}, "The same as a table"),
      el("div", { class: "scroll", role: "region", "aria-label": title, tabindex: 0 },
        el("table", {}, el("caption", {}, title), el("thead", {}, head), el("tbody", {}, ...body))));
  }

  // A figure: title, chart, legend, table. Draw it with `start` when it stands in the document.
  function figure(title, said, turns, lines, last) {
    const box = el("div", { class: "chart", role: "img", "aria-label": `${title}. ${said}` });
    const legend = lines.map((line) => el("li", {}, sample(line), " ", line.name));
    live.add({ box, turns, lines, last });
    return el("figure", {},
      el("figcaption", {}, title), box, el("ul", { class: "legend" }, ...legend),
      table(title, turns, lines));
  }

  function start() {
    redraw();
    sizes.disconnect();
    for (const one of live) sizes.observe(one.box);
  }

  return { figure, start };
})();
