// A real oauth2-mock-server on a free port, and tokens from it. See README.md in the folder above.

import { OAuth2Server } from "oauth2-mock-server";

import { ask, control, endWithParent, installedVersion } from "../harness.mjs";

const API = "https://api.example.com";
const CLIENT = "orders-app";
const USER = "user-1";
const REDIRECT_URI = "https://app.example.com/callback";
const ALGORITHMS = ["RS256", "ES256", "PS256", "EdDSA"];

endWithParent();

let server;

/** Starts the server with a new key of each algorithm, on the port of the one before. */
async function start(port) {
  server = new OAuth2Server();
  for (const algorithm of ALGORITHMS) {
    await server.issuer.keys.generate(algorithm);
  }
  await server.start(port, "127.0.0.1");
}

async function token(form) {
  const headers = { authorization: `Basic ${btoa(`${CLIENT}:secret`)}` };
  return ask(`${server.issuer.url}/token`, { headers, body: new URLSearchParams(form) });
}

/** An authorization code, as a browser receives it. */
async function code(more) {
  const query = { client_id: CLIENT, response_type: "code", redirect_uri: REDIRECT_URI, scope: "openid orders:read" };
  const url = `${server.issuer.url}/authorize?${new URLSearchParams({ ...query, ...more })}`;
  const response = await fetch(url, { redirect: "manual" });
  return new URL(response.headers.get("location")).searchParams.get("code");
}

/** The access token of a client for this audience. The server signs with its keys in turn. */
async function clientToken(aud) {
  const form = { grant_type: "client_credentials", scope: "orders:read" };
  return (await token(aud === undefined ? form : { ...form, aud })).access_token;
}

await start();
const scope = "openid orders:read";
const password = await token({ grant_type: "password", username: USER, password: "any", scope });
const exchange = { grant_type: "authorization_code", redirect_uri: REDIRECT_URI, scope };
const byCode = await token({ ...exchange, code: await code() });
const withNonce = await token({ ...exchange, code: await code({ nonce: "n-1" }) });
const refreshed = await token({ grant_type: "refresh_token", refresh_token: byCode.refresh_token, scope });

const kinds = {
  "access token of a client": await clientToken(API),
  "access token for another API": await clientToken("https://other.example.com"),
  "access token of a client without an audience": await clientToken(),
  "access token, password": password.access_token,
  "access token, code": byCode.access_token,
  "access token, refreshed": refreshed.access_token,
  "ID token, password": password.id_token,
  "ID token, code": byCode.id_token,
  "ID token with a nonce": withNonce.id_token,
  "ID token, refreshed": refreshed.id_token,
  "refresh token": byCode.refresh_token,
};

await control(
  {
    /** Restarts with new keys only, and returns an access token of each algorithm. */
    rotate: async () => {
      const { port } = server.address();
      await server.stop();
      await start(port);
      const tokens = [];
      for (const _ of ALGORITHMS) {
        tokens.push(await clientToken(API));
      }
      return { tokens };
    },
  },
  { version: await installedVersion("oauth2-mock-server"), issuer: server.issuer.url, api: API, client: CLIENT, kinds },
);
