"""What a déposant does with a filed dossier: correct it, withdraw it, file another like it, invite colleagues."""

from typing import Final

from starlette.responses import Response

from contracts.dossier import EtatDossier
from services._runtime.clock import now
from services.intake.brouillons.store import TropDeBrouillons
from services.intake.comptes.adresses import normaliser
from services.intake.decisions import OUVERTS, DecisionImpossible, retrait
from services.intake.portail.acces import Acces
from services.intake.portail.invitation import admise, prevenir
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.dossier import montrer
from services.intake.portail.rendu import rediriger, rendre
from services.intake.store import INVITES_MAX
from services.intake.televersements.domain import typographier

COLLEGUES: Final = "collegues"
_COMPLET: Final = f"{INVITES_MAX} collègues sont déjà invités : retirez-en un d’abord."


class _Refus(Exception):  # noqa: N818  # a finding; its text is for the one who invites
    """This address cannot be invited."""


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


async def inviter(demande: Demande) -> Response:
    """Let a colleague read the dossier and correct it, and tell him by mail."""
    saisie, numero, store = demande.formulaire.un("courriel"), demande.objet["numero"], demande.portail.store
    try:
        courriel = await _a_inviter(demande, saisie)
    except _Refus as refus:
        return await montrer(demande, courriel=saisie, erreur=typographier(str(refus)))
    if not await store.inviter(numero, courriel):
        return await montrer(demande, courriel=saisie, erreur=typographier(_COMPLET))
    await store.brouillons.inviter(numero, courriel)
    prevenir(demande, courriel, numero)
    return rediriger(_page(demande), fait="collegue_invite", ancre=COLLEGUES)


async def desinviter(demande: Demande) -> Response:
    """Let a colleague read it no longer, nor the correction that was begun."""
    store, numero, courriel = demande.portail.store, demande.objet["numero"], demande.formulaire.un("courriel")
    await store.brouillons.desinviter(numero, courriel)
    await store.desinviter(numero, courriel)
    return rediriger(_page(demande), fait="collegue_retire", ancre=COLLEGUES)


async def _a_inviter(demande: Demande, saisie: str) -> str:
    """Read an address that may be invited. Raises _Refus."""
    courriel = normaliser(saisie)
    if courriel is None:
        raise _Refus("Indiquez une adresse électronique, par exemple prenom.nom@ville.fr.")
    if courriel == demande.qui.courriel:
        raise _Refus("Cette adresse est la vôtre : indiquez celle d’un collègue.")
    if courriel in demande.objet["invites"]:
        raise _Refus("Ce collègue est déjà invité : il trouve ce dossier en se connectant avec cette adresse.")
    if not await admise(demande, courriel):
        raise _Refus("Trop d’invitations sont parties en peu de temps : réessayez dans une heure.")
    return courriel


def _page(demande: Demande) -> str:
    return f"/dossiers/{demande.objet['numero']}"


def _recapitulatif(numero: str) -> str:
    return f"/brouillons/{numero}/recapitulatif"


PAGES: Final = (
    Page("POST", "/dossiers/{numero}/corriger", Acces.DOSSIER, corriger),
    Page("POST", "/dossiers/{numero}/dupliquer", Acces.DOSSIER, dupliquer),
    Page("GET", "/dossiers/{numero}/retirer", Acces.PROPRIETAIRE, confirmer_retrait),
    Page("POST", "/dossiers/{numero}/retirer", Acces.PROPRIETAIRE, retirer),
    Page("POST", "/dossiers/{numero}/inviter", Acces.PROPRIETAIRE, inviter),
    Page("POST", "/dossiers/{numero}/desinviter", Acces.PROPRIETAIRE, desinviter),
)
