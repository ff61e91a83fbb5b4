"""Invented dossiers and events, as fixtures: each gives a builder or a value, none touches the outside."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from contracts.dossier import Deposant, DossierLu, EtatDossier, PieceDeposee, RolePiece
from contracts.evenements import (
    AAFLivre,
    Controle,
    CorrectionDemandee,
    Depot,
    DossierDepose,
    DossierRefuse,
    DossierValide,
    Effectifs,
    Evenement,
    Livraison,
    LivraisonSuspendue,
    Motifs,
    MotifSuspension,
    Remise,
    Suspension,
    Validation,
    Verdict,
)
from services.notification.messages import Expediteur

NUMERO = "ENT-7K3QF-0A2BC"
LE = datetime(2026, 9, 3, 12, 5, tzinfo=UTC)
ECOLES = ("0779001R", "0779002S")
DEPOSANTE = Deposant(
    civilite="Mme",
    nom="Fictive",
    prenom="Camille",
    fonction="maire-adjointe",
    courriel="camille.fictive@exemple.fr",
    telephone="+33 6 39 98 00 00",
)
PIECES = tuple(
    PieceDeposee(role=role, id=f"{rang:032x}", sha256=f"{rang:064x}", taille=1000)
    for rang, role in enumerate(RolePiece)
)
COMMUNE = {"siret": "99900000300015", "commune": "77001"}


def _controle(constat: str, champ: str, *valeurs: str, corrigeable: bool = True) -> Controle:
    return Controle(
        id="controle-fictif",
        verdict=Verdict.BLOQUANT,
        constat=constat,
        champ=champ,
        valeurs=valeurs,
        source="exemple",
        corrigeable=corrigeable,
    )


POINTS = (
    _controle("Le code UAI d’une école n’est pas celui d’une école ouverte de la commune.", "ecoles", "0779002S"),
    _controle("Le bon de commande Chorus est illisible : le fichier est endommagé.", "pieces.bon_commande_chorus"),
    _controle("Le SIRET appartient à une autre commune.", "siret", "99900000300015", corrigeable=False),
)
LIVRAISON = Livraison(
    nom="ENT1D.20260903-00001",
    fichier="complet-2026-09-03.zip",
    manifeste="complet-2026-09-03.json",
    taille=123456,
    sha256="0" * 64,
    effectifs=Effectifs(etablissements=2, eleves=310, responsables=520, personnels=24),
    nombre_ecoles=2,
)


def dire(nature: type[Evenement[Any]], data: Any) -> Evenement[Any]:  # noqa: ANN401  # the data of any event
    return nature.dire(NUMERO, data, source="test", le=LE)


def _evenements() -> dict[str, Evenement[Any]]:
    depot = Depot(version=1, **COMMUNE, ecoles=ECOLES, pieces=PIECES)
    suspension = Suspension(
        version=2,
        ecoles=ECOLES,
        titulaire="Éditeur Exemple",
        motif=MotifSuspension.BAISSE_DE_VOLUME,
        constat="Élèves : 310 à livrer, 905 dans la livraison précédente (baisse de 66 %).\nSeuil : 20 %.",
    )
    return {
        "accuse": dire(DossierDepose, depot),
        "accuse-corrige": dire(DossierDepose, depot.model_copy(update={"version": 2, "ecoles": ECOLES[:1]})),
        "correction": dire(CorrectionDemandee, Motifs(version=1, motifs=POINTS, decide_par="regle:essai.1")),
        "validation": dire(DossierValide, Validation(version=2, **COMMUNE, ecoles=ECOLES, decide_par="regle:essai.1")),
        "livraison": dire(AAFLivre, Remise(version=2, ecoles=ECOLES, titulaire="Éditeur Exemple", livraison=LIVRAISON)),
        "refus": dire(DossierRefuse, Motifs(version=1, motifs=POINTS[2:], decide_par="regle:essai.1")),
        "suspension": dire(LivraisonSuspendue, suspension),
    }


@pytest.fixture(scope="session")
def evenements() -> Mapping[str, Evenement[Any]]:
    """Give one event for each mail, by the name of its expected text."""
    return MappingProxyType(_evenements())


@pytest.fixture(scope="session")
def dossier() -> DossierLu:
    """Give the dossier of Mme Fictive."""
    return DossierLu(
        numero=NUMERO,
        etat=EtatDossier.DEPOSE,
        version=1,
        **COMMUNE,
        deposant=DEPOSANTE,
        ecoles=ECOLES,
        pieces=PIECES,
        depose_le=LE,
    )


@pytest.fixture(scope="session")
def expediteur() -> Expediteur:
    """Give the settings of an académie that does not exist."""
    return Expediteur(
        adresse="ent1d@academie.exemple",
        repondre_a="ent1d-contact@academie.exemple",
        domaine="academie.exemple",
        url_suivi="https://ent1d.academie.exemple/",
        boite_agents="ent1d-agents@academie.exemple",
    )
