// A client of Amazon Cognito, for the servers that imitate it.

import { ask } from "./harness.mjs";

const EMAIL = "alice@example.com";
const PASSWORD = "Correct-horse-1";

/** Creates two pools, two clients and one user of each pool at this server, and returns every kind of token. */
export async function mint(url) {
  const call = (action, body) =>
    ask(`${url}/`, {
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AWSCognitoIdentityProviderService.${action}`,
        // The servers read the region and do not check the signature.
        authorization: "AWS4-HMAC-SHA256 Credential=local/20260101/eu-west-1/cognito-idp/aws4_request",
      },
      body: JSON.stringify(body),
    });

  const createPool = async (name) => {
    const { Id: UserPoolId } = (await call("CreateUserPool", { PoolName: name })).UserPool;
    const user = { UserPoolId, Username: EMAIL };
    const attributes = { MessageAction: "SUPPRESS", UserAttributes: [{ Name: "email", Value: EMAIL }] };
    await call("AdminCreateUser", { ...user, ...attributes });
    await call("AdminSetUserPassword", { ...user, Password: PASSWORD, Permanent: true });
    await call("CreateGroup", { UserPoolId, GroupName: "editors" });
    await call("AdminAddUserToGroup", { ...user, GroupName: "editors" });
    return UserPoolId;
  };
  const createClient = async (UserPoolId, ClientName) => {
    const ExplicitAuthFlows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"];
    const client = { UserPoolId, ClientName, ExplicitAuthFlows };
    return (await call("CreateUserPoolClient", client)).UserPoolClient.ClientId;
  };
  const login = async (ClientId, AuthFlow, AuthParameters) =>
    (await call("InitiateAuth", { ClientId, AuthFlow, AuthParameters })).AuthenticationResult;
  const byPassword = (client) => login(client, "USER_PASSWORD_AUTH", { USERNAME: EMAIL, PASSWORD });

  const pool = await createPool("orders");
  const client = await createClient(pool, "app");
  const tokens = await byPassword(client);
  const refreshed = await login(client, "REFRESH_TOKEN_AUTH", { REFRESH_TOKEN: tokens.RefreshToken });
  const otherClient = await createClient(pool, "another app");
  const ofOtherClient = await byPassword(otherClient);
  const otherPool = await createPool("another");
  const ofOtherPool = await byPassword(await createClient(otherPool, "app"));

  return {
    pool,
    client,
    other_client: otherClient,
    kinds: {
      "access token": tokens.AccessToken,
      "access token, refreshed": refreshed.AccessToken,
      "access token of another client": ofOtherClient.AccessToken,
      "access token of another pool": ofOtherPool.AccessToken,
      "ID token": tokens.IdToken,
      "ID token, refreshed": refreshed.IdToken,
      "ID token of another client": ofOtherClient.IdToken,
      "ID token of another pool": ofOtherPool.IdToken,
      "refresh token": tokens.RefreshToken,
    },
  };
}
