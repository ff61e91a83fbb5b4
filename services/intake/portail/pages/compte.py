"""Somebody's own account: who he is here, his second factor if he is an agent, and the way out."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from services._runtime.mongo import Document
from services.intake.comptes.liens import Genre, secret
from services.intake.comptes.oidc import ConnexionImpossible
from services.intake.comptes.second_facteur import TropDEssais, a_montrer, code_qr
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.entree import CODE, apres_le_code, locale, ouvrir, quitter
from services.intake.portail.rendu import rediriger, rendre

CODE_FAUX: Final = (
    "Ce code n’est pas le bon, ou a déjà servi. Saisissez les 6\u00a0chiffres que votre application affiche maintenant."
)
ACTIVATION_FAUSSE: Final = (
    "Ce code d’activation n’est pas le bon, ou n’est plus valable. Vérifiez-le, ou demandez-en un autre à "
    "l’administrateur du service."
)
TROP_D_ACTIVATIONS: Final = (
    "Vous avez essayé trop de codes faux. Attendez 15\u00a0minutes, puis saisissez celui qui vous a été donné."
)
TROP_D_ESSAIS: Final = (
    "Vous avez essayé trop de codes faux. Attendez 15\u00a0minutes, puis saisissez celui que votre application affiche."
)


async def compte(demande: Demande) -> Response:
    """Show an account to its owner."""
    return _montrer(demande, await _compte(demande))


def _montrer(demande: Demande, sien: Document, erreur: str = "", statut: int = 200) -> Response:
    connus = {f.nom: f.libelle for f in demande.portail.reglages.fournisseurs}
    relies = sorted({connus.get(i["fournisseur"], i["fournisseur"]) for i in sien["identites"]})
    return rendre(demande, "compte.html.j2", statut=statut, compte=sien, relies=relies, erreur=erreur)


async def proposer(demande: Demande) -> Response:
    """Draw the secret of an agent's second factor for his activation code, and show it; not once one is in use."""
    sien, saisie = await _agent(demande), demande.formulaire.un("activation")
    if "actif_le" in sien.get("second_facteur", {}):
        raise HTTPException(404)
    try:
        propose = await demande.portail.store.comptes.second_facteur.proposer(sien, saisie)
    except TropDEssais:
        return _montrer(demande, sien, TROP_D_ACTIVATIONS, 429)
    return rediriger(CODE) if propose else _montrer(demande, sien, ACTIVATION_FAUSSE, 422)


async def image(demande: Demande) -> Response:
    """Draw the QR code of a second factor that is not in use yet."""
    sien = await _agent(demande)
    facteur = a_montrer(sien)
    if facteur is None:
        raise HTTPException(404)
    return Response(code_qr(facteur, sien["agent"]["code"]), media_type="image/svg+xml")


async def second_facteur(demande: Demande) -> Response:
    """Ask an agent for a code, and show him the secret while it is not in use."""
    return _demander_le_code(demande, await _avec_facteur(demande), demande.request.query_params.get("suite", ""))


async def donner_le_code(demande: Demande) -> Response:
    """Give an agent his role, in a new session, for a code that is right."""
    sien, suite = await _avec_facteur(demande), demande.formulaire.un("suite")
    try:
        facteur = await demande.portail.store.comptes.second_facteur.verifier(sien, demande.formulaire.un("code"))
    except TropDEssais:
        return _demander_le_code(demande, sien, suite, TROP_D_ESSAIS, 429)
    if facteur is None:
        return _demander_le_code(demande, sien, suite, CODE_FAUX, 422)
    return await ouvrir(demande, sien["_id"], apres_le_code(locale(suite)), facteur=facteur)


async def deconnecter(demande: Demande) -> Response:
    """Close the session; who came by a provider is offered to leave it too."""
    comptes = demande.portail.store.comptes
    fermee = await comptes.sessions.fermer(demande.request.cookies.get(demande.portail.reglages.cookie, ""))
    sortie = await _sortie(demande, fermee["fournisseur"]) if fermee else None
    if sortie is None:
        return quitter(rediriger("/connexion", fait="deconnecte"), demande)
    # By a page of ours in between: our policy lets no form, nor what a form redirects to, reach another host.
    passage = await comptes.liens.emettre(Genre.SORTIE, sortie)
    return quitter(rediriger(f"/deconnexion/{passage}"), demande)


async def deconnecter_partout(demande: Demande) -> Response:
    """Close all the sessions of the account, on all its devices."""
    await demande.portail.store.comptes.sessions.fermer_toutes(demande.qui.compte)
    return quitter(rediriger("/connexion", fait="deconnecte_partout"), demande)


async def sortie(demande: Demande) -> Response:
    """Lead on to the provider's own logout."""
    vers = await demande.portail.store.comptes.liens.lire(Genre.SORTIE, demande.request.path_params["secret"])
    if vers is None:
        return rediriger("/connexion")
    reponse = rendre(demande, "compte_sortie.html.j2", libelle=vers["libelle"], url=vers["url"])
    reponse.headers["Refresh"] = f"0; url={vers['url']}"
    return reponse


async def _sortie(demande: Demande, fournisseur: Document | None) -> Document | None:
    connu = demande.portail.connexions.get(fournisseur["nom"]) if fournisseur else None
    if fournisseur is None or connu is None:
        return None
    try:
        url = await connu.sortie(fournisseur["id_token"], secret())
    except ConnexionImpossible:  # he has left us all the same
        return None
    return {"url": url, "libelle": connu.reglages.libelle} if url else None


async def _compte(demande: Demande) -> Document:
    return await demande.portail.store.comptes.lire(demande.qui.compte)


async def _agent(demande: Demande) -> Document:
    """Read the account of an agent, with or without his second factor; nobody else has this page."""
    sien = await _compte(demande)
    if "agent" not in sien:
        raise HTTPException(404)
    return sien


async def _avec_facteur(demande: Demande) -> Document:
    sien = await _agent(demande)
    if "second_facteur" not in sien:
        raise HTTPException(404)
    return sien


def _demander_le_code(demande: Demande, sien: Document, suite: str, erreur: str = "", statut: int = 200) -> Response:
    valeurs = {"facteur": a_montrer(sien), "suite": locale(suite), "erreur": erreur}
    return rendre(demande, "connexion_code.html.j2", statut=statut, **valeurs)


PAGES: Final = (
    Page("GET", "/compte", Acces.CONNECTE, compte),
    Page("POST", "/compte/second-facteur", Acces.CONNECTE, proposer),
    Page("GET", "/compte/second-facteur.svg", Acces.CONNECTE, image),
    Page("GET", CODE, Acces.CONNECTE, second_facteur),
    Page("POST", CODE, Acces.CONNECTE, donner_le_code),
    Page("POST", "/compte/deconnexion-partout", Acces.CONNECTE, deconnecter_partout),
    Page("POST", "/deconnexion", Acces.CONNECTE, deconnecter),
    Page("GET", "/deconnexion/{secret}", Acces.PUBLIC, sortie),
)
