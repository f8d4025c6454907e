// An MCP client (@modelcontextprotocol/sdk) that is started with the URL of an MCP server and nothing else:
//
//   node client.mjs http://127.0.0.1:3000/mcp
//
// It prints every request and its answer.

import {
  discoverOAuthServerInfo,
  exchangeAuthorization,
  startAuthorization,
  UnauthorizedError,
} from "@modelcontextprotocol/sdk/client/auth.js";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const url = new URL(process.argv[2]);
const REDIRECT_URI = "https://client.example.com/callback";

// ---- the log ----

let authorizationServer;
/** Ports differ from run to run. */
const withoutPorts = (text) =>
  String(text).replaceAll(url.origin, "<mcp>").replaceAll(authorizationServer, "<as>");
const log = (...words) => console.log(withoutPorts(words.join(" ")));

async function loggingFetch(input, init = {}) {
  const target = new URL(input);
  const response = await fetch(target, init);
  if (target.pathname.includes("oauth-protected-resource")) {
    authorizationServer = (await response.clone().json()).authorization_servers[0];
  }
  const method = init.method ?? "GET";
  if (method === "GET" && target.href === url.href) {
    // The SDK asks for a stream, at any time. The server has none.
    return response;
  }
  const isJson = typeof init.body === "string";
  const call = isJson && target.href === url.href ? JSON.parse(init.body) : undefined;
  const form = init.body instanceof URLSearchParams ? `resource=${init.body.get("resource")}` : "";
  log([method, target, call?.method, call?.params?.name, form].filter(Boolean).join(" "));
  log(["  ", response.status, response.headers.get("www-authenticate")].filter(Boolean).join(" "));
  return response;
}

// ---- the user ----

/** Opens the login page as a browser does. Returns the code that the authorization server sends back. */
async function logIn(page) {
  const { scope, resource, code_challenge_method } = Object.fromEntries(page.searchParams);
  log(`BROWSER ${page.origin}${page.pathname} scope=${scope} resource=${resource} ${code_challenge_method}`);
  const cookies = new Map();
  let next = page;
  while (next.origin === page.origin) {
    const cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const response = await fetch(next, { headers: { cookie }, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) {
      throw new Error(`${next} answered ${response.status}: ${await response.text()}`);
    }
    next = new URL(location, next);
  }
  const code = next.searchParams.get("code");
  if (code === null || next.searchParams.get("iss") !== authorizationServer) {
    throw new Error(`not a code of ${authorizationServer}: ${next}`);
  }
  return code;
}

// ---- the OAuth client, which the SDK asks for its data ----

class OAuth {
  redirectUrl = REDIRECT_URI;
  clientMetadata = {
    client_name: "Example",
    application_type: "web",
    redirect_uris: [REDIRECT_URI],
    grant_types: ["authorization_code"],
    token_endpoint_auth_method: "none",
  };
  clientInformation = () => this.client;
  saveClientInformation = (client) => {
    this.client = client;
  };
  tokens = () => this.saved;
  saveTokens = (tokens) => {
    this.saved = tokens;
    logToken(tokens.access_token);
  };
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier) => {
    this.verifier = verifier;
  };
  redirectToAuthorization = async (page) => {
    this.code = await logIn(page);
  };
}

function logToken(token) {
  const [header, payload] = token.split(".").slice(0, 2);
  const { typ, alg } = JSON.parse(Buffer.from(header, "base64url"));
  const { iss, aud, sub, scope } = JSON.parse(Buffer.from(payload, "base64url"));
  log(`TOKEN typ=${typ} alg=${alg} iss=${iss} aud=${aud} sub=${sub} scope=${scope}`);
}

const oauth = new OAuth();
let transport;

/** Calls this function; if the SDK asked for a login, completes it and calls the function again. */
async function withLogin(attempt) {
  try {
    return await attempt();
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) {
      throw error;
    }
    await transport.finishAuth(oauth.code);
    return attempt();
  }
}

async function connect(options) {
  transport = new StreamableHTTPClientTransport(url, { fetch: loggingFetch, ...options });
  const client = new Client({ name: "example", version: "1.0.0" });
  await client.connect(transport);
  return client;
}

async function call(client, name, args) {
  const { content } = await withLogin(() => client.callTool({ name, arguments: args }));
  log(`RESULT ${content[0].text}`);
}

log("--- connect");
const client = await withLogin(() => connect({ authProvider: oauth }));
log("--- a tool for which the token suffices");
await call(client, "list_orders");
log("--- a tool that requires a further scope");
await call(client, "place_order", { item: "tea" });
log("--- the further scope implies the first one");
await call(client, "list_orders");
await client.close();

log("--- a token for another resource");
const { authorizationServerMetadata: metadata } = await discoverOAuthServerInfo(url);
const request = {
  metadata,
  clientInformation: oauth.client,
  resource: new URL("https://billing.example.com/mcp"),
};
const { authorizationUrl, codeVerifier } = await startAuthorization(authorizationServer, {
  ...request,
  redirectUrl: REDIRECT_URI,
  scope: "orders:read orders:write",
});
const { access_token } = await exchangeAuthorization(authorizationServer, {
  ...request,
  authorizationCode: await logIn(authorizationUrl),
  codeVerifier,
  redirectUri: REDIRECT_URI,
});
logToken(access_token);
const headers = { authorization: `Bearer ${access_token}` };
await connect({ requestInit: { headers } }).then(
  () => log("connected"),
  (error) => log(`ERROR ${error.constructor.name} ${error.code}`),
);
