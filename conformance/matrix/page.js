// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
const data = JSON.parse(document.getElementById("data").textContent);
const form = document.getElementById("filters");
const dialog = document.getElementById("vector");
const bodies = [...document.querySelectorAll("#matrix > tbody")];
const NOT_TESTED = "not tested";
const NOT_RUN = "not run";
const KEPT = ["q", "level", "verdict", "impl"];
let details = null; // unpacked when a vector is first opened

function chip(verdict) {
  const symbol = make("span", { "aria-hidden": "true" }, data.symbols[verdict]);
  return make("span", { class: `v v-${verdict.replaceAll(" ", "-")}` }, symbol, ` ${verdict}`);
}

async function unpack() {
  if (details) return details;
  const bytes = Uint8Array.from(atob(data.packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  details = JSON.parse(await new Response(stream).text());
  return details;
}

// --- filters; what is chosen stands in the address, so that it can be sent and kept

function chosen() {
  const values = Object.fromEntries(KEPT.map((key) => [key, form.elements[key].value.trim()]));
  values.untested = form.elements.untested.checked;
  values.words = values.q.toLowerCase().split(/\s+/).filter(Boolean);
  return values;
}

function verdictsOf(id, wanted) {
  const runs = wanted.impl ? [wanted.impl] : data.runs;
  return runs.map((run) => data.vectors[id].verdicts[run] ?? NOT_RUN);
}

/* The vectors of a requirement that are to be listed. */
function listed(id, wanted) {
  return data.rows[id].vectors.filter((vector) => !wanted.verdict || verdictsOf(vector, wanted).includes(wanted.verdict));
}

function matches(body, wanted) {
  const id = body.dataset.id;
  const row = data.rows[id];
  if (wanted.level && row.level.split(" ")[0] !== wanted.level) return false;
  if (row.vectors.length ? wanted.verdict === NOT_TESTED : !wanted.untested && wanted.verdict !== NOT_TESTED) return false;
  if (row.vectors.length && wanted.verdict && !listed(id, wanted).length) return false;
  return wanted.words.every((word) => row.text.includes(word));
}

function apply() {
  const wanted = chosen();
  let count = 0;
  for (const body of bodies) {
    body.hidden = !matches(body, wanted);
    count += !body.hidden;
    const button = body.querySelector("button.open");
    if (button?.getAttribute("aria-expanded") === "true") list(body);
  }
  for (const cell of document.querySelectorAll("#matrix [data-impl]")) {
    cell.hidden = wanted.impl !== "" && cell.dataset.impl !== wanted.impl;
  }
  document.getElementById("shown").textContent = `${count} of ${bodies.length} requirements`;
}

function remember(vector) {
  const wanted = chosen();
  const parts = new URLSearchParams();
  for (const key of KEPT) if (wanted[key]) parts.set(key, wanted[key]);
  if (wanted.untested) parts.set("untested", "");
  if (vector) parts.set("vector", vector);
  history.replaceState(null, "", `#${parts}`);
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const key of KEPT) form.elements[key].value = parts.get(key) ?? "";
  form.elements.untested.checked = parts.has("untested");
  apply();
  const vector = parts.get("vector");
  if (vector && data.vectors[vector]) open(vector);
}

// --- the vectors of a requirement

function list(body) {
  const wanted = chosen();
  const id = body.dataset.id;
  const items = listed(id, wanted).map((vector) => {
    const about = data.vectors[vector];
    const link = make("button", { type: "button", class: "link mono", "data-vector": vector }, vector);
    const by = data.runs
      .filter((run) => about.verdicts[run] && (!wanted.impl || run === wanted.impl))
      .map((run) => make("span", {}, `${run} `, chip(about.verdicts[run])));
    return make("li", {}, make("div", { class: "of" }, link, make("span", {}, about.title)), make("div", { class: "by" }, by));
  });
  const cell = make("td", { role: "cell", colspan: 3 + data.runs.length });
  cell.append(make("p", { class: "aside" }, data.rows[id].section), make("ul", { "aria-label": `Vectors of ${id}` }, items));
  document.getElementById(`of-${id}`)?.remove();
  body.append(make("tr", { role: "row", class: "list", id: `of-${id}` }, cell));
}

function toggle(button) {
  const body = button.closest("tbody");
  const opens = button.getAttribute("aria-expanded") !== "true";
  button.setAttribute("aria-expanded", opens);
  if (opens) list(body);
  else document.getElementById(`of-${body.dataset.id}`).remove();
}

// --- a vector

async function open(id) {
  const about = (await unpack())[id];
  const close = make("button", { type: "button", class: "copy", "data-close": true }, "Close");
  dialog.replaceChildren(...flat([
    make("div", { class: "bar" }, make("h2", { id: "vector-title", class: "mono" }, id), close),
    make("p", {}, data.vectors[id].title),
    make("p", { class: "aside" }, about.requirements.join(", "), about.twin ? " · accepted twin " : "",
      about.twin && data.vectors[about.twin]
        ? make("button", { type: "button", class: "link mono", "data-vector": about.twin }, about.twin)
        : about.twin ?? ""),
    about.note ? make("p", {}, about.note) : "",
    make("h3", {}, "Scenario"), drawing(about.drawing), folded("As JSON", about.scenario),
    make("h3", {}, "Expected"), expected(about.expect),
    make("h3", {}, "Given"), Object.entries(about.given).map(([run, given]) => answer(run, given)),
  ]));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  remember(id);
}

/* JSON in one line that can be broken into several. */
function spelled(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 1).replace(/\n */g, " ");
}

function folded(title, value) {
  return make("details", {}, make("summary", {}, title), make("pre", {}, JSON.stringify(value, null, 1)));
}

function expected(expect) {
  const said = (part) => part.verdict + (part.reason ? ` (${part.reason})` : "") + (part.status ? ` ${part.status}` : "");
  return [
    make("p", {}, "Any device: ", make("strong", {}, said(expect.spec)), ". This library besides: ", said(expect.vvs), "."),
    expect.spec.steps || expect.vvs.steps
      ? make("pre", {}, [...(expect.spec.steps ?? []), ...(expect.vvs.steps ?? [])].map(spelled).join("\n"))
      : "",
  ];
}

function answer(run, given) {
  const bad = ["fail", "crash", "timeout"].includes(given.verdict);
  const head = make("h4", {}, `${run} `, chip(given.verdict));
  const copy = make("button", { type: "button", class: "copy", "data-copy": given.repeat }, "Copy");
  return make("section", { class: bad ? "run bad" : "run", "aria-label": run }, head,
    Object.entries(given.why ?? {}).map(([key, text]) => make("p", {}, make("strong", {}, `${key}: `), text)),
    given.faults ? faults(given.faults) : "",
    given.text ? make("pre", {}, given.text) : "",
    given.answer ? answers(given.answer, given.verdict !== "pass" || data.runs.length === 1) : "",
    make("div", { class: "repeat" }, make("pre", {}, given.repeat), copy));
}

function faults(found) {
  const heads = ["Where", "Expected", "Given"];
  const lines = found.map((fault) => {
    const words = [`${fault.scope}: ${fault.where}`, spelled(fault.expected), spelled(fault.actual)];
    return make("tr", { role: "row" }, words.map((word, at) => make("td", { role: "cell", "data-label": heads[at] }, word)));
  });
  return make("table", { class: "faults", role: "table" },
    make("thead", { role: "rowgroup" }, make("tr", { role: "row" },
      heads.map((head) => make("th", { scope: "col", role: "columnheader" }, head)))),
    make("tbody", { role: "rowgroup" }, lines));
}

function answers(given, matters) {
  const setup = Object.entries(given.setup ?? {}).map(([role, status]) => `set-up of ${role}: ${status}`);
  const lines = (given.answers ?? []).map(spelled);
  return make("details", { open: matters && lines.length <= 4 }, make("summary", {}, "Answer"),
    make("pre", {}, [...setup, ...lines].join("\n")));
}

// --- what is clicked, typed and chosen

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.classList.contains("open")) toggle(button);
  else if (button.dataset.vector) open(button.dataset.vector);
  else if (button.dataset.close !== undefined) dialog.close();
});
dialog.addEventListener("close", () => remember());
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", () => { apply(); remember(); });
form.addEventListener("reset", () => setTimeout(() => { apply(); remember(); }));
window.addEventListener("hashchange", recall);

for (const [id, row] of Object.entries(data.rows)) {
  const titles = row.vectors.map((vector) => `${vector} ${data.vectors[vector].title}`);
  row.text = [id, row.level, row.section, row.summary, ...titles].join(" ").toLowerCase();
}
recall();
