"""What every way in shares: where somebody was going, what binds a step to his browser, and the session at the end."""

import re
from typing import Final
from urllib.parse import urlencode

from starlette.responses import Response

from services._runtime.mongo import Document
from services.intake.comptes.liens import VALIDITE
from services.intake.comptes.personne import Personne
from services.intake.portail.page import Demande
from services.intake.portail.rendu import rediriger

CODE: Final = "/connexion/second-facteur"
_LOCAL: Final = re.compile(r"/(?!/)[A-Za-z0-9._~%/?=&+-]{0,500}")  # no « \ », no « @ »: browsers read more into them


def locale(suite: str) -> str:
    """Give the path to go on with, empty unless it is one of ours: no link of ours leads elsewhere."""
    return suite if _LOCAL.fullmatch(suite) else ""


def avec_suite(vers: str, suite: str) -> str:
    """Give the address of a step that goes on to `suite`."""
    return f"{vers}?{urlencode({'suite': suite})}" if suite else vers


def ip(demande: Demande) -> str:
    """Give the address that a request comes from, as the server in front of us says."""
    client = demande.request.client
    return client.host if client else ""


def navigateur(demande: Demande) -> str:
    """Give what binds a step to the browser that asked for it; empty when this one asked for nothing."""
    return demande.request.cookies.get(_temoin(demande), "")


def lier(reponse: Response, demande: Demande, valeur: str) -> Response:
    """Leave that in the browser, for as long as a link is worth something."""
    _poser(reponse, demande, _temoin(demande), valeur, duree=int(VALIDITE.total_seconds()))
    return reponse


async def entrer(demande: Demande, compte: Document, suite: str, personne: Personne | None = None) -> Response:
    """Log somebody in, and send him where he was going; an agent, to his second factor, unless his provider has one."""
    facteur, fournisseur = None, None
    if personne is not None:
        fournisseur = {"nom": personne.fournisseur, "id_token": personne.id_token}
        connu = demande.portail.connexions.get(personne.fournisseur)
        if connu is not None and connu.reglages.agents and "agent" in compte:
            facteur = personne.fournisseur
    return await ouvrir(demande, compte["_id"], _vers(compte, facteur, suite), facteur=facteur, fournisseur=fournisseur)


async def ouvrir(
    demande: Demande, compte: str, vers: str, *, facteur: str | None = None, fournisseur: Document | None = None
) -> Response:
    """Open a session in place of the one this browser had: nobody has seen its cookie before."""
    sessions, cookie = demande.portail.store.comptes.sessions, demande.portail.reglages.cookie
    ancienne = await sessions.fermer(demande.request.cookies.get(cookie, ""))
    if fournisseur is None and ancienne is not None and ancienne["compte"] == compte:
        fournisseur = ancienne["fournisseur"]
    reponse = rediriger(vers)
    _poser(reponse, demande, cookie, await sessions.ouvrir(compte, facteur=facteur, fournisseur=fournisseur))
    return reponse


def quitter(reponse: Response, demande: Demande) -> Response:
    """Take the session's cookie back from the browser."""
    _poser(reponse, demande, demande.portail.reglages.cookie, "", duree=0)
    return reponse


def apres_le_code(suite: str) -> str:
    """Give where an agent goes once he has given his second factor."""
    return suite or "/agent"


def _vers(compte: Document, facteur: str | None, suite: str) -> str:
    if "agent" not in compte:
        return suite or "/dossiers"
    if facteur is not None:
        return apres_le_code(suite)
    return avec_suite(CODE, suite) if "actif_le" in compte.get("second_facteur", {}) else "/compte"


def _temoin(demande: Demande) -> str:
    return f"{demande.portail.reglages.cookie}-navigateur"


def _poser(reponse: Response, demande: Demande, nom: str, valeur: str, *, duree: int | None = None) -> None:
    chiffre = demande.portail.reglages.chiffre
    reponse.set_cookie(nom, valeur, max_age=duree, path="/", secure=chiffre, httponly=True, samesite="lax")
