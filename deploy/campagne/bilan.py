"""`python -m deploy.campagne.bilan FILES`: adds up the evidence of several campaigns into one table, in Markdown."""

import argparse
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any


def main() -> None:
    """Read the evidence and print the table."""
    options = argparse.ArgumentParser(prog="python -m deploy.campagne.bilan", description=__doc__)
    options.add_argument("preuves", nargs="+", type=Path)
    print(bilan([json.loads(fichier.read_text(encoding="utf-8")) for fichier in options.parse_args().preuves]))


def bilan(preuves: Sequence[dict[str, Any]]) -> str:
    """Give one line a fault, then the totals."""
    coups: Counter[str] = Counter()
    medianes: defaultdict[str, list[float]] = defaultdict(list)
    pires: defaultdict[str, float] = defaultdict(float)
    for preuve in preuves:
        for nom, vu in preuve["pannes"].items():
            famille = nom.partition(":")[0]
            coups[famille] += vu["coups"]
            medianes[famille] += [vu["reprise_mediane_s"]] * vu["coups"]
            pires[famille] = max(pires[famille], vu["reprise_max_s"])
    morts = sum(sum(preuve.get("points", {}).values()) for preuve in preuves)
    lignes = [
        f"| `{nom}` | {nombre} | {_milieu(medianes[nom]):.1f} s | {pires[nom]:.1f} s |"
        for nom, nombre in sorted(coups.items())
    ]
    if morts:
        noms = {nom for preuve in preuves for nom in preuve.get("points", {})}
        lignes.append(f"| death at one of {len(noms)} named points | {morts} | | |")
    entete = ["| fault | times | back at work, median | slowest |", "|---|---:|---:|---:|"]
    return "\n".join([*entete, *lignes, "", *_totaux(preuves, coups.total() + morts)])


def _totaux(preuves: Sequence[dict[str, Any]], coups: int) -> Iterable[str]:
    constats: Counter[str] = Counter()
    for preuve in preuves:
        constats.update(preuve["constats"])
    jugement = {nom: sum(preuve[nom] for preuve in preuves) for nom in ("perdus", "doubles", "dechires", "restes")}
    yield (
        f"{len(preuves)} campaign(s), {coups} faults, {sum(p['duree_s'] for p in preuves) / 3600:.1f} h: "
        f"{jugement['perdus']} lost, {jugement['doubles']} double, {jugement['dechires']} torn, "
        f"{jugement['restes']} left over."
    )
    yield ", ".join(f"{nombre} {nom.replace('_', ' ')}" for nom, nombre in constats.items()) + "."


def _milieu(valeurs: Sequence[float]) -> float:
    return sorted(valeurs)[len(valeurs) // 2]


if __name__ == "__main__":
    main()
