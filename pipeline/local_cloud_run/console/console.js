// The console of the local Cloud Run. It asks for a snapshot every second while somebody looks,
// and changes only what is new, so that focus, selection and scroll stay. Text goes in as text.

const EVERY = 1000; // milliseconds
const SLOWEST = 8000;
const TOO_LONG = 10000;
const MOST_LINES = 1000;
const MOST_REQUESTS = 100;
const COLOURS = 6;
const BAD = ["ERROR", "CRITICAL", "ALERT", "EMERGENCY"];

const at = (selector, within = document) => within.querySelector(selector);
const lines = at("#logs ol");
const requests = at("#requests tbody");
const reduced = matchMedia("(prefers-reduced-motion: reduce)");
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "medium", hourCycle: "h23" });

const wanted = { after: 0, source: "", severity: "DEFAULT" };
let server = ""; // when it started: another one counts its entries anew
let paused = false;
let follow = true;
let failures = 0;
let flight; // the question under way; only its answer is shown
let timer;

async function poll() {
  stop();
  const mine = (flight = new AbortController());
  const limit = setTimeout(() => mine.abort(), TOO_LONG);
  const snapshot = await ask(mine.signal).catch(() => null);
  clearTimeout(limit);
  if (mine !== flight) return;
  flight = undefined;
  failures = snapshot ? 0 : failures + 1;
  if (snapshot) show(snapshot);
  else connection("lost", "no answer; trying again");
  timer = setTimeout(poll, Math.min(EVERY * 2 ** failures, SLOWEST));
}

function stop() {
  clearTimeout(timer);
  flight?.abort();
  flight = undefined;
}

async function ask(signal) {
  const answer = await fetch(`/console/snapshot?${new URLSearchParams(wanted)}`, { signal });
  return answer.ok ? answer.json() : null;
}

function show(snapshot) {
  connection("live", "live");
  if (server !== snapshot.server) {
    const restarted = server !== "";
    server = snapshot.server;
    if (restarted) return restart();
  }
  const now = Date.parse(snapshot.now);
  showFaults(snapshot.faults ?? []);
  showOperations(snapshot.operations);
  showServices(snapshot, now);
  showSources(snapshot.services);
  if (!paused) showNews(snapshot.logs);
}

function connection(state, words) {
  const node = at("#connection");
  if (node.dataset.state === "lost" && state === "live") announce("connected again");
  if (node.dataset.state === "live" && state === "lost") announce("the server does not answer");
  node.dataset.state = state;
  text(node, words);
}

function announce(words) {
  text(at("#announcement"), words);
}

// The tools: all that touches the document.

function text(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

function make(template) {
  return at(`template#${template}`).content.firstElementChild.cloneNode(true);
}

/** Make the children of a list those of the items, in order; those that stay are kept. */
function keep(list, items, key, create, fill) {
  const keys = new Set(items.map(key));
  const there = new Map();
  for (const child of [...list.children]) {
    if (keys.has(child.dataset.key)) there.set(child.dataset.key, child);
    else if (child.dataset.key !== undefined) child.remove();
  }
  let next = [...list.children].find((child) => child.dataset.key !== undefined) ?? null;
  for (const item of items) {
    const node = there.get(key(item)) ?? create(item);
    node.dataset.key = key(item);
    if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
    fill(node, item);
  }
}

const element = (name) => () => document.createElement(name);

// Faults and operations.

function showFaults(faults) {
  at("#faults").hidden = !faults.length;
  keep(at("#faults ul"), faults, (one) => one, element("li"), text);
}

function showOperations(operations) {
  at("#operations").hidden = !operations.length;
  keep(at("#operations ul"), operations, (one) => one.name, element("li"), (node, one) =>
    text(node, [one.kind, one.of, one.about].filter(Boolean).join(" ")),
  );
}

// Services.

const colours = new Map(); // of each revision, by its service and name
const told = new Map(); // what was last announced of each service

function colour(service, revision) {
  return colours.get(`${service}/${revision}`);
}

function paint(node, number) {
  if (number === undefined) node.style.removeProperty("--colour");
  else node.style.setProperty("--colour", `var(--colour-${number})`);
}

function giveColours(services) {
  for (const service of services) {
    let next = service.older;
    for (const revision of service.revisions.toReversed()) {
      const name = `${service.key}/${revision.name}`;
      if (!colours.has(name)) colours.set(name, next % COLOURS);
      next = colours.get(name) + 1;
    }
  }
}

function showServices({ services, all_counted }, now) {
  giveColours(services);
  at("#services .empty").hidden = services.length > 0;
  keep(at("#services ul"), services, (one) => one.key, () => make("service"), (card, service) =>
    showService(card, service, { now, atLeast: !all_counted }),
  );
  const changes = services.map(news).filter(Boolean);
  if (changes.length) announce(changes.join(". "));
}

/** What changed in a service, for those who listen; nothing when it is first seen. */
function news(service) {
  const known = told.get(service.key);
  const state = `${service.name} ${stateOf(service)}`;
  const split = `${service.name}: ${inWords(service.in_force)}`;
  told.set(service.key, { state, split });
  if (!known) return "";
  return [known.state !== state && state, known.split !== split && split].filter(Boolean).join(", ");
}

function stateOf({ state }) {
  return { ready: "is ready", working: "is changing", failed: "failed" }[state];
}

function inWords(split) {
  const parts = Object.entries(split).map(([name, percent]) => `${percent}% to ${name}`);
  return parts.join(", ") || "no traffic yet";
}

function showService(card, service, around) {
  text(at(".name", card), service.name);
  text(at(".place", card), service.place);
  showState(card, service, { ready: "ready", working: "changing", failed: "last change failed" });
  showLink(at(".uri", card), service.uri, service.uri);
  showTraffic(card, service);
  text(at(".refused", card), refusals(service.refused));
  const quiet = service.revisions.filter((one) => isQuiet(service, one));
  const busy = service.revisions.filter((one) => !isQuiet(service, one));
  for (const [list, shown] of [["", busy], [".quiet ", quiet]]) {
    const fill = (node, one) => showRevision(node, one, service, around);
    keep(at(`${list}.revisions`, card), shown, (one) => one.name, () => make("revision"), fill);
  }
  const rest = quiet.length + service.older;
  at(".quiet", card).hidden = !rest;
  text(at(".quiet summary", card), `${rest} older, without traffic`);
  text(at(".older", card), service.older ? `and ${service.older} before these` : "");
}

function showState(node, { state, why }, words) {
  at(".state", node).dataset.state = state;
  text(at(".state", node), words[state]);
  text(at(".why", node), why);
}

function showLink(link, uri, words) {
  link.hidden = !uri;
  if (uri && link.getAttribute("href") !== uri) link.href = uri;
  text(link, words);
}

function showTraffic(card, service) {
  const { asked, in_force: inForce } = service;
  const agreed = JSON.stringify(Object.entries(asked).sort()) ===
    JSON.stringify(Object.entries(inForce).sort());
  at(".asked", card).hidden = agreed;
  text(at(".in-force dt", card), agreed ? "traffic" : "in force");
  showBar(at(".asked .bar", card), asked, service);
  showBar(at(".in-force .bar", card), inForce, service);
}

/** One part for each revision, the oldest first, so that a new one grows from the right. */
function showBar(bar, split, service) {
  const order = service.revisions.map((one) => one.name).reverse();
  const parts = order.filter((name) => split[name]);
  bar.setAttribute("aria-label", inWords(split));
  keep(bar, parts, (name) => name, element("span"), (part, name) => {
    part.style.flexGrow = split[name];
    part.title = `${split[name]}% to ${name}`;
    text(part, `${split[name]}%`);
    paint(part, colour(service.key, name));
  });
}

function refusals(refused) {
  const counts = refused.map(([status, times]) => `${status} ×${times}`).join(", ");
  return counts && `Refused before any revision in the last minute: ${counts}`;
}

/** A retired revision where nothing happens. */
function isQuiet({ asked, in_force }, one) {
  const busy = one.tags.length || one.answers.length || one.starting || one.waiting;
  const used = in_force[one.name] || asked[one.name] || one.newest || one.state === "working";
  return !busy && !used && !one.instances.some(Boolean);
}

function showRevision(node, one, service, { now, atLeast }) {
  text(at(".name", node), one.name);
  paint(node, colour(service.key, one.name));
  at(".newest", node).hidden = !one.newest;
  showState(node, one, { ready: "ready", working: "starting", failed: "failed" });
  showTags(at(".tags", node), one.tags);
  const share = service.in_force[one.name] ?? 0;
  at(".share", node).toggleAttribute("data-none", !share);
  text(at(".share", node), share ? `${share}% of traffic` : "no traffic");
  showAnswers(at(".answers dd", node), one.answers, atLeast);
  text(at(".instances dd", node), population(one));
  text(at(".age dd", node), span((now - Date.parse(one.created)) / 1000));
  text(at(".image dd", node), one.digest ? `${shortName(one.image)} @ ${one.digest}` : one.image);
  at(".image dd", node).title = one.image;
  const button = at(".to-logs", node);
  button.setAttribute("aria-label", `Logs of ${one.name}`);
  button.onclick = () => look(`${service.key}/${one.name}`);
}

function showTags(node, tags) {
  keep(node, tags, (one) => one.tag, newLink, (link, one) => {
    showLink(link, one.uri, `#${one.tag}`);
    link.setAttribute("aria-label", `tag ${one.tag}, opens its address`);
  });
}

function newLink() {
  const link = document.createElement("a");
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}

function showAnswers(node, answers, atLeast) {
  const shown = answers.length ? answers : [[0, 0]];
  keep(node, shown, ([status]) => String(status), element("span"), (part, [status, times]) => {
    part.dataset.class = Math.floor(status / 100);
    const number = times.toLocaleString();
    text(part, status ? `${status} ×${number}${atLeast ? " or more" : ""}` : "no requests");
  });
}

function population({ instances, starting, waiting }) {
  const inFlight = instances.reduce((sum, each) => sum + each, 0);
  return [
    instances.length || !starting ? `${instances.length} running` : "",
    starting ? `${starting} starting` : "",
    inFlight ? `${inFlight} in flight` : "",
    waiting ? `${waiting} waiting` : "",
  ].filter(Boolean).join(", ");
}

function span(seconds) {
  const units = [[86400, "d"], [3600, "h"], [60, "min"]];
  const [size, unit] = units.find(([size]) => seconds >= size) ?? [0, ""];
  return size ? `${Math.floor(seconds / size)} ${unit}` : "under a minute";
}

function shortName(image) {
  return image.split("/").at(-1);
}

// Logs and requests.

function showSources(services) {
  const list = at("#source");
  const group = () => document.createElement("optgroup");
  keep(list, services, (one) => one.key, group, (node, service) => {
    node.label = service.name;
    const own = { value: service.key, words: `${service.name}: all` };
    const each = service.revisions.map(({ name }) => ({ value: `${service.key}/${name}`, words: name }));
    keep(node, [own, ...each], (one) => one.value, element("option"), (option, one) => {
      option.value = one.value;
      text(option, one.words);
    });
  });
  if (list.value !== wanted.source) look("");
}

/** Show the logs and requests of a source only. */
function look(source) {
  at("#source").value = source;
  wanted.source = source;
  if (source) at("#logs").scrollIntoView({ block: "nearest", behavior: reduced.matches ? "auto" : "smooth" });
  restart();
}

function restart() {
  wanted.after = 0;
  setPaused(false);
  lines.replaceChildren();
  requests.replaceChildren();
  setFollow(true);
  poll();
}

function showNews(logs) {
  const first = wanted.after === 0;
  wanted.after = logs.last;
  if (logs.left_out && !first) lines.append(leftOut());
  lines.append(...logs.lines.map(newLine));
  requests.prepend(...logs.requests.map(newRequest).reverse());
  while (lines.childElementCount > MOST_LINES) lines.firstElementChild.remove();
  while (requests.childElementCount > MOST_REQUESTS) requests.lastElementChild.remove();
  at("#logs .empty").hidden = lines.childElementCount > 0;
  at("#requests .empty").hidden = requests.childElementCount > 0;
  at("#requests table").hidden = requests.childElementCount === 0;
  if (follow) toTheEnd();
}

function newLine(one) {
  const node = make("line");
  stamp(node, one);
  if (one.severity === "WARNING") node.dataset.level = "warn";
  if (BAD.includes(one.severity)) node.dataset.level = "bad";
  text(at(".severity", node), one.severity === "DEFAULT" ? "" : one.severity.toLowerCase());
  text(at(".stream", node), one.stream);
  text(at(".text", node), one.text);
  return node;
}

function leftOut() {
  const node = document.createElement("li");
  node.className = "line left-out";
  text(node, "… more lines than fit came in between; they are in the log …");
  return node;
}

function newRequest(one) {
  const node = make("request");
  stamp(node, one);
  at(".status", node).dataset.class = Math.floor(one.status / 100);
  text(at(".status", node), String(one.status));
  text(at(".method", node), one.method);
  text(at(".path", node), one.path);
  text(at(".latency", node), latency(one.seconds));
  return node;
}

function stamp(node, one) {
  const time = at("time", node);
  time.dateTime = one.at;
  text(time, clock.format(new Date(one.at)));
  const source = at(".source", node);
  text(source, one.source);
  paint(source, colour(one.service, one.source));
}

function latency(seconds) {
  return seconds < 10 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}

function toTheEnd() {
  const box = lines.parentElement;
  box.scrollTop = box.scrollHeight;
}

function setFollow(wish) {
  follow = wish;
  at("#follow").checked = wish;
}

function setPaused(wish) {
  paused = wish;
  at("#pause").setAttribute("aria-pressed", String(wish));
}

// What a person does.

let highest = 0; // a person who scrolls up reads; a box that changes its size does not
lines.parentElement.addEventListener("scroll", ({ target: box }) => {
  if (box.scrollHeight - box.scrollTop - box.clientHeight < 8) setFollow(true);
  else if (box.scrollTop < highest) setFollow(false);
  highest = box.scrollTop;
});
new ResizeObserver(() => follow && toTheEnd()).observe(lines.parentElement);
at("#follow").addEventListener("change", ({ target }) => {
  setFollow(target.checked);
  if (follow) toTheEnd();
});
at("#source").addEventListener("change", ({ target }) => look(target.value));
at("#severity").addEventListener("change", ({ target }) => {
  wanted.severity = target.value;
  restart();
});
at("#pause").addEventListener("click", () => setPaused(!paused));
at("#filter").addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("visibilitychange", () => (document.hidden ? stop() : poll()));
addEventListener("pageshow", () => document.hidden || poll());
