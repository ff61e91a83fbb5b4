"""The rules of a dossier's life, on values alone."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from contracts.dossier import Attente, EnvoiLu, Etape, EtatDossier, PerimetreLu
from contracts.evenements import (
    Controle,
    CorrectionDemandee,
    DossierRefuse,
    DossierValide,
    PiecesVerifiees,
    Rapport,
    Verdict,
)
from contracts.valeurs import NumeroDossier
from deploy.demo.dossiers import CONFORME
from services.intake.domain import COURRIELS, REGLE, Transition, attentes, decider, numero_de
from services.notification.redaction import Motif

MAINTENANT = datetime(2026, 11, 23, 9, 30, 0, 123456, tzinfo=UTC)
NUMERO = "ENT-7K3Q9-0ABCD"
NUMERO_DE_DEMO_1 = "ENT-9PWCW-ZDC5K"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def test_a_key_always_gives_the_same_number() -> None:
    # Written once and for all: a number that changed would open a second dossier for a deposit tried again.
    assert numero_de("demo", UUID(int=1)) == NUMERO_DE_DEMO_1
    assert numero_de("demo", UUID(int=2)) != NUMERO_DE_DEMO_1
    assert numero_de("autre", UUID(int=1)) != NUMERO_DE_DEMO_1


@given(st.text(min_size=1), st.uuids())
def test_every_number_can_be_read_out_and_is_one_of_the_contract(producteur: str, cle: UUID) -> None:
    numero = numero_de(producteur, cle)

    assert TypeAdapter(NumeroDossier).validate_python(numero) == numero
    assert not set("ILOU") & set(numero.removeprefix("ENT-"))


def test_ten_thousand_numbers_are_all_different_and_use_each_sign_alike() -> None:
    numeros = [numero_de("demo", UUID(int=cle)) for cle in range(10_000)]

    assert len(set(numeros)) == 10_000
    for place in (*range(4, 9), *range(10, 15)):
        signes = Counter(numero[place] for numero in numeros)
        assert set(signes) == set(CROCKFORD)
        # 312 expected of each; 5 standard deviations: a biased place fails, chance does not.
        assert all(225 < nombre < 400 for nombre in signes.values()), place


def test_the_producer_and_the_key_cannot_run_into_one_another() -> None:
    cle = UUID("0" * 32)
    assert numero_de("a\nb", cle) != numero_de("a", cle)
    assert numero_de(f"a\n{cle}", cle) != numero_de("a", cle)


@pytest.mark.parametrize("verdicts", list(product([Verdict.CONFORME, Verdict.AVERTISSEMENT], repeat=2)))
def test_a_report_where_nothing_blocks_validates_the_dossier(verdicts: tuple[Verdict, ...]) -> None:
    decision = decider(_rapport(*((verdict, True) for verdict in verdicts)))

    evenement = _seul_evenement(decision, DossierValide)
    assert decision.vers is EtatDossier.VALIDE
    assert evenement.subject == NUMERO
    assert evenement.data.model_dump() == {
        "version": 3,
        "siret": CONFORME.siret,
        "commune": CONFORME.commune,
        "ecoles": CONFORME.ecoles,
        "decide_par": REGLE,
    }


def test_a_dossier_that_has_a_point_to_look_at_is_not_said_to_be_conforme_throughout() -> None:
    conforme = decider(_rapport((Verdict.CONFORME, True)))
    signale = decider(_rapport((Verdict.CONFORME, True), (Verdict.AVERTISSEMENT, True)))
    attendu = decider(_rapport(*[(Verdict.AVERTISSEMENT, True)] * 2), valider=False)

    assert conforme.etape.constat == "Toutes les vérifications sont conformes."
    assert signale.etape.constat == "Rien ne s’oppose à la validation (1 point à noter)."
    assert attendu.etape.constat == (
        "Rien ne s’oppose à la validation (2 points à noter) : un agent va valider le dossier."
    )


def test_what_a_commune_can_mend_is_sent_back_with_each_reason_and_no_other() -> None:
    verifie = _rapport(
        (Verdict.CONFORME, True), (Verdict.BLOQUANT, True), (Verdict.INDISPONIBLE, True), (Verdict.BLOQUANT, True)
    )
    decision = decider(verifie)

    evenement = _seul_evenement(decision, CorrectionDemandee)
    assert decision.vers is EtatDossier.A_CORRIGER
    assert [motif.id for motif in evenement.data.motifs] == ["controle-1", "controle-3"]
    assert decision.etape.constat == "Constat 1. Constat 3."


def test_what_nothing_can_mend_is_refused_whatever_else_could_be_mended() -> None:
    verifie = _rapport(
        (Verdict.BLOQUANT, True), (Verdict.BLOQUANT, False), (Verdict.INDISPONIBLE, True), (Verdict.CONFORME, False)
    )
    decision = decider(verifie)

    evenement = _seul_evenement(decision, DossierRefuse)
    assert decision.vers is EtatDossier.REFUSE
    assert [motif.id for motif in evenement.data.motifs] == ["controle-1"]


@pytest.mark.parametrize("corrigeable", [True, False])
def test_a_controle_that_could_not_be_made_waits_for_an_agent_and_tells_nothing(corrigeable: bool) -> None:  # noqa: FBT001
    decision = decider(_rapport((Verdict.CONFORME, True), (Verdict.INDISPONIBLE, corrigeable)))

    assert decision.evenement is None
    assert decision.vers is None
    assert "agent" in decision.etape.constat
    assert decision.etape.fait == PiecesVerifiees.nom()


@given(st.lists(st.tuples(st.sampled_from(Verdict), st.booleans()), max_size=12))
def test_every_report_has_one_outcome_that_its_worst_finding_decides(trouves: list[tuple[Verdict, bool]]) -> None:
    decision = decider(_rapport(*trouves))

    bloquants = [corrigeable for verdict, corrigeable in trouves if verdict is Verdict.BLOQUANT]
    attendu: tuple[EtatDossier | None, type | None] = (EtatDossier.VALIDE, DossierValide)
    if not all(bloquants):
        attendu = (EtatDossier.REFUSE, DossierRefuse)
    elif bloquants:
        attendu = (EtatDossier.A_CORRIGER, CorrectionDemandee)
    elif Verdict.INDISPONIBLE in [verdict for verdict, _ in trouves]:
        attendu = (None, None)
    assert (decision.vers, type(decision.evenement) if decision.evenement else None) == attendu
    assert (decision.numero, decision.version, decision.depuis) == (NUMERO, 3, (EtatDossier.DEPOSE,))
    assert decision.etape.version == 3


@given(st.lists(st.tuples(st.sampled_from(Verdict), st.booleans()), max_size=6))
def test_deciding_twice_on_one_report_tells_the_same_bytes(trouves: list[tuple[Verdict, bool]]) -> None:
    verifie = _rapport(*trouves)
    relu = PiecesVerifiees.model_validate_json(verifie.model_dump_json())

    une, deux = decider(verifie), decider(relu)
    assert une == deux
    assert _corps(une) == _corps(deux)


def test_thirty_five_long_findings_make_a_line_that_the_timeline_can_hold() -> None:
    constats = [(Verdict.BLOQUANT, True)] * 35
    verifie = _rapport(*constats, constat="Très long. " * 25)
    decision = decider(verifie)

    assert len(decision.etape.constat) == 2000
    assert len(_seul_evenement(decision, CorrectionDemandee).data.motifs) == 35


def test_a_report_that_finds_nothing_wrong_in_a_wrong_siret_validates_nothing() -> None:
    with pytest.raises(ValidationError):
        decider(_rapport((Verdict.CONFORME, True), siret="21770999700018"))


def _rapport(
    *trouves: tuple[Verdict, bool], constat: str = "Constat {}.", siret: str = CONFORME.siret
) -> PiecesVerifiees:
    controles = tuple(
        Controle(
            id=f"controle-{rang}",
            verdict=verdict,
            constat=constat.format(rang),
            champ="pieces",
            source="essai",
            corrigeable=corrigeable,
        )
        for rang, (verdict, corrigeable) in enumerate(trouves)
    )
    data = Rapport(
        version=3,
        siret=siret,
        commune=CONFORME.commune,
        ecoles=CONFORME.ecoles,
        regles="essai",
        controles=controles,
    )
    return PiecesVerifiees.dire(NUMERO, data, source="ent1d/verification", le=MAINTENANT)


def _seul_evenement(decision: Transition, genre: type[Any]) -> Any:  # noqa: ANN401  # one of three shapes
    assert decision.evenement is not None
    assert type(decision.evenement) is genre
    assert decision.etape.fait == decision.evenement.nom()
    assert decision.evenement.time == MAINTENANT
    return decision.evenement


def _corps(decision: Transition) -> str | None:
    return decision.evenement.model_dump_json() if decision.evenement else None


def test_what_waits_ends_the_timeline_the_oldest_first_and_a_hiccup_is_not_told() -> None:
    le = datetime(2026, 11, 23, 8, tzinfo=UTC)

    def attente(minutes: int, raison: str) -> Attente:
        return Attente(depuis=le - timedelta(minutes=minutes), raison=raison)

    relais = "relais de messagerie indisponible"
    envois = [
        EnvoiLu(numero="ENT-E55A1-00001", version=2, motif="accuse", attente=attente(10, relais)),
        EnvoiLu(numero="ENT-E55A1-00001", version=2, motif="validation", attente=attente(0, relais)),
    ]
    perimetres = [
        PerimetreLu(numero="ENT-E55A1-00001", version=2, attente=attente(20, "le serveur du titulaire ne répond pas"))
    ]

    assert attentes(envois, perimetres, le) == (
        Etape(
            le=le - timedelta(minutes=20),
            fait="EnAttente",
            version=2,
            constat="La livraison de l’annuaire attend : le serveur du titulaire ne répond pas.",
        ),
        Etape(
            le=le - timedelta(minutes=10),
            fait="EnAttente",
            version=2,
            constat="Le courriel « accusé de dépôt » attend : relais de messagerie indisponible.",
        ),
    )


def test_every_mail_has_a_name_that_a_commune_understands() -> None:
    assert {motif.value for motif in Motif} == set(COURRIELS)
