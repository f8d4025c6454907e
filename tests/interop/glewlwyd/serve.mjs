// A real Glewlwyd on a free port, and tokens from it. See README.md in the folder above.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

import {
  ask,
  control,
  data,
  endWithParent,
  environment,
  freePort,
  path,
  startProgram,
  untilReady,
} from "../harness.mjs";

const API = "https://api.example.com";
const OTHER_API = "https://other.example.com";
const REDIRECT_URI = "https://app.example.com/callback";
const USER = "alice";
const PASSWORD = "password-of-alice";

endWithParent();
const root = path("debian/root");
const port = await freePort();
const url = `http://localhost:${port}`;
const issuer = `${url}/api/oidc`;
const libraries = { LD_LIBRARY_PATH: `${root}/usr/lib/x86_64-linux-gnu` };
const program = `${root}/usr/bin/glewlwyd`;

/** The database with the user `admin`, from the documentation of the package. */
function createDatabase(file) {
  const script = `
import gzip, sqlite3, sys
with gzip.open(sys.argv[1], "rt") as statements:
    sqlite3.connect(sys.argv[2]).executescript(statements.read())`;
  const statements = `${root}/usr/share/doc/glewlwyd/database/init.sqlite3.sql.gz`;
  execFileSync("python3", ["-c", script, statements, file]);
}

/** The configuration from the documentation of the package, with the paths and addresses of this server. */
function configuration(database, empty) {
  const changes = {
    port,
    external_url: `"${url}"`,
    bind_address: '"127.0.0.1"',
    cookie_secure: 0,
    log_level: '"WARNING"',
    path: `"${database}"`,
    static_files_path: `"${empty}"`,
  };
  let text = gunzipSync(readFileSync(`${root}/usr/share/doc/glewlwyd/glewlwyd.conf.sample.gz`)).toString();
  for (const [name, value] of Object.entries(changes)) {
    text = text.replace(new RegExp(`^#?( *${name} *=).*$`, "m"), `$1 ${value}`);
  }
  // The package has no folder of this name.
  text = text.replace(/^user_middleware_module_path=.*$/m, `user_middleware_module_path="${empty}"`);
  return text.replaceAll('"/usr/lib/', `"${root}/usr/lib/`);
}

const database = `${data}glewlwyd.db`;
createDatabase(database);
const empty = `${data}empty/`;
mkdirSync(empty);
writeFileSync(`${data}glewlwyd.conf`, configuration(database, empty));
startProgram(program, [`--config-file=${data}glewlwyd.conf`], libraries);
await untilReady(`${url}/config/`);

/** Sends a form, and keeps the cookie of the session. */
async function login(username, password) {
  const response = await fetch(`${url}/api/auth/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username, password }),
  });
  assert.equal(response.status, 200, `the login of ${username}`);
  return response.headers.getSetCookie()[0].split(";")[0];
}

const admin = await login("admin", "password");
const set = (method, route, body, cookie = admin) =>
  ask(`${url}/api${route}`, {
    method,
    headers: { cookie, "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const newKey = (kid) => ({
  ...generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ format: "jwk" }),
  kid,
  use: "sig",
  alg: "RS256",
});
const plugin = (keys) => ({
  module: "oidc",
  name: "oidc",
  display_name: "oidc",
  parameters: {
    iss: issuer,
    "jwks-private": JSON.stringify({ keys }),
    "default-kid": keys[0].kid,
    "jwks-show": true,
    "access-token-duration": 3600,
    "refresh-token-duration": 86400,
    "code-duration": 600,
    "refresh-token-rolling": false,
    "auth-type-code-enabled": true,
    "auth-type-token-enabled": true,
    "auth-type-password-enabled": true,
    "auth-type-client-enabled": true,
    "auth-type-refresh-enabled": true,
    "allow-non-oidc": true,
    "resource-allowed": true,
    "resource-scope": { "orders:read": [API, OTHER_API] },
    "resource-client-property": "resource",
    "resource-scope-and-client-property": false,
    "introspection-revocation-allowed": true,
    "introspection-revocation-allow-target-client": true,
    "introspection-revocation-auth-scope": [],
  },
});

let keys = [newKey("k1")];
await set("POST", "/scope/", { name: "orders:read", password_required: false });
await set("POST", "/mod/plugin/", plugin(keys));
const client = (client_id) => ({
  client_id,
  name: client_id,
  enabled: true,
  confidential: true,
  password: "secret",
  client_secret: "secret",
  redirect_uri: [REDIRECT_URI],
  authorization_type: ["code", "token", "id_token", "password", "client_credentials", "refresh_token"],
  token_endpoint_auth_method: ["client_secret_basic"],
  resource: [API, OTHER_API],
  scope: ["openid", "orders:read"],
});
await set("POST", "/client/", client("app"));
await set("POST", "/client/", client("another-app"));
await set("POST", "/user/", {
  username: USER,
  name: USER,
  email: "alice@example.com",
  enabled: true,
  password: PASSWORD,
  scope: ["g_profile", "openid", "orders:read"],
});

const token = async (form, id = "app") =>
  ask(`${issuer}/token`, {
    headers: { authorization: `Basic ${btoa(`${id}:secret`)}` },
    body: new URLSearchParams(form),
  });
const ofClient = async (form, id) => {
  const grant = { grant_type: "client_credentials", scope: "orders:read" };
  return (await token({ ...grant, ...form }, id)).access_token;
};

const alice = await login(USER, PASSWORD);
const scope = "openid orders:read";
await set("PUT", "/auth/grant/app/", { scope }, alice);

/** What the login page sends to the client. */
async function authorize(response_type, more) {
  const query = { client_id: "app", redirect_uri: REDIRECT_URI, scope, nonce: "n-1", state: "s-1", g_continue: "" };
  const parameters = new URLSearchParams({ response_type, ...query, ...more });
  const response = await fetch(`${issuer}/auth?${parameters}`, { headers: { cookie: alice }, redirect: "manual" });
  const { search, hash } = new URL(response.headers.get("location"));
  return Object.fromEntries(new URLSearchParams(hash.slice(1) || search));
}

const byPassword = await token({ grant_type: "password", username: USER, password: PASSWORD, scope });
const { code } = await authorize("code", { resource: API });
const byCode = await token({ grant_type: "authorization_code", redirect_uri: REDIRECT_URI, code, resource: API });
const implicit = await authorize("token id_token", { resource: API });
const refreshed = await token({ grant_type: "refresh_token", refresh_token: byCode.refresh_token, resource: API });

await control(
  {
    /** Revokes a token of the client (RFC 7009). */
    revoke: async ({ token }) => {
      await ask(`${issuer}/revoke`, {
        headers: { authorization: `Basic ${btoa("app:secret")}` },
        body: new URLSearchParams({ token, token_type_hint: "access_token" }),
      });
    },

    /** Signs with a new key; the old one stays published. */
    rotate: async () => {
      keys = [newKey("k2"), ...keys];
      await set("PUT", "/mod/plugin/oidc", plugin(keys));
      // The plugin reads its settings when it starts.
      await set("PUT", "/mod/plugin/oidc/disable", {});
      await set("PUT", "/mod/plugin/oidc/enable", {});
      return { tokens: [await ofClient({ resource: API })], keeps_old_keys: true };
    },
  },
  {
    version: execFileSync(program, ["--version"], { encoding: "utf8", env: environment(libraries) }).trim(),
    issuer,
    api: API,
    other_api: OTHER_API,
    kinds: {
      "access token of a client": await ofClient({ resource: API }),
      "access token of a client for another API": await ofClient({ resource: OTHER_API }),
      "access token of a client without a resource": await ofClient({}),
      "access token of another client": await ofClient({ resource: API }, "another-app"),
      "access token, password": byPassword.access_token,
      "access token, code": byCode.access_token,
      "access token, implicit": implicit.access_token,
      "access token, refreshed": refreshed.access_token,
      "ID token, password": byPassword.id_token,
      "ID token, code": byCode.id_token,
      "ID token, implicit": implicit.id_token,
      "refresh token": byCode.refresh_token,
      "authorization code": code,
    },
  },
);
