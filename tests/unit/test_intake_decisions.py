"""What an agent decides, and a déposant's withdrawal: what changes, what is told, and what is not said in it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.dossier import EtatDossier
from contracts.evenements import CorrectionDemandee, DossierClasse, DossierRefuse, DossierValide, RaisonCloture
from services.intake.decisions import CHAMPS, Decision, DecisionImpossible, Demande, Geste, Raison, decision, retrait

LE = datetime(2027, 3, 1, 9, tzinfo=UTC)
CANARI = "Madame Canari-Dupont a mal rempli la page 2"


def dossier(etat: EtatDossier = EtatDossier.DEPOSE, **autres: object) -> dict[str, Any]:
    return {
        "numero": "ENT-E55A1-00001",
        "version": 2,
        "etat": etat,
        "siret": "21770999700019",
        "commune": "77288",
        "ecoles": ["0779001R", "0779002S"],
        **autres,
    }


def prise(geste: Geste, motivation: str = CANARI, *demandes: Demande) -> Decision:
    return Decision(geste, "agent-7", motivation, demandes)


@pytest.mark.parametrize("etat", [EtatDossier.DEPOSE, EtatDossier.A_CORRIGER])
def test_an_agent_validates_what_rules_would_not(etat: EtatDossier) -> None:
    faite = decision(dossier(etat), prise(Geste.VALIDER, ""), LE)

    assert (faite.vers, faite.depuis, faite.version) == (EtatDossier.VALIDE, (etat,), 2)
    assert isinstance(faite.evenement, DossierValide)
    assert faite.evenement.data.decide_par == "agent:agent-7"
    assert faite.evenement.data.ecoles == ("0779001R", "0779002S")


@pytest.mark.parametrize("faux", [{"siret": "21770999700018"}, {"ecoles": ["0779001Z"]}])
def test_what_a_titulaire_could_not_use_cannot_be_validated(faux: dict[str, object]) -> None:
    with pytest.raises(DecisionImpossible) as refus:
        decision(dossier(**faux), prise(Geste.VALIDER), LE)

    assert "Demandez une correction" in refus.value.message


def test_a_correction_names_each_thing_and_its_reason_from_a_list() -> None:
    demandes = (
        Demande("pieces.bon_commande_editeur", Raison.INCOMPLET),
        Demande("deposant", Raison.A_METTRE_A_JOUR),
    )
    faite = decision(dossier(), prise(Geste.CORRIGER, CANARI, *demandes), LE)

    assert faite.vers is EtatDossier.A_CORRIGER
    assert isinstance(faite.evenement, CorrectionDemandee)
    assert [(m.champ, m.constat, m.corrigeable) for m in faite.evenement.data.motifs] == [
        ("pieces.bon_commande_editeur", "Le bon de commande éditeur : à compléter.", True),
        ("deposant", "Les coordonnées du déposant : à mettre à jour.", True),
    ]


@pytest.mark.parametrize(
    ("geste", "genre", "vers"),
    [
        (Geste.REFUSER, DossierRefuse, EtatDossier.REFUSE),
        (Geste.CLASSER, DossierClasse, EtatDossier.CLASSE_SANS_SUITE),
    ],
)
def test_a_dossier_to_be_corrected_may_still_be_closed(geste: Geste, genre: type, vers: EtatDossier) -> None:
    faite = decision(dossier(EtatDossier.A_CORRIGER), prise(geste), LE)

    assert faite.vers is vers
    assert isinstance(faite.evenement, genre)


@pytest.mark.parametrize("geste", Geste)
def test_no_word_that_an_agent_typed_leaves_the_dossier(geste: Geste) -> None:
    faite = decision(dossier(), prise(geste, CANARI, Demande("siret", Raison.INCORRECT)), LE)

    assert faite.evenement is not None
    assert CANARI not in faite.evenement.model_dump_json()
    assert CANARI not in faite.etape.constat


@pytest.mark.parametrize("geste", Geste)
@pytest.mark.parametrize(
    "etat", [EtatDossier.VALIDE, EtatDossier.LIVRE, EtatDossier.REFUSE, EtatDossier.CLASSE_SANS_SUITE]
)
def test_what_is_decided_is_not_decided_again(geste: Geste, etat: EtatDossier) -> None:
    with pytest.raises(DecisionImpossible):
        decision(dossier(etat), prise(geste, CANARI, Demande("siret", Raison.INCORRECT)), LE)
    with pytest.raises(DecisionImpossible):
        retrait(dossier(etat), LE)


@pytest.mark.parametrize(
    ("refusee", "dit"),
    [
        (prise(Geste.REFUSER, ""), "motivation"),
        (prise(Geste.CLASSER, ""), "motivation"),
        (prise(Geste.CORRIGER, "", Demande("siret", Raison.INCORRECT)), "motivation"),
        (prise(Geste.CORRIGER, CANARI), "au moins une chose"),
        (prise(Geste.CORRIGER, CANARI, Demande("producteur", Raison.INCORRECT)), "n’est pas de celles"),
        (prise(Geste.CORRIGER, CANARI, *[Demande("siret", Raison.INCORRECT)] * 2), "deux fois"),
        (prise(Geste.REFUSER, "x" * 2_001), "2 000"),
    ],
)
def test_an_incomplete_decision_says_what_it_lacks(refusee: Decision, dit: str) -> None:
    with pytest.raises(DecisionImpossible) as refus:
        decision(dossier(), refusee, LE)

    assert dit in refus.value.message


def test_a_second_correction_waits_for_the_next_version() -> None:
    with pytest.raises(DecisionImpossible):
        decision(
            dossier(EtatDossier.A_CORRIGER),
            prise(Geste.CORRIGER, CANARI, Demande("siret", Raison.INCORRECT)),
            LE,
        )


@pytest.mark.parametrize("etat", [EtatDossier.DEPOSE, EtatDossier.A_CORRIGER])
def test_a_withdrawal_closes_and_names_nobody(etat: EtatDossier) -> None:
    faite = retrait(dossier(etat), LE)

    assert faite.vers is EtatDossier.CLASSE_SANS_SUITE
    assert isinstance(faite.evenement, DossierClasse)
    assert faite.evenement.data.raison is RaisonCloture.RETRAIT
    assert faite.evenement.data.decide_par.startswith("regle:")


def test_every_field_that_may_be_asked_has_its_words_in_french() -> None:
    assert all(libelle[0].isupper() for libelle in CHAMPS.values())
