// What of one schema clients may use that another no longer has: a line each, none when all is well.
import { readFileSync } from "node:fs";

import { buildSchema, findBreakingChanges } from "graphql";

const [before, after] = process.argv.slice(2).map((file) => buildSchema(readFileSync(file, "utf8")));
for (const { type, description } of findBreakingChanges(before, after)) {
  console.log(`${type}: ${description}`);
}
