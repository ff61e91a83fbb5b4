"""What a provider of identities says of somebody."""

from dataclasses import asdict, dataclass, replace
from typing import Self

from services._runtime.mongo import Document


@dataclass(frozen=True, slots=True)
class Personne:
    """Somebody, as a provider names him for ever (`sub`), and as it knows him today.

    `verifie`: whether his address was proved to be his; without it, an address is only what somebody claims.
    `siret`: of his employer, empty when it is not known. `id_token`: what the provider's logout asks for.
    """

    fournisseur: str
    sub: str
    courriel: str
    verifie: bool = False
    siret: str = ""
    id_token: str = ""

    @classmethod
    def de(cls, document: Document) -> Self:
        """Read back what `document` wrote."""
        return cls(**document)

    def document(self) -> Document:
        """Write it for MongoDB."""
        return asdict(self)

    def verifiee(self) -> Self:
        """Give the same person, whose address has been proved meanwhile."""
        return replace(self, verifie=True)

    @property
    def identite(self) -> Document:
        """Give what an account keeps of it."""
        return {"fournisseur": self.fournisseur, "sub": self.sub}
