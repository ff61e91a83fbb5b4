// A provider of identities shaped as ProConnect: issuer under /api/v2, signed userinfo with the employer's SIRET, tokens
// that last a minute. `node fournisseur.mjs REGLAGES.json`; whoever logs in as NAME is `personnes[NAME]` of that file.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { Provider } from "oidc-provider";

const lire = () => JSON.parse(readFileSync(process.argv[2], "utf8"));
const { port, client, secret, retour, accueil } = lire();
const PREFIXE = "/api/v2";

const provider = new Provider(`http://127.0.0.1:${port}${PREFIXE}`, {
  clients: [
    {
      client_id: client,
      client_secret: secret,
      redirect_uris: [retour],
      post_logout_redirect_uris: [accueil],
      token_endpoint_auth_method: "client_secret_post",
      userinfo_signed_response_alg: "RS256",
    },
  ],
  claims: { openid: ["sub"], email: ["email", "email_verified"], siret: ["siret"] },
  scopes: ["openid", "email", "siret"],
  features: { jwtUserinfo: { enabled: true }, devInteractions: { enabled: true } },
  pkce: { required: () => true },
  responseTypes: ["code"],
  routes: { authorization: "/authorize", end_session: "/session/end", jwks: "/jwks", token: "/token", userinfo: "/userinfo" },
  ttl: { AccessToken: 60, AuthorizationCode: 30, IdToken: 60, Grant: 600, Interaction: 600, Session: 600 },
  findAccount: (_, nom) => ({ accountId: nom, claims: () => ({ sub: nom, ...lire().personnes[nom] }) }),
});

const repondre = provider.callback();
createServer((requete, reponse) => {
  // Mounted under the prefix, as in production: discovery is at /api/v2/.well-known/openid-configuration.
  if (!requete.url.startsWith(PREFIXE)) {
    reponse.writeHead(404).end();
    return;
  }
  requete.originalUrl = requete.url;
  requete.url = requete.url.slice(PREFIXE.length) || "/";
  repondre(requete, reponse);
}).listen(port, "127.0.0.1");
