// A certified OpenID provider for the tests, on this machine alone: `node provider.mjs PORT KEYS_FILE`.
//
// It gives JWT access tokens for the audience `rec-registry`, signed with the algorithm that the resource names
// (`urn:rec-registry:ES256`): to the client `service` by client credentials, to the users of the client `app` by the
// authorization code flow with PKCE, where `login_hint` signs in. Its keys come in generations, which a file keeps over a
// restart. `POST /control/keys` with `["2","1"]` publishes those two and signs with the first; `GET /control/visits` says how
// often the published keys were asked for.

import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Provider } from 'oidc-provider';

const [port, keysFile] = process.argv.slice(2);
const issuer = `http://127.0.0.1:${port}`;
const scopes = process.env.SCOPES;

const kinds = {
  rsa: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  ec: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  ed25519: () => generateKeyPairSync('ed25519'),
};

const kept = existsSync(keysFile)
  ? JSON.parse(readFileSync(keysFile, 'utf8'))
  : { published: ['1'], generations: {} };

function generation(name) {
  kept.generations[name] ??= Object.entries(kinds).map(([kind, make]) => ({
    ...make().privateKey.export({ format: 'jwk' }),
    kid: `${kind}-${name}`,
    use: 'sig',
  }));
  return kept.generations[name];
}

function publish(names) {
  kept.published = names;
  const keys = names.flatMap(generation);
  writeFileSync(keysFile, JSON.stringify(kept), { mode: 0o600 });
  return new Provider(issuer, configuration(keys));
}

const configuration = (keys) => ({
  jwks: { keys },
  cookies: { keys: ['of the tests'] },
  scopes: ['openid'],
  clients: [
    {
      client_id: 'service',
      client_secret: 'the-secret-of-the-service',
      grant_types: ['client_credentials'],
      response_types: [],
      redirect_uris: [],
    },
    {
      client_id: 'app',
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      redirect_uris: ['http://127.0.0.1/signed-in'],
    },
  ],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:rec-registry:ES256',
      useGrantedResource: () => true,
      getResourceServerInfo: (_context, resource) => ({
        scope: scopes,
        audience: 'rec-registry',
        accessTokenTTL: 600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: resource.split(':').at(-1) } },
      }),
    },
  },
  findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
  // The subject of a person is not their name: only the claim that is configured may name them.
  extraTokenClaims: (_context, { accountId }) =>
    accountId && { preferred_username: accountId.replace(/^account of /, '') },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
});

// Signs in and consents without asking anybody.
async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    const login = { accountId: `account of ${params.login_hint}` };
    return provider.interactionFinished(request, response, { login });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope('openid');
  grant.addResourceScope(params.resource, params.scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

let provider = publish(kept.published);
let visits = 0;

async function answer(request, response) {
  const { pathname } = new URL(request.url, issuer);
  if (pathname === '/jwks') visits += 1;
  if (pathname === '/control/visits') return response.end(String(visits));
  if (pathname === '/control/keys') {
    provider = publish(JSON.parse(await text(request)));
    return response.end();
  }
  if (pathname.startsWith('/interaction/')) return interact(request, response);
  return provider.callback()(request, response);
}

createServer((request, response) => {
  answer(request, response).catch((error) => {
    response.statusCode = 500;
    response.end(String(error.stack));
  });
}).listen(Number(port), '127.0.0.1');
