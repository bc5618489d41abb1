// The page that needs no build. It asks over HTTP alone, so subscriptions are not for it.

import { examples as all } from "./examples.js";

const examples = all.filter(({ query }) => !/^subscription\b/m.test(query));

const find = (id) => document.getElementById(id);
const [query, variables, token, run, answer, status] =
  ["query", "variables", "token", "run", "answer", "status"].map(find);

const remembered = {
  get(key) { try { return sessionStorage.getItem(key); } catch { return null; } },
  set(key, value) { try { sessionStorage.setItem(key, value); } catch { /* a tab without storage forgets */ } },
};

// Lays JSON out without reading its numbers, so that every digit stays as the server sent it.
function laidOut(json) {
  let out = "", depth = 0, at = 0;
  const line = () => "\n" + "  ".repeat(depth);
  const next = (from) => { while (/\s/.test(json[from] ?? "")) from += 1; return from; };
  while (at < json.length) {
    const char = json[at];
    if (char === '"') {
      let end = at + 1;
      while (end < json.length && json[end] !== '"') end += json[end] === "\\" ? 2 : 1;
      out += json.slice(at, end + 1);
      at = end + 1;
      continue;
    }
    if (char === "{" || char === "[") {
      const inside = next(at + 1);
      if (json[inside] === "}" || json[inside] === "]") { out += char + json[inside]; at = inside + 1; continue; }
      depth += 1;
      out += char + line();
    } else if (char === "}" || char === "]") { depth -= 1; out += line() + char; }
    else if (char === ",") out += "," + line();
    else if (char === ":") out += ": ";
    else if (!/\s/.test(char)) out += char;
    at += 1;
  }
  return out;
}

function say(text, bad) {
  status.textContent = text;
  status.className = bad ? "bad" : "";
}

async function ask() {
  const body = { query: query.value };
  const given = variables.value.trim();
  let text = JSON.stringify(body);
  if (given) {
    try { JSON.parse(given); } catch (error) { say("The variables are no JSON: " + error.message, true); return; }
    // The text itself goes along: reading and writing it again would change numbers.
    text = text.slice(0, -1) + ',"variables":' + given + "}";
  }
  const headers = { "Content-Type": "application/json", Accept: "application/graphql-response+json" };
  if (token.value.trim()) headers.Authorization = "Bearer " + token.value.trim();
  run.disabled = true;
  say("Running…", false);
  const began = performance.now();
  try {
    const response = await fetch("/graphql", { method: "POST", headers, body: text });
    const json = await response.text();
    const took = Math.round(performance.now() - began);
    answer.textContent = laidOut(json);
    const failed = !response.ok || /"errors":\[/.test(json);
    say(`${response.status} · ${took} ms · ${json.length.toLocaleString("en")} characters`, failed);
  } catch (error) {
    say("No answer: " + error.message, true);
  } finally {
    run.disabled = false;
  }
}

function choose(example, button) {
  query.value = example.query;
  variables.value = example.variables ? JSON.stringify(example.variables, null, 2) : "";
  for (const other of document.querySelectorAll("#examples button")) other.removeAttribute("aria-current");
  button.setAttribute("aria-current", "true");
  keep();
}

function keep() {
  remembered.set("query", query.value);
  remembered.set("variables", variables.value);
}

for (const example of examples) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = example.name;
  button.addEventListener("click", () => choose(example, button));
  const item = document.createElement("li");
  item.append(button);
  find("examples").append(item);
}

const address = new URLSearchParams(location.search);
token.value = remembered.get("token") ?? "";
query.value = address.get("query") ?? remembered.get("query") ?? examples[0].query;
variables.value = address.get("variables") ?? remembered.get("variables") ?? "";

token.addEventListener("input", () => remembered.set("token", token.value));
query.addEventListener("input", keep);
variables.addEventListener("input", keep);
run.addEventListener("click", ask);
document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "Enter") { event.preventDefault(); ask(); }
});
