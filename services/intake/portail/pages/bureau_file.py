"""The agents' queue: found, filtered and ordered; validated many at once; exported."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from starlette.responses import Response, StreamingResponse

from contracts.dossier import EtatDossier
from contracts.evenements import Verdict
from services._runtime.clock import now
from services._runtime.mongo import Document
from services.intake.bureau.classeur import en_xlsx
from services.intake.bureau.criteres import AGES, Criteres
from services.intake.bureau.decider import ENSEMBLE_MAX, valider_ensemble
from services.intake.bureau.export import BOM, COLONNES, Ligne, en_csv, lignes
from services.intake.bureau.file import NON_VERIFIE, Filtres, Onglet, Repere, Tri
from services.intake.bureau.noms import noms_de_communes
from services.intake.bureau.recherche import Trouvaille, chercher
from services.intake.bureau.store import COMPTE_MAX, PAR_PAGE
from services.intake.bureau.verrous import verrou
from services.intake.portail.acces import Acces
from services.intake.portail.page import Demande, Page
from services.intake.portail.rendu import rendre
from services.intake.portail.telechargement import disposition
from services.intake.referentiels.domain import NOMS_DES_DEPARTEMENTS

ONGLETS: Final = {
    Onglet.A_TRAITER: "À traiter",
    Onglet.A_CORRIGER: "En attente de correction",
    Onglet.VALIDES: "Validés",
    Onglet.INCIDENTS: "Incidents",
    Onglet.TOUS: "Tous",
}
OPTIONS: Final = {
    "departements": [("", "Tous"), *((code, f"{nom} ({code})") for code, nom in NOMS_DES_DEPARTEMENTS.items())],
    "ages": [("", "Peu importe"), *((age, f"Plus de {age} jours") for age in AGES)],
    "verdicts": [
        ("", "Tous"),
        (Verdict.BLOQUANT, "Bloquant"),
        (Verdict.INDISPONIBLE, "Indisponible"),
        (Verdict.AVERTISSEMENT, "Avertissement"),
        (Verdict.CONFORME, "Conforme"),
        (NON_VERIFIE, "Pas encore vérifié"),
    ],
}
CSV: Final = "text/csv; charset=utf-8"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True)
class Rangee:
    """One dossier of the queue, as it is shown."""

    dossier: Document
    commune: str
    jours: int
    agent: str
    validable: bool


@dataclass(frozen=True, slots=True)
class Feuille:
    """One page of the queue; `precedente` and `suivante` end the address of its neighbours."""

    dossiers: Sequence[Document] = ()
    precedente: str = ""
    suivante: str = ""


async def montrer(demande: Demande) -> Response:
    """Show the queue."""
    store = demande.portail.store
    criteres = _criteres(demande)
    trouvaille = await chercher(criteres.q, store.referentiels)
    feuille, compteurs = await asyncio.gather(
        _feuille(demande, criteres, _filtres(criteres, trouvaille)), store.bureau.compteurs()
    )
    noms = await noms_de_communes(store.referentiels, [dossier["commune"] for dossier in feuille.dossiers])
    return rendre(
        demande,
        "agent.html.j2",
        criteres=criteres,
        erreurs=criteres.erreurs(),
        onglets=[(code, titre, _compte(compteurs[code])) for code, titre in ONGLETS.items()],
        titre=ONGLETS[Onglet(criteres.onglet)],
        options=OPTIONS,
        ordre=criteres.ordre(),
        tris=Tri,
        trouvaille=trouvaille,
        rangees=[_rangee(dossier, noms, now()) for dossier in feuille.dossiers],
        feuille=feuille,
        incomplete=criteres.onglet == Onglet.INCIDENTS and compteurs[Onglet.INCIDENTS] > COMPTE_MAX,
    )


async def valider(demande: Demande) -> Response:
    """Validate the dossiers that were ticked, and say of each what became of it.

    Answered at once, not by a redirect: sent again, the form finds each dossier decided, and changes nothing.
    """
    choix, confirme = demande.formulaire.tous("choix"), demande.formulaire.un("confirme")
    erreur = _refus(len(choix), confirme=confirme == "oui")
    resultats = [] if erreur else await valider_ensemble(demande.portail.store, choix, _agent(demande))
    return rendre(demande, "agent_ensemble.html.j2", statut=422 if erreur else 200, erreur=erreur, resultats=resultats)


async def exporter_csv(demande: Demande) -> Response:
    """Give the schools of all the dossiers that the queue would show, as they are read."""
    lots = await _lots(demande)

    async def texte() -> AsyncIterator[str]:
        yield BOM + en_csv([COLONNES])
        async for lot in lots:
            yield await asyncio.to_thread(en_csv, lot)  # the pages of others go on meanwhile

    return StreamingResponse(texte(), media_type=CSV, headers=_a_enregistrer("csv"))


async def exporter_xlsx(demande: Demande) -> Response:
    """Give the same, as a workbook."""
    return StreamingResponse(en_xlsx(await _lots(demande)), media_type=XLSX, headers=_a_enregistrer("xlsx"))


async def _lots(demande: Demande) -> AsyncIterator[list[Ligne]]:
    store, criteres = demande.portail.store, _criteres(demande)
    filtres = _filtres(criteres, await chercher(criteres.q, store.referentiels))
    return lignes(store.bureau.parcourir(filtres), store.referentiels)


def _filtres(criteres: Criteres, trouvaille: Trouvaille) -> Filtres | None:
    """Say what is shown; None when a search found nothing, or more than one thing."""
    return None if criteres.q and trouvaille.cible is None else criteres.filtres(trouvaille.cible)


async def _feuille(demande: Demande, criteres: Criteres, filtres: Filtres | None) -> Feuille:
    """Read a page, from its beginning or, on the way back, from its end."""
    if filtres is None:
        return Feuille()
    ordre = criteres.ordre().parmi(filtres)
    apres, avant = (Repere.lire(demande.request.query_params.get(nom, "")) for nom in ("apres", "avant"))
    lus = await demande.portail.store.bureau.page(filtres, ordre.inverse() if avant else ordre, avant or apres)
    dossiers, reste = lus[:PAR_PAGE], len(lus) > PAR_PAGE
    if avant:
        dossiers.reverse()
    if not dossiers:
        return Feuille()
    return Feuille(
        dossiers,
        f"&avant={Repere.de(dossiers[0], ordre.tri)}" if (reste if avant else apres) else "",
        f"&apres={Repere.de(dossiers[-1], ordre.tri)}" if (avant or reste) else "",
    )


def _rangee(dossier: Document, communes: dict[str, str], maintenant: datetime) -> Rangee:
    pose = verrou(dossier, maintenant)
    return Rangee(
        dossier=dossier,
        commune=communes[dossier["commune"]],
        jours=(maintenant - dossier["depose_le"]) // timedelta(days=1),
        agent=pose.agent if pose else "",
        validable=dossier["etat"] == EtatDossier.DEPOSE and dossier.get("verdict") == Verdict.CONFORME,
    )


def _refus(nombre: int, *, confirme: bool) -> str:
    if not nombre:
        return "Aucun dossier n’est coché : cochez ceux que vous validez."
    if nombre > ENSEMBLE_MAX:
        return f"Vous avez coché {nombre} dossiers : validez-en {ENSEMBLE_MAX} au plus à la fois."
    return "" if confirme else "Rien n’est validé : cochez aussi la case qui confirme votre décision."


def _compte(nombre: int) -> str:
    return f"{COMPTE_MAX // 1000}\N{NO-BREAK SPACE}000+" if nombre > COMPTE_MAX else str(nombre)


def _criteres(demande: Demande) -> Criteres:
    return Criteres.lire(lambda nom: demande.request.query_params.get(nom, ""))


def _agent(demande: Demande) -> str:
    return str(demande.qui.agent)


def _a_enregistrer(suffixe: str) -> dict[str, str]:
    return {"Content-Disposition": disposition(f"dossiers-{now():%Y-%m-%d}.{suffixe}")}


PAGES: Final = (
    Page("GET", "/agent", Acces.AGENT, montrer),
    Page("POST", "/agent/decisions", Acces.AGENT, valider),
    Page("GET", "/agent/export.csv", Acces.AGENT, exporter_csv),
    Page("GET", "/agent/export.xlsx", Acces.AGENT, exporter_xlsx),
)
