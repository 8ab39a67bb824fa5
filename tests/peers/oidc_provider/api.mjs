// A small API on its own origin that takes the provider's tokens: RFC 6750, and RFC 9449 section 7.
import { createHash, randomBytes } from 'node:crypto';
// jose comes with oidc-provider: proofs are checked here by the code that checks them there.
import { EmbeddedJWK, calculateJwkThumbprint, jwtVerify } from 'jose';

const PAGES = 3;
const PER_PAGE = 2;
const PROOF_AGE_SECONDS = 300;

class Refused extends Error {
  constructor(status, scheme, error, headers = {}) {
    super(error);
    const challenge = error ? `${scheme} realm="api", error="${error}"` : `${scheme} realm="api"`;
    Object.assign(this, { status, headers: { 'WWW-Authenticate': challenge, ...headers } });
  }
}

export function buildApi({ provider, api, nonceRequired }) {
  const nonce = randomBytes(16).toString('base64url');
  const seen = new Set();

  async function thumbprint(request, path, value) {
    const refuse = (error, headers) => new Refused(401, 'DPoP', error, headers);
    const jwt = await jwtVerify(request.headers.dpop ?? '', EmbeddedJWK, {
      typ: 'dpop+jwt',
      maxTokenAge: PROOF_AGE_SECONDS,
      requiredClaims: ['jti', 'htm', 'htu', 'ath'],
    }).catch(() => {
      throw refuse('invalid_dpop_proof');
    });
    const { payload, protectedHeader } = jwt;
    if (nonceRequired && payload.nonce !== nonce) {
      throw refuse('use_dpop_nonce', { 'DPoP-Nonce': nonce });
    }
    const ath = createHash('sha256').update(value).digest('base64url');
    const sameCall = payload.htm === request.method && payload.htu === new URL(path, api).href;
    if (!sameCall || payload.ath !== ath || seen.has(payload.jti)) {
      throw refuse('invalid_dpop_proof');
    }
    seen.add(payload.jti);
    return calculateJwkThumbprint(protectedHeader.jwk);
  }

  async function tokenOf(request, path) {
    const [scheme, value] = (request.headers.authorization ?? '').split(' ');
    if (!value) throw new Refused(401, 'Bearer');
    const token =
      (await provider.AccessToken.find(value)) ?? (await provider.ClientCredentials.find(value));
    const isProof = scheme.toLowerCase() === 'dpop';
    const refusal = new Refused(401, isProof ? 'DPoP' : 'Bearer', 'invalid_token');
    if (!token || Boolean(token.jkt) !== isProof) throw refusal;
    if (token.aud !== undefined && token.aud !== api) throw refusal;
    if (token.jkt && token.jkt !== (await thumbprint(request, path, value))) throw refusal;
    return token;
  }

  const me = (token) => ({
    sub: token.accountId ?? token.clientId,
    client_id: token.clientId,
    scope: token.scope ?? '',
    token_type: token.jkt ? 'DPoP' : 'Bearer',
  });

  function orders(token, query) {
    if (!token.scopes.has('orders')) throw new Refused(403, 'Bearer', 'insufficient_scope');
    const page = Number(query.get('page') ?? 1);
    const first = (page - 1) * PER_PAGE + 1;
    return {
      page,
      orders: [first, first + 1].map((id) => ({ id, total: `${id * 10}.00` })),
      next: page < PAGES ? `${api}/orders?page=${page + 1}` : null,
    };
  }

  return async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, api);
    const resource = { '/api/me': me, '/api/orders': orders }[pathname];
    const send = (status, headers, body) => {
      response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    try {
      const token = await tokenOf(request, pathname);
      if (!resource) send(404, {}, { error: 'not_found' });
      else send(200, {}, resource(token, searchParams));
    } catch (error) {
      if (!(error instanceof Refused)) console.error(error);
      send(error.status ?? 500, error.headers, { error: error.message || 'unauthorized' });
    }
  };
}
