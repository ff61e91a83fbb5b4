"""Reading an export: what is found, what is refused, and that a refusal names nobody."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from services.aaf_dispatch.annuaire import AnnuaireIllisible, empreinte, ouvrir_export
from services.aaf_dispatch.annuaire.crible import CLE_ID, Crible
from services.aaf_dispatch.annuaire.fiche import EnsembleIds, Fiche, jointure
from services.aaf_dispatch.annuaire.grammaire import Categorie

DOCTYPE = '<!DOCTYPE ficAlimMENESR SYSTEM "ficAlimMENESR.dtd">'
ELEVE = {"ENTPersonNom": "D&apos;ÉTÉ &amp; FILS", "ENTPersonAutresPrenoms": ["Noé", ""]}


@pytest.fixture
def source(tmp_path: Path, ecrire_source: Callable[..., Path]) -> Path:
    return ecrire_source(tmp_path / "complet", {"Eleve": {"2000001": ELEVE, "2000002": ELEVE}})


def _alterer(source: Path, ancien: str, nouveau: str, encodage: str = "utf-8") -> None:
    chemin = next(source.glob("*_Eleve_*.xml"))
    texte = chemin.read_text(encoding="utf-8")
    assert ancien in texte
    chemin.write_bytes(texte.replace(ancien, nouveau, 1).encode(encodage))


def _eleves(source: Path) -> list[Fiche]:
    return list(ouvrir_export(source).fiches(Categorie.ELEVE))


def _tout_lire(source: Path) -> list[Fiche]:
    return [fiche for categorie in Categorie for fiche in ouvrir_export(source).fiches(categorie)]


def _zipper(source: Path, destination: Path, prefixe: str = "") -> Path:
    with zipfile.ZipFile(destination, "w", zipfile.ZIP_DEFLATED) as archive:
        for chemin in source.iterdir():
            archive.write(chemin, prefixe + chemin.name)
    return destination


def test_a_fiche_keeps_its_values_its_order_and_its_place(source: Path) -> None:
    fiche = _eleves(source)[1]
    assert fiche.categorie is Categorie.ELEVE
    assert list(fiche.attributs.items()) == [
        ("ENTPersonJointure", ("2000002",)),
        ("ENTPersonNom", ("D'ÉTÉ & FILS",)),
        ("ENTPersonAutresPrenoms", ("Noé", "")),
    ]
    ligne = next(source.glob("*_Eleve_*")).read_text(encoding="utf-8").splitlines()[fiche.ligne - 1]
    assert ligne == "<addRequest>"


def test_the_header_comments_are_kept(source: Path) -> None:
    assert ouvrir_export(source).commentaires(Categorie.ELEVE) == (' versionAF="AAF-VE2003" ',)


def test_a_comment_between_records_is_not_a_header_comment(source: Path) -> None:
    _alterer(source, "</addRequest>", "</addRequest><!-- autre -->")
    assert len(ouvrir_export(source).commentaires(Categorie.ELEVE)) == 1


@pytest.mark.parametrize("prefixe", ["", "20251103/"])
def test_a_zip_reads_like_its_directory(source: Path, tmp_path: Path, prefixe: str) -> None:
    archive = _zipper(source, tmp_path / "export.zip", prefixe)
    assert _eleves(archive) == _eleves(source)
    assert empreinte(archive) == empreinte(source)


def test_a_subdirectory_reads_like_a_directory(source: Path) -> None:
    assert len(_eleves(source.parent)) == 2


def test_an_old_export_in_iso_8859_15_is_read(source: Path) -> None:
    _alterer(source, 'encoding="UTF-8"', 'encoding="ISO-8859-15"', "iso-8859-15")
    assert _eleves(source)[0].valeur("ENTPersonNom") == "D'ÉTÉ & FILS"


def test_the_empreinte_changes_with_one_byte_in_the_middle(source: Path) -> None:
    avant = empreinte(source)
    _alterer(source, "Noé", "Zoé")
    assert empreinte(source) != avant


@pytest.mark.parametrize(
    ("ancien", "nouveau", "code"),
    [
        (DOCTYPE, DOCTYPE[:-1] + ' [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;">]>', "doctype"),
        (DOCTYPE, '<!DOCTYPE ficAlimMENESR [<!ENTITY x SYSTEM "file:///etc/hostname">]>', "doctype"),
        (DOCTYPE, '<!DOCTYPE ficAlimMENESR SYSTEM "http://exemple.fr/f.dtd">', "doctype"),
        (DOCTYPE, "", "doctype"),
        ("D&apos;", "&eacute;", "entite"),
        ("D&apos;", "&#0;", "mal_forme"),
        ('encoding="UTF-8"', 'encoding="windows-1252"', "encodage"),
        ("<id>2000002</id>", "<id>MARTIN</id>", "identifiant"),
        ("<id>2000002</id>", "<id>2000002$1</id>", "identifiant"),
        ("<identifier>", "<identifier><id>1</id>", "grammaire"),
        ("<attributes>", "<attributes>texte", "grammaire"),
        ("</attributes>", "texte</attributes>", "grammaire"),
        ("<value>Eleve</value>", "<value><id>1</id></value>", "grammaire"),
        ('<attr name="ENTPersonNom">', '<attr name="ENTPersonNom" x="1">', "grammaire"),
        ('<attr name="ENTPersonNom">', "<attr>", "grammaire"),
        ("<value>Noé</value><value></value>", "", "grammaire"),
        ("<addRequest>", "<deleteRequest>", "grammaire"),
        ("<value>Eleve</value>", "<value>PersEducNat</value>", "categorie"),
        ('"ENTPersonAutresPrenoms"', '"ENTPersonNom"', "attribut_double"),
        ("</ficAlimMENESR>", "", "mal_forme"),
    ],
)
def test_a_hostile_or_damaged_file_is_refused_with_its_place_and_no_value(
    source: Path, ancien: str, nouveau: str, code: str
) -> None:
    _alterer(source, ancien, nouveau)
    with pytest.raises(AnnuaireIllisible) as refus:
        _eleves(source)
    assert refus.value.code == code
    assert refus.value.fichier == "ENTTEST_Complet_20251103_Eleve_0000.xml"
    assert refus.value.ligne is not None
    assert "MARTIN" not in str(refus.value)
    assert refus.value.__context__ is None or refus.value.__suppress_context__


def test_a_delta_request_is_refused(source: Path) -> None:
    chemin = next(source.glob("*_Eleve_*.xml"))
    chemin.write_text(chemin.read_text("utf-8").replace("addRequest", "modifyRequest"), encoding="utf-8")
    with pytest.raises(AnnuaireIllisible, match="grammaire"):
        _eleves(source)


def test_an_endless_fiche_is_refused_before_it_fills_the_memory(source: Path) -> None:
    _alterer(source, "Noé", "N" * (6 << 20))
    with pytest.raises(AnnuaireIllisible, match="fiche_demesuree"):
        _eleves(source)


@pytest.mark.parametrize(
    ("ancien", "nouveau", "code"),
    [
        ("_Complet_20251103_Eleve", "_Complet_20251104_Eleve", "plusieurs_exports"),
        ("_Complet_20251103_Eleve", "_Delta_20251103_Eleve", "plusieurs_exports"),
        ("_Eleve_0000", "_Eleve_0001", "numero_manquant"),
        ("_Eleve_0000.xml", "_Eleve_0000.txt", "categorie_absente"),
    ],
)
def test_an_incomplete_or_mixed_export_is_refused(source: Path, ancien: str, nouveau: str, code: str) -> None:
    chemin = next(source.glob("*_Eleve_*.xml"))
    chemin.rename(source / chemin.name.replace(ancien, nouveau))
    with pytest.raises(AnnuaireIllisible, match=code):
        ouvrir_export(source)


def test_a_damaged_zip_is_refused(source: Path, tmp_path: Path) -> None:
    archive = _zipper(source, tmp_path / "export.zip")
    octets = bytearray(archive.read_bytes())
    octets[len(octets) // 4 : len(octets) // 4 + 40] = bytes(40)
    archive.write_bytes(octets)
    with pytest.raises(AnnuaireIllisible, match=r"support|mal_forme"):
        _tout_lire(archive)


def test_what_is_not_a_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "export.zip").write_text("bonjour")
    with pytest.raises(AnnuaireIllisible, match="support"):
        ouvrir_export(tmp_path / "export.zip")


def test_the_crible_drops_what_it_recognises_and_keeps_the_line_numbers(academie: Path) -> None:
    fichier = ouvrir_export(academie).fichiers[Categorie.RESPONSABLE][0]
    toutes = list(fichier.fiches())
    gardes = {jointure(f.id) for f in toutes[::3]}
    crible = Crible(CLE_ID, gardes.__contains__)
    assert list(fichier.fiches(crible)) == toutes[::3]
    assert crible.ecartees == len(toutes) - len(gardes)


@pytest.mark.parametrize(
    "alterations",
    [
        {"<id>2000002": "<id><!-- x -->2000002"},
        {"<id>2000002</id>": "<id>2000002</id >"},
        {"<id>2000003</id>": "<id><!-- <id>1</id> -->2000003</id>"},
        {"<id>2000003</id>": "<id><![CDATA[2000003]]></id><!-- <id>1</id> -->"},
        {"</addRequest>\n<addRequest>\n": "</addRequest ><addRequest>"},
        {"</addRequest>\n<addRequest>\n": "</addRequest ><addRequest>", "2000003</id>": "2000003</id >"},
        {"<addRequest>": "<addRequest >"},
        {"</addRequest>\n<addRequest>": "</addRequest><!-- <addRequest><id>9</id></addRequest> --><addRequest>"},
        {"</addRequest>\n<addRequest>": "</addRequest><?x <addRequest><id>9</id></addRequest> ?><addRequest>"},
        {"<!-- versionAF": "<!-- <addRequest></addRequest> versionAF"},
    ],
)
def test_the_crible_never_drops_what_it_does_not_recognise(
    tmp_path: Path, ecrire_source: Callable[..., Path], alterations: dict[str, str]
) -> None:
    """The last record of three is wanted: whatever disguise is in the file, it comes through."""
    source = ecrire_source(tmp_path / "trois", {"Eleve": {str(n): ELEVE for n in (2000001, 2000002, 2000003)}})
    chemin = next(source.glob("*_Eleve_*.xml"))
    texte = chemin.read_text("utf-8")
    for ancien, nouveau in alterations.items():
        assert ancien in texte
        texte = nouveau.join(texte.rsplit(ancien, 1))
    chemin.write_text(texte, encoding="utf-8")
    fichier = ouvrir_export(source).fichiers[Categorie.ELEVE][0]
    attendue = next(f for f in fichier.fiches() if f.id == "2000003")
    assert attendue in fichier.fiches(Crible(CLE_ID, {2000003}.__contains__))


def test_an_ensemble_of_ids_is_exact() -> None:
    ensemble = EnsembleIds()
    assert ensemble.ajouter(1_000_000)
    assert not ensemble.ajouter(1_000_000)
    assert [n in ensemble for n in (1_000_000, 1_000_001, 999_999, 0, -1)] == [True, False, False, False, False]
