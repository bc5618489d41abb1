// A headless Chromium with one page on a server. What the page loads from elsewhere, or is kept from loading, is a complaint.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chromium } from "playwright-core";

// How long something may take that happens at all: a machine that is busy, or reads the browser from a cold disk, needs its time.
const timeout = 180_000;

/** Starts the browser. Who calls closes it. */
export async function start(baseUrl) {
  const executablePath = ["chromium", "chromium-browser", "google-chrome"]
    .map((name) => { try { return execFileSync("which", [name], { encoding: "utf8" }).trim(); } catch { return ""; } })
    .find(Boolean);
  assert(executablePath, "there is no Chromium");
  const browser = await chromium.launch({ executablePath, timeout, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  const context = await browser.newContext({ viewport: { width: 1280, height: 720 } });
  context.setDefaultTimeout(timeout);
  const page = await context.newPage();
  const complaints = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && new URL(request.url()).origin !== baseUrl) complaints.push(request.url());
  });
  return { browser, context, page, complaints };
}
