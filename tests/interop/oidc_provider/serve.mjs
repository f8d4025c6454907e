// Real OpenID providers (oidc-provider) on 127.0.0.1, and tokens from them. See README.md next to this file.

import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

import { control, endWithParent, installedVersion, listen } from "../harness.mjs";

const SCOPE = "orders:read orders:write";
const SUBJECT = "user-1";
const REDIRECT_URI = "https://app.example.com/callback";
const ALGORITHMS = ["ES256", "RS256", "PS256", "EdDSA"];

endWithParent();

/** New keys, with this suffix in their ids. One RSA key serves both RSA algorithms, so it names none. */
function makeKeys(suffix) {
  return [
    ["ec", { namedCurve: "P-256" }],
    ["rsa", { modulusLength: 2048 }],
    ["ed25519", {}],
  ].map(([type, options]) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: "jwk" }),
    kid: `${type}-${suffix}`,
    use: "sig",
  }));
}

/** One resource for each algorithm, and one client for the ID tokens of each. */
const resource = (alg) => `https://api.example.com/${alg}`;
const clients = ALGORITHMS.map((alg) => ({
  client_id: `client-${alg}`,
  client_secret: randomBytes(24).toString("hex"),
  grant_types: ["client_credentials", "authorization_code"],
  response_types: ["code"],
  redirect_uris: [REDIRECT_URI],
  id_token_signed_response_alg: alg,
}));

/** The format of the next access tokens. */
let accessTokenFormat = "jwt";

/** A provider with a fixed port, which stays the same when the provider is replaced. */
class Site {
  requests = { metadata: 0, jwks: 0 };
  isDown = false;

  static async start(keys, issuer) {
    const site = new Site();
    const http = createServer((request, response) => site.#answer(request, response));
    site.url = `http://127.0.0.1:${await listen(http)}`;
    site.issuer = issuer ?? site.url;
    site.restart(keys);
    return site;
  }

  /** A new provider with the same issuer. It signs with the first suitable key. */
  restart(keys) {
    this.keys = keys;
    this.provider = new Provider(this.issuer, {
      jwks: { keys },
      clients,
      cookies: { keys: [randomBytes(24).toString("hex")] },
      enabledJWA: { idTokenSigningAlgValues: ALGORITHMS },
      findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
      interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
      loadExistingGrant,
      features: {
        clientCredentials: { enabled: true },
        devInteractions: { enabled: false },
        introspection: { enabled: true },
        jwtIntrospection: { enabled: true },
        revocation: { enabled: true },
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_, indicator) => ({
            scope: SCOPE,
            audience: indicator,
            accessTokenFormat,
            jwt: { sign: { alg: indicator.split("/").at(-1) } },
          }),
        },
      },
    });
    this.handle = this.provider.callback();
  }

  async #answer(request, response) {
    if (this.isDown) {
      response.writeHead(503).end();
      return;
    }
    if (request.url === "/.well-known/openid-configuration") {
      this.requests.metadata += 1;
    } else if (request.url === "/jwks") {
      this.requests.jwks += 1;
    } else if (request.url.startsWith("/interaction/")) {
      // The login page of a user.
      const login = { login: { accountId: SUBJECT } };
      await this.provider.interactionFinished(request, response, login);
      return;
    }
    this.handle(request, response);
  }

  // ---- a client, over HTTP ----

  /** An access token of a client on its own behalf. */
  async clientToken(alg) {
    const { access_token } = await this.#ask(alg, {
      grant_type: "client_credentials",
      scope: "orders:read",
      resource: resource(alg),
    });
    return access_token;
  }

  /** An access token and an ID token of a user, from the authorization-code flow. */
  async userTokens(alg) {
    const query = new URLSearchParams({
      client_id: `client-${alg}`,
      response_type: "code",
      redirect_uri: REDIRECT_URI,
      scope: `openid ${SCOPE}`,
      resource: resource(alg),
    });
    const cookies = new Map();
    let url = new URL(`/auth?${query}`, this.url);
    while (url.origin === this.url) {
      const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
      const response = await fetch(url, { headers: { cookie }, redirect: "manual" });
      assert.equal(response.status, 303, `${url} answered ${response.status}`);
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
        cookies.set(name, value);
      }
      url = new URL(response.headers.get("location"), url);
    }
    const code = url.searchParams.get("code");
    assert.ok(code, `no code: ${url}`);
    return this.#ask(alg, {
      grant_type: "authorization_code",
      redirect_uri: REDIRECT_URI,
      resource: resource(alg),
      code,
    });
  }

  /** Revokes a token (RFC 7009). */
  async revoke(alg, token) {
    await this.#send(alg, "/token/revocation", { token });
  }

  async #ask(alg, form) {
    return JSON.parse(await this.#send(alg, "/token", form));
  }

  async #send(alg, path, form) {
    const response = await fetch(`${this.url}${path}`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`client-${alg}:${secretOf(alg)}`)}` },
      body: new URLSearchParams(form),
    });
    const text = await response.text();
    assert.equal(response.status, 200, `${path} answered ${response.status}: ${text}`);
    return text;
  }
}

/** The secret of the client for this algorithm. */
function secretOf(alg) {
  return clients.find((one) => one.client_id === `client-${alg}`).client_secret;
}

/** Grants every request without asking the user for consent. */
async function loadExistingGrant(ctx) {
  const { client, params, session, provider } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope("openid");
  grant.addResourceScope(params.resource, SCOPE);
  await grant.save();
  return grant;
}

const first = makeKeys("1");
const main = await Site.start(first);
const sites = {
  main,
  // Another provider with other keys and other key ids.
  other: await Site.start(makeKeys("other")),
  // Another one that pretends to be the first: the same issuer and key ids.
  impostor: await Site.start(makeKeys("1"), main.issuer),
};

await control(
  {
    /** One token of each kind, signed with this algorithm. */
    tokens: async ({ site, alg }) => {
      const { access_token, id_token } = await sites[site].userTokens(alg);
      return { client: await sites[site].clientToken(alg), user: access_token, id: id_token };
    },

    /** The secret of the client, and an opaque access token for the same resource as its JWTs. */
    opaque: async ({ alg }) => {
      accessTokenFormat = "opaque";
      const token = await main.clientToken(alg);
      accessTokenFormat = "jwt";
      return { secret: secretOf(alg), token };
    },

    /** Revokes an opaque token. */
    revoke: ({ alg, token }) => main.revoke(alg, token),

    /** The numbers of requests for the metadata and for the keys. */
    requests: () => main.requests,

    /** Restarts with new keys before the old ones, which stay published. */
    rotate: () => main.restart([...makeKeys("2"), ...first]),

    /** Answers every request with 503. */
    outage: () => {
      main.isDown = true;
    },

    /** Ends the outage. */
    recovery: () => {
      main.isDown = false;
    },

    /** Restarts without the old keys. */
    retire: () => main.restart(main.keys.filter((key) => !first.includes(key))),
  },
  {
    issuer: main.issuer,
    other_issuer: sites.other.issuer,
    subject: SUBJECT,
    version: await installedVersion("oidc-provider"),
  },
);
