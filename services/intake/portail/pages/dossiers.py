"""What somebody began, filed, or was invited to; and the one list of all routes about dossiers."""

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from starlette.responses import Response

from contracts.dossier import EtatDossier
from services._runtime.mongo import Document
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.pages import dossier, dossier_gestes, dossier_papiers
from services.intake.portail.rendu import rendre
from services.intake.suivi import mots
from services.intake.suivi.declare import Connu

_UAI: Final = re.compile(r"[0-9]{7}[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Resume:
    """A dossier or a draft in one line of the list; `le`: when it was filed, or changed last."""

    numero: str
    etat: EtatDossier
    commune: str
    ecoles: str
    suite: str
    le: datetime
    est_sien: bool


async def liste(demande: Demande) -> Response:
    """Show them: first what is not filed yet."""
    store, qui = demande.portail.store, demande.qui
    brouillons, deposes = await asyncio.gather(store.brouillons.lister(qui), store.dossiers_de(qui))
    entames = {brouillon["_id"] for brouillon in brouillons if brouillon["corrige"]}
    nouveaux = [brouillon for brouillon in brouillons if not brouillon["corrige"]]
    communes = [d["commune"] for d in deposes] + [b["valeurs"]["commune"] for b in nouveaux]
    connu = Connu(await dossier.noms_de_communes(store, communes))
    return rendre(
        demande,
        "dossiers.html.j2",
        brouillons=[_brouillon(b, connu, qui.compte) for b in nouveaux],
        dossiers=[_depose(d, connu, qui.compte, entame=d["_id"] in entames) for d in deposes],
    )


def _brouillon(brouillon: Document, connu: Connu, compte: str) -> Resume:
    commune, ecoles = brouillon["valeurs"]["commune"], brouillon["valeurs"]["ecoles"]
    return Resume(
        numero=brouillon["_id"],
        etat=EtatDossier.BROUILLON,
        commune=connu.commune(commune) if commune in connu.communes else "",
        ecoles=mots.compte(len(set(_UAI.findall(" ".join(ecoles)))), "école"),
        suite=mots.suite({"etat": EtatDossier.BROUILLON}),
        le=brouillon["modifie_le"],
        est_sien=brouillon["compte"] == compte,
    )


def _depose(depose: Document, connu: Connu, compte: str, *, entame: bool) -> Resume:
    return Resume(
        numero=depose["numero"],
        etat=EtatDossier(depose["etat"]),
        commune=connu.commune(depose["commune"]),
        ecoles=mots.compte(len(depose["ecoles"]), "école"),
        suite=mots.suite(depose, correction_entamee=entame),
        le=depose["depose_le"],
        est_sien=depose["compte"] == compte,
    )


PAGES: Final = (
    Page("GET", "/dossiers", Acces.CONNECTE, liste),
    *dossier.PAGES,
    *dossier_papiers.PAGES,
    *dossier_gestes.PAGES,
)
