"""What an agent asks of the queue, as the address of its page says it. Pure."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final, Self
from urllib.parse import urlencode

from contracts.evenements import Verdict
from contracts.valeurs import DEPARTEMENTS
from services.intake.bureau.file import NON_VERIFIE, Cible, Filtres, Onglet, Ordre, Tri

AGES: Final = ("7", "14", "30")  # days since the deposit
LONGUEUR_MAX: Final = 100
RECENTS_D_ABORD: Final = frozenset({Onglet.VALIDES, Onglet.TOUS})  # there, nobody waits
_TRIS: Final = frozenset({signe + tri for tri in Tri for signe in ("", "-")})
_PERMIS: Final = {
    "onglet": frozenset(Onglet),
    "departement": frozenset(DEPARTEMENTS),
    "age": frozenset(AGES),
    "verdict": frozenset({*Verdict, NON_VERIFIE}),
    "tri": _TRIS,
}
_FORMES: Final = {
    "commune": (
        r"[0-9]{5}",
        "Écrivez le code Insee de la commune : 5 chiffres, par exemple 77288. Pour un nom, utilisez la recherche.",
    ),
    "uai": (r"[0-9]{7}[A-Z]", "Écrivez le code UAI de l’école : 7 chiffres et une lettre, par exemple 0771234A."),
}


@dataclass(frozen=True, slots=True)
class Criteres:
    """Values as typed, cut of blanks; empty where nothing is asked. `tri`: a Tri, behind « - » when it is reversed."""

    onglet: str = Onglet.A_TRAITER
    q: str = ""
    departement: str = ""
    commune: str = ""
    uai: str = ""
    age: str = ""
    verdict: str = ""
    tri: str = ""

    @classmethod
    def lire(cls, un: Callable[[str], str]) -> Self:
        """Read an address that gives the value of a parameter by its name; what is no choice of ours is not asked."""
        lus = {champ.name: un(champ.name).strip()[:LONGUEUR_MAX] for champ in fields(cls)}
        lus["uai"] = lus["uai"].upper()
        return cls(**{nom: valeur for nom, valeur in lus.items() if valeur and valeur in _PERMIS.get(nom, {valeur})})

    def erreurs(self) -> list[tuple[str, str]]:
        """Say what is wrong with what was typed, field by field: it filters nothing."""
        return [
            (nom, message) for nom, (_, message) in _FORMES.items() if getattr(self, nom) and not self._valable(nom)
        ]

    def filtres(self, cible: Cible | None = None) -> Filtres:
        """Give what is asked for; `cible`: what the search came down to."""
        return Filtres(
            onglet=Onglet(self.onglet),
            departement=self.departement,
            commune=self._valable("commune"),
            uai=self._valable("uai"),
            age=int(self.age or 0),
            verdict=self.verdict,
            cible=cible,
        )

    def ordre(self) -> Ordre:
        """Give the order that is asked for, or the one that the tab is worked in."""
        if not self.tri:
            return Ordre(decroissant=self.onglet in RECENTS_D_ABORD)
        return Ordre(Tri(self.tri.removeprefix("-")), self.tri.startswith("-"))

    def adresse(self, chemin: str = "/agent", **autres: str) -> str:
        """Give the address that asks for the same, but for these."""
        changes: dict[str, Any] = {nom: valeur for nom, valeur in autres.items() if nom in _NOMS}
        restes = {nom: valeur for nom, valeur in autres.items() if nom not in _NOMS}
        poses = {nom: valeur for nom, valeur in asdict(replace(self, **changes)).items() if valeur} | restes
        return f"{chemin}?{urlencode(poses)}"

    def _valable(self, nom: str) -> str:
        valeur: str = getattr(self, nom)
        return valeur if re.fullmatch(_FORMES[nom][0], valeur) else ""


_NOMS: Final = frozenset(champ.name for champ in fields(Criteres))
