// The page of Harecast: reads the same query API as everybody else, draws with SVG, needs nothing from outside.
"use strict";

const $ = (id) => document.getElementById(id);
const refreshSeconds = 15;

/** The `data` of an API answer; null where the server has no such path. */
async function api(path, parameters) {
  const query = parameters ? "?" + new URLSearchParams(parameters) : "";
  const answer = await fetch("api/v1/" + path + query, { headers: { Accept: "application/json" } });
  if (answer.status === 404) return null;
  const body = await answer.json();
  if (body.status !== "success") throw new Error(body.error || answer.statusText);
  return body.data;
}

const instant = async (query) => (await api("query", { query })).result;
const range = async (query, start, end, step) =>
  (await api("query_range", { query, start, end, step })).result;

/** An element with classes and children; text is never read as markup. */
function make(tag, classes, ...children) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  element.append(...children.filter((child) => child != null));
  return element;
}

/**
 * A table. A head says by its first character how its column is set: `#` numbers, `+` the column that takes the room
 * there is. A phone shows a row as a few lines, that column first.
 */
function table(heads, rows) {
  const classes = heads.map((text) => ({ "#": "number short", "+": "long" })[text[0]] || "short");
  const cell = (tag) => (value, index) => make(tag, classes[index], value);
  const head = make("tr", "", ...heads.map((text, index) => cell("th")(text.replace(/^[#+]/, ""), index)));
  const body = rows.map((row) => make("tr", "", ...row.map((value, index) => cell("td")(value, index))));
  return make("div", "scroll", make("table", "", make("thead", "", head), make("tbody", "", ...body)));
}

function show(id, content, emptyText) {
  $(id).replaceChildren(content || make("p", "empty", emptyText));
}

function duration(seconds) {
  if (!isFinite(seconds)) return "–";
  if (seconds > 0 && seconds < 1) return Math.round(seconds * 1000) + " ms";
  if (seconds < 90) return Math.round(seconds) + " s";
  if (seconds < 5400) return Math.round(seconds / 60) + " min";
  if (seconds < 172800) return (seconds / 3600).toFixed(seconds < 36000 ? 1 : 0) + " h";
  return Math.round(seconds / 86400) + " d";
}

function amount(value) {
  const size = Math.abs(value);
  for (const [limit, unit] of [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]]) {
    if (size >= limit) return (value / (unit === "k" ? 1e3 : limit)).toPrecision(3) + " " + unit;
  }
  return size === 0 || size >= 100 ? String(Math.round(value)) : String(+value.toPrecision(3));
}

const clock = (time) =>
  new Date(time * 1000).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });

/** Who a series is about: its queue, else its node, else what distinguishes it. */
function subject(labels) {
  if (labels.queue) return labels.queue + (labels.vhost && labels.vhost !== "/" ? " on " + labels.vhost : "");
  if (labels.rabbitmq_node) return labels.rabbitmq_node;
  if (labels.object) return labels.object;
  const rest = Object.entries(labels).filter(([name]) => !["__name__", "q", "horizon", "bound", "rabbitmq_cluster"].includes(name));
  return rest.map(([name, value]) => name + "=" + value).join(" ") || labels.rabbitmq_cluster || "all";
}

/** A key under which the series of one subject meet. */
function key(labels, without = []) {
  const left = ["__name__", "q", "horizon", "bound", ...without];
  return JSON.stringify(Object.entries(labels).filter(([name]) => !left.includes(name)).sort());
}

const spoken = (name) =>
  name.replace(/^(rabbitmq|harecast)_/, "").replace(/_(forecast|anomaly_score|time_to_limit_seconds)$/, "").replaceAll("_", " ");

/** What a series of time runs into: the label says it, else the name. */
function limitOf(labels) {
  const said = labels.resource || labels.limit;
  return (said || labels.__name__.replace(/^rabbitmq_/, "").replace(/_time_to_limit_.*$/, "")).replaceAll("_", " ");
}

async function drawTimeLeft() {
  const found = await instant('{__name__=~".+_time_to_limit_(seconds|probability)",__name__!~"harecast_incident.*|rabbitmq_queue_time_to_limit_seconds",limit!~"node_.*"}');
  const estimates = new Map();
  for (const { metric, value } of found) {
    const isProbability = metric.__name__.endsWith("_probability");
    const id = metric.__name__.replace(/_probability$/, "_seconds") + key(metric);
    if (!estimates.has(id)) estimates.set(id, { who: subject(metric), limit: limitOf(metric), quantiles: {} });
    if (isProbability) estimates.get(id).probability = +value[1];
    else estimates.get(id).quantiles[metric.q || "0.5"] = +value[1];
  }
  const first = (row) => row.quantiles["0.5"] ?? Infinity;
  // The trend and the forecast both judge a node's resources: the sooner one is shown, with the chance that is known.
  const rows = new Map();
  for (const row of estimates.values()) {
    const id = row.who + " " + row.limit, other = rows.get(id);
    const sooner = other && first(other) <= first(row) ? other : row;
    rows.set(id, { ...sooner, probability: row.probability ?? other?.probability });
  }
  const ranked = [...rows.values()].filter((row) => isFinite(first(row)) || row.probability > 0.005);
  ranked.sort((a, b) => first(a) - first(b) || (b.probability ?? 0) - (a.probability ?? 0));
  const lines = ranked.slice(0, 40).map((row) => {
    const middle = first(row), low = row.quantiles["0.025"], high = row.quantiles["0.975"];
    const urgency = middle < 3600 ? "bad" : middle < 21600 ? "warn" : "";
    const band = low == null ? "" : high == null ? "not before " + duration(low) : duration(low) + " to " + duration(high);
    const chance = row.probability == null ? "" : Math.round(row.probability * 100) + " %";
    return [row.who, row.limit, make("strong", urgency, isFinite(middle) ? duration(middle) : "not expected"), band, chance];
  });
  show("time-left", lines.length ? table(["+Who", "Limit", "#In about", "#95 % sure", "#Chance"], lines) : null,
    "Nothing is heading for a limit.");
}

/** A moment as the time of day and how long ago that is, with the date if it was another day. */
function moment(text) {
  const time = new Date(text), ago = (Date.now() - time) / 1000;
  const day = ago > 43200 ? time.toLocaleDateString([], { month: "short", day: "numeric" }) + " " : "";
  return day + clock(time / 1000) + " (" + duration(Math.max(0, ago)) + " ago)";
}

const nameOf = (incident) =>
  incident.type.replaceAll("_", " ") + " · " + (incident.object || "cluster " + incident.cluster).replaceAll("`", "");

/** An open incident: what, since when, from what that is known, what it brings with it, what to do. */
function incidentCard(incident) {
  const box = make("article", "incident " + ({ CRITICAL: "bad", WARNING: "warn" }[incident.level] || "dim"));
  box.append(make("h3", "", make("span", "tag", incident.level), " ", nameOf(incident)), make("p", "", incident.summary));
  box.append(make("p", "dim", "since " + moment(incident.since) + ", severity " + amount(incident.severity) + " of 10"));
  const evidence = incident.evidence.slice(0, 5).map(({ detail, share }) =>
    make("li", "", detail, make("span", "dim", " " + Math.round(share * 100) + " %")));
  if (evidence.length) box.append(make("ul", "", ...evidence));
  if (incident.consequences.length) {
    box.append(make("p", "dim", "brings with it: " + incident.consequences.slice(0, 5).join("; ").replaceAll("`", "")));
  }
  const actions = incident.actions.map((text) => make("li", "", text));
  if (actions.length) box.append(make("p", "", "What to do:"), make("ul", "", ...actions));
  return box;
}

async function drawIncidents() {
  const data = await api("incidents", { state: "all" });
  const list = data ? data.incidents : [];
  const open = list.filter((incident) => incident.state === "open");
  show("incidents", open.length ? make("div", "", ...open.map(incidentCard)) : null, "No incident is open.");
  const ended = list.filter((incident) => incident.state === "resolved" && Date.now() - new Date(incident.resolvedAt) < 864e5);
  if (!ended.length) return;
  const lines = ended.slice(0, 30).map((incident) =>
    make("li", "", nameOf(incident) + ", " + moment(incident.since) + ", for "
      + duration((new Date(incident.resolvedAt) - new Date(incident.since)) / 1000)));
  const past = make("details", "", make("summary", "dim", ended.length + " resolved within a day"), make("ul", "", ...lines));
  past.open = drawIncidents.isPastOpen;
  past.addEventListener("toggle", () => { drawIncidents.isPastOpen = past.open; });
  $("incidents").append(past);
}

/** What is under planned work: nothing is said about it. */
async function drawMaintenance() {
  const data = await api("maintenance");
  const active = (data ? data.windows : []).filter((window) => window.active);
  $("planned").replaceChildren(...active.map((window) =>
    make("p", "dim", "Planned work" + (window.repeat ? "" : " until " + clock(new Date(window.end) / 1000)) + " on "
      + (window.objects.length ? window.objects.join(", ").replaceAll("`", "") : "everything")
      + (window.comment ? ": " + window.comment : "") + ". No incident is opened about it.")));
}

async function drawAlerts() {
  const { alerts } = await api("alerts");
  const rank = (alert) => (alert.state === "firing" ? 0 : 2) + (alert.labels.mode === "predicted" ? 1 : 0);
  alerts.sort((a, b) => rank(a) - rank(b) || a.labels.alertname.localeCompare(b.labels.alertname));
  const rows = alerts.slice(0, 100).map((alert) => [
    make("span", "tag " + (alert.state === "firing" ? (alert.labels.severity === "critical" ? "bad" : "warn") : "dim"), alert.state),
    make("span", "", alert.labels.alertname.replace(/^RabbitMQ/, ""), alert.labels.mode === "predicted" ? make("span", "dim", " (predicted)") : null),
    alert.annotations.summary || subject(alert.labels), clock(Date.parse(alert.activeAt) / 1000)]);
  show("alerts", rows.length ? table(["State", "Alert", "+What", "Since"], rows) : null, "No alert is active.");
}

async function drawAnomalies() {
  const scores = (await instant('topk(12, {__name__=~".+_anomaly_score"} > 0.5)'));
  scores.sort((a, b) => b.value[1] - a.value[1]);
  const bands = scores.length ? await instant('{__name__=~".+_anomaly_score_expected"}') : [];
  const expected = new Map(bands.map(({ metric, value }) => [metric.__name__ + metric.bound + key(metric), +value[1]]));
  const rows = scores.map(({ metric, value }) => {
    const side = (bound) => expected.get(metric.__name__ + "_expected" + bound + key(metric));
    const low = side("lower"), high = side("upper");
    return [subject(metric), spoken(metric.__name__), make("strong", value[1] >= 1 ? "bad" : "", (+value[1]).toFixed(2)),
      low == null && high == null ? "" : (low == null ? "…" : amount(low)) + " to " + (high == null ? "…" : amount(high))];
  });
  show("anomalies", rows.length ? table(["+Who", "Signal", "#Score", "#Usual"], rows) : null, "Everything is as usual.");
}

async function drawTargets() {
  const { activeTargets } = await api("targets", { state: "active" });
  const rows = activeTargets.map((target) => [
    make("span", target.health === "up" ? "good" : target.health === "down" ? "bad" : "dim", target.health),
    make("span", "", target.labels.instance || target.scrapeUrl, make("span", "dim", " " + target.labels.job)),
    target.lastError || duration(target.lastScrapeDuration || 0)]);
  show("targets", rows.length ? table(["Health", "+Target", "Answer"], rows) : null, "Nothing is scraped.");
  return activeTargets;
}

async function drawRules() {
  const { groups } = await api("rules");
  const urgency = (rule) => (rule.health === "err" ? 0 : rule.state === "firing" ? 1 : rule.state === "pending" ? 2 : 3);
  const told = groups.flatMap((group) => group.rules).filter((rule) => rule.health === "err" || rule.type === "alerting");
  const rows = told.sort((a, b) => urgency(a) - urgency(b)).map((rule) => [
    make("span", rule.health === "ok" ? "good" : rule.health === "err" ? "bad" : "dim", rule.health),
    rule.name, rule.lastError || rule.state || ""]);
  show("rules", rows.length ? table(["Health", "+Rule", "State"], rows) : null, "No rules.");
  return groups;
}

const SVG = "http://www.w3.org/2000/svg";
function svg(tag, attributes, text) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  if (text != null) element.textContent = text;
  return element;
}

/** The past, the future with its band, and what had been said about the past an `ahead` earlier. */
function chart(title, now, from, until, parts) {
  const width = 480, height = 190, left = 52, bottom = 20, top = 8;
  const points = [parts.past, parts.low, parts.middle, parts.high, parts.saidLow, parts.saidHigh].flat().filter(Boolean);
  const values = points.map((point) => +point[1]).filter(isFinite);
  let low = Math.min(...values), high = Math.max(...values);
  if (!values.length) return null;
  if (low > 0 && low < high * 0.6) low = 0;
  if (high === low) high = low + 1;
  const x = (time) => left + ((time - from) / (until - from)) * (width - left - 4);
  const y = (value) => top + (1 - (value - low) / (high - low)) * (height - top - bottom);
  const line = (list) => list.map(([time, value], index) => (index ? "L" : "M") + x(time).toFixed(1) + " " + y(+value).toFixed(1)).join("");
  const area = (lower, upper) => line(upper) + line([...lower].reverse()).replace("M", "L") + "Z";
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": title });
  for (const share of [0, 0.5, 1]) {
    const value = low + share * (high - low);
    picture.append(svg("line", { class: "axis", x1: left, x2: width, y1: y(value), y2: y(value) }),
      svg("text", { x: left - 5, y: y(value) + 4, "text-anchor": "end" }, amount(value)));
  }
  if (parts.saidLow && parts.saidHigh) picture.append(svg("path", { class: "said", d: area(parts.saidLow, parts.saidHigh) }));
  if (parts.low && parts.high) picture.append(svg("path", { class: "band", d: area(parts.low, parts.high) }));
  if (parts.middle) picture.append(svg("path", { class: "median", d: line(parts.middle) }));
  if (parts.past) picture.append(svg("path", { class: "past", d: line(parts.past) }));
  picture.append(svg("line", { class: "now", x1: x(now), x2: x(now), y1: top, y2: height - bottom }));
  for (const [time, anchor] of [[from, "start"], [now, "middle"], [until, "end"]]) {
    picture.append(svg("text", { x: x(time), y: height - 5, "text-anchor": anchor }, time === now ? "now" : clock(time)));
  }
  return make("figure", "", make("h3", "", title), picture);
}

/** The curve that a link from an alert asks for, `?g0.expr=NAME_forecast_curve{…}`: its rule, and whose it is. */
const asked = /^(\w+_forecast)_curve(?:\{(.*)\})?$/.exec(new URLSearchParams(location.search).get("g0.expr") || "");
if (asked) {
  const labels = Object.fromEntries([...(asked[2] || "").matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)]
    .map(([, name, value]) => [name, value.replace(/\\(.)/g, "$1")]));
  $("filter").value = labels.queue || labels.rabbitmq_node || "";
}

let signals = new Map();
function fillChooser(groups) {
  signals = new Map(groups.flatMap((group) => group.rules)
    .filter((rule) => rule.type === "recording" && rule.name.endsWith("_forecast")).map((rule) => [rule.name, rule.query]));
  const chosen = $("signal").value || (asked ? asked[1] : "");
  $("signal").replaceChildren(...[...signals.keys()].map((name) => new Option(spoken(name), name)));
  if (signals.has(chosen)) $("signal").value = chosen;
}

async function drawCharts() {
  const name = $("signal").value, ahead = +$("ahead").value;
  if (!name) return show("charts", null, "No rule forecasts anything yet.");
  const now = Math.floor(Date.now() / 1000), from = now - ahead, until = now + ahead;
  const step = Math.max(Math.floor(ahead / 90), 1);
  const horizon = { 900: "15m", 3600: "1h", 21600: "6h", 86400: "24h" }[ahead];
  const [future, past, said] = await Promise.all([
    range(name + "_curve", now, until, step), range(signals.get(name), from, now, step),
    range(`${name}{horizon="${horizon}",q=~"0.025|0.975"} offset ${ahead}s`, from, now, step)]);
  const rows = new Map();
  const row = (labels) => {
    const id = key(labels);
    if (!rows.has(id)) rows.set(id, { labels });
    return rows.get(id);
  };
  for (const { metric, values } of future) row(metric)[{ 0.025: "low", 0.5: "middle", 0.975: "high" }[metric.q]] = values;
  for (const { metric, values } of said) row(metric)[metric.q === "0.025" ? "saidLow" : "saidHigh"] = values;
  for (const { metric, values } of past) if (rows.has(key(metric))) rows.get(key(metric)).past = values;
  const wanted = $("filter").value.toLowerCase();
  const change = (parts) => {
    const list = parts.middle || [];
    return list.length ? Math.abs(list[list.length - 1][1] - list[0][1]) / (1 + Math.abs(+list[0][1])) : 0;
  };
  const chosen = [...rows.values()].filter((parts) => subject(parts.labels).toLowerCase().includes(wanted))
    .sort((a, b) => change(b) - change(a) || subject(a.labels).localeCompare(subject(b.labels))).slice(0, 12);
  const drawn = chosen.map((parts) => chart(subject(parts.labels), now, from, until, parts)).filter(Boolean);
  if (drawn.length) $("charts").replaceChildren(...drawn);
  else show("charts", null, "No forecast yet: it needs a few minutes of samples.");
}

async function refresh() {
  const problems = [];
  const attempt = async (part) => {
    try { return await part(); } catch (error) { problems.push(error.message); return null; }
  };
  const [groups, targets] = await Promise.all([attempt(drawRules), attempt(drawTargets), attempt(drawIncidents),
    attempt(drawMaintenance), attempt(drawTimeLeft), attempt(drawAlerts), attempt(drawAnomalies)]);
  if (groups) fillChooser(groups);
  await attempt(drawCharts);
  const up = (targets || []).filter((target) => target.health === "up").length;
  $("status").textContent = problems.length
    ? "Not everything could be read: " + problems[0]
    : `${up} of ${(targets || []).length} targets up · as of ${clock(Date.now() / 1000)}`;
  $("status").className = problems.length || up < (targets || []).length ? "warn" : "";
  document.body.dataset.loaded = "yes";
}

$("chooser").addEventListener("input", () => drawCharts().catch((error) => show("charts", null, error.message)));
$("chooser").addEventListener("submit", (event) => event.preventDefault());

// One round at a time, so that a slow server is not asked faster than it answers.
async function run() {
  await refresh();
  setTimeout(run, refreshSeconds * 1000);
}
run();
