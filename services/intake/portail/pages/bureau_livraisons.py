"""The deliveries, and those that wait for an agent: he lets them leave, as they were examined."""

from typing import Final

from pydantic import TypeAdapter, ValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from contracts.evenements import MotifSuspension, NomLivraison
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.rendu import rediriger, rendre

ETATS: Final = {"en_cours": "En cours", "suspendue": "Suspendue", "livree": "Livrée"}
_NOM: Final[TypeAdapter[str]] = TypeAdapter(NomLivraison)


async def montrer(demande: Demande, erreur: str = "", statut: int = 200) -> Response:
    """Show the last deliveries; `erreur`: why one was not approved."""
    livraisons = await demande.portail.store.bureau.livraisons()
    return rendre(
        demande,
        "agent_livraisons.html.j2",
        statut=statut,
        livraisons=livraisons,
        suspendues=[livraison for livraison in livraisons if livraison["etat"] == "suspendue"],
        etats=ETATS,
        invalide=MotifSuspension.ANNUAIRE_INVALIDE,
        erreur=erreur,
    )


async def approuver(demande: Demande) -> Response:
    """Let a suspended delivery leave."""
    nom = _nom(demande)
    if demande.formulaire.un("confirme") != "oui":
        return await montrer(demande, f"Livraison {nom} : cochez la case pour confirmer votre approbation.", 422)
    if not await demande.portail.store.approuver_livraison(nom, str(demande.qui.agent)):
        return await montrer(demande, f"Livraison {nom} : elle n’attend plus d’approbation.", 409)
    return rediriger("/agent/livraisons", fait="livraison_approuvee")


def _nom(demande: Demande) -> str:
    try:
        return _NOM.validate_python(demande.request.path_params["nom"])
    except ValidationError:
        raise HTTPException(404) from None


PAGES: Final = (
    Page("GET", "/agent/livraisons", Acces.AGENT, montrer),
    Page("POST", "/agent/livraisons/{nom}/approuver", Acces.AGENT, approuver),
)
