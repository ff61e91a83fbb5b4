"""An agent decides: on one dossier that he holds, or on many that are conforme, each for itself."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contracts.dossier import EtatDossier
from contracts.evenements import Verdict
from services._runtime.clock import now
from services._runtime.mongo import Document
from services.intake.bureau.saisie import Saisie, vu
from services.intake.bureau.verrous import verrou
from services.intake.decisions import Decision, DecisionImpossible, Geste, decision
from services.intake.store import Store

ENSEMBLE_MAX: Final = 200
A_CHANGE: Final = "Ce dossier a changé depuis que vous l’avez ouvert : relisez-le, puis confirmez votre décision."


@dataclass(frozen=True, slots=True)
class Resultat:
    """What became of one dossier of many; `pourquoi` is empty when it is validated."""

    numero: str
    pourquoi: str = ""


async def decider(store: Store, dossier: Document, saisie: Saisie, agent: str) -> None:
    """Decide on a dossier as the agent read it. Raises DecisionImpossible: then nothing has changed."""
    if saisie.vu != vu(dossier):
        raise DecisionImpossible(A_CHANGE)
    if not await store.bureau.verrous.prendre(dossier["_id"], agent):
        raise DecisionImpossible("Un autre agent est sur ce dossier : prenez sa place, ou laissez-le finir.")
    await _appliquer(store, dossier, saisie.decision(agent))


async def valider_ensemble(store: Store, choix: Sequence[str], agent: str) -> list[Resultat]:
    """Validate dossiers that are conforme, named as `NUMERO.VERSION`; what cannot be stops no other."""
    return list(await asyncio.gather(*(_valider(store, choisi, agent) for choisi in dict.fromkeys(choix))))


async def _valider(store: Store, choisi: str, agent: str) -> Resultat:
    numero, _, version = choisi.partition(".")
    dossier = await store.dossier_d_agent(numero)
    if dossier is None:
        return Resultat(numero, "Ce dossier n’existe pas.")
    try:
        _verifier(dossier, version, agent)
        await _appliquer(store, dossier, Decision(Geste.VALIDER, agent))
    except DecisionImpossible as impossible:
        return Resultat(numero, impossible.message)
    return Resultat(numero)


def _verifier(dossier: Document, version: str, agent: str) -> None:
    """Let through what may be validated unread: the rest is for somebody who opens it."""
    if dossier["etat"] != EtatDossier.DEPOSE:
        raise DecisionImpossible("Il n’est plus à traiter.")
    if str(dossier["version"]) != version:
        raise DecisionImpossible("Il a été déposé de nouveau depuis : ouvrez-le.")
    if dossier.get("verdict") != Verdict.CONFORME:
        raise DecisionImpossible("Ses vérifications ne sont pas toutes conformes : ouvrez-le.")
    pose = verrou(dossier, now())
    if pose is not None and pose.agent != agent:
        raise DecisionImpossible(f"{pose.agent} est sur ce dossier.")


async def _appliquer(store: Store, dossier: Document, prise: Decision) -> None:
    le = now()
    transition = decision(dossier, prise, le)
    demandes = [{"champ": demande.champ, "raison": demande.raison} for demande in prise.demandes]
    faite = {"geste": prise.geste, "motivation": prise.motivation, "demandes": demandes, "par": prise.par, "le": le}
    if not await store.decider(transition, faite, prise.agent):
        raise DecisionImpossible(A_CHANGE)
