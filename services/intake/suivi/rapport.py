"""The verification report in plain French: what was found, and what to do about it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from contracts.evenements import Verdict
from services._runtime.francais import typographier
from services.intake.decisions import RAISONS, Geste, Raison, derniere
from services.intake.suivi.mots import Dossier, compte, geste, libelle

Rapport: TypeAlias = Mapping[str, Any]

_GROUPES: Final = {
    Verdict.BLOQUANT: ("À corriger", "Le dossier ne peut pas être validé tant que ces points ne sont pas réglés."),
    Verdict.INDISPONIBLE: ("Pas encore vérifié", "Un agent de l’académie s’en charge : vous n’avez rien à faire."),
    Verdict.AVERTISSEMENT: ("À noter", "Ces points sont signalés à l’académie : vous n’avez rien à corriger."),
    Verdict.CONFORME: ("Conforme", "Ces points sont vérifiés : il n’y a rien à y redire."),
}
_SANS_REMEDE: Final = "Ce point ne peut pas être corrigé dans ce dossier : déposez un nouveau dossier."


@dataclass(frozen=True, slots=True)
class Constat:
    """One finding: about what, what was found, what to do when it is not said there, and the codes not named there."""

    quoi: str
    texte: str
    que_faire: str = ""
    codes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Groupe:
    """The findings of one verdict, and what they mean together."""

    verdict: Verdict
    titre: str
    sens: str
    constats: Sequence[Constat]


@dataclass(frozen=True, slots=True)
class Point:
    """One thing to correct, and why."""

    quoi: str
    motif: str


def groupes(rapport: Rapport | None) -> list[Groupe]:
    """Sort a report by what it means: first what is to be done. Nothing is left out, nothing is empty."""
    tous = [
        Groupe(
            verdict, titre, typographier(sens), [_constat(c) for c in _controles(rapport) if c["verdict"] == verdict]
        )
        for verdict, (titre, sens) in _GROUPES.items()
    ]
    return [groupe for groupe in tous if groupe.constats]


def resume(rapport: Rapport | None) -> str:
    """Sum a report up in one sentence."""
    controles = _controles(rapport)
    bloquants = sum(c["verdict"] == Verdict.BLOQUANT for c in controles)
    if bloquants:
        return f"{compte(bloquants, 'point')} à corriger."
    if any(c["verdict"] == Verdict.INDISPONIBLE for c in controles):
        return "Un point n’a pas pu être vérifié : un agent de l’académie s’en charge."
    return "Rien à corriger."


def a_corriger(dossier: Dossier) -> list[Point]:
    """List what is to be corrected: what an agent asked for, if he did, else what the report holds against it."""
    if geste(dossier) == Geste.CORRIGER:
        demandes = derniere(dossier)["demandes"]
        return [Point(libelle(d["champ"]), f"{RAISONS[Raison(d['raison'])]}.".capitalize()) for d in demandes]
    bloquants = [c for c in _controles(dossier.get("rapport")) if c["verdict"] == Verdict.BLOQUANT]
    return [Point(libelle(controle["champ"]), _dit(controle)) for controle in bloquants]


def _controles(rapport: Rapport | None) -> Sequence[Mapping[str, Any]]:
    return rapport["controles"] if rapport else ()


def _constat(controle: Mapping[str, Any]) -> Constat:
    sans_remede = controle["verdict"] == Verdict.BLOQUANT and not controle["corrigeable"]
    # A constat names five codes and counts the others. Of a piece, values are technical: its constat says it all.
    tus = [code for code in controle["valeurs"] if code not in controle["constat"]]
    return Constat(
        quoi=libelle(controle["champ"]),
        texte=_dit(controle),
        que_faire=typographier(_SANS_REMEDE) if sans_remede else "",
        codes=tus if controle["champ"] == "ecoles" else (),
    )


def _dit(controle: Mapping[str, Any]) -> str:
    """Give a constat without the name of its piece, which stands before it already."""
    return typographier(controle["constat"].removeprefix(f"{libelle(controle['champ'])} : "))
