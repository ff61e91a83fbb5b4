"""Fetches everything that leaves a portal about what is in it, and judges all of it; gives what was read, by exit."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from contracts.dossier import RolePiece
from services.intake.portail.acces import Acces
from services.intake.portail.page import Page
from services.intake.portail.pages import PAGES
from tests.scene import Personne

from .champs import Sortie
from .juges import juger, juger_courriel, juger_csv, juger_entetes, juger_pdf, juger_xlsx
from .monde import Monde
from .portes_deposant import ECOLES
from .vecteurs import essence

# What the queue, its searches, and the scripts of the form ask besides.
AUTRES: Final = (
    *(f"/agent?onglet={onglet}" for onglet in ("a_traiter", "a_corriger", "valides", "incidents", "tous")),
    *("/agent?q=77000&onglet=tous", "/agent?q=77320"),
    *("/referentiels/communes?q=77000", "/referentiels/ecoles?" + "&".join(f"uai={uai}" for uai in ECOLES)),
)
EXPORTS: Final = {"csv": juger_csv, "xlsx": juger_xlsx}


async def relire(monde: Monde) -> Mapping[Sortie, str]:
    """Read every page of every dossier and draft, its papers, the exports and the mails."""
    lus: dict[Sortie, list[str]] = defaultdict(list)
    for qui, chemin in adresses(monde):
        reponse = await qui.navigateur.get(chemin)
        lus[Sortie.PAGE].append(juger(reponse))
        if reponse.headers.get("content-type") == "application/pdf" and chemin.endswith(".pdf"):
            lus[Sortie.PAPIER].append(juger_pdf(reponse.content))
    for suffixe, lire in EXPORTS.items():
        export = await monde.agent.navigateur.get(f"/agent/export.{suffixe}?onglet=tous")
        juger_entetes(export)
        lus[Sortie.TABLEUR].append(lire(export.content))
    lus[Sortie.COURRIEL] += [juger_courriel(octets, a_qui) for octets, a_qui in monde.courriels]
    lus[Sortie.COURRIEL] += [a_qui for _, a_qui in monde.courriels]
    return {sortie: essence("\n".join(textes)) for sortie, textes in lus.items()}


def adresses(monde: Monde) -> Iterator[tuple[Personne, str]]:
    """Give the address of every page about what is in this world, each with who looks at it."""
    for page in (page for page in PAGES if page.methode == "GET"):
        qui = monde.agent if page.acces is Acces.AGENT else monde.deposant
        yield from ((qui, chemin) for chemin in _chemins(page, monde))
    yield from ((monde.agent, chemin) for chemin in AUTRES)


def _chemins(page: Page, monde: Monde) -> Iterator[str]:
    """Give the addresses of a route, one for each dossier or draft, and each role, that it may be about."""
    numeros = monde.brouillons if page.acces is Acces.BROUILLON else monde.dossiers
    for numero in numeros if "{numero}" in page.chemin else [""]:
        for role in RolePiece if "{role}" in page.chemin else [""]:
            connus = {"{numero}": numero, "{role}": role, "{fournisseur}": "proconnect"}
            yield "/".join(connus.get(m, "x" * 43) if m.startswith("{") else m for m in page.chemin.split("/"))
