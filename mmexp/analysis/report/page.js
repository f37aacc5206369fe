"use strict";
// Sorts and filters tables, copies commands, and lights up one way in all charts of its ranking.
// What is sorted and filtered stands in the address, so that a link shows the same.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const state = new URLSearchParams(location.hash.slice(1));
  const keep = (key, value) => {
    if (value) state.set(key, value); else state.delete(key);
    history.replaceState(null, "", "#" + state);
  };

  const value = (body, column) => {
    const cell = body.rows[0].cells[column];
    return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(b);
  const isMissing = (body, column) => {
    const cell = body.rows[0].cells[column];
    return cell.classList.contains("num") && cell.dataset.value === undefined;
  };

  const sort = (table, column, down) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, i) => {
      if (head.hasAttribute("aria-sort"))
        head.setAttribute("aria-sort", i === column ? (down ? "descending" : "ascending") : "none");
    });
    const sign = down ? -1 : 1;
    [...table.tBodies]
      .sort((a, b) => isMissing(a, column) - isMissing(b, column) || sign * compare(value(a, column), value(b, column)))
      .forEach((body) => table.append(body));
  };

  const filter = (section, text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const bodies = all("tbody", section);
    bodies.forEach((body) => {
      const own = body.textContent.toLowerCase();
      body.hidden = !words.every((word) => own.includes(word));
    });
    const shown = bodies.filter((body) => !body.hidden).length;
    section.querySelector(".shown").textContent = `${shown} of ${bodies.length} rows`;
  };

  all("section.leaderboard").forEach((section, number) => {
    const table = section.querySelector("table.sortable");
    const box = section.querySelector("input.filter");
    all("thead button", table).forEach((button, column) => {
      button.addEventListener("click", () => {
        const down = button.parentElement.getAttribute("aria-sort") === "ascending";
        sort(table, column, down);
        keep(`sort${number}`, (down ? "-" : "+") + column);
      });
    });
    box.addEventListener("input", () => { filter(section, box.value); keep(`filter${number}`, box.value); });
    const [order, words] = [state.get(`sort${number}`), state.get(`filter${number}`)];
    if (/^[-+]\d+$/.test(order || "") && Number(order.slice(1)) < all("thead button", table).length)
      sort(table, Number(order.slice(1)), order[0] === "-");
    if (words) { box.value = words; filter(section, words); }
  });

  all("button.more").forEach((button) => button.addEventListener("click", () => {
    const row = button.closest("tbody").rows[1];
    row.hidden = !row.hidden;
    button.setAttribute("aria-expanded", String(!row.hidden));
  }));

  all("button.copy").forEach((button) => button.addEventListener("click", async () => {
    const code = button.previousElementSibling;
    getSelection().selectAllChildren(code);
    try { await navigator.clipboard.writeText(code.textContent); } catch { return; }
    button.textContent = "copied";
    setTimeout(() => { button.textContent = "copy"; }, 1500);
  }));

  all("article").forEach((article) => {
    const light = (way) => {
      article.classList.toggle("pointed", way !== undefined);
      all("[data-way]", article).forEach((mark) => mark.classList.toggle("on", mark.dataset.way === way));
    };
    article.addEventListener("pointerover", (event) => light(event.target.closest("[data-way]")?.dataset.way));
    article.addEventListener("pointerleave", () => light(undefined));
  });
})();
