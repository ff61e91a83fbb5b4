"""Makes due now what a dossier owes: the services' own loops then do it, as they would have later."""

from typing import Any

from services._runtime.clock import now
from services._runtime.mongo import Database
from services._runtime.receipts import PARKED
from services.cli.attentes import Attente, Nature
from services.cli.interventions import noter
from services.notification.domain import EtatEnvoi


async def reprendre(documents: Database, numero: str, attente: Attente, par: str) -> bool:
    """Write down who asks, then make it due; False when it has moved on meanwhile."""
    detail = f"{attente.quoi} ({attente.pourquoi}) : {attente.geste}"
    await noter(documents, par=par, geste="dossier reprendre", cible=numero, detail=detail)
    if attente.nature is Nature.EVENEMENT:
        return await _evenement(documents, attente)
    return await _courriel(documents, attente)


async def _evenement(documents: Database, attente: Attente) -> bool:
    """Let the sweep of any replica look at it now, with the shortest waits before the next times."""
    for service in attente.mis_de_cote:  # with this receipt the sweep would leave it to a replay
        await documents[f"recus_{service}"].delete_one({"_id": attente.id, "issue": PARKED})
    fait = await documents[attente.collection].update_one(
        {"_id": attente.document, "sortie.id": attente.id},
        {"$set": {"sortie.$[e].echeance": now(), "sortie.$[e].essais": 0}},
        array_filters=[{"e.id": attente.id}],
    )
    return bool(fait.matched_count)


async def _courriel(documents: Database, attente: Attente) -> bool:
    """Let any replica take it now, unless one has, or it is no longer as it was shown."""
    maintenant = now()
    change: dict[str, Any] = {"prochaine_tentative": maintenant}
    etat = attente.etat
    if etat == EtatEnvoi.REFUS_DEFINITIF:
        etat = EtatEnvoi.REFUS_TEMPORAIRE
        change |= {"etat": etat, "refus": 0}  # a patience anew: the relay may answer « later » again
    fait = await documents["envois"].update_one(
        {"_id": attente.document, "etat": attente.etat, "bail": {"$not": {"$gt": maintenant}}},
        {
            "$set": change,
            "$push": {"journal": {"le": maintenant, "etat": etat, "raison": "repris par l’exploitant"}},
        },
    )
    return bool(fait.matched_count)
