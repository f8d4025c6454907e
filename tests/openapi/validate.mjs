// Validates OpenAPI documents. Each input line is JSON, `{"name", "document"}`. Each output line is
// `{"name", "problems"}`; a problem has the broken rule, the location and a message.
// See README.md next to this file.

import { createInterface } from "node:readline";
import { createConfig, lintFromString } from "@redocly/openapi-core";

// The rules on validity, without the rules on style.
const config = await createConfig({
  rules: {
    struct: "error",
    "no-unresolved-refs": "error",
    "security-defined": { severity: "error", exceptions: [] },
    "spec-components-invalid-map-name": "error",
    "no-invalid-media-type-examples": "error",
    "no-invalid-schema-examples": "error",
    "path-parameters-defined": "error",
    "operation-operationId-unique": "error",
  },
});

for await (const line of createInterface({ input: process.stdin })) {
  const { name, document } = JSON.parse(line);
  // There is no file, and the document refers to none.
  const absoluteRef = "/openapi.json";
  const found = await lintFromString({ source: JSON.stringify(document), config, absoluteRef });
  const problems = found.map(({ ruleId, message, location }) => ({
    rule: ruleId,
    at: location[0]?.pointer,
    message,
  }));
  console.log(JSON.stringify({ name, problems }));
}
