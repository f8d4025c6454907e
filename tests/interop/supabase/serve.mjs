// Tokens of the tool of Supabase, and a server for its keys. See README.md in the folder above.

import { spawnSync } from "node:child_process";
import assert from "node:assert/strict";
import { createServer } from "node:http";

import { control, data, endWithParent, environment, installedVersion, listen, path } from "../harness.mjs";

const USER = "3f6a2b9e-7c1d-4e5f-8a9b-0c1d2e3f4a5b";

endWithParent();

/** Runs the tool, and returns what it prints. It echoes the key to standard error, which is dropped. */
function supabase(args, input = "") {
  const command = [path("node_modules/supabase/dist/supabase.js"), "gen", ...args];
  const run = spawnSync(process.execPath, command, { cwd: data, env: environment(), input, encoding: "utf8" });
  assert.equal(run.status, 0, `supabase gen ${args[0]} failed`);
  return run.stdout.trim();
}

const generate = (algorithm) => supabase(["signing-key", "--algorithm", algorithm]);
const sign = (key, role, claims, more = []) =>
  supabase(["bearer-jwt", "--role", role, "--payload", JSON.stringify(claims), ...more], key);
const published = ({ kty, kid, use, alg, crv, x, y, n, e }) => ({ kty, kid, use, alg, crv, x, y, n, e });

let keys = ["ES256", "RS256"].map(generate);
const http = createServer((_, response) => {
  const body = JSON.stringify({ keys: keys.map((key) => published(JSON.parse(key))) });
  response.writeHead(200, { "content-length": Buffer.byteLength(body) }).end(body);
});
const issuer = `http://127.0.0.1:${await listen(http)}/auth/v1`;

const project = { iss: issuer, aud: "authenticated", session_id: "s-1", aal: "aal1" };
const [es256, rs256] = keys;
const user = ["--sub", USER];
const userToken = (key) => sign(key, "authenticated", project, user);

await control(
  {
    /** Replaces the keys, and returns a token of each new one. */
    rotate: () => {
      keys = ["ES256", "RS256"].map(generate);
      return { tokens: keys.map(userToken) };
    },
  },
  {
    version: await installedVersion("supabase"),
    issuer,
    keys_url: `${issuer}/.well-known/jwks.json`,
    subject: USER,
    kinds: {
      "user, ES256": userToken(es256),
      "user, RS256": userToken(rs256),
      "anonymous user": sign(es256, "authenticated", { ...project, is_anonymous: true }, user),
      "service role": sign(es256, "service_role", project),
      "anon key": sign(es256, "anon", { ...project, aud: "anon" }),
      "another project": sign(es256, "authenticated", { ...project, iss: "https://other.supabase.co/auth/v1" }, user),
      "as the tool makes it": sign(es256, "authenticated", {}, user),
      "a key of another project": userToken(generate("ES256")),
      // Without a key, the tool signs with the one that every local installation has.
      "the local default key": sign("", "authenticated", project, user),
      "expired": sign(es256, "authenticated", project, [...user, "--exp", "2026-01-01T00:00:00Z"]),
    },
  },
);
