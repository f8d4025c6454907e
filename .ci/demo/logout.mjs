// Clicks through the sign-outs of the Todo example: one user on two devices, each with the page of another replica.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [start, browserProgram, redisProgram] = process.argv.slice(2);

// Redis cannot choose a port itself.
const probe = createServer().listen(0, "127.0.0.1");
await once(probe, "listening");
const { port } = probe.address();
probe.close();
await once(probe, "close");
const redisSettings = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--appendonly", "no"];
const redis = spawn(redisProgram, redisSettings, { stdio: ["ignore", "ignore", "inherit"] });
process.on("exit", () => redis.kill());

const stdio = ["pipe", "pipe", "inherit"];
const env = { ...process.env, PORT: "0", AUTH_PORT: "0", REDIS_URL: `redis://127.0.0.1:${port}` };
const servers = spawn(start, ["--logout"], { stdio, env });
process.on("exit", () => servers.stdin.end());

const sites = [];
for await (const line of createInterface(servers.stdout)) {
  const [, url, replica] = line.match(/^open (http:\/\/localhost:\d+)\/ \(replica (\d)/) ?? [];
  if (url) sites[replica - 1] = url;
  if (sites[0] && sites[1]) break;
}

const browser = await chromium.launch({
  executablePath: browserProgram,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

/** A device of the user: the page of one replica, in a browser of its own. */
async function device(site) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`${site}/`);
  const it = {
    page,
    click: (name) => page.getByRole("button", { name, exact: true }).click(),
    sees: (selector, text) => page.locator(selector).filter({ hasText: text, visible: true }).waitFor({ timeout: 10_000 }),
    fill: async (fields) => {
      for (const [name, value] of Object.entries(fields)) await page.locator(`#credentials [name=${name}]`).fill(value);
    },
    signIn: async () => {
      await it.fill({ email: "ada@example.com", password: "the password of Ada" });
      await it.click("Sign in");
      await it.sees("#claims", '"sid": "');
      await it.sees("#none", "Nothing to do.");
    },
    /** Clicks, and waits until the auth server has answered this request. */
    leave: async (name, path) => {
      const answered = page.waitForResponse((response) => response.url().endsWith(path));
      await it.click(name);
      assert.equal((await answered).status(), 200);
      await page.locator("#credentials").waitFor();
    },
    /** The status for the token of the session that has ended. */
    again: async (status) => {
      await it.click("Send the last token again");
      await it.sees("#status", String(status));
    },
  };
  return it;
}

const phone = await device(sites[0]);
await phone.fill({ name: "Ada", email: "ada@example.com", password: "the password of Ada" });
await phone.click("Sign up");
await phone.sees("#claims", '"sid": "');
const laptop = await device(sites[1]);
await laptop.signIn();

// The replica of the laptop does not receive the logout token; it hears of it from the other one.
await laptop.leave("Sign out", "/sign-out");
await laptop.again(401);
// The other session of the user goes on.
await phone.page.locator("#new [name=title]").fill("Still here");
await phone.click("Add");
await phone.page.locator("#list li").filter({ hasText: "Still here" }).waitFor();

await laptop.signIn();
await laptop.leave("Sign out everywhere", "/revoke-sessions");
await laptop.again(401);
// The page notices at its next request.
await phone.page.locator("#new [name=title]").fill("Not any more");
await phone.click("Add");
await phone.page.locator("#credentials").waitFor();
await phone.again(401);
assert.equal(await phone.page.locator("#list li").count(), 0);

console.log("demo: signed out on two devices, and the tokens are rejected");
await browser.close();
process.exit(0);
