// Drives the API documentation of a running server in headless Chromium: pastes a token, tries routes, and takes screenshots.
//
//     node test/docs.js BASE_URL TOKEN DIRECTORY
//
// The server has the example communities, and the token is that of giulia.conti, who may do everything. Whatever the page loads
// from elsewhere, or is kept from loading, is a failure.

import assert from "node:assert/strict";
import { join } from "node:path";
import { start } from "./browser.js";

const [baseUrl, token, directory] = process.argv.slice(2);

const community = { community_key: "valle-chiara" };
const giulia = { ...community, member_key: "vc-00001" };
const newcomer = { ...community, member_key: "vc-90001" };
const node = { ...community, node_id: "AC001E00999" };
const yaml = `schema_version: "0.7"
community: {id: nuova-comunita, name: Nuova Comunità}
---
schema_version: "0.7"
community: {id: seconda-comunita, name: Seconda Comunità}
`;

// Every operation, in an order in which each finds what it needs: its parameters, its body, and what its answer says.
const tries = [
  ["health", {}, , '"ok"'],
  ["ready", {}, , '"ok"'],
  ["version", {}, , '"schema_version"'],
  ["community_schema", {}, , "json-schema.org/draft/2020-12"],

  ["get_me", {}, , "giulia.conti"],
  ["get_my_member", {}, , "vc-00001"],
  ["get_my_community", {}, , "valle-chiara"],
  ["list_my_assets", {}, , "vc-pv-01"],
  ["get_my_asset", { asset_key: "vc-pv-01" }, , "Tetto sud"],
  ["list_my_delivery_points", {}, , "IT001E38041726"],
  ["export_me", {}, , "Giulia Conti"],

  ["list_communities", {}, , "ribera-solar"],
  ["search_registry", { text: "giulia" }, , "Giulia Conti"],
  ["get_community", community, , "Comunità Energetica Valle Chiara"],
  ["get_topology", community, , "Cabina Segheria"],
  ["get_stats", community, , "members"],
  ["list_revisions", community, , '"number": 1'],
  ["list_members", { ...community, role: "prosumer" }, , "vc-00003"],
  ["get_member", giulia, , "giulia.conti"],
  ["get_member_by_user_id", { ...community, user_id: "giulia.conti" }, , "vc-00001"],
  ["list_delivery_points_of_member", giulia, , "IT001E38041726"],
  ["list_delivery_points", { ...community, limit: "2" }, , "next_cursor"],
  ["get_delivery_point_by_id", { ...community, dp_id: "IT001E38041726" }, , "vc-00001"],
  ["list_duplicate_delivery_points", community, , '"items": []'],
  ["list_assets", { ...community, asset_type: "pv" }, , "vc-pv-02"],
  ["get_asset", { ...community, asset_key: "vc-pv-01" }, , "Solarwerk"],
  ["get_asset_by_sensor_id", { ...community, sensor_id: "edge-7f31a0" }, , "vc-m-01"],
  ["list_meters", community, , "edge-7f31a0"],

  ["lookup_community_by_user_id", { user_id: "giulia.conti" }, , "valle-chiara"],
  ["lookup_community_by_sensor_id", { sensor_id: "edge-7f31a0" }, , "valle-chiara"],
  ["lookup_community_by_delivery_point", { dp_id: "IT001E38041726" }, , "valle-chiara"],
  ["lookup_member_by_user_id", { user_id: "giulia.conti" }, , "vc-00001"],
  ["lookup_asset_by_sensor_id", { sensor_id: "edge-7f31a0" }, , "vc-m-01"],
  ["lookup_assets_by_sensor_ids", {}, { sensor_ids: ["edge-7f31a0", "nobody's"] }, "vc-m-01"],
  ["lookup_assets_by_user_ids", {}, { user_ids: ["giulia.conti"] }, "vc-pv-01"],
  ["lookup_members_by_dids", {}, { dids: ["did:web:wallet.example:giulia-conti"] }, "vc-00001"],

  ["patch_community", community, { description: "Tried out" }, "Tried out"],
  ["put_operator", { ...community, operator_key: "rete-nuova" }, { name: "Rete Nuova", country: "IT" }, "Rete Nuova"],
  ["put_topology_node", node, { type: "primary_substation", name: "Cabina Nuova", operator_id: "rete-nuova" }, "Cabina Nuova"],
  [
    "put_area",
    { ...community, area_key: "nuova" },
    { name: "Nuova", boundary: { source: "gse_cabine_primarie", id: "AC001E00999" }, topology: ["AC001E00999"] },
    "AC001E00999",
  ],
  ["rename_area", { ...community, area_key: "nuova" }, { new_key: "nuova-valle" }, "nuova-valle"],
  [
    "create_member",
    community,
    { key: "vc-90001", user_id: "nuova.socia", name: "Nuova Socia", role: "consumer", area: "alta-valle", status: "active" },
    "nuova.socia",
  ],
  ["patch_member", newcomer, { type: "schema:Person" }, "schema:Person"],
  ["put_member_name", newcomer, { name: "Nuovissima Socia" }, "Nuovissima Socia"],
  ["put_member_role", newcomer, { role: "producer" }, "producer"],
  ["put_member_area", newcomer, { area: "nuova-valle" }, "nuova-valle"],
  ["patch_member_profile", newcomer, { role: "prosumer", area: "bassa-valle" }, "prosumer"],
  ["change_member_status", newcomer, { status: "suspended", reason: "tried out" }, "suspended"],
  ["put_delivery_point", { ...newcomer, dp_id: "IT001E99999999" }, { id: "IT001E99999999", type: "pod" }, "IT001E99999999"],
  [
    "put_asset",
    { ...newcomer, asset_key: "vc-m-90" },
    { key: "vc-m-90", asset_type: "meter", properties: { name: "Contatore nuovo", sensor_id: "edge-90" } },
    "Contatore nuovo",
  ],
  ["delete_asset", { ...newcomer, asset_key: "vc-m-90" }, , ""],
  ["delete_delivery_point", { ...newcomer, dp_id: "IT001E99999999" }, , '"delivery_points": []'],
  ["delete_member", { ...newcomer, purge: "true" }, , '"purged": true'],
  ["delete_area", { ...community, area_key: "nuova-valle" }, , "valle-chiara"],
  ["delete_topology_node", node, , "valle-chiara"],
  ["delete_operator", { ...community, operator_key: "rete-nuova" }, , "valle-chiara"],
  ["restore_community", community, { revision: 1 }, "valle-chiara"],

  ["import_json", {}, { bundle: { schema_version: "0.7", community: { id: "aurora", name: "Aurora REC" } }, dry_run: true }, "aurora"],
  ["import_yaml", {}, yaml, "seconda-comunita"],
  ["export_yaml", { community: ["seconda-comunita"] }, , "Seconda Comunità"],
  ["delete_community", { community_key: "nuova-comunita" }, , "nuova-comunita"],
  ["list_audit_entries", { operation: "import" }, , '"import"'],
];

// The page takes seconds for an operation on a busy machine. Without being told to try every one, it tries some of each kind.
const some = [
  "health", "get_me", "list_communities", "get_member", "lookup_assets_by_sensor_ids", "create_member", "put_asset", "delete_member",
  "import_json", "import_yaml", "export_yaml", "list_audit_entries",
];
const chosen = process.env.REC_REGISTRY_TEST_EVERY_ROUTE ? tries : tries.filter(([operation]) => some.includes(operation));

const { browser, page, complaints } = await start(baseUrl);
// High enough for a body and what it is answered.
await page.setViewportSize({ width: 1280, height: 1080 });

/** The block of an operation. */
const blockOf = (operation) => page.locator(`.opblock[id$="-${operation}"]`);

/** Fills in one parameter; without a value it is left out. */
async function fill(row, value) {
  if (await row.locator("select").count()) {
    await row.locator("select").selectOption(value ?? "");
  } else if (Array.isArray(value)) {
    await row.locator("input").first().fill(value[0]);
  } else {
    await row.locator("input").first().fill(value ?? "");
  }
}

/** Tries an operation and returns the status and the text that are shown. The block stays open. */
async function attempt(operation, parameters, body) {
  const block = blockOf(operation);
  await block.locator(".opblock-summary-control").click();
  await block.locator("button.execute").waitFor();
  const rows = block.locator("tr[data-param-name]");
  for (let at = 0; at < await rows.count(); at += 1) {
    await fill(rows.nth(at), parameters[await rows.nth(at).getAttribute("data-param-name")]);
  }
  if (body !== undefined) {
    await block.locator("textarea.body-param__text").fill(typeof body === "string" ? body : JSON.stringify(body, null, 2));
  }
  await block.locator("button.execute").click();
  const answer = block.locator(".live-responses-table tbody tr.response");
  const status = (await answer.locator(".response-col_status").innerText()).trim();
  return { status, text: await answer.locator(".response-col_description").innerText(), block };
}

/** Forgets the answer of an operation and closes its block. */
async function close(operation) {
  await blockOf(operation).locator("button.btn-clear").click();
  await blockOf(operation).locator(".opblock-summary-control").click();
}

try {
  await page.goto(`${baseUrl}/docs`);
  await blockOf("health").waitFor();
  const document = await (await fetch(`${baseUrl}/openapi.json`)).json();
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path).map(({ operationId }) => operationId));
  assert.deepEqual(tries.map(([operation]) => operation).sort(), operations.sort());
  assert.equal(await page.locator(".opblock").count(), operations.length);

  // Without a token nothing is told. The browser complains of the status, and of nothing else.
  const refused = await attempt("list_communities", {});
  assert.match(refused.status, /^401/);
  assert.match(refused.text, /no bearer token/);
  assert.match(complaints.join("\n"), /^Failed to load resource: [^\n]*401[^\n]*$/);
  complaints.length = 0;
  await close("list_communities");

  await page.locator(".auth-wrapper .authorize").click();
  const dialog = page.locator(".dialog-ux");
  await dialog.locator("input").fill(token);
  await dialog.getByRole("button", { name: "Apply credentials" }).click();
  await dialog.getByRole("button", { name: "Remove authorization" }).waitFor();
  await page.screenshot({ path: join(directory, "api-token.png") });
  await dialog.locator("button.btn-done").click();

  for (const [operation, parameters, body, says] of chosen) {
    const { status, text, block } = await attempt(operation, parameters, body);
    assert.match(status, /^20[014]$/, `${operation}: ${status} ${text}`);
    assert(text.includes(says), `${operation} does not say ${says}: ${text}`);
    if (operation === "put_asset" || operation === "import_yaml") {
      await block.locator(".opblock-section-request-body").evaluate((element) => element.scrollIntoView());
      await page.mouse.move(640, 5);
      await page.screenshot({ path: join(directory, operation === "put_asset" ? "api-write.png" : "api-import.png") });
    }
    await close(operation);
  }

  // The token is gone with the page.
  assert.equal(await page.evaluate((token) => JSON.stringify({ ...localStorage, ...sessionStorage }).includes(token), token), false);
  await page.reload();
  await blockOf("health").waitFor();
  assert.match((await attempt("list_communities", {})).status, /^401/);
  assert.match(complaints.join("\n"), /^Failed to load resource: [^\n]*401[^\n]*$/);
} catch (error) {
  await page.screenshot({ path: join(directory, "failed.png") });
  console.error(complaints.join("\n"));
  throw error;
} finally {
  await browser.close();
}
