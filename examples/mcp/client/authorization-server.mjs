// A real authorization server (oidc-provider) on a free port of 127.0.0.1. It prints its URL. Its only user logs in and
// consents without a page.

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const http = createServer().listen(0, "127.0.0.1", () => {
  const issuer = `http://127.0.0.1:${http.address().port}`;
  const provider = new Provider(issuer, {
    jwks: {
      keys: [
        {
          ...generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ format: "jwk" }),
          use: "sig",
        },
      ],
    },
    clientDefaults: { id_token_signed_response_alg: "ES256" },
    cookies: { keys: [randomBytes(24).toString("hex")] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    interactions: { url: (_, interaction) => `/login/${interaction.uid}` },
    loadExistingGrant,
    // The SDK registers the client with the scopes of its first request, and this provider would reject further scopes
    // later. A server may replace what a client registers (RFC 7591 §2).
    extraClientMetadata: { properties: ["scope"], validator: (_, name, value, client) => delete client.scope },
    features: {
      devInteractions: { enabled: false },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_, resource) => ({
          scope: "orders:read orders:write",
          audience: resource,
          accessTokenFormat: "jwt",
          jwt: { sign: { alg: "ES256" } },
        }),
      },
    },
  });
  const handle = provider.callback();
  http.on("request", (request, response) => {
    if (request.url.startsWith("/login/")) {
      provider.interactionFinished(request, response, { login: { accountId: "user-1" } });
    } else {
      handle(request, response);
    }
  });
  console.log(issuer);
});

/** The user consents to the requested scopes. */
async function loadExistingGrant(ctx) {
  const { client, params, session, provider } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addResourceScope(params.resource, params.scope);
  await grant.save();
  return grant;
}
