"""The validator: a sound package has no finding, and each single fault is found, named, graded and placed."""

import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from services.aaf_dispatch.annuaire import Constat, Extraction, Gravite, valider
from services.aaf_dispatch.annuaire.constats import MESSAGES

Faute = Callable[[Path], None]
ETAB, ELEVE, PARENT, AGENT = "EtabEducNat", "Eleve", "PersRelEleve", "PersEducNat"


def _fichier(dossier: Path, categorie: str) -> Path:
    return dossier / f"ENTCRETEIL_Complet_20251103_{categorie}_0000.xml"


def remplacer(categorie: str, motif: str, par: str) -> Faute:
    def _faute(dossier: Path) -> None:
        chemin = _fichier(dossier, categorie)
        texte = chemin.read_text("ascii")
        trouve = re.search(motif, texte, re.DOTALL)
        assert trouve
        chemin.write_bytes((texte[: trouve.start()] + trouve.expand(par) + texte[trouve.end() :]).encode())

    return _faute


def valeur(categorie: str, attribut: str, xml: str) -> Faute:
    """Replace the values of the first attribute of that name."""
    return remplacer(categorie, rf'(<attr name="{attribut}">).*?(</attr>)', rf"\g<1>{xml}\g<2>")


def partout(categorie: str, attribut: str, xml: str) -> Faute:
    def _faute(dossier: Path) -> None:
        for chemin in dossier.glob(f"*_{categorie}_*.xml"):
            motif = rf'(<attr name="{attribut}">).*?(</attr>)'
            chemin.write_text(re.sub(motif, rf"\g<1>{xml}\g<2>", chemin.read_text("ascii")), encoding="ascii")

    return _faute


def renommer(ancien: str, nouveau: str) -> Faute:
    def _faute(dossier: Path) -> None:
        for chemin in dossier.glob("*.xml"):
            chemin.rename(dossier / chemin.name.replace(ancien, nouveau))

    return _faute


def _supprimer(motif: str) -> Faute:
    def _faute(dossier: Path) -> None:
        for chemin in dossier.glob(motif):
            chemin.unlink()

    return _faute


def _rendre_illisible(dossier: Path) -> None:
    chemin = _fichier(dossier, ELEVE)
    chemin.unlink()
    chemin.mkdir()


def _gonfler(dossier: Path) -> None:
    chemin = _fichier(dossier, ELEVE)
    chemin.write_bytes(chemin.read_bytes().replace(b"</value>", b"N" * (6 << 20) + b"</value>", 1))


def _joindre_un_intrus(dossier: Path) -> None:
    (dossier / "notes.txt").touch()


def _meler_deux_exports(dossier: Path) -> None:
    shutil.copy(_fichier(dossier, ELEVE), dossier / "ENTCRETEIL_Complet_20240101_Eleve_0000.xml")


def _dupliquer(categorie: str, ancien: str = "", nouveau: str = "") -> Faute:
    """Write the first record twice, the copy with a replacement."""

    def _faute(dossier: Path) -> None:
        chemin = _fichier(dossier, categorie)
        debut, _, suite = chemin.read_text("ascii").partition("<addRequest>")
        fiche, _, fin = suite.partition("</addRequest>")
        copie = re.sub(ancien, nouveau, fiche) if ancien else fiche
        chemin.write_text(
            f"{debut}<addRequest>{fiche}</addRequest><addRequest>{copie}</addRequest>{fin}", encoding="ascii"
        )

    return _faute


def _retirer(categorie: str, motif: str = "") -> Faute:
    """Take the first record out, or every one that contains `motif`."""

    def _faute(dossier: Path) -> None:
        for chemin in dossier.glob(f"*_{categorie}_*.xml"):
            texte = chemin.read_text("ascii")
            fiches = re.findall("<addRequest>.*?</addRequest>", texte, re.DOTALL)
            for fiche in [f for f in fiches if motif in f] if motif else fiches[:1]:
                texte = texte.replace(fiche, "")
            chemin.write_text(texte, encoding="ascii")

    return _faute


FAUTES: dict[str, Faute] = {
    "support": _rendre_illisible,
    "export_absent": _supprimer("*.xml"),
    "plusieurs_exports": _meler_deux_exports,
    "delta": renommer("Complet", "Delta"),
    "categorie_absente": _supprimer(f"*_{AGENT}_*"),
    "numero_manquant": renommer("_0000", "_0009"),
    "fichier_inattendu": _joindre_un_intrus,
    "dtd": _supprimer("*.dtd"),
    "entete": remplacer(ELEVE, '"UTF-8"', "'UTF-8'"),
    "encodage": remplacer(ELEVE, "UTF-8", "windows-1252"),
    "doctype": remplacer(ELEVE, "ficAlimMENESR.dtd", "autre.dtd"),
    "entite": valeur(ELEVE, "ENTPersonNom", "<value>&eacute;</value>"),
    "octets": valeur(ELEVE, "ENTPersonNom", "<value>É</value>"),
    "echappement": valeur(ELEVE, "ENTPersonNom", "<value>A &#38; B</value>"),
    "mal_forme": remplacer(ELEVE, "</value>", ""),
    "grammaire": remplacer(ELEVE, "<identifier>.*?</identifier>", ""),
    "fiche_demesuree": _gonfler,
    "categorie": remplacer(ELEVE, "<value>Eleve</value>", "<value>PersEducNat</value>"),
    "identifiant": remplacer(ELEVE, "<id>", "<id>x"),
    "attribut_double": remplacer(ELEVE, "ENTEleveINE", "ENTPersonNom"),
    "attribut_inconnu": remplacer(ELEVE, "ENTEleveINE", "ENTEleveMEF"),
    "degre": remplacer(ELEVE, 'degre="1D"', 'degre="2D"'),
    "jointure_differente": valeur(AGENT, "ENTPersonJointure", "<value>1</value>"),
    "identifiant_double": _dupliquer(AGENT),
    "valeur_requise": valeur(PARENT, "ENTPersonPrenom", "<value> </value>"),
    "valeur_multiple": valeur(ELEVE, "ENTPersonNom", "<value>A</value><value>B</value>"),
    "date_naissance": valeur(ELEVE, "ENTPersonDateNaissance", "<value>31/02/2018</value>"),
    "jointure": valeur(AGENT, "ENTPersonStructRattach", "<value>1001$1</value>"),
    "parties_lien": valeur(ELEVE, "ENTPersonClasses", "<value>1001$11$ORDINAIRE$10000$</value>"),
    "uai": valeur(ETAB, "ENTStructureUAI", "<value>0779000Z</value>"),
    "uai_double": _dupliquer(ETAB, "1001", "2001"),
    "uai_inattendue": _dupliquer(ETAB, "077900[0-9][A-Z]", "0779999B"),
    "uai_manquante": _retirer(ETAB),
    "structure_inconnue": valeur(AGENT, "ENTPersonStructRattach", "<value>9999</value>"),
    "eleve_inconnu": valeur(PARENT, "ENTPersRelEleveEleve", "<value>1999999</value>"),
    "responsable_absent": _retirer(PARENT),
    "responsable_non_cite": _dupliquer(PARENT, r"\b100000[0-9]\b", "1999999"),
    "lien_non_reciproque": valeur(PARENT, "ENTPersRelEleveEleve", "<value/>"),
    "classe_ambigue": remplacer(ELEVE, r"(ORDINAIRE\$[0-9]+\$)", r"\g<1>Autre "),
    "annuaire_vide": _retirer(ETAB, "ENTStructureUAI"),
    "metadonnee_absente": remplacer(ELEVE, "versionAF", "versionXY"),
    "forme": valeur(ELEVE, "ENTEleveINE", "<value>123</value>"),
    "booleen": valeur(ELEVE, "ENTEleveTransport", "<value>OUI</value>"),
    "date": valeur(AGENT, "ENTPersonDateNaissance", "<value>1970-01-01</value>"),
    "parties": valeur(PARENT, "ENTPersonAdresse", "<value>1 rue$2</value>"),
    "siret": valeur(ETAB, "ENTStructureSIREN", "<value>00000000000017</value>"),
    "code_postal": valeur(PARENT, "ENTPersonCodePostal", "<value>7</value>"),
    "telephone": valeur(ETAB, "ENTStructureTelephone", "<value>le matin</value>"),
    "courriel": valeur(AGENT, "ENTPersonMail", "<value>a@b</value>"),
    "code_lien": valeur(ELEVE, "ENTEleveAutoriteParentale", "<value>1000004$99</value><value>1000005$20</value>"),
    "specialites": valeur(AGENT, "ENTEnsSpecialites", "<value/>"),
    "eleve_sans_responsable": valeur(ELEVE, "ENTEleveAutoriteParentale", "<value/>"),
    "ecole_sans_direction": _retirer(AGENT, "DIRECTION"),
    "ecole_sans_eleve": _retirer(ELEVE, "ENTPersonNom"),
    "personnel_sans_mail": valeur(AGENT, "ENTPersonMail", "<value/>"),
}


@pytest.fixture
def paquet(tmp_path: Path, paquet_de_deux_ecoles: tuple[Path, Extraction]) -> Path:
    return Path(shutil.copytree(paquet_de_deux_ecoles[0], tmp_path / "paquet"))


def _trouver(constats: list[Constat], code: str) -> Constat | None:
    return next((c for c in constats if c.code == code), None)


def test_a_package_of_two_schools_has_no_finding(paquet_de_deux_ecoles: tuple[Path, Extraction]) -> None:
    dossier, extraction = paquet_de_deux_ecoles
    assert valider(dossier, uai_attendues=frozenset(extraction.uai_trouves)) == []


def test_every_code_has_a_fault_that_triggers_it() -> None:
    assert set(FAUTES) == set(MESSAGES)


@pytest.mark.parametrize("code", sorted(MESSAGES))
def test_one_fault_is_found_and_names_nobody(
    paquet: Path, paquet_de_deux_ecoles: tuple[Path, Extraction], code: str
) -> None:
    uai = frozenset(paquet_de_deux_ecoles[1].uai_trouves)
    FAUTES[code](paquet)
    constats = valider(paquet, uai_attendues=uai)
    trouve = _trouver(constats, code)
    assert trouve is not None
    assert trouve.nombre >= 1
    assert trouve.message == MESSAGES[code]
    # Seven figures are a person's key, eight in a file name a date.
    assert not re.findall(r"(?<![0-9])[0-9]{7}(?![0-9])|[0-9]{7}[A-Z]", repr(constats))


@pytest.mark.parametrize("code", ["siret", "telephone", "code_postal", "courriel", "personnel_sans_mail", "booleen"])
def test_a_value_the_consumer_drops_is_only_a_warning(paquet: Path, code: str) -> None:
    FAUTES[code](paquet)
    assert {c.gravite for c in valider(paquet)} == {Gravite.AVERTISSEMENT}


@pytest.mark.parametrize("code", ["grammaire", "attribut_inconnu", "responsable_absent", "uai", "structure_inconnue"])
def test_what_corrupts_the_import_is_an_error_and_comes_before_warnings(paquet: Path, code: str) -> None:
    FAUTES["siret"](paquet)
    FAUTES[code](paquet)
    gravites = [c.gravite for c in valider(paquet)]
    assert set(gravites) == {Gravite.ERREUR, Gravite.AVERTISSEMENT}
    assert gravites == sorted(gravites, reverse=True)


@pytest.mark.parametrize(
    ("categorie", "attribut", "ailleurs"),
    [
        (ELEVE, "ENTPersonStructRattach", "9999"),
        (ELEVE, "ENTPersonClasses", "9999$11$ORDINAIRE$99999$CP"),
        (ELEVE, "ENTPersonGroupes", "9999$40$REGROUPEMENT$99999$Chorale"),
        (ELEVE, "ENTEleveDateEntreeClasses", "9999$01/09/2025$99999"),
        (ELEVE, "ENTEleveDateSortieClasses", "9999$01/09/2025$99999"),
        (AGENT, "ENTPersonStructRattach", "9999"),
        (AGENT, "ENTPersonFonctions", "9999$ENS$ENSEIGNEMENT$G0000$SANS SPECIALITE"),
        (AGENT, "ENTEnsFonctionDir", "9999"),
    ],
)
def test_every_link_to_a_school_is_followed(paquet: Path, categorie: str, attribut: str, ailleurs: str) -> None:
    valeur(categorie, attribut, f"<value>{ailleurs}</value>")(paquet)
    trouve = _trouver(valider(paquet), "structure_inconnue")
    assert trouve is not None
    assert (trouve.categorie, trouve.attribut, trouve.nombre) == (categorie, attribut, 1)


def test_a_finding_tells_the_file_the_line_the_category_and_the_attribute(paquet: Path) -> None:
    chemin = _fichier(paquet, PARENT)
    lignes = chemin.read_text("ascii").splitlines()
    ligne = lignes.index("<addRequest>") + 1
    FAUTES["parties"](paquet)
    attendu = Constat("parties", Gravite.AVERTISSEMENT, chemin.name, ligne, PARENT, "ENTPersonAdresse")
    assert valider(paquet) == [attendu]


def test_the_same_fault_of_a_whole_file_is_one_finding_with_its_number(
    paquet: Path, paquet_de_deux_ecoles: tuple[Path, Extraction]
) -> None:
    partout(AGENT, "ENTPersonMail", "<value/>")(paquet)
    constats = valider(paquet)
    assert [c.code for c in constats] == ["personnel_sans_mail"]
    assert constats[0].nombre == paquet_de_deux_ecoles[1].effectifs.personnels


@pytest.mark.parametrize("reference", ["&#38;", "&#038;", "&#x26;", "&#60;", "&#x3C;", "&#X3c;"])
def test_an_ampersand_or_bracket_in_a_numeric_reference_is_found_across_blocks(paquet: Path, reference: str) -> None:
    """The reference straddles the 256 KiB boundary at which the file is read."""
    chemin = _fichier(paquet, AGENT)
    octets = chemin.read_bytes()
    debut, _, fin = octets.partition(b"</attributes>")
    rempli = b'<attr name="ENTPersonMail2"><value>' + b"x" * (256 * 1024 - len(debut) - 37)
    chemin.write_bytes(debut + rempli + reference.encode() + b"</value></attr></attributes>" + fin)
    assert _trouver(valider(paquet), "echappement")
