"use strict";
// What the page needs beside Gradio: its words in Chinese, marks that turn to their source, copying, and keeping one's place.

// Gradio takes the language of its own few words (such as “connection lost”) from the browser.
for (const [name, value] of [["language", "zh-CN"], ["languages", ["zh-CN"]]]) {
  Object.defineProperty(navigator, name, { get: () => value });
}

const PLACE = "shegong-scroll", DRAFT = "shegong-draft"; // in sessionStorage: how far down, and what is not sent yet

// --- a mark [1] turns to its source; with Ctrl or the middle button it opens the document like any link ---
function turnToSource(event, mark) {
  const source = document.getElementById(mark.dataset.source);
  if (!source || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  document.querySelectorAll(".sources .on, .mark.on").forEach((each) => each.classList.remove("on"));
  source.classList.add("on");
  mark.classList.add("on");
  source.scrollIntoView({ block: "nearest" });
  source.focus({ preventScroll: true });
}

// --- copying, also where the clipboard interface is closed (an address without https) ---
async function copy(button) {
  const words = button.textContent;
  const done = (await written(button.dataset.copy)) ? button.dataset.done : button.dataset.failed;
  button.textContent = done;
  setTimeout(() => { button.textContent = words; }, 2000);
}

async function written(text) {
  if (navigator.clipboard && window.isSecureContext) {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* the old way below */ }
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.style.position = "fixed";
  document.body.append(area);
  area.select();
  const ok = document.execCommand("copy");
  area.remove();
  return ok;
}

// --- a link to another tab turns to it without leaving the page, so that what was written stays ---
function turnToTab(event, link) {
  const tab = document.querySelector(`#tabs [role="tab"][aria-controls="${link.dataset.tab}"]`);
  if (!tab || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  tab.click();
  scrollTo(0, 0);
}

document.addEventListener("click", (event) => {
  // the address named the tab to open with; from the first touch on, the tab that is kept counts
  if (location.search) history.replaceState(history.state, "", location.pathname);
  const mark = event.target.closest("a.mark");
  if (mark) return turnToSource(event, mark);
  const button = event.target.closest("button[data-copy]");
  if (button) return copy(button);
  const toTab = event.target.closest("a[data-tab]");
  if (toTab) return turnToTab(event, toTab);
  if (event.target.closest('a[href^="/doc/"]')) sessionStorage.setItem(PLACE, String(scrollY));
});

// --- a new question comes into view; whoever comes back from a document stands where he left ---
let followed = null;
function follow() {
  const turn = document.querySelector("#current .turn");
  if (turn && turn.classList.contains("pending") && turn.id !== followed) {
    followed = turn.id;
    sessionStorage.removeItem(DRAFT);
    turn.scrollIntoView({ block: "start" });
  } else if (turn && turn.id === followed && !turn.classList.contains("pending")) {
    followed = null;
    turn.scrollIntoView({ block: "start" });
  }
  const day = document.querySelector("#day input.time"), hints = document.getElementById("hints");
  if (day && hints && day.placeholder !== hints.dataset.day) day.placeholder = hints.dataset.day;
  restoreDraft();
  if (hints) document.querySelectorAll(".toast-body").forEach((toast) => inChinese(toast, hints.dataset));
  const kept = sessionStorage.getItem(PLACE);
  if (kept !== null && document.querySelector("#earlier .turn, #documents tr")) {
    sessionStorage.removeItem(PLACE);
    requestAnimationFrame(() => scrollTo(0, Number(kept)));
  }
}

// --- a question that is not sent yet outlives a reload ---
document.addEventListener("input", (event) => {
  if (event.target.closest("#question")) sessionStorage.setItem(DRAFT, event.target.value);
});

let restored = false;
function restoreDraft() {
  const area = document.querySelector("#question textarea");
  if (restored || !area) return;
  restored = true;
  setTimeout(() => { // Gradio listens to the field only some moments after it shows it
    const draft = sessionStorage.getItem(DRAFT);
    if (!draft || area.value) return;
    area.value = draft;
    area.dispatchEvent(new Event("input", { bubbles: true }));
  }, 500);
}

// --- Gradio's own alerts, which know English only ---
function inChinese(toast, words) {
  const title = toast.querySelector(".toast-title");
  if (title && title.firstChild.nodeValue !== words.notice) title.firstChild.nodeValue = words.notice;
  for (const text of toast.querySelectorAll(".toast-message-text")) {
    const said = text.textContent;
    if (/[\u4e00-\u9fff]/.test(said)) continue;
    const back = /re-?established|reconnected|restored/i.test(said), lost = /connection|network|fetch/i.test(said);
    text.textContent = back ? words.back : lost ? words.offline : words.busy;
  }
}

document.addEventListener("DOMContentLoaded", () => {
  new MutationObserver(follow).observe(document.body, { childList: true, subtree: true });
});
