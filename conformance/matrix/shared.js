// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
"use strict";

/* Children as append() takes them: lists opened, what is not there left out. */
function flat(children) {
  return children.flat(Infinity).filter((child) => child !== undefined && child !== "");
}

/* An element with attributes and children; text is never read as markup. */
function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== undefined) element.setAttribute(key, value);
  }
  element.append(...flat(children));
  return element;
}

// --- the scenario as boxes

function drawing(drawn) {
  return make("div", { class: "drawing" },
    make("p", { class: "mono" }, `Image: ${drawn.image}`),
    make("div", { class: "memory" }, (drawn.regions ?? []).map(region)),
    (drawn.loose ?? []).map((line) => make("p", {}, line)),
    make("ul", {}, (drawn.queues ?? []).map((line) => make("li", {}, line))),
    make("ol", { class: "steps" }, (drawn.steps ?? []).map(step)),
    (drawn.races ?? []).map((race) => make("p", { class: "mono" }, `Race: ${race}`)));
}

function region(of) {
  const marks = of.marks.map((mark) => make("li", {},
    make("span", { class: "mono" }, mark.addr), make("span", {}, `${mark.len.toLocaleString("en")} B`), make("span", {}, mark.what)));
  return make("div", { class: "region" }, make("h4", {}, `Region ${of.title}`), marks.length ? make("ol", {}, marks) : "");
}

function step(of) {
  return make("li", {}, make("b", {}, String(of.step)),
    make("div", {}, make("span", { class: of.device ? "device" : "driver" }, `${of.device ? "Device" : "Driver"}: ${of.does}`),
      of.said ? make("span", { class: "mono" }, ` ${of.said}`) : "",
      (of.chains ?? []).map(chain),
      (of.notes ?? []).map((note) => make("div", { class: "aside" }, note))));
}

function chain(of) {
  const direct = make("div", { class: "chain" }, make("span", { class: "head" }, of.head), boxes(of.boxes, "slot"));
  if (!of.table) return direct;
  const label = make("span", { class: "head" }, "table", make("small", {}, `at ${of.table.addr}`));
  return [direct, make("div", { class: "chain" }, label, boxes(of.table.boxes, "entry"))];
}

function boxes(found, unit) {
  return found.flatMap((box) => {
    if (box.more) return [make("span", {}, `and ${box.more} more`)];
    const writable = box.way === "W";
    const indirect = (box.odd ?? "").includes("indirect");
    const name = `${indirect ? "table" : writable ? "writable" : "readable"} ${box.len.toLocaleString("en")} B`;
    const drawn = make("span", { class: indirect ? "table" : writable ? "write" : "read" },
      name, make("small", {}, `${unit} ${box.slot}, at ${box.addr}`), box.odd ? make("small", {}, box.odd) : "");
    if (box.to !== undefined) return [drawn, make("span", { class: "fault" }, `next: ${box.to}`)];
    return box.next ? [drawn, make("span", { class: "arrow", "aria-label": "next" }, "\u2192")] : [drawn];
  });
}

// --- commands that are copied

document.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-copy]");
  if (!button) return;
  navigator.clipboard?.writeText(button.dataset.copy).then(
    () => { button.textContent = "Copied"; },
    () => { button.textContent = "Not copied: mark it by hand"; });
});
