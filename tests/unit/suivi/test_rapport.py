"""The verification report, as a mairie reads it."""

from collections.abc import Callable
from typing import Any

from contracts.dossier import RolePiece
from services.intake.suivi.mots import libelle
from services.intake.suivi.rapport import Point, a_corriger, groupes, resume

Faire = Callable[..., dict[str, Any]]


def test_findings_are_grouped_by_what_is_to_be_done_first(controle: Faire, rapport: Faire) -> None:
    lu = rapport(*(controle(v) for v in ("conforme", "avertissement", "bloquant", "conforme", "indisponible")))

    assert [(g.titre, len(g.constats)) for g in groupes(lu)] == [
        ("À corriger", 1),
        ("Pas encore vérifié", 1),
        ("À noter", 1),
        ("Conforme", 2),
    ]


def test_a_dossier_not_yet_examined_has_no_group() -> None:
    assert groupes(None) == []


def test_codes_that_the_finding_does_not_name_are_listed(controle: Faire, rapport: Faire) -> None:
    trouve = controle("bloquant", constat="Codes inexacts : 0779001X, et 1 autre.", valeurs=["0779001X", "0779002Y"])
    (groupe,) = groupes(rapport(trouve))

    assert groupe.constats[0].codes == ["0779002Y"]
    assert groupe.constats[0].texte == "Codes inexacts\u00a0: 0779001X, et 1 autre."


def test_technical_values_of_a_piece_are_not_shown(controle: Faire, rapport: Faire) -> None:
    (groupe,) = groupes(rapport(controle("bloquant", "pieces.bon_commande_chorus", valeurs=["application/zip"])))

    assert groupe.constats[0].quoi == "Bon de commande Chorus"
    assert groupe.constats[0].codes == ()


def test_a_piece_is_named_once(controle: Faire, rapport: Faire) -> None:
    constat = "Bon de commande Chorus : le fichier est vide."
    (groupe,) = groupes(rapport(controle("bloquant", "pieces.bon_commande_chorus", constat)))

    assert (groupe.constats[0].quoi, groupe.constats[0].texte) == ("Bon de commande Chorus", "le fichier est vide.")


def test_what_no_correction_can_mend_says_to_file_another(controle: Faire, rapport: Faire) -> None:
    (groupe,) = groupes(rapport(controle("bloquant", "siret", corrigeable=False)))

    assert "déposez un nouveau dossier" in groupe.constats[0].que_faire


def test_a_report_is_summed_up_in_one_sentence(controle: Faire, rapport: Faire) -> None:
    assert resume(rapport(controle("bloquant"), controle("bloquant"))) == "2\u00a0points à corriger."
    assert "un agent" in resume(rapport(controle("indisponible"), controle("conforme")))
    assert resume(rapport(controle("avertissement"))) == "Rien à corriger."


def test_what_is_to_be_corrected_is_what_the_report_holds_against_the_dossier(
    dossier: Faire, controle: Faire, rapport: Faire
) -> None:
    lu = rapport(controle("conforme"), controle("bloquant", "commune", "Vérifiez la commune."))

    assert a_corriger(dossier(etat="a_corriger", rapport=lu)) == [Point("Commune", "Vérifiez la commune.")]


def test_what_an_agent_asks_for_takes_the_place_of_the_report(dossier: Faire, controle: Faire, rapport: Faire) -> None:
    demandes = [
        {"champ": "pieces.bon_commande_editeur", "raison": "incomplet"},
        {"champ": "siret", "raison": "a_mettre_a_jour"},
    ]
    demande = dossier(
        etat="a_corriger",
        rapport=rapport(controle("bloquant")),
        decisions=[{"geste": "corriger", "demandes": demandes, "motivation": "Il manque une page."}],
    )

    assert a_corriger(demande) == [
        Point("Bon de commande éditeur", "À compléter."),
        Point("Numéro SIRET", "À mettre à jour."),
    ]


def test_the_follow_up_names_pieces_as_verification_does() -> None:
    for role in RolePiece:
        assert libelle(f"pieces.{role}") == role.titre
