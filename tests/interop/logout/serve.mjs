// A Better Auth server that is an OAuth provider and sends logout tokens, with routes that a test controls it with. See
// README.md next to this file.

import { installedVersion, control, endWithParent } from "../harness.mjs";
import { recordActions, recordDelivery } from "./actions.mjs";
import { AuthServer, RESOURCE } from "./auth.mjs";
import { openHookServer } from "./hook.mjs";

endWithParent();

const server = await AuthServer.open();
const clients = {};
const users = {};
let hooked;

await control(
  {
    client: async ({ redirect_uri, logout_uri }) => {
      const client = await server.createClient({ redirectUris: [redirect_uri], logoutUri: logout_uri });
      clients[client.id] = client;
      return { client_id: client.id };
    },

    /** A new session of a user, by default of a new one, and its tokens. */
    sign_in: async ({ client_id, user_id }) => {
      const user = users[user_id] ?? (await server.signUp());
      const browser = user_id ? await server.signIn(user) : user.browser;
      users[user.id] = user;
      const tokens = await server.tokens(clients[client_id], browser);
      return { user_id: user.id, cookie: browser.cookieHeader(), ...tokens };
    },

    /** A new access token for a refresh token. */
    refresh: async ({ client_id, refresh_token }) =>
      server.token({ grant_type: "refresh_token", refresh_token, client_id, resource: RESOURCE }),

    /** Starts another server, which has no OAuth provider and writes to Redis itself. */
    hook_server: async ({ redis_url }) => {
      hooked = await openHookServer(redis_url);
      return { url: hooked.url };
    },

    /** A new user of that server, and a token of the JWT plugin. */
    hook_sign_in: () => hooked.signIn(),

    queries: () => {
      const { queries } = server;
      server.queries = 0;
      return { queries };
    },

    actions: async () => ({ actions: await recordActions(server), delivery: await recordDelivery(server) }),
  },
  {
    url: server.url,
    issuer: `${server.url}/api/auth`,
    resource: RESOURCE,
    version: await installedVersion("better-auth"),
    provider_version: await installedVersion("@better-auth/oauth-provider"),
  },
);
