// Starts a real Better Auth server with its data in memory, and the todo API, which trusts it.
// start.sh runs this with the path of the API's program as the only argument.

import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins/jwt";

import { endWithParent, listen } from "./harness.mjs";

// Registered before `endWithParent`, which ends the process when the input is closed.
process.stdin.once("end", () => {
  console.error("Standard input has ended: stopping both servers, so that none outlives the program that started them.");
});
endWithParent();

const [program] = process.argv.slice(2);
const { AUTH_PORT, PORT } = process.env;

/** The origin of the page, the only one that may use the auth server from a browser. Set when the API has started. */
let page;
let handle;

const http = createServer((request, response) => {
  response.setHeader("vary", "origin");
  if (request.headers.origin === page) {
    response.setHeader("access-control-allow-origin", page);
    response.setHeader("access-control-allow-credentials", "true");
  }
  if (request.method === "OPTIONS") {
    response.setHeader("access-control-allow-methods", "GET, POST");
    response.setHeader("access-control-allow-headers", "content-type");
    response.writeHead(204).end();
  } else {
    handle(request, response);
  }
});
// The same host name for both servers: a browser does not send the session cookie to another site.
const url = `http://localhost:${await listen(http, Number(AUTH_PORT))}`;

const auth = betterAuth({
  baseURL: url,
  secret: randomBytes(33).toString("base64"),
  database: memoryAdapter(
    Object.fromEntries(["user", "session", "account", "verification", "jwks"].map((name) => [name, []])),
  ),
  emailAndPassword: { enabled: true },
  plugins: [jwt()],
  trustedOrigins: () => [url, page],
  telemetry: { enabled: false },
  logger: { level: "error" },
});
handle = toNodeHandler(auth);

const api = spawn(program, {
  env: { PORT, BETTER_AUTH_URL: url },
  stdio: ["ignore", "pipe", "inherit"],
});
process.on("exit", () => api.kill());
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) {
  process.on(signal, () => process.exit(0));
}
api.on("error", (error) => {
  console.error(`${program} did not start: ${error.message}`);
  process.exit(1);
});
api.on("exit", (code) => process.exit(code ?? 1));

createInterface(api.stdout).on("line", (line) => {
  const port = line.match(/^listening on .*:(\d+)$/)?.[1];
  if (port) {
    page = `http://localhost:${port}`;
    console.log(`auth server: ${url}`);
    console.log(`open ${page}/ to sign up; API documentation: ${page}/docs`);
  }
});
