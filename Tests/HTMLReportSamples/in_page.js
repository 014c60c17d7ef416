// What is asked of a page from inside; check_pages.py runs one of these at a time. Each returns what it found.
const checks = {
  // Every text that is seen, with the ratio of its contrast to what is behind it (WCAG 2.2, relative luminance).
  contrasts() {
    const parse = (text) => { const n = text.match(/[\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
    const linear = (v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const light = ([r, g, b]) =>
      0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
    const behind = (element) => {
      for (let e = element; e; e = e.parentElement) {
        const color = parse(getComputedStyle(e).backgroundColor);
        if (color[3] === 1) return color;
      }
      return [255, 255, 255];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
      const element = walker.currentNode.parentElement;
      if (!walker.currentNode.textContent.trim() || element.matches("title, desc, script, noscript, option")) continue;
      if (!element.checkVisibility() || element.closest(".unseen, .skip, caption, [disabled]")) continue;
      const style = getComputedStyle(element);
      const ink = parse(element instanceof SVGElement ? style.fill : style.color);
      const [a, b] = [light(ink), light(behind(element))].sort((x, y) => y - x);
      found.push([(a + 0.05) / (b + 0.05), walker.currentNode.textContent.trim().slice(0, 40)]);
    }
    return found;
  },

  // What tools for accessibility look at first; each is a sentence where something is wrong.
  basics() {
    const wrong = [];
    const refers = (e, attribute) => (e.getAttribute(attribute) || "").split(" ").filter((id) => id);
    const name = (e) => (e.getAttribute("aria-label")
      || refers(e, "aria-labelledby").map((id) => document.getElementById(id)?.textContent).join("")
      || (e.labels && e.labels[0]?.textContent) || e.textContent || "").trim();
    const isNamed = (e) => e.matches("fieldset") ? e.querySelector("legend") : e.matches("table") ? e.caption : name(e);
    const named = "button, a, input, select, svg, section, nav, fieldset, table,"
      + "[role=region], [role=search], [role=group]";
    for (const e of document.querySelectorAll(named))
      if (!isNamed(e) && !e.closest("[hidden]")) wrong.push("without a name: " + e.outerHTML.slice(0, 120));
    const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
    if (new Set(ids).size !== ids.length) wrong.push("ids are not unique");
    for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby]"))
      for (const id of [...refers(e, "aria-labelledby"), ...refers(e, "aria-describedby")])
        if (!document.getElementById(id)) wrong.push("no such id: " + id);
    let level = 0;
    for (const e of document.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
      if (!e.checkVisibility()) continue;
      const next = Number(e.tagName[1]);
      if (next > level + 1) wrong.push("heading jumps to " + e.outerHTML.slice(0, 80));
      level = next;
    }
    if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
    if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
    if (document.documentElement.lang !== "en") wrong.push("no language");
    for (const th of document.querySelectorAll("th")) if (!th.scope) wrong.push("th without scope");
    for (const e of document.querySelectorAll("svg"))
      if (!e.matches("[role=img]:has(> title):has(> desc)")) wrong.push("svg without role, title or desc");
    return wrong;
  },

  // Figures without a size, texts out of their figure, texts on each other.
  figures() {
    const wrong = [];
    for (const svg of document.querySelectorAll("figure svg")) {
      const box = svg.getBoundingClientRect();
      if (box.width < 100 || box.height < 30) wrong.push(`${svg.id} is ${box.width} × ${box.height}`);
      const texts = [...svg.querySelectorAll("text")].map((e) => [e, e.getBoundingClientRect()]);
      for (const [e, t] of texts)
        if (t.left < box.left - 1 || t.right > box.right + 1 || t.top < box.top - 1 || t.bottom > box.bottom + 1)
          wrong.push(`${svg.id}: out of the figure: ${e.textContent}`);
      // Boxes are higher than letters by some pixels.
      for (let i = 0; i < texts.length; i += 1) for (let j = 0; j < i; j += 1) {
        const [a, b] = [texts[i][1], texts[j][1]];
        if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 4 && b.top < a.bottom - 4)
          wrong.push(`${svg.id}: on each other: ${texts[i][0].textContent} and ${texts[j][0].textContent}`);
      }
      for (const image of svg.querySelectorAll("image"))
        if (!image.href.baseVal.startsWith("data:image/png;base64,")) wrong.push(`${svg.id}: image`);
    }
    return wrong;
  },

  // The layers that the table shows.
  names() {
    const rows = [...document.querySelectorAll("#table tbody tr")];
    return rows.filter((row) => !row.hidden).map((row) => row.cells[0].textContent);
  },

  sorts() {
    return [...document.querySelectorAll("#table thead th")].map((th) => th.getAttribute("aria-sort"));
  },

  // What a column is sorted by.
  keys(column) {
    const cells = [...document.querySelectorAll("#table tbody tr")].map((row) => row.cells[column]);
    return cells.map((cell) => cell.dataset.key === undefined ? cell.textContent : Number(cell.dataset.key));
  },

  // The layer whose figures are shown.
  shown() {
    return document.getElementById("layer").hidden ? null : document.getElementById("layer-name").textContent;
  },

  // The kind of pictures that the first map shows.
  pictures() {
    const pictures = [...document.querySelectorAll("#figure-1 image.cells")];
    return pictures.filter((e) => getComputedStyle(e).display !== "none").map((e) => e.getAttribute("class"));
  },

  focusIsSeen() {
    const focused = document.activeElement;
    const style = getComputedStyle(focused.matches(".scheme input") ? focused.nextElementSibling : focused);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1;
  },

  // Milliseconds from choosing a layer to its figures.
  open(index) {
    const start = performance.now();
    document.querySelectorAll("#table tbody button")[index].click();
    return new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(performance.now() - start))));
  },
};
