(() => {
  "use strict";
  const root = document.documentElement;
  const find = (id) => document.getElementById(id);
  const create = (tag, properties, ...children) => {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  };

  // The colour scheme, kept for the next time where the browser keeps anything for files.
  const storage = (act) => { try { return act(localStorage); } catch { return null; } };
  const setScheme = (scheme) => {
    if (scheme === "auto") delete root.dataset.scheme; else root.dataset.scheme = scheme;
  };
  for (const choice of document.querySelectorAll("input[name=scheme]")) {
    if (storage((kept) => kept.getItem("adadim-scheme")) === choice.value) {
      choice.checked = true;
      setScheme(choice.value);
    }
    choice.addEventListener("change", () => {
      setScheme(choice.value);
      storage((kept) => kept.setItem("adadim-scheme", choice.value));
    });
  }

  // The table: its rows in the order shown, sorted and filtered.
  const table = find("table");
  const rows = table ? [...table.tBodies[0].rows] : [];
  const nameOf = (row) => row.cells[0].textContent;
  let order = rows;

  const value = (row, column) => {
    const cell = row.cells[column];
    return { key: cell.dataset.key === undefined ? null : Number(cell.dataset.key), text: cell.textContent };
  };
  const collator = new Intl.Collator("en", { numeric: true });
  const sort = (heading) => {
    const column = heading.cellIndex;
    const direction = heading.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const hasKeys = rows.some((row) => value(row, column).key !== null);
    const keyed = rows.map((row, index) => ({ row, index, ...value(row, column) }));
    keyed.sort((a, b) => {
      if (!hasKeys) return sign * collator.compare(a.text, b.text) || a.index - b.index;
      if (a.key === null || b.key === null) return (a.key === null) - (b.key === null) || a.index - b.index;
      return sign * (a.key - b.key) || a.index - b.index;
    });
    order = keyed.map((entry) => entry.row);
    table.tBodies[0].append(...order);
    updateNeighbours();
  };
  if (table) {
    for (const heading of table.tHead.rows[0].cells) {
      heading.replaceChildren(create("button", { type: "button" }, ...heading.childNodes));
      heading.firstChild.addEventListener("click", () => sort(heading));
    }
  }

  const filters = { name: find("filter-name"), role: find("filter-role"), direction: find("filter-direction") };
  const filter = () => {
    const text = filters.name.value.trim().toLowerCase();
    const isChosen = (control, value) => !control || control.value === "" || control.value === value;
    let shown = 0;
    for (const row of rows) {
      row.hidden = !(nameOf(row).toLowerCase().includes(text) && isChosen(filters.role, row.dataset.role)
        && isChosen(filters.direction, row.dataset.direction));
      shown += row.hidden ? 0 : 1;
    }
    find("count").textContent = `${shown} of ${rows.length} ${rows.length === 1 ? "layer" : "layers"}`;
    updateNeighbours();
  };
  for (const control of Object.values(filters)) {
    // A browser may bring back what was typed before the page was loaded anew.
    if (!control) continue;
    control.value = "";
    for (const event of ["input", "change"]) control.addEventListener(event, filter);
  }

  // One layer's figures. The address names the layer, so that it can be kept and sent.
  const section = find("layer");
  let current = null;
  const detailed = () => order.filter((row) => row.dataset.details && (!row.hidden || row === current));
  function updateNeighbours() {
    if (!section) return;
    const open = detailed();
    const index = open.indexOf(current);
    find("previous").disabled = index <= 0;
    find("next").disabled = index < 0 || index + 1 >= open.length;
  }
  const show = (row) => {
    if (current) current.removeAttribute("aria-current");
    current = row;
    row.setAttribute("aria-current", "true");
    find("layer-name").replaceChildren(create("bdi", {}, nameOf(row)));
    find("layer-body").replaceChildren(find(row.dataset.details).content.cloneNode(true));
    section.hidden = false;
    updateNeighbours();
    section.scrollIntoView();
    find("layer-name").focus({ preventScroll: true });
  };
  const hide = () => {
    if (!current) return;
    const row = current;
    current = null;
    row.removeAttribute("aria-current");
    section.hidden = true;
    find("layer-body").replaceChildren();
    const target = row.hidden ? find("filter-name") : row.querySelector("button");
    target.focus();
  };
  const prefix = "#layer=";
  const go = (row) => {
    const hash = prefix + encodeURIComponent(nameOf(row));
    show(row);
    if (location.hash !== hash) location.hash = hash;
  };
  const follow = () => {
    if (!location.hash.startsWith(prefix)) {
      // A link of the page leaves the figures open; going back to before they were opened closes them.
      if (location.hash === "") hide();
      return;
    }
    let name = "";
    try { name = decodeURIComponent(location.hash.slice(prefix.length)); } catch { return; }
    const row = rows.find((row) => row.dataset.details && nameOf(row) === name);
    if (row && row !== current) show(row);
  };
  if (section) {
    for (const row of rows) {
      if (!row.dataset.details) continue;
      const cell = row.cells[0];
      cell.replaceChildren(create("button", { type: "button" }, ...cell.childNodes));
      cell.firstChild.addEventListener("click", () => go(row));
    }
    const step = (by) => { const open = detailed(); go(open[open.indexOf(current) + by]); };
    find("previous").addEventListener("click", () => step(-1));
    find("next").addEventListener("click", () => step(1));
    find("close").addEventListener("click", () => {
      history.pushState(null, "", location.pathname + location.search);
      hide();
    });
    addEventListener("hashchange", follow);
  }

  // A figure as a file of its own: what the style sheet gives it is written into it.
  const inlined = [
    "fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "stroke-linejoin",
    "paint-order", "text-anchor", "font-family", "font-size", "font-weight", "font-variant-numeric", "image-rendering",
  ];
  const standalone = (svg) => {
    const copy = svg.cloneNode(true);
    const originals = [svg, ...svg.querySelectorAll("*")];
    const copies = [copy, ...copy.querySelectorAll("*")];
    originals.forEach((original, index) => {
      const element = copies[index];
      const style = getComputedStyle(original);
      if (style.display === "none" && original.tagName === "image" || original.classList.contains("target")) {
        element.remove();
        return;
      }
      element.removeAttribute("class");
      if (["title", "desc"].includes(original.tagName)) return;
      const around = original === svg ? null : getComputedStyle(original.parentElement);
      for (const name of inlined) {
        const text = style.getPropertyValue(name);
        // All of these pass on to the elements inside. An address is the element's own attribute, and stays.
        if (text !== around?.getPropertyValue(name) && !text.startsWith("url(")) element.style.setProperty(name, text);
      }
    });
    const [width, height, margin] = [svg.width.baseVal.value, svg.height.baseVal.value, 20];
    const frame = { x: -margin, y: -margin, width: width + 2 * margin, height: height + 2 * margin };
    copy.setAttribute("viewBox", Object.values(frame).join(" "));
    const paper = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    for (const [name, length] of Object.entries(frame)) {
      paper.setAttribute(name, length);
      if (name in { width, height }) copy.setAttribute(name, length);
    }
    paper.setAttribute("fill", getComputedStyle(document.body).backgroundColor);
    copy.prepend(paper);
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + new XMLSerializer().serializeToString(copy);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button.save");
    if (!button) return;
    const figure = button.closest("figure");
    const address = URL.createObjectURL(new Blob([standalone(figure.querySelector("svg"))], { type: "image/svg+xml" }));
    const name = figure.querySelector("h3").textContent.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    create("a", { href: address, download: `${name || "figure"}.svg` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  });

  // What is under the pointer on a map.
  const tip = find("tip");
  const superscript = (number) => [...String(number)].map((digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit] ?? "⁻").join("");
  const short = (number) => {
    const [mantissa, exponent] = number.toExponential(1).split("e").map(Number);
    if (exponent >= -3 && exponent <= 5) return String(Number(number.toPrecision(2)));
    return `${mantissa}×10${superscript(exponent)}`;
  };
  const range = (index, blocks, channels) => {
    const [first, end] = [Math.floor(index * channels / blocks), Math.floor((index + 1) * channels / blocks)];
    return end - first > 1 ? `${first}–${end - 1}` : `${first}`;
  };
  // The levels of a map's cells, by the colours of its bar: pictures are all that the page holds of them.
  const levels = new WeakMap();
  const pixels = (image) => {
    const picture = new Image();
    picture.src = image.getAttribute("href");
    return picture.decode().then(() => {
      const canvas = create("canvas", { width: picture.naturalWidth, height: picture.naturalHeight });
      const context = canvas.getContext("2d");
      context.drawImage(picture, 0, 0);
      return new Uint32Array(context.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    });
  };
  const readLevels = (target) => {
    const svg = target.ownerSVGElement;
    levels.set(target, null);
    Promise.all([svg.querySelector("image.cells"), svg.querySelector("image.bar")].map(pixels)).then(([cells, bar]) => {
      const level = new Map([...bar].map((color, index) => [color, index / (bar.length - 1)]));
      levels.set(target, [...cells].map((color) => level.get(color)));
    }, () => {});
  };
  // x and y: 0 to 1 across the target and down.
  const tipText = (target, x, y) => {
    const data = target.dataset;
    const cell = (share, count) => Math.min(Math.floor(share * count), count - 1);
    if (data.values !== undefined) {
      const [columns, names, values] = [data.columns, data.rows, data.values].map((text) => text.split("\n"));
      const [column, row] = [cell(x, columns.length), cell(y, names.length)];
      return `${columns[column]}, ${names[row]}\n${data.unit}: ${values[row * columns.length + column]}`;
    }
    const [across, down, outputs, inputs, low, high] =
      [data.across, data.down, data.outputs, data.inputs, data.low, data.high].map(Number);
    const [column, row] = [cell(x, across), cell(y, down)];
    const place = `output ${range(row, down, outputs)}, input ${range(column, across, inputs)}`;
    if (!levels.has(target)) readLevels(target);
    const known = levels.get(target);
    if (!known) return place;
    const share = known[row * across + column];
    const value = share === undefined ? "no value" : `about ${short(10 ** (low + share * (high - low)))}`;
    return `${place}\n${data.unit}: ${value}`;
  };
  document.addEventListener("pointermove", (event) => {
    const target = event.target instanceof Element && event.target.closest("rect.target");
    tip.hidden = !target;
    if (!target) return;
    const box = target.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    tip.textContent = tipText(target, ...[x, y].map((share) => Math.min(Math.max(share, 0), 1)));
    const below = event.clientY + 18;
    const top = below + tip.offsetHeight > innerHeight ? event.clientY - tip.offsetHeight - 10 : below;
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${top}px`;
  });

  follow();
  root.dataset.ready = String(Math.round(performance.now()));
})();
