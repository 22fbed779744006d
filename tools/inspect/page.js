"use strict";
// The page is complete without this: it opens and closes modules, finds them, and shows one topology at a time.
(() => {
  for (const tools of document.querySelectorAll(".tools")) tools.hidden = false;
  const tree = document.querySelector(".tree");
  const all = [...tree.querySelectorAll("details")];
  const openedAtFirst = new Set(all.filter((details) => details.open));
  const setAll = (open) => { for (const details of all) details.open = open; };
  document.getElementById("open-all").addEventListener("click", () => setAll(true));
  document.getElementById("close-all").addEventListener("click", () => setAll(false));

  const rows = [...tree.querySelectorAll("li")].map((item) => {
    const name = item.querySelector(".name");
    return { item, text: name ? name.textContent.toLowerCase() : "" };
  });
  const parents = (item) => {
    const found = [];
    for (let at = item.parentElement; at !== tree; at = at.parentElement) if (at.tagName === "LI") found.push(at);
    return found;
  };
  const found = document.getElementById("found");
  const find = (wanted) => {
    if (wanted === "") {
      for (const { item } of rows) item.hidden = false;
      for (const details of all) details.open = openedAtFirst.has(details);
      found.textContent = "";
      return;
    }
    const shown = new Set();
    const opened = new Set();
    let count = 0;
    for (const { item, text } of rows) {
      if (!text.includes(wanted)) continue;
      ++count;
      shown.add(item);
      for (const below of item.querySelectorAll("li")) shown.add(below);
      for (const parent of parents(item)) { shown.add(parent); opened.add(parent); }
    }
    for (const { item } of rows) {
      item.hidden = !shown.has(item);
      const details = item.firstElementChild;
      if (details.tagName === "DETAILS") details.open = opened.has(item);
    }
    found.textContent = count === 1 ? "1 row" : `${count} rows`;
  };
  const field = document.getElementById("find");
  field.addEventListener("input", () => find(field.value.trim().toLowerCase()));

  const choice = document.getElementById("topology");
  if (!choice) return;
  const show = () => {
    for (const section of document.querySelectorAll(".topology")) section.hidden = section.id !== choice.value;
  };
  choice.addEventListener("change", show);
  show();
})();
