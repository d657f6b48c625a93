// The active cell, the range, and the keys of a spreadsheet. Inputs keep the focus, so typing
// replaces (the text is selected), input methods work, and a screen reader hears labelled fields.
const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const PAGE = 10;

/** `on`: {commit(cell, before), focused(cell), clear(cells), nil(key, cell), menu(cell), keys}. */
export function selection(grid, on) {
  let active = null, anchor = null, head = null, painted = [];
  let before = "", editing = false, typed = false, dragging = false;

  const box = () => {
    const [a, b] = [anchor ?? active, head ?? active];
    return a && { top: Math.min(a.r, b.r), bottom: Math.max(a.r, b.r), left: Math.min(a.c, b.c), right: Math.max(a.c, b.c) };
  };
  function range() {
    const x = box(), found = [];
    for (let r = x?.top; r <= x?.bottom; r++) if (grid.shown(grid.rows[r])) found.push(grid.rows[r].cells.slice(x.left, x.right + 1));
    return found;
  }
  const chosen = () => range().flat().filter(Boolean);
  function paint() {
    for (const cell of painted) cell.td.classList.remove("sel");
    painted = chosen().length > 1 ? chosen() : [];
    for (const cell of painted) cell.td.classList.add("sel");
    on.ranged?.(painted.length);
  }
  function go(cell, extend = false) {
    if (!cell) return;
    if (extend) {
      head = cell;
      cell.input.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else {
      anchor = head = cell;
      if (active === cell && document.activeElement === cell.input) settle();
      cell.input.focus({ preventScroll: true });
      cell.input.scrollIntoView({ block: "nearest", inline: "nearest" });
      cell.input.select();
    }
    paint();
  }
  /** The next live cell from (r, c) in a direction, over hidden rows and cells not asked. */
  function next({ r, c }, [dr, dc]) {
    for (r += dr, c += dc; r >= 0 && c >= 0 && r < grid.rows.length && c < grid.measures.length; r += dr, c += dc)
      if (grid.shown(grid.rows[r]) && grid.at(r, c)) return grid.at(r, c);
    return null;
  }
  /** Ctrl+arrow: to the edge of the filled (or empty) run, as in Excel. */
  function leap(cell, way) {
    const full = (x) => !!x.input.value;
    let at = next(cell, way);
    if (!at) return cell;
    const run = full(cell) && full(at);
    for (let on = next(at, way); on && (run ? full(on) : !full(at)); on = next(at, way)) at = on;
    return at;
  }
  const inRow = (cell, from, step) => {
    for (let c = from; c >= 0 && c < grid.measures.length; c += step) if (grid.at(cell.r, c)) return grid.at(cell.r, c);
    return cell;
  };
  function along(cell, step) {
    const order = grid.all.filter((x) => grid.shown(x.row));
    return order[order.indexOf(cell) + step];
  }
  function settle() {
    if (active && active.input.value !== before) {
      const was = before;
      before = active.input.value;
      on.commit(active, was);
      before = active.input.value;
    }
    editing = typed = false;
  }
  function target(e, ctrl) {
    const from = e.shiftKey && head && e.key !== "Enter" && e.key !== "Tab" ? head : active;
    const way = ARROWS[e.key];
    if (way) return ctrl ? leap(from, way) : next(from, way);
    if (e.key === "Home") return ctrl ? grid.all[0] : inRow(from, 0, 1);
    if (e.key === "End") return ctrl ? grid.all.at(-1) : inRow(from, grid.measures.length - 1, -1);
    let at = from;
    for (let i = 0; i < PAGE; i++) at = next(at, e.key === "PageUp" ? [-1, 0] : [1, 0]) ?? at;
    return at;
  }
  function move(e, ctrl) {
    if (e.key === "Tab" || e.key === "Enter") {
      const to = e.key === "Tab" ? along(active, e.shiftKey ? -1 : 1) : next(active, [e.shiftKey ? -1 : 1, 0]);
      if (!to && e.key === "Tab") return false;
      settle();
      go(to ?? active);
    } else if (e.key === "ArrowLeft" && !ctrl && !e.shiftKey && active.c === 0 && active.row.select) {
      active.row.select.focus();
    } else go(target(e, ctrl), e.shiftKey);
    return true;
  }
  function edit(e) {
    if (e.key === "F2") {
      editing = true;
      active.input.setSelectionRange(active.input.value.length, active.input.value.length);
    } else if (e.key === "Escape") {
      if (active.input.value === before && !editing && on.menu(null)) return true;
      active.input.value = before;
      on.typing(active);
      editing = typed = false;
      go(active);
    } else if ((e.key === "Delete" || e.key === "Backspace") && !editing && !typed) on.clear(chosen());
    else if ("nos".includes(e.key.toLowerCase()) && !editing && !typed) on.nil(e.key.toLowerCase(), chosen());
    else return false;
    return true;
  }
  function onKey(e) {
    if (e.isComposing || e.keyCode === 229) return;
    const ctrl = e.ctrlKey || e.metaKey;
    if (e.target.tagName === "SELECT" && e.target.name.startsWith("u.")) {
      const row = grid.rows.find((x) => x.select === e.target);
      if (e.key === "ArrowRight" || e.key === "Enter") go(inRow({ r: row.r }, 0, 1)), e.preventDefault();
      return;
    }
    if (!active || e.target !== active.input) return;
    let taken = false;
    if (e.altKey) taken = e.key === "ArrowDown" && on.menu(active);
    else if (/^(Arrow|Home|End|Page)/.test(e.key)) taken = !(editing && /Left|Right|Home|End/.test(e.key)) && move(e, ctrl);
    else if (e.key === "Tab" || e.key === "Enter") taken = move(e, ctrl);
    else if (ctrl && e.key.toLowerCase() === "a" && !editing) {
      [anchor, head] = [grid.all[0], grid.all.at(-1)];
      paint();
      taken = true;
    } else if (ctrl) {
      const act = on.keys[(e.shiftKey ? "shift+" : "") + e.key.toLowerCase()];
      if (act && !(editing && e.key.toLowerCase() === "c")) settle(), act(), taken = true;
    } else if (!grid.readonly) taken = edit(e);
    if (taken) e.preventDefault();
  }

  const { form } = grid;
  form.addEventListener("keydown", onKey);
  form.addEventListener("focusin", (e) => {
    const cell = e.target.name?.startsWith("c.") && grid.of(e.target);
    if (!cell) return;
    active = cell;
    if (!dragging) anchor = head = cell;
    before = cell.input.value;
    editing = typed = false;
    cell.input.select();
    paint();
    on.focused(cell);
  });
  form.addEventListener("focusout", (e) => e.target === active?.input && settle());
  form.addEventListener("input", (e) => {
    if (e.target !== active?.input) return;
    typed = true;
    on.typing(active);
  });
  form.addEventListener("mousedown", (e) => {
    const cell = e.target.closest(".g-in") && e.target.tagName !== "SPAN" && grid.of(e.target);
    if (!cell || e.button) return;
    if (e.target === document.activeElement && !e.shiftKey) {
      editing = dragging = true;
      anchor = head = cell;
      return paint();
    }
    e.preventDefault();
    if (!e.shiftKey) dragging = true;
    go(cell, e.shiftKey && !!active);
  });
  form.addEventListener("mouseover", (e) => {
    const cell = dragging && e.buttons & 1 && grid.of(e.target);
    if (!cell || cell === head) return;
    editing = false;
    go(cell, true);
  });
  addEventListener("mouseup", () => (dragging = false));
  form.querySelector("thead").addEventListener("click", (e) => {
    const c = grid.measures.findIndex((m) => m.code === e.target.closest("[data-measure]")?.dataset.measure);
    const column = grid.all.filter((x) => x.c === c && grid.shown(x.row));
    if (column.length) go(column[0]), go(column.at(-1), true), column[0].input.scrollIntoView({ block: "nearest" });
  });

  return {
    go, range, chosen, settle, inRow,
    get active() { return active; },
    get editing() { return editing; },
    /** Selects a block without moving the focus (after a paste). */
    select(from, to) { [anchor, head] = [from, to]; paint(); },
    /** The text under the cursor was written by us: it is the new starting point. */
    sync() { if (active) before = active.input.value; },
  };
}
