// The parts of a browser that Better Auth needs.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

const REQUEST_TIMEOUT_MS = 20_000;

/** A minimal browser: it keeps the cookies of one server. */
export class Client {
  cookies = new Map();

  constructor(url) {
    this.url = url;
  }

  async request(method, path, body) {
    const headers = { origin: this.url };
    if (this.cookies.size > 0) {
      headers.cookie = this.cookieHeader();
    }
    if (body) {
      headers["content-type"] = "application/json";
    }
    const response = await fetch(`${this.url}/api/auth${path}`, {
      method,
      headers,
      body: body && JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    const text = await response.text();
    assert.equal(response.status, 200, `${method} ${path} answered ${response.status}: ${text}`);
    for (const line of response.headers.getSetCookie()) {
      this.#store(line);
    }
    return { headers: response.headers, text };
  }

  #store(line) {
    const [pair, ...attributes] = line.split(";").map((part) => part.trim());
    const equals = pair.indexOf("=");
    const name = pair.slice(0, equals);
    if (attributes.some((attribute) => attribute.toLowerCase() === "max-age=0")) {
      this.cookies.delete(name);
    } else {
      this.cookies.set(name, pair.slice(equals + 1));
    }
  }

  /** The value of the `Cookie` field. */
  cookieHeader() {
    return [...this.cookies].map((pair) => pair.join("=")).join("; ");
  }

  /** The decoded value of a cookie, which may have arrived in chunks, or undefined. */
  cookie(name) {
    if (this.cookies.has(name)) {
      return decodeURIComponent(this.cookies.get(name));
    }
    let value = "";
    for (let i = 0; this.cookies.has(`${name}.${i}`); i++) {
      value += this.cookies.get(`${name}.${i}`);
    }
    return value === "" ? undefined : decodeURIComponent(value);
  }
}

/** Signs a new user up, then signs in with only the password. */
export async function signIn(url) {
  const email = `user-${randomBytes(8).toString("hex")}@example.com`;
  const password = randomBytes(12).toString("hex");
  const signUp = await new Client(url).request("POST", "/sign-up/email", {
    name: "Interop User",
    email,
    password,
  });
  const client = new Client(url);
  const answer = await client.request("POST", "/sign-in/email", { email, password });
  const userId = JSON.parse(answer.text).user.id;
  assert.equal(userId, JSON.parse(signUp.text).user.id, "sign-in found another user");
  return { client, email, password, userId };
}
