// Shared code of the servers: it stops them with their parent, starts programs, and serves the control routes.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { fileURLToPath } from "node:url";

/** The path of a file or folder beside this one. */
export const path = (name) => fileURLToPath(new URL(name, import.meta.url));

const read = async (name) => JSON.parse(await readFile(path(name), "utf8"));

/** The pinned packages of this release, and their versions. */
export const pins = (await read("package.json")).dependencies ?? {};

/** The version of a package, which must be the pinned one. */
export async function installedVersion(name) {
  const { version } = await read(`node_modules/${name}/package.json`);
  assert.equal(version, pins[name], `the installed version of ${name} is not the pinned one`);
  return version;
}

/** The version of a package from PyPI. */
export function packageVersion(name) {
  const code = `from importlib.metadata import version; print(version("${name}"))`;
  return execFileSync(path("venv/bin/python"), ["-c", code], { encoding: "utf8" }).trim();
}

/** Ends this process with its parent, also after a crash: the parent holds its standard input. */
export function endWithParent() {
  process.stdin.resume();
  process.stdin.on("close", () => process.exit(0));
}

/** Makes an HTTP server listen on a port of 127.0.0.1, by default a free one. Resolves to the port. */
export function listen(server, port = 0) {
  // The client decides when to close a connection, so that none breaks during a test.
  server.keepAliveTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      server.off("error", reject);
      resolve(server.address().port);
    });
  });
}

/** A free port of 127.0.0.1, for a program that cannot choose one itself. */
export async function freePort() {
  const server = createServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The folder for the files of programs. It is deleted with the copy of this folder. */
export const data = path("data/");
mkdirSync(data, { recursive: true });

/** The environment of programs. */
export const environment = (more) => ({ PATH: process.env.PATH, HOME: data, ...more });

/** Starts a program that runs as long as this process. Its output goes to standard error. */
export function startProgram(command, args, more = {}) {
  const stdio = ["ignore", process.stderr, process.stderr];
  const child = spawn(command, args, { cwd: data, env: environment(more), stdio });
  const failed = (why) => {
    console.error(`${command} ended: ${why}`);
    process.exit(1);
  };
  child.once("error", failed);
  child.once("exit", failed);
  process.once("SIGTERM", () => process.exit(143));
  process.once("exit", () => {
    child.removeListener("exit", failed);
    child.kill();
  });
}

/** Waits until a URL answers with a success. */
export async function untilReady(url) {
  const start = Date.now();
  for (;;) {
    const response = await fetch(url).catch(() => undefined);
    await response?.arrayBuffer();
    if (response?.ok) {
      return;
    }
    assert.ok(Date.now() - start < 60_000, `${url} was not ready within a minute`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Sends a request and returns the JSON of the answer, which must be a success. */
export async function ask(url, { method = "POST", headers = {}, body } = {}) {
  const response = await fetch(url, { method, headers, body });
  const text = await response.text();
  assert.ok(response.ok, `${method} ${url} answered ${response.status}: ${text}`);
  return text === "" ? undefined : JSON.parse(text);
}

/**
 * Serves `POST /NAME` for each of these functions, which take the JSON of the request and return JSON. Then prints
 * one line of JSON with the address of the routes and further values.
 */
export async function control(routes, hello) {
  const server = createServer(async (request, response) => {
    const answer = (status, value) => {
      const body = JSON.stringify(value);
      response.writeHead(status, { "content-length": Buffer.byteLength(body) });
      response.end(body);
    };
    try {
      const name = request.url.slice(1);
      assert.ok(Object.hasOwn(routes, name), `there is no ${name}`);
      let text = "";
      for await (const chunk of request) {
        text += chunk;
      }
      answer(200, (await routes[name](JSON.parse(text))) ?? {});
    } catch (error) {
      answer(500, { error: error.stack });
    }
  });
  const port = await listen(server);
  console.log(JSON.stringify({ control: `127.0.0.1:${port}`, ...hello }));
}
