"""A decision as an agent typed it: kept as it is until it is right, so that nothing he wrote is lost. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

from pydantic import TypeAdapter, ValidationError

from contracts.valeurs import Texte
from services.intake.decisions import CHAMPS, MOTIVATION_MAX, Decision, Demande, Geste, Raison

PREFIXE: Final = "demande."
_TEXTE: Final[TypeAdapter[str]] = TypeAdapter(Texte)


@dataclass(frozen=True, slots=True)
class Saisie:
    """What the form holds. `demandes`: what is to be corrected, by field; `vu`: the dossier as the agent read it."""

    geste: str = ""
    motivation: str = ""
    demandes: Mapping[str, str] = field(default_factory=dict)
    vu: tuple[str, str] = ("", "")
    confirme: bool = False

    @classmethod
    def lire(cls, un: Callable[[str], str]) -> Self:
        """Read a form that gives the value of a field by its name."""
        demandes = {champ: raison for champ in CHAMPS if (raison := un(f"{PREFIXE}{champ}"))}
        return cls(un("geste"), un("motivation"), demandes, (un("version"), un("etapes")), un("confirme") == "oui")

    def erreurs(self) -> list[tuple[str, str]]:
        """Say what is wrong, field by field."""
        return [*self._geste(), *self._demandes(), *self._motivation(), *self._confirmation()]

    def decision(self, agent: str) -> Decision:
        """Make the decision of a form without error. Requests of correction go with that gesture only."""
        geste = Geste(self.geste)
        demandes = self.demandes.items() if geste is Geste.CORRIGER else ()
        return Decision(geste, agent, self.motivation, [Demande(champ, Raison(raison)) for champ, raison in demandes])

    def _geste(self) -> Iterator[tuple[str, str]]:
        if self.geste not in set(Geste):
            yield "geste", "Choisissez une décision."

    def _demandes(self) -> Iterator[tuple[str, str]]:
        if self.geste == Geste.CORRIGER and not self.demandes:
            yield f"{PREFIXE}{next(iter(CHAMPS))}", "Indiquez au moins une chose à corriger, et pourquoi."
        for champ, raison in self.demandes.items():
            if raison not in set(Raison):
                yield f"{PREFIXE}{champ}", "Choisissez une raison de la liste."

    def _motivation(self) -> Iterator[tuple[str, str]]:
        if len(self.motivation) > MOTIVATION_MAX:
            yield "motivation", f"Raccourcissez la motivation : {len(self.motivation)} caractères, pour 2 000 au plus."
        elif not _est_texte(self.motivation):
            yield "motivation", "Retirez de la motivation les caractères invisibles, puis recommencez."
        elif not self.motivation and self.geste not in {Geste.VALIDER, ""}:
            yield "motivation", "Écrivez une motivation : le déposant la lira."

    def _confirmation(self) -> Iterator[tuple[str, str]]:
        if not self.confirme:
            yield "confirme", "Cochez la case pour confirmer votre décision."


def vu(dossier: Mapping[str, Any]) -> tuple[str, str]:
    """Give what changes whenever something happens to a dossier: its version, and the length of its timeline."""
    return str(dossier["version"]), str(len(dossier["chronologie"]))


def _est_texte(valeur: str) -> bool:
    try:
        _TEXTE.validate_python(valeur)
    except ValidationError:
        return False
    return True
