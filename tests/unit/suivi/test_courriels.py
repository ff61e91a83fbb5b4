"""The mails of a dossier, and what became of them."""

from datetime import UTC, datetime

from contracts.dossier import CourrielLu, LigneJournal
from services.intake.suivi.courriels import courriels
from services.notification.domain import EtatEnvoi

PREVU, FINI = datetime(2027, 3, 3, 8, 5, tzinfo=UTC), datetime(2027, 3, 3, 8, 6, tzinfo=UTC)


def _lu(motif: str, etat: str, version: int = 1) -> CourrielLu:
    journal = (LigneJournal(le=PREVU, etat="prevu"), LigneJournal(le=FINI, etat=etat))
    return CourrielLu(motif=motif, version=version, etat=etat, journal=journal)


def test_every_state_of_a_mail_is_told_in_words() -> None:
    dits = courriels(_lu("accuse", etat) for etat in EtatEnvoi)

    assert len(dits) == len(EtatEnvoi)
    assert [dit.issue for dit in dits if dit.accepte] == ["Accepté par le serveur de messagerie"]


def test_a_mail_says_what_it_tells_since_when_and_what_became_of_it() -> None:
    (dit,) = courriels([_lu("correction", "accepte", version=2)])

    assert (dit.titre, dit.prevu_le, dit.le) == ("Demande de correction (version 2)", PREVU, FINI)


def test_what_is_written_to_the_agents_is_not_shown() -> None:
    assert courriels([_lu("suspension", "accepte")]) == []
