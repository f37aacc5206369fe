"use strict";
// What a run says reaches the page by textContent, value and attributes of elements made here: never as markup.
const byId = (id) => document.getElementById(id);
const state = { runs: {}, token: "" };

function make(name, properties, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

async function ask(path, options) {
  const headers = state.token ? { Authorization: `Bearer ${state.token}` } : {};
  const response = await fetch(path, { ...options, headers: { ...headers, ...(options && options.headers) } });
  const body = await response.json();
  if (!response.ok) {
    throw Object.assign(new Error(body.error.message), { status: response.status });
  }
  return body;
}

function fail(error) {
  byId("login").hidden = error.status !== 401 && error.status !== 403;
  byId("answer").replaceChildren(make("p", { className: "error", textContent: error.message }));
}

function preview(box, file) {
  for (const old of box.querySelectorAll("img, audio")) {
    URL.revokeObjectURL(old.src);
    old.remove();
  }
  const kind = file ? file.type.split("/")[0] : "";
  if (kind === "image") {
    box.append(make("img", { src: URL.createObjectURL(file), alt: "" }));
  } else if (kind === "audio") {
    box.append(make("audio", { src: URL.createObjectURL(file), controls: true }));
  }
}

function fileField(input, id) {
  const field = make("input", { type: "file", id, accept: input.suffixes.join(","), multiple: input.kind === "video" });
  const box = make("div", { className: "drop" }, field);
  field.addEventListener("change", () => preview(box, field.files[0]));
  for (const name of ["dragover", "dragleave", "drop"]) {
    box.addEventListener(name, (event) => {
      event.preventDefault();
      box.classList.toggle("over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) {
        field.files = event.dataTransfer.files;
        preview(box, field.files[0]);
      }
    });
  }
  const read = async () => {
    const files = await Promise.all([...field.files].map(packed));
    return files.length > 1 ? files : files[0];
  };
  return [box, read];
}

function packed(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve({ base64: reader.result.slice(reader.result.indexOf(",") + 1), name: file.name });
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

function rowField(input, id) {
  const cells = input.columns.map((column, number) => {
    const cell = make("input", { id: `${id}-${number}`, type: column.values ? "text" : "number", step: "any" });
    const parts = [make("label", { htmlFor: cell.id, textContent: column.name }), cell];
    if (column.values) {
      cell.setAttribute("list", `${id}-${number}-values`);
      parts.push(make("datalist", { id: `${id}-${number}-values` }, ...column.values.slice(0, 200).map((value) => make("option", { value }))));
    }
    return { column, cell, shown: make("div", {}, ...parts) };
  });
  const read = () => {
    const given = cells.filter((one) => one.cell.value !== "");
    const row = Object.fromEntries(given.map((one) => [one.column.name, one.column.values ? one.cell.value : Number(one.cell.value)]));
    return given.length ? row : undefined;
  };
  return [make("div", { className: "columns" }, ...cells.map((one) => one.shown)), read];
}

function textField(input, id) {
  const hint = input.width ? `[${input.width} numbers]` : input.form === "json" ? "JSON" : "";
  const field = make("textarea", { id, placeholder: hint });
  const read = () => {
    if (field.value.trim() === "") return undefined;
    if (input.form !== "json") return field.value;
    try {
      return JSON.parse(field.value);
    } catch {
      return field.value;
    }
  };
  return [field, read];
}

function show(name) {
  const run = state.runs[name];
  const form = byId("inputs");
  byId("about").textContent = `${run.task}, run ${run.run}`;
  byId("answer").replaceChildren();
  const fields = run.inputs.map((input, number) => {
    const id = `input-${number}`;
    const [field, read] = input.form === "file" ? fileField(input, id) : input.columns.length ? rowField(input, id) : textField(input, id);
    const title = make(input.columns.length ? "legend" : "label", { textContent: input.name });
    if (!input.columns.length) title.htmlFor = id;
    return { name: input.name, read, shown: make(input.columns.length ? "fieldset" : "div", { className: "input" }, title, field) };
  });
  const button = make("button", { type: "submit", textContent: "Predict" });
  form.replaceChildren(...fields.map((one) => one.shown), button);
  form.onsubmit = async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      const values = {};
      for (const one of fields) {
        const value = await one.read();
        if (value !== undefined) values[one.name] = value;
      }
      const options = { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values) };
      const askRun = (want) => ask(`/v1/${encodeURIComponent(name)}/${want}`, options);
      answered(await askRun("predict"));
      const about = byId("why");
      await contributed(about, run, askRun);
      if (run.methods.length) about.append(explainer(run, askRun));
    } catch (error) {
      fail(error);
    } finally {
      button.disabled = false;
    }
  };
}

function shownValue(value) {
  if (value && typeof value === "object" && /^(image|audio)\/[a-z]+$/.test(value.type || "")) {
    const src = `data:${value.type};base64,${value.base64}`;
    return value.type.startsWith("image") ? make("img", { src, alt: "prediction" }) : make("audio", { src, controls: true });
  }
  const text = Array.isArray(value) ? value.map((one) => (typeof one === "object" ? JSON.stringify(one) : one)).join(", ") : typeof value === "object" ? JSON.stringify(value) : String(value);
  return make("p", { className: "said", textContent: text });
}

function answered(row) {
  const { id, score, scores, ...rest } = row;
  const parts = [make("h2", { textContent: "Answer" })];
  const first = Object.entries(rest)[0];
  if (first) parts.push(shownValue(first[1]));
  if (typeof score === "number") parts.push(make("p", { className: "dim", textContent: `score ${score.toFixed(3)}` }));
  if (scores && typeof scores === "object" && !Array.isArray(scores)) {
    const ranked = Object.entries(scores).filter((one) => typeof one[1] === "number").sort((a, b) => b[1] - a[1]);
    const list = make("dl", {});
    for (const [label, value] of ranked.slice(0, 10)) {
      const bar = make("progress", { max: 1, value: Math.min(1, Math.max(0, value)) });
      bar.setAttribute("aria-label", label);
      list.append(make("dt", { textContent: label }), make("dd", {}, bar), make("dd", { textContent: value.toFixed(3) }));
    }
    parts.push(list);
  }
  parts.push(make("details", {}, make("summary", { textContent: "JSON" }), make("pre", { textContent: JSON.stringify(row, null, 2).slice(0, 20000) })));
  byId("answer").replaceChildren(...parts, make("div", { id: "why" }));
}

// Bars from zero: to the right where a value speaks for the answer, to the left where it speaks against it.
function signedBars(rows) {
  const largest = Math.max(...rows.map((one) => Math.abs(one.value || 0))) || 1;
  const list = make("dl", { className: "signed" });
  for (const { name, value } of rows) {
    const known = typeof value === "number";
    const bar = make("meter", { min: 0, max: 1, value: known ? Math.abs(value) / largest : 0, className: value < 0 ? "against" : "for" });
    bar.setAttribute("aria-label", name);
    list.append(make("dt", { textContent: name }), make("dd", {}, bar), make("dd", { textContent: known ? signed(value) : "-" }));
  }
  return list;
}

function signed(value) {
  return `${value > 0 ? "+" : ""}${value.toFixed(3)}`;
}

async function contributed(box, run, askRun) {
  if (!run.scored) return;
  box.replaceChildren(make("h2", { textContent: "What each input adds" }));
  try {
    const found = await askRun("contribution");
    const rows = Object.entries(found.contribution).map(([name, value]) => ({ name, value }));
    const without = typeof found.without === "number" ? found.without.toFixed(3) : "-";
    const score = typeof found.score === "number" ? found.score.toFixed(3) : "-";
    const how = found.absent === "blank" ? "blank" : "missing";
    const note = `Shapley values: from ${without} with all of them ${how} to the score ${score} of this answer.`;
    box.append(signedBars(rows), make("p", { className: "dim", textContent: note }));
  } catch (error) {
    box.append(make("p", { className: "dim", textContent: error.message }));
  }
}

function explainer(run, askRun) {
  const method = make("select", { id: "method" }, ...run.methods.map((value) => make("option", { value, textContent: value.replaceAll("_", " ") })));
  const button = make("button", { type: "button", id: "explain", textContent: "Explain" });
  const shown = make("div", { id: "explanation" });
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      explained(shown, await askRun(`explain?method=${encodeURIComponent(method.value)}`));
    } catch (error) {
      shown.replaceChildren(make("p", { className: "error", textContent: error.message }));
    } finally {
      button.disabled = false;
    }
  });
  const title = make("label", { htmlFor: "method", textContent: "Which parts of it" });
  return make("div", { className: "input" }, title, make("div", { className: "row" }, method, button), shown);
}

function explained(box, found) {
  const note = make("p", { className: "dim", textContent: "Red speaks for the answer, blue against it, relative to the largest value of each input." });
  const figures = Object.entries(found.inputs).map(([name, input]) => {
    const parts = input.parts.filter((one) => typeof one.value === "number");
    let shown = make("p", { className: "dim", textContent: "left out: this method does not apply to it" });
    if (input.heat_map) shown = make("img", { src: `data:${input.heat_map.type};base64,${input.heat_map.base64}`, alt: `${found.method} of ${name}` });
    else if (parts.length && input.words) shown = words(parts);
    else if (parts.length) shown = signedBars(parts.sort((a, b) => Math.abs(b.value) - Math.abs(a.value)).slice(0, 20));
    return make("figure", {}, make("figcaption", { textContent: name }), shown);
  });
  box.replaceChildren(note, ...figures);
}

function words(parts) {
  const largest = Math.max(...parts.map((one) => Math.abs(one.value))) || 1;
  const line = make("p", { className: "words" });
  for (const { name, value } of parts) {
    const level = Math.round((Math.abs(value) / largest) * 10);
    line.append(make("span", { className: `${value > 0 ? "for" : "against"}${level}`, textContent: name, title: signed(value) }), " ");
  }
  return line;
}

async function begin() {
  try {
    state.runs = (await ask("/v1")).runs;
  } catch (error) {
    fail(error);
    return;
  }
  byId("login").hidden = true;
  const names = Object.keys(state.runs);
  byId("run").replaceChildren(...names.map((name) => make("option", { value: name, textContent: name })));
  byId("choice").hidden = names.length < 2;
  show(names[0]);
}

byId("run").addEventListener("change", (event) => show(event.target.value));
byId("login").addEventListener("submit", (event) => {
  event.preventDefault();
  state.token = byId("token").value.trim();
  begin();
});
begin();
