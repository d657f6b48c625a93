// What may be wrong: quick checks here while typing, the form's rules on the server. A cell
// shows one issue, the server's before ours; ours may offer a repair in one tap.
import { amount, fields, unitText } from "./cells.js";
import { exact, fixed, near, same, scaled, trimmed } from "./decimal.js";
import { expressed, isNil, read } from "./reading.js";

const WAIT = 400;
// Slips seen in weekly returns, with how far (in %) from the exact multiple they may lie.
const SLIPS = [
  [10000, 40, "像是按元填了万元"], [1000, 40, "像是吨、公斤混用"], [100, 30, "像是小数点错两位"], [10, 20, "像是小数点错一位"],
];
const TWICE = 12;

/** The quick issue of one cell as typed now, or null. */
export function quick(cell) {
  const value = cell.input.value.trim();
  if (!value || isNil(value)) return null;
  const got = read(value, cell), x = exact(got.text);
  if (got.bad) return { severity: "hard", message: `未识别「${value}」`, remedy: got.bad };
  if (!x) return null;
  const price = !!cell.measure.positive;
  if (x.n < 0n || (price && x.n === 0n)) return { severity: "hard", message: price ? "价格应大于 0" : "不能为负数", remedy: price ? "没有卖请填 未经营、断货 或 季节无货" : "请改正" };
  const { scale } = cell.measure;
  if (!same(x, exact(fixed(x, scale)))) return { severity: "hard", message: `最多 ${scale} 位小数`, remedy: "请四舍五入后再填" };
  return got.text === value ? slip(cell) : null;
}

function slip(cell) {
  const now = amount(cell), last = exact(cell.last);
  if (!now || !last || last.n <= 0n || now.n <= 0n) return null;
  const soft = (message, fix) => ({ severity: "soft", quick: true, message, remedy: `上期 ${cell.last} ${unitText(cell, cell.row.unit)}`, fix });
  for (const [times, percent, why] of SLIPS)
    for (const [num, den] of [[times, 1], [1, times]])
      if (near(now, scaled(last, num, den), percent)) {
        const text = expressed(trimmed(fixed(scaled(now, den, num), cell.measure.scale)), cell, cell.row.chosen());
        return soft(`约为上期的 ${num > 1 ? `${times} 倍` : `1/${times}`}，${why}`, text && { label: `改为 ${text}`, changes: [[cell.name, text]] });
      }
  if (cell.measure.conversion !== "per_unit") return null;
  for (const [num, den] of [[2, 1], [1, 2]])
    if (near(now, scaled(last, num, den), TWICE)) {
      const unit = [...cell.row.units.values()].find((u) => { const was = cell.row.chosen(); return u.num * was.den * den === was.num * u.den * num; });
      return soft(`约为上期的 ${num > den ? "2 倍" : "一半"}，像是斤、公斤混用`, unit && { label: `录入单位改为「${unit.name}」`, changes: [["u." + cell.row.code, unit.name]] });
    }
  return null;
}

export function checks(grid, { post, changed }) {
  const { form } = grid;
  const ours = new Map(), theirs = new Map();
  let timer = 0, serial = 0;

  for (const cell of grid.all) {
    const p = cell.note?.firstElementChild, { severity, rule } = cell.note?.dataset ?? {};
    if (p) theirs.set(cell.key, { severity, rule, message: p.firstChild.textContent.trim(), remedy: p.querySelector("small")?.textContent ?? "" });
  }

  const why = (cell) => form.elements["r." + cell.key]?.value.trim() ?? "";
  function issue(cell) {
    const mine = ours.get(cell.key), said = theirs.get(cell.key);
    if (!said || (mine?.severity === "hard" && said.severity !== "hard")) return mine ?? null;
    return mine?.fix ? { ...said, fix: mine.fix, remedy: `${mine.message}。${said.remedy}` } : said;
  }
  function paint(cell) {
    const found = issue(cell), { td, input } = cell;
    td.classList.toggle("hard", found?.severity === "hard");
    td.classList.toggle("soft", found?.severity === "soft");
    td.classList.toggle("told", found?.severity === "soft" && !!why(cell));
    if (found && !cell.note) td.append((cell.note = Object.assign(document.createElement("div"), { className: "g-note", id: "n." + cell.key })));
    if (cell.note) {
      cell.note.firstElementChild?.matches("p") && cell.note.firstElementChild.remove();
      if (found) cell.note.prepend(line(found));
    }
    input.setAttribute("aria-describedby", `${found ? `n.${cell.key} ` : ""}l.${cell.key}`);
    found?.severity === "hard" ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
  }
  function line(found) {
    const p = document.createElement("p");
    p.append(`${found.message}${/[。？！]$/.test(found.message) ? "" : "。"}`, Object.assign(document.createElement("small"), { textContent: [found.remedy, found.rule].filter(Boolean).join(" · ") }));
    return p;
  }
  function look(cell) {
    const found = quick(cell);
    found ? ours.set(cell.key, found) : ours.delete(cell.key);
    paint(cell);
  }
  async function ask() {
    clearTimeout(timer);
    if (!form.dataset.check) return false;
    const mine = ++serial, asked = fields(form);
    const answer = await post(form.dataset.check, { fields: asked });
    if (!answer.status) return null; // no line
    if (mine !== serial || !answer.ok) return false;
    theirs.clear();
    for (const found of answer.data.issues ?? []) {
      const cell = grid.named(`${found.item}.${found.measure}`);
      if (found.code === "GRID-BLANK") continue; // Blanks are counted, not painted, until filing.
      // The cell has moved on since the question: the next answer speaks of it.
      if (cell && cell.input.value.trim() === (asked[cell.name] ?? "") && theirs.get(cell.key)?.severity !== "hard") theirs.set(cell.key, found);
    }
    grid.all.forEach(paint);
    changed();
    return true;
  }
  return {
    issue, why, ask,
    list: () => grid.all.map((cell) => [cell, issue(cell)]).filter(([, found]) => found).sort((a, b) => (a[1].severity > b[1].severity) - (a[1].severity < b[1].severity)),
    /** A reason is owed only for what the server's rules ask. */
    owed: (cell, found) => found.severity === "hard" || (!found.quick && !why(cell)),
    /** While `typing`, half a number is not yet a slip: look after the pause only. */
    touch(touched, typing) {
      for (const cell of touched) theirs.delete(cell.key), typing ? paint(cell) : look(cell);
      serial++;
      clearTimeout(timer);
      timer = setTimeout(() => (touched.forEach(look), changed(), ask()), WAIT);
    },
    start() {
      grid.all.forEach(look);
      if (grid.all.some((cell) => cell.input.value)) ask();
    },
  };
}
