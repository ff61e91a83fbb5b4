"""What changed from one version to the next, on values alone."""

import random
from typing import Any

from contracts.dossier import RolePiece
from services.intake.bureau.differences import Changement, Differences, differences

CONTENU: dict[str, Any] = {
    "siret": "21770999700019",
    "commune": "77288",
    "deposant": {
        "civilite": "Mme",
        "nom": "Fictive",
        "prenom": "Camille",
        "fonction": "Responsable",
        "courriel": "camille.fictive@exemple.fr",
        "telephone": "+33 1 99 00 12 34",
    },
    "ecoles": ["0779001R", "0779002S", "0779003T"],
    "pieces": [{"role": role, "id": f"id-{role}", "sha256": f"{rang}" * 64} for rang, role in enumerate(RolePiece)],
    "commentaires": "",
}


def test_the_same_content_in_another_order_is_the_same() -> None:
    melange = CONTENU | {
        champ: random.Random(3).sample(CONTENU[champ], len(CONTENU[champ]))  # noqa: S311  # a shuffle
        for champ in ("ecoles", "pieces")
    }

    assert differences(CONTENU, melange) == Differences()
    assert not differences(CONTENU, melange)


def test_each_answer_that_changed_is_named_with_both_values() -> None:
    deposant = CONTENU["deposant"] | {"nom": "Imaginaire", "telephone": "+33 1 99 00 00 00"}
    apres = CONTENU | {"commune": "94028", "deposant": deposant, "commentaires": "Corrigé."}

    assert differences(CONTENU, apres).champs == (
        Changement("commune", "77288", "94028"),
        Changement("deposant.nom", "Fictive", "Imaginaire"),
        Changement("deposant.telephone", "+33 1 99 00 12 34", "+33 1 99 00 00 00"),
        Changement("commentaires", "", "Corrigé."),
    )


def test_schools_added_and_removed_are_told_apart() -> None:
    trouvees = differences(CONTENU, CONTENU | {"ecoles": ["0779003T", "0779009Z", "0779001R"]})

    assert (trouvees.ecoles_ajoutees, trouvees.ecoles_retirees) == (("0779009Z",), ("0779002S",))


def test_a_piece_is_another_when_its_bytes_are_not_when_its_id_is() -> None:
    attestation, editeur, chorus = CONTENU["pieces"]
    apres = CONTENU | {"pieces": [attestation | {"id": "autre"}, editeur | {"sha256": "f" * 64}]}

    trouvees = differences(CONTENU, apres)

    assert trouvees.pieces_remplacees == (RolePiece.BON_COMMANDE_EDITEUR,)
    assert trouvees.pieces_retirees == (RolePiece.BON_COMMANDE_CHORUS,)
    assert differences(apres, CONTENU).pieces_ajoutees == (chorus["role"],)
