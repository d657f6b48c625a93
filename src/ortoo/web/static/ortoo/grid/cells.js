// The grid as read from its own form: rows × measures. The inputs hold the truth, so that the
// form posts the same with and without this script.
import { exact, fixed, trimmed } from "./decimal.js";
import { converted, isNil } from "./reading.js";

const text = (el, selector) => el.querySelector(selector)?.textContent.trim() ?? "";

export function cells(form) {
  const measures = [...form.querySelectorAll("[data-measure]")].map(({ dataset: d }) => ({ ...d, code: d.measure, scale: +d.scale, choices: d.choices?.split("|") }));
  const byName = new Map();
  const rows = [...form.querySelectorAll("[data-item]")].map((tr, r) => {
    const select = tr.querySelector("select");
    const row = { r, tr, select, code: tr.dataset.item, name: tr.dataset.name, unit: tr.dataset.unit, units: new Map() };
    for (const o of select?.options ?? []) row.units.set(o.value, { name: o.value, num: +o.dataset.num, den: +o.dataset.den });
    row.chosen = () => row.units.get(select?.value) ?? { name: row.unit, num: 1, den: 1 };
    row.was = row.chosen();
    row.cells = [...tr.querySelectorAll(".g-cell")].map((td, c) => {
      const input = td.querySelector(`[name^="c."]`);
      if (!input) return null;
      const cell = { r, c, td, row, input, measure: measures[c], name: input.name, key: input.name.slice(2), last: text(td, ".g-last"), year: text(td, ".g-year"), eq: td.querySelector(".g-eq"), note: td.querySelector(".g-note") };
      // A value that came from elsewhere is re-expressed when the entry unit changes, not re-read.
      if (td.classList.contains("g-known")) cell.keyed = input.value;
      td.classList.toggle("plain", cell.measure.conversion === "none");
      input.removeAttribute("list");
      byName.set(input.name, cell);
      return cell;
    });
    return row;
  });
  const all = [...byName.values()];
  return {
    form, rows, measures, all,
    nils: [...form.querySelectorAll("#g-nil option")].map((o) => o.value),
    at: (r, c) => rows[r]?.cells[c] ?? null,
    of: (el) => byName.get(el?.name) ?? byName.get(el?.closest?.(".g-cell")?.querySelector(`[name^="c."]`)?.name),
    shown: (row) => !row.tr.hidden,
    named: (key) => byName.get("c." + key),
    label(name) {
      const cell = byName.get("c." + name.slice(2));
      if (cell) return `${cell.row.name} ${cell.measure.title}${name[0] === "r" ? " 原因" : ""}`;
      if (name[0] === "a") return form.elements[name].labels[0].textContent.trim();
      return `${rows.find((row) => row.code === name.slice(2))?.name ?? name} ${name[0] === "s" ? "代表规格" : "录入单位"}`;
    },
  };
}

/** The value in the row's own unit, exact; null for blanks, nils and what is not a number. */
export function amount(cell) {
  const x = exact(cell.input.value.trim());
  return x && converted(x, cell.measure.conversion, cell.row.chosen());
}

/** Unit words of one cell, e.g. 元/斤. */
export const unitText = (cell, unit) => cell.measure.unit.replace("{unit}", unit);

/** 「= 5.96 元/公斤」 beside a value that is keyed in another unit; nil and label follow too. */
export function refresh(cell) {
  const unit = cell.row.chosen(), x = amount(cell), value = cell.input.value.trim();
  const other = unit.name !== cell.row.unit && cell.measure.conversion !== "none";
  const places = cell.measure.scale + (x && trimmed(fixed(x, 6)) !== trimmed(fixed(x, cell.measure.scale)) ? 2 : 0);
  cell.eq.textContent = other && x ? `= ${fixed(x, places)}` : "";
  if (other && x) cell.eq.append(Object.assign(document.createElement("small"), { textContent: " " + unitText(cell, cell.row.unit) }));
  cell.td.classList.toggle("g-nil", isNil(value));
  cell.input.setAttribute("aria-label", `${cell.row.name} ${cell.measure.title} ${unitText(cell, unit.name)}`);
  const lab = cell.td.querySelector(".g-lab small");
  if (lab) lab.textContent = unitText(cell, unit.name);
}

/** Every a. c. u. r. s. field that holds something: what drafts and checks send. Absent means empty. */
export function fields(form) {
  const found = {};
  for (const el of form.elements) if (/^[acurs]\./.test(el.name) && el.value.trim()) found[el.name] = el.value.trim();
  return found;
}

/** Sets a field; a reason without an input gets a hidden one. */
export function put(form, name, value) {
  let el = form.elements[name];
  if (!el) {
    if (!value) return;
    el = Object.assign(document.createElement("input"), { type: "hidden", name });
    form.append(el);
  }
  if (el.tagName !== "SELECT" || [...el.options].some((o) => o.value === value)) el.value = value;
}
