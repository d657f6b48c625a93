// Copies a read-only text. Without script the text is selected and copied by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const source = document.getElementById(button.dataset.copy);
  const said = button.parentElement.querySelector("[data-copy-said]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    source.select();
    let done = false;
    try {
      await navigator.clipboard.writeText(source.value);
      done = true;
    } catch {
      done = document.execCommand("copy");
    }
    if (said) said.textContent = done ? button.dataset.copied || "已复制。" : "请按 Ctrl+C 复制选中的文本。";
  });
}
