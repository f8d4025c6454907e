// A Better Auth server without the OAuth provider. It writes each session that ends to the shared list itself, as
// docs/logout.md describes, so that tokens of the JWT plugin are rejected as well.

import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { betterAuth } from "better-auth";
import { memoryAdapter } from "better-auth/adapters/memory";
import { toNodeHandler } from "better-auth/node";
import { jwt } from "better-auth/plugins/jwt";
import Redis from "ioredis";

import { signIn } from "../better_auth/client.mjs";
import { listen } from "../harness.mjs";

export async function openHookServer(redisUrl) {
  const http = createServer();
  const url = `http://127.0.0.1:${await listen(http)}`;
  const rows = { user: [], session: [], account: [], verification: [], jwks: [] };

  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 1 });
  // It connects again by itself; a hook that cannot write an entry fails.
  redis.on("error", () => {});
  const revoke = async (entry) => {
    const exp = Math.ceil(Date.now() / 1000) + 15 * 60;
    const commands = redis.multi().zadd("jwt-denylist", "GT", exp, JSON.stringify(entry));
    await commands.publish("jwt-denylist", JSON.stringify({ ...entry, exp })).exec();
  };

  const auth = betterAuth({
    baseURL: url,
    secret: randomBytes(33).toString("base64"),
    database: memoryAdapter(rows),
    emailAndPassword: { enabled: true },
    plugins: [jwt({ jwt: { definePayload: ({ user, session }) => ({ ...user, sid: session.id }) } })],
    databaseHooks: { session: { delete: { after: ({ id }) => revoke({ iss: url, sid: id }) } } },
    telemetry: { enabled: false },
    logger: { level: "error" },
  });
  http.on("request", toNodeHandler(auth));
  return {
    url,
    async signIn() {
      const { client, userId } = await signIn(url);
      const { token } = JSON.parse((await client.request("GET", "/token")).text);
      return { user_id: userId, cookie: client.cookieHeader(), access_token: token };
    },
  };
}
