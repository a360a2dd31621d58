// What the script adds: pages that follow what they show. Without it they are as complete, and older.
"use strict";

const told = document.getElementById("live");

/** Takes over from a newer copy of the page every part of <main> that has an id and differs. */
function take(newer) {
  for (const part of newer.querySelectorAll("main [id]")) {
    const mine = document.getElementById(part.id);
    if (!mine) return replaceAll(newer);
    if (mine.dataset.kept !== undefined || mine.contains(document.activeElement)) continue;
    if (!mine.isEqualNode(part)) {
      const fresh = document.importNode(part, true);
      keep(mine, fresh);
      mine.replaceWith(fresh);
    }
  }
}

function replaceAll(newer) {
  const main = document.querySelector("main");
  if (!main.contains(document.activeElement) || document.activeElement === main)
    main.replaceWith(document.importNode(newer.querySelector("main"), true));
}

/** Keeps what the reader has done to a part: ticks, opened details, how far it is scrolled. */
function keep(mine, fresh) {
  for (const box of mine.querySelectorAll("input:checked")) {
    const same = [...fresh.querySelectorAll("input")].find((it) => it.name === box.name && it.value === box.value);
    if (same) same.checked = true;
  }
  const opened = [...fresh.querySelectorAll("details")];
  mine.querySelectorAll("details").forEach((it, place) => { if (opened[place]) opened[place].open = it.open; });
}

async function renew() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  take(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

/** Follows the page's events: the first tells what is shown already. */
function follow(address) {
  let shown = null;
  const events = new EventSource(address);
  events.addEventListener("state", async (event) => {
    if (shown !== null && shown !== event.data) await renew();
    shown = event.data;
    told.textContent = "live";
  });
  events.onerror = () => { told.textContent = "not connected"; };
  addEventListener("pagehide", () => events.close());
}

const LONGEST = 1 << 20; // characters of a log that are kept here; the rest is a click away

/** Where the lines of an attempt stand; made from the page's template when they are its first. */
function logOf(all, { node, attempt }) {
  const key = `${node} ${attempt}`;
  let found = [...all.children].find((it) => it.dataset.log === key);
  if (!found) {
    found = document.getElementById("log").content.firstElementChild.cloneNode(true);
    found.dataset.log = key;
    found.querySelector("code").textContent = node;
    found.querySelector("h2 a").href = location.pathname.replace(/logs$/, "nodes/") + encodeURIComponent(node);
    if (attempt > 1) found.querySelector("h2").append(` attempt ${attempt}`);
    found.querySelector("pre").setAttribute("aria-label", `log of ${node}`);
    all.append(found);
  }
  return found.querySelector("pre");
}

/** Appends what is written to logs; who looks at the end of one stays there. */
function followLogs(address) {
  const all = document.getElementById("logs");
  const events = new EventSource(address);
  events.addEventListener("begin", () => { all.replaceChildren(); told.textContent = "live"; });
  events.addEventListener("new", (event) => {
    const part = JSON.parse(event.data);
    const log = logOf(all, part);
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
    log.append(part.text);
    if (log.textContent.length > LONGEST) log.textContent = log.textContent.slice(-LONGEST / 2);
    if (isAtEnd) log.scrollTop = log.scrollHeight;
  });
  events.addEventListener("end", () => { events.close(); told.textContent = "ended"; });
  events.onerror = () => { told.textContent = "not connected"; };
  addEventListener("pagehide", () => events.close());
}

/** Curves tell their values under the pointer, and show only the stretch that it is dragged over. */
const curves = new WeakMap(); // by their figures: all points, those shown, and where a drag began

async function curveOf(figure) {
  if (!curves.has(figure)) {
    curves.set(figure, { all: [], shown: [], from: null });
    const answer = await fetch(document.body.dataset.document).catch(() => null); // it may be away
    const told = answer && answer.ok ? (await answer.json()).curves : [];
    const { node, name } = figure.dataset;
    const own = told.find((it) => it.node === node && it.name === name);
    Object.assign(curves.get(figure), { all: own ? own.points : [], shown: own ? own.points : [] });
  }
  return curves.get(figure);
}

const [ACROSS, UP] = [260, 64]; // as the server draws a curve

/** Where a number stands between the least and the greatest of some: from 0 to 1. */
function scale(numbers) {
  const least = numbers.reduce((a, b) => Math.min(a, b)), greatest = numbers.reduce((a, b) => Math.max(a, b));
  return (number) => (number - least) / (greatest - least || 1);
}

function draw(figure, curve) {
  const x = scale(curve.shown.map(([step]) => step)), y = scale(curve.shown.map(([, value]) => value));
  const line = curve.shown.map(([step, value]) => `${(x(step) * ACROSS).toFixed(1)},${(UP - y(value) * UP).toFixed(1)}`);
  figure.querySelector("polyline").setAttribute("points", line.join(" "));
}

/** The point of a curve nearest to where the pointer is. */
function nearest(figure, curve, event) {
  const box = figure.querySelector("svg.curve").getBoundingClientRect();
  const x = scale(curve.shown.map(([step]) => step));
  const at = (event.clientX - box.left) / box.width;
  return curve.shown.reduce((best, it) => (Math.abs(x(it[0]) - at) < Math.abs(x(best[0]) - at) ? it : best));
}

/** Tells a value; an empty text takes it away. */
function tellValue(figure, text) {
  let told = figure.querySelector("output");
  if (!told) figure.append((told = document.createElement("output")));
  told.textContent = text;
}

function figureAt(event) {
  const svg = event.target instanceof Element ? event.target.closest("svg.curve") : null;
  return svg && svg.closest("figure[data-name]");
}

async function onCurve(event) {
  const figure = figureAt(event);
  if (!figure) return;
  const { type } = event;
  const curve = await curveOf(figure);
  if (curve.shown.length < 2) return;
  if (type === "dblclick") curve.shown = curve.all;
  const point = nearest(figure, curve, event);
  if (type === "pointerdown") curve.from = point[0];
  if (type === "pointerup" && curve.from !== null) {
    const [first, last] = [curve.from, point[0]].sort((a, b) => a - b);
    const part = curve.all.filter(([step]) => step >= first && step <= last);
    if (part.length > 2) curve.shown = part;
    curve.from = null;
  }
  if (type !== "pointermove") draw(figure, curve);
  tellValue(figure, `step ${point[0]}: ${Number(point[1].toPrecision(6))}`);
}

if (document.body.dataset.document) {
  for (const type of ["pointermove", "pointerdown", "pointerup", "dblclick"]) document.addEventListener(type, onCurve);
  document.addEventListener("pointerout", (event) => { const figure = figureAt(event); if (figure) tellValue(figure, ""); });
}

if (document.body.dataset.live) follow(document.body.dataset.live);
if (document.body.dataset.follow) followLogs(document.body.dataset.follow);
for (const log of document.querySelectorAll(".log pre")) log.scrollTop = log.scrollHeight;
