// The small sheet under the active cell: repair, reason, nil choices. It lives inside the cell,
// so that CSS alone places it and the focus never leaves the row.
import { NIL } from "./reading.js";

const phone = matchMedia("(max-width: 40rem)");

export function popover(grid, { issue, why, write, fill, nil, go }) {
  const { form } = grid;
  const reasons = [...form.querySelectorAll("#g-why option")].map((o) => o.value);
  const sheet = Object.assign(document.createElement("div"), { className: "g-pop" });
  let at = null, forced = false, drawn = "";

  function button(text, act, pressed) {
    const b = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    if (pressed !== undefined) b.setAttribute("aria-pressed", pressed);
    b.onclick = () => (act(), (forced = false), go(at));
    return b;
  }
  function reasoning(cell) {
    const name = "r." + cell.key, now = why(cell), known = reasons.filter((r) => r !== "其他");
    const free = Object.assign(document.createElement("input"), { type: "text", maxLength: 200, placeholder: "其他原因", value: known.includes(now) ? "" : now });
    free.setAttribute("aria-label", "其他原因");
    free.onchange = () => write([[name, free.value.trim()]]);
    return [...known.map((reason) => button(reason, () => write([[name, reason === now ? "" : reason]]), reason === now)), free];
  }
  function parts(cell) {
    const found = issue(cell), nodes = [];
    if (cell.td.classList.contains("g-known")) nodes.push(Object.assign(document.createElement("small"), { textContent: `已知：${cell.td.querySelector(".g-src").textContent.trim()}。不必重填` }));
    for (const text of cell.measure.choices ?? []) nodes.push(button(text, () => write([[cell.name, text]]), text === cell.input.value));
    if (found?.fix) nodes.push(button(found.fix.label, () => write(found.fix.changes)));
    if (found?.severity === "soft" && !found.quick) nodes.push(...reasoning(cell));
    // A daily's card has these as buttons of its own.
    if (forced || (phone.matches && !form.dataset.again)) {
      if (cell.last) nodes.push(button(`沿用 ${cell.last}`, () => fill([cell])));
      for (const [key, text] of Object.entries(NIL)) if (grid.nils.includes(text)) nodes.push(button(text, () => nil(key, [cell])));
    }
    return nodes;
  }
  function draw(cell) {
    const found = issue(cell), state = JSON.stringify([cell.key, forced, found?.message, found?.fix?.label, why(cell), cell.measure.choices && cell.input.value]);
    if (sheet.isConnected && state === drawn) return;
    drawn = state;
    const nodes = parts(cell);
    sheet.remove();
    if (!nodes.length) return;
    if (!cell.note) cell.td.append((cell.note = Object.assign(document.createElement("div"), { className: "g-note", id: "n." + cell.key })));
    sheet.replaceChildren(...nodes);
    cell.note.append(sheet);
  }
  sheet.addEventListener("keydown", (e) => {
    const all = [...sheet.querySelectorAll("button, input")], i = all.indexOf(e.target);
    const way = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[e.key];
    if (e.key === "Escape" || (e.key === "Enter" && e.target.tagName === "INPUT")) forced = false, go(at);
    else if (way && e.target.tagName === "BUTTON") all[(i + way + all.length) % all.length].focus();
    else return;
    e.preventDefault();
  });
  return {
    show(cell) {
      if (grid.readonly) return;
      if (at !== cell) forced = false;
      draw((at = cell));
    },
    refresh() {
      if (at && !sheet.contains(document.activeElement)) draw(at);
    },
    /** Opens the sheet with every choice (null: closes it) → whether anything changed. */
    menu(cell) {
      const was = forced;
      forced = !!cell;
      if (!at || grid.readonly || was === forced && !cell) return false;
      draw(at);
      if (cell) sheet.querySelector("button")?.focus();
      return true;
    },
  };
}
