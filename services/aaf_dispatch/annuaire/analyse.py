"""Turn the bytes of one file into records, refusing whatever is not the grammar of an AAF Complet.

Expat, and not a tree: memory is one block of records whatever the file. Entities, external or not, are refused
at their declaration, so nothing expands and nothing is fetched.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NoReturn
from xml.parsers import expat

from services.aaf_dispatch.annuaire.crible import OCTETS_PAR_FICHE_MAX
from services.aaf_dispatch.annuaire.fiche import AnnuaireIllisible, Fiche, jointure
from services.aaf_dispatch.annuaire.grammaire import (
    ENCODAGES_LUS,
    ETATS_A_TEXTE,
    FERMETURES,
    NOM_CATEGORIE,
    NOM_DTD,
    OUVERTURES,
    RACINE,
    Categorie,
)

_COMMENTAIRES_MAX = 50
_METADONNEE = re.compile(r'\s*(\w+)="([^"]*)"\s*')


class Analyse:
    """The state of one parse: the header comments, the records complete so far, where the parser stands."""

    def __init__(self, fichier: str, categorie: Categorie) -> None:
        """`fichier` is only used to say where a fault is; every record must be of `categorie`."""
        self.commentaires: list[str] = []
        self.entamees = 0
        self._fichier, self._categorie = fichier, categorie
        self._lot: list[Fiche] = []
        self._etat = "document"
        self._doctype = False
        self._textes: list[str] = []
        self._nom = self._id = ""
        self._valeurs: list[str] = []
        self._attributs: dict[str, tuple[str, ...]] = {}
        self._ligne = 0
        self._expat = self._brancher()

    def _brancher(self) -> expat.XMLParserType:
        parseur = expat.ParserCreate()
        parseur.buffer_text = True
        parseur.ordered_attributes = True
        parseur.XmlDeclHandler = self._declaration
        parseur.StartDoctypeDeclHandler = self._type_document
        parseur.EntityDeclHandler = parseur.SkippedEntityHandler = self._entite
        parseur.CommentHandler = self._commentaire
        parseur.StartElementHandler = self._ouvrir
        parseur.EndElementHandler = self._fermer
        parseur.CharacterDataHandler = self._textes.append
        return parseur

    def lire(self, blocs: Iterable[bytes]) -> Iterator[Fiche]:
        """Yield the records in order; raises AnnuaireIllisible at the first fault, after the records before it."""
        octets, entamees = 0, 0
        for bloc in blocs:
            self._nourrir(bloc)
            octets = octets + len(bloc) if self.entamees == entamees else 0
            entamees = self.entamees
            if octets > OCTETS_PAR_FICHE_MAX:
                self._refuser("fiche_demesuree")
            yield from self._vider()
        self._nourrir(b"", fin=True)
        yield from self._vider()

    def _nourrir(self, bloc: bytes, *, fin: bool = False) -> None:
        try:
            self._expat.Parse(bloc, fin)
        except expat.ExpatError as erreur:
            # Expat's message may quote the document: only the place is told.
            raise AnnuaireIllisible("mal_forme", self._fichier, erreur.lineno) from None

    def _vider(self) -> list[Fiche]:
        lot, self._lot = self._lot, []
        return lot

    def _refuser(self, code: str) -> NoReturn:
        raise AnnuaireIllisible(code, self._fichier, self._expat.CurrentLineNumber)

    def _declaration(self, _version: str, encodage: str | None, _standalone: int) -> None:
        if (encodage or "utf-8").lower() not in ENCODAGES_LUS:
            self._refuser("encodage")

    def _type_document(self, nom: str, systeme: str | None, public: str | None, interne: int) -> None:
        if (nom, systeme, public, bool(interne)) != (RACINE, NOM_DTD, None, False):
            self._refuser("doctype")
        self._doctype = True

    def _entite(self, *_declaration: object) -> None:
        self._refuser("entite")

    def _commentaire(self, texte: str) -> None:
        if not self.entamees and len(self.commentaires) < _COMMENTAIRES_MAX:
            self.commentaires.append(texte)

    # The next two run for each element of a gigabyte: what is frequent comes first and calls nothing.

    def _ouvrir(self, balise: str, attributs: list[str]) -> None:
        etat = OUVERTURES[self._etat].get(balise)
        if etat is None or (self._textes and not self._blanc()):
            self._refuser("grammaire")
        self._etat = etat
        if balise != "value" or attributs:
            self._signaler(balise, attributs)

    def _fermer(self, _balise: str) -> None:
        if self._etat == "value":
            textes = self._textes
            self._valeurs.append("".join(textes))
            textes.clear()
            self._etat = "attr+"
            return
        etat = FERMETURES.get(self._etat)
        if etat is None or (self._textes and self._etat not in ETATS_A_TEXTE and not self._blanc()):
            self._refuser("grammaire")
        ferme, self._etat = self._etat, etat
        if ferme == "attr+":
            self._ajouter_attribut()
        else:
            self._conclure(ferme)

    def _signaler(self, balise: str, attributs: list[str]) -> None:
        """Only attr has an attribute, its name; a record opens here; the root needs its DOCTYPE."""
        if balise == "attr":
            if len(attributs) != 2 or attributs[0] != "name":  # noqa: PLR2004 - a name and its value
                self._refuser("grammaire")
            self._nom = attributs[1]
        elif attributs:
            self._refuser("grammaire")
        elif balise == "addRequest":
            self._ligne = self._expat.CurrentLineNumber
            self.entamees += 1
        elif balise == RACINE and not self._doctype:
            self._refuser("doctype")

    def _conclure(self, ferme: str) -> None:
        texte = "".join(self._textes)
        self._textes.clear()
        if ferme == "id":
            self._id = texte
        elif ferme == "categorie/value" and (self._nom, texte) != (NOM_CATEGORIE[self._categorie], self._categorie):
            self._refuser("categorie")
        elif ferme == "fiche/attributs":
            self._finir()

    def _blanc(self) -> bool:
        blanc = not "".join(self._textes).strip()
        self._textes.clear()
        return blanc

    def _ajouter_attribut(self) -> None:
        if self._nom in self._attributs:
            self._refuser("attribut_double")
        self._attributs[self._nom] = tuple(self._valeurs)
        self._valeurs.clear()

    def _finir(self) -> None:
        if jointure(self._id) < 0 or not self._id.isdigit():
            self._refuser("identifiant")
        self._lot.append(Fiche(self._categorie, self._id, self._attributs, self._fichier, self._ligne))
        self._attributs = {}


def metadonnees(commentaires: Iterable[str]) -> dict[str, str]:
    """Return what the header comments say: an AAF file keeps `versionAF="…"` and the like in comments."""
    return {m[1]: m[2] for c in commentaires if (m := _METADONNEE.fullmatch(c))}
