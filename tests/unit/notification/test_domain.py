"""Which mail an event owes, and how long an envoi waits after each answer."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.dossier import DossierLu
from contracts.evenements import Evenement, PiecesVerifiees, Rapport
from services.notification.domain import (
    ATTENTES_REFUS,
    EtatEnvoi,
    Suite,
    apres_doute,
    apres_indisponibilite,
    apres_reponse,
    envoi_du,
)
from services.notification.messages import Expediteur

MAINTENANT = datetime(2026, 9, 3, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("nom", "cle", "destinataire"),
    [
        ("accuse", "ENT-7K3QF-0A2BC:1:accuse", "camille.fictive@exemple.fr"),
        ("accuse-corrige", "ENT-7K3QF-0A2BC:2:accuse", "camille.fictive@exemple.fr"),
        ("correction", "ENT-7K3QF-0A2BC:1:correction", "camille.fictive@exemple.fr"),
        ("validation", "ENT-7K3QF-0A2BC:2:validation", "camille.fictive@exemple.fr"),
        ("livraison", "ENT-7K3QF-0A2BC:2:livraison", "camille.fictive@exemple.fr"),
        ("refus", "ENT-7K3QF-0A2BC:1:refus", "camille.fictive@exemple.fr"),
        ("suspension", "ENT-7K3QF-0A2BC:2:suspension", "ent1d-agents@academie.exemple"),
    ],
)
def test_each_event_owes_one_mail_to_the_right_mailbox(  # a table and three fixtures
    nom: str,
    cle: str,
    destinataire: str,
    evenements: Mapping[str, Evenement[Any]],
    dossier: DossierLu,
    expediteur: Expediteur,
) -> None:
    envoi = envoi_du(evenements[nom], dossier, expediteur)
    assert (envoi.cle, envoi.destinataire) == (cle, destinataire)
    assert envoi.cle == f"{envoi.numero}:{envoi.version}:{envoi.motif}"


def test_an_envoi_written_in_a_log_names_no_person(
    evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    assert "ictive" not in repr(envoi_du(evenements["accuse"], dossier, expediteur))


def test_an_event_is_never_told_to_the_deposant_of_another_dossier(
    evenements: Mapping[str, Evenement[Any]], dossier: DossierLu, expediteur: Expediteur
) -> None:
    autre = dossier.model_copy(update={"numero": "ENT-00000-00000"})
    with pytest.raises(ValueError, match="n’est pas celui de l’événement"):
        envoi_du(evenements["accuse"], autre, expediteur)


def test_pieces_verifiees_is_told_to_nobody(dossier: DossierLu, expediteur: Expediteur) -> None:
    rapport = Rapport(
        version=1, siret=dossier.siret, commune=dossier.commune, ecoles=dossier.ecoles, regles="règles 1", controles=()
    )
    verifie = PiecesVerifiees.dire(dossier.numero, rapport, source="test", le=MAINTENANT)
    with pytest.raises(TypeError, match="PiecesVerifiees"):
        envoi_du(verifie, dossier, expediteur)


@pytest.mark.parametrize(
    ("code", "essais", "suite"),
    [
        (250, 1, Suite(EtatEnvoi.ACCEPTE, None)),
        (251, 9, Suite(EtatEnvoi.ACCEPTE, None)),
        (451, 1, Suite(EtatEnvoi.REFUS_TEMPORAIRE, MAINTENANT + 5 * MINUTE, "à représenter plus tard (451)")),
        (451, 2, Suite(EtatEnvoi.REFUS_TEMPORAIRE, MAINTENANT + 15 * MINUTE, "à représenter plus tard (451)")),
        (450, 3, Suite(EtatEnvoi.REFUS_TEMPORAIRE, MAINTENANT + 30 * MINUTE, "à représenter plus tard (450)")),
        (452, 4, Suite(EtatEnvoi.REFUS_TEMPORAIRE, MAINTENANT + 60 * MINUTE, "à représenter plus tard (452)")),
        (451, 5, Suite(EtatEnvoi.REFUS_TEMPORAIRE, MAINTENANT + 60 * MINUTE, "à représenter plus tard (451)")),
        (451, 122, Suite(EtatEnvoi.REFUS_TEMPORAIRE, MAINTENANT + 60 * MINUTE, "à représenter plus tard (451)")),
        (451, 123, Suite(EtatEnvoi.REFUS_DEFINITIF, None, "délai dépassé")),
        (550, 1, Suite(EtatEnvoi.REFUS_DEFINITIF, None, "refusé par le serveur (550)")),
    ],
)
def test_the_answer_of_the_relay_decides_the_suite(code: int, essais: int, suite: Suite) -> None:
    assert apres_reponse(code, essais, MAINTENANT) == suite


def test_a_mail_put_off_is_tried_for_five_days_less_an_hour_at_most() -> None:
    total = sum(ATTENTES_REFUS) * MINUTE
    assert timedelta(days=5) - timedelta(hours=1) < total <= timedelta(days=5)


@pytest.mark.parametrize("code", [-1, 150, 354, 699])
def test_a_code_that_answers_nothing_is_refused(code: int) -> None:
    with pytest.raises(ValueError, match="inattendu"):
        apres_reponse(code, 1, MAINTENANT)


@pytest.mark.parametrize(("pannes", "minutes"), [(1, 1), (2, 2), (3, 5), (4, 10), (5, 15), (6, 15), (10_000, 15)])
def test_an_absent_relay_costs_no_mail_however_long_it_is_away(pannes: int, minutes: int) -> None:
    suite = apres_indisponibilite(pannes, MAINTENANT)
    assert (suite.etat, suite.prochaine_tentative) == (EtatEnvoi.REFUS_TEMPORAIRE, MAINTENANT + minutes * MINUTE)


def test_a_doubtful_envoi_is_sent_once_more_then_waits_for_a_person() -> None:
    premier, second = apres_doute(0, MAINTENANT), apres_doute(1, MAINTENANT)
    assert (premier.etat, premier.prochaine_tentative) == (EtatEnvoi.DOUTEUX, MAINTENANT + 5 * MINUTE)
    assert (second.etat, second.prochaine_tentative) == (EtatEnvoi.DOUTEUX, None)


def test_one_parameter_runs_every_wait_faster() -> None:
    seconde = timedelta(seconds=1)
    assert apres_reponse(451, 4, MAINTENANT, unite=seconde).prochaine_tentative == MAINTENANT + 60 * seconde
    assert apres_indisponibilite(5, MAINTENANT, unite=seconde).prochaine_tentative == MAINTENANT + 15 * seconde
    assert apres_doute(0, MAINTENANT, unite=seconde).prochaine_tentative == MAINTENANT + 5 * seconde
