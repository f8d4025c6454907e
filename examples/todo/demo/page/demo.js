// The demo page: signs in at the auth server, fetches a token there and calls the API.

const find = (id) => document.getElementById(id);
const { auth_server: authServer, client } = await (await fetch("/demo.json")).json();

/** Only in memory: every script of this origin can read what is in the browser's storage. */
let token = null;
let user = null;

/** The token and the user of the session that has ended, to show what a copy of the token is still good for. */
let last = null;

/** The title field of the form for a new todo. */
const { title } = find("new").elements;

// ---- the auth server --------------------------------------------------------

async function auth(method, path, body) {
  const isForm = body instanceof URLSearchParams; // `fetch` adds the content type of a form
  const response = await fetch(`${authServer}${path}`, {
    method,
    credentials: "include", // the session is a cookie of the auth server
    headers: body && !isForm ? { "content-type": "application/json" } : {},
    body: isForm ? body : body && JSON.stringify(body),
  }).catch(() => {
    throw new Error("Cannot reach the auth server. Check that it is running and allows this page’s origin.");
  });
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    throw new Error(answer?.message ?? `The auth server answered ${response.status}.`);
  }
  return answer;
}

/** Fetches a token for the API. It is valid for some minutes; a new one can be fetched during the session. */
async function fetchToken() {
  use(client ? await accessToken() : (await auth("GET", "/token")).token);
}

/** The code flow of OAuth (RFC 6749, with PKCE and a resource), for the user who is signed in at the auth server. */
async function accessToken() {
  const { client_id, resource } = client;
  const redirect_uri = `${location.origin}/`;
  const code_verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(code_verifier));
  const request = new URLSearchParams({
    response_type: "code", client_id, redirect_uri, resource, scope: "openid offline_access",
    state: crypto.randomUUID(), code_challenge: base64url(new Uint8Array(digest)), code_challenge_method: "S256",
  });
  const { url } = await auth("GET", `/oauth2/authorize?${request}`);
  const code = new URL(url, authServer).searchParams.get("code");
  if (!code) throw new Error("You are not signed in.");
  const form = { grant_type: "authorization_code", code, client_id, redirect_uri, code_verifier, resource };
  const tokens = await auth("POST", "/oauth2/token", new URLSearchParams(form));
  // The auth server notifies the API of a sign-out only if the client has a refresh token. The page needs none: the
  // session gives new tokens. The auth server keeps the row of a revoked one.
  const refresh = { token: tokens.refresh_token, token_type_hint: "refresh_token", client_id };
  await auth("POST", "/oauth2/revoke", new URLSearchParams(refresh));
  return tokens.access_token;
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function use(text) {
  const [, payload] = text.split(".");
  if (!payload) throw new Error("This is not a token. A token has three parts, separated by dots.");
  const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  user = JSON.parse(new TextDecoder().decode(bytes));
  token = text;
  find("claims").textContent = JSON.stringify(user, null, 2);
  find("name").textContent = user.name ?? user.email ?? user.sub;
}

// ---- the API ----------------------------------------------------------------

async function ask(method, path, { body, bearer = token, shown = true } = {}) {
  const headers = {};
  if (bearer) headers.authorization = `Bearer ${bearer}`;
  if (body) headers["content-type"] = "application/json";
  const response = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  if (shown || !response.ok) show(method, path, response, text);
  return { response, answer: text && JSON.parse(text) };
}

/** Sends a request as the user. After 401, fetches a new token and repeats the request once. */
async function api(method, path, body, shown = true) {
  const place = `/api/${encodeURIComponent(user.sub)}/tasks${path}`;
  let { response, answer } = await ask(method, place, { body, shown });
  if (response.status === 401 && authServer) {
    await fetchToken().catch((error) => {
      leave(); // the session has ended, perhaps on another device
      throw error;
    });
    ({ response, answer } = await ask(method, place, { body, shown }));
  }
  if (!response.ok) throw new Error(answer?.detail ?? `The API answered ${response.status}.`);
  return answer;
}

function show(method, path, response, text) {
  const challenge = response.headers.get("www-authenticate");
  find("answer").hidden = false;
  find("request").textContent = `${method} ${path}`;
  find("status").textContent = response.status;
  find("status").className = response.ok ? "good" : "bad";
  find("challenge").hidden = challenge === null;
  find("challenge").querySelector("span").textContent = challenge;
  find("body").hidden = text === "";
  find("body").textContent = text && JSON.stringify(JSON.parse(text), null, 2);
}

// ---- rendering --------------------------------------------------------------

async function refresh() {
  const todos = await api("GET", "", undefined, false);
  const { activeElement: focused } = document;
  const id = focused.closest("#list li")?.dataset.id;
  find("list").replaceChildren(...todos.map(item));
  // Keeps the keyboard focus on the same control.
  if (id) (find("list").querySelector(`[data-id="${id}"] .${focused.className}`) ?? title).focus();
  find("none").hidden = todos.length > 0;
}

function item(todo) {
  const it = find("todo").content.cloneNode(true).firstElementChild;
  const box = it.querySelector("input");
  it.querySelector("span").textContent = todo.title;
  it.dataset.id = todo.id;
  it.classList.toggle("done", todo.completed);
  box.checked = todo.completed;
  box.addEventListener("change", async () => {
    await attempt(() => api("PATCH", `/${todo.id}/complete`), refresh);
    // Shows the old state if the request failed.
    box.checked = todo.completed;
  });
  const [edit, remove] = it.querySelectorAll("button");
  for (const button of [edit, remove]) button.ariaLabel = `${button.textContent} ${todo.title}`;
  edit.addEventListener("click", () => {
    const changed = prompt("Title", todo.title);
    if (changed !== null) attempt(() => api("PUT", `/${todo.id}`, { ...change(todo), title: changed }), refresh);
  });
  remove.addEventListener("click", () => attempt(() => api("DELETE", `/${todo.id}`), refresh));
  return it;
}

const change = ({ title, description, completed }) => ({ title, description, completed });

function render() {
  find("credentials").hidden = token !== null || !authServer;
  find("pasted").hidden = token !== null || Boolean(authServer);
  find("user").hidden = token === null;
  find("signed-out").hidden = token !== null || last === null;
  find("todos").hidden = token === null;
}

/** Runs these steps in order, and shows the error of a step that fails. */
async function attempt(...steps) {
  find("notice").textContent = "";
  try {
    for (const step of steps) await step();
  } catch (error) {
    find("notice").textContent = error.message;
  }
}

/** The steps after a sign-in. */
const enter = [render, refresh, () => title.focus()];

function onSubmit(id, act) {
  find(id).addEventListener("submit", (event) => {
    event.preventDefault();
    act(Object.fromEntries(new FormData(event.target)), event);
  });
}

onSubmit("credentials", ({ name, email, password }, { submitter }) => {
  const body = submitter.value === "sign-up" ? { name, email, password } : { email, password };
  attempt(() => auth("POST", `/${submitter.value}/email`, body), fetchToken, ...enter);
});

onSubmit("pasted", ({ token: text }) => attempt(() => use(text.trim()), ...enter));

onSubmit("new", (todo, { target }) => attempt(() => api("POST", "", todo), () => target.reset(), refresh));

function leave() {
  last = { token, sub: user.sub };
  token = user = null;
  find("list").replaceChildren();
  find("answer").hidden = true;
  render();
}

find("sign-out").addEventListener("click", () => {
  leave();
  attempt(() => authServer && auth("POST", "/sign-out", {}));
});

// First the API, because it rejects the token as soon as its session has ended.
find("everywhere").addEventListener("click", () => {
  const reject = async () => {
    const { response, answer } = await ask("POST", "/sign-out-everywhere");
    if (!response.ok) throw new Error(answer?.detail ?? `The API answered ${response.status}.`);
  };
  attempt(reject, leave, () => authServer && auth("POST", "/revoke-sessions", {}));
});

// Whether the API still accepts a copy of the token: until it expires, unless the API has learned of the sign-out.
find("again").addEventListener("click", () => {
  attempt(() => ask("GET", `/api/${encodeURIComponent(last.sub)}/tasks`, { bearer: last.token }));
});

find("attempts").addEventListener("click", ({ target: { value } }) => {
  const [head, payload, signature] = token.split(".");
  const own = `/api/${encodeURIComponent(user.sub)}/tasks`;
  const attempts = {
    missing: () => ask("GET", own, { bearer: null }),
    tampered: () => ask("GET", own, { bearer: [head, payload, [...signature].reverse().join("")].join(".") }),
    foreign: () => ask("GET", "/api/another-user/tasks"),
  };
  if (value) attempt(attempts[value]);
});

render();
const authHost = authServer && new URL(authServer).hostname;
if (authHost && authHost !== location.hostname) {
  // The browser does not send the session cookie to another site.
  find("notice").textContent = `Open this page at ${authHost}, the host of the auth server.`;
} else if (authServer) {
  // The user may already be signed in.
  const session = await auth("GET", "/get-session").catch(() => null);
  if (session) await attempt(fetchToken, render, refresh);
}
