"""Lists every way we know for a message to be one that no consumer can handle."""

import json
import struct
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random
from typing import Any, Final
from uuid import UUID

from contracts.documents import exemples
from contracts.evenements import SoumettreDossier
from contracts.flux import EXCHANGE_SOUMISSIONS, FLUX, file_de
from deploy.campagne.proprietes_brutes import court, listes_imbriquees, table

Corps = dict[str, Any]
VOLUME: Final = 2 * 1024 * 1024 + 1  # bytes: one more than a service reads


@dataclass(frozen=True)
class Porte:
    """One way to a queue: by `soumissions` as a producer, or straight into it as only a master of the broker can."""

    exchange: str
    cle: str
    exemple: str

    @property
    def type(self) -> str:
        """Give the `type` of what goes there."""
        return str(_modeles(self.exemple)[0]["type"])

    @property
    def d_un_producteur(self) -> bool:
        """Tell whether a producer's rights are enough."""
        return bool(self.exchange)

    def corps(self, alea: Random) -> Corps:
        """Make a body that follows the contract, with an `id` of its own, placed first."""
        modele = alea.choice(_modeles(self.exemple))
        return {"id": str(UUID(int=alea.getrandbits(128), version=4)), **{k: modele[k] for k in modele if k != "id"}}


SOUMISSIONS: Final = Porte(EXCHANGE_SOUMISSIONS, SoumettreDossier.cle, SoumettreDossier.cle)
FILES: Final = tuple(
    Porte("", file_de(service, flux.evenement), flux.evenement.cle) for flux in FLUX for service in flux.auditeurs
)
UN_ID: Final = 45  # characters: `{"id": "…"`, which every text below keeps
ANONYME: Final = "sans user_id"  # a submission belongs to somebody
Abime = Callable[[str, Random], bytes]
Change = Callable[[Corps, Random], Corps]

# What becomes of the text of a good body.
TEXTES: Final[Mapping[str, Abime]] = {
    "octets au hasard": lambda _, alea: alea.randbytes(64),
    "blancs": lambda _, alea: bytes(alea.choices(b" \t\r\n", k=64)),
    "texte": lambda texte, _: f"bonjour {texte[:60]}".encode(),
    "coupé": lambda texte, alea: texte[: alea.randrange(60, len(texte) - 1)].encode(),
    "suite": lambda texte, _: f"{texte}{texte}".encode(),
    "latin-1": lambda texte, _: texte.replace('"1.0"', '"é"').encode("latin-1", errors="replace"),
    "octet seul": lambda texte, alea: _insere(texte.encode(), alea, b"\xff"),
    "substitut en UTF-8": lambda texte, alea: _insere(texte.encode(), alea, b"\xed\xa0\x80"),
    "octet nul": lambda texte, alea: _insere(texte.encode(), alea, b"\x00"),
    "UTF-16": lambda texte, _: texte.encode("utf-16"),
    "UTF-16 sans marque": lambda texte, _: texte.encode("utf-16-le"),
    "marque d’ordre": lambda texte, _: texte.encode("utf-8-sig"),
    "NaN": lambda texte, alea: texte.replace('"1.0"', alea.choice(["NaN", "Infinity", "-Infinity"])).encode(),
    "clé en double": lambda texte, _: texte.replace("{", '{"source":"autre",', 1).encode(),
    "clé en double, échappée": lambda texte, _: texte.replace("{", '{"\\u0069d":"autre",', 1).encode(),
    "clé en double au fond": lambda texte, _: texte.replace('"data": {', '"data": {"a":1,"a":2,', 1).encode(),
    "pas NFC": lambda texte, _: unicodedata.normalize("NFD", texte.replace('"1.0"', '"é"')).encode(),
    "substitut échappé": lambda texte, _: texte.replace('"1.0"', '"\\ud800"').encode(),
    "nombre immense": lambda texte, _: texte.replace('"1.0"', "9" * 5_000).encode(),
    "nombre au-delà des flottants": lambda texte, _: texte.replace('"1.0"', "1e400").encode(),
    "commentaire": lambda texte, _: f"/* */{texte}".encode(),
    "virgule de trop": lambda texte, _: f"{texte[:-1]},}}".encode(),
    "liste": lambda texte, _: f"[{texte}]".encode(),
    "chaîne": lambda texte, _: json.dumps(texte).encode(),
}
LOURDS: Final[Mapping[str, Abime]] = {
    "objets profonds": lambda texte, _: f'{texte[:UN_ID]},"a":'.encode() + b'{"a":' * 100_000,
    "listes profondes": lambda texte, _: texte.replace('"1.0"', "[" * 100_000 + "]" * 100_000).encode(),
    "trop volumineux": lambda texte, _: texte.ljust(VOLUME).encode(),
    "volume de zéros": lambda texte, _: texte.encode().ljust(VOLUME, b"\x00"),
}
# What changes in a good body, its `message_id` following it.
CHAMPS: Final[Mapping[str, Change]] = {
    "type inconnu": lambda c, _: c | {"type": "DossierArchivé"},
    "type d’une version à venir": lambda c, _: c | {"type": f"{c['type']}.v2"},
    "type invisible": lambda c, _: c | {"type": f"{c['type']}\u200b"},
    "autre événement": lambda c, alea: alea.choice([p for p in FILES if p.type != c["type"]]).corps(alea),
    "enveloppe à venir": lambda c, _: c | {"specversion": "2.0"},
    "enveloppe en nombre": lambda c, _: c | {"specversion": 1.0},
    "champ en trop": lambda c, alea: c | {alea.choice(["dataschema", "$where", "__proto__", "etat"]): "valide"},
    "champ en trop au fond": lambda c, _: c | {"data": {**c["data"], "etat": "valide"}},
    "champ absent": lambda c, alea: _sans(c, alea.choice([k for k in c if k != "id"])),
    "données sans un champ": lambda c, alea: c | {"data": _sans(c["data"], alea.choice(_exiges(c["data"])))},
    "données absentes": lambda c, _: c | {"data": None},
    "données en liste": lambda c, _: c | {"data": [c["data"]]},
    "opérateur pour une valeur": lambda c, alea: c | {alea.choice([k for k in c if k != "id"]): {"$gt": ""}},
    "opérateur au fond": lambda c, alea: c | {"data": {**c["data"], alea.choice(_exiges(c["data"])): {"$ne": None}}},
    "entier immense": lambda c, alea: c | {"data": {**c["data"], alea.choice(_exiges(c["data"])): 10**40}},
    "chaîne démesurée": lambda c, alea: c | {alea.choice(["source", "time", "type"]): "a" * 20_000},
    "saut de ligne": lambda c, _: c | {"source": "demo\r\nBcc: tous@exemple.fr"},
    "date sans fuseau": lambda c, _: c | {"time": "2026-11-23T10:00:00"},
    "date impossible": lambda c, alea: c | {"time": alea.choice(["2026-02-30T10:00:00Z", "99999-01-01T00:00:00Z", ""])},
    "date en nombre": lambda c, _: c | {"time": 10**300},
    "id qui n’en est pas un": lambda c, _: c | {"id": f"{c['id']}0"},
}
# What changes in the properties of a message whose body is good.
PROPRIETES: Final[Mapping[str, Callable[[Corps, Random], Corps]]] = {
    "autre content_type": lambda _, alea: {
        "content_type": alea.choice(["text/plain", "application/json; charset=latin-1", "x" * 255, "é" * 100])
    },
    "sans content_type": lambda _, __: {"content_type": None},
    "autre message_id": lambda _, alea: {"message_id": alea.choice(["1", "é" * 127, str(UUID(int=0)), "../../etc"])},
    "message_id en capitales": lambda c, _: {"message_id": f"{{{c['id'].upper()}}}"},
    "sans message_id": lambda _, __: {"message_id": None},
    ANONYME: lambda _, __: {"user_id": None},
}
# Refused for what it asks, although every field is of its type: submissions only.
DEMANDES: Final[Mapping[str, Change]] = {
    "pièce jamais reçue": lambda c, alea: c | {"data": c["data"] | {"corrige": None, "pieces": [_piece(alea)]}},
    "correction d’un dossier inconnu": lambda c, _: c | {"data": c["data"] | {"corrige": "ENT-00000-00000"}},
}
# Headers and properties that lie, put on messages refused for another reason: they must change nothing.
MENSONGES: Final[Sequence[Corps]] = (
    *(
        {"headers": {"x-tentative": v}}
        for v in ("1", -(2**63), 2**63 - 1, 1.5, True, None, {"a": [1]}, bytearray(b"\xff"))
    ),
    {"headers": {"x-file": "verification.dossier-depose-v1", "x-motif": "aucun", "x-detail": "rien"}},
    {"headers": {"x-producteur": "svc_intake", "x-mis-de-cote-le": "demain"}},
    {"headers": {"x-death": [{"queue": "intake.parking", "reason": "rejected", "count": 10**6}]}},
    {"headers": {"x-delivery-count": 10**6, "x-first-death-queue": "intake.parking"}},
    {"headers": {f"x-{n}": {"nom": "Canari " * 30} for n in range(200)}},
    {"headers": {"BCC": ["dossier.soumettre.v1"], "x-match": "any"}},
    {"reply_to": "amq.rabbitmq.reply-to.x", "correlation_id": "é" * 127},
    {"expiration": 3600.0, "priority": 255},
    {"expiration": 0.001},
    {"delivery_mode": 1, "type": "é" * 127, "app_id": "svc_intake", "content_encoding": "gzip"},
    {"timestamp": 0},
    {},
)
# Values of properties that pamqp or aio-pika cannot decode, each already encoded.
INDECODABLES: Final[Mapping[str, Mapping[str, bytes]]] = {
    "propriété qui n’est pas de l’UTF-8": {"correlation_id": court(b"\xff\xfe\xff")},
    # pamqp makes bytes of this one: refused for its content_type.
    "en-tête qui n’est pas de l’UTF-8": {
        "headers": table(b"S" + struct.pack(">I", 2) + b"\xff\xfe"),
        "content_type": court(b"text/plain"),
    },
    "date après l’an 9999": {"timestamp": struct.pack(">Q", 2**63)},
    "date d’en-tête après l’an 9999": {"headers": table(b"T" + struct.pack(">Q", 2**60))},
    "listes imbriquées 5 000 fois": {"headers": table(listes_imbriquees(5_000))},
    "sans rien": {"content_type": b"", "message_id": b""},
}
GENRES: Final = (*TEXTES, *CHAMPS, *PROPRIETES, *DEMANDES, *INDECODABLES)


def _insere(octets: bytes, alea: Random, intrus: bytes) -> bytes:
    ou = alea.randrange(60, len(octets))
    return octets[:ou] + intrus + octets[ou:]


@cache
def _modeles(nom: str) -> Sequence[Corps]:
    return tuple(exemples(nom).values())


def _sans(corps: Corps, champ: str) -> Corps:
    return {k: v for k, v in corps.items() if k != champ}


def _exiges(donnees: Corps) -> list[str]:
    return [champ for champ in donnees if champ not in {"commentaires", "corrige"}]


def _piece(alea: Random) -> Corps:
    return {"role": "bon_commande_editeur", "id": alea.randbytes(16).hex(), "sha256": alea.randbytes(32).hex()}
