"""The base that `bench_pages` measures on: dossiers of all states, with their mails and deliveries, over a year."""

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from pymongo import MongoClient

from contracts.dossier import EtatDossier, RolePiece
from contracts.evenements import Verdict
from contracts.valeurs import lettre_uai
from services._runtime.clock import now
from services.intake.domain import numero_de
from services.intake.reglages import PORTAIL

COMMUNES: Final = (
    *(f"77{n:03d}" for n in range(1, 508)),
    *(f"93{n:03d}" for n in range(1, 41)),
    *(f"94{n:03d}" for n in range(1, 48)),
)
ETATS: Final = dict(zip(list(EtatDossier)[1:], (8, 6, 10, 66, 5, 5), strict=True))
MOTIFS: Final = ("accuse", "validation", "livraison")
PAR_COMPTE: Final = 4  # dossiers: one a year, or a few schools at a time
LOT: Final = 2_000
Document = dict[str, Any]


def uais() -> list[str]:
    """Give the codes of schools that do not exist."""
    codes = (f"0{dep}9{n:03d}" for dep in ("77", "93", "94") for n in range(1_000))
    return [code + lettre_uai(code) for code in codes]


def remplir(mongodb: str, base: str, nombre: int, hasard: random.Random) -> list[Document]:
    """Fill the base; give a few of its dossiers, to be looked for."""
    codes, maintenant, connus = uais(), now(), list[Document]()
    with MongoClient[Document](mongodb) as client:
        # As the services that write them make them.
        for collection, index in (("perimetres", [("titulaire", 1), ("livree", 1)]), ("perimetres", "numero")):
            client[base][collection].create_index(index)
        for index in ("numero", "etat"):
            client[base]["envois"].create_index(index)
        for debut in range(0, nombre, LOT):
            lot = [_dossier(debut + rang, hasard, codes, maintenant) for rang in range(min(LOT, nombre - debut))]
            valides = [d for d in lot if d["etat"] in {EtatDossier.VALIDE, EtatDossier.LIVRE}]
            for collection, documents in (
                ("dossiers", lot),
                ("envois", [envoi for dossier in lot for envoi in _envois(dossier)]),
                ("pieces.files", [piece for dossier in lot for piece in _fichiers(dossier)]),
                ("perimetres", [_perimetre(d, rang) for rang, d in enumerate(valides)]),
            ):
                client[base][collection].insert_many(documents, ordered=False)
            connus += lot[:8]
    return connus


def _dossier(rang: int, hasard: random.Random, uais: Sequence[str], maintenant: datetime) -> Document:
    bits = hasard.getrandbits(50)
    numero, commune = numero_de(PORTAIL, UUID(int=bits)), hasard.choice(COMMUNES)
    etat, depose_le = hasard.choices([*ETATS], [*ETATS.values()])[0], maintenant - timedelta(minutes=5 * rang)
    verdict = _verdict(etat, hasard)
    faits = ["DossierDéposé", "PiècesVérifiées", "DossierValidé", *(["LivraisonSuspendue"] if not rang % 500 else [])]
    contenu = {
        "_id": numero,
        "numero": numero,
        "producteur": PORTAIL,
        "compte": f"{rang // PAR_COMPTE:032x}",
        "invites": [],
        "depots": [{"cle": f"cle-{rang}"}],
        "etat": etat,
        "version": 1,
        "siret": f"2{rang:013d}",
        "commune": commune,
        "departement": commune[:2],
        "commentaires": "",
        "deposant": dict.fromkeys(("civilite", "nom", "prenom", "fonction", "courriel", "telephone"), "fictif"),
        "ecoles": hasard.sample(uais, hasard.randrange(1, 12)),
        "pieces": [
            {"role": role, "id": f"{bits:030x}{n:02x}", "sha256": "a" * 64, "taille": 100_000}
            for n, role in enumerate(RolePiece)
        ],
        "depose_le": depose_le,
        "chronologie": [{"le": depose_le, "fait": fait, "version": 1, "constat": "Constat. " * 8} for fait in faits],
    }
    if verdict is None:
        return contenu
    return contenu | {"verdict": verdict, "rapport": {"regles": "1", "controles": [_controle(verdict)] * 16}}


def _verdict(etat: EtatDossier, hasard: random.Random) -> Verdict | None:
    if etat in {EtatDossier.A_CORRIGER, EtatDossier.REFUSE}:
        return Verdict.BLOQUANT
    if etat is EtatDossier.DEPOSE:
        return hasard.choice([None, Verdict.CONFORME, Verdict.AVERTISSEMENT, Verdict.INDISPONIBLE])
    return Verdict.AVERTISSEMENT if hasard.random() < 0.1 else Verdict.CONFORME  # noqa: PLR2004  # one in ten


def _controle(verdict: Verdict) -> Document:
    textes = {"id": "essai", "champ": "siret", "source": "Essai", "constat": "Un constat de longueur ordinaire. " * 3}
    return {**textes, "verdict": verdict, "valeurs": [], "corrigeable": True}


def _envois(dossier: Document) -> Iterator[Document]:
    for motif in MOTIFS:
        journal = [
            {"le": dossier["depose_le"], "etat": etat, "raison": "Une réponse de relais."}
            for etat in ("prevu", "tentative", "accepte")
        ]
        cle = {"_id": f"{dossier['_id']}:1:{motif}", "numero": dossier["_id"], "version": 1, "motif": motif}
        yield cle | {"etat": "accepte", "journal": journal}


def _fichiers(dossier: Document) -> Iterator[Document]:
    for piece in dossier["pieces"]:
        yield {"_id": piece["id"], "filename": f"{piece['role']}.pdf", "length": 100_000, "metadata": {}}


def _perimetre(dossier: Document, rang: int) -> Document:
    livree, attente = dossier["etat"] == EtatDossier.LIVRE, {"depuis": dossier["depose_le"], "raison": "Le serveur"}
    perimetre = {"_id": dossier["_id"], "numero": dossier["_id"], "titulaire": "exemple", "livree": livree}
    return perimetre if livree or rang % 50 else perimetre | {"attente": attente, "version": 1}
