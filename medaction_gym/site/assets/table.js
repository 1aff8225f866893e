"use strict";

// Sorts and filters the tables of a page; without it they are complete, and in the order of accuracy.
(() => {
  const form = document.getElementById("filters");
  const shown = document.getElementById("shown");
  const rows = (body) => [...body.rows].filter((row) => !row.classList.contains("group"));

  function value(row, column, kind) {
    const text = row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
    if (kind === "text") return text.toLowerCase();
    return text === "" ? null : Number(text);
  }

  function sort(table, header, kind) {
    // Numbers begin with the most, names with the first.
    const first = kind === "number" ? "descending" : "ascending";
    const other = kind === "number" ? "ascending" : "descending";
    const order = header.getAttribute("aria-sort") === first ? other : first;
    for (const one of table.tHead.querySelectorAll("[aria-sort]")) one.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", order);
    const sign = order === "ascending" ? 1 : -1;
    for (const body of table.tBodies) {
      const keyed = rows(body).map((row) => [value(row, header.cellIndex, kind), row]);
      keyed.sort(([a], [b]) => {
        if (a === null || b === null) return (a === null) - (b === null); // unknown stands last
        return a < b ? -sign : a > b ? sign : 0;
      });
      body.append(...keyed.map(([, row]) => row));
    }
  }

  for (const header of document.querySelectorAll("th[data-sort]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    button.addEventListener("click", () => sort(header.closest("table"), header, header.dataset.sort));
  }

  if (!form) return;

  function filter() {
    const wanted = Object.fromEntries(new FormData(form));
    const part = (wanted.agent ?? wanted.case ?? "").trim().toLowerCase();
    let count = 0;
    let all = 0;
    for (const body of document.querySelectorAll(".board tbody, .matrix tbody")) {
      const { benchmark, protocol } = body.dataset;
      const group =
        (!wanted.benchmark || wanted.benchmark === benchmark) &&
        (!wanted.protocol || wanted.protocol === protocol);
      let inside = 0;
      for (const row of rows(body)) {
        const name = row.querySelector("th[scope=row]").dataset.value.toLowerCase();
        const kept =
          group && (!wanted.kind || wanted.kind === row.dataset.kind) && name.includes(part);
        row.hidden = !kept;
        inside += kept;
        all += 1;
      }
      body.hidden = inside === 0;
      count += inside;
    }
    shown.textContent = `${count} of ${all} shown`;
  }

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  filter();
})();
