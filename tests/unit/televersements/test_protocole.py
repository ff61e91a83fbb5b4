"""What tus says in headers, whatever a client writes there."""

from base64 import b64encode
from contextlib import suppress
from datetime import UTC, datetime
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.dossier import TAILLE_MAX_PIECE, RolePiece
from services.intake.televersements.domain import Etat, Refus, Televersement
from services.intake.televersements.protocole import annonce, description, etat, offset

ROLE = f"role {b64encode(RolePiece.BON_COMMANDE_CHORUS.encode()).decode()}"


@given(nom=st.text(max_size=300), taille=st.integers(1, TAILLE_MAX_PIECE))
def test_a_name_is_read_as_it_was_typed(nom: str, taille: int) -> None:
    code = b64encode(nom.encode()).decode()
    lue = annonce({"upload-length": str(taille), "upload-metadata": f"filename {code},{ROLE}"})

    assert (lue.role, lue.taille) == (RolePiece.BON_COMMANDE_CHORUS, taille)
    assert lue.nom == normalize("NFC", nom)


@given(entete=st.text(alphabet=st.characters(max_codepoint=255), max_size=200), longueur=st.text(max_size=20))
def test_whatever_is_written_is_read_or_refused(entete: str, longueur: str) -> None:
    with suppress(Refus):
        assert 0 < annonce({"upload-length": longueur, "upload-metadata": entete}).taille <= TAILLE_MAX_PIECE


@pytest.mark.parametrize("longueur", ["", "-1", "+1", "1.0", "\u0661", "\xb2", " 1", "1_000", "9" * 19, "0"])
def test_only_a_plain_number_is_a_length(longueur: str) -> None:
    with pytest.raises(Refus) as refus:
        annonce({"upload-length": longueur, "upload-metadata": ROLE})
    assert refus.value.statut == 400


@pytest.mark.parametrize(("genre", "statut"), [("application/pdf", 415), ("", 415)])
def test_only_bytes_of_a_file_are_taken_for_some(genre: str, statut: int) -> None:
    with pytest.raises(Refus) as refus:
        offset({"content-type": genre, "upload-offset": "0"})
    assert refus.value.statut == statut


def test_an_upload_that_is_all_there_expires_no_more() -> None:
    def televersement(offset: int) -> Televersement:
        le = datetime(2027, 3, 1, 9, tzinfo=UTC)
        return Televersement("a", "b", RolePiece.ATTESTATION_ADHESION, "n", 5, offset, Etat.OUVERT, le, ROLE)

    assert etat(televersement(2)) == {"Upload-Offset": "2", "Upload-Expires": "Mon, 01 Mar 2027 09:00:00 GMT"}
    assert description(televersement(5)) == {"Upload-Offset": "5", "Upload-Length": "5", "Upload-Metadata": ROLE}
