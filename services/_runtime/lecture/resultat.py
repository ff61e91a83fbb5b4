"""What inspecting a piece may tell: facts and codes, never its text (which may hold names)."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.valeurs import Modele, Siret, Uai

Format = Literal["pdf", "png", "jpeg", "autre", "vide"]
# Why a piece cannot be read. `delai`, `memoire` and `plantage` say what happened to the reader, not what the file is.
Cause = Literal["vide", "type", "chiffre", "abime", "demesure", "delai", "memoire", "plantage"]
ContenuActif = Literal[
    "javascript", "lancement", "fichier-joint", "formulaire-xfa", "envoi-formulaire", "import-donnees", "multimedia"
]
CODES_MAX = 5000  # far more than the schools of the académie (about 1,800 published): more is not an order


class Inspection(Modele):
    """The facts of one file. `type_detecte` is a MIME type by content; pages without text may hold scanned codes."""

    format: Format
    type_detecte: Annotated[str, Field(max_length=100)] = "application/octet-stream"
    cause: Cause | None = None
    chiffre: bool = False
    pages: Annotated[int, Field(ge=0)] = 0
    pages_sans_texte: Annotated[int, Field(ge=0)] = 0
    contenu_actif: tuple[ContenuActif, ...] = ()
    uai: Annotated[tuple[Uai, ...], Field(max_length=CODES_MAX)] = ()
    siret: Annotated[tuple[Siret, ...], Field(max_length=CODES_MAX)] = ()

    @property
    def lisible(self) -> bool:
        """Tell whether the whole file could be read."""
        return self.cause is None

    @property
    def texte_present(self) -> bool:
        """Tell whether at least one page holds text; a scan or an image holds none."""
        return self.pages > self.pages_sans_texte
