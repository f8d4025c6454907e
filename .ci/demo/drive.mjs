// Clicks through the demo of the Todo example, as two users of a real Better Auth server, and then has each of
// them try to get at the todos of the other. With a folder as argument, leaves screenshots there.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [start, program, browserProgram, screenshots] = process.argv.slice(2);

// ---- the servers ------------------------------------------------------------

const stdio = ["pipe", "pipe", "inherit"];
const servers = spawn(start, { stdio, env: { ...process.env, PORT: "0", AUTH_PORT: "0" } });
process.on("exit", () => servers.stdin.end());

async function addresses() {
  const found = {};
  for await (const line of createInterface(servers.stdout)) {
    const [, name, url] = line.match(/^(auth server:|open) (http:\/\/localhost:\d+)/) ?? [];
    if (name) found[name === "open" ? "page" : "auth"] = url;
    if (found.page && found.auth) return found;
  }
  throw new Error("the servers did not start, see above");
}

const { page: site, auth } = await addresses();

// ---- a user -----------------------------------------------------------------

const browser = await chromium.launch({
  executablePath: browserProgram,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

class User {
  static async signUp(name) {
    const context = await browser.newContext({ viewport: { width: 880, height: 1000 }, colorScheme: "light" });
    const user = Object.assign(new User(), { name, context, page: await context.newPage() });
    user.problems = [];
    user.page.on("pageerror", (error) => user.problems.push(error.message));
    user.page.on("console", (message) => user.#note(message));
    await user.page.goto(`${site}/`);
    await user.fill({ name, email: `${name.toLowerCase()}@example.com`, password: `the password of ${name}` });
    await user.click("Sign up");
    await user.sees("#name", name);
    return user;
  }

  /** Reports of the content security policy and errors of scripts; expected rejections are left out. */
  #note(message) {
    const asked = /the server responded with a status of 40[134]|net::ERR_FAILED/;
    if (message.type() === "error" && !asked.test(message.text())) this.problems.push(message.text());
  }

  async fill(fields) {
    for (const [name, value] of Object.entries(fields)) {
      await this.page.locator(`#credentials [name=${name}]`).fill(value);
    }
  }

  async click(name, of = this.page) {
    await of.getByRole("button", { name, exact: true }).click();
  }

  async add(title) {
    await this.page.locator("#new [name=title]").fill(title);
    await this.click("Add");
    await this.todo(title).waitFor();
  }

  todo(title) {
    return this.page.locator("#list li").filter({ hasText: title });
  }

  async sees(selector, text) {
    await this.page.locator(selector).filter({ hasText: text, visible: true }).waitFor({ timeout: 10_000 });
  }

  async answered(request, status, challenge) {
    await this.sees("#request", request);
    await this.sees("#status", String(status));
    const shown = this.page.locator("#challenge");
    assert.equal((await shown.isVisible()) && (await shown.innerText()), challenge ? `WWW-Authenticate: ${challenge}` : false);
  }

  async titles() {
    return this.page.locator("#list li span").allInnerTexts();
  }

  /** Which control the keyboard is at, and of which todo. */
  async focused() {
    return this.page.evaluate(() => {
      const { activeElement: it } = document;
      return [it.className, it.closest("li")?.querySelector("span").textContent];
    });
  }

  /** A token of the auth server, as the page gets it. */
  async token() {
    return (await (await this.context.request.get(`${auth}/api/auth/token`)).json()).token;
  }

  async screenshot(name) {
    if (screenshots) await this.page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true });
  }
}

const subject = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url")).sub;

// ---- the page ---------------------------------------------------------------

const FORBIDDEN =
  'Bearer realm="todo", error="insufficient_scope", error_description="The access token does not permit this"';
const INVALID = 'Bearer realm="todo", error="invalid_token", error_description="The access token is invalid"';

const ada = await User.signUp("Ada");
await ada.sees("#none", "Nothing to do.");
await ada.sees("#claims", '"email": "ada@example.com"');
await ada.add("Write the first program");
await ada.add("Ask <b>Charles</b> for the engine");
await ada.add("Sleep");
await ada.todo("first program").getByRole("checkbox").check();
await ada.answered("PATCH", 200);
await ada.sees("#list li.done", "first program");
assert.deepEqual(await ada.focused(), ["toggle", "Write the first program"]);
ada.page.once("dialog", (dialog) => dialog.accept("Send Note G to the printer"));
await ada.click("Edit Sleep");
await ada.sees("#list", "Send Note G to the printer");
assert.deepEqual(await ada.focused(), ["edit", "Send Note G to the printer"]);
await ada.add("Be gone");
await ada.click("Delete Be gone");
await ada.todo("Be gone").waitFor({ state: "detached" });
const todos = ["Write the first program", "Ask <b>Charles</b> for the engine", "Send Note G to the printer"];
assert.deepEqual(await ada.titles(), todos);
assert.equal(await ada.page.locator("#list li.done").count(), 1);

// A toggle that never arrives is not shown as one.
await ada.page.route("**/complete", (route) => route.abort());
await ada.todo("Note G").getByRole("checkbox").click();
await ada.sees("#notice", "Failed to fetch");
assert.equal(await ada.todo("Note G").getByRole("checkbox").isChecked(), false);
await ada.page.unroute("**/complete");

await ada.click("Without a token");
await ada.answered("GET", 401, 'Bearer realm="todo"');
await ada.click("Another user’s todos");
await ada.answered("GET /api/another-user/tasks", 403, FORBIDDEN);
await ada.click("With a tampered token");
await ada.answered("GET", 401, INVALID);
await ada.screenshot("demo");

const bob = await User.signUp("Bob");
await bob.sees("#none", "Nothing to do.");
await bob.add("Buy milk");
assert.deepEqual(await bob.titles(), ["Buy milk"]);

// The session outlives the page, the token does not leave it.
await ada.page.reload();
await ada.sees("#name", "Ada");
await ada.sees("#list", todos[0]);
const stored = await ada.page.evaluate(() => [...Object.values(localStorage), ...Object.values(sessionStorage), document.cookie]);
assert.deepEqual(stored, [""]);
await ada.click("Sign out");
await ada.page.locator("#credentials").waitFor();
assert.equal(await ada.page.locator("#list li").count(), 0);
await ada.page.reload();
await ada.page.locator("#credentials").waitFor();
await ada.fill({ email: "ada@example.com", password: "not the password" });
await ada.click("Sign in");
await ada.sees("#notice", "Invalid email or password");
await ada.fill({ password: "the password of Ada" });
await ada.click("Sign in");
await ada.sees("#list", todos[2]);
assert.deepEqual(await ada.titles(), todos);
// A refused sign-in is 401, too, and asked for.
for (const user of [ada, bob]) assert.deepEqual(user.problems, [], user.name);
console.log("demo: two users have clicked through the page");

// ---- the documentation ------------------------------------------------------

async function documentation() {
  const { page } = ada;
  const token = await ada.token();
  await page.goto(`${site}/docs`);
  const operation = page.locator(".opblock-get").first();
  await operation.locator("button.opblock-summary-control").click();
  await ada.click("Try it out", operation);
  await operation.getByPlaceholder("user_id").fill(subject(token));
  // From the request to the answer, and a margin.
  const shown = async () => {
    const { x, width } = await operation.boundingBox();
    const { y } = await operation.locator(".curl-command").boundingBox();
    const answer = await operation.locator(".live-responses-table").boundingBox();
    return { x: x + 2, y: y - 8, width: width - 4, height: answer.y + answer.height - y + 16 };
  };
  const execute = async (status, name) => {
    await ada.click("Execute", operation);
    await operation.locator(".live-responses-table .response-col_status").filter({ hasText: status }).waitFor();
    if (screenshots) await page.screenshot({ path: `${screenshots}/${name}.png`, fullPage: true, clip: await shown() });
  };
  await execute("401", "docs-401");
  await page.locator(".auth-wrapper .authorize").click();
  await page.locator(".auth-container input").fill(token);
  await page.locator(".auth-container button.authorize").click();
  await page.locator(".auth-container button.btn-done").click();
  await execute("200", "docs-200");
  const answer = await operation.locator(".live-responses-table .highlight-code").first().innerText();
  assert.ok(answer.includes(todos[0]), answer);
}
await documentation();
console.log("demo: the documentation shows 401, and with a token behind its Authorize button 200");

// ---- without an auth server -------------------------------------------------

async function pasted() {
  const api = spawn(program, { stdio, env: { PORT: "0" } });
  process.on("exit", () => api.kill());
  let place, token;
  for await (const line of createInterface(api.stdout)) {
    place ??= line.match(/^listening on (.*)$/)?.[1];
    token ??= line.match(/^ADA=(.*)$/)?.[1];
    if (place && token) break;
  }
  const { page } = ada;
  await page.goto(`${place}/`);
  await page.locator("#pasted [name=token]").fill("no token");
  await ada.click("Use it");
  await page.locator("#notice:not(:empty)").waitFor();
  await page.locator("#pasted [name=token]").fill(token);
  await ada.click("Use it");
  await ada.sees("#name", "ada@example.com");
  await ada.add("Of the development issuer");
  api.kill();
}
await pasted();
console.log("demo: without an auth server the page takes a token that is pasted");

// ---- two users --------------------------------------------------------------

async function send(token, method, path, body) {
  const headers = { authorization: `Bearer ${token}`, ...(body && { "content-type": "application/json" }) };
  const response = await fetch(`${site}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, answer: text && JSON.parse(text) };
}

const people = [];
for (const { name, token } of [
  { name: "Ada", token: await ada.token() },
  { name: "Bob", token: await bob.token() },
]) {
  const place = `/api/${subject(token)}/tasks`;
  people.push({ name, token, place, own: (await send(token, "GET", place)).answer });
}
const change = { title: "mine now", completed: true };
let refused = 0;
console.log("| who | tries to | of | with the path of | status |\n|---|---|---|---|---:|");
for (const [one, other] of [people, [...people].reverse()]) {
  const { id } = other.own[0];
  const attempts = [
    ["list", "GET", "", undefined],
    ["create", "POST", "", { title: "mine now" }],
    ["read", "GET", `/${id}`, undefined],
    ["change", "PUT", `/${id}`, change],
    ["toggle", "PATCH", `/${id}/complete`, undefined],
    ["delete", "DELETE", `/${id}`, undefined],
  ];
  for (const [owner, expected, wanted] of [
    [other, 403, attempts],
    // There is no such todo of one's own: whose it is, is not said.
    [one, 404, attempts.slice(2)],
  ]) {
    for (const [what, method, rest, body] of wanted) {
      const { status } = await send(one.token, method, `${owner.place}${rest}`, body);
      console.log(`| ${one.name} | ${what} | ${other.name} | ${owner.name} | ${status} |`);
      assert.equal(status, expected);
      refused += 1;
    }
  }
}
for (const { name, token, place, own } of people) {
  assert.deepEqual((await send(token, "GET", place)).answer, own, `the todos of ${name} are others now`);
}
console.log(`demo: ${refused} attempts of two users on each other, rejected with 403 or 404: ${refused}`);

await browser.close();
process.exit(0);
