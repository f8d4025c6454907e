// Shared code of the servers: it stops them with their parent, and serves the control routes.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const read = async (path) => JSON.parse(await readFile(new URL(path, import.meta.url), "utf8"));

/** The pinned packages of this release, and their versions. */
export const pins = (await read("package.json")).dependencies;

/** The version of a package, which must be the pinned one. */
export async function installedVersion(name) {
  const { version } = await read(`node_modules/${name}/package.json`);
  assert.equal(version, pins[name], `the installed version of ${name} is not the pinned one`);
  return version;
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
