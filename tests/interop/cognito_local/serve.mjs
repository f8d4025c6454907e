// A real cognito-local on a free port, and tokens from it. See README.md in the folder above.

import { mint } from "../cognito.mjs";
import { control, endWithParent, freePort, installedVersion, path, startProgram, untilReady } from "../harness.mjs";

endWithParent();
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
const program = path("node_modules/cognito-local/lib/bin/start.js");
startProgram(process.execPath, [program], { HOST: "127.0.0.1", PORT: port });
await untilReady(`${url}/health`);

const minted = await mint(url);
await control(
  {},
  {
    version: await installedVersion("cognito-local"),
    issuer: `${url}/${minted.pool}`,
    // Its metadata name port 9229, also when it listens on another one.
    keys_url: `${url}/${minted.pool}/.well-known/jwks.json`,
    ...minted,
  },
);
