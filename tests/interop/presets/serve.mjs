// Every kind of token that a real Better Auth server issues, with its data in memory, and servers with
// settings that matter to a verifier. Runs with each of the pinned releases. See README.md next to
// this file.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { fromNodeHeaders, toNodeHandler } from "better-auth/node";
import { bearer } from "better-auth/plugins";
import { jwt } from "better-auth/plugins/jwt";
import { SignJWT } from "jose";
import jsonwebtoken from "jsonwebtoken";

import { Client, signIn } from "../better_auth/client.mjs";
import { control, endWithParent, installedVersion, listen, pins } from "../harness.mjs";

endWithParent();

const JWKS = "/api/auth/jwks";
const RESOURCE = "https://api.example.com";
const CALLBACK = "https://client.example.com/callback";
// The number of requests for the keys that Better Auth allows one address in ten seconds.
const RATE_LIMIT = 100;

const version = await installedVersion("better-auth");
const minor = Number(version.split(".")[1]);
/** A secret like that of `openssl rand -base64 33`: 44 characters. */
const secret = randomBytes(33).toString("base64");
const randomText = () => randomBytes(24).toString("base64url");

// ---- servers ----------------------------------------------------------------

/**
 * An address, a database and a secret, with a Better Auth server whose settings can be replaced at any
 * time. So all kinds of token are signed with the same keys and differ only in their kind.
 */
class Site {
  rows = Object.fromEntries(
    [
      ...["user", "session", "account", "verification", "jwks", "rateLimit"],
      ...["oauthClient", "oauthResource", "oauthClientResource", "oauthConsent", "oauthAccessToken"],
      ...["oauthRefreshToken", "oauthApplication", "oauthClientAssertion"],
    ].map((name) => [name, []]),
  );
  fetches = 0;
  logoutTokens = [];

  static async open(options) {
    const site = new Site();
    const http = createServer((request, response) => site.#answer(request, response));
    site.url = `http://127.0.0.1:${await listen(http)}`;
    site.setUp(options);
    return site;
  }

  setUp(options) {
    this.auth = betterAuth({
      baseURL: this.url,
      secret,
      database: memoryAdapter(this.rows),
      emailAndPassword: { enabled: true },
      emailVerification: {
        sendVerificationEmail: async ({ token }) => {
          this.mailed = token;
        },
      },
      telemetry: { enabled: false },
      logger: { level: "error" },
      ...options,
    });
    this.handle = toNodeHandler(this.auth);
  }

  async #answer(request, response) {
    // As a proxy does. Without this field, the releases differ in how they distinguish clients.
    request.headers["x-forwarded-for"] = "192.0.2.1";
    request.rawHeaders.push("x-forwarded-for", "192.0.2.1");
    const { pathname } = new URL(request.url, this.url);
    if (pathname === JWKS) {
      this.fetches += 1;
    }
    if (pathname.startsWith("/app/")) {
      const session = await this.auth.api.getSession({ headers: fromNodeHeaders(request.headers) });
      assert.ok(session, "the route of the application needs a session");
      response.end(await BRIDGES[pathname.slice("/app/".length)](session.user));
    } else if (pathname === "/logged-out") {
      let text = "";
      for await (const chunk of request) {
        text += chunk;
      }
      this.logoutTokens.push(new URLSearchParams(text).get("logout_token"));
      response.end();
    } else {
      this.handle(request, response);
    }
  }
}

/** Tokens that applications sign for their own API with the secret of the auth server. */
const BRIDGES = {
  jose: ({ id, email }) =>
    new SignJWT({ email })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(id)
      .setIssuedAt()
      .setExpirationTime("1h")
      .sign(new TextEncoder().encode(secret)),
  jsonwebtoken: ({ id, email, name }) =>
    jsonwebtoken.sign({ sub: id, email, name }, secret, { algorithm: "HS256", expiresIn: "1h" }),
  // A link to verify an address looks the same since 1.7.25.
  userId: ({ id, email }) => jsonwebtoken.sign({ userId: id, email }, secret, { expiresIn: "1h" }),
  // The audience distinguishes it from such a link.
  forApi: ({ id, email }) =>
    jsonwebtoken.sign({ userId: id, email }, secret, { expiresIn: "1h", audience: RESOURCE }),
};

// ---- kinds of token ---------------------------------------------------------

const kinds = {};
const PLAIN = { plugins: [jwt(), bearer()] };
const site = await Site.open(PLAIN);
const { client, email, password, userId } = await signIn(site.url);

async function asked(method, path, body) {
  return (await client.request(method, path, body)).text;
}

kinds["plugin"] = JSON.parse(await asked("GET", "/token")).token;
const session = await client.request("GET", "/get-session");
kinds["plugin, header"] = session.headers.get("set-auth-jwt");

const signedSession = client.cookie("better-auth.session_token");
kinds["session token"] = signedSession.split(".")[0];
kinds["session cookie"] = signedSession;

await asked("POST", "/send-verification-email", { email });
kinds["e-mail link"] = site.mailed;

async function bridge(name) {
  const cookie = `better-auth.session_token=${encodeURIComponent(signedSession)}`;
  return (await fetch(`${site.url}/app/${name}`, { headers: { cookie } })).text();
}
for (const [name, kind] of [
  ["jose", "bridge, jose"],
  ["jsonwebtoken", "bridge, jsonwebtoken"],
  ["userId", "bridge, userId"],
]) {
  kinds[kind] = await bridge(name);
}
const bridgeForApi = await bridge("forApi");

/** The cookie cache of a new session of this server. */
async function cachedSession(options) {
  site.setUp(options);
  const browser = new Client(site.url);
  await browser.request("POST", "/sign-in/email", { email, password });
  const value =
    browser.cookie("better-auth.session_data") ?? browser.cookie("__Secure-better-auth.session_data");
  assert.ok(value, "there is no cookie cache");
  return { value, header: browser.cookieHeader() };
}

const cookieHeaders = {};
async function cookieKind(kind, strategy, plugins = []) {
  const cookieCache = { enabled: true, strategy };
  const { value, header } = await cachedSession({ session: { cookieCache }, plugins });
  kinds[kind] = value;
  cookieHeaders[kind] = header;
}
// Strategies exist since 1.4. Before that, every cookie cache was like `compact` today.
await cookieKind("cookie, compact", "compact");
if (minor >= 4) {
  await cookieKind("cookie, secret", "jwt");
  await cookieKind("cookie, encrypted", "jwe");

  // As with https, where the name has a prefix.
  cookieHeaders["cookie, secure"] = (
    await cachedSession({
      session: { cookieCache: { enabled: true, strategy: "jwt" } },
      advanced: { useSecureCookies: true },
    })
  ).header;
  assert.match(cookieHeaders["cookie, secure"], /__Secure-better-auth\.session_data=/);

  // Too long for one cookie: the server splits it into several.
  const [user] = site.rows.user;
  user.bio = randomBytes(4500).toString("base64");
  const { header } = await cachedSession({
    session: { cookieCache: { enabled: true, strategy: "jwt" } },
    user: { additionalFields: { bio: { type: "string", required: false } } },
  });
  assert.match(header, /session_data\.0=.*session_data\.1=/, "the cookie is not split");
  cookieHeaders["cookie, in chunks"] = header;
  delete user.bio;
}
if (minor >= 7) {
  await cookieKind("cookie, key pair", "jwt", [jwt({ sessionCookieCache: true })]);
}

// ---- OAuth ------------------------------------------------------------------

/** The authorization-code flow of a client: a code for the signed-in user, then the tokens for the code. */
async function oauthTokens({ id, secret }, resource) {
  const browser = new Client(site.url);
  await browser.request("POST", "/sign-in/email", { email, password });
  const verifier = randomText();
  const query = new URLSearchParams({
    response_type: "code",
    client_id: id,
    redirect_uri: CALLBACK,
    scope: "openid profile email",
    state: randomText(),
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
    ...resource,
  });
  const answer = await fetch(`${site.url}/api/auth/oauth2/authorize?${query}`, {
    headers: { cookie: browser.cookieHeader(), origin: site.url },
    redirect: "manual",
  });
  const text = await answer.text();
  const location =
    answer.headers.get("location") ?? JSON.parse(text).url ?? JSON.parse(text).redirectURI;
  const code = new URL(location, site.url).searchParams.get("code");
  assert.ok(code, `there is no code in ${location}: ${text}`);
  const tokens = await oauthToken({
    grant_type: "authorization_code",
    code,
    redirect_uri: CALLBACK,
    client_id: id,
    client_secret: secret,
    code_verifier: verifier,
    ...resource,
  });
  return { tokens, browser };
}

async function oauthToken(parameters) {
  const answer = await fetch(`${site.url}/api/auth/oauth2/token`, {
    method: "POST",
    headers: { "content-type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams(parameters),
  });
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return JSON.parse(text);
}

async function providerOf17() {
  const { oauthProvider } = await import("@better-auth/oauth-provider");
  const pages = { loginPage: "/login", consentPage: "/consent" };
  const scopes = ["openid", "profile", "email", "orders:read"];
  const options = { ...pages, scopes, resources: [RESOURCE], enforcePerClientResources: false };
  const resource = { resource: RESOURCE };
  const create = async (name) => {
    const created = await site.auth.api.adminCreateOAuthClient({
      headers: new Headers({ cookie: client.cookieHeader() }),
      body: {
        client_name: name,
        redirect_uris: [CALLBACK],
        scope: "openid profile email",
        grant_types: ["authorization_code", "client_credentials"],
        skip_consent: true,
        token_endpoint_auth_method: "client_secret_post",
      },
    });
    return { id: created.client_id, secret: created.client_secret };
  };

  site.setUp({ plugins: [jwt(), oauthProvider(options)] });
  const web = await create("web");
  // The API requires an https URL of a public host and an administrator, so this writes to the database.
  for (const row of site.rows.oauthClient) {
    row.backchannelLogoutUri = `${site.url}/logged-out`;
    row.clientCredentialsScopes = ["orders:read"];
  }
  const { tokens } = await oauthTokens(web, resource);
  kinds["access token"] = tokens.access_token;
  kinds["ID token"] = tokens.id_token;
  const opaque = await oauthTokens(web, {});
  kinds["access token, opaque"] = opaque.tokens.access_token;
  const ofClient = { grant_type: "client_credentials", client_id: web.id, client_secret: web.secret };
  kinds["access token of a client"] = (await oauthToken({ ...ofClient, ...resource })).access_token;
  // The opaque tokens in the database determine which clients are notified of a sign-out.
  await opaque.browser.request("POST", "/sign-out", {});
  kinds["logout token"] = site.logoutTokens[0];

  site.setUp({ plugins: [oauthProvider({ ...options, disableJwtPlugin: true })] });
  const alone = await create("without the JWT plugin");
  kinds["ID token, client secret"] = (await oauthTokens(alone, {})).tokens.id_token;
}

/** The plugin that the package of the OAuth provider has replaced. */
async function providerBefore17() {
  const { oidcProvider } = await import("better-auth/plugins");
  const web = { id: "web", secret: randomText() };
  const application = {
    clientId: web.id,
    clientSecret: web.secret,
    name: "web",
    type: "web",
    // It was renamed in 1.3.
    redirectURLs: [CALLBACK],
    redirectUrls: [CALLBACK],
    disabled: false,
    metadata: null,
    skipConsent: true,
  };
  const options = { loginPage: "/login", trustedClients: [application], requirePKCE: true };
  // A consent refers to a row even if it was skipped.
  site.rows.oauthApplication.push({ ...application, redirectURLs: CALLBACK, redirectUrls: CALLBACK });
  site.setUp({ plugins: [jwt(), oidcProvider(options)] });
  const { tokens } = await oauthTokens(web, {});
  kinds["access token, opaque"] = tokens.access_token;
  kinds["ID token, client secret"] = tokens.id_token;
  if (minor >= 4) {
    site.setUp({ plugins: [jwt(), oidcProvider({ ...options, useJWTPlugin: true })] });
    kinds["ID token"] = (await oauthTokens(web, {})).tokens.id_token;
  }
}

if (Object.hasOwn(pins, "@better-auth/oauth-provider")) {
  await providerOf17();
} else if (minor < 7) {
  await providerBefore17();
}

// ---- the effect of server settings on tokens --------------------------------

const variants = {};
async function variant(name, options) {
  site.setUp({ plugins: [jwt({ jwt: options })] });
  variants[name] = JSON.parse(await asked("GET", "/token")).token;
}
const inSeconds = (seconds) => Date.now() / 1000 + seconds;
await variant("iat in milliseconds", { definePayload: ({ user }) => ({ ...user, iat: Date.now() }) });
await variant("exp with a fraction", {
  definePayload: ({ user }) => ({ ...user, exp: Math.floor(inSeconds(900)) + 0.5 }),
});
await variant("no e-mail address", { definePayload: ({ user }) => ({ id: user.id }) });
await variant("several audiences", { audience: ["https://other.example.com", site.url] });
await variant("another audience", { audience: "https://other.example.com" });
await variant("sub is the e-mail address", { getSubject: ({ user }) => user.email });
await variant("expired in 1970", { expirationTime: 3600 });
await variant("nbf to come", {
  definePayload: ({ user }) => ({ ...user, nbf: Math.floor(inSeconds(600)) }),
});
site.setUp(PLAIN);

// ---- other servers ----------------------------------------------------------

async function tokenOf(other) {
  const { client, userId } = await signIn(other.url);
  const { token } = JSON.parse((await client.request("GET", "/token")).text);
  return { url: other.url, user_id: userId, token };
}
const es512 = await Site.open({ plugins: [jwt({ jwks: { keyPairConfig: { alg: "ES512" } } })] });
const limited = await Site.open({ ...PLAIN, rateLimit: { enabled: true } });
// It has received no request, so it has no key yet.
const fresh = await Site.open(PLAIN);

await control(
  {
    /** A new token of a user of the server with this name. */
    token: ({ site }) => tokenOf({ limited, fresh }[site]),
    /** The key set as served now. */
    jwks: async () => (await fetch(site.url + JWKS)).json(),
    /** Requests the keys until the rate limit rejects a request. */
    spend: async () => {
      for (let asked = 1; ; asked++) {
        const { status } = await fetch(limited.url + JWKS);
        if (status === 429) {
          return { asked };
        }
        assert.ok(asked <= RATE_LIMIT, "there is no rate limit");
      }
    },
    fetches: ({ site }) => ({ fetches: { limited, fresh }[site].fetches }),
    /** Deletes the current key; the next signature creates another one. */
    forget: ({ site }) => {
      ({ limited, fresh })[site].rows.jwks.length = 0;
    },
  },
  {
    url: site.url,
    user_id: userId,
    email,
    secret,
    resource: RESOURCE,
    bridge_for_api: bridgeForApi,
    kinds,
    cookies: cookieHeaders,
    variants,
    es512: await tokenOf(es512),
    limited: limited.url,
    fresh: fresh.url,
    version,
  },
);
