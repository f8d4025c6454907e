// What Better Auth sends when a session ends. Each action runs for a new user, whose client has registered a URL for
// logout tokens, and is recorded with the tokens that arrive there.

import assert from "node:assert/strict";
import { createServer } from "node:http";

import { listen } from "../harness.mjs";
import { RESOURCE, randomText } from "./auth.mjs";

/** A registered URL. It records the logout tokens, and answers with `status`; 0 means that it never answers. */
class Receiver {
  tokens = [];
  attempts = 0;
  status = 200;

  static async open() {
    const receiver = new Receiver();
    const http = createServer(async (request, response) => {
      receiver.attempts += 1;
      let text = "";
      for await (const chunk of request) text += chunk;
      receiver.tokens.push(new URLSearchParams(text).get("logout_token"));
      receiver.request = { method: request.method, type: request.headers["content-type"] };
      if (receiver.status) response.writeHead(receiver.status).end();
    });
    receiver.url = `http://127.0.0.1:${await listen(http)}/backchannel-logout`;
    return receiver;
  }
}

export const decode = (token) =>
  Object.assign({}, ...token.split(".", 2).map((part) => JSON.parse(Buffer.from(part, "base64url"))));

/**
 * The actions. `run` gets the server, the user, the browser with the session whose tokens the client has, another
 * session of the user, the client, its tokens, and the administrator's browser.
 */
const ACTIONS = [
  ["`POST /sign-out`", ({ browser }) => browser.request("POST", "/sign-out", {})],
  ["`POST /sign-out` of another session", ({ other }) => other.request("POST", "/sign-out", {})],
  ["`POST /sign-out`, client without `offline_access`", ({ browser }) => browser.request("POST", "/sign-out", {}), { scope: "openid" }],
  [
    "`POST /sign-out`, client without `offline_access`, also with an opaque token",
    async ({ server, client, browser }) => {
      await server.tokens(client, browser, "openid", null);
      await browser.request("POST", "/sign-out", {});
    },
    { scope: "openid" },
  ],
  [
    "`POST /sign-out`, client that has revoked its refresh token",
    async (it) => {
      await revokeRefreshToken(it);
      await it.browser.request("POST", "/sign-out", {});
    },
  ],
  [
    "`POST /revoke-session`",
    ({ browser, other }) => other.request("POST", "/revoke-session", { token: session(browser) }),
  ],
  ["`POST /revoke-sessions`", ({ other }) => other.request("POST", "/revoke-sessions", {})],
  ["`POST /revoke-other-sessions`", ({ other }) => other.request("POST", "/revoke-other-sessions", {})],
  [
    "`POST /change-password`",
    ({ other, user }) =>
      other.request("POST", "/change-password", { currentPassword: user.password, newPassword: randomText() }),
  ],
  [
    "`POST /change-password` with `revokeOtherSessions`",
    ({ other, user }) =>
      other.request("POST", "/change-password", {
        currentPassword: user.password,
        newPassword: randomText(),
        revokeOtherSessions: true,
      }),
  ],
  ["`POST /reset-password`", reset],
  [
    "`POST /reset-password` with the setting `revokeSessionsOnPasswordReset`",
    async (it) => {
      it.server.setUp({ passwords: { revokeSessionsOnPasswordReset: true } });
      await reset(it);
      it.server.setUp();
    },
  ],
  ["`POST /delete-user`", ({ other, user }) => other.request("POST", "/delete-user", { password: user.password })],
  [
    "`GET /oauth2/end-session` with an ID token",
    async ({ server, tokens }) => {
      const query = new URLSearchParams({ id_token_hint: tokens.id_token });
      const { status } = await fetch(`${server.url}/api/auth/oauth2/end-session?${query}`, { redirect: "manual" });
      assert.equal(status, 200);
    },
  ],
  ["`POST /oauth2/revoke` of the refresh token", revokeRefreshToken],
  [
    "`POST /oauth2/revoke` of the access token",
    async ({ server, client, tokens }) => {
      const form = { token: tokens.access_token, token_type_hint: "access_token", client_id: client.id };
      // Access tokens are not stored, so there is nothing to revoke.
      assert.equal((await server.post("/oauth2/revoke", form)).status, 400);
    },
  ],
  ["`POST /admin/ban-user`", ({ admin, user }) => admin.request("POST", "/admin/ban-user", { userId: user.id })],
  [
    "`POST /admin/revoke-user-session`",
    ({ admin, browser }) => admin.request("POST", "/admin/revoke-user-session", { sessionToken: session(browser) }),
  ],
  [
    "`POST /admin/revoke-user-sessions`",
    ({ admin, user }) => admin.request("POST", "/admin/revoke-user-sessions", { userId: user.id }),
  ],
  [
    "`POST /admin/set-user-password`",
    ({ admin, user }) => admin.request("POST", "/admin/set-user-password", { userId: user.id, newPassword: randomText() }),
  ],
  [
    "`POST /admin/set-role`",
    ({ admin, user }) => admin.request("POST", "/admin/set-role", { userId: user.id, role: "user" }),
  ],
  ["`POST /admin/remove-user`", ({ admin, user }) => admin.request("POST", "/admin/remove-user", { userId: user.id })],
  ["the session expires", ({ row }) => expire(row)],
  [
    "the session expires, and its browser sends a request",
    async ({ row, browser }) => {
      expire(row);
      await browser.request("GET", "/get-session");
    },
  ],
  [
    "the session's row is deleted in the database",
    ({ server, row }) => {
      server.rows.session.splice(server.rows.session.indexOf(row), 1);
    },
  ],
];

function expire(row) {
  row.expiresAt = new Date(Date.now() - 1000);
}

/** The value that Better Auth calls the session's token: the cookie without its signature. */
function session(browser) {
  return browser.cookie("better-auth.session_token").split(".")[0];
}

async function revokeRefreshToken({ server, client, tokens }) {
  const form = { token: tokens.refresh_token, token_type_hint: "refresh_token", client_id: client.id };
  assert.equal((await server.post("/oauth2/revoke", form)).status, 200);
}

async function reset({ server, other, user }) {
  await other.request("POST", "/request-password-reset", { email: user.email });
  await other.request("POST", "/reset-password", { token: server.mailed, newPassword: randomText() });
}

/** Runs an action. Returns what arrived at the registered URL. */
async function record(server, name, run, { scope } = {}) {
  const receiver = await Receiver.open();
  const redirectUris = ["http://127.0.0.1/callback"];
  const client = await server.createClient({ redirectUris, logoutUri: receiver.url });
  const user = await server.signUp();
  const other = await server.signIn(user);
  const tokens = await server.tokens(client, user.browser, scope);
  const { sid, sub } = decode(tokens.access_token);
  const row = server.rows.session.find(({ id }) => id === sid);
  const admin = server.administrator.browser;
  await run({ server, client, user, browser: user.browser, other, tokens, row, admin });
  for (const token of receiver.tokens) {
    const { sid: ended, sub: whose, aud } = decode(token);
    assert.deepEqual([ended, whose, aud], [sid, sub, client.id], name);
  }
  return { action: name, sent: receiver.tokens.length, refresh: await refresh(server, client, tokens) };
}

/** What the refresh token is still good for: nothing, or a token of the session, or of no session. */
async function refresh(server, client, { refresh_token, access_token }) {
  if (!refresh_token) return "there is none";
  const { status, text } = await server.post("/oauth2/token", {
    grant_type: "refresh_token",
    refresh_token,
    client_id: client.id,
    resource: RESOURCE,
  });
  if (status !== 200) return "rejected";
  const { sid } = decode(JSON.parse(text).access_token);
  assert.ok(sid === null || sid === decode(access_token).sid, `sid is ${sid}`);
  return sid === null ? "a token with `sid: null`" : "a token with the same `sid`";
}

export async function recordActions(server) {
  const rows = [];
  for (const [name, run, settings] of ACTIONS) {
    rows.push(await record(server, name, run, settings));
  }
  return rows;
}

/** The contents of a logout token, how many clients get one, and what happens when the URL does not answer. */
export async function recordDelivery(server) {
  const redirectUris = ["http://127.0.0.1/callback"];
  const receivers = [await Receiver.open(), await Receiver.open()];
  const clients = [];
  for (const { url } of receivers) clients.push(await server.createClient({ redirectUris, logoutUri: url }));
  const user = await server.signUp();
  for (const client of clients) await server.tokens(client, user.browser);
  await user.browser.request("POST", "/sign-out", {});
  const [logout] = receivers[0].tokens;
  const claims = decode(logout);

  const failing = {};
  for (const status of [500, 0]) {
    const receiver = await Receiver.open();
    receiver.status = status;
    const client = await server.createClient({ redirectUris, logoutUri: receiver.url });
    const { browser } = await server.signUp();
    await server.tokens(client, browser);
    const start = Date.now();
    await browser.request("POST", "/sign-out", {});
    failing[status] = { attempts: receiver.attempts, waited_s: Math.round((Date.now() - start) / 1000) };
  }

  const registered = {};
  for (const uri of ["https://todo.example.com", "http://todo.example.com", "https://localhost", "https://10.0.0.1"]) {
    const registration = server.register(redirectUris, { backchannel_logout_uri: uri });
    registered[uri] = await registration.then(() => "registered", () => "rejected");
  }

  return {
    registered,
    request: receivers[0].request,
    header: Object.keys(JSON.parse(Buffer.from(logout.split(".")[0], "base64url"))).sort(),
    typ: claims.typ,
    claims: Object.keys(JSON.parse(Buffer.from(logout.split(".")[1], "base64url"))).sort(),
    lifetime_s: claims.exp - claims.iat,
    received: receivers.map(({ attempts }) => attempts),
    failing,
  };
}
