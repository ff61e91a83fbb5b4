"""Drop, from the bytes of a file, the records nobody wants, before the costly XML parsing.

Parsing costs about 50 ns per byte in Python, searching 3: for a perimeter of a few schools in an academy this
is ten times faster. The sieve only drops what it positively recognises; at the least doubt the bytes go
through unchanged and the parser, the only judge, sees them.
"""

import re
from collections.abc import Callable, Iterable, Iterator

OCTETS_PAR_FICHE_MAX = 4 << 20
_DEBUT = b"<addRequest>"
_FIN = b"</addRequest>"
# A comment, a CDATA section or a processing instruction may hide a false record boundary.
_DOUTEUX = re.compile(rb"<[!?]")

CLE_ID = re.compile(rb"<id>\s*([0-9]{1,9})\s*</id>")
CLE_RATTACHEMENT = re.compile(rb'<attr name="ENTPersonStructRattach">\s*<value>\s*([0-9]{1,9})\s*</value>\s*</attr>')


class Crible:
    """Keep a record unless the only number `cle` finds in it is refused by `garder`; count those dropped."""

    def __init__(self, cle: re.Pattern[bytes], garder: Callable[[int], bool]) -> None:
        """`cle` captures the decimal number `garder` judges."""
        self._cle, self._garder = cle, garder
        self.ecartees = 0

    def cribler(self, blocs: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the bytes of the document without the dropped records; lines keep their numbers."""
        suite = iter(blocs)
        reste, entete = b"", True
        for bloc in suite:
            zone, fin, reste = (reste + bloc).rpartition(_FIN)
            # The header has its own declarations and comments: doubt begins at the first record.
            douteux = _DOUTEUX.search(zone, zone.find(_DEBUT) if entete else 0)
            if douteux or len(reste) > OCTETS_PAR_FICHE_MAX:
                yield zone + fin + reste
                yield from suite
                return
            if fin:
                entete = False
                yield self._tamiser(zone)
        yield reste

    def _tamiser(self, zone: bytes) -> bytes:
        return b"".join(fiche + _FIN if self._est_gardee(fiche) else self._ecarter(fiche) for fiche in zone.split(_FIN))

    def _est_gardee(self, fiche: bytes) -> bool:
        """A piece that is not exactly one record is kept: the parser will say what it is."""
        if fiche.count(b"addRequest") != 1 or not fiche.lstrip().startswith(_DEBUT):
            return True
        cles = self._cle.findall(fiche)
        return len(cles) != 1 or self._garder(int(cles[0]))

    def _ecarter(self, fiche: bytes) -> bytes:
        self.ecartees += 1
        return b"\n" * fiche.count(b"\n")
