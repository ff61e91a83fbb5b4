"""Writing an export: the exact bytes, and that any reader gets back what was written."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.aaf_dispatch.annuaire import Nommage, ouvrir_export
from services.aaf_dispatch.annuaire.ecriture import Ecrivain, preparer_dossier, serialiser
from services.aaf_dispatch.annuaire.fiche import Fiche
from services.aaf_dispatch.annuaire.grammaire import Categorie

ATTENDU = b"""<addRequest>
<operationalAttributes><attr name="categoriePersonne"><value>Eleve</value></attr></operationalAttributes>
<identifier><id>42</id></identifier>
<attributes>
<attr name="ENTPersonNom"><value>L&apos;&#201;T&#201; &amp; &lt;&#338;UF&gt;</value></attr>
<attr name="ENTPersonAutresPrenoms"><value>No&#233;</value><value/></attr>
<attr name="ENTPersonMail"><value/></attr>
</attributes>
</addRequest>
"""
# What XML 1.0 can carry; a reader normalises line ends, so the writer must protect a carriage return.
TEXTES = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff") | st.just("\r"))


def test_a_fiche_is_written_in_pure_ascii_with_named_escapes_for_markup() -> None:
    fiche = Fiche(
        Categorie.ELEVE,
        "42",
        {"ENTPersonNom": ("L'ÉTÉ & <ŒUF>",), "ENTPersonAutresPrenoms": ("Noé", ""), "ENTPersonMail": ()},
    )
    assert serialiser(fiche) == ATTENDU


@given(valeurs=st.lists(TEXTES, min_size=1, max_size=4))
def test_whatever_is_written_is_read_back(valeurs: list[str]) -> None:
    nommage = Nommage("ENTTEST", date(2025, 11, 3))
    with TemporaryDirectory() as temporaire:
        dossier = Path(temporaire)
        for categorie in Categorie:
            with Ecrivain(dossier, nommage, categorie, [" a "]) as ecrivain:
                ecrivain.ecrire(Fiche(categorie, "7", {"ENTPersonNom": tuple(valeurs)}))
        octets = b"".join(chemin.read_bytes() for chemin in dossier.iterdir())
        relues = [f.attributs["ENTPersonNom"] for f in ouvrir_export(dossier).fiches(Categorie.ELEVE)]
    assert octets.isascii()
    assert b"&#38;" not in octets
    assert b"&#60;" not in octets
    assert relues == [tuple(valeurs)]


def test_a_category_is_cut_every_seuil_fiches(tmp_path: Path) -> None:
    nommage = Nommage("ENT-TEST_24", date(2025, 11, 3), seuil=2)
    with Ecrivain(tmp_path, nommage, Categorie.ELEVE, []) as ecrivain:
        for numero in range(4):
            ecrivain.ecrire(Fiche(Categorie.ELEVE, str(numero), {"ENTPersonNom": ("A",)}))
    assert ecrivain.fichiers == [f"ENT-TEST_24_Complet_20251103_Eleve_000{n}.xml" for n in (0, 1)]
    assert [c.read_bytes().count(b"<addRequest>") for c in sorted(tmp_path.iterdir())] == [2, 2]


def test_an_empty_category_is_one_valid_file(tmp_path: Path, est_valide_dtd: Callable[[Path], bool]) -> None:
    preparer_dossier(tmp_path)
    with Ecrivain(tmp_path, Nommage("ENT", date(2025, 11, 3)), Categorie.ELEVE, [' versionAF="x" ']) as ecrivain:
        pass
    assert ecrivain.fichiers == ["ENT_Complet_20251103_Eleve_0000.xml"]
    assert est_valide_dtd(tmp_path)


def test_an_interrupted_file_stays_visibly_truncated(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), Ecrivain(tmp_path, Nommage("ENT", date(2025, 1, 1)), Categorie.ELEVE, []):
        raise RuntimeError
    assert b"</ficAlimMENESR>" not in next(tmp_path.iterdir()).read_bytes()


def test_a_destination_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "reste.xml").touch()
    with pytest.raises(FileExistsError):
        preparer_dossier(tmp_path)


@pytest.mark.parametrize(("projet", "seuil"), [("", 1), ("a/b", 1), ("é", 1), ("ENT", 0)])
def test_a_name_no_consumer_would_recognise_is_refused(projet: str, seuil: int) -> None:
    with pytest.raises(ValueError, match=r"projet|seuil"):
        Nommage(projet, date(2025, 1, 1), seuil)


def test_more_than_ten_thousand_files_are_refused() -> None:
    with pytest.raises(ValueError, match="seuil"):
        Nommage("ENT", date(2025, 1, 1)).fichier(Categorie.ELEVE, 10_000)
