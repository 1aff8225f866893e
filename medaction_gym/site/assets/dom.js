"use strict";

// What the pages share. Text reaches the document as text nodes only, never as markup.
const dom = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  function filled(node, attributes, children) {
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === true) node.setAttribute(name, "");
      else if (value !== false && value != null) node.setAttribute(name, value);
    }
    // A child that is false, 0, "" or absent is one that a condition left out.
    node.append(...children.filter(Boolean));
    return node;
  }

  return {
    el: (tag, attributes, ...children) => filled(document.createElement(tag), attributes, children),
    svg: (tag, attributes, ...children) =>
      filled(document.createElementNS(SVG, tag), attributes, children),
    data: () => JSON.parse(document.getElementById("data").textContent),
    number: (value, digits = 2) => (value == null ? "–" : value.toFixed(digits)),
    usd: (value) => "$" + value.toLocaleString("en", { maximumFractionDigits: 0 }),
    narrow: () => matchMedia("(max-width: 56rem)").matches,
  };
})();
