"""Who somebody is: accounts, mailed links, OpenID Connect, second factor, sessions, limits. Knows no dossier."""
