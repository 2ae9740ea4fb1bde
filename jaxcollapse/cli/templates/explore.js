"use strict";
const STEPS = 500;
const at = (id) => document.getElementById(id);
const make = (tag, given = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), given);
  element.append(...inside);
  return element;
};
const short = (number) => String(+(+number).toPrecision(3));
let known, fields = {}, theory = null, points = null, busy = false, again = false;

// A slider and the text that it moves: the text is what is asked for, nothing means the default.
const value = (slider, step) => {
  const share = step / STEPS;
  const number = slider.log ? slider.low * (slider.high / slider.low) ** share : slider.low + (slider.high - slider.low) * share;
  return slider.whole ? String(Math.round(number)) : short(number);
};
const step = (slider, text) => {
  const number = Math.min(Math.max(text.trim() === "" || isNaN(text) ? slider.start : +text, slider.low), slider.high);
  const share = slider.log ? Math.log(number / slider.low) / Math.log(slider.high / slider.low) : (number - slider.low) / (slider.high - slider.low);
  return Math.round(share * STEPS);
};
function setting(part, { name, start, slider, choices = [] }) {
  const id = `${part}-${name}`;
  const row = make("div", { className: "setting" }, make("label", { htmlFor: id, textContent: name.replaceAll("_", " ") }));
  let field;
  if (choices.length) {
    field = make("select", { id, className: "wide" }, ...choices.map((text) => make("option", { textContent: text })));
    field.value = start;
  } else {
    field = make("input", { id, value: start, placeholder: "default", className: slider ? "" : "wide", spellcheck: false });
  }
  field.addEventListener("input", () => changed(part));
  if (slider) {
    const range = make("input", { type: "range", min: 0, max: STEPS, step: 1, value: step(slider, start) });
    range.setAttribute("aria-label", `${name}, slider`);
    range.addEventListener("input", () => { field.value = value(slider, +range.value); changed(part); });
    field.addEventListener("input", () => { range.value = step(slider, field.value); });
    row.append(range);
  }
  row.append(field);
  fields[part][name] = field;
  at(part).append(row);
}
function choose(part) {
  const table = `${part}_settings`;
  at(table).replaceChildren();
  fields[table] = {};
  for (const control of known[`${part}s`][at(part).value]) setting(table, control);
  changed(table);
}
const texts = (part) => Object.fromEntries(Object.entries(fields[part]).map(([name, field]) => [name, field.value]));
const question = () => ({
  model: at("model").value, workflow: at("workflow").value, metric: at("metric").value,
  model_settings: texts("model_settings"), workflow_settings: texts("workflow_settings"), ...texts("sizes"),
});
async function ask(name, asked) {
  try {
    const answer = await fetch(name, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) });
    return await answer.json();
  } catch {
    return { refused: "The program does not answer: see the terminal in which it was started.", of: "" };
  }
}
function say(answer) {
  const refused = answer.refused ?? "";
  at("refused").textContent = refused && refused[0].toUpperCase() + refused.slice(1) + (/[.!?]$/.test(refused) ? "" : ".");
  at("refused").hidden = !refused;
  const first = (answer.of ?? "").replace(/^--(workflow-)?(set )?/, "").replace(/=$/, "").replace(". ", ".");
  for (const part in fields)
    for (const name in fields[part]) fields[part][name].parentElement.classList.toggle("wrong", Boolean(first) && name === first);
  return !refused;
}

// One question at a time; what changed meanwhile is asked next.
function changed(part) {
  if (points && part !== "picture") points.old = true;
  if (busy) again = true;
  else redraw();
}
// What is shown first: a risk, or else what moves.
function telling(names) {
  const known = names.filter((name) => theory[name].curve);
  const moves = (name) => Math.max(...theory[name].curve) - Math.min(...theory[name].curve) > 1e-6 * Math.max(...theory[name].curve.map(Math.abs));
  return known.find((name) => name === "risk" && moves(name)) ?? known.find(moves) ?? known[0] ?? names[0];
}
async function redraw() {
  busy = true;
  const waiting = setTimeout(() => { at("words").textContent = "Computing …"; }, 400);
  const answer = await ask("curve", question());
  clearTimeout(waiting);
  busy = false;
  if (say(answer)) {
    theory = answer.metrics;
    const names = Object.keys(theory), before = at("metric").value;
    if (names.join() !== [...at("metric").options].map((option) => option.value).join()) {
      at("metric").replaceChildren(...names.map((name) => make("option", { value: name, textContent: name.replaceAll("_", " ") })));
      at("metric").value = names.includes(before) ? before : telling(names);
      if (at("metric").value !== before) again = true;
    }
    at("python").textContent = answer.python;
    at("command").textContent = answer.command;
  }
  picture();
  if (again) { again = false; redraw(); }
}
async function simulate() {
  const asked = question();
  at("simulate").disabled = true;
  at("simulate").textContent = "Simulating …";
  const answer = await ask("points", asked);
  at("simulate").disabled = false;
  at("simulate").textContent = "Simulate";
  if (say(answer)) {
    points = { ...answer, count: asked.replications, old: JSON.stringify(asked) !== JSON.stringify(question()) };
    at("doubt").textContent = answer.doubt ? `Do not trust these intervals: ${answer.doubt}` : "";
  }
  picture();
}

// The picture.
const SVG = "http://www.w3.org/2000/svg";
function add(tag, given, text) {
  const element = document.createElementNS(SVG, tag);
  for (const name in given) element.setAttribute(name, given[name]);
  if (text !== undefined) element.textContent = text;
  at("picture").append(element);
}
function ticks(low, high, log) {
  if (log) {
    const found = [];
    for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++)
      for (const digit of high / low > 200 ? [1] : [1, 2, 5]) found.push(digit * 10 ** e);
    const inside = found.filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
    return inside.filter((_, i) => i % Math.ceil(inside.length / 8) === 0);
  }
  const rough = (high - low) / 5, ten = 10 ** Math.floor(Math.log10(rough));
  const gap = ten * ([1, 2, 5].find((digit) => digit * ten >= rough * 0.999) ?? 10);
  const found = [];
  for (let tick = Math.ceil(low / gap - 1e-9) * gap; tick <= high + gap * 1e-9; tick += gap) found.push(Math.abs(tick) < gap * 1e-9 ? 0 : tick);
  return found;
}
function picture() {
  const box = at("picture"), metric = at("metric").value, entry = theory?.[metric];
  const curve = (entry?.curve ?? []).map((y) => (typeof y === "number" ? y : NaN));
  const shown = points && points.metric === metric ? points : null;
  at("words").textContent = (entry?.words ?? "") + (shown ? ` Points: ${shown.count} replications, 95 % intervals${shown.old ? ", of earlier settings" : ""}.` : "");
  if (!shown) at("doubt").textContent = "";
  box.replaceChildren();
  const log = at("log").checked, usable = (y) => Number.isFinite(y) && (!log || y > 0);
  const heights = [...curve, ...(shown ? [...shown.mean, ...shown.lower, ...shown.upper] : [])].filter(usable);
  if (!heights.length) return;
  const width = box.clientWidth, height = box.clientHeight, left = 62, right = width - 12, top = 12, bottom = height - 42;
  box.setAttribute("viewBox", `0 0 ${width} ${height}`);
  let low = Math.min(...heights), high = Math.max(...heights);
  if (!log && low > 0 && low < high / 2) low = 0;
  if (high === low) [low, high] = log ? [low / 2, high * 2] : [low - (Math.abs(low) || 1) / 2, high + (Math.abs(high) || 1) / 2];
  const last = Math.max(curve.length, shown ? shown.mean.length : 0, 2);
  const x = (g) => left + ((right - left) * (g - 1)) / (last - 1) * 0.96 + (right - left) * 0.02;
  const scale = (y) => (log ? Math.log(y / low) / Math.log(high / low) : (y - low) / (high - low));
  const y = (value) => bottom - (bottom - top) * (0.03 + 0.94 * scale(value));
  for (const tick of ticks(low, high, log)) {
    add("line", { class: "tick", x1: left, x2: right, y1: y(tick), y2: y(tick) });
    add("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, short(tick));
  }
  for (const tick of new Set([1, ...ticks(1, last, false).filter((g) => Number.isInteger(g) && g > 1)]))
    add("text", { x: x(tick), y: bottom + 18, "text-anchor": "middle" }, tick);
  add("text", { x: (left + right) / 2, y: height - 6, "text-anchor": "middle" }, "generation g");
  add("text", { x: 14, y: (top + bottom) / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${(top + bottom) / 2})` }, metric.replaceAll("_", " "));
  add("line", { class: "axis", x1: left, x2: right, y1: bottom, y2: bottom });
  add("line", { class: "axis", x1: left, x2: left, y1: top, y2: bottom });
  let path = "", pen = "M";
  curve.forEach((value, i) => {
    if (usable(value)) { path += `${pen}${x(i + 1).toFixed(1)},${y(value).toFixed(1)}`; pen = "L"; } else pen = "M";
  });
  if (path) add("path", { class: "theory", d: path });
  if (!shown) return;
  const every = Math.ceil(shown.mean.length / 40), faded = shown.old ? " old" : "";
  shown.mean.forEach((mean, i) => {
    if ((shown.mean.length - 1 - i) % every || !usable(mean)) return;
    const ends = [shown.lower[i], shown.upper[i]].map((end) => (usable(end) ? y(end) : bottom));
    add("line", { class: `bar${faded}`, x1: x(i + 1), x2: x(i + 1), y1: ends[0], y2: ends[1] });
    add("circle", { class: `dot${faded}`, cx: x(i + 1), cy: y(mean), r: 3 });
  });
}

async function start() {
  known = await (await fetch("known.json")).json();
  for (const part of ["model", "workflow"]) {
    at(part).replaceChildren(...Object.keys(known[`${part}s`]).map((name) => make("option", { textContent: name })));
    at(part).value = known.first[part];
    at(part).addEventListener("input", () => choose(part));
  }
  fields.sizes = {};
  for (const name in known.sizes) setting("sizes", { name, start: String(known.sizes[name].start), slider: known.sizes[name] });
  busy = true; // until all is there
  choose("model");
  choose("workflow");
  busy = again = false;
  redraw();
  at("metric").addEventListener("input", () => changed("picture"));
  at("log").addEventListener("input", picture);
  at("simulate").addEventListener("click", simulate);
  addEventListener("resize", picture);
  for (const button of document.querySelectorAll("[data-copy]"))
    button.addEventListener("click", (event) => {
      event.preventDefault();
      navigator.clipboard.writeText(at(button.dataset.copy).textContent).then(() => {
        button.textContent = "Copied";
        setTimeout(() => { button.textContent = "Copy"; }, 1500);
      });
    });
}
start();
