// The page: takes an id and a proof file, loads what the verifier needs for it, shows what the proof says.

"use strict";

const element = (id) => document.getElementById(id);
const worker = new Worker("worker.js");
const waiting = new Map();
let questions = 0;

worker.onmessage = ({ data }) => {
  waiting.get(data.question)(data);
  waiting.delete(data.question);
};

// Asks the verifier; the parts of the question are byte strings.
function ask(parts) {
  const question = questions++;
  return new Promise((resolve) => {
    waiting.set(question, resolve);
    worker.postMessage({ question, parts });
  });
}

// Files are kept while the page is open. They need not be trusted: the verifier knows their digest.
const loaded = new Map();
function load(path) {
  if (!loaded.has(path)) {
    const loading = fetch(path).then(async (response) => {
      if (!response.ok) throw new Error(`${path}: ${response.status} ${response.statusText}`);
      return new Uint8Array(await response.arrayBuffer());
    });
    loading.catch(() => loaded.delete(path));
    loaded.set(path, loading);
  }
  return loaded.get(path);
}

function show(verdict, title, detail, entries = []) {
  element("result").hidden = false;
  element("result").dataset.verdict = verdict;
  element("verdict").textContent = title;
  element("detail").textContent = detail;
  // Text only: what a proof contains may look like markup.
  element("statement").replaceChildren(
    ...entries.flatMap(([name, value]) => {
      const [term, description] = [document.createElement("dt"), document.createElement("dd")];
      [term.textContent, description.textContent] = [name, value];
      return [term, description];
    }),
  );
}

function bytes(hex) {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}

// Bytes as text if they are text, else as digits.
function readable(hex) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes(hex));
  } catch {
    return `(hexadecimal) ${hex}`;
  }
}

function statement(answer) {
  const entries = [["Program", answer.program_id]];
  if (answer.args === null) {
    entries.push(["Arguments and environment", "inside the program, which is a snapshot"]);
  } else {
    entries.push(["Arguments", JSON.stringify(answer.args)], ["Environment", JSON.stringify(answer.env)]);
  }
  entries.push(
    ["Public input", readable(answer.public_input_hex) || "none"],
    ["Output", readable(answer.output_hex) || "none"],
    ["Exit status", String(answer.status)],
    ["Segments", String(answer.segments)],
  );
  return entries;
}

// Only the last proof that was given counts.
let current = 0;
async function verify(file) {
  const mine = ++current;
  const say = (...what) => mine === current && show(...what);
  try {
    const id = element("id").value.trim();
    if (!id) {
      say("refused", "Which program?", "Enter the program id first: a proof without one says nothing.");
      return;
    }
    say("working", "Checking", "Reading the proof.");
    const proof = new Uint8Array(await file.arrayBuffer());
    const needs = (await ask([proof])).answer;
    if (needs.error) throw new Error(needs.error);
    say("working", "Checking", `Loading the verifier's files for shape ${needs.shape}.`);
    const files = await Promise.all(["shape", "pallas.key", "vesta.key"].map((name) => load(`${needs.shape}/${name}`)));
    say("working", "Checking", "Verifying.");
    const { answer, seconds } = await ask([proof, new TextEncoder().encode(id), ...files]);
    if (answer.error || answer.valid !== true) throw new Error(answer.error ?? "the verifier gave no answer");
    const detail = `Checked in ${seconds.toFixed(1)} s. On a private input that this does not reveal, it is proved that:`;
    say("valid", "Valid", detail, statement(answer));
  } catch (error) {
    say("refused", "Not valid", error.message);
  }
}

const drop = element("drop");
for (const name of ["dragover", "dragleave", "drop"]) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", name === "dragover");
    const [file] = (name === "drop" && event.dataTransfer.files) || [];
    if (file) verify(file);
  });
}
element("file").addEventListener("change", ({ target }) => {
  const [file] = target.files;
  if (file) verify(file);
});
