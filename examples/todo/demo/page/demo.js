// The demo page: signs in at the auth server, fetches a token there and calls the API.

const find = (id) => document.getElementById(id);
const { auth_server: authServer } = await (await fetch("/demo.json")).json();

/** Only in memory: every script of this origin can read what is in the browser's storage. */
let token = null;
let user = null;

/** The title field of the form for a new todo. */
const { title } = find("new").elements;

// ---- the auth server --------------------------------------------------------

async function auth(method, path, body) {
  const response = await fetch(`${authServer}${path}`, {
    method,
    credentials: "include", // the session is a cookie of the auth server
    headers: body ? { "content-type": "application/json" } : {},
    body: body && JSON.stringify(body),
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
  use((await auth("GET", "/token")).token);
}

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
    await fetchToken();
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

find("sign-out").addEventListener("click", () => {
  token = user = null;
  find("list").replaceChildren();
  find("answer").hidden = true;
  // A copy of the token is valid until it expires: the API does not look tokens up in a database.
  attempt(render, () => authServer && auth("POST", "/sign-out", {}));
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
