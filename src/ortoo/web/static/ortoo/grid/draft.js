// The private draft: saved to the server a moment after typing, kept in this browser until the
// server has it. Nothing typed is lost to an idle log-out, a dead line or a second window.
import { fields } from "./cells.js";
import { ask, merged3 } from "./merge.js";

const WAIT = 1200, RETRY = 15000;

/** POST JSON → {ok, status, data}; status 0 = no line, 401 = log in again. */
export async function post(url, data) {
  try {
    const field = document.querySelector("#grid [name=csrfmiddlewaretoken]");
    // A log-in in another tab renews the cookie: this page and its form follow.
    const token = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? field?.value ?? "";
    if (field) field.value = token;
    const answer = await fetch(url, { method: "POST", redirect: "manual", credentials: "same-origin", headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": token }, body: JSON.stringify(data), signal: AbortSignal.timeout(20000) });
    const status = answer.type === "opaqueredirect" || answer.status === 403 ? 401 : answer.status;
    return { ok: answer.ok, status, data: status === 200 || status === 409 ? await answer.json() : {} };
  } catch {
    return { ok: false, status: 0, data: {} };
  }
}

const clock = () => new Date().toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });
const equal = (a, b) => [...new Set([...Object.keys(a), ...Object.keys(b)])].every((k) => (a[k] ?? "") === (b[k] ?? ""));

/** A draft's token, "filing-version", as a number that grows. */
const order = (token) => { const [, seq, n] = /^(\d+)-(\d+)$/.exec(token) ?? [0, 0, 0]; return +seq * 1e6 + +n; };

/** `say` a sentence, `state` the short word by the buttons, `write` changes as one undo step. */
export function draft(grid, { say, state, write }) {
  const { form } = grid;
  const url = form.dataset.draft, key = "ortoo.grid:" + url;
  let base = fields(form), version = form.dataset.version;
  let timer = 0, busy = null, stuck = false, down = false;

  const dirty = () => !equal(base, fields(form));
  function stash() {
    try {
      localStorage.setItem(key, JSON.stringify({ version, base, fields: fields(form), at: clock() }));
      return true;
    } catch {
      return false;
    }
  }
  const unstash = () => { try { localStorage.removeItem(key); } catch { /* storage is switched off: nothing was kept */ } };
  const kept = () => (stash() ? "内容已存在本机" : "本机也无法保存，请勿关闭本页");

  /** Takes over what the other side has; the clashes are asked. False if put off. */
  async function join(from, mine, theirs, said) {
    const { merged, clash, taken } = merged3(from, mine, theirs);
    let picks = {};
    if (clash.length) {
      stuck = true;
      state("草稿有冲突，请选择");
      picks = await ask(form.querySelector("dialog"), { title: said.title, clash, mine, theirs, label: grid.label });
      stuck = !picks;
      if (!picks) return state("有冲突待处理", () => save()), false;
    }
    const now = fields(form), wanted = { ...merged, ...picks };
    write(Object.keys(wanted).filter((name) => wanted[name] !== (now[name] ?? "")).map((name) => [name, wanted[name]]));
    say(said.done(taken.length));
    return true;
  }
  async function send() {
    const sent = fields(form);
    stash();
    state("正在保存…");
    const { ok, status, data } = await post(url, { fields: sent, version });
    down = !status;
    if (ok) {
      version = form.elements.version.value = String(data.version);
      base = sent;
      if (dirty()) return plan(), true;
      // Where a worker may open an older copy of this page, what is saved is kept here as well.
      navigator.serviceWorker?.controller ? stash() : unstash();
      state(`草稿已保存 ${data.saved_at ?? clock()}`);
      return true;
    }
    if (status === 409) return settle(data);
    if (status === 401) state(`登录已过期，${kept()}；重新登录后刷新本页会自动恢复`, form.dataset.login || null);
    else state(`${status ? "保存失败" : "网络不通"}，${kept()}，稍后自动重试`), plan(RETRY);
    return false;
  }
  async function settle(data) {
    const who = `${data.who ?? "另一处"} ${data.saved_at ?? ""}`.trim();
    const from = base;
    const done = await join(from, fields(form), data.fields, { title: `草稿已被 ${who} 改过`, done: (n) => `已并入 ${who} 保存的 ${n} 格（Ctrl+Z 可撤回）` });
    if (!done) return false;
    version = String(data.version);
    base = data.fields;
    return send();
  }
  function save() {
    clearTimeout(timer);
    return (busy ??= send().finally(() => (busy = null)));
  }
  function plan(wait = WAIT) {
    clearTimeout(timer);
    if (form.dataset.queued) return; // offline.js files it; a draft behind it would stay over.
    timer = setTimeout(() => (busy ? plan() : save()), wait);
  }
  async function restore() {
    let local = null;
    try { local = JSON.parse(localStorage.getItem(key)); } catch { /* unreadable: as if none */ }
    if (!local?.fields) return;
    if (equal(local.fields, base)) return unstash();
    if (order(local.version) > order(version)) {
      // The page is a copy from before the last saving: all that was typed since is here.
      [base, version] = [local.base, form.elements.version.value = local.version];
      const now = fields(form);
      write([...new Set([...Object.keys(now), ...Object.keys(local.fields)])].map((name) => [name, local.fields[name] ?? ""]));
      say(`已恢复本机 ${local.at} 的内容`);
      return void (dirty() && plan(0));
    }
    if (equal(local.fields, local.base)) return unstash();
    if (await join(local.base ?? {}, local.fields, base, { title: `本机有 ${local.at} 未上传的内容，服务器上的草稿也改过`, done: () => `已恢复本机 ${local.at} 未上传的内容（Ctrl+Z 可撤回）` })) plan(0);
  }
  addEventListener("online", () => dirty() && plan(0));
  document.addEventListener("visibilitychange", () => (document.hidden ? dirty() && stash() : dirty() && !stuck && plan(0)));
  addEventListener("pagehide", () => dirty() && stash());
  return {
    dirty, restore, stash, unstash,
    /** Whether the last saving met no line: then filing waits in this browser. */
    get down() { return down; },
    save: async () => { if (busy) await busy; return dirty() || stuck ? save() : true; },
    touch() {
      if (stuck || form.dataset.queued) return void stash();
      state("未保存的修改");
      plan();
    },
  };
}
