"""Watches what a page reads of a request, so that no parameter and no field of any page is left untried."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest
from starlette.datastructures import QueryParams
from starlette.requests import HTTPConnection, Request

from services.intake.portail.page import Formulaire


class _Champs(dict[str, Sequence[str]]):
    """The fields of a form: notes those that are asked for."""

    def __init__(self, champs: Mapping[str, Sequence[str]], vus: set[str]) -> None:
        super().__init__(champs)
        self._vus = vus

    def get(self, nom: str, *defaut: object) -> object:  # type: ignore[override]  # both of its shapes in one
        self._vus.add(nom)
        return super().get(nom, *defaut)

    def __contains__(self, nom: object) -> bool:
        self._vus.add(str(nom))
        return super().__contains__(nom)


class _Parametres(QueryParams):
    """The parameters of an address: notes those that are asked for."""

    vus: set[str]

    def __getitem__(self, nom: str) -> str:
        self.vus.add(nom)
        return super().__getitem__(nom)

    def __contains__(self, nom: object) -> bool:
        self.vus.add(str(nom))
        return super().__contains__(nom)

    def getlist(self, nom: str) -> list[str]:
        self.vus.add(nom)
        return super().getlist(nom)


@contextmanager
def espionner() -> Iterator[tuple[set[str], set[str]]]:
    """Give the names of the fields of forms, and of the parameters of addresses, that pages read meanwhile."""
    champs, parametres = set[str](), set[str]()
    vrai = Formulaire.lire

    async def lire(request: Request) -> Formulaire:
        return Formulaire(_Champs((await vrai(request)).champs, champs))

    def adresse(connexion: HTTPConnection) -> QueryParams:
        lus = _Parametres(connexion.scope["query_string"])
        lus.vus = parametres
        return lus

    with pytest.MonkeyPatch.context() as change:
        change.setattr(Formulaire, "lire", lire)
        change.setattr(HTTPConnection, "query_params", property(adresse))
        yield champs, parametres
