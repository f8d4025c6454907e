// Starts Better Auth servers, fetches tokens and key sets from them over HTTP, and
// writes everything to one JSON file. Usage: node capture.mjs OUTPUT.json

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { installedVersion } from "../harness.mjs";
import { Client, signIn } from "./client.mjs";

const ALGORITHMS = ["EdDSA", "ES256", "RS256", "PS256"];
const START_ATTEMPTS = 5;
const START_TIMEOUT_MS = 20_000;
const TOTAL_TIMEOUT_MS = 120_000;

const running = new Set();

function say(text) {
  console.error(`better-auth interop: ${text}`);
}

/** A secret like that of `openssl rand -base64 33`: 44 characters. */
function randomSecret() {
  return randomBytes(33).toString("base64");
}

// ---- servers ----------------------------------------------------------------

/** Starts a server. Repeats a start that crashes or hangs. */
async function startServer(mode, alg) {
  const secret = randomSecret();
  for (let attempt = 1; ; attempt++) {
    try {
      return { ...(await startOnce(mode, alg, secret)), secret };
    } catch (error) {
      say(`${mode} ${alg}, start ${attempt} of ${START_ATTEMPTS}: ${error.message}`);
      if (attempt === START_ATTEMPTS) {
        throw new Error(`the ${mode} ${alg} server did not start`);
      }
    }
  }
}

async function startOnce(mode, alg, secret) {
  const script = fileURLToPath(new URL("server.mjs", import.meta.url));
  const child = spawn(process.execPath, [script, mode, alg], {
    stdio: ["pipe", "pipe", "inherit"],
    // The server inherits nothing else: BETTER_AUTH_SECRETS, BETTER_AUTH_URL or
    // NODE_ENV of the surrounding shell would change its behaviour.
    env: { PATH: process.env.PATH, BETTER_AUTH_SECRET: secret },
  });
  const exited = new Promise((resolve) => child.once("close", resolve));
  const stop = async () => {
    child.kill("SIGKILL");
    await exited;
    running.delete(stop);
  };
  running.add(stop);

  let timer;
  try {
    const url = await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error("not ready in time")), START_TIMEOUT_MS);
      child.once("error", reject);
      child.once("close", (code, signal) => reject(new Error(`ended with ${signal ?? code}`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        // Better Auth may log to standard output as well.
        if (line.startsWith('{"url":')) {
          resolve(JSON.parse(line).url);
        } else {
          console.error(line);
        }
      });
    });
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function stopAll() {
  await Promise.all([...running].map((stop) => stop()));
}

// ---- checks -----------------------------------------------------------------
// They only check the contents of the capture. The consumer verifies the
// signatures: that is what it tests.

function decode(token) {
  assert.equal(typeof token, "string", "the server gave no token");
  const parts = token.split(".");
  assert.equal(parts.length, 3, "the token is not a JWS");
  const [header, payload] = parts
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, "base64url").toString("utf8")));
  return { header, payload };
}

function checkKeySets(own, other, alg, kid) {
  const [ownKeys, otherKeys] = [own, other].map((text) => JSON.parse(text).keys);
  for (const key of [...ownKeys, ...otherKeys]) {
    assert.equal(key.alg, alg, "a key set holds a key of another algorithm");
  }
  assert.ok(ownKeys.some((key) => key.kid === kid), "the key set lacks the token's key");
  assert.ok(otherKeys.length > 0, "the other server's key set is empty");
  assert.ok(otherKeys.every((key) => key.kid !== kid), "both servers have the token's key");
}

// ---- captures ---------------------------------------------------------------

async function capturePlugin(alg) {
  const [server, other] = await Promise.all([
    startServer("jwt-plugin", alg),
    startServer("jwt-plugin", alg),
  ]);
  const { client, email, userId } = await signIn(server.url);

  // One request after the other: concurrent first requests could create several keys.
  const token = await client.request("GET", "/token");
  const session = await client.request("GET", "/get-session");
  const tokens = [
    { from: "/token", jwt: JSON.parse(token.text).token },
    { from: "set-auth-jwt", jwt: session.headers.get("set-auth-jwt") },
  ];
  const jwks = (await new Client(server.url).request("GET", "/jwks")).text;
  const otherJwks = (await new Client(other.url).request("GET", "/jwks")).text;
  await Promise.all([server.stop(), other.stop()]);

  for (const { jwt } of tokens) {
    const { header, payload } = decode(jwt);
    assert.equal(header.alg, alg, "the token has another algorithm");
    assert.equal(payload.sub, userId, "the token has another subject");
    assert.equal(payload.email, email, "the token has another e-mail address");
    assert.equal(payload.iss, server.url, "the token has another issuer");
    assert.equal(payload.aud, server.url, "the token has another audience");
    checkKeySets(jwks, otherJwks, alg, header.kid);
  }
  return {
    mode: "jwt-plugin",
    alg,
    issuer: server.url,
    audience: server.url,
    user_id: userId,
    email,
    tokens,
    jwks,
    other_jwks: otherJwks,
  };
}

async function captureCookieCache() {
  const alg = "HS256";
  const server = await startServer("cookie-cache", alg);
  const { client, email, userId } = await signIn(server.url);
  const jwt = client.cookie("better-auth.session_data");
  await server.stop();

  const { header, payload } = decode(jwt);
  assert.equal(header.alg, alg, "the cookie has another algorithm");
  assert.equal(payload.user.id, userId, "the cookie has another user");
  assert.equal(payload.user.email, email, "the cookie has another e-mail address");
  return {
    mode: "cookie-cache",
    alg,
    user_id: userId,
    email,
    secret: server.secret,
    other_secret: randomSecret(),
    tokens: [{ from: "session_data cookie", jwt }],
  };
}

async function main(output) {
  assert.ok(output, "usage: node capture.mjs OUTPUT.json");
  const version = await installedVersion("better-auth");
  const servers = [];
  for (const alg of ALGORITHMS) {
    say(`jwt-plugin ${alg}`);
    servers.push(await capturePlugin(alg));
  }
  // Last, because its token is valid for only five minutes, the others for fifteen.
  say("cookie-cache HS256");
  servers.push(await captureCookieCache());
  await writeFile(output, JSON.stringify({ better_auth_version: version, servers }, null, 2) + "\n");
}

// The servers stop with this process, also after a crash: their standard input closes.
setTimeout(() => {
  say(`not done after ${TOTAL_TIMEOUT_MS / 1000} seconds, giving up.`);
  process.exit(1);
}, TOTAL_TIMEOUT_MS).unref();

try {
  await main(process.argv[2]);
} catch (error) {
  say(`capture failed: ${error.message}`);
  process.exitCode = 1;
}
await stopAll();
// After a failure, another server may still be starting; do not wait for it.
process.exit();
