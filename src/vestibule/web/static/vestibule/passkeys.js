/* Passkeys: asks the server what to ask, lets the browser ask its owner, sends the answer in a form. */
"use strict";

(() => {
  const toBytes = text => Uint8Array.from(
    atob(text.replace(/-/g, "+").replace(/_/g, "/")), character => character.charCodeAt(0),
  );
  const toText = buffer => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const withBytes = key => ({ ...key, id: toBytes(key.id) });

  /* The browser takes bytes where JSON has text. */
  function readable(options) {
    const key = { ...options.publicKey, challenge: toBytes(options.publicKey.challenge) };
    if (key.user) key.user = withBytes(key.user);
    if (key.allowCredentials) key.allowCredentials = key.allowCredentials.map(withBytes);
    if (key.excludeCredentials) key.excludeCredentials = key.excludeCredentials.map(withBytes);
    return { publicKey: key };
  }

  function written(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = toText(credential.response[name]);
    }
    return JSON.stringify({
      id: credential.id,
      rawId: toText(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
    });
  }

  async function options(form) {
    const body = new URLSearchParams({ ask: "options", csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value });
    const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!answer.ok || !(answer.headers.get("Content-Type") || "").includes("application/json")) throw new Error("no options");
    return readable(await answer.json());
  }

  async function run(form, kind) {
    const failed = form.querySelector("[data-passkey-failed]");
    failed.hidden = true;
    form.dataset.busy = "yes";
    try {
      const credential = await navigator.credentials[kind](await options(form));
      form.elements.credential.value = written(credential);
    } catch {
      failed.hidden = false;
      return;
    } finally {
      delete form.dataset.busy;
    }
    form.requestSubmit();
  }

  const asks = form => form.querySelector("[data-passkey]");

  document.addEventListener("click", event => {
    const button = event.target.closest("[data-passkey='get']");
    if (button && !button.form.dataset.busy) run(button.form, "get");
    if (event.target.closest("[data-print]")) window.print();
  });

  /* Making one: Enter in the name's field sends the form, too. */
  document.addEventListener("submit", event => {
    const form = event.target;
    const button = form.matches("[data-passkey-form]") ? asks(form) : null;
    if (!button || button.dataset.passkey !== "create" || form.elements.credential.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!form.dataset.busy) run(form, "create");
  }, true);

  window.addEventListener("DOMContentLoaded", () => {
    const able = window.PublicKeyCredential && navigator.credentials;
    for (const form of document.querySelectorAll("[data-passkey-form]")) {
      if (!able && asks(form).dataset.passkey === "get") form.hidden = true;
    }
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("[data-passkey-form]")) form.elements.credential.value = "";
  });
})();
