// What the servers beside it share: a life that ends with the parent's, and control routes.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";

const read = async (path) => JSON.parse(await readFile(new URL(path, import.meta.url), "utf8"));

/** The packages that this release of the servers is made of, and their versions. */
export const pins = (await read("package.json")).dependencies;

/** The version of a package, which has to be the pinned one. */
export async function installedVersion(name) {
  const { version } = await read(`node_modules/${name}/package.json`);
  assert.equal(version, pins[name], `another version of ${name} is installed than pinned`);
  return version;
}

/** Whoever started this process holds its standard input: however that one ends, this one ends too. */
export function endWithParent() {
  process.stdin.resume();
  process.stdin.on("close", () => process.exit(0));
}

/** Makes an HTTP server listen on a port of 127.0.0.1, a free one unless named, and says which. */
export function listen(server, port = 0) {
  // Who keeps a connection decides when it is closed, so that none breaks in the middle of a test.
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
 * Serves `POST /NAME` for each of these functions, which take the JSON of the request and answer with JSON;
 * then prints one line of JSON that says where, and whatever else is to be known.
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
