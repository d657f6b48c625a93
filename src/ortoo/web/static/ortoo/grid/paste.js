// A block from Excel, WPS or a web table → changes of cells, and a sentence of what was understood.
import { read } from "./reading.js";

/** Tab-separated text with Excel's quoting → rows of texts. */
export function tsv(text) {
  const rows = [[]];
  for (const [, cell, end] of text.replace(/\r\n?/g, "\n").replace(/\n+$/, "").matchAll(/("(?:[^"]|"")*"(?=[\t\n]|$)|[^\t\n]*)(\t|\n|$)/g)) {
    rows.at(-1).push(cell.startsWith('"') && cell.length > 1 && cell.endsWith('"') ? cell.slice(1, -1).replace(/""/g, '"') : cell);
    if (end === "\n") rows.push([]);
    if (!end) break;
  }
  return rows;
}

/** The first table of an HTML clipboard; merged cells keep their place. */
function table(html) {
  const rows = [];
  const trs = new DOMParser().parseFromString(html, "text/html").querySelectorAll("tr");
  trs.forEach((tr, r) => {
    rows[r] ??= [];
    let c = 0;
    for (const td of tr.cells) {
      while (rows[r][c] !== undefined) c++;
      for (let i = 0; i < td.rowSpan && r + i < trs.length; i++)
        for (let j = 0; j < td.colSpan; j++) (rows[r + i] ??= [])[c + j] = i || j ? "" : td.textContent.trim();
    }
  });
  return rows.map((row) => Array.from(row, (x) => x ?? ""));
}

export function block(data) {
  const text = data.getData("text/plain"), html = data.getData("text/html");
  return !text.includes("\t") && /<td[\s>]/i.test(html) ? table(html) : tsv(text);
}

const plain = (text) => text.normalize("NFKC").replace(/\s/g, "");
const filled = (row) => row.filter((x) => x.trim());

/** Which pasted line belongs to which row of the grid: by item name or code, else in order. */
function matched(lines, grid, start) {
  const keys = new Map(grid.rows.flatMap((row) => [[plain(row.name), row], [row.code, row]]));
  const titles = new Set([...grid.form.querySelectorAll(".g-group th")].map((th) => plain(th.textContent)));
  const keyed = lines.map((line) => line.slice(0, 3).findIndex((x) => keys.has(plain(x)) && (Number.isNaN(+x) || x.trim().startsWith("0"))));
  const live = grid.rows.filter((row) => row.r >= start.r && grid.shown(row));
  const body = lines.map((line, i) => ({ line, key: keyed[i] }));
  if (lines[0].length > 1 && keyed.filter((k) => k >= 0).length * 2 > lines.length) {
    const found = body.filter((x) => x.key >= 0).map(({ line, key }) => {
      const named = keys.get(plain(line[key]));
      let values = line.slice(key + 1);
      while (values.length && (keys.get(plain(values[0])) === named || /^(元\/)?(公斤|斤|升|千克|kg)$/i.test(plain(values[0])))) values = values.slice(1);
      return { row: named, values };
    });
    return { found, skipped: lines.length - found.length, over: 0, c: 0 };
  }
  let surplus = lines.length - live.length;
  const isHeading = (line, i) => {
    const texts = filled(line);
    if (titles.has(plain(texts[0] ?? "").replace(/^[一二三四五六七八九十]+、/, ""))) return texts.length === 1;
    const wordy = texts.length && texts.every((x) => !/\d/.test(x) && read(x, start).bad);
    if (wordy && i === 0 && texts.length > 1) return true;
    return surplus > 0 && (wordy || !texts.length) && lines.length > 1 && surplus-- > 0;
  };
  const kept = lines.filter((line, i) => !isHeading(line, i));
  const found = kept.slice(0, live.length).map((values, i) => ({ row: live[i], values }));
  return { found, skipped: lines.length - kept.length, over: kept.slice(live.length).flat().length, c: start.c };
}

/** → {changes: [[name, text]], bad: [cell], from, to, text} for a block pasted at `start`. */
export function place(lines, grid, start) {
  const { found, skipped, over, c } = matched(lines, grid, start);
  const changes = [], bad = [], cells = [], kinds = new Map();
  let beyond = over, blank = 0, total = 0;
  const count = (kind) => kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  for (const { row, values } of found) values.forEach((raw, j) => {
    const cell = row.cells[c + j];
    if (cell === undefined) return void (raw.trim() && beyond++);
    total++;
    if (!cell) return void (raw.trim() && count("不需填的格未粘贴"));
    cells.push(cell);
    const got = read(raw, cell);
    got.notes?.forEach(count);
    if (got.bad) bad.push(cell);
    if (got.blank) blank += got.notes ? 0 : 1;
    else changes.push([cell.name, got.text]);
  });
  const width = Math.max(0, ...found.map((x) => Math.min(x.values.length, grid.measures.length - c)));
  const parts = [...kinds].map(([kind, n]) => `${kind} ${n}`);
  if (blank) parts.push(`空白 ${blank}（原值未动）`);
  if (skipped) parts.push(`跳过分组行、表头 ${skipped} 行`);
  if (beyond) parts.push(`超出表格 ${beyond} 格未粘贴`);
  const text = `粘贴 ${found.length}×${width}：${total} 格，已识别 ${total - bad.length}，未识别 ${bad.length}${bad.length ? "（已标出）" : ""}`;
  return { changes, bad, from: cells[0], to: cells.at(-1), text: parts.length ? `${text}。其中 ${parts.join("，")}` : text };
}

/** The selected rows as tab-separated text for Excel and WPS. */
export const copied = (rows) => rows.map((row) => row.map((cell) => cell?.input.value ?? "").join("\t")).join("\n");
