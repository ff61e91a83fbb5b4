"""What a déposant does with a filed dossier: correct it, withdraw it, file another like it."""

from typing import Final

from starlette.responses import Response

from contracts.dossier import EtatDossier
from services._runtime.clock import now
from services.intake.brouillons.store import TropDeBrouillons
from services.intake.decisions import OUVERTS, DecisionImpossible, retrait
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.rendu import rediriger, rendre


async def corriger(demande: Demande) -> Response:
    """Open the correction of a dossier, or go on with it."""
    if demande.objet["etat"] != EtatDossier.A_CORRIGER:
        return rediriger(_page(demande), fait="correction_close")
    await demande.portail.store.brouillons.corriger(demande.objet)
    return rediriger(_recapitulatif(demande.objet["numero"]))


async def dupliquer(demande: Demande) -> Response:
    """Begin a new draft with what this dossier says."""
    try:
        numero = await demande.portail.store.brouillons.dupliquer(demande.objet, demande.qui)
    except TropDeBrouillons:
        return rediriger("/dossiers", fait="trop-de-brouillons")
    return rediriger(_recapitulatif(numero), fait="dossier_duplique")


async def confirmer_retrait(demande: Demande) -> Response:
    """Ask whether the dossier is really to be withdrawn."""
    if demande.objet["etat"] not in OUVERTS:
        return rediriger(_page(demande), fait="retrait_impossible")
    return rendre(demande, "dossier_retirer.html.j2", dossier=demande.objet)


async def retirer(demande: Demande) -> Response:
    """Withdraw the dossier, unless it was decided meanwhile."""
    store = demande.portail.store
    try:
        retire = await store.appliquer(retrait(demande.objet, now()))
    except DecisionImpossible:
        retire = False
    if retire:
        await store.brouillons.supprimer(demande.objet["numero"])  # the correction that was begun, if one was
    return rediriger(_page(demande), fait="dossier_retire" if retire else "retrait_impossible")


def _page(demande: Demande) -> str:
    return f"/dossiers/{demande.objet['numero']}"


def _recapitulatif(numero: str) -> str:
    return f"/brouillons/{numero}/recapitulatif"


PAGES: Final = (
    Page("POST", "/dossiers/{numero}/corriger", Acces.DOSSIER, corriger),
    Page("POST", "/dossiers/{numero}/dupliquer", Acces.DOSSIER, dupliquer),
    Page("GET", "/dossiers/{numero}/retirer", Acces.PROPRIETAIRE, confirmer_retrait),
    Page("POST", "/dossiers/{numero}/retirer", Acces.PROPRIETAIRE, retirer),
)
