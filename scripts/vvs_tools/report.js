// SPDX-License-Identifier: Apache-2.0 OR BSD-3-Clause
const drawings = JSON.parse(document.getElementById("data").textContent);
for (const place of document.querySelectorAll("[data-drawing]")) {
  place.replaceChildren(drawing(drawings[place.dataset.drawing]));
}
