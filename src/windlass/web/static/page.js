// What the script adds: pages that follow what they show. Without it they are as complete, and older.
"use strict";

const told = document.getElementById("live");

/** Takes over from a newer copy of the page every part of <main> that has an id and differs. */
function take(newer) {
  for (const part of newer.querySelectorAll("main [id]")) {
    const mine = document.getElementById(part.id);
    if (!mine) return replaceAll(newer);
    if (mine.dataset.kept !== undefined || mine.contains(document.activeElement)) continue;
    if (!mine.isEqualNode(part)) mine.replaceWith(document.importNode(part, true));
  }
}

function replaceAll(newer) {
  const main = document.querySelector("main");
  if (!main.contains(document.activeElement) || document.activeElement === main)
    main.replaceWith(document.importNode(newer.querySelector("main"), true));
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

if (document.body.dataset.live) follow(document.body.dataset.live);
