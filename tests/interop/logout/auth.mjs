// A Better Auth server that is an OAuth provider: clients get access tokens for a resource, and logout tokens. Its data
// is in memory, and every query of its database is counted.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { oauthProvider } from "@better-auth/oauth-provider";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { admin } from "better-auth/plugins/admin";
import { jwt } from "better-auth/plugins/jwt";

import { Client } from "../better_auth/client.mjs";
import { listen } from "../harness.mjs";

/** The audience of the access tokens. It is a name, not an address that must answer. */
export const RESOURCE = "https://todo.example.com";
/** Short, as in production: a lost logout token matters no longer than this. */
const ACCESS_TOKEN_SECONDS = 300;

export const randomText = () => randomBytes(24).toString("base64url");

const MODELS = [
  ...["user", "session", "account", "verification", "jwks"],
  ...["oauthClient", "oauthResource", "oauthClientResource", "oauthConsent", "oauthAccessToken"],
  ...["oauthRefreshToken", "oauthClientAssertion"],
];

export class AuthServer {
  rows = Object.fromEntries(MODELS.map((name) => [name, []]));
  /** Queries of the database, whichever request caused them. */
  queries = 0;
  /** The origins of pages that may use this server from a browser. */
  pages = new Set();

  static async open({ port, host = "127.0.0.1", ...options } = {}) {
    const server = new AuthServer();
    const http = createServer((request, response) => server.#answer(request, response));
    server.url = `http://${host}:${await listen(http, port)}`;
    server.secret = randomBytes(33).toString("base64");
    server.setUp(options);
    // An administrator creates the clients.
    server.administrator = await server.signUp("Administrator");
    server.rows.user[0].role = "admin";
    return server;
  }

  /** Starts again with these settings, with the same users and keys. */
  setUp(options) {
    this.auth = betterAuth({
      baseURL: this.url,
      secret: this.secret,
      database: this.#counting(memoryAdapter(this.rows)),
      emailAndPassword: { enabled: true, sendResetPassword: async ({ token }) => (this.mailed = token), ...options?.passwords },
      user: { deleteUser: { enabled: true } },
      trustedOrigins: () => [this.url, ...this.pages],
      plugins: [
        jwt(),
        admin(),
        oauthProvider({
          loginPage: "/login",
          consentPage: "/consent",
          scopes: ["openid", "offline_access"],
          resources: [RESOURCE],
          enforcePerClientResources: false,
          accessTokenExpiresIn: ACCESS_TOKEN_SECONDS,
          silenceWarnings: { oauthAuthServerConfig: true, openidConfig: true },
        }),
      ],
      telemetry: { enabled: false },
      logger: { level: "error" },
    });
    this.handle = toNodeHandler(this.auth);
  }

  #counting(adapter) {
    const before = () => {
      this.queries += 1;
      this.#clearReferences();
    };
    return (options) =>
      new Proxy(adapter(options), {
        get(target, name) {
          const value = target[name];
          if (typeof value !== "function" || name === "transaction") return value;
          return (...values) => {
            before();
            return value.apply(target, values);
          };
        },
      });
  }

  /** What the foreign keys of a real database do: Better Auth declares them with `ON DELETE SET NULL`. */
  #clearReferences() {
    const sessions = new Set(this.rows.session.map(({ id }) => id));
    for (const row of [...this.rows.oauthRefreshToken, ...this.rows.oauthAccessToken]) {
      if (!sessions.has(row.sessionId)) row.sessionId = null;
    }
  }

  #answer(request, response) {
    const { origin } = request.headers;
    response.setHeader("vary", "origin");
    if (this.pages.has(origin)) {
      response.setHeader("access-control-allow-origin", origin);
      response.setHeader("access-control-allow-credentials", "true");
    }
    if (request.method === "OPTIONS") {
      response.setHeader("access-control-allow-methods", "GET, POST");
      response.setHeader("access-control-allow-headers", "content-type");
      response.writeHead(204).end();
    } else {
      this.handle(request, response);
    }
  }

  /**
   * Creates a public client, such as a page or an app. Better Auth accepts only `https` URLs of public hosts for logout
   * tokens, and has no setting for that. So the address of this machine is written to the database, as one would do for
   * development.
   */
  async createClient({ redirectUris, logoutUri }) {
    const created = await this.register(redirectUris);
    const row = this.rows.oauthClient.find(({ clientId }) => clientId === created.client_id);
    row.backchannelLogoutUri = logoutUri;
    return { id: created.client_id, redirectUri: redirectUris[0] };
  }

  register(redirectUris, more) {
    return this.auth.api.adminCreateOAuthClient({
      headers: new Headers({ cookie: this.administrator.browser.cookieHeader() }),
      body: {
        client_name: "Todo",
        redirect_uris: redirectUris,
        scope: "openid offline_access",
        grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"],
        token_endpoint_auth_method: "none",
        application_type: "native",
        skip_consent: true,
        enable_end_session: true,
        ...more,
      },
    });
  }

  /** A new user, signed in. */
  async signUp(name = "User") {
    const email = `user-${randomBytes(8).toString("hex")}@example.com`;
    const password = randomText();
    const browser = new Client(this.url);
    const answer = await browser.request("POST", "/sign-up/email", { name, email, password });
    return { browser, email, password, id: JSON.parse(answer.text).user.id };
  }

  /** Another session of a user. */
  async signIn({ email, password }) {
    const browser = new Client(this.url);
    await browser.request("POST", "/sign-in/email", { email, password });
    return browser;
  }

  /** The authorization-code flow (RFC 6749, with PKCE and a resource): tokens for the user of this browser. */
  async tokens(client, browser, scope = "openid offline_access", resource = RESOURCE) {
    const verifier = randomText();
    const query = new URLSearchParams({
      response_type: "code",
      client_id: client.id,
      redirect_uri: client.redirectUri,
      scope,
      state: randomText(),
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
      ...(resource && { resource }),
    });
    const answer = await fetch(`${this.url}/api/auth/oauth2/authorize?${query}`, {
      headers: { cookie: browser.cookieHeader(), origin: this.url },
      redirect: "manual",
    });
    const text = await answer.text();
    const location = answer.headers.get("location") ?? JSON.parse(text).url;
    const code = new URL(location, this.url).searchParams.get("code");
    assert.ok(code, `there is no code in ${location}: ${text}`);
    return this.token({
      grant_type: "authorization_code",
      code,
      redirect_uri: client.redirectUri,
      client_id: client.id,
      code_verifier: verifier,
      ...(resource && { resource }),
    });
  }

  async token(parameters) {
    const answer = await this.post("/oauth2/token", parameters);
    assert.equal(answer.status, 200, answer.text);
    return JSON.parse(answer.text);
  }

  /** Sends a form. */
  async post(path, parameters) {
    const response = await fetch(`${this.url}/api/auth${path}`, { method: "POST", body: new URLSearchParams(parameters) });
    return { status: response.status, text: await response.text() };
  }
}
