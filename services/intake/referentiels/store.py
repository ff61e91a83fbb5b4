"""The only door to `communes` and `ecoles`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services._runtime.mongo import Mongo


@dataclass(frozen=True, slots=True)
class Commune:
    """A commune in force. `code` is INSEE's; a postal code may be that of many communes."""

    code: str
    nom: str
    departement: str
    siren: str
    codes_postaux: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ecole:
    """A school. `statut`: public or prive; `ouverte`: it takes pupils now, or will."""

    uai: str
    nom: str
    commune: str
    nom_commune: str
    statut: str
    ouverte: bool
    adresse: str = ""


class Referentiels:
    """What the form looks up. Empty collections are a case like another: nothing may depend on them to file."""

    def __init__(self, mongo: Mongo) -> None:
        self._communes = mongo.database["communes"]
        self._ecoles = mongo.database["ecoles"]

    async def prepare(self) -> None:
        """Create the indexes."""

    async def commune(self, code: str) -> Commune | None:
        """Give the commune of this INSEE code; that of a former one gives the commune it is now part of."""
        raise NotImplementedError

    async def communes(self, departement: str) -> Sequence[Commune]:
        """Give the communes of a département, by name."""
        raise NotImplementedError

    async def chercher_communes(self, saisie: str, *, departement: str = "") -> Sequence[Commune]:
        """Find communes by name or postal code as somebody types them: accents, case, hyphens, « St » do not matter."""
        raise NotImplementedError

    async def ecoles_de(self, commune: str) -> Sequence[Ecole]:
        """Give the open schools of a commune, by name."""
        raise NotImplementedError

    async def ecoles(self, uais: Iterable[str]) -> dict[str, Ecole]:
        """Give what is known of these schools, by UAI; what is not known is absent."""
        raise NotImplementedError
