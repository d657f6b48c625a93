// What stands under the grid: progress, filter, group steps, the list of issues, the draft's state.
const make = (tag, props) => Object.assign(document.createElement(tag), props);

export function panel(grid, { issue, list, owed, go }) {
  const { form } = grid;
  const find = (selector) => form.querySelector(selector);
  const done = find(".g-done"), drawer = find(".g-issues"), status = find(".g-say"), word = find(".g-state");
  let queued = false;

  function filter(kind) {
    for (const button of form.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", button.dataset.view === kind);
    const wanted = { all: () => true, empty: (cell) => !cell.input.value.trim(), issue: (cell) => !!issue(cell) }[kind];
    for (const row of grid.rows) row.tr.hidden = !row.cells.some((cell) => cell && wanted(cell));
    for (const body of form.querySelectorAll("tbody")) if (body.querySelector("[data-item]")) body.hidden = !body.querySelector("[data-item]:not([hidden])");
    const count = grid.rows.filter(grid.shown).length;
    say(kind === "all" ? "" : count ? `${count} 个商品` : kind === "empty" ? "全部已填" : "没有提示");
  }
  function step(way) {
    const heads = [...form.querySelectorAll("tbody:not([hidden]) .g-group")];
    const here = heads.findLastIndex((head) => head.parentElement.getBoundingClientRect().top < innerHeight / 3);
    const body = heads[Math.min(heads.length - 1, Math.max(0, here + way))].parentElement;
    body.scrollIntoView();
  }
  function reveal(cell, open) {
    if (drawer && open) drawer.open = true;
    if (!grid.shown(cell.row)) filter("all");
    go(cell);
  }
  function item([cell, found]) {
    const li = make("li", { className: owed(cell, found) ? found.severity : "told" });
    const a = make("a", { href: "#c." + cell.key });
    a.append(make("b", { textContent: grid.label(cell.name) }), ` ${found.message}`);
    li.append(a);
    return li;
  }
  function draw() {
    queued = false;
    if (!done) return;
    const filled = grid.all.filter((cell) => cell.input.value.trim()).length;
    done.firstElementChild.textContent = `已填 ${filled}/${grid.all.length}`;
    Object.assign(done.lastElementChild, { max: grid.all.length, value: filled });
    const found = list(), hard = found.filter(([, x]) => x.severity === "hard").length;
    const open = found.filter(([cell, x]) => x.severity !== "hard" && owed(cell, x)).length;
    const rest = found.length - hard - open;
    drawer.querySelector("summary").textContent = [hard && `必须改 ${hard}`, open && `请说明 ${open}`, rest && `提示 ${rest}`].filter(Boolean).join(" · ") || "无提示";
    drawer.classList.toggle("none", !found.length);
    drawer.classList.toggle("hard", hard > 0);
    drawer.querySelector("ul").replaceChildren(...found.map(item));
  }
  const say = (text) => { if (status) status.textContent = text; };

  form.addEventListener("click", (e) => {
    const { view, step: way } = (e.target.closest("button") ?? e.target).dataset;
    if (view) filter(view);
    if (way) step(+way);
    const a = e.target.closest(".g-issues a");
    if (!a) return;
    e.preventDefault();
    reveal(grid.named(a.getAttribute("href").slice(3)), false);
  });
  return {
    say, reveal,
    update() {
      if (!queued) requestAnimationFrame(draw);
      queued = true;
    },
    /** `act`: a function (button 处理) or an address (link 重新登录). */
    state(text, act) {
      word.textContent = text;
      word.classList.toggle("bad", !!act || text.includes("本机"));
      if (typeof act === "function") word.append(make("button", { type: "button", textContent: "处理", onclick: act }));
      else if (act) word.append(make("a", { href: act, target: "_blank", textContent: "重新登录" }));
    },
  };
}
