// Two drafts of one grid: what only one side changed is taken, what both changed is asked.

/** base, mine, theirs: {name: text} (absent = empty) → {merged, clash: [name], taken: [name]}. */
export function merged3(base, mine, theirs) {
  const merged = {}, clash = [], taken = [];
  for (const name of new Set([...Object.keys(base), ...Object.keys(mine), ...Object.keys(theirs)])) {
    const [b, m, t] = [base, mine, theirs].map((side) => side[name] ?? "");
    merged[name] = m === b ? t : m;
    if (m !== t && m !== b && t !== b) clash.push(name);
    else if (t !== m && m === b) taken.push(name);
  }
  return { merged, clash, taken };
}

/** Asks per cell; resolves to {name: text} of the clashes, or null if put off. */
export function ask(dialog, { title, clash, mine, theirs, label }) {
  const body = dialog.querySelector("tbody");
  dialog.querySelector("h2").textContent = title;
  body.replaceChildren(...clash.map((name, i) => {
    const tr = document.createElement("tr");
    tr.append(Object.assign(document.createElement("th"), { scope: "row", textContent: label(name) }));
    for (const [side, values] of [["mine", mine], ["theirs", theirs]]) {
      // No name attribute of a field: the choice is not part of what the form posts.
      const radio = Object.assign(document.createElement("input"), { type: "radio", name: `merge-${i}`, value: side, checked: side === "mine" });
      radio.setAttribute("form", "");
      const choice = document.createElement("label");
      choice.append(radio, values[name] || "（空）");
      tr.insertCell().append(choice);
    }
    return tr;
  }));
  const radios = (side) => body.querySelectorAll(`[value="${side}"]`);
  return new Promise((resolve) => {
    dialog.onclick = (e) => {
      const { all, merge } = e.target.dataset;
      if (all) for (const radio of radios(all)) radio.checked = true;
      if (!merge) return;
      const picks = {};
      clash.forEach((name, i) => (picks[name] = (radios("mine")[i].checked ? mine : theirs)[name] ?? ""));
      resolve(picks);
      dialog.close();
    };
    dialog.onclose = () => resolve(null);
    dialog.showModal();
  });
}
