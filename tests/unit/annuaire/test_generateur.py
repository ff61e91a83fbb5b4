"""The invented academy: sound, the same each time, and as odd as a real one."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from contracts.valeurs import est_uai
from services.aaf_dispatch.annuaire import Academie, Generation, Gravite, Nommage, generer, valider
from services.aaf_dispatch.annuaire.academie import ecoles

Fiches = dict[str, dict[str, list[str]]]
Relire = Callable[[Path, str], Fiches]


@pytest.fixture(scope="module")
def grande(tmp_path_factory: pytest.TempPathFactory, nommage: Nommage) -> Path:
    dossier = tmp_path_factory.mktemp("grande") / "complet"
    generer(dossier, Academie(ecoles=24, graine=1, eleves_par_ecole=10), nommage)
    return dossier


def test_the_academy_is_valid_by_our_judge_and_by_libxml2(
    academie: Path, generation: tuple[Path, Generation], est_valide_dtd: Callable[[Path], bool]
) -> None:
    assert [c for c in valider(academie) if c.gravite is Gravite.ERREUR] == []
    assert est_valide_dtd(academie)
    assert generation[1].effectifs.eleves >= 9 * 8
    assert {c.name for c in academie.glob("*.xml")} == set(generation[1].fichiers)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path, nommage: Nommage) -> None:
    sommes = []
    for nom, graine in (("a", 1), ("b", 1), ("c", 2)):
        generer(tmp_path / nom, Academie(3, graine, eleves_par_ecole=4), nommage)
        sommes.append([c.read_bytes() for c in sorted((tmp_path / nom).iterdir())])
    assert sommes[0] == sommes[1] != sommes[2]


def test_the_schools_asked_for_exist_and_come_first(tmp_path: Path, relire: Relire) -> None:
    voulues = ("0939500W", "0779000P", "0949001Y")
    assert all(map(est_uai, voulues))
    resume = generer(tmp_path, Academie(5, uai=voulues, eleves_par_ecole=4), Nommage("ENT", date(2025, 11, 3)))
    assert resume.uai[:3] == voulues
    etabs = [a["ENTStructureUAI"][0] for a in relire(tmp_path, "EtabEducNat").values()]
    assert len(set(etabs)) == len(etabs)
    assert set(resume.uai) < set(etabs)
    eleves = Counter(a["ENTPersonStructRattach"][0] for a in relire(tmp_path, "Eleve").values())
    assert len(eleves) == 5


@pytest.mark.parametrize("uai", [("0779000A",), ("0750001A",), ("0779000P", "0779000P"), ("0779000P",) * 4])
def test_schools_that_cannot_exist_are_refused(uai: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="UAI"):
        Academie(3, uai=uai)


def test_more_than_a_thousand_schools_by_departement_have_each_its_test_uai() -> None:
    uai = [e.uai for e in ecoles(Academie(ecoles=3300))]
    assert len(set(uai)) == 3300
    assert all(est_uai(u) for u in uai)
    assert Counter(u[:4] for u in uai) == {f"0{d}{s}": n for d in (77, 93, 94) for s, n in ((9, 1000), (8, 100))}


def test_structures_have_the_oddities_of_a_real_export(grande: Path, relire: Relire) -> None:
    etabs = relire(grande, "EtabEducNat").values()
    sigles = {a["ENTStructureNomCourant"][0].split("$")[0] for a in etabs}
    assert sigles >= {"E.M.PU", "E.E.PU", "E.P.PU", "E.P.PR", "IEN", "D.S.D.E.N.", "I.M.E.", "RECTORAT"}
    assert [a["ENTEcoleMinistereTutelle"] for a in etabs].count(["SANTE ET SOLIDARITE NATIONALE"]) == 1
    rpi: dict[str, set[str]] = {}
    for a in etabs:
        rpi.setdefault(a["ENTEcoleRPI"][0], set()).add(a["ENTEcoleCommune"][0])
    assert all(len(communes) == 2 for numero, communes in rpi.items() if numero)
    assert {a["ENTEcoleCommune"][0][:3] for a in etabs} == {"779", "939", "949"}
    assert {c.code: c.nombre for c in valider(grande)}["siret"] == 1


def test_families_have_the_oddities_of_a_real_export(grande: Path, relire: Relire) -> None:
    eleves, parents = relire(grande, "Eleve"), relire(grande, "PersRelEleve")
    ecole = {n: a["ENTPersonStructRattach"][0] for n, a in eleves.items()}
    commune = {n: a["ENTEcoleCommune"][0] for n, a in relire(grande, "EtabEducNat").items()}
    fratries = [[ecole[e] for e in a["ENTPersRelEleveEleve"]] for a in parents.values()]
    assert any(len(set(f)) > 1 for f in fratries)
    assert any(len({commune[e] for e in f}) > 1 for f in fratries)
    assert {len(a["ENTEleveAutoriteParentale"]) for a in eleves.values()} == {1, 2, 3}
    assert any(a["ENTPersonCivilite"] == a["ENTPersonNomPatro"] == [""] for a in parents.values())
    assert len({tuple(a) for a in parents.values()}) == 3
    assert any("$40$REGROUPEMENT$" in a["ENTPersonGroupes"][0] for a in eleves.values())
    assert list(ecole.values()) != sorted(ecole.values())
    assert list(map(int, eleves)) == sorted(map(int, eleves))


def test_staff_have_the_oddities_of_a_real_export(grande: Path, relire: Relire) -> None:
    agents = relire(grande, "PersEducNat").values()
    assert {len(a["ENTPersonFonctions"]) for a in agents} == {1, 2, 3, 4}
    assert any(a["ENTPersonStructRattach"] == [""] for a in agents)
    assert any(a["ENTPersonMail"] == [""] for a in agents)
    assert any("$-$SANS OBJET" in a["ENTPersonFonctions"][0] for a in agents)
    direction = {a["ENTEnsFonctionDir"] != [""] for a in agents if "D0000$DIRECTION" in a["ENTEnsSpecialites"]}
    assert direction == {True, False}


def test_nobody_could_be_taken_for_a_real_person(grande: Path) -> None:
    texte = "".join(c.read_text("ascii") for c in grande.glob("*.xml"))
    assert set(re.findall(r"@([a-z.-]+)<", texte)) == {"ac-exemple.fr", "exemple.fr"}
    assert {t[:11] for t in re.findall(r"\+33[0-9 ]+", texte)} == {"+33 6 39 98", "+33 1 99 00"}
    assert all("&#" in texte and escape in texte for escape in ("&apos;", "&amp;", "&lt;"))
