// A real moto server on a free port, and the tokens of its Amazon Cognito. See README.md in the folder above.

import { mint } from "../cognito.mjs";
import { control, endWithParent, freePort, packageVersion, path, startProgram, untilReady } from "../harness.mjs";

endWithParent();
const port = await freePort();
const url = `http://127.0.0.1:${port}`;
startProgram(path("venv/bin/moto_server"), ["--host", "127.0.0.1", "--port", `${port}`]);
await untilReady(`${url}/moto-api/data.json`);

const minted = await mint(url);
await control(
  {},
  {
    version: packageVersion("moto"),
    // The real address of the service, which no machine of these tests asks.
    issuer: `https://cognito-idp.eu-west-1.amazonaws.com/${minted.pool}`,
    keys_url: `${url}/${minted.pool}/.well-known/jwks.json`,
    ...minted,
  },
);
