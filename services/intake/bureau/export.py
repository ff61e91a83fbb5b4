"""The export: one line per school, no person, nothing that a spreadsheet would run."""

import csv
import io
import re
import unicodedata
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from contracts.evenements import AAFLivre, DossierValide
from services._runtime.francais import PARIS
from services._runtime.mongo import Document
from services.intake.bureau.noms import noms_de_communes
from services.intake.referentiels.store import Referentiels
from services.intake.suivi.mots import ETATS

COLONNES: Final = (
    *("UAI", "École", "Commune", "Code commune", "Département", "SIRET", "Dossier", "Version", "État"),
    *("Déposé le", "Validé le", "Livré le", "Livraison", "Verdict"),
)
LOT: Final = 100  # dossiers whose names are looked up together
BOM: Final = "\ufeff"  # tells a spreadsheet that this is UTF-8
_FORMULE: Final = re.compile(r"[\s\0]*[=+\-@]|[\t\r\n]")
_LIVRAISON: Final = re.compile(r"\bENT1D\.[0-9]{8}-[0-9]{5}\b")

Ligne = Sequence[str]


def neutre(cellule: str) -> str:
    """Make text of what a spreadsheet would take for a formula; it reads a full-width sign as the plain one."""
    lue = cellule if cellule.isascii() else unicodedata.normalize("NFKC", cellule)
    return f"'{cellule}" if _FORMULE.match(lue) else cellule


async def lignes(dossiers: AsyncIterable[Document], referentiels: Referentiels) -> AsyncIterator[list[Ligne]]:
    """Give the lines of these dossiers, a lot at a time."""
    lot: list[Document] = []
    async for dossier in dossiers:
        lot.append(dossier)
        if len(lot) == LOT:
            yield await _du_lot(lot, referentiels)
            lot = []
    yield await _du_lot(lot, referentiels)


def en_csv(rangees: Iterable[Ligne]) -> str:
    """Write lines as CSV, as French spreadsheets read it."""
    texte = io.StringIO()
    csv.writer(texte, delimiter=";", lineterminator="\r\n").writerows([map(neutre, rangee) for rangee in rangees])
    return texte.getvalue()


async def _du_lot(lot: Sequence[Document], referentiels: Referentiels) -> list[Ligne]:
    ecoles = await referentiels.ecoles({uai for dossier in lot for uai in dossier["ecoles"]})
    noms = {uai: ecole.nom for uai, ecole in ecoles.items()}
    communes = await noms_de_communes(referentiels, [dossier["commune"] for dossier in lot])
    return [ligne for dossier in lot for ligne in _du_dossier(dossier, noms, communes)]


def _du_dossier(dossier: Document, ecoles: Mapping[str, str], communes: Mapping[str, str]) -> Iterator[Ligne]:
    code = dossier["commune"]
    faits = {etape["fait"]: etape for etape in dossier["chronologie"]}
    valide, livre = faits.get(DossierValide.nom()), faits.get(AAFLivre.nom())
    livraison = _LIVRAISON.search(livre["constat"]) if livre else None
    suite = (
        *(dossier["siret"], dossier["_id"], str(dossier["version"]), ETATS[dossier["etat"]]),
        *(_date(dossier["depose_le"]), _fait_le(valide), _fait_le(livre)),
        *(livraison[0] if livraison else "", dossier.get("verdict") or "pas encore vérifié"),
    )
    for uai in dossier["ecoles"]:
        yield (uai, ecoles.get(uai, ""), communes[code], code, dossier.get("departement", ""), *suite)


def _fait_le(etape: Mapping[str, Any] | None) -> str:
    return _date(etape["le"]) if etape else ""


def _date(instant: datetime) -> str:
    return f"{instant.astimezone(PARIS):%Y-%m-%d %H:%M}"
