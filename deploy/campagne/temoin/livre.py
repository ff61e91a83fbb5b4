"""A book that survives its writer: one JSON line a fact, on disk before the next thing is done."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Livre:
    """An append-only journal."""

    def __init__(self, fichier: Path) -> None:
        fichier.parent.mkdir(parents=True, exist_ok=True)
        self._fichier = fichier.open("ab", buffering=0)

    def ecrire(self, acte: str, **fait: Any) -> None:  # noqa: ANN401  # any JSON value
        """Write a fact down; it is on disk when this returns."""
        ligne = {"le": datetime.now(UTC).isoformat(), "acte": acte, **fait}
        self._fichier.write(json.dumps(ligne, ensure_ascii=False).encode() + b"\n")
        os.fdatasync(self._fichier.fileno())

    def fermer(self) -> None:
        """Close the file."""
        self._fichier.close()


def lire(fichier: Path) -> Iterator[dict[str, Any]]:
    """Read a book, ours or a sink's; a last line cut by a kill is not a fact yet."""
    if not fichier.exists():
        return
    for ligne in fichier.read_bytes().split(b"\n")[:-1]:
        yield json.loads(ligne)
