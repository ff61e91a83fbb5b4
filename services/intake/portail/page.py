"""What a route is, and what a page is given."""

import unicodedata
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from services._runtime.lecture.inspection import Inspecteur
from services._runtime.mongo import Document
from services.intake.comptes.courrier import Courrier
from services.intake.comptes.identite import Identite
from services.intake.comptes.oidc import Connexions
from services.intake.portail.acces import Acces
from services.intake.reglages import ReglagesPortail
from services.intake.store import Store
from services.intake.televersements.examen import Examen
from services.intake.televersements.reception import Reception

FORMULAIRE_MAX: Final = 256 * 1024  # bytes; 500 schools and all the texts take 20 kB
CHAMPS_MAX: Final = 2_000


class FormulaireIllisible(Exception):  # noqa: N818  # a finding about a request
    """The body is no form of ours: too large, not UTF-8, not URL-encoded."""


@dataclass(frozen=True, slots=True)
class Formulaire:
    """What a form sent, in Unicode NFC, without blanks around: each name with its values, in order."""

    champs: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    async def lire(cls, request: Request) -> Self:
        """Read the body of a request. Raises FormulaireIllisible."""
        corps = bytearray()
        async for morceau in request.stream():
            corps += morceau
            if len(corps) > FORMULAIRE_MAX:
                raise FormulaireIllisible
        try:
            paires = parse_qsl(
                corps.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=CHAMPS_MAX
            )
        except ValueError:
            raise FormulaireIllisible from None
        champs: dict[str, list[str]] = {}
        for nom, valeur in paires:
            champs.setdefault(nom, []).append(unicodedata.normalize("NFC", valeur.replace("\r\n", "\n")).strip())
        return cls(champs)

    def un(self, nom: str) -> str:
        """Give the last value of a field, empty when it was not sent."""
        valeurs = self.champs.get(nom)
        return valeurs[-1] if valeurs else ""

    def tous(self, nom: str) -> Sequence[str]:
        """Give all the values of a field."""
        return self.champs.get(nom, ())


@dataclass(frozen=True)
class Portail:
    """What pages work with."""

    store: Store
    reglages: ReglagesPortail
    courrier: Courrier
    connexions: Connexions
    reception: Reception

    @classmethod
    def assembler(cls, store: Store, reglages: ReglagesPortail, courrier: Courrier, inspecteur: Inspecteur) -> Self:
        """Put them together. `courrier` and `inspecteur` are entered, and left, by who gives them."""
        reception = Reception(store.televersements, store.pieces, store.brouillons, Examen(store.pieces, inspecteur))
        return cls(store, reglages, courrier, Connexions(reglages), reception)


@dataclass(frozen=True)
class Demande:
    """One request, as a page receives it: its sender is known and allowed, its form is read.

    `document` is the dossier or the draft that `{numero}` names, where the route's access is about one.
    """

    request: Request
    portail: Portail
    identite: Identite | None = None
    document: Document | None = None
    formulaire: Formulaire = field(default_factory=Formulaire)

    @property
    def qui(self) -> Identite:
        """Give who asks, on a route that asks for somebody."""
        if self.identite is None:
            raise LookupError("cette page est publique")
        return self.identite

    @property
    def objet(self) -> Document:
        """Give the dossier or the draft, on a route whose access is about one."""
        if self.document is None:
            raise LookupError("cette page ne parle d’aucun dossier")
        return self.document


Vue: TypeAlias = Callable[[Demande], Awaitable[Response]]


@dataclass(frozen=True)
class Page:
    """A route. `en_flux`: its body is read by the page itself, which then checks the `jeton` that the body carries."""

    methode: str
    chemin: str
    acces: Acces
    vue: Vue
    en_flux: bool = False
