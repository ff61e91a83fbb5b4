"""What lies beside each delivered zip: `ENT1D.<date>-<rang>.json`, put there last. Numbers and readiness, no person."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from contracts.evenements import Compte, Effectifs, NomFichier
from contracts.valeurs import Ligne, Modele, Sha256, Uai


class FichierLivre(Modele):
    """The zip: its size in bytes, and the SHA-256 of its bytes."""

    nom: NomFichier
    taille: Compte
    sha256: Sha256


class EffectifsEcole(Modele):
    """How many records concern one school: a person of two schools counts in both, so the sum may exceed the total."""

    eleves: Compte
    responsables: Compte
    personnels: Compte
    classes: Compte


class Guichets(Modele):
    """Whether the users of the school will be recognised by the guichets d'authentification.

    EduConnect matches pupils and responsables on their jointure; the guichet agents matches staff on `ENTPersonMail`.
    """

    pret_educonnect: bool
    pret_guichet_agents: bool
    personnels_sans_mail: Compte


class Gar(Modele):
    """What the ENT will need of the school for its own export to the GAR (Gestionnaire d'Accès aux Ressources)."""

    mefstat4_complet: bool
    eleves_sans_mefstat4: Compte
    direction_connue: bool
    responsable_affectation: Ligne


class EcoleLivree(Modele):
    """One school of the delivery."""

    uai: Uai
    effectifs: EffectifsEcole
    guichets: Guichets
    gar: Gar


class Manifeste(Modele):
    """The manifest of a delivery. `manifeste` is the version of this form; `contenu` names the XML files of the zip."""

    # Not Literal[1]: that one lets `true` through.
    manifeste: Annotated[int, Field(ge=1, le=1)]
    nom: NomFichier
    date: Annotated[date, Field(description="Day of the delivery, in its name and in the names of the XML files.")]
    portee: Annotated[Literal["Complet"], Field(description="Always the whole truth: who is not in it is gone.")]
    version_af: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 ._-]{0,40}$")]
    titulaire: Ligne
    fichier: FichierLivre
    contenu: tuple[NomFichier, ...]
    effectifs: Effectifs
    uai_absentes: tuple[Uai, ...]
    ecoles: tuple[EcoleLivree, ...]
