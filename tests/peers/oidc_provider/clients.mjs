// The clients that are registered from the start, by the name of what they show.
import { generateKeyPairSync } from 'node:crypto';

const CODE = ['authorization_code', 'refresh_token'];
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';

// Of a native client's loopback redirect URI, any port is accepted (RFC 8252 section 7.3).
const LOOPBACK = ['/', '/callback', '/oauth/callback'].flatMap((path) => [
  `http://127.0.0.1${path}`,
  `http://[::1]${path}`,
]);
const WEB = ['http://127.0.0.1:9402/callback'];

const newKey = () => ({
  ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  kid: 'jwt-1',
  alg: 'ES256',
  use: 'sig',
});

const publicPart = ({ d, ...jwk }) => jwk;

export function buildClients(config) {
  const webUris = [...WEB, ...config.redirect_uris];
  const privateJwk = config.jwks ? undefined : newKey();
  const clients = [];
  const add = (name, method, metadata) => {
    const hasSecret = method.startsWith('client_secret');
    clients.push({
      client_id: name,
      // HS256 asks for at least 32 bytes.
      ...(hasSecret && { client_secret: `${name}-secret-for-tests-only-0123456789` }),
      token_endpoint_auth_method: method,
      redirect_uris: [],
      response_types: metadata.redirect_uris ? ['code'] : [],
      ...metadata,
    });
  };
  const native = { application_type: 'native', redirect_uris: LOOPBACK };

  add('native', 'none', { ...native, grant_types: CODE });
  add('dpop', 'none', { ...native, grant_types: CODE, dpop_bound_access_tokens: true });
  add('web', 'client_secret_basic', { grant_types: CODE, redirect_uris: webUris });
  add('web-post', 'client_secret_post', { grant_types: CODE, redirect_uris: webUris });
  add('machine', 'client_secret_basic', { grant_types: ['client_credentials'] });
  add('device', 'none', { application_type: 'native', grant_types: [DEVICE, 'refresh_token'] });
  add('jwt', 'private_key_jwt', {
    grant_types: [...CODE, 'client_credentials'],
    redirect_uris: webUris,
    jwks: config.jwks ?? { keys: [publicPart(privateJwk)] },
  });
  add('secret-jwt', 'client_secret_jwt', {
    grant_types: [...CODE, 'client_credentials'],
    redirect_uris: webUris,
  });
  return { clients, privateJwk };
}
