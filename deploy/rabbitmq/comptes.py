"""Keeps the broker's accounts: one file per user with its URL, and definitions.json, which holds hashes only."""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final
from urllib.parse import unquote, urlsplit

from contracts.flux import SERVICES
from deploy.coffre import Coffre
from deploy.rabbitmq.definitions import VHOST, Definition, definitions

NOM: Final = re.compile(r"[a-z][a-z0-9-]{0,39}")
PRODUCTEUR: Final = "rabbitmq_url_producteur_"
TITULAIRE: Final = "rabbitmq_url_titulaire_"
_SEL: Final = 4  # bytes of salt at the head of a RabbitMQ password hash
_RESERVES: Final = frozenset({"operateur", "guest"})


def noms(liste: str) -> tuple[str, ...]:
    """Read `demo,autre`. Raises ValueError, naming it, when one is not lower case letters, digits and hyphens."""
    lus = tuple(nom.strip() for nom in liste.split(",") if nom.strip())
    for nom in lus:
        if not NOM.fullmatch(nom) or nom in _RESERVES:
            raise ValueError(f"nom refusé : {nom!r} (minuscules, chiffres et tirets ; 40 au plus ; une lettre d’abord)")
    if len(set(lus)) < len(lus):
        raise ValueError("un nom est donné deux fois")
    return lus


def fichiers(producteurs: Sequence[str], titulaires: Sequence[str]) -> dict[str, str]:
    """Name the file that keeps the URL of each user."""
    return {
        **{f"svc_{service}": f"rabbitmq_url_{service}" for service in SERVICES},
        "operateur": "rabbitmq_url_operateur",
        **{nom: PRODUCTEUR + nom for nom in producteurs},
        **{f"titulaire_{nom}": TITULAIRE + nom for nom in titulaires},
    }


def installer(
    coffre: Coffre, *, hote: str, producteurs: Sequence[str], titulaires: Sequence[str], anciennes: str | None
) -> str:
    """Make the password of each user who has none; give the text of definitions.json.

    The producers and titulaires given are added to those the coffre knows; a password that is in it stays. `anciennes`
    is the former text, if any: the hashes in it that still prove their password are kept, because a new salt would
    change the file, and have the broker import it, each time.
    """
    producteurs = sorted({*producteurs, *coffre.noms(PRODUCTEUR)})
    titulaires = sorted({*titulaires, *coffre.noms(TITULAIRE)})
    acces = {
        utilisateur: _mot_de_passe(coffre.garder(fichier, partial(_url, utilisateur, hote)))
        for utilisateur, fichier in fichiers(producteurs, titulaires).items()
    }
    nouvelles = definitions(acces, producteurs=producteurs, titulaires=titulaires)
    if anciennes is not None:
        _garder_empreintes(nouvelles, json.loads(anciennes), acces)
    return json.dumps(nouvelles, ensure_ascii=False, indent=1) + "\n"


def prouve(empreinte: str, mot_de_passe: str) -> bool:
    """Tell whether a RabbitMQ hash (base64 of salt + SHA-256 of salt + password) is that of the password."""
    octets = base64.b64decode(empreinte)
    sel, attendu = octets[:_SEL], octets[_SEL:]
    return hmac.compare_digest(hashlib.sha256(sel + mot_de_passe.encode()).digest(), attendu)


def _garder_empreintes(nouvelles: Definition, anciennes: Definition, acces: Mapping[str, str]) -> None:
    connues = {utilisateur["name"]: utilisateur["password_hash"] for utilisateur in anciennes["users"]}
    for utilisateur in nouvelles["users"]:
        nom = utilisateur["name"]
        if nom in connues and prouve(connues[nom], acces[nom]):
            utilisateur["password_hash"] = connues[nom]


def _url(utilisateur: str, hote: str) -> str:
    return f"amqp://{utilisateur}:{secrets.token_urlsafe(32)}@{hote}/{VHOST}"


def _mot_de_passe(url: str) -> str:
    return unquote(urlsplit(url).password or "")
