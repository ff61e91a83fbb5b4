"""The door of the form to `communes` and `ecoles`; imports go by `generations`."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from services._runtime.mongo import Document, Mongo
from services.intake.referentiels.domain import Commune, Ecole
from services.intake.referentiels.fiches import COMMUNE, ECOLE
from services.intake.referentiels.generations import Generations
from services.intake.referentiels.recherche import Communes, mots

__all__ = ["Commune", "Ecole", "Referentiels"]


class Referentiels:
    """What the form looks up. Empty collections are a case like another: nothing may depend on them to file.

    Communes are kept in memory, 600 of them, and read again when an import has made a new generation of them.
    """

    def __init__(self, mongo: Mongo) -> None:
        self._communes = Generations(mongo.database, "communes")
        self._ecoles = Generations(mongo.database, "ecoles")
        self._gardees: tuple[str, Communes] = ("", Communes())

    async def prepare(self) -> None:
        """Create the indexes."""
        await self._communes.prepare()
        await self._ecoles.prepare()

    async def commune(self, code: str) -> Commune | None:
        """Give the commune of this INSEE code; that of a former one gives the commune it is now part of."""
        return (await self._toutes()).de_code(code)

    async def communes(self, departement: str) -> Sequence[Commune]:
        """Give the communes of a département, by name."""
        return [commune for commune in (await self._toutes()).toutes if commune.departement == departement]

    async def chercher_communes(self, saisie: str, *, departement: str = "") -> Sequence[Commune]:
        """Find communes by name or postal code as somebody types them: accents, case, hyphens, « St » do not matter."""
        return (await self._toutes()).chercher(saisie, departement=departement)

    async def ecoles_de(self, commune: str) -> Sequence[Ecole]:
        """Give the open schools of a commune, by name; those of a commune that it absorbed are its own."""
        communes = await self._toutes()
        connue = communes.de_code(commune)
        codes = [connue.code, *connue.anciens_codes] if connue else [commune]
        trouvees = await self._ecoles.entrees(
            await self._ecoles.courante(), {"commune": {"$in": codes}, "ouverte": True}
        )
        ecoles = [_ecole(trouvee, communes) for trouvee in trouvees.values()]
        return sorted(ecoles, key=lambda ecole: (mots(ecole.nom), ecole.uai))

    async def ecoles(self, uais: Iterable[str]) -> dict[str, Ecole]:
        """Give what is known of these schools, open or not, by UAI; what is not known is absent."""
        communes = await self._toutes()
        trouvees = await self._ecoles.entrees(await self._ecoles.courante(), cles=set(uais))
        return {uai: _ecole(trouvee, communes) for uai, trouvee in trouvees.items()}

    async def _toutes(self) -> Communes:
        generation = await self._communes.courante()
        if generation.nom != self._gardees[0]:
            entrees = await self._communes.entrees(generation)
            self._gardees = generation.nom, Communes(COMMUNE.validate_python(entree) for entree in entrees.values())
        return self._gardees[1]


def _ecole(document: Document, communes: Communes) -> Ecole:
    """Give a school, with the commune in force that it is in and that commune's own spelling."""
    ecole = ECOLE.validate_python(document)
    commune = communes.de_code(ecole.commune)
    return replace(ecole, commune=commune.code, nom_commune=commune.nom) if commune else ecole
