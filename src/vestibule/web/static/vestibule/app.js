/* What the pages do on top of plain links and forms. No eval, no inline handlers: it runs under script-src 'self'. */
"use strict";

document.documentElement.classList.add("js");

/* --- Alpine components --------------------------------------------------------------------- */

/* A piece that says where it comes from (data-fill) is fetched once, when it is first wanted. */
const fill = piece => {
  const from = piece && piece.dataset.fill;
  if (!from || !window.htmx) return Promise.resolve();
  delete piece.dataset.fill;
  return window.htmx.ajax("GET", from, { target: piece, swap: "innerHTML" });
};

document.addEventListener("alpine:init", () => {
  /* A menu is a <details>: it closes on Escape, on a click elsewhere and when another one opens. */
  Alpine.data("menu", () => ({
    init() {
      const details = this.$el;
      const close = () => { details.open = false; };
      const list = details.querySelector(".menu-list");
      const place = () => {
        details.classList.remove("menu-up");
        const low = details.open && list.getBoundingClientRect().bottom > window.innerHeight;
        if (low && details.classList.contains("more")) details.classList.add("menu-up");
      };
      let filling = Promise.resolve();
      const want = () => { if (list && list.dataset.fill) filling = fill(list).then(place); };
      for (const sign of ["pointerenter", "focusin", "toggle"]) details.addEventListener(sign, want);
      document.addEventListener("click", event => { if (!details.contains(event.target)) close(); });
      details.addEventListener("focusout", event => {
        if (event.relatedTarget && !details.contains(event.relatedTarget)) close();
      });
      details.addEventListener("keydown", event => {
        if (event.key === "Escape" && details.open) {
          close();
          details.querySelector("summary").focus();
          event.stopPropagation();
        }
        if (details.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
          const down = event.key === "ArrowDown";
          event.preventDefault();
          filling.then(() => {
            const items = [...details.querySelectorAll(".menu-item")];
            const now = items.indexOf(document.activeElement);
            const next = now < 0 ? (down ? 0 : items.length - 1) : (now + (down ? 1 : -1) + items.length) % items.length;
            if (items[next]) items[next].focus();
          });
        }
      });
      details.addEventListener("toggle", () => {
        place();
      });
    },
  }));

  /* What folds on a phone and stands open on a wide screen. */
  Alpine.data("fold", () => ({
    init() { if (window.matchMedia("(max-width: 820px)").matches) this.$el.open = false; },
  }));

  /* A tip shows by CSS on hover and focus; Escape hides it until the next time. */
  Alpine.data("tip", () => ({
    hide() { this.$root.classList.add("hush"); },
    show() { this.$root.classList.remove("hush"); fill(this.$root.querySelector("[data-fill]")); },
  }));

  Alpine.data("theme", () => ({
    choose(event) {
      const button = event.target.closest("button");
      const theme = button.dataset.theme;
      const root = document.documentElement;
      if (theme) root.dataset.bsTheme = theme; else delete root.dataset.bsTheme;
      const age = theme ? 31536000 : 0;
      const secure = location.protocol === "https:" ? "; Secure" : "";
      document.cookie = `vestibule_theme=${theme}; Path=/; Max-Age=${age}; SameSite=Lax${secure}`;
      for (const other of button.parentElement.children) other.setAttribute("aria-pressed", String(other === button));
    },
  }));

  /* The password's checklist says what is met; the server decides. */
  Alpine.data("password", () => ({
    init() {
      const input = this.$el.querySelector("input");
      const list = this.$el.querySelector(".checks");
      const described = (input.getAttribute("aria-describedby") || "").split(" ").filter(Boolean);
      input.setAttribute("aria-describedby", [...described, list.id].join(" "));
      this.check();
    },
    check() {
      const value = this.$root.querySelector("input").value;
      const met = {
        fifteen: [...value].length >= 15,
        eight: [...value].length >= 8,
        upper: /\p{Lu}/u.test(value),
        lower: /\p{Ll}/u.test(value),
        digit: /\p{Nd}/u.test(value),
        special: /[^\p{L}\p{Nd}\s]/u.test(value),
      };
      for (const line of this.$root.querySelectorAll("[data-rule]")) {
        const use = line.querySelector("use");
        line.classList.toggle("met", met[line.dataset.rule]);
        use.setAttribute("href", use.getAttribute("href").replace(/#.*/, met[line.dataset.rule] ? "#circle-check" : "#circle"));
      }
      const classes = met.eight && met.upper && met.lower && met.digit && met.special;
      const enough = { classic: classes, nist: met.fifteen, either: met.fifteen || classes }[this.$root.dataset.preset];
      const status = this.$root.querySelector("[role=status]");
      status.textContent = enough ? status.dataset.done : "";
    },
    toggle(event) {
      const button = event.target.closest("button");
      const input = this.$root.querySelector("input");
      const shown = input.type === "password";
      input.type = shown ? "text" : "password";
      button.setAttribute("aria-pressed", String(shown));
    },
  }));

  /* One company of thousands: a combobox over the list that the server sends (ARIA APG, “list autocomplete, manual selection”). */
  Alpine.data("picker", () => ({
    active: -1,
    init() {
      const box = this.$refs.box;
      box.setAttribute("role", "combobox");
      box.setAttribute("aria-autocomplete", "list");
      box.setAttribute("aria-controls", "company-listbox");
      this.dress();
      this.$root.addEventListener("htmx:afterSwap", () => { this.active = -1; this.dress(); });
    },
    list() { return this.$root.querySelector("[data-listbox]"); },
    options() { return [...this.$root.querySelectorAll("[data-listbox] .option")]; },
    /* Without this script the list is a group of radio buttons; with it, options of a listbox. */
    dress() {
      const list = this.list();
      const box = this.$refs.box;
      box.setAttribute("aria-expanded", String(Boolean(list)));
      box.removeAttribute("aria-activedescendant");
      if (!list) return;
      list.id = "company-listbox";
      list.setAttribute("role", "listbox");
      for (const option of this.options()) option.setAttribute("role", "option");
      this.mark();
    },
    mark() {
      for (const option of this.options()) {
        const radio = option.querySelector("input");
        option.setAttribute("aria-selected", String(radio.checked));
        const note = this.$root.querySelector(`[data-note-of="${CSS.escape(radio.value)}"]`);
        if (note) note.hidden = !radio.checked;
      }
    },
    picked(event) {
      this.point(this.options().indexOf(event.target.closest(".option")));
      this.mark();
    },
    point(index) {
      const options = this.options();
      this.active = index;
      options.forEach((option, place) => option.classList.toggle("active", place === index));
      if (index < 0) { this.$refs.box.removeAttribute("aria-activedescendant"); return; }
      this.$refs.box.setAttribute("aria-activedescendant", options[index].id);
      options[index].scrollIntoView({ block: "nearest" });
    },
    key(event) {
      const options = this.options();
      if ((event.key === "ArrowDown" || event.key === "ArrowUp") && options.length) {
        event.preventDefault();
        const start = this.active < 0 && event.key === "ArrowUp" ? 0 : this.active;
        this.point((start + (event.key === "ArrowDown" ? 1 : -1) + options.length) % options.length);
      } else if (event.key === "Escape") {
        event.preventDefault();
        if (this.active >= 0) { this.point(-1); return; }
        this.$refs.box.value = "";
        this.$refs.box.dispatchEvent(new Event("input", { bubbles: true }));
      }
    },
    /* Enter: take the marked company and go on; with nothing marked, mark the first one. */
    submitted(event) {
      event.preventDefault();
      const options = this.options();
      if (this.active < 0) {
        if (options.length) this.point(0);
        return;
      }
      options[this.active].querySelector("input").checked = true;
      this.mark();
      document.getElementById("step").requestSubmit();
    },
  }));
});

/* --- the dialog: a link's own page, shown in place --------------------------------------------- */

const dialog = () => document.getElementById("dialog");
let opener = null;

document.addEventListener("htmx:beforeRequest", event => {
  if (event.detail.target && event.detail.target.id === "dialog-body") opener = event.detail.elt;
});
document.addEventListener("htmx:beforeSwap", event => {
  if (event.detail.target && event.detail.target.id === "dialog-body" && !event.detail.serverResponse.includes('id="confirm"')) {
    event.detail.shouldSwap = false;
    window.location.assign(event.detail.pathInfo.requestPath);
  }
});
document.addEventListener("htmx:afterSwap", event => {
  if (event.detail.target && event.detail.target.id === "dialog-body" && dialog() && !dialog().open) {
    for (const menu of document.querySelectorAll(".menu[open]")) menu.open = false;
    dialog().showModal();
    const first = dialog().querySelector("input:not([type=hidden]), select, textarea, button.btn-primary, button.btn-danger, [data-close]");
    if (first) first.focus();
  }
});
document.addEventListener("click", event => {
  if (!dialog() || !dialog().open) return;
  if (event.target === dialog() || event.target.closest("#dialog [data-close]")) {
    event.preventDefault();
    dialog().close();
  }
});
document.addEventListener("DOMContentLoaded", () => {
  if (dialog()) {
    dialog().addEventListener("close", () => {
      document.getElementById("dialog-body").replaceChildren();
      if (!opener) return;
      const menu = opener.closest(".menu");
      (menu ? menu.querySelector("summary") : opener).focus();
      opener = null;
    });
  }
  const refused = document.querySelector("[data-focus]");
  if (refused) refused.focus();
});

/* --- small things ---------------------------------------------------------------------------- */

for (const failure of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(failure, event => {
    if (event.detail.target && event.detail.target.id === "dialog-body" && event.detail.pathInfo) {
      window.location.assign(event.detail.pathInfo.requestPath);
      return;
    }
    const note = document.getElementById("connection-lost");
    if (note) note.hidden = false;
  });
}
document.addEventListener("htmx:afterOnLoad", () => {
  const note = document.getElementById("connection-lost");
  if (note) note.hidden = true;
});

document.addEventListener("keydown", event => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const box = document.querySelector("[data-shortcut='/']");
    if (box) { event.preventDefault(); box.focus(); }
  }
  if (event.key === "Escape" && location.hash === "#menu") {
    location.hash = "#content";
    document.querySelector(".hamburger").focus();
  }
  if (event.key === "Enter" && event.target.matches("[data-no-enter]")) event.preventDefault();
});

/* A second click on a button that is already at work does nothing. */
document.addEventListener("submit", event => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  setTimeout(() => { delete form.dataset.sent; }, 8000);
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

/* --- lists: choosing several, and focus after a part of the page was replaced ------------------ */

document.addEventListener("alpine:init", () => {
  /* Ticked rows are counted in the bar below; without scripts the bar always stands there. */
  Alpine.data("several", () => ({
    init() {
      const root = this.$el;
      const bar = root.querySelector(".several");
      const all = root.querySelector("#pick-all");
      const boxes = [...root.querySelectorAll("input[name=user]")];
      if (!bar || !boxes.length) return;
      const say = () => {
        const chosen = boxes.filter(box => box.checked).length;
        bar.hidden = !chosen;
        bar.querySelector("[data-chosen]").textContent = String(chosen);
        all.checked = chosen === boxes.length;
        all.indeterminate = chosen > 0 && chosen < boxes.length;
      };
      root.addEventListener("change", event => {
        if (event.target === all) for (const box of boxes) box.checked = all.checked;
        if (event.target === all || event.target.name === "user") say();
      });
      say();
    },
  }));
});

document.addEventListener("htmx:afterSettle", event => {
  const results = document.getElementById("results");
  if (!results || !event.detail.target || event.detail.target.id !== "results") return;
  const focused = document.activeElement;
  if (!focused || focused === document.body) results.focus({ preventScroll: true });
});

/* --- settings ---------------------------------------------------------------------------------- */

document.addEventListener("alpine:init", () => {
  /* What is typed as a word stands at once where the menu would show it. */
  Alpine.data("examples", () => ({
    show(event) {
      const language = event.target.dataset.word;
      const shown = language && this.$root.querySelector(`[data-example="${CSS.escape(language)}"]`);
      if (shown) shown.textContent = event.target.value;
    },
  }));

  /* The colour field and the typed colour say the same; the typed one is sent. */
  Alpine.data("accent", () => ({
    pick() {
      const typed = this.$refs.typed.querySelector("input");
      typed.value = this.$refs.picked.value;
      typed.dispatchEvent(new Event("input", { bubbles: true }));
    },
    type(event) {
      if (/^#[0-9a-f]{6}$/i.test(event.target.value)) this.$refs.picked.value = event.target.value;
    },
  }));
});
