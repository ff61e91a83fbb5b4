"""What was filed, in words, and what has become of each school."""

from collections.abc import Callable
from typing import Any

from deploy.demo.dossiers import uai
from services.intake.referentiels.domain import Commune, Ecole
from services.intake.suivi.declare import NOM_INCONNU, Connu, declare, remises

Faire = Callable[..., dict[str, Any]]

MELUN = Commune("77288", "Melun", "77", "217702885", ("77000",))
TILLEULS = Ecole(uai(1), "École des Tilleuls", "77288", "Melun", "public", ouverte=True)


def test_a_version_is_told_in_the_words_of_the_form(dossier: Faire) -> None:
    connu = Connu({"77288": MELUN}, {uai(1): TILLEULS}, {"a" * 32: "adhésion.pdf"})

    dit = declare(dossier(), connu)

    assert list(dit.collectivite) == [
        ("Numéro SIRET", "217\u00a0709\u00a0997\u00a000019"),
        ("Département", "Seine-et-Marne (77)"),
        ("Commune", "Melun"),
    ]
    assert ("Statut ou fonction", "Responsable des affaires scolaires") in dit.deposant
    assert [(ecole.nom, ecole.commune) for ecole in dit.ecoles] == [("École des Tilleuls", "Melun"), (NOM_INCONNU, "")]
    assert [piece.nom for piece in dit.pieces] == ["adhésion.pdf", "Bon de commande éditeur", "Bon de commande Chorus"]


def test_a_commune_whose_name_is_unknown_keeps_its_code(dossier: Faire) -> None:
    assert ("Commune", "Commune de code Insee 77288") in declare(dossier(), Connu()).collectivite


def test_schools_have_no_delivery_before_the_dossier_is_validated(dossier: Faire) -> None:
    assert [ecole.remise for ecole in remises(dossier(), Connu())] == ["", ""]


def test_each_school_says_since_when_its_annuaire_is_delivered(
    dossier: Faire, etape: Faire, le: Callable[[int], Any]
) -> None:
    livre = dossier(etat="livre", chronologie=[etape("AAFLivré", 4)])

    assert [(ecole.remise, ecole.le) for ecole in remises(livre, Connu())] == [("Annuaire livré", le(4))] * 2


def test_the_school_that_holds_a_delivery_back_is_told_from_the_others(dossier: Faire, etape: Faire) -> None:
    constat = f"L’annuaire de l’académie ne contient pas encore : {uai(2)}."
    valide = dossier(etat="valide", chronologie=[etape("LivraisonSuspendue", 4, constat=constat)])

    assert [ecole.remise for ecole in remises(valide, Connu())] == [
        "Livraison en attente",
        "Pas encore dans l’annuaire de l’académie",
    ]
