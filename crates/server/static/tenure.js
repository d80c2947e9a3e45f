// What the console does beyond its pages. Every page works without this file.
(function () {
  "use strict";
  var STORE = "tenure.shortcuts";

  function stored() {
    try { return localStorage.getItem(STORE) !== "off"; } catch (_) { return true; }
  }

  function typing(target) {
    return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
  }

  // The list in which j and k move, and where one is in it.
  function links() {
    return Array.prototype.slice.call(document.querySelectorAll("[data-list] a[data-item]"));
  }

  function here(all) {
    var at = all.indexOf(document.activeElement);
    if (at >= 0) { return at; }
    return all.findIndex(function (link) { return link.hasAttribute("aria-current"); });
  }

  function move(by) {
    var all = links();
    if (all.length === 0) { return false; }
    var at = here(all);
    var next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by));
    all[next].focus();
    return true;
  }

  function skip() {
    var all = links();
    var at = here(all);
    if (at < 0 || at + 1 >= all.length) { return false; }
    all[at + 1].click();
    return true;
  }

  // Chooses what is to be signed and goes to the reason; it never sends anything.
  function choose(act) {
    var radio = document.querySelector("[data-sign] input[name=act][value=" + act + "]");
    if (!radio || radio.disabled) { return false; }
    radio.checked = true;
    var reason = document.querySelector("[data-sign] textarea[name=reason]");
    if (reason) { reason.focus(); }
    return true;
  }

  var KEYS = {
    "/": function () {
      var box = document.getElementById("q");
      if (box) { box.focus(); box.select(); }
      return Boolean(box);
    },
    j: function () { return move(1); },
    k: function () { return move(-1); },
    a: function () { return choose("approve"); },
    d: function () { return choose("deny"); },
    q: function () { return choose("question"); },
    s: skip
  };

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) { return; }
    if (event.key === "Escape" && typing(event.target)) { event.target.blur(); return; }
    if (typing(event.target) || !stored()) { return; }
    var act = Object.prototype.hasOwnProperty.call(KEYS, event.key) ? KEYS[event.key] : null;
    if (act && act()) { event.preventDefault(); }
  });

  // The look changes at once; the server keeps it for the next page.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (!form.hasAttribute("data-theme-form") || !event.submitter) { return; }
    event.preventDefault();
    var theme = event.submitter.value;
    if (theme === "system") { document.documentElement.removeAttribute("data-theme"); }
    else { document.documentElement.setAttribute("data-theme", theme); }
    form.querySelectorAll("button").forEach(function (button) {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    });
    var body = new URLSearchParams(new FormData(form));
    body.set("theme", theme);
    fetch(form.action, { method: "POST", body: body, credentials: "same-origin" });
  });

  // Those that were not made ready before.
  function fresh(selector) {
    return Array.prototype.filter.call(document.querySelectorAll(selector), function (one) {
      var before = one.hasAttribute("data-ready");
      one.setAttribute("data-ready", "");
      return !before;
    });
  }

  function ready() {
    // On a narrow screen the places are a row that scrolls: the one that is open is in view.
    var open = document.querySelector(".places a[aria-current]");
    if (open) { open.scrollIntoView({ block: "nearest", inline: "nearest" }); }
    fresh("[data-shortcuts]").forEach(function (label) {
      var box = label.querySelector("input");
      label.hidden = false;
      box.checked = stored();
      box.addEventListener("change", function () {
        try { localStorage.setItem(STORE, box.checked ? "on" : "off"); } catch (_) { /* the page stays as it is */ }
      });
    });
    // One box that ticks all others of its table.
    fresh("[data-all]").forEach(function (label) {
      label.hidden = false;
      var all = label.querySelector("input");
      all.addEventListener("change", function () {
        all.closest("form").querySelectorAll("tbody input[type=checkbox]").forEach(function (box) {
          box.checked = all.checked;
        });
      });
    });
    fresh("[data-print]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () { window.print(); });
    });
  }

  document.addEventListener("DOMContentLoaded", ready);
  // An answer without the wanted part is another page (an error, the sign-in): it is opened as one.
  document.addEventListener("htmx:beforeSwap", function (event) {
    var id = event.detail.target && event.detail.target.id;
    if (id && event.detail.serverResponse.indexOf('id="' + id + '"') < 0) {
      event.detail.shouldSwap = false;
      var info = event.detail.pathInfo;
      location.assign(info.finalRequestPath || info.requestPath);
    }
  });

  // The part of a page that htmx put in is like the part that was there.
  document.addEventListener("htmx:afterSwap", function (event) {
    ready();
    var part = document.getElementById("statement");
    var link = event.detail.requestConfig && event.detail.requestConfig.elt;
    if (!part || !link || !link.hasAttribute("data-item")) { return; }
    links().forEach(function (other) { other.removeAttribute("aria-current"); });
    link.setAttribute("aria-current", "true");
    var split = part.closest(".split");
    if (split) { split.classList.add("chosen"); }
    var heading = part.querySelector("[data-focus]");
    if (heading) { heading.focus(); }
  });

  // Whoever leaves the menu closes it.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.who[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) { menu.removeAttribute("open"); }
    });
  });
})();
