// Shows the value under the pointer beneath a map. The page is complete without it.
for (const map of document.querySelectorAll(".map svg[role=group]")) {
  const line = document.createElement("p");
  line.className = "map-source reading";
  line.setAttribute("aria-hidden", "true");
  line.textContent = "\u00a0";
  map.after(line);
  map.addEventListener("pointerover", (event) => {
    const area = event.target.closest("[aria-label]");
    line.textContent = area && area !== map ? area.getAttribute("aria-label") : "\u00a0";
  });
}
