"""The four pages of the form where something is typed: how each is read, and what it offers to choose from."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from services._runtime.mongo import Document
from services.intake.brouillons.champs import CIVILITES, COMMENTAIRES_MAX, lisible, nombre
from services.intake.brouillons.domain import Examen
from services.intake.brouillons.saisie import CHAMPS_DE, Rubrique
from services.intake.portail.page import Demande, Formulaire
from services.intake.portail.pages.formulaire_ecran import compte_d_ecoles, lignes_d_ecoles
from services.intake.referentiels.domain import NOMS_DES_DEPARTEMENTS, Commune

TOUTES: Final = "toutes"  # the button that ticks all the schools of the commune

Saisie: TypeAlias = dict[str, Any]
Complement: TypeAlias = Callable[[Demande, Document, Examen], Awaitable[dict[str, Any]]]


@dataclass(frozen=True)
class Sujet:
    """What a page asks for: how to read what it sends, and what its template needs besides."""

    rubrique: Rubrique
    lire: Callable[[Formulaire], Saisie]
    complement: Complement


def _lire_etablissement(formulaire: Formulaire) -> Saisie:
    """Read the page. A commune found by its name tells its département."""
    trouvee = formulaire.un("commune_trouvee")
    choisie = {"commune": trouvee, "departement": trouvee[:2]} if trouvee else {}
    return _lignes(formulaire, Rubrique.ETABLISSEMENT) | choisie


async def _communes(demande: Demande, brouillon: Document, examen: Examen) -> dict[str, Any]:
    """Offer the communes of the département, and those that answer what was searched for."""
    departement, recherche = brouillon["valeurs"]["departement"], demande.formulaire.un("recherche")
    referentiels = demande.portail.store.referentiels
    communes = await referentiels.communes(departement) if departement else ()
    trouvees = await referentiels.chercher_communes(recherche, departement=departement) if recherche else ()
    if recherche and not trouvees:
        trouvees = await referentiels.chercher_communes(recherche)
    return {
        "departements": [(code, f"{code} – {nom}") for code, nom in NOMS_DES_DEPARTEMENTS.items()],
        "communes": [("", "Choisissez une commune"), *map(_option, communes)] if communes else [],
        "commune": examen.connu.commune,
        "recherche": recherche,
        "trouvees": [(commune.code, f"{commune.libelle}, code Insee {commune.code}") for commune in trouvees],
        "ancres": {} if departement else {"commune": "recherche"},
    }


def _lire_deposant(formulaire: Formulaire) -> Saisie:
    return _lignes(formulaire, Rubrique.DEPOSANT)


async def _civilites(demande: Demande, brouillon: Document, examen: Examen) -> dict[str, Any]:
    del demande, brouillon, examen
    return {"civilites": [(civilite, {"Mme": "Madame", "M.": "Monsieur"}[civilite]) for civilite in CIVILITES]}


def _lire_ecoles(formulaire: Formulaire) -> Saisie:
    """Read the page: the schools that are ticked, then each line that was typed."""
    if "ecoles" not in formulaire.champs:
        return {}
    toutes = formulaire.un("suite") == TOUTES
    cochees = formulaire.un("proposees").split() if toutes else formulaire.tous("cochees")
    saisies = (ligne.strip() for ligne in formulaire.un("ecoles").splitlines())
    return {"ecoles": [*cochees, *(ligne for ligne in saisies if ligne)]}


async def _ecoles(demande: Demande, brouillon: Document, examen: Examen) -> dict[str, Any]:
    """Offer the schools of the commune to tick; what was typed of others stays in its own place, as typed."""
    commune, entrees = examen.commune, brouillon["valeurs"]["ecoles"]
    proposees = await demande.portail.store.referentiels.ecoles_de(commune) if commune else ()
    connues = {ecole.uai for ecole in proposees}
    return {
        "commune": examen.connu.commune,
        "proposees": [(ecole.uai, ecole.nom, _precision(ecole.uai, ecole.adresse)) for ecole in proposees],
        "cochees": {entree.upper() for entree in entrees} & connues,
        "saisies": "\n".join(entree for entree in entrees if entree.upper() not in connues),
        "lignes": lignes_d_ecoles(examen),
        "compte": compte_d_ecoles(examen),
    }


def _lire_commentaires(formulaire: Formulaire) -> Saisie:
    return _lignes(formulaire, Rubrique.COMMENTAIRES)


async def _reste(demande: Demande, brouillon: Document, examen: Examen) -> dict[str, Any]:
    del demande, examen
    libres = COMMENTAIRES_MAX - len(lisible(brouillon["valeurs"]["commentaires"]).strip())
    reste = f"{nombre(abs(libres))} caractère{'s' if abs(libres) > 1 else ''}"
    return {"reste": f"Retirez {reste}." if libres < 0 else f"Il reste {reste}.", "maximum": COMMENTAIRES_MAX}


def _lignes(formulaire: Formulaire, rubrique: Rubrique) -> Saisie:
    """Read the fields of a page. One that was not sent, as a choice that was not made, is left as it is."""
    return {champ: formulaire.un(champ) for champ in CHAMPS_DE[rubrique] if champ in formulaire.champs}


def _option(commune: Commune) -> tuple[str, str]:
    return commune.code, f"{commune.nom} – {', '.join(commune.codes_postaux)}"


def _precision(*dits: str) -> str:
    return ", ".join(dit for dit in dits if dit)


def _par_rubrique(sujets: Iterable[Sujet]) -> Mapping[str, Sujet]:
    return {sujet.rubrique.value: sujet for sujet in sujets}


SUJETS: Final = _par_rubrique(
    (
        Sujet(Rubrique.ETABLISSEMENT, _lire_etablissement, _communes),
        Sujet(Rubrique.DEPOSANT, _lire_deposant, _civilites),
        Sujet(Rubrique.ECOLES, _lire_ecoles, _ecoles),
        Sujet(Rubrique.COMMENTAIRES, _lire_commentaires, _reste),
    )
)
