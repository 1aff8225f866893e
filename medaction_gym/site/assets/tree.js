"use strict";

// A tree of any size: only the rows in view are in the document.
(() => {
  const { el, number } = dom;
  const tree = dom.data();
  const { parent, fate, texts } = tree;
  const place = document.getElementById("tree");
  const controls = document.getElementById("controls");
  const shown = document.getElementById("shown");
  const title = document.getElementById("reader-title");
  const body = document.getElementById("reader-body");
  const reader = document.getElementById("reader");
  const opening = body.textContent;
  const MARKS = { retained: "R", truncated: "T", pruned: "P", open: "–" };
  const SMALL = 200; // nodes of a tree that is shown whole at first
  const FORKS = 3; // of a larger one, what is shown at first
  const SPARE = 8; // rows beyond the edges

  const children = parent.map(() => []);
  parent.forEach((above, n) => above >= 0 && children[above].push(n));
  const depth = [0];
  const forks = [0]; // a move without an alternative is not indented
  const size = parent.map(() => 1);
  for (let n = 1; n < parent.length; n += 1) {
    depth[n] = depth[parent[n]] + 1;
    forks[n] = forks[parent[n]] + (children[parent[n]].length > 1);
  }
  for (let n = parent.length - 1; n > 0; n -= 1) size[parent[n]] += size[n];
  const pathOf = new Map(tree.paths.map((path) => [path.leaf, path]));

  const open = new Set();
  const widen = (most) => parent.forEach((_, n) => children[n].length && forks[n] < most && open.add(n));
  widen(parent.length <= SMALL ? Infinity : FORKS);

  let rows = []; // the nodes that are not folded away, top to bottom
  let at = new Map(); // node -> row
  let active = 0;
  let kept = null; // the nodes that the filter leaves, with what is above them
  const live = new Map(); // node -> element

  function action(n) {
    if (n === 0) return "The presentation";
    const [kind, said] = tree.action[n];
    if (kind === "order") return `order ${texts[said]}`;
    if (kind === "commit") return `commit to ${texts[said]}`;
    if (kind === "malformed") return `no valid action: ${texts[said]}`;
    const most = [...said].sort((a, b) => b[1] - a[1]);
    const named = most.slice(0, 3).map(([name, p]) => `${texts[name]} ${number(p)}`).join(", ");
    return `believe ${named || "nothing"}${most.length > 3 ? " …" : ""}`;
  }

  function lay() {
    rows = [];
    const stack = [0];
    while (stack.length) {
      const n = stack.pop();
      if (kept && !kept.has(n)) continue;
      rows.push(n);
      if (open.has(n)) for (let i = children[n].length - 1; i >= 0; i -= 1) stack.push(children[n][i]);
    }
    at = new Map(rows.map((n, row) => [n, row]));
    while (!at.has(active)) active = parent[active];
    space.style.height = `${rows.length * height()}px`;
    for (const element of live.values()) element.remove();
    live.clear();
    render();
    const of = kept ? `${kept.size.toLocaleString("en")} of ` : "";
    shown.textContent = `${rows.length.toLocaleString("en")} rows of ${of}${parent.length.toLocaleString("en")} nodes`;
  }

  const space = el("div", { class: "space", role: "none" });
  const height = () => (dom.narrow() ? 44 : 30);

  function row(n) {
    const siblings = n ? children[parent[n]].filter((one) => !kept || kept.has(one)) : [0];
    const folded = children[n].length > 0;
    const said = [`${fate[n]}: `, pathOf.has(n) && `end of a path; `];
    const element = el("div", {
      id: `node-${n}`, class: "row", role: "treeitem",
      "aria-level": depth[n] + 1, "aria-posinset": siblings.indexOf(n) + 1, "aria-setsize": siblings.length,
      "aria-expanded": folded ? String(open.has(n)) : null,
    },
      el("span", { class: "twisty", "aria-hidden": "true" }, folded && (open.has(n) ? "▾" : "▸")),
      el("span", { class: `node ${fate[n]}`, "aria-hidden": "true" }, MARKS[fate[n]]),
      el("span", { class: "hidden" }, ...said.filter(Boolean)),
      pathOf.has(n) && el("span", { "aria-hidden": "true" }, "■ "),
      el("span", { class: "what" }, action(n)),
      folded && !open.has(n) && el("small", {}, ` ${(size[n] - 1).toLocaleString("en")} below`));
    element.style.top = `${at.get(n) * height()}px`;
    element.style.paddingInlineStart = `${Math.min(forks[n], 40) * (dom.narrow() ? 7 : 16)}px`;
    return element;
  }

  function render() {
    const tall = height();
    const first = Math.max(0, Math.floor(place.scrollTop / tall) - SPARE);
    const end = Math.min(rows.length, Math.ceil((place.scrollTop + place.clientHeight) / tall) + SPARE);
    const wanted = new Set(rows.slice(first, end));
    wanted.add(active); // it must be there for aria-activedescendant, in view or not
    for (const [n, element] of live) {
      if (!wanted.has(n)) {
        element.remove();
        live.delete(n);
      }
    }
    for (const n of wanted) {
      if (!live.has(n)) {
        live.set(n, row(n));
        space.append(live.get(n));
      }
      live.get(n).setAttribute("aria-selected", String(n === active));
    }
    place.setAttribute("aria-activedescendant", `node-${active}`);
  }

  function go(n) {
    active = n;
    const tall = height();
    const top = at.get(n) * tall;
    if (top < place.scrollTop) place.scrollTop = top;
    else if (top + tall > place.scrollTop + place.clientHeight) place.scrollTop = top + tall - place.clientHeight;
    render();
    paint();
    live.get(n).scrollIntoView({ block: "nearest" }); // the page may have to move, too
    read(n);
  }

  function reveal(n) {
    for (let above = parent[n]; above >= 0; above = parent[above]) open.add(above);
    if (kept && !kept.has(n)) {
      kept = null;
      controls.elements.fate.value = "";
    }
    lay();
    go(n);
  }

  // The whole tree at a glance: from left to right as the rows stand, downwards the turns. A node is
  // the taller the better its fate, so that colour is not the only sign.
  const map = document.getElementById("map");
  const TALL = { retained: 1, truncated: 0.7, pruned: 0.4, open: 0.2 };
  const left = [];
  const right = [];
  (() => {
    let ends = 0;
    const stack = [0];
    while (stack.length) {
      const n = stack.pop();
      left[n] = ends;
      if (!children[n].length) ends += 1;
      for (let i = children[n].length - 1; i >= 0; i -= 1) stack.push(children[n][i]);
    }
    for (let n = parent.length - 1; n >= 0; n -= 1) {
      right[n] = children[n].length ? Math.max(...children[n].map((one) => right[one])) : left[n] + 1;
    }
  })();
  const levels = depth.reduce((a, b) => Math.max(a, b)) + 1;

  function paint() {
    const { clientWidth: width, clientHeight: tall } = map;
    const scale = devicePixelRatio || 1;
    map.width = width * scale;
    map.height = tall * scale;
    const pen = map.getContext("2d");
    pen.scale(scale, scale);
    const css = getComputedStyle(document.documentElement);
    const [wide, step] = [width / right[0], tall / levels];
    const colours = Object.fromEntries(Object.keys(TALL).map((one) => [one, css.getPropertyValue(`--${one}`)]));
    parent.forEach((_, n) => {
      const span = (right[n] - left[n]) * wide;
      pen.fillStyle = colours[fate[n]];
      pen.fillRect(left[n] * wide, depth[n] * step, span > 3 ? span - 1 : span, (step - 1) * TALL[fate[n]]);
    });
    pen.strokeStyle = css.getPropertyValue("--text");
    pen.lineWidth = 2;
    const span = Math.max(4, (right[active] - left[active]) * wide);
    pen.strokeRect(left[active] * wide, depth[active] * step, span, Math.max(4, step - 1));
  }

  map.addEventListener("click", (event) => {
    const box = map.getBoundingClientRect();
    const end = ((event.clientX - box.left) / box.width) * right[0];
    const level = Math.floor(((event.clientY - box.top) / box.height) * levels);
    const n = parent.findIndex((_, one) => depth[one] === level && left[one] <= end && end < right[one]);
    if (n >= 0) reveal(n);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

  function fold(n, wanted) {
    if (!children[n].length || open.has(n) === wanted) return;
    if (wanted) open.add(n);
    else open.delete(n);
    lay();
    go(n);
  }

  function jump(n, said) {
    const button = el("button", { type: "button", class: "link" }, said);
    button.addEventListener("click", () => {
      reveal(n);
      place.focus();
    });
    return button;
  }

  function above(n) {
    const line = [];
    for (let one = n; one >= 0; one = parent[one]) line.push(one);
    return line.reverse();
  }

  function read(n) {
    title.textContent = n ? `Node ${n}: ${fate[n]}` : "The presentation";
    const facts = [];
    const fact = (name, ...said) => facts.push(el("div", {}, el("dt", {}, name), el("dd", {}, ...said)));
    const parts = [];
    if (n) {
      const [kind, said] = tree.action[n];
      parts.push(el("p", {}, el("strong", {}, kind === "differential" ? "States a differential" : action(n))));
      if (kind === "differential") {
        parts.push(el("ul", { class: "plain" }, ...said.map(([name, p]) => el("li", {}, `${texts[name]} ${number(p)}`))));
      }
      const why = texts[tree.rationale[n]];
      if (why) parts.push(el("h3", {}, "Rationale"), el("p", { class: "text" }, why));
      parts.push(el("h3", {}, "Answer"), el("p", { class: "text" }, texts[tree.message[n]]));
      fact("DTC so far", number(tree.dtc[n]));
      fact("RAC so far", number(tree.rac[n]));
      fact("Potential", number(tree.potential[n]));
      if (tree.plan[n]) fact("Kind of move", tree.plan[n]);
      fact("Teacher", tree.teacher[n]);
      if (texts[tree.fault[n]]) fact("Fault", texts[tree.fault[n]]);
      if (tree.sameAs[n] >= 0) fact("Same state as", jump(tree.sameAs[n], `node ${tree.sameAs[n]}`));
    } else parts.push(el("p", { class: "text" }, opening));
    const path = pathOf.get(n);
    if (path) {
      fact("The path that ends here", `${path.fate}: ${texts[path.reason]}`);
      if (path.fate === "truncated" && path.end >= 0) fact("Kept up to", jump(path.end, `node ${path.end}`));
      const measured = Object.entries(path.metrics).map(([name, value]) => `${name.replaceAll("_", " ")} ${+value.toFixed(3)}`);
      fact("Its measures", measured.join(", "));
    }
    for (const [chosen, rejected, gap, reason] of tree.pairs) {
      if (chosen === n) fact("Preferred to", jump(rejected, `node ${rejected}`), ` by ${number(gap)}: ${texts[reason]}`);
      if (rejected === n) fact("Less than", jump(chosen, `node ${chosen}`), ` by ${number(gap)}: ${texts[reason]}`);
    }
    if (facts.length) parts.push(el("dl", { class: "facts" }, ...facts));
    if (n) {
      const line = above(n).slice(0, -1);
      parts.push(el("details", {}, el("summary", {}, `How it came here: ${line.length} before`),
        el("ol", { class: "path" }, ...line.map((one) => el("li", {}, jump(one, action(one)))))));
    }
    body.replaceChildren(...parts);
  }

  function sift() {
    const wanted = controls.elements.fate.value;
    kept = wanted ? new Set([0]) : null;
    if (wanted) {
      fate.forEach((one, n) => {
        if (one !== wanted) return;
        for (let above = n; above >= 0 && !kept.has(above); above = parent[above]) kept.add(above);
      });
    }
    lay();
    go(active);
  }

  function nextEnd() {
    // Depth first, as the rows stand, and around.
    const order = [];
    const stack = [0];
    while (stack.length) {
      const n = stack.pop();
      order.push(n);
      for (let i = children[n].length - 1; i >= 0; i -= 1) stack.push(children[n][i]);
    }
    const ends = order.filter((n) => pathOf.has(n) && (!kept || kept.has(n)));
    if (!ends.length) return;
    const here = order.indexOf(active);
    const place = new Map(order.map((n, i) => [n, i]));
    reveal(ends.find((n) => place.get(n) > here) ?? ends[0]);
  }

  function typed(letter) {
    const here = at.get(active);
    const turned = [...rows.slice(here + 1), ...rows.slice(0, here + 1)];
    const found = turned.find((n) => action(n).toLowerCase().startsWith(letter.toLowerCase()));
    if (found !== undefined) go(found);
  }

  const KEYS = {
    ArrowDown: () => go(rows[Math.min(rows.length - 1, at.get(active) + 1)]),
    ArrowUp: () => go(rows[Math.max(0, at.get(active) - 1)]),
    Home: () => go(rows[0]),
    End: () => go(rows[rows.length - 1]),
    PageDown: () => go(rows[Math.min(rows.length - 1, at.get(active) + 10)]),
    PageUp: () => go(rows[Math.max(0, at.get(active) - 10)]),
    Enter: () => reader.focus(),
    ArrowRight: () => {
      if (open.has(active)) {
        const inside = children[active].find((n) => at.has(n));
        if (inside !== undefined) go(inside);
      } else fold(active, true);
    },
    ArrowLeft: () => {
      if (open.has(active) && children[active].length) fold(active, false);
      else if (active) go(parent[active]);
    },
  };

  place.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (KEYS[event.key]) KEYS[event.key]();
    else if (event.key.length === 1 && event.key !== " ") typed(event.key);
    else return;
    event.preventDefault();
  });
  place.addEventListener("click", (event) => {
    const element = event.target.closest(".row");
    if (!element) return;
    const n = Number(element.id.slice("node-".length));
    if (event.target.closest(".twisty") && children[n].length) fold(n, !open.has(n));
    else {
      go(n);
      if (dom.narrow()) reader.scrollIntoView({ block: "nearest" });
    }
  });
  place.addEventListener("scroll", () => requestAnimationFrame(render), { passive: true });
  matchMedia("(max-width: 56rem)").addEventListener("change", lay);
  addEventListener("resize", () => (render(), paint()));
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.elements.fate.addEventListener("change", sift);
  controls.elements.expand.addEventListener("click", () => (widen(Infinity), lay(), go(active)));
  controls.elements.collapse.addEventListener("click", () => (open.clear(), lay(), go(active)));
  controls.elements.next.addEventListener("click", nextEnd);

  place.append(space);
  lay();
  paint();
  read(0);
})();
