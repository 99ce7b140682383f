"use strict";
const EVERY = 2000;

function withButtons(part) {
  for (const block of part.querySelectorAll(".copy:not(:has(button))")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Copy";
    block.append(button);
  }
}

async function copy(button) {
  const lines = button.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(lines.textContent + "\n");
    button.textContent = "Copied";
  } catch (refused) {
    getSelection().selectAllChildren(lines);
    button.textContent = "Selected";
  }
  setTimeout(() => { button.textContent = "Copy"; }, 1500);
}

// A part that someone is typing in, or has marked text of, stays as it is until the next time.
function isInUse(part) {
  const active = document.activeElement, marked = getSelection();
  const isTyping = active && active.matches("input:not([type=hidden]), select") && part.contains(active);
  return isTyping || (!marked.isCollapsed && part.contains(marked.anchorNode));
}

function takeOver(part, news) {
  for (const shown of part.querySelectorAll("details[id]")) {
    const same = news.querySelector("#" + CSS.escape(shown.id));
    // The checklist closes by itself when all of it is done, unless someone opened or closed it.
    if (!same || (shown.id === "steps" && !touched.has(shown.id))) continue;
    same.open = shown.open;
    const before = shown.querySelector("pre"), after = same.querySelector("pre");
    if (before && after && before.scrollTop) later.push([after, before.scrollTop]);
  }
  part.replaceChildren(...news.childNodes);
  withButtons(part);
  for (const [block, place] of later.splice(0)) block.scrollTop = place;
}

const touched = new Set(), later = [];

async function refresh() {
  const answer = await fetch(location.pathname + location.search);
  const news = new DOMParser().parseFromString(await answer.text(), "text/html");
  let isWhole = true;
  for (const part of document.querySelectorAll("main section")) {
    const same = news.getElementById(part.id);
    if (isInUse(part)) isWhole = false;
    else takeOver(part, same);
  }
  if (isWhole) document.body.dataset.last = news.body.dataset.last;
}

async function look() {
  if (document.hidden) return;
  const gone = document.getElementById("gone");
  try {
    const news = await (await fetch("/sandbox/events?since=" + document.body.dataset.last)).json();
    gone.hidden = true;
    if (news.length || document.querySelector(".badge.busy")) await refresh();
  } catch (stopped) {
    gone.hidden = false;
  }
}

document.addEventListener("click", (event) => {
  if (event.target.matches(".copy button")) copy(event.target);
  const summary = event.target.closest("summary");
  if (summary) touched.add(summary.parentElement.id);
});
withButtons(document);
setInterval(look, EVERY);
