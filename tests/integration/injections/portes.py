"""Writes one vector everywhere: by every way in, in an order that lets each be taken."""

from contracts.evenements import Verdict
from deploy.local.partenaires import PuitsSMTP

from .monde import Monde
from .portes_deposant import deposer, remplir
from .portes_faits import Dits, demander_une_correction, ecrire, examiner, suspendre
from .portes_machines import importer, soumettre
from .portes_personnes import inviter, se_connecter


async def envahir(monde: Monde, puits: PuitsSMTP) -> None:
    """Write the vector in every field, by every way in."""
    await importer(monde)
    dits = await Dits.de(monde)
    depose = await deposer(monde, await remplir(monde))
    monde.brouillons.remove(depose)
    monde.dossiers.append(depose)
    await inviter(monde, puits, depose)
    await se_connecter(monde, puits)
    await examiner(monde, dits, depose, Verdict.INDISPONIBLE)
    await ecrire(monde, dits, depose)
    await demander_une_correction(monde, depose)
    await examiner(monde, dits, await soumettre(monde), Verdict.BLOQUANT)
    tenu = await soumettre(monde)
    await ecrire(monde, dits, tenu)
    await examiner(monde, dits, tenu, Verdict.CONFORME)
    await suspendre(monde, dits, tenu)
