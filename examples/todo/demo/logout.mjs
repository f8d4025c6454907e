// Starts a real Better Auth server that is an OAuth provider, and the todo API, which it notifies of sign-outs: two
// replicas if REDIS_URL is set, otherwise one. start.sh runs this with the path of the API's program.

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

import { endWithParent, freePort } from "./harness.mjs";
import { AuthServer, RESOURCE } from "./logout/auth.mjs";

endWithParent();

const [program] = process.argv.slice(2);
const { AUTH_PORT, PORT, REDIS_URL } = process.env;

// The same host name for all: a browser does not send the session cookie to another site.
const server = await AuthServer.open({ port: Number(AUTH_PORT), host: "localhost" });
const count = REDIS_URL ? 2 : 1;
const ports = [];
for (let index = 0; index < count; index++) ports.push(PORT === "0" ? await freePort() : Number(PORT) + index);
const pages = ports.map((port) => `http://localhost:${port}`);
pages.forEach((page) => server.pages.add(page));
const { id } = await server.createClient({
  redirectUris: pages.map((page) => `${page}/`),
  // One replica receives the logout token. The others learn of it through Redis.
  logoutUri: `${pages[0]}/backchannel-logout`,
});

for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) {
  process.on(signal, () => process.exit(0));
}
for (const [index, port] of ports.entries()) {
  const env = { PORT: port, BETTER_AUTH_URL: server.url, TODO_CLIENT_ID: id, TODO_RESOURCE: RESOURCE, REDIS_URL };
  const api = spawn(program, { env: JSON.parse(JSON.stringify(env)), stdio: ["ignore", "pipe", "inherit"] });
  process.on("exit", () => api.kill());
  api.on("error", (error) => {
    console.error(`${program} did not start: ${error.message}`);
    process.exit(1);
  });
  api.on("exit", (code) => process.exit(code ?? 1));
  createInterface(api.stdout).on("line", (line) => {
    if (line.startsWith("listening on ")) console.log(`open ${pages[index]}/ (replica ${index + 1} of ${count})`);
  });
}
