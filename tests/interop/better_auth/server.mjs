// One real Better Auth server on a free port of 127.0.0.1, with its data in
// memory. Usage: node server.mjs jwt-plugin ALG | node server.mjs cookie-cache
//
// The secret comes from BETTER_AUTH_SECRET, as in a real installation. When the
// server answers, it prints one line of JSON: {"url": "http://127.0.0.1:PORT"}.
// It stops when its standard input closes, so it never outlives its
// parent.

import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins/jwt";

process.stdin.resume();
process.stdin.on("close", () => process.exit(0));

const [mode, alg] = process.argv.slice(2);

const options = {
  "jwt-plugin": () => ({
    plugins: [jwt({ jwks: { keyPairConfig: { alg } } })],
  }),
  "cookie-cache": () => ({
    session: { cookieCache: { enabled: true, strategy: "jwt" } },
  }),
}[mode];
if (!options) {
  throw new Error(`unknown mode: ${mode}`);
}

// The issuer is derived from the base URL, so the port must be known first.
const http = createServer();
http.listen(0, "127.0.0.1", () => {
  const url = `http://127.0.0.1:${http.address().port}`;
  const auth = betterAuth({
    baseURL: url,
    database: memoryAdapter({
      user: [],
      session: [],
      account: [],
      verification: [],
      jwks: [],
    }),
    emailAndPassword: { enabled: true },
    telemetry: { enabled: false },
    ...options(),
  });
  http.on("request", toNodeHandler(auth));
  console.log(JSON.stringify({ url }));
});
