// The data-entry grid: joins the parts. Every change of a field passes through `write` or
// `changed`, so that undo, hints, checks, progress and the draft never disagree.
import { cells, fields, put, refresh } from "./cells.js";
import { checks } from "./checks.js";
import { draft, post } from "./draft.js";
import { exact, fixed, trimmed } from "./decimal.js";
import { history } from "./history.js";
import { panel } from "./panel.js";
import { block, copied, place } from "./paste.js";
import { popover } from "./popover.js";
import { converted, expressed, NIL, read } from "./reading.js";
import { selection } from "./selection.js";

const form = document.getElementById("grid");
const grid = cells(form);
grid.readonly = !!form.dataset.readonly;
const { was } = form.dataset;

const view = panel(grid, { issue: (cell) => check.issue(cell), list: () => check.list(), owed: (c, i) => check.owed(c, i), go: (cell) => sel.go(cell) });
const past = history((changes) => {
  for (const [name, value] of changes) put(form, name, value);
  changed(changes.map(([name]) => name));
});
const check = checks(grid, { post, changed: () => (view.update(), pop.refresh()) });
const save = draft(grid, { say: view.say, state: view.state, write });
const pop = popover(grid, { issue: check.issue, why: check.why, write, fill, nil, go: (cell) => sel.go(cell) });

function changed(names, typing = false) {
  const touched = new Set();
  for (const name of names) {
    const row = name[0] === "u" && grid.rows.find((x) => "u." + x.code === name);
    if (row) row.was = row.chosen();
    for (const cell of row ? row.cells : [grid.named(name.slice(2))]) if (cell) touched.add(cell);
  }
  for (const cell of touched) refresh(cell);
  if (!typing) sel.sync();
  check.touch([...touched], typing);
  view.update();
  pop.refresh();
  save.touch();
}
/** Sets fields as one undo step; says how many moved. */
function write(changes) {
  const now = fields(form);
  const step = changes.map(([name, value]) => [name, now[name] ?? "", value ?? ""]).filter(([, a, b]) => a !== b);
  if (!step.length || grid.readonly) return 0;
  for (const [name, , value] of step) put(form, name, value);
  past.push(step);
  changed(step.map(([name]) => name));
  return step.length;
}
function commit(cell, was) {
  const raw = cell.input.value, got = read(raw, cell);
  cell.input.value = got.bad ? raw.trim() : got.text;
  if (cell.input.value === was) return;
  past.push([[cell.name, was, cell.input.value]]);
  changed([cell.name]);
}
/** 沿用上期: the last period's values, said in each row's entry unit. */
function fill(targets) {
  const known = targets.filter((cell) => cell.last);
  const changes = known.map((cell) => [cell, expressed(cell.last, cell, cell.row.chosen())]).filter(([, text]) => text !== null);
  for (const [cell, text] of changes) cell.keyed = text;
  const n = write(changes.map(([cell, text]) => [cell.name, text])), odd = known.length - changes.length;
  view.say((n ? `沿用${was} ${n} 格` : changes.length ? `与${was}相同` : odd ? "" : `${was}没有数值`) + (odd ? ` ${odd} 格按录入单位除不尽，请换录入单位` : ""));
}
/** 未经营 and 季节无货 are said of the whole item: they fill its blank cells too. */
function nil(key, targets) {
  if (!grid.nils.includes(NIL[key])) return;
  const whole = key !== "o" && targets.length === 1;
  const all = whole ? targets[0].row.cells.filter((cell) => cell && (cell === targets[0] || !cell.input.value)) : targets;
  const n = write(all.map((cell) => [cell.name, NIL[key]]));
  if (whole && n > 1) view.say(`${targets[0].row.name}：${NIL[key]} ${n} 格`);
}
function rekey(row) {
  const [was, now] = [row.was, row.chosen()];
  const step = [[row.select.name, was.name, now.name]];
  for (const cell of row.cells) {
    const x = cell && cell.keyed && cell.keyed === cell.input.value && exact(cell.keyed);
    if (!x) continue;
    const own = trimmed(fixed(converted(x, cell.measure.conversion, was), cell.measure.scale));
    const text = expressed(own, cell, now) ?? "";
    if (!text) view.say(`${grid.label(cell.name)} 按${now.name}除不尽，已清空，请重填`);
    step.push([cell.name, cell.keyed, (cell.input.value = cell.keyed = text)]);
  }
  past.push(step);
  changed(step.map(([name]) => name));
}
const rewind = (way, word) => () => {
  const step = past[way]();
  const cell = step && grid.named(step[0][0].slice(2));
  if (cell) sel.go(cell);
  view.say(step ? `${word} ${step.length} 处` : `没有可${word}的`);
};
const sel = selection(grid, {
  commit, nil,
  typing: (cell) => changed([cell.name], true),
  focused: (cell) => pop.show(cell),
  menu: (cell) => pop.menu(cell),
  clear: (targets) => write(targets.map((cell) => [cell.name, ""])),
  keys: { z: rewind("undo", "撤销"), "shift+z": rewind("redo", "重做"), y: rewind("redo", "重做"), d: () => fill(sel.chosen()), s: () => save.save() },
});

function onPaste(e) {
  if (e.target !== sel.active?.input || sel.editing || grid.readonly) return;
  e.preventDefault();
  const lines = block(e.clipboardData), targets = sel.chosen();
  if (lines.length === 1 && lines[0].length === 1) {
    write(targets.map((cell) => [cell.name, read(lines[0][0], cell).text]));
    return;
  }
  const corner = targets[0];
  const got = place(lines, grid, corner);
  write(got.changes);
  if (got.from) sel.select(got.from, got.to);
  view.say(got.text);
}
function onCopy(e) {
  if (e.target !== sel.active?.input || sel.editing) return;
  e.preventDefault();
  e.clipboardData.setData("text/plain", copied(sel.range()));
  if (e.type === "cut") write(sel.chosen().map((cell) => [cell.name, ""]));
}
let leaving = false;
async function onSubmit(e) {
  if (leaving) return;
  const button = e.submitter;
  e.preventDefault();
  sel.settle();
  const act = button?.value;
  let line = !form.dataset.draft || (await save.save());
  if ((act !== "file" && act !== "closed") || (!line && !save.down)) return;
  if (line) line = (await check.ask()) !== null;
  if (act === "file" && owing()) return;
  // offline.js keeps it and files it when the line is back; without that script it is a draft.
  if (!line) return void form.dispatchEvent(new CustomEvent("unsent", { detail: { act, say: view.say, state: view.state } }));
  leaving = true;
  save.unstash();
  form.requestSubmit(button);
}
/** Says what must be mended before filing, and goes there. */
function owing() {
  const fact = form.querySelector(".g-facts :invalid");
  if (fact) return fact.focus(), view.say(`${grid.label(fact.name)} 未填`), true;
  const owed = check.list().filter(([cell, found]) => check.owed(cell, found));
  const blank = grid.all.filter((cell) => cell.input.required && !cell.input.value.trim());
  if (owed.length || blank.length) {
    view.say([owed.length && `${owed.length} 处要先改正或说明原因`, blank.length && `${blank.length} 格未填${grid.nils.length ? `（没有卖请填 ${grid.nils.join("、")}）` : ""}`].filter(Boolean).join("；"));
    view.reveal(owed[0]?.[0] ?? blank[0], owed.length > 0);
  }
  return owed.length + blank.length > 0;
}
/** Where the clerk was, kept for a reload in the same tab. */
function keepPlace() {
  const key = "ortoo.place:" + location.pathname;
  addEventListener("pagehide", () => sessionStorage.setItem(key, JSON.stringify([sel.active?.name, scrollY])));
  const [name, y] = JSON.parse(sessionStorage.getItem(key) ?? "[]");
  const cell = name && !location.hash && grid.named(name.slice(2));
  if (!cell) return;
  sel.go(cell);
  scrollTo(0, y);
}

form.classList.add("on");
grid.all.forEach(refresh);
if (!grid.readonly) {
  for (const el of form.querySelectorAll(".g-why")) el.type = "hidden";
  form.addEventListener("paste", onPaste);
  form.addEventListener("cut", onCopy);
  form.addEventListener("submit", onSubmit);
  form.addEventListener("filed", () => (leaving = form.inert = true));
  form.addEventListener("change", (e) => {
    const row = grid.rows.find((x) => x.select === e.target);
    if (row) rekey(row);
    else if (/^[as]\./.test(e.target.name)) save.touch();
  });
  form.addEventListener("click", (e) => {
    const again = e.target.closest(".g-again"), last = e.target.closest(".g-last"), word = e.target.dataset.nil;
    const only = form.dataset.again; // On a daily the price alone, of this row alone.
    if (again) fill(grid.rows.find((x) => x.tr.contains(again)).cells.filter((cell) => cell && (only ? cell.measure.code === only : !cell.input.value)));
    else if (word) nil(Object.keys(NIL).find((key) => NIL[key] === word), [grid.named(e.target.parentElement.dataset.of)]);
    else if (last) sel.go(grid.of(last)), fill([grid.of(last)]);
  });
  addEventListener("beforeunload", (e) => !leaving && save.dirty() && e.preventDefault());
  check.start();
  view.update();
  save.restore();
}
form.addEventListener("copy", onCopy);
keepPlace();
