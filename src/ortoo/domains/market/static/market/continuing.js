// Goes on with the next batch of an import by itself. Without script its button does.
const form = document.querySelector("form[data-continue]");
if (form) form.requestSubmit(form.querySelector('button[value="import"]'));
