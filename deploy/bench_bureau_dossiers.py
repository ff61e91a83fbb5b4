"""The base that `bench_bureau` measures on: dossiers of all states, spread over communes, schools and a year."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pymongo import MongoClient

from contracts.dossier import EtatDossier, RolePiece
from contracts.evenements import Verdict
from contracts.valeurs import lettre_uai
from services._runtime.clock import now

COMMUNES: Final = (
    *(f"77{n:03d}" for n in range(1, 508)),
    *(f"93{n:03d}" for n in range(1, 41)),
    *(f"94{n:03d}" for n in range(1, 48)),
)
ETATS: Final = dict(zip(list(EtatDossier)[1:], (8, 6, 10, 66, 5, 5), strict=True))
LOT: Final = 2_000
SIGNES: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def uais() -> list[str]:
    """Give the codes of schools that do not exist."""
    codes = (f"0{dep}9{n:03d}" for dep in ("77", "93", "94") for n in range(1_000))
    return [code + lettre_uai(code) for code in codes]


def remplir(mongodb: str, base: str, nombre: int, hasard: random.Random) -> list[dict[str, Any]]:
    """Fill the base; give a few of its dossiers, to be looked for."""
    codes, maintenant, connus = uais(), now(), list[dict[str, Any]]()
    with MongoClient[dict[str, Any]](mongodb) as client:
        for index in ([("titulaire", 1), ("livree", 1)], "numero"):  # as aaf_dispatch makes them
            client[base]["perimetres"].create_index(index)
        for debut in range(0, nombre, LOT):
            lot = [_dossier(debut + rang, hasard, codes, maintenant) for rang in range(min(LOT, nombre - debut))]
            client[base]["dossiers"].insert_many(lot, ordered=False)
            valides = [d for d in lot if d["etat"] in {EtatDossier.VALIDE, EtatDossier.LIVRE}]
            client[base]["perimetres"].insert_many([_perimetre(d, rang) for rang, d in enumerate(valides)])
            connus += lot[:10]
    return connus


def _dossier(rang: int, hasard: random.Random, uais: Sequence[str], maintenant: datetime) -> dict[str, Any]:
    bits = hasard.getrandbits(50)
    signes = "".join(SIGNES[bits >> decalage & 31] for decalage in range(45, -1, -5))
    numero, commune = f"ENT-{signes[:5]}-{signes[5:]}", hasard.choice(COMMUNES)
    etat, depose_le = hasard.choices([*ETATS], [*ETATS.values()])[0], maintenant - timedelta(minutes=5 * rang)
    verdict = _verdict(etat, hasard)
    faits = ["DossierDéposé", "PiècesVérifiées", "DossierValidé", *(["LivraisonSuspendue"] if not rang % 500 else [])]
    contenu = {
        "_id": numero,
        "numero": numero,
        "producteur": "ent1d",
        "depots": [{"cle": f"cle-{rang}"}],
        "etat": etat,
        "version": 1,
        "siret": f"2{rang:013d}",
        "commune": commune,
        "departement": commune[:2],
        "commentaires": "",
        "deposant": dict.fromkeys(("civilite", "nom", "prenom", "fonction", "courriel", "telephone"), "fictif"),
        "ecoles": hasard.sample(uais, hasard.randrange(1, 12)),
        "pieces": [{"role": role, "id": f"{bits:032x}", "sha256": "a" * 64, "taille": 100_000} for role in RolePiece],
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


def _controle(verdict: Verdict) -> dict[str, Any]:
    textes = {"id": "essai", "champ": "siret", "source": "Essai", "constat": "Un constat de longueur ordinaire. " * 3}
    return {**textes, "verdict": verdict, "valeurs": [], "corrigeable": True}


def _perimetre(dossier: dict[str, Any], rang: int) -> dict[str, Any]:
    livree, attente = dossier["etat"] == EtatDossier.LIVRE, {"depuis": dossier["depose_le"], "raison": "Le serveur"}
    perimetre = {"_id": dossier["_id"], "numero": dossier["_id"], "titulaire": "exemple", "livree": livree}
    return perimetre if livree or rang % 50 else perimetre | {"attente": attente, "version": 1}
