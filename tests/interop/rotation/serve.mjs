// One real Better Auth server that rotates its keys, with its data in memory, and control routes that break
// its JWKS endpoint. See README.md next to this file.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins/jwt";

import { signIn } from "../better_auth/client.mjs";
import { control, endWithParent, installedVersion, listen } from "../harness.mjs";

const JWKS = "/api/auth/jwks";
// Far longer than any test: keys expire only through a control route.
const ROTATION_INTERVAL_S = 24 * 60 * 60;
const GRACE_PERIOD_S = 24 * 60 * 60;

endWithParent();

/** none: no outage; 503: like a proxy; 429: like Better Auth; refused: the port is closed. */
let outage = "none";
/** The requests for the key set since the last `fetches`, with any response. */
let fetches = 0;

const rows = { user: [], session: [], account: [], verification: [], jwks: [] };
const http = createServer();
// The issuer is derived from the base URL, so the port must be known first.
const port = await listen(http);
const url = `http://127.0.0.1:${port}`;
const auth = betterAuth({
  baseURL: url,
  secret: "the secret of a server that lives for one test",
  database: memoryAdapter(rows),
  emailAndPassword: { enabled: true },
  telemetry: { enabled: false },
  // Avoids a warning that it cannot distinguish clients: there is only one.
  logger: { level: "error" },
  // The response is Better Auth's own; only the counter is replaced.
  rateLimit: {
    enabled: true,
    customStorage: {
      consume: async (key) => {
        const allowed = outage !== "429" || !key.includes("jwks");
        return { allowed, retryAfter: allowed ? null : 10 };
      },
    },
  },
  plugins: [
    jwt({ jwks: { rotationInterval: ROTATION_INTERVAL_S, gracePeriod: GRACE_PERIOD_S } }),
  ],
});
const handle = toNodeHandler(auth);
http.on("request", (request, response) => {
  if (request.url === JWKS) {
    fetches += 1;
    if (outage === "503") {
      response.writeHead(503, { "content-type": "text/html" });
      response.end("<h1>503 Service Unavailable</h1>");
      return;
    }
  }
  handle(request, response);
});

const { client, userId } = await signIn(url);

/** The ids of the published keys; not counted as a fetch. */
async function published() {
  const answer = await auth.handler(new Request(url + JWKS));
  assert.equal(answer.status, 200);
  return (await answer.json()).keys.map((key) => key.kid);
}

await control(
  {
    token: async () => JSON.parse((await client.request("GET", "/token")).text),
    published: async () => ({ kids: await published() }),
    fetches: () => {
      const since = fetches;
      fetches = 0;
      return { fetches: since };
    },

    /** Expires the current keys. The next signature creates a new one. */
    rotate: () => {
      const past = new Date(Date.now() - 1000);
      rows.jwks.filter((row) => row.expiresAt > past).forEach((row) => (row.expiresAt = past));
    },

    /** Also ends the period in which an expired key stays published. */
    retire: ({ kid }) => {
      const row = rows.jwks.find((row) => row.id === kid);
      assert.ok(row, `there is no key ${kid}`);
      row.expiresAt = new Date(Date.now() - (GRACE_PERIOD_S + 1) * 1000);
    },

    outage: async ({ kind }) => {
      assert.ok(["none", "503", "429", "refused"].includes(kind), `there is no outage ${kind}`);
      if (kind === "refused") {
        await new Promise((resolve) => {
          http.close(resolve);
          http.closeAllConnections();
        });
      } else if (!http.listening) {
        await listen(http, port);
      }
      outage = kind;
    },
  },
  { url, user_id: userId, version: await installedVersion("better-auth") },
);
