"""What a commune files, the two shapes of a dossier that others may rely on, and what is read of its waits."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from contracts.valeurs import (
    CodeCommune,
    Courriel,
    IdPiece,
    Ligne,
    Modele,
    NumeroDossier,
    Sha256,
    SiretDeclare,
    Telephone,
    Texte,
    UaiDeclaree,
    Version,
)

TAILLE_MAX_PIECE = 200 * 1024 * 1024  # bytes; the procedure says 200 Mo per piece


class RolePiece(StrEnum):
    """The three pieces the procedure asks for."""

    ATTESTATION_ADHESION = "attestation_adhesion"
    BON_COMMANDE_EDITEUR = "bon_commande_editeur"
    BON_COMMANDE_CHORUS = "bon_commande_chorus"

    @property
    def nom(self) -> str:
        """Name it in French, as everything that a person reads does."""
        return _NOMS_DES_PIECES[self]

    @property
    def titre(self) -> str:
        """Give its name with a capital, to stand at the head of a line."""
        return self.nom[0].upper() + self.nom[1:]


_NOMS_DES_PIECES = {
    RolePiece.ATTESTATION_ADHESION: "attestation d’adhésion au groupement de commandes",
    RolePiece.BON_COMMANDE_EDITEUR: "bon de commande éditeur",
    RolePiece.BON_COMMANDE_CHORUS: "bon de commande Chorus",
}


class EtatDossier(StrEnum):
    """The life of a dossier: brouillon → depose → a_corriger → depose (version + 1) → valide → livre."""

    BROUILLON = "brouillon"
    DEPOSE = "depose"
    A_CORRIGER = "a_corriger"
    VALIDE = "valide"
    LIVRE = "livre"
    REFUSE = "refuse"
    CLASSE_SANS_SUITE = "classe_sans_suite"


class Deposant(Modele):
    """The person who files. Lives in MongoDB only: never in an event, a log or a metric."""

    civilite: Literal["M.", "Mme"]
    nom: Ligne
    prenom: Ligne
    fonction: Ligne
    courriel: Courriel
    telephone: Telephone


class PieceJointe(Modele):
    """A claim check: the piece was uploaded before, its id and SHA-256 are named here."""

    role: RolePiece
    id: IdPiece
    sha256: Sha256


class PieceDeposee(PieceJointe):
    """A piece as kept, with its size in bytes."""

    taille: Annotated[int, Field(ge=0, le=TAILLE_MAX_PIECE)]


class Soumission(Modele):
    """What a producer sends to file a dossier, or (with `corrige`) to file it again after a correction was asked."""

    siret: SiretDeclare
    commune: CodeCommune
    deposant: Deposant
    ecoles: Annotated[tuple[UaiDeclaree, ...], Field(min_length=1, max_length=500)]
    pieces: Annotated[tuple[PieceJointe, ...], Field(max_length=3)]
    commentaires: Texte = ""
    corrige: NumeroDossier | None = None


class Etape(Modele):
    """One line of a dossier's timeline."""

    le: AwareDatetime
    fait: Ligne
    version: Version
    constat: Texte = ""


class Suivi(Modele):
    """What a producer reads of its own dossier over HTTP: where it stands and how it got there."""

    numero: NumeroDossier
    etat: EtatDossier
    version: Version
    depose_le: AwareDatetime
    ecoles: tuple[UaiDeclaree, ...]
    chronologie: tuple[Etape, ...]


class Lu(Modele):
    """What is read of a collection that another service writes: it may keep more, these never change meaning."""

    model_config = ConfigDict(extra="ignore")


class DossierLu(Lu):
    """What other services may read of `dossiers` in MongoDB."""

    numero: NumeroDossier
    etat: EtatDossier
    version: Version
    siret: SiretDeclare
    commune: CodeCommune
    deposant: Deposant
    ecoles: tuple[UaiDeclaree, ...]
    pieces: tuple[PieceDeposee, ...]
    depose_le: AwareDatetime


class Attente(Lu):
    """Why something that is owed is not done yet: in French, without a person, from a short list of its service's."""

    depuis: AwareDatetime
    raison: Ligne


class EnvoiLu(Lu):
    """What other services may read of `envois` in MongoDB. `attente` is there while the mail waits."""

    numero: NumeroDossier
    version: Version
    motif: Ligne
    attente: Attente


class PerimetreLu(Lu):
    """What other services may read of `perimetres` in MongoDB. `attente` is there while the delivery waits."""

    numero: NumeroDossier
    version: Version
    attente: Attente


class LigneJournal(Lu):
    """One line of the journal of an envoi: what became of it (a state of notification's), and when."""

    le: AwareDatetime
    etat: Ligne


class CourrielLu(Lu):
    """What intake shows of `envois`: which mail, where it stands, and its journal from the day it was owed."""

    motif: Ligne
    version: Version
    etat: Ligne
    journal: Annotated[tuple[LigneJournal, ...], Field(min_length=1)]


class LivraisonLue(Lu):
    """What intake shows of a suspended delivery of `livraisons`; `empreinte` names the attempt that waits."""

    titulaire: Ligne
    etat: Ligne
    empreinte: Sha256
    motif: Ligne
    constat: Texte
