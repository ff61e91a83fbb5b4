"""The timeline: what was done, what it waits for, what comes."""

from collections.abc import Callable
from typing import Any

from contracts.dossier import Etape
from services.intake.suivi.frise import frise

Faire = Callable[..., dict[str, Any]]


def test_a_dossier_just_filed_shows_the_whole_way_ahead(dossier: Faire) -> None:
    assert [(ligne.titre, ligne.etat) for ligne in frise(dossier(), ())] == [
        ("Dossier déposé", "fait"),
        ("Vérification des pièces", "en_cours"),
        ("Décision de l’académie", "a_venir"),
        ("Annuaire livré au titulaire du marché", "a_venir"),
    ]


def test_a_whole_life_is_told_with_the_verification_of_each_version(
    dossier: Faire, etape: Faire, rapport: Faire, controle: Faire
) -> None:
    vie = dossier(
        etat="livre",
        version=2,
        rapport=rapport(controle("conforme"), version=2),
        versions=[dossier(rapport=rapport(controle("bloquant")))],
        chronologie=[
            etape("DossierDéposé", 0),
            etape("CorrectionDemandée", 1, constat="Il manque une école."),
            etape("DossierDéposé", 2, 2),
            etape("DossierValidé", 3, 2, "Toutes les vérifications sont conformes."),
            etape("AAFLivré", 4, 2, "L’annuaire de 2 école(s) a été remis : livraison ENT1D.20270303-00001."),
        ],
    )

    assert [(ligne.titre, ligne.texte) for ligne in frise(vie, ())] == [
        ("Dossier déposé", ""),
        ("Pièces vérifiées", "1\u00a0point à corriger."),
        ("Correction demandée", "Il manque une école."),
        ("Dossier corrigé et déposé à nouveau (version 2)", ""),
        ("Pièces vérifiées", "Rien à corriger."),
        ("Dossier validé", "Toutes les vérifications sont conformes."),
        ("Annuaire livré", "L’annuaire de 2\u00a0écoles est chez le titulaire du marché."),
    ]


def test_a_verification_that_has_its_own_line_is_told_once(
    dossier: Faire, etape: Faire, rapport: Faire, controle: Faire
) -> None:
    attend = dossier(
        rapport=rapport(controle("indisponible")),
        chronologie=[etape("DossierDéposé"), etape("PiècesVérifiées", 1, constat="Un agent va examiner le dossier.")],
    )

    assert [(ligne.titre, ligne.etat) for ligne in frise(attend, ())] == [
        ("Dossier déposé", "fait"),
        ("Pièces vérifiées", "fait"),
        ("Examen par un agent de l’académie", "en_cours"),
        ("Annuaire livré au titulaire du marché", "a_venir"),
    ]


def test_the_constat_of_the_correction_in_hand_is_left_to_the_panel_above(dossier: Faire, etape: Faire) -> None:
    chronologie = [etape("DossierDéposé"), etape("CorrectionDemandée", 1, constat="Il manque une école.")]

    lignes = frise(dossier(etat="a_corriger", chronologie=chronologie), ())

    assert [(ligne.titre, ligne.texte) for ligne in lignes if ligne.etat == "attention"] == [
        ("Correction demandée", "")
    ]


def test_what_is_told_to_agents_is_not_repeated_to_a_deposant(dossier: Faire, etape: Faire) -> None:
    suspension = etape("LivraisonSuspendue", 1, constat="Des écoles déjà livrées sont absentes : 0939004A.")
    accord = etape("LivraisonApprouvée", 2, constat="Un agent laisse partir la livraison ENT1D.20270303-00001.")

    lignes = frise(dossier(etat="valide", chronologie=[suspension, accord]), ())

    assert not any("0939004A" in ligne.texte or "ENT1D" in ligne.texte for ligne in lignes)


def test_a_wait_is_told_with_its_reason_between_what_was_done_and_what_comes(
    dossier: Faire, etape: Faire, le: Callable[[int], Any]
) -> None:
    attente = Etape(le=le(2), fait="EnAttente", version=1, constat="La livraison attend : le serveur ne répond pas.")

    lignes = frise(dossier(etat="valide", chronologie=[etape("DossierValidé", 1)]), [attente])

    assert [ligne.titre for ligne in lignes] == [
        "Dossier validé",
        "En attente",
        "Livraison de l’annuaire au titulaire du marché",
    ]
    assert lignes[1].texte == "La livraison attend\u00a0: le serveur ne répond pas."


def test_a_fact_that_has_no_words_yet_is_shown_rather_than_lost(dossier: Faire, etape: Faire) -> None:
    lignes = frise(dossier(etat="livre", chronologie=[etape("FaitDeDemain", constat="Dit.")]), ())

    assert [(ligne.titre, ligne.texte) for ligne in lignes] == [("FaitDeDemain", "Dit.")]
