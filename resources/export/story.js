// Steps through the story in this page. All text comes from the story as text nodes; none of it is ever markup.
"use strict";
(() => {
  const story = JSON.parse(document.getElementById("story").textContent);
  const { scenes, operations, pool, log } = story;
  const find = (name) => document.querySelector(name);
  const last = scenes.length - 1;
  const stops = scenes.map((scene, at) => at).filter((at) => scenes[at].stop || at === last);
  let here = 0, typed = "";

  // -- building blocks

  function make(tag, words = "", name = "") {
    const node = document.createElement(tag);
    node.textContent = words;
    if (name) node.className = name;
    return node;
  }

  function draw(tag, attributes, words) {
    const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    if (words !== undefined) node.textContent = words;
    return node;
  }

  const fit = (words, width) => {
    const most = Math.max(3, Math.floor(width / 7));
    return words.length > most ? words.slice(0, most - 1) + "…" : words;
  };

  // -- the map: codes of the cells at the scene shown, walked by what each scene changes

  const cells = new Uint8Array(Math.ceil(story.frames / story.perCell));
  const before = [];  // of each scene, the codes that it replaced
  for (let at = 0, run = 0; run < story.map.length; run += 2) {
    cells.fill(story.map[run], at, at + story.map[run + 1]);
    at += story.map[run + 1];
  }
  let applied = 0;
  function carry(to) {
    while (applied < to) {
      applied += 1;
      before[applied] = scenes[applied].cells.map(([cell, code]) => {
        const old = cells[cell];
        cells[cell] = code;
        return [cell, old];
      });
    }
    while (applied > to) {
      for (const [cell, code] of before[applied].toReversed()) cells[cell] = code;
      applied -= 1;
    }
  }

  const canvas = find("canvas");
  function paint() {
    const scene = scenes[here], ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
    const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    canvas.width = width;
    canvas.height = height;
    const style = getComputedStyle(document.documentElement);
    const colours = story.kinds.map((_, kind) => style.getPropertyValue(`--kind${kind}`).trim());
    const pen = canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    const across = Math.ceil(Math.sqrt((cells.length * width) / height)), down = Math.ceil(cells.length / across);
    const side = Math.min(width / across, height / down), gap = side > 5 ? 1 : 0;
    const place = (cell) => [(cell % across) * side, Math.floor(cell / across) * side];
    cells.forEach((code, cell) => {
      const [x, y] = place(cell);
      pen.fillStyle = colours[code];
      pen.fillRect(x, y, side - gap, side - gap);
    });
    if (scene.target !== undefined) {
      const [x, y] = place(scene.target), ring = Math.max(side, 12 * ratio);
      pen.lineWidth = 3 * ratio;
      for (const [colour, more] of [["--text", 3 * ratio], ["--poison", 0]]) {
        pen.strokeStyle = style.getPropertyValue(colour).trim();
        pen.strokeRect(x + side / 2 - ring / 2 - more, y + side / 2 - ring / 2 - more, ring + 2 * more, ring + 2 * more);
      }
    }
    const broken = cells.reduce((count, code) => count + (code === story.kinds.length - 1), 0);
    canvas.setAttribute("aria-label", `Map of ${cells.length} cells, ${broken} with broken memory`);
  }

  // -- the reverse map: the frame, its mapping, the VMAs with their entries, the tasks

  const ROW = 38;
  function box(group, x, y, width, first, second, name = "") {
    const shown = draw("g", { class: name });
    shown.append(draw("rect", { x, y, width, height: ROW - 8 }), draw("text", { x: x + 7, y: y + 13 }, fit(first, width - 10)));
    if (second) shown.append(draw("text", { x: x + 7, y: y + 26, class: "small" }, fit(second, (width - 10) * 1.12)));
    shown.append(draw("title", {}, `${first} ${second}`));
    group.append(shown);
    return shown;
  }

  function walk() {
    const panel = find(".walk .content"), words = find(".walk .hidden"), scene = scenes[here];
    panel.replaceChildren();
    words.replaceChildren();
    if (!scene.walk) {
      panel.append(make("p", scene.frame ? "" : "No frame yet.", "quiet"));
      return;
    }
    const [atFrame, rows, empty, mapping, detail, cut] = scene.walk;
    const width = Math.max(420, panel.clientWidth), height = Math.max(1, rows.length) * ROW + 16;
    const svg = draw("svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" });
    const part = width / 100, middle = height / 2 - ROW / 2 + 4;
    const columns = [[0.3, 18.7], [22, 19], [44, 29], [76, 23.7]].map(([left, wide]) => [left * part, wide * part]);
    const edge = (group, from, y1, to, y2) =>
      group.append(draw("line", { x1: columns[from][0] + columns[from][1], y1, x2: columns[to][0], y2 }));
    const [pfn, letters, kind] = scene.frame;
    const hit = letters.includes("X");
    if (rows.length) edge(svg, 0, middle + ROW / 2 - 4, 1, middle + ROW / 2 - 4);
    rows.forEach((row, at) => {
      const [vma, address, entry, progress, task, fate, sort, now, why] = pool[row];
      const y = at * ROW + 8, group = draw("g", { class: `${progress} ${now ? "now" : ""} ${sort === "killed" ? "killed" : ""}` });
      edge(group, 1, middle + ROW / 2 - 4, 2, y + ROW / 2 - 4);
      edge(group, 2, y + ROW / 2 - 4, 3, y + ROW / 2 - 4);
      box(group, ...at4(2, y), `${vma}: ${entry}`, address, progress);
      const last = box(group, ...at4(3, y), task, "");
      last.append(draw("text", { x: columns[3][0] + 7, y: y + 26, class: "small fate" }, fit(fate, columns[3][1])));
      svg.append(group);
      words.append(make("li", [`${task}: ${fate}`, `${vma} ${address}, PTE ${entry}`, why].filter(Boolean).join("; ")));
    });
    function at4(column, y) { return [columns[column][0], y, columns[column][1]]; }
    box(svg, ...at4(0, middle), pfn, kind, `${hit ? "poison" : ""} ${atFrame ? "now" : ""}`);
    box(svg, ...at4(1, middle), mapping, detail, cut ? "gone" : "");
    panel.append(svg);
    if (empty) panel.append(make("p", empty));
    words.prepend(make("li", `Frame ${pfn}, ${kind}, ${cut ? "was " : ""}${mapping} ${detail}`));
  }

  // -- the outline: the state of a line at a position is derived from the steps that reach it

  function stateOf([, , , , , , first, end, passed, silent], position, kind) {
    if (first < 0) return position <= passed ? "ahead" : silent ? "done" : "aside";
    if (position <= first) return "ahead";
    if (position > end) return "done";
    return kind === "step" || kind === "way" || kind === "run" ? "now" : "within";
  }

  function why() {
    const list = find(".why ul"), scene = scenes[here];
    list.replaceChildren();
    const lines = (scene.op >= 0 && operations[scene.op].outline) || [];
    let skip = Infinity;
    for (const line of lines) {
      const [depth, kind, text, told, code, branch, , , , , folded, tone] = line;
      if (depth > skip) continue;
      skip = folded ? depth : Infinity;
      const state = stateOf(line, scene.at, kind), words = told && (state === "done" || state === "now") ? told : text;
      const item = make("li", words, `${state} ${state === "ahead" ? "" : tone}`);
      item.style.paddingInlineStart = `${depth * 1.2 + 0.4}em`;
      const name = [code, state === "ahead" ? "" : branch].filter(Boolean).join(" → ");
      if (name) item.append(" ", make("code", name, "quiet"));
      list.append(item);
    }
    if (!lines.length) list.append(make("li", "No decision of the memory error handler here.", "quiet"));
    const now = list.querySelector(".now");
    if (now) {
      now.setAttribute("aria-current", "step");
      now.scrollIntoView({ block: "nearest" });
    }
  }

  // -- log and tasks

  function logged() {
    const panel = find(".log .content"), scene = scenes[here], old = here ? scenes[here - 1].log : 0;
    panel.replaceChildren(...log.slice(0, scene.log).map(([text, fatal], at) =>
      make("div", text, `${at >= old ? "new" : ""} ${fatal ? "fatal" : ""}`)));
    panel.parentNode.scrollTop = panel.parentNode.scrollHeight;
    find(".count").textContent = `HardwareCorrupted ${scene.kb} kB · killed ${scene.killed}`;
  }

  function tasks() {
    const body = find(".tasks tbody");
    const rows = scenes[here].tasks.map((number) => pool[number]);
    const changed = new Set(here ? scenes[here].tasks.filter((number, at) => scenes[here - 1].tasks[at] !== number) : []);
    const order = rows.map((row, at) => [row, scenes[here].tasks[at]]);
    order.sort(([a, m], [b, n]) => changed.has(n) - changed.has(m) || (b[6] !== "") - (a[6] !== ""));
    body.replaceChildren(...order.map(([row]) => {
      const line = make("tr", "", row[2] === "running" ? "" : "dead");
      row.forEach((cell, at) => line.append(make("td", String(cell), at === 6 ? "end" : at === 1 ? "addr" : "")));
      return line;
    }));
  }

  // -- going there

  function show(to, remember = true) {
    here = Math.min(Math.max(to, 0), last);
    const scene = scenes[here], operation = operations[scene.op];
    carry(here);
    const captions = operations.slice(0, scene.op + 1).map((one) => one.caption).filter(Boolean);
    find(".caption").textContent = captions.at(-1) || story.summary;
    find(".say").dataset.tone = scene.tone;
    find(".say .text").textContent = scene.text;
    find(".say .detail").textContent = scene.detail;
    find(".say code").textContent = [scene.code, scene.branch].filter(Boolean).join(" → ");
    find(".where").textContent = `${here} of ${last}` + (operation ? ` · ${operation.title}` : "");
    find(".track b").style.left = `${last ? (100 * here) / last : 0}%`;
    const track = find(".track");
    track.setAttribute("aria-valuenow", here);
    track.setAttribute("aria-valuetext", scene.text);
    for (const [name, off] of [["first", !here], ["back", !here], ["before", !here], ["next", here === last],
                               ["forward", here === last], ["last", here === last]])
      find(`[data-do=${name}]`).disabled = off;
    paint();
    walk();
    why();
    logged();
    tasks();
    if (remember) history.replaceState(null, "", `#${here}`);
  }

  function resize(factor) {
    const size = parseFloat(getComputedStyle(document.documentElement).fontSize) * factor;
    document.documentElement.style.fontSize = `${Math.min(Math.max(size, 10), 40)}px`;
    show(here, false);
  }

  const acts = {
    first: () => show(0),
    last: () => show(last),
    before: () => show(here - 1),
    next: () => show(here + 1),
    forward: () => show(stops.find((at) => at > here) ?? last),
    back: () => show(stops.findLast((at) => at < here) ?? 0),
    blank: () => document.documentElement.classList.toggle("blank"),
    larger: () => resize(1.1),
    smaller: () => resize(1 / 1.1),
    help: () => {
      find(".keys").hidden = !find(".keys").hidden;
      show(here, false);
    },
    plain: () => document.documentElement.classList.toggle("plain"),
    theme: () => {
      const root = document.documentElement, dark = getComputedStyle(root).getPropertyValue("--dark").trim() === "1";
      root.dataset.theme = dark ? "light" : "dark";
      show(here, false);
    },
  };
  const keys = {
    " ": "forward", PageDown: "forward", ArrowRight: "forward", PageUp: "back", ArrowLeft: "back",
    ArrowDown: "next", ArrowUp: "before", Home: "first", End: "last", ".": "blank", b: "blank",
    "+": "larger", "=": "larger", "-": "smaller", "?": "help", F1: "help",
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const pressing = event.target.tagName === "BUTTON" && event.key === " ";
    if (/^[0-9]$/.test(event.key)) typed += event.key;
    else if (event.key === "Enter" && typed) {
      show(Number(typed));
      typed = "";
      event.preventDefault();
    } else if (keys[event.key] && !pressing) {
      typed = "";
      acts[keys[event.key]]();
      event.preventDefault();
    }
  });
  for (const button of document.querySelectorAll("[data-do]"))
    button.addEventListener("click", () => acts[button.dataset.do]());
  const track = find(".track");
  track.setAttribute("aria-valuemax", last);
  for (const at of stops) {
    const tick = make("i");
    tick.style.left = `${(100 * at) / (last || 1)}%`;
    track.append(tick);
  }
  track.addEventListener("click", (event) => {
    const area = track.getBoundingClientRect();
    show(Math.round(((event.clientX - area.left) / area.width) * last));
  });
  const legend = find(".legend");
  story.kinds.forEach(([, name, meaning], kind) => {
    if (!kind) return;
    const entry = make("span"), sign = make("i");
    sign.style.background = `var(--kind${kind})`;
    entry.append(sign, name);
    entry.title = meaning;
    legend.append(entry);
  });
  window.addEventListener("resize", () => show(here, false));
  window.addEventListener("hashchange", () => show(Number(location.hash.slice(1)) || 0, false));
  show(Number(location.hash.slice(1)) || 0, false);
})();
