"""Memory: an academy ten times larger costs the filter and the judge next to nothing more."""

import subprocess
import sys
from datetime import date
from pathlib import Path

from services.aaf_dispatch.annuaire import Academie, Nommage, generer

RACINE = Path(__file__).parents[3]
# VmHWM and not ru_maxrss: the latter starts at the peak of the process that forked, here pytest's.
MESURE = """
import sys
from datetime import date
from pathlib import Path
from services.aaf_dispatch.annuaire import Nommage, extraire, valider

def pic():
    return next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM"))

source, destination = map(Path, sys.argv[1:3])
extraction = extraire(source, destination, frozenset(sys.argv[3:]), nommage=Nommage("ENT", date(2025, 11, 3)))
assert len(extraction.uai_trouves) == 2
apres_filtre = pic()
valider(source)
print(extraction.fiches_lues, apres_filtre, pic())
"""


def _mesurer(dossier: Path, ecoles: int) -> tuple[int, int, int]:
    """Return records read, and the peaks in KiB after filtering two schools and after judging the whole source."""
    nommage = Nommage("ENT", date(2025, 11, 3))
    uai = generer(dossier / f"s{ecoles}", Academie(ecoles, eleves_par_ecole=10), nommage).uai[:2]
    commande = [sys.executable, "-c", MESURE, str(dossier / f"s{ecoles}"), str(dossier / f"d{ecoles}"), *uai]
    sortie = subprocess.run(commande, check=True, capture_output=True, text=True, cwd=RACINE).stdout  # noqa: S603
    lues, filtre, jugement = map(int, sortie.split())
    return lues, filtre, jugement


def test_the_peak_does_not_follow_the_size_of_the_academy(tmp_path: Path) -> None:
    lues, filtre, jugement = _mesurer(tmp_path, 20)
    lues_dix, filtre_dix, jugement_dix = _mesurer(tmp_path, 200)
    assert lues_dix > 8 * lues
    # The larger source is 8 MB of XML, some 30 MB of Python objects: ids alone are kept.
    assert filtre_dix - filtre < 4 * 1024
    assert jugement_dix - jugement < 6 * 1024
