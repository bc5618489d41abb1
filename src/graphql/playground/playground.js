"use strict";

const examples = [
  { name: "What this service is", query: `# Needs no token.
{
  service {
    apiVersion
    schemaVersion
  }
}` },
  { name: "Who am I", query: `{
  me {
    username
    memberships {
      key
      name
      role
      community { key name }
      area { name }
      deliveryPoints { code type active }
      assets { nodes { key name type } }
    }
  }
}` },
  { name: "Communities", query: `{
  communities(first: 20, orderBy: NAME_ASC) {
    totalCount
    nodes {
      key
      name
      contact { email }
      settings { currency timezone }
      areas { key name boundary { source id } }
    }
    pageInfo { hasNextPage endCursor }
  }
}` },
  { name: "A community, all of it", variables: { key: "valle-chiara" }, query: `query Community($key: String!) {
  community(key: $key) {
    name
    members(first: 50) {
      nodes {
        key
        name
        role
        area { name }
        deliveryPoints { code }
        assets {
          nodes { name type owner { name } }
        }
      }
    }
  }
}` },
  { name: "Members, page by page", variables: { first: 10, after: null }, query: `query Members($first: Int, $after: String) {
  members(
    first: $first
    after: $after
    filter: { status: { eq: ACTIVE }, assets: { some: { type: { eq: PV } } } }
    orderBy: NAME_ASC
  ) {
    totalCount
    nodes { key name role community { key } }
    pageInfo { hasNextPage endCursor }
  }
}` },
  { name: "Assets by kind", query: `{
  assets(first: 25, filter: { type: { in: [PV, STORAGE, HEAT_PUMP] } }) {
    nodes {
      key
      name
      ... on PvAsset { ratedPower orientation tiltAngle }
      ... on StorageAsset { capacity batteryType }
      ... on HeatPumpAsset { thermalPower cop }
      device { manufacturer model }
      owner { name }
    }
  }
}` },
  { name: "Who holds this sensor", variables: { sensorId: "edge-7f31a0" }, query: `query Holder($sensorId: String!) {
  assetBySensorId(sensorId: $sensorId) {
    key
    name
    owner { key name community { key name } }
    measures { key type }
    ... on MeterAsset { deliveryPoint { code address } }
  }
}` },
  { name: "The grid of a community", variables: { key: "valle-chiara" }, query: `query Grid($key: String!) {
  community(key: $key) {
    operators { key name country }
    topology {
      id
      type
      operator { name }
      parent { id }
      children { id type }
      areas { key name }
    }
  }
}` },
  { name: "Try an import", variables: { yaml: "community: {id: trial, name: A trial}\n" }, query: `# A dry run: it reports what an import would do, and writes nothing.
mutation Try($yaml: String!) {
  importYaml(yaml: $yaml, dryRun: true) {
    reports {
      communityKey
      inserted { member deliveryPoint asset }
      warnings
      refusals { code path detail }
    }
  }
}` },
];

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
