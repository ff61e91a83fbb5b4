"""The life of a dossier, told event by event, top to bottom.

An event carries every non-personal fact its listeners need, and no person. Body: JSON, UTF-8, NFC, a CloudEvents 1.0
envelope with all its fields present. `message_id` is the event's `id`, which is made of stable identifiers: telling the
same fact twice tells it with the same id.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Generic, Literal, Self, TypeVar, get_args
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import AwareDatetime, Field

from contracts.dossier import PieceDeposee, Soumission
from contracts.valeurs import (
    CodeCommune,
    Ligne,
    Modele,
    NumeroDossier,
    Sha256,
    Siret,
    SiretDeclare,
    Texte,
    Uai,
    UaiDeclaree,
    Version,
)

Source = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9/._-]{0,99}$")]
Compte = Annotated[int, Field(ge=0)]
Valeur = Annotated[str, Field(pattern=r"^[\x20-\x7e]{1,100}$")]
# Never a person: a rule and its version, or the code of an agent's account.
Decideur = Annotated[str, Field(pattern=r"^(?:regle|agent):[A-Za-z0-9._-]{1,60}$")]
# Plain names: whoever joins one to his directory stays in it.
NomLivraison = Annotated[str, Field(pattern=r"^ENT1D\.[0-9]{8}-[0-9]{5}$")]
NomFichier = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
EcolesDeclarees = Annotated[tuple[UaiDeclaree, ...], Field(min_length=1, max_length=500)]
Ecoles = Annotated[tuple[Uai, ...], Field(min_length=1, max_length=500)]


class Verdict(StrEnum):
    """What a contrôle concludes. `indisponible` blocks nothing by itself: an agent decides."""

    CONFORME = "conforme"
    AVERTISSEMENT = "avertissement"
    BLOQUANT = "bloquant"
    INDISPONIBLE = "indisponible"


class Controle(Modele):
    """One finding of the verification report, in words a mairie understands, with its evidence and its source."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,49}$")]
    verdict: Verdict
    constat: Ligne
    champ: Annotated[str, Field(pattern=r"^[a-z_.]{1,60}$")]
    valeurs: Annotated[tuple[Valeur, ...], Field(max_length=500)] = ()
    source: Ligne
    corrigeable: bool = True


class Enveloppe(Modele):
    """The CloudEvents 1.0 attributes that every message carries."""

    specversion: Literal["1.0"]
    id: UUID
    source: Source
    time: AwareDatetime
    datacontenttype: Literal["application/json"]


class Fait(Modele):
    """What every fact says of its dossier: which version it speaks of. Order is by version, not by arrival."""

    version: Version


F = TypeVar("F", bound=Fait)


class Evenement(Enveloppe, Generic[F]):
    """A fact about one dossier (`subject`). `cle` is its routing key, which ends with the contract's version."""

    cle: ClassVar[str]

    type: str
    subject: NumeroDossier
    data: F

    @classmethod
    def nom(cls) -> str:
        """Give the `type` on the wire, with its accents."""
        (nom,) = get_args(cls.model_fields["type"].annotation)
        return str(nom)

    @classmethod
    def dire(cls, numero: str, data: F, *, source: str, le: datetime, rang: str = "") -> Self:
        """Tell the fact. Its id comes from (type, dossier, version, rang): `rang` tells apart facts of one version."""
        return cls(
            specversion="1.0",
            id=uuid5(NAMESPACE_URL, f"ent1d:{cls.nom()}:{numero}:{data.version}:{rang}"),
            source=source,
            type=cls.nom(),
            subject=numero,
            time=le,
            datacontenttype="application/json",
            data=data,
        )


class SoumettreDossier(Enveloppe):
    """The one command: a producer files a dossier. `id` is the idempotency key of the deposit."""

    cle: ClassVar[str] = "dossier.soumettre.v1"

    type: Literal["SoumettreDossier"]
    data: Soumission


class Depot(Fait):
    """What was declared."""

    siret: SiretDeclare
    commune: CodeCommune
    ecoles: EcolesDeclarees
    pieces: tuple[PieceDeposee, ...]


class DossierDepose(Evenement[Depot]):
    """A dossier, or a corrected version of it, is filed."""

    cle: ClassVar[str] = "dossier.depose.v1"

    type: Literal["DossierDéposé"]


class Rapport(Fait):
    """The verification report of one version: what was examined, and each finding.

    `regles` is the version of the set of contrôles.
    """

    siret: SiretDeclare
    commune: CodeCommune
    ecoles: EcolesDeclarees
    regles: Ligne
    controles: Annotated[tuple[Controle, ...], Field(max_length=35)]


class PiecesVerifiees(Evenement[Rapport]):
    """A version has been examined; nothing is decided yet."""

    cle: ClassVar[str] = "dossier.pieces-verifiees.v1"

    type: Literal["PiècesVérifiées"]


class Motifs(Fait):
    """Why a version cannot go on as it is."""

    motifs: Annotated[tuple[Controle, ...], Field(min_length=1, max_length=35)]
    decide_par: Decideur


class CorrectionDemandee(Evenement[Motifs]):
    """The commune must correct and file again."""

    cle: ClassVar[str] = "dossier.correction-demandee.v1"

    type: Literal["CorrectionDemandée"]


class DossierRefuse(Evenement[Motifs]):
    """No correction can mend it: another dossier must be filed."""

    cle: ClassVar[str] = "dossier.refuse.v1"

    type: Literal["DossierRefusé"]


class Validation(Fait):
    """The schools whose annuaire is to be delivered. `decide_par` names an agent, or the rule and its version."""

    siret: Siret
    commune: CodeCommune
    ecoles: Ecoles
    decide_par: Decideur


class DossierValide(Evenement[Validation]):
    """The dossier is accepted."""

    cle: ClassVar[str] = "dossier.valide.v1"

    type: Literal["DossierValidé"]


class RaisonCloture(StrEnum):
    """Why a dossier is closed without a decision on its content."""

    RETRAIT = "retrait"
    DECISION = "decision"


class Cloture(Fait):
    """The end of a dossier that nobody refused: its déposant withdrew it, or an agent closed it."""

    raison: RaisonCloture
    decide_par: Decideur


class DossierClasse(Evenement[Cloture]):
    """The dossier is closed without a decision on its content."""

    cle: ClassVar[str] = "dossier.classe.v1"

    type: Literal["DossierClassé"]


class Effectifs(Modele):
    """How many records the delivery holds, by category of the AAF."""

    etablissements: Compte
    eleves: Compte
    responsables: Compte
    personnels: Compte


class Livraison(Modele):
    """One cumulative Complet, as the titulaire finds it on his server. `taille` is in bytes."""

    nom: NomLivraison
    fichier: NomFichier
    manifeste: NomFichier
    taille: Compte
    sha256: Sha256
    effectifs: Effectifs
    nombre_ecoles: Compte


class Remise(Fait):
    """The schools of this dossier, and the delivery that holds them with all the others validated so far."""

    ecoles: Ecoles
    titulaire: Ligne
    livraison: Livraison


class AAFLivre(Evenement[Remise]):
    """The annuaire of the dossier's schools is on the titulaire's server, whole and read back."""

    cle: ClassVar[str] = "aaf.livre.v1"

    type: Literal["AAFLivré"]


class MotifSuspension(StrEnum):
    """Why delivering would do harm."""

    ECOLES_ABSENTES = "ecoles_absentes"
    BAISSE_DE_VOLUME = "baisse_de_volume"
    ANNUAIRE_INVALIDE = "annuaire_invalide"


class Suspension(Fait):
    """A delivery that waits for an agent."""

    ecoles: Ecoles
    titulaire: Ligne
    motif: MotifSuspension
    constat: Texte


class LivraisonSuspendue(Evenement[Suspension]):
    """The annuaire is not delivered until an agent approves, or the annuaire of the académie is completed."""

    cle: ClassVar[str] = "aaf.livraison-suspendue.v1"

    type: Literal["LivraisonSuspendue"]


class Approbation(Fait):
    """The attempt of a delivery that an agent lets leave: this very one (`essai`), as he saw it."""

    livraison: NomLivraison
    essai: Sha256
    decide_par: Decideur


class LivraisonApprouvee(Evenement[Approbation]):
    """An agent lets a suspended delivery leave; told of the first dossier that waits for it."""

    cle: ClassVar[str] = "aaf.livraison-approuvee.v1"

    type: Literal["LivraisonApprouvée"]
