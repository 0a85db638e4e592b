// A certified OpenID provider as the issuer of signed access tokens, controlled by a test (peer.js).

const {generateKeyPairSync} = require('node:crypto');
const {createServer} = require('node:http');
const {pathToFileURL} = require('node:url');

const {serve} = require('./peer.js');

const RESOURCE = 'https://api.test';
const CLIENT = {
  client_id: 'caller', client_secret: 'its-secret', redirect_uris: [], response_types: [],
  grant_types: ['client_credentials'],
};
const LIFETIME = 60;  // seconds
const KEY_TYPES = {
  ES256: ['ec', {namedCurve: 'P-256'}],
  RS256: ['rsa', {modulusLength: 2048}],
};

console.warn = () => {};  // the provider warns of its store, which lives in memory

let server;
let port = 0;

function makeKey(kid, alg) {
  const {privateKey} = generateKeyPairSync(...KEY_TYPES[alg]);
  return {...privateKey.export({format: 'jwk'}), kid, alg, use: 'sig'};
}

async function makeProvider(alg, keys) {
  const entry = require.resolve('oidc-provider');
  const {default: Provider} = await import(pathToFileURL(entry));
  const resource = {
    scope: 'read write', audience: RESOURCE, accessTokenFormat: 'jwt', accessTokenTTL: LIFETIME,
    jwt: {sign: {alg}},
  };
  return new Provider(`http://127.0.0.1:${port}`, {
    clients: [{...CLIENT, id_token_signed_response_alg: alg}],
    jwks: {keys},
    features: {
      devInteractions: {enabled: false},
      clientCredentials: {enabled: true},
      resourceIndicators: {
        enabled: true, useGrantedResource: () => true, getResourceServerInfo: () => resource,
      },
    },
    scopes: ['read', 'write'],
    ttl: {ClientCredentials: LIFETIME},
    cookies: {keys: ['a-key']},
  });
}

function listen(handler) {
  return new Promise((resolve) => {
    const made = createServer(handler);
    made.listen(port, '127.0.0.1', () => resolve(made));
  });
}

serve({
  // Starts with one key named `kid`, on the port of the last start; the URL of the issuer.
  async start({kid, alg}) {
    const key = makeKey(kid, alg);
    let handle;
    server = await listen((request, response) => handle(request, response));
    ({port} = server.address());
    handle = (await makeProvider(alg, [key])).callback();
    return `http://127.0.0.1:${port}`;
  },
  async stop() {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
  async token({scope}) {
    const form = {grant_type: 'client_credentials', scope, resource: RESOURCE};
    const basic = Buffer.from(`${CLIENT.client_id}:${CLIENT.client_secret}`).toString('base64');
    const response = await fetch(`http://127.0.0.1:${port}/token`, {
      method: 'POST', headers: {authorization: `Basic ${basic}`, connection: 'close'},
      body: new URLSearchParams(form),
    });
    const answer = await response.json();
    if (!response.ok) throw new Error(JSON.stringify(answer));
    return answer.access_token;
  },
});
