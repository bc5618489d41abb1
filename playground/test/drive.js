// Drives the playground of a running server in headless Chromium, and takes two screenshots.
//
//     node test/drive.js BASE_URL TOKEN DIRECTORY
//
// The server has the example communities. Whatever the page loads from elsewhere, or is kept from loading, is a failure.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { start } from "./browser.js";

const [baseUrl, token, directory] = process.argv.slice(2);
const example = readFileSync(new URL("../../examples/ribera-solar.yaml", import.meta.url), "utf8");

const { browser, context, page, complaints } = await start(baseUrl);

/** Opens a saved query in a tab of its own. */
async function open(name) {
  await page.getByRole("button", { name, exact: true }).click();
}

const run = () => page.getByRole("button", { name: /Execute query/ }).click();

/** Waits until the answer has this text. */
async function answer(text) {
  await page.locator(".graphiql-response .view-line", { hasText: text }).first().waitFor();
}

try {
  await page.goto(`${baseUrl}/graphql`);
  await page.getByLabel("Token").fill(token);

  await open("A community, all of it");
  await run();
  await answer("vc-00001");
  await page.mouse.move(640, 5);
  await page.screenshot({ path: join(directory, "playground-query.png") });

  await open("Changes as they happen");
  await run();
  // Changes are made until one is told: the protocol does not say when a subscription has begun.
  const name = "Ribera";
  for (let edition = 0; ; edition += 1) {
    const body = example.replace(/^( *)name: .*$/m, `$1name: ${name}${edition || ""}`);
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/yaml" };
    const imported = await fetch(`${baseUrl}/admin/import/yaml`, { method: "POST", headers, body });
    assert.equal(imported.status, 200, await imported.text());
    const told = page.locator(".graphiql-response .view-line", { hasText: name }).first();
    if (await told.waitFor({ timeout: 1_000 }).then(() => true, () => false)) break;
    assert(edition < 120, "nothing is told of any change");
  }
  await answer("UPDATED");
  await page.screenshot({ path: join(directory, "playground-subscription.png") });
  await page.getByRole("button", { name: /Stop query/ }).click();

  // The token is this tab's alone.
  const other = await context.newPage();
  await other.goto(`${baseUrl}/graphql`);
  assert.equal(await other.getByLabel("Token").inputValue(), "");
  assert.equal(await other.evaluate(() => localStorage.length), 0);

  // The page that needs no build.
  await other.goto(`${baseUrl}/graphql/plain`);
  await other.getByLabel("Token").fill(token);
  await other.getByRole("button", { name: "Communities", exact: true }).click();
  await other.getByRole("button", { name: "Run" }).click();
  await other.getByText("valle-chiara").first().waitFor();

  assert.deepEqual(complaints, []);
} catch (error) {
  await page.screenshot({ path: join(directory, "failed.png") });
  console.error(complaints.join("\n"));
  throw error;
} finally {
  await browser.close();
}
