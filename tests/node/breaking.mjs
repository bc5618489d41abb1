// Does a schema break what clients of the last release rely on? `node breaking.mjs RELEASED ACCEPTED CURRENT` prints the
// changes that clients may notice, and fails when one breaks them and ACCEPTED does not say why it is done all the same.
import { readFileSync } from 'node:fs';
import { buildSchema, findBreakingChanges, findDangerousChanges } from 'graphql';

const [released, accepted, current] = process.argv.slice(2).map((file) => readFileSync(file, 'utf8'));
const [before, after] = [released, current].map((text) => buildSchema(text));
const reasons = new Map(JSON.parse(accepted).map(({ change, reason }) => [change, reason]));

for (const { description } of findDangerousChanges(before, after)) {
  console.log(`note      ${description}`);
}
let failed = false;
for (const { description } of findBreakingChanges(before, after)) {
  const reason = reasons.get(description);
  reasons.delete(description);
  console.log(reason ? `accepted  ${description}: ${reason}` : `BREAKING  ${description}`);
  failed ||= !reason;
}
for (const change of reasons.keys()) {
  console.log(`UNUSED    accepted, but no change: ${change}`);
  failed = true;
}
process.exitCode = failed ? 1 : 0;
