// Filing without a network: what was pressed waits in this browser and goes out, under the key of
// its page, when the line is back. Plain text in localStorage under this log-in's name; removed when
// it is filed. The server has the last word: what it refuses stays here and says why.
const line = document.getElementById("offline"), form = document.getElementById("grid");
const { who, worker, title, now } = line.dataset;
const KEY = "ortoo.queue:" + who, CLOCK = "ortoo.clock", RETRY = 20000;
const make = (tag, props) => Object.assign(document.createElement(tag), props);
const hour = (ms) => new Date(ms).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

function load(key, otherwise) {
  try { return JSON.parse(localStorage.getItem(key)) ?? otherwise; } catch { return otherwise; }
}
function store(key, value) {
  try { localStorage.setItem(key, JSON.stringify(value)); return true; } catch { return false; }
}
/** The server's clock, carried on by ours: a phone that is set wrongly does not matter. */
function time() {
  let clock = load(CLOCK, null);
  if (now && clock?.now !== now) store(CLOCK, (clock = { now, ahead: +now - Date.now() }));
  return Math.round(Date.now() + (clock?.ahead ?? 0));
}
let queue = load(KEY, []), busy = false, told = [];
const keep = () => (queue.length ? store(KEY, queue) : (localStorage.removeItem(KEY), true));
const without = (url) => { queue = queue.filter((one) => one.url !== url); keep(); };
const here = (one) => form?.getAttribute("action") === one.url;

function draw() {
  if (form && queue.some(here)) form.dataset.queued = "1";
  else delete form?.dataset.queued;
  line.replaceChildren(...told.map(({ text, href }) => said(text, href && make("a", { href, textContent: "查看回执" }))), ...queue.map((one) => {
    const again = make("button", { type: "button", textContent: "立即报送", onclick: () => { delete one.fault; flush(); } });
    const away = make("button", { type: "button", textContent: "不报了", onclick: () => { without(one.url); draw(); } });
    if (!one.fault) return said(`已保存在本机，联网后报送：${one.title}（${hour(one.pressed)} 填报）`, again, away);
    return said(`没有报送成功：${one.title}。${one.fault} 填写的内容仍在。`, make("a", { href: one.open, textContent: "打开报表核对" }), again, away);
  }));
}
function said(text, ...more) {
  const p = make("p", { className: "notice" });
  p.append(text, ...more.filter(Boolean).flatMap((node) => [" ", node]));
  return p;
}
async function send(one) {
  const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
  let answer;
  try {
    answer = await fetch(one.url, { method: "POST", redirect: "manual", credentials: "same-origin", signal: AbortSignal.timeout(20000), headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token }, body: JSON.stringify(one.body) });
  } catch {
    return; // Still no line: it waits.
  }
  if (answer.type === "opaqueredirect" || answer.status === 401) return void (one.fault = "登录已过期，重新登录后打开本页会自动报送。");
  if (answer.status >= 500) return;
  const data = await answer.json().catch(() => ({}));
  if (answer.ok) {
    without(one.url);
    told.push({ text: `已报送 回执 ${data.numbers}${data.late ? "，已过截止时间，标记为迟报" : ""}（${one.title}）`, href: data.href });
    try { localStorage.removeItem("ortoo.grid:" + one.draft); } catch { /* nothing was kept */ }
    if (here(one)) form.dispatchEvent(new CustomEvent("filed"));
    return;
  }
  one.fault = `${data.message ?? data.detail ?? data.title ?? "服务器没有接受。"}${data.remedy ?? ""}${data.code ? `（${data.code}）` : ""}`;
}
async function flush() {
  if (busy || !queue.length || !navigator.onLine) return draw();
  busy = true;
  for (const one of [...queue]) if (!one.fault || /登录/.test(one.fault)) { delete one.fault; await send(one); }
  busy = false;
  keep();
  draw();
}

form?.addEventListener("unsent", (event) => {
  const all = new FormData(form), fields = {}, body = { fields, said_at: time(), action: event.detail.act };
  for (const [name, value] of all) {
    if (/^[acurs]\./.test(name)) { if (value.trim()) fields[name] = value.trim(); }
    else if (["version", "key", "supersedes", "reason"].includes(name)) body[name] = value;
  }
  const url = form.getAttribute("action");
  without(url);
  queue.push({ url, body, title, draft: form.dataset.draft, open: location.pathname, pressed: Date.now() });
  const safe = keep();
  event.detail.say(safe ? "已保存在本机，联网后报送" : "本机无法保存，请勿关闭本页，联网后再报");
  event.detail.state(safe ? "已保存在本机" : "本机也无法保存");
  draw();
});
form?.addEventListener("submit", (event) => event.defaultPrevented || without(form.getAttribute("action")));
addEventListener("online", flush);
document.addEventListener("visibilitychange", () => document.hidden || flush());
setInterval(() => queue.length && flush(), RETRY);
time();
flush();

async function settle() {
  if (!("serviceWorker" in navigator) || !worker || !form) return;
  const found = await navigator.serviceWorker.register(worker, { scope: "/" });
  await navigator.serviceWorker.ready;
  const files = performance.getEntriesByType("resource").map((one) => one.name).filter((name) => name.startsWith(location.origin + "/static/"));
  if (navigator.onLine) (found.active ?? navigator.serviceWorker.controller)?.postMessage({ page: location.href.split("#")[0], files });
}
settle().catch(() => { /* no service worker here: what is typed is kept all the same */ });
