// The configuration of the peer: its keys with their defaults, refused when misspelt.

const DEFAULTS = {
  port: 9400,
  api_port: 9401,
  exit_with_stdin: false, // end when whoever started us is gone
  pkce_required: true,
  par: 'optional', // 'off', 'optional' or 'required'
  dpop_nonce_required: false, // at the token endpoint and at the API
  refresh_tokens: 'offline_access', // or 'always'
  rotate_refresh_token: true,
  registration: true, // false, true or the initial access token to ask for
  documents: '', // an origin here that stands in for those of client metadata documents; '': none are read
  redirect_uris: [], // of the confidential clients, besides the usual one
  ttl: {}, // seconds by artifact: {"AccessToken": 2}
  jwks: null, // the public keys of the client `jwt`; without them it gets a new key
};

const TTL = {
  AccessToken: 3600,
  AuthorizationCode: 60,
  ClientCredentials: 3600,
  DeviceCode: 600,
  Grant: 86400,
  IdToken: 3600,
  Interaction: 3600,
  RefreshToken: 86400,
  Session: 86400,
};

export function readConfig(json) {
  const given = JSON.parse(json || '{}');
  const unknown = [
    ...Object.keys(given).filter((key) => !(key in DEFAULTS)),
    ...Object.keys(given.ttl ?? {}).filter((key) => !(key in TTL)),
  ];
  if (unknown.length) throw new Error(`unknown configuration keys: ${unknown.join(', ')}`);
  return { ...DEFAULTS, ...given, ttl: { ...TTL, ...given.ttl } };
}
