"""An upload and its life, and why a request about one is refused. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.dossier import RolePiece


class Refus(Exception):  # noqa: N818  # a finding about a request
    """A request that cannot be followed. `statut` is the HTTP status that says it; `message` is for a person."""

    def __init__(self, statut: int, message: str) -> None:
        super().__init__(message)
        self.statut = statut
        self.message = message


class Etat(StrEnum):
    """The life of an upload: ouvert → garde (a piece, examined) → clos (the draft holds it); or ouvert → oublie.

    Bytes of an upload that is `ouvert` or `oublie` belong to nobody after a day; those of the others are a piece's.
    """

    OUVERT = "ouvert"
    GARDE = "garde"
    CLOS = "clos"
    OUBLIE = "oublie"


@dataclass(frozen=True)
class Televersement:
    """An upload as it is kept; its id is that of the piece it becomes. `metadonnees` as its client wrote them."""

    id: str
    numero: str
    role: RolePiece
    nom: str
    taille: int
    offset: int
    etat: Etat
    expire_le: datetime
    metadonnees: str = ""
    sha256: str = ""
    constat: str = ""

    @property
    def recu(self) -> bool:
        """Tell whether all its bytes are kept."""
        return self.offset == self.taille
