// Does a server speak GraphQL over HTTP as the specification says? `node audit.mjs URL` prints every audit of the
// graphql-http package with its result, and fails unless each is ok: what MUST be, what SHOULD be and what MAY be.
import { auditServer } from 'graphql-http';

const [url] = process.argv.slice(2);
const results = await auditServer({ url, fetchFn: fetch });
for (const { status, id, name, reason } of results) {
  console.log(`${status.padEnd(6)} ${id}  ${name}${reason ? `: ${reason}` : ''}`);
}
const passed = results.filter(({ status }) => status === 'ok').length;
console.log(`${passed} of ${results.length} audits passed`);
process.exitCode = results.length > 0 && passed === results.length ? 0 : 1;
