"""What an agent does with a dossier: be on it, leave it, decide."""

from dataclasses import replace
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from services.intake.bureau.decider import decider
from services.intake.bureau.saisie import Saisie
from services.intake.decisions import DecisionImpossible, Geste
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages.bureau_dossier import montrer
from services.intake.portail.rendu import rediriger

FAITS: Final = {
    Geste.VALIDER: "dossier_valide",
    Geste.CORRIGER: "correction_demandee",
    Geste.REFUSER: "dossier_refuse",
    Geste.CLASSER: "dossier_classe",
}


async def verrouiller(demande: Demande) -> Response:
    """Take a dossier, take another agent's place on it, or leave it. The page then says who is on it."""
    verrous, agent, numero = demande.portail.store.bureau.verrous, str(demande.qui.agent), demande.objet["_id"]
    match demande.formulaire.un("geste"):
        case "prendre":
            fait = "dossier_pris" if await verrous.prendre(numero, agent) else ""
        case "reprendre":
            fait = "dossier_pris" if await verrous.reprendre(numero, agent, demande.formulaire.un("a")) else ""
        case "rendre":
            await verrous.rendre(numero, agent)
            fait = "dossier_laisse"
        case _:
            raise HTTPException(400)
    return rediriger(_page(demande), fait=fait, ancre="decision")


async def prendre_une_decision(demande: Demande) -> Response:
    """Decide, or show the form again with all that was typed and what stands in the way."""
    saisie = Saisie.lire(demande.formulaire.un)
    if saisie.erreurs():
        return await montrer(demande, saisie, statut=422)
    try:
        await decider(demande.portail.store, demande.objet, saisie, str(demande.qui.agent))
    except DecisionImpossible as impossible:
        actuel = await demande.portail.store.dossier_d_agent(demande.objet["_id"])
        return await montrer(
            replace(demande, document=actuel or demande.objet), saisie, refus=impossible.message, statut=409
        )
    return rediriger(_page(demande), fait=FAITS[Geste(saisie.geste)])


def _page(demande: Demande) -> str:
    return f"/agent/dossiers/{demande.objet['_id']}"


PAGES: Final = (
    Page("POST", "/agent/dossiers/{numero}/verrou", Acces.AGENT, verrouiller),
    Page("POST", "/agent/dossiers/{numero}/decision", Acces.AGENT, prendre_une_decision),
)
