"""Logging in by a provider of identities: there, and back."""

from dataclasses import asdict
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from services._runtime.mongo import Document
from services.intake.comptes.adresses import reseau
from services.intake.comptes.liens import Genre, empreinte, secret
from services.intake.comptes.limites import FOURNISSEUR_PAR_IP
from services.intake.comptes.oidc import Aller, ConnexionImpossible, Fournisseur
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.connexion import promettre
from services.intake.portail.pages.entree import entrer, ip, lier, locale, navigateur
from services.intake.portail.rendu import rediriger, rendre


async def depart(demande: Demande) -> Response:
    """Send somebody to a provider, with a state that only this browser can bring back, once."""
    fournisseur, comptes = _fournisseur(demande), demande.portail.store.comptes
    if not await comptes.limites.admettre(FOURNISSEUR_PAR_IP, reseau(ip(demande))):
        return _echec(demande, fournisseur)
    aller, ici = Aller.nouveau(), navigateur(demande) or secret()  # the same for all the tabs of a browser
    suite = locale(demande.request.query_params.get("suite", ""))
    contenu = {"fournisseur": fournisseur.reglages.nom, "navigateur": empreinte(ici), "suite": suite}
    etat = await comptes.liens.emettre(Genre.FOURNISSEUR, contenu | asdict(aller))
    try:
        vers = await fournisseur.depart(etat, aller)
    except ConnexionImpossible:
        return _echec(demande, fournisseur)
    return lier(RedirectResponse(vers, 303), demande, ici)


async def retour(demande: Demande) -> Response:
    """Log in who comes back from a provider; whatever is wrong, one page says it, and nothing of why."""
    fournisseur, comptes = _fournisseur(demande), demande.portail.store.comptes
    recu = demande.request.query_params
    lien = await comptes.liens.consommer(Genre.FOURNISSEUR, recu.get("state", ""))
    if lien is None or not _est_le_sien(lien, demande, fournisseur) or "code" not in recu:
        return _echec(demande, fournisseur)
    try:
        personne = await fournisseur.retour(recu["code"], Aller(lien["nonce"], lien["verificateur"]), recu.get("iss"))
    except ConnexionImpossible:
        return _echec(demande, fournisseur)
    compte = await comptes.de_personne(personne)
    if compte is not None:
        return await entrer(demande, compte, lien["suite"], personne)
    # The first time, his address is only what is claimed: he proves it, and this browser then joins both.
    a_relier = {"suite": lien["suite"], "personne": personne.document(), "navigateur": lien["navigateur"]}
    promettre(demande, personne.courriel, a_relier)
    return lier(rediriger("/connexion/confirmer"), demande, navigateur(demande))


async def confirmer(demande: Demande) -> Response:
    """Say that an address is to be proved, the first time."""
    return rendre(demande, "connexion_confirmer.html.j2")


def _fournisseur(demande: Demande) -> Fournisseur:
    trouve = demande.portail.connexions.get(demande.request.path_params["fournisseur"])
    if trouve is None:
        raise HTTPException(404)
    return trouve


def _est_le_sien(lien: Document, demande: Demande, fournisseur: Fournisseur) -> bool:
    """Tell whether a state was given to this browser for this provider, and for no other."""
    return (lien["fournisseur"], lien["navigateur"]) == (fournisseur.reglages.nom, empreinte(navigateur(demande)))


def _echec(demande: Demande, fournisseur: Fournisseur) -> Response:
    return rendre(demande, "connexion_echec.html.j2", statut=400, fournisseur=fournisseur.reglages)


PAGES: Final = (
    Page("GET", "/connexion/oidc/{fournisseur}", Acces.PUBLIC, depart),
    Page("GET", "/connexion/oidc/{fournisseur}/retour", Acces.PUBLIC, retour),
    Page("GET", "/connexion/confirmer", Acces.PUBLIC, confirmer),
)
