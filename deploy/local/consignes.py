"""What the embedded partners are told to do (a file of acts), and what they write down (a journal of facts)."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


class Consignes:
    """The acts to play, from a JSON file that is replaced, never modified; which were played is the server's memory."""

    def __init__(self, fichier: Path) -> None:
        """Describe them; nothing is read, and the file may not exist."""
        self.contenu: dict[str, Any] = {}
        self._fichier = fichier
        self._version: tuple[int, int] | None = None

    def relire(self) -> bool:
        """Read the file if it is not the one read last; return whether it was another."""
        try:
            etat = self._fichier.stat()
        except FileNotFoundError:
            return False
        version = (etat.st_ino, etat.st_mtime_ns)
        if version == self._version:
            return False
        self._version = version
        self.contenu = json.loads(self._fichier.read_text(encoding="utf-8"))
        return True


def ecrire_consignes(fichier: Path, contenu: dict[str, Any]) -> None:
    """Replace the acts at once: a server reads the old ones or the new ones."""
    nouveau = fichier.with_suffix(".nouveau")
    nouveau.write_text(json.dumps(contenu), encoding="utf-8")
    nouveau.replace(fichier)


class Journal:
    """Facts, one JSON line each, on disk when `noter` returns."""

    def __init__(self, fichier: Path) -> None:
        """Describe it; it is made by the first fact."""
        self._fichier = fichier

    def noter(self, **faits: Any) -> None:  # noqa: ANN401 - JSON
        """Add a line, its `instant` (UTC) first."""
        ligne = {"instant": datetime.now(UTC).isoformat(), **faits}
        with self._fichier.open("ab") as journal:
            journal.write(json.dumps(ligne).encode() + b"\n")
            journal.flush()
            os.fsync(journal.fileno())

    def lire(self) -> list[dict[str, Any]]:
        """Return the facts, oldest first; a line that a killed server did not end is none."""
        if not self._fichier.exists():
            return []
        entieres = self._fichier.read_bytes().rpartition(b"\n")[0]
        return [json.loads(ligne) for ligne in entieres.splitlines()]
