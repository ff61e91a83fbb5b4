"""One dossier, with all that its déposant may know of it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from starlette.responses import Response

from contracts.dossier import EtatDossier
from services._runtime.mongo import Document
from services.intake.decisions import OUVERTS
from services.intake.domain import INVITES_MAX
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.rendu import rendre
from services.intake.referentiels.store import Commune
from services.intake.store import Store
from services.intake.suivi import mots
from services.intake.suivi.courriels import courriels
from services.intake.suivi.declare import Connu, declare, remises
from services.intake.suivi.frise import frise, versions
from services.intake.suivi.rapport import a_corriger, groupes


async def voir(demande: Demande) -> Response:
    """Show a dossier."""
    return await montrer(demande)


async def montrer(demande: Demande, *, courriel: str = "", erreur: str = "") -> Response:
    """Show a dossier; `courriel` and `erreur`: the address that was typed, and why it is not invited."""
    objet, store = demande.objet, demande.portail.store
    attentes, envois, connu, entamee = await asyncio.gather(
        store.attentes(objet["numero"]),
        store.courriels(objet["numero"]),
        connaitre(store, versions(objet)),
        _correction_entamee(demande),
    )
    return rendre(
        demande,
        "dossier.html.j2",
        statut=422 if erreur else 200,
        dossier=objet,
        suite=mots.suite(objet, correction_entamee=entamee),
        entamee=entamee,
        frise=frise(objet, attentes),
        groupes=groupes(objet.get("rapport")),
        courriels=courriels(envois),
        ecoles=remises(objet, connu),
        declare=declare(objet, connu),
        anciennes=[(declare(v, connu), groupes(v.get("rapport"))) for v in reversed(versions(objet)[:-1])],
        invitation={"courriel": courriel, "erreur": erreur},
        **_selon_l_etat(objet),
        **_selon_qui(demande),
    )


async def connaitre(store: Store, contenus: Sequence[Mapping[str, Any]]) -> Connu:
    """Look up the names of all that these versions name."""
    pieces = {piece["id"] for contenu in contenus for piece in contenu["pieces"]}
    communes, ecoles, fichiers = await asyncio.gather(
        noms_de_communes(store, (contenu["commune"] for contenu in contenus)),
        store.referentiels.ecoles({uai for contenu in contenus for uai in contenu["ecoles"]}),
        store.pieces_lues.noms(pieces),
    )
    return Connu(communes, ecoles, fichiers)


async def noms_de_communes(store: Store, codes: Iterable[str]) -> dict[str, Commune]:
    """Look communes up by code; what is no commune, or no longer known, is absent."""
    cherches = sorted({code for code in codes if code})
    trouvees = await asyncio.gather(*(store.referentiels.commune(code) for code in cherches))
    return {code: commune for code, commune in zip(cherches, trouvees, strict=True) if commune}


async def _correction_entamee(demande: Demande) -> bool:
    if demande.objet["etat"] != EtatDossier.A_CORRIGER:
        return False
    return await demande.portail.store.brouillons.lire(demande.objet["numero"], demande.qui) is not None


def _selon_l_etat(objet: Document) -> dict[str, object]:
    return {
        "points": a_corriger(objet) if objet["etat"] == EtatDossier.A_CORRIGER else [],
        "retirable": objet["etat"] in OUVERTS,
    }


def _selon_qui(demande: Demande) -> dict[str, object]:
    """Tell who sees the page what is his to do; whom the owner invited is nobody else's business."""
    est_sien = demande.objet["compte"] == demande.qui.compte
    invites = demande.objet["invites"] if est_sien else []
    return {"est_sien": est_sien, "invites": invites, "complet": len(invites) >= INVITES_MAX}


PAGES: Final = (Page("GET", "/dossiers/{numero}", Acces.DOSSIER, voir),)
