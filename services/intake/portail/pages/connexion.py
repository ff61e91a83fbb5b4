"""Logging in by a mailed link: asked for, awaited, then used by pressing a button."""

from typing import Final

from starlette.responses import RedirectResponse, Response

from services._runtime.mongo import Document
from services.intake.comptes.adresses import normaliser
from services.intake.comptes.liens import Genre, empreinte
from services.intake.comptes.personne import Personne
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.entree import entrer, ip, locale, navigateur
from services.intake.portail.rendu import rediriger, rendre

OBJET: Final = "Votre lien de connexion"
ADRESSE_FAUSSE: Final = "Saisissez une adresse électronique complète, par exemple\u00a0: prenom.nom@ville.fr"


async def formulaire(demande: Demande) -> Response:
    """Ask for an address, or offer the providers; somebody who is logged in goes on."""
    suite = locale(demande.request.query_params.get("suite", ""))
    if demande.identite is not None:
        return RedirectResponse(suite or "/compte", 303)
    return rendre(demande, "connexion.html.j2", suite=suite, courriel="", erreur="")


async def demander(demande: Demande) -> Response:
    """Promise a link: the same answer, as fast, whoever has an account and whoever has asked too often."""
    saisie, suite = demande.formulaire.un("courriel"), locale(demande.formulaire.un("suite"))
    courriel = normaliser(saisie)
    if courriel is None:
        valeurs = {"suite": suite, "courriel": saisie, "erreur": ADRESSE_FAUSSE}
        return rendre(demande, "connexion.html.j2", statut=422, **valeurs)
    promettre(demande, courriel, {"suite": suite})
    return rediriger("/connexion/envoyee")


async def envoyee(demande: Demande) -> Response:
    """Say what to do while the mail comes, and if it does not."""
    return rendre(demande, "connexion_envoyee.html.j2")


async def montrer(demande: Demande) -> Response:
    """Show a button and change nothing: programs that read mails follow links."""
    lien = await demande.portail.store.comptes.liens.lire(Genre.CONNEXION, demande.request.path_params["secret"])
    if lien is None:
        return rendre(demande, "connexion_perimee.html.j2", statut=410)
    return rendre(demande, "connexion_lien.html.j2", courriel=lien["courriel"])


async def consommer(demande: Demande) -> Response:
    """Use a link, in whatever browser: one press of all those that come is the one that logs in."""
    comptes = demande.portail.store.comptes
    lien = await comptes.liens.consommer(Genre.CONNEXION, demande.request.path_params["secret"])
    if lien is None:
        return rendre(demande, "connexion_perimee.html.j2", statut=410)
    personne = _personne_a_relier(demande, lien)
    compte = await comptes.de_personne(personne) if personne else None
    return await entrer(demande, compte or await comptes.de_courriel(lien["courriel"]), lien["suite"], personne)


def promettre(demande: Demande, courriel: str, contenu: Document) -> None:
    """Send a link to an address once the answer has left, unless there were too many."""
    demande.portail.courrier.plus_tard(_envoyer(demande, courriel, contenu))


async def _envoyer(demande: Demande, courriel: str, contenu: Document) -> None:
    base, service = demande.portail.reglages.base, demande.portail.reglages.service
    secret = await demande.portail.store.comptes.demander_lien(courriel, ip(demande), contenu)
    if secret is not None:
        valeurs = {"lien": f"{base}/connexion/lien/{secret}", "autre": f"{base}/connexion", "service": service}
        await demande.portail.courrier.envoyer(courriel, OBJET, "lien_connexion", valeurs)


def _personne_a_relier(demande: Demande, lien: Document) -> Personne | None:
    """Give whom a provider named with this address, now proved: in the browser that he came from, and in no other.

    Elsewhere, the one who presses is the owner of the address, and may not be the one who claimed it.
    """
    if "personne" not in lien or lien["navigateur"] != empreinte(navigateur(demande)):
        return None
    return Personne.de(lien["personne"]).verifiee()


PAGES: Final = (
    Page("GET", "/connexion", Acces.PUBLIC, formulaire),
    Page("POST", "/connexion", Acces.PUBLIC, demander),
    Page("GET", "/connexion/envoyee", Acces.PUBLIC, envoyee),
    Page("GET", "/connexion/lien/{secret}", Acces.PUBLIC, montrer),
    Page("POST", "/connexion/lien/{secret}", Acces.PUBLIC, consommer),
)
