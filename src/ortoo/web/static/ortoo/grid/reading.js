// What a clerk types or pastes → what is meant: the same as kernel/forms/cells.py, which has the
// last word. Pure: no page, no clock.
import { exact, fixed, same, scaled, trimmed } from "./decimal.js";

export const NIL = { n: "未经营", o: "断货", s: "季节无货" };
const NIL_WORDS = [
  [/^(n|未|未经营|不经营|不销售|没有经营)$/i, NIL.n],
  [/^(o|断|断货|缺货|脱销)$/i, NIL.o],
  [/^(s|季|季节无货|过季)$/i, NIL.s],
];
const AMBIGUOUS = /^(无|没有|无货|暂无|零)$/;
const CHOOSE = "请填数字，或 未经营、断货、季节无货";
// Mass and volume words seen in till exports: [row's own unit, num, den].
const WORDS = {
  公斤: ["公斤", 1, 1], 千克: ["公斤", 1, 1], kg: ["公斤", 1, 1], 斤: ["公斤", 1, 2],
  "500g": ["公斤", 1, 2], "500克": ["公斤", 1, 2], 克: ["公斤", 1, 1000], g: ["公斤", 1, 1000],
  吨: ["公斤", 1000, 1], t: ["公斤", 1000, 1], 升: ["升", 1, 1], l: ["升", 1, 1], 毫升: ["升", 1, 1000], ml: ["升", 1, 1000],
};
const MONEY = { 元: 1, 块: 1, 万: 10000, 万元: 10000 };

export const isNil = (text) => Object.values(NIL).includes(text);

/** Text keyed per entry unit → the same in the row's own unit, or back (`undo`). */
export function converted(x, conversion, unit, undo = false) {
  if (conversion === "none") return x;
  return (conversion === "amount") === !undo ? scaled(x, unit.num, unit.den) : scaled(x, unit.den, unit.num);
}

/** A value of the row's own unit as it is keyed in `unit`; null if no such text gives it back. */
export function expressed(text, cell, unit) {
  const x = exact(text);
  if (!x || (unit.num === unit.den)) return text;
  const { conversion, scale } = cell.measure;
  const keyed = fixed(converted(x, conversion, unit, true), scale);
  return fixed(converted(exact(keyed), conversion, unit), scale) === fixed(x, scale) ? trimmed(keyed) : null;
}

function unitOf(word, row) {
  const own = row.units.get(word);
  const known = WORDS[word.toLowerCase()];
  return own ?? (known && known[0] === row.unit ? { num: known[1], den: known[2] } : null);
}

/** The factor, as [num, den], that a written unit asks for; null if it does not fit the cell. */
function suffix(word, cell) {
  const { conversion, unit } = cell.measure;
  if (conversion === "none") {
    const from = MONEY[word], to = MONEY[unit];
    return from && to ? [from, to] : word === unit ? [1, 1] : null;
  }
  const m = conversion === "per_unit" ? /^(?:元|块)?(?:(?:\/|每|一)(.+))?$/.exec(word) : [0, word];
  if (!m) return null;
  if (!m[1]) return [1, 1];
  const said = unitOf(m[1], cell.row), keyed = cell.row.chosen();
  if (!said) return null;
  const [num, den] = [said.num * keyed.den, said.den * keyed.num];
  return conversion === "amount" ? [num, den] : [den, num];
}

/** → {text, note?} what the cell shall hold and what was understood, or {text, bad: the remedy}. */
export function read(raw, cell) {
  const notes = [];
  const bad = (remedy = CHOOSE) => ({ text: raw.trim(), bad: remedy });
  if (/\d\s+\d/.test(raw.trim()) && !/^\d{1,3}(\s\d{3})+(\.\d*)?$/.test(raw.trim())) return bad("中间有空格，不知是一个数还是两个数");
  let s = raw.normalize("NFKC").replace(/[\s\u200b]/g, "").replace(/−/g, "-");
  if (s !== raw.trim().replace(/\s/g, "")) notes.push("全角");
  s = s.replace(/(\d)。(?=\d)/g, "$1.").replace(/^¥/, "");
  if (!s) return { text: "", blank: true };
  if (/^([-—–―_/\\~…]+|空)$/.test(s)) return { text: "", blank: true, notes: ["横线（留空）"] };
  for (const [words, text] of NIL_WORDS) if (words.test(s)) return { text, notes: [text] };
  const { choices } = cell.measure;
  if (choices) {
    const found = choices[+s - 1] ?? choices.find((x) => x === s) ?? choices.find((x) => x.startsWith(s));
    return found ? { text: found, notes } : bad(`请选 ${choices.join("、")}`);
  }
  if (AMBIGUOUS.test(s)) return bad("卖完未到货填断货，不卖填未经营，季节没有填季节无货；确为零填 0");
  const grouped = /^-?\d{1,3}(,\d{3})+(?!\d)/.exec(s);
  if (grouped) {
    s = s.replace(/,/g, "");
    notes.push("千分位");
  }
  const m = /^(-?(?:\d+\.?\d*|\.\d+))(.*)$/.exec(s);
  if (!m) return bad();
  if (!m[2]) return { text: m[1], notes };
  const factor = suffix(m[2], cell);
  if (!factor) return bad(`单位「${m[2]}」与本格不符`);
  notes.push(`单位「${m[2]}」`);
  if (factor[0] === factor[1]) return { text: m[1], notes };
  const x = scaled(exact(m[1]), ...factor), text = trimmed(fixed(x, cell.measure.scale));
  return same(x, exact(text)) ? { text, notes } : bad(`折算后超过 ${cell.measure.scale} 位小数，请换算好再填`);
}
