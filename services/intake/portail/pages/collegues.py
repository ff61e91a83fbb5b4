"""Colleagues: whom the owner of a dossier, or of a draft, lets read it and change it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from starlette.responses import Response

from services._runtime.francais import typographier
from services.intake.comptes.adresses import normaliser
from services.intake.domain import INVITES_MAX
from services.intake.portail.acces import Acces
from services.intake.portail.invitation import admise, prevenir
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.dossier import montrer as montrer_le_dossier
from services.intake.portail.rendu import rediriger, rendre

COLLEGUES: Final = "collegues"
_COMPLET: Final = f"{INVITES_MAX} collègues sont déjà invités : retirez-en un d’abord."


class _Refus(Exception):  # noqa: N818  # a finding; its text is for the one who invites
    """This address cannot be invited."""


@dataclass(frozen=True)
class Lieu:
    """What one is invited to: its pages, who may invite there, where the invited are listed, and how that is shown."""

    chemin: str
    acces: Acces
    liste: str
    montrer: Callable[..., Awaitable[Response]]

    def page(self, demande: Demande) -> str:
        """Give the address of the list."""
        return f"/{self.chemin}/{demande.objet['_id']}{self.liste}"


async def montrer(demande: Demande, *, courriel: str = "", erreur: str = "") -> Response:
    """Show whom a draft is open to. That of a correction is open to those who see its dossier: one list for both."""
    brouillon = demande.objet
    if brouillon["corrige"]:
        return rediriger(DOSSIER.page(demande), ancre=COLLEGUES)
    return rendre(
        demande,
        "brouillon_collegues.html.j2",
        statut=422 if erreur else 200,
        brouillon=brouillon,
        invites=brouillon["invites"],
        complet=len(brouillon["invites"]) >= INVITES_MAX,
        invitation={"courriel": courriel, "erreur": erreur},
    )


DOSSIER: Final = Lieu("dossiers", Acces.PROPRIETAIRE, "", montrer_le_dossier)
BROUILLON: Final = Lieu("brouillons", Acces.AUTEUR, "/collegues", montrer)


async def inviter(lieu: Lieu, demande: Demande) -> Response:
    """Let a colleague in, and tell him by mail."""
    saisie = demande.formulaire.un("courriel")
    try:
        courriel = await _a_inviter(demande, saisie)
        await _ouvrir(lieu, demande, courriel)
    except _Refus as refus:
        return await lieu.montrer(demande, courriel=saisie, erreur=typographier(str(refus)))
    prevenir(demande, courriel, demande.objet["_id"], depose=lieu is DOSSIER)
    return rediriger(lieu.page(demande), fait="collegue_invite", ancre=COLLEGUES)


async def desinviter(lieu: Lieu, demande: Demande) -> Response:
    """Let a colleague in no longer: neither to the dossier, nor to the draft of its correction."""
    store, numero, courriel = demande.portail.store, demande.objet["_id"], demande.formulaire.un("courriel")
    await store.brouillons.desinviter(numero, courriel)
    if lieu is DOSSIER:
        await store.desinviter(numero, courriel)
    return rediriger(lieu.page(demande), fait="collegue_retire", ancre=COLLEGUES)


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


async def _ouvrir(lieu: Lieu, demande: Demande, courriel: str) -> None:
    """Let him in. Raises _Refus when there is no place left."""
    store, numero = demande.portail.store, demande.objet["_id"]
    if lieu is DOSSIER and not await store.inviter(numero, courriel):
        raise _Refus(_COMPLET)
    ouvert = await store.brouillons.inviter(numero, courriel)  # of a dossier: its correction, if one was begun
    if lieu is BROUILLON and not ouvert:
        raise _Refus(_COMPLET)


PAGES: Final = (
    Page("GET", "/brouillons/{numero}/collegues", Acces.AUTEUR, montrer),
    *(
        Page("POST", f"/{lieu.chemin}/{{numero}}/{geste}", lieu.acces, partial(vue, lieu))
        for lieu in (DOSSIER, BROUILLON)
        for geste, vue in (("inviter", inviter), ("desinviter", desinviter))
    ),
)
