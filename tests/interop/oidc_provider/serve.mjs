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

/** New keys, whose ids end with this. One RSA key is for both of its algorithms, so it names none. */
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

/** A provider behind a port that stays the same while providers are replaced. */
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

  /** A new provider under the old name. It signs with the first key that fits. */
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
        resourceIndicators: {
          enabled: true,
          getResourceServerInfo: (_, indicator) => ({
            scope: SCOPE,
            audience: indicator,
            accessTokenFormat: "jwt",
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
      // Where people would log in.
      const login = { login: { accountId: SUBJECT } };
      await this.provider.interactionFinished(request, response, login);
      return;
    }
    this.handle(request, response);
  }

  // ---- a client, over HTTP ----

  /** Of a client that speaks for itself. */
  async clientToken(alg) {
    const { access_token } = await this.#ask(alg, {
      grant_type: "client_credentials",
      scope: "orders:read",
      resource: resource(alg),
    });
    return access_token;
  }

  /** Of a user, by the authorization code flow: an access token and an ID token. */
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

  async #ask(alg, form) {
    const { client_id, client_secret } = clients.find((one) => one.client_id === `client-${alg}`);
    const response = await fetch(`${this.url}/token`, {
      method: "POST",
      headers: { authorization: `Basic ${btoa(`${client_id}:${client_secret}`)}` },
      body: new URLSearchParams(form),
    });
    const text = await response.text();
    assert.equal(response.status, 200, `/token answered ${response.status}: ${text}`);
    return JSON.parse(text);
  }
}

/** Nobody is asked for consent: everything that was asked for is granted. */
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
  // Another provider with other keys under other ids.
  other: await Site.start(makeKeys("other")),
  // Another one that says it were the first: its name, its key ids.
  impostor: await Site.start(makeKeys("1"), main.issuer),
};

await control(
  {
    /** One token of each sort, signed with this algorithm. */
    tokens: async ({ site, alg }) => {
      const { access_token, id_token } = await sites[site].userTokens(alg);
      return { client: await sites[site].clientToken(alg), user: access_token, id: id_token };
    },

    /** How often somebody has asked for metadata and for keys. */
    requests: () => main.requests,

    /** A restart with new keys before the old ones: the old ones stay published. */
    rotate: () => main.restart([...makeKeys("2"), ...first]),

    /** It answers every request with 503. */
    outage: () => {
      main.isDown = true;
    },

    /** It answers again. */
    recovery: () => {
      main.isDown = false;
    },

    /** A restart without the old keys. */
    retire: () => main.restart(main.keys.filter((key) => !first.includes(key))),
  },
  {
    issuer: main.issuer,
    other_issuer: sites.other.issuer,
    subject: SUBJECT,
    version: await installedVersion("oidc-provider"),
  },
);
