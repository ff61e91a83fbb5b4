"""`python -m deploy.campagne.controles`: does the witness catch what it must? Status 1 when one bug goes unseen.

Each seeded bug is put in a copy of the tree, and a short campaign is played there with the faults that show it.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from deploy.campagne.controles.copie import Controle, controles, copie_mutee

COUPS: Final = 4  # of each fault of a control
DELAI: Final = 600.0  # seconds for one control
PATIENCE: Final = 25.0  # seconds without progress: what is lost stays so however long one waits


def main() -> None:
    """Play the controls asked for, all of them by default."""
    options = argparse.ArgumentParser(prog="make controles", description=__doc__)
    options.add_argument("noms", nargs="*", help="numéros ou noms ; tous sinon")
    options.add_argument("--graine", type=int, default=1)
    choix = options.parse_args()
    choisis = [c for c in controles() if not choix.noms or any(c.nom.startswith(nom) for nom in choix.noms)]
    console, echappes = Console(), 0
    table = Table("contrôle", "défaut semé", "trouvé", "verdict")
    for controle in choisis:
        trouve = jouer(controle, choix.graine)
        attrape = bool(trouve & controle.genres)
        echappes += not attrape
        verdict = "attrapé" if attrape else "ÉCHAPPÉ"
        console.print(f"{controle.nom} : {verdict}", highlight=False)
        table.add_row(controle.nom, controle.defaut, ", ".join(sorted(trouve)) or "rien", verdict)
    console.print(table)
    console.print(f"{len(choisis) - echappes} attrapé(s) sur {len(choisis)}")
    sys.exit(1 if echappes else 0)


def jouer(controle: Controle, graine: int) -> frozenset[str]:
    """Play one control; give the kinds of anomaly that the witness found in the broken copy."""
    with tempfile.TemporaryDirectory(prefix="ent1d-controle-") as dossier:
        copie = copie_mutee(controle.chemin, Path(dossier, "arbre"))
        preuve = Path(dossier, "preuve.json")
        pannes = " ".join(f"{panne}={COUPS}" for panne in controle.pannes)
        subprocess.run(
            [
                *(sys.executable, "-m", "deploy.campagne", "--pannes", pannes, "--graine", str(graine)),
                *("--patience", str(PATIENCE), "--preuve", str(preuve), "--donnees", dossier),
            ],
            cwd=copie,
            env=os.environ | {"PYTHONPATH": str(copie)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=DELAI,
            check=False,  # a campaign that finds something ends with status 1
        )
        lue: dict[str, Any] = json.loads(preuve.read_text(encoding="utf-8"))
        return frozenset(lue["genres"])


if __name__ == "__main__":
    main()
