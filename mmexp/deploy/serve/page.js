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
      answered(await ask(`/v1/${encodeURIComponent(name)}/predict`, options));
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
  byId("answer").replaceChildren(...parts);
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
