// Starts the unmodified npm package oidc-provider on loopback, and an API that takes its tokens.
//
//   node server.mjs ['{"port": 0, "api_port": 0, "ttl": {"AccessToken": 2}}']
//
// Prints one JSON line when both listen, then serves until SIGTERM. Keys are in config.mjs.
import { randomBytes, generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';

import { buildApi } from './api.mjs';
import { buildClients } from './clients.mjs';
import { readConfig } from './config.mjs';

// Standard output carries one line for whoever started us; notices of the library go elsewhere.
console.info = console.error;
const { Provider, errors } = await import('oidc-provider');

async function listen(port) {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return [server, `http://127.0.0.1:${server.address().port}`];
}

function newSigningKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), kid: 'provider-1', alg: 'RS256', use: 'sig' };
}

function buildProvider(issuer, api, clients, config) {
  const getResourceServerInfo = (ctx, indicator) => {
    if (indicator !== api) throw new errors.InvalidTarget();
    return { audience: api, scope: 'orders', accessTokenFormat: 'opaque' };
  };
  return new Provider(issuer, {
    clients,
    jwks: { keys: [newSigningKey()] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    scopes: ['openid', 'offline_access', 'orders'],
    claims: { openid: ['sub'], email: ['email'] },
    findAccount: (ctx, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: `${sub}@example.test` }),
    }),
    pkce: { required: () => config.pkce_required },
    rotateRefreshToken: config.rotate_refresh_token,
    ...(config.refresh_tokens === 'always' && {
      issueRefreshToken: (ctx, client) => client.grantTypeAllowed('refresh_token'),
    }),
    ttl: config.ttl,
    clockTolerance: 0, // one machine, one clock: a token ends when it says so
    ...(config.documents && {
      fetch: (url) => fetch(config.documents + new URL(url).pathname, { redirect: 'manual' }),
    }),
    features: {
      devInteractions: { enabled: true },
      clientCredentials: { enabled: true },
      ...(config.documents && { clientIdMetadataDocument: { enabled: true, ack: 'draft-02' } }),
      deviceFlow: { enabled: true },
      dPoP: {
        enabled: true,
        nonceSecret: randomBytes(32),
        requireNonce: () => config.dpop_nonce_required,
      },
      introspection: { enabled: true },
      pushedAuthorizationRequests: {
        enabled: config.par !== 'off',
        requirePushedAuthorizationRequests: config.par === 'required',
      },
      registration: {
        enabled: config.registration !== false,
        initialAccessToken: config.registration === true ? false : config.registration,
      },
      registrationManagement: { enabled: config.registration !== false },
      resourceIndicators: { enabled: true, getResourceServerInfo },
      revocation: { enabled: true },
    },
  });
}

const config = readConfig(process.argv[2]);
const [server, issuer] = await listen(config.port);
const [apiServer, apiOrigin] = await listen(config.api_port);
const api = `${apiOrigin}/api`;
const { clients, privateJwk } = buildClients(config);
const provider = buildProvider(issuer, api, clients, config);
provider.on('server_error', (ctx, error) => console.error(error));
server.on('request', provider.callback());
apiServer.on('request', buildApi({ provider, api, nonceRequired: config.dpop_nonce_required }));

const stop = () => process.exit(0);
process.on('SIGTERM', stop).on('SIGINT', stop);
if (config.exit_with_stdin) process.stdin.on('end', stop).resume();

const endpoint = (route) => provider.urlFor(route);
console.log(
  JSON.stringify({
    issuer,
    api_url: api,
    scope: 'openid offline_access orders',
    // Without it, offline_access is dropped and no refresh token comes (OpenID Connect Core 11).
    authorize_parameters: { prompt: 'consent' },
    endpoints: {
      authorization_endpoint: endpoint('authorization'),
      token_endpoint: endpoint('token'),
      device_authorization_endpoint: endpoint('device_authorization'),
      introspection_endpoint: endpoint('introspection'),
      revocation_endpoint: endpoint('revocation'),
      ...(config.registration !== false && { registration_endpoint: endpoint('registration') }),
      ...(config.par !== 'off' && {
        pushed_authorization_request_endpoint: endpoint('pushed_authorization_request'),
      }),
    },
    clients: clients.map((client) =>
      client.client_id === 'jwt' ? { ...client, private_jwk: privateJwk } : client,
    ),
  }),
);
