"""Filtering by UAI: what is kept, what is hidden, and that no package ever tells of a school outside."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.valeurs import lettre_uai
from services.aaf_dispatch.annuaire import AnnuaireIllisible, Extraction, Gravite, Nommage, extraire, valider

Relire = Callable[[Path, str], dict[str, dict[str, list[str]]]]
CATEGORIES = ("EtabEducNat", "Eleve", "PersRelEleve", "PersEducNat")
ICI, LA, AILLEURS = "1001", "1004", "1007"
UAI_ICI, UAI_LA = (f"077900{n}{lettre_uai(f'077900{n}')}" for n in (1, 2))
ENS, DIR, DIVERS = "ENS$ENSEIGNEMENT$G0000$SANS SPECIALITE", "ENS$ENSEIGNEMENT$D0000$DIRECTION", "-$SANS OBJET$-$RIEN"
A_LA_MAIN: dict[str, dict[str, dict[str, str | list[str]]]] = {
    "EtabEducNat": {ICI: {"ENTStructureUAI": UAI_ICI}, LA: {"ENTStructureUAI": UAI_LA}, AILLEURS: {}},
    "Eleve": {
        "2000001": {
            "ENTPersonStructRattach": ICI,
            "ENTEleveAutoriteParentale": ["2000011$10", "2000012$20"],
            "ENTPersonClasses": [f"{ICI}$11$ORDINAIRE$70001$CP", f"{LA}$11$ORDINAIRE$70002$CE1"],
            "ENTPersonGroupes": [f"{LA}$40$REGROUPEMENT$70003$Chorale"],
            "ENTEleveDateEntreeClasses": [f"{ICI}$01/09/2025$70001", f"{LA}$01/09/2025$70002"],
            "ENTEleveDateSortieClasses": "",
            "ENTEleveDateEntreeStructRattach": "01/09/2025",
        },
        "2000002": {"ENTPersonStructRattach": LA, "ENTEleveAutoriteParentale": ["2000011$10"]},
        "2000003": {"ENTPersonStructRattach": LA, "ENTEleveAutoriteParentale": ["2000013$10"]},
    },
    "PersRelEleve": {
        "2000011": {"ENTPersRelEleveEleve": ["2000002", "2000001"]},
        "2000012": {"ENTPersRelEleveEleve": "2000001"},
        "2000013": {"ENTPersRelEleveEleve": "2000003"},
    },
    "PersEducNat": {
        "5001": {
            "ENTPersonStructRattach": LA,
            "ENTPersonStructRattachDate": "01/09/2020",
            "ENTPersonFonctions": [f"{LA}${ENS}", f"{ICI}${DIR}", f"{AILLEURS}${DIVERS}"],
            "ENTEnsSpecialites": ["G0000$SANS SPECIALITE", "D0000$DIRECTION", "-$RIEN"],
            "ENTPersonFonctionsDate": ["01/09/2021", "01/09/2022", "01/09/2023"],
            "ENTEnsFonctionDir": LA,
            "ENTEnsFonctionDirDate": "01/09/2020",
        },
        "5002": {"ENTPersonStructRattach": ICI, "ENTPersonFonctions": f"{LA}${ENS}"},
        "5003": {
            "ENTPersonStructRattach": "",
            "ENTPersonFonctions": f"{ICI}${ENS}",
            "ENTPersonMail": "a@ac-exemple.fr",
        },
        "5004": {"ENTPersonFonctions": [f"{LA}${ENS}", f"{ICI}${ENS}"], "ENTEnsSpecialites": "G0000$SANS SPECIALITE"},
    },
}


@pytest.fixture
def ici(tmp_path: Path, ecrire_source: Callable[..., Path], nommage: Nommage) -> tuple[Path, Extraction]:
    source = ecrire_source(tmp_path / "source", A_LA_MAIN)
    absente = "0939999X"
    return tmp_path / "ici", extraire(source, tmp_path / "ici", frozenset({UAI_ICI, absente}), nommage=nommage)


def test_only_the_fiches_of_the_school_are_kept(ici: tuple[Path, Extraction], relire: Relire) -> None:
    gardees = {categorie: set(relire(ici[0], categorie)) for categorie in CATEGORIES}
    assert gardees == {
        "EtabEducNat": {ICI},
        "Eleve": {"2000001"},
        "PersRelEleve": {"2000011", "2000012"},
        "PersEducNat": {"5001", "5003", "5004"},
    }


def test_classes_and_groups_of_another_school_are_hidden(ici: tuple[Path, Extraction], relire: Relire) -> None:
    eleve = relire(ici[0], "Eleve")["2000001"]
    assert eleve["ENTPersonClasses"] == [f"{ICI}$11$ORDINAIRE$70001$CP"]
    assert eleve["ENTPersonGroupes"] == [""]
    assert eleve["ENTEleveDateEntreeClasses"] == [f"{ICI}$01/09/2025$70001"]
    assert eleve["ENTEleveDateEntreeStructRattach"] == ["01/09/2025"]
    assert eleve["ENTEleveAutoriteParentale"] == ["2000011$10", "2000012$20"]


def test_a_sibling_in_another_school_is_hidden(ici: tuple[Path, Extraction], relire: Relire) -> None:
    assert relire(ici[0], "PersRelEleve")["2000011"]["ENTPersRelEleveEleve"] == ["2000001"]


def test_functions_elsewhere_go_with_what_has_the_same_index(ici: tuple[Path, Extraction], relire: Relire) -> None:
    agent = relire(ici[0], "PersEducNat")["5001"]
    assert agent["ENTPersonFonctions"] == [f"{ICI}${DIR}"]
    assert agent["ENTEnsSpecialites"] == ["D0000$DIRECTION"]
    assert agent["ENTPersonFonctionsDate"] == ["01/09/2022"]
    for vide in ("StructRattach", "StructRattachDate"):
        assert agent[f"ENTPerson{vide}"] == [""]
    assert agent["ENTEnsFonctionDir"] == agent["ENTEnsFonctionDirDate"] == [""]


def test_a_parallel_list_of_another_length_is_not_trusted(ici: tuple[Path, Extraction], relire: Relire) -> None:
    assert relire(ici[0], "PersEducNat")["5004"]["ENTEnsSpecialites"] == [""]


def test_the_extraction_counts_and_reports_the_uai_absent_from_the_source(ici: tuple[Path, Extraction]) -> None:
    extraction = ici[1]
    assert extraction.uai_trouves == (UAI_ICI,)
    assert extraction.uai_absents == ("0939999X",)
    assert extraction.fiches_lues == 3 + 3 + 3 + 4
    assert extraction.metadonnees == {"versionAF": "AAF-VE2003"}
    ecole = extraction.par_ecole[0]
    assert (ecole.uai, ecole.eleves, ecole.responsables, ecole.personnels) == (UAI_ICI, 1, 2, 3)
    assert (ecole.classes, ecole.personnels_sans_mail, ecole.eleves_sans_niveau) == (1, 2, 1)
    assert ecole.direction_connue


def test_the_files_written_are_listed_with_the_dtd_beside_them(ici: tuple[Path, Extraction]) -> None:
    assert {c.name for c in ici[0].iterdir()} == {*ici[1].fichiers, "ficAlimMENESR.dtd"}


def test_the_same_extraction_gives_the_same_bytes(
    tmp_path: Path, academie: Path, uai: tuple[str, ...], nommage: Nommage
) -> None:
    for nom in ("a", "b"):
        extraire(academie, tmp_path / nom, frozenset(uai[:3]), nommage=nommage)
    assert [c.read_bytes() for c in sorted((tmp_path / "a").iterdir())] == [
        c.read_bytes() for c in sorted((tmp_path / "b").iterdir())
    ]


def test_the_progress_is_told_after_each_file(
    tmp_path: Path, academie: Path, uai: tuple[str, ...], nommage: Nommage
) -> None:
    dites: list[tuple[str, int]] = []
    extraction = extraire(
        academie, tmp_path / "x", frozenset(uai[:1]), nommage=nommage, progression=lambda c, n: dites.append((c, n))
    )
    assert len(dites) == len(list(academie.glob("*.xml")))
    assert sum(max(n for c, n in dites if c == categorie) for categorie in CATEGORIES) == extraction.fiches_lues


def test_a_truncated_source_is_refused_even_where_nothing_is_kept(
    tmp_path: Path, ecrire_source: Callable[..., Path], nommage: Nommage
) -> None:
    source = ecrire_source(tmp_path / "source", A_LA_MAIN)
    eleves = next(source.glob("*_Eleve_*"))
    eleves.write_bytes(eleves.read_bytes()[:-20])
    with pytest.raises(AnnuaireIllisible, match="mal_forme"):
        extraire(source, tmp_path / "x", frozenset({"0939999X"}), nommage=nommage)


def _extraire_ids(academie: Path, uai: frozenset[str], relire: Relire) -> dict[str, set[str]]:
    with TemporaryDirectory() as dossier:
        extraire(academie, Path(dossier), uai, nommage=Nommage("ENT", date(2025, 11, 3)))
        return {categorie: set(relire(Path(dossier), categorie)) for categorie in CATEGORIES}


PROPRIETE = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROPRIETE
@given(rangs=st.sets(st.integers(0, 8), min_size=1))
def test_any_set_of_schools_gives_a_package_without_error_that_tells_nothing_of_the_others(
    academie: Path,
    uai: tuple[str, ...],
    relire: Relire,
    est_valide_dtd: Callable[[Path], bool],
    rangs: set[int],
) -> None:
    voulues = frozenset(uai[r] for r in rangs)
    with TemporaryDirectory() as temporaire:
        dossier = Path(temporaire)
        extraction = extraire(academie, dossier, voulues, nommage=Nommage("ENT", date(2025, 11, 3), seuil=7))
        constats = valider(dossier, uai_attendues=voulues)
        octets = b"".join(c.read_bytes() for c in sorted(dossier.glob("*.xml")))
        assert est_valide_dtd(dossier)
        gardes = {categorie: set(relire(dossier, categorie)) for categorie in CATEGORIES}
    assert [c for c in constats if c.gravite is Gravite.ERREUR] == []
    assert extraction.effectifs.eleves == len(gardes["Eleve"]) > 0
    assert octets.isascii()
    _verifier_silence(octets.decode(), academie, relire, gardes, voulues)


def _verifier_silence(
    texte: str, academie: Path, relire: Relire, gardes: dict[str, set[str]], voulues: frozenset[str]
) -> None:
    """No id of a pupil or parent outside, no UAI outside, no value that opens with the key of a school outside."""
    nombres = set(re.findall(r"[0-9]{7,}", texte))
    for categorie in ("Eleve", "PersRelEleve"):
        assert not nombres & (set(relire(academie, categorie)) - gardes[categorie])
    etablissements = relire(academie, "EtabEducNat")
    autres = {n: a["ENTStructureUAI"][0] for n, a in etablissements.items() if a["ENTStructureUAI"][0] not in voulues}
    assert not [uai for uai in autres.values() if uai.lower() in texte.lower()]
    # Keys of inspections and services (10, 11…) are also codes; those of schools, from 1001, are nothing else here.
    ecoles = {numero for numero in autres if int(numero) > 1000}
    assert not set(re.findall(r"<value>([0-9]+)[$<]", texte)) & ecoles


@PROPRIETE
@given(a=st.sets(st.integers(0, 8), min_size=1), b=st.sets(st.integers(0, 8), min_size=1))
def test_a_wider_perimeter_never_loses_anybody(
    academie: Path, uai: tuple[str, ...], relire: Relire, a: set[int], b: set[int]
) -> None:
    petit = _extraire_ids(academie, frozenset(uai[r] for r in a), relire)
    autre = _extraire_ids(academie, frozenset(uai[r] for r in b), relire)
    grand = _extraire_ids(academie, frozenset(uai[r] for r in a | b), relire)
    assert all(grand[categorie] == petit[categorie] | autre[categorie] for categorie in CATEGORIES)
