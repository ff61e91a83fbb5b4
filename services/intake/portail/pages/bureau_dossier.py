"""One dossier on an agent's desk: what was filed, what was found of it, its pieces, what changed, who is on it."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from starlette.responses import Response, StreamingResponse

from contracts.evenements import Verdict
from services._runtime.clock import now
from services._runtime.francais import heure, jour, moment
from services.intake.bureau.differences import CHAMPS as COMPARES
from services.intake.bureau.differences import differences
from services.intake.bureau.file import VERDICTS
from services.intake.bureau.historique import historique
from services.intake.bureau.noms import noms_de_communes
from services.intake.bureau.pieces import apercu
from services.intake.bureau.saisie import PREFIXE, Saisie, vu
from services.intake.bureau.verrous import verrou
from services.intake.decisions import CHAMPS, OUVERTS, RAISONS, Geste
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.dossier import connaitre
from services.intake.portail.pages.dossier_papiers import piece_demandee
from services.intake.portail.rendu import rendre
from services.intake.portail.telechargement import OCTETS, disposition
from services.intake.store import Store
from services.intake.suivi.declare import Connu, declare, remises
from services.intake.suivi.frise import versions
from services.intake.suivi.mots import libelle

GESTES: Final = {
    Geste.VALIDER: "Valider le dossier",
    Geste.CORRIGER: "Demander une correction",
    Geste.REFUSER: "Refuser le dossier",
    Geste.CLASSER: "Classer le dossier sans suite",
}
# The piece is a document of its own, without script, form, nor origin. This header and no `sandbox` attribute on the
# frame: Chromium (156, tried) shows a PDF under the one and not under the other.
POLITIQUE: Final = {
    "Content-Security-Policy": (
        "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def voir(demande: Demande) -> Response:
    """Show a dossier. It is a sign of life of the agent who is on it."""
    if _le_sien(demande):
        await demande.portail.store.bureau.verrous.tenir(demande.objet["_id"], str(demande.qui.agent))
    return await montrer(demande)


async def montrer(demande: Demande, saisie: Saisie | None = None, *, refus: str = "", statut: int = 200) -> Response:
    """Show a dossier; `saisie`: a decision that could not be taken, as it was typed, and why (`refus`)."""
    objet, store = demande.objet, demande.portail.store
    connu, attentes, voisins = await asyncio.gather(
        connaitre(store, versions(objet)), store.attentes(objet["_id"]), _voisins(store, objet)
    )
    return rendre(
        demande,
        "agent_dossier.html.j2",
        statut=statut,
        dossier=objet,
        declare=declare(objet, connu),
        ecoles=remises(objet, connu),
        controles=_controles(objet),
        piece=_choisie(demande),
        changements=_changements(objet, connu),
        historique=historique(objet, attentes),
        voisins=voisins,
        libelle=libelle,
        refus=refus,
        **_decision(demande, saisie),
    )


async def piece(demande: Demande) -> Response:
    """Show a piece in a frame, or give it to be saved; what is no PDF nor image is only given."""
    role, ouverte = await piece_demandee(demande)
    genre, suffixe, morceaux = await apercu(ouverte.morceaux)
    nom = disposition(f"{demande.objet['_id']}_{role}{suffixe}")
    if genre and not demande.request.query_params.get("enregistrer"):
        nom = nom.replace("attachment", "inline", 1)
    en_tetes = {"Content-Disposition": nom, "Content-Length": str(ouverte.taille), **POLITIQUE}
    return StreamingResponse(morceaux, media_type=genre or OCTETS, headers=en_tetes)


async def _voisins(store: Store, objet: Mapping[str, Any]) -> list[dict[str, Any]]:
    voisins = await store.bureau.voisins(dict(objet))
    noms = await noms_de_communes(store.referentiels, [voisin["commune"] for voisin in voisins])
    siennes = set(objet["ecoles"])
    return [
        {**voisin, "nom_commune": noms[voisin["commune"]], "ecoles_communes": sorted(siennes & set(voisin["ecoles"]))}
        for voisin in voisins
    ]


def _controles(objet: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
    """Give the findings, the gravest first; None before the dossier is examined."""
    rapport = objet.get("rapport")
    if rapport is None:
        return None
    return sorted(rapport["controles"], key=lambda controle: VERDICTS.index(Verdict(controle["verdict"])))


def _choisie(demande: Demande) -> Mapping[str, Any] | None:
    """Give the piece to be shown: the one that is asked for, else the first."""
    pieces, voulue = demande.objet["pieces"], demande.request.query_params.get("piece", "")
    return next((piece for piece in pieces if piece["role"] == voulue), pieces[0] if pieces else None)


def _changements(objet: Mapping[str, Any], connu: Connu) -> list[dict[str, Any]]:
    """Compare each version with the one before, the last first."""
    paires = reversed(list(pairwise(versions(objet))))
    return [{"de": a, "vers": b, "differences": differences(a, b), "ecoles": connu.ecoles} for a, b in paires]


def _le_sien(demande: Demande) -> bool:
    pose = verrou(demande.objet, now())
    return pose is not None and pose.agent == demande.qui.agent


def _decision(demande: Demande, saisie: Saisie | None) -> dict[str, object]:
    """Give what the decision's form shows, to who is on the dossier; to others, who is."""
    objet, maintenant = demande.objet, now()
    pose = verrou(objet, maintenant)
    return {
        "ouvert": objet["etat"] in OUVERTS,
        "verrou": pose,
        "depuis": _depuis(pose.depuis, maintenant) if pose else "",
        "le_sien": _le_sien(demande),
        "saisie": saisie or Saisie(),
        "erreurs": saisie.erreurs() if saisie else [],
        "vu": vu(objet),
        "gestes": list(GESTES.items()),
        "champs": [(f"{PREFIXE}{champ}", champ, titre) for champ, titre in CHAMPS.items()],
        "raisons": [("", "Rien à corriger"), *((raison, mots.capitalize()) for raison, mots in RAISONS.items())],
        "compares": COMPARES,
    }


def _depuis(instant: datetime, maintenant: datetime) -> str:
    """Say since when, with the date when it is not today's."""
    return heure(instant) if jour(instant) == jour(maintenant) else f"le {moment(instant)}"


PAGES: Final = (
    Page("GET", "/agent/dossiers/{numero}", Acces.AGENT, voir),
    Page("GET", "/agent/dossiers/{numero}/pieces/{role}", Acces.AGENT, piece),
)
