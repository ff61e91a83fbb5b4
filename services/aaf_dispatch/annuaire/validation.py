"""Judge an annuaire before it leaves: everything that would make a consumer abort, reject or forget, in one pass."""

import re
from pathlib import Path
from typing import Final

from services.aaf_dispatch.annuaire.analyse import metadonnees
from services.aaf_dispatch.annuaire.constats import Constat, Releve
from services.aaf_dispatch.annuaire.fiche import AnnuaireIllisible, Fiche
from services.aaf_dispatch.annuaire.formes import FORMES, Forme
from services.aaf_dispatch.annuaire.grammaire import NOM_DTD, NOM_FICHIER, PREAMBULE, Categorie, dtd
from services.aaf_dispatch.annuaire.lecture import FichierAAF, ouvrir_export
from services.aaf_dispatch.annuaire.liens import Liens

# The consumer expands these before it parses, and then meets a bare & or <.
_ECHAPPEMENTS: Final = re.compile(rb"&#(?:0*(?:38|60)|[xX]0*(?:26|3[cC]));")
_CHEVAUCHEMENT: Final = 32
_REQUIS: Final = {c: tuple(nom for nom, forme in FORMES[c].items() if forme.requis) for c in Categorie}


def valider(dossier: Path, *, uai_attendues: frozenset[str] | None = None) -> list[Constat]:
    """Return the findings about the export of a directory, errors first; an empty list is a perfect export.

    `uai_attendues`: the structures the export must hold, all and no other; None accepts any.
    Memory: sets of ids; a file is never loaded.
    """
    releve = Releve()
    _controler_dossier(dossier, releve)
    try:
        export = ouvrir_export(dossier)
    except AnnuaireIllisible as erreur:
        releve.illisible(erreur)
        return releve.constats()
    liens = Liens(releve)
    for fichiers in export.fichiers.values():
        for fichier in fichiers:
            _controler_fichier(fichier, liens, releve)
    liens.conclure()
    _controler_perimetre(liens.uai, uai_attendues, releve)
    return releve.constats()


def _controler_dossier(dossier: Path, releve: Releve) -> None:
    """An unknown file is an error: a consumer may take it for a record file, and nobody decided it should leave."""
    for chemin in sorted(dossier.iterdir()):
        if chemin.name != NOM_DTD and not NOM_FICHIER.fullmatch(chemin.name):
            releve.fichier("fichier_inattendu")
    fichier_dtd = dossier / NOM_DTD
    if not fichier_dtd.is_file() or fichier_dtd.read_bytes() != dtd():
        releve.fichier("dtd", NOM_DTD)


def _controler_fichier(fichier: FichierAAF, liens: Liens, releve: Releve) -> None:
    try:
        _controler_octets(fichier, releve)
        _controler_entete(fichier, releve)
        for fiche in fichier.fiches():
            controler_fiche(fiche, releve)
            liens.suivre(fiche)
    except AnnuaireIllisible as erreur:
        releve.illisible(erreur)


def _controler_octets(fichier: FichierAAF, releve: Releve) -> None:
    fin = b""
    for rang, bloc in enumerate(fichier.blocs()):
        if not rang and not bloc.startswith(PREAMBULE):
            releve.fichier("entete", fichier.nom, 1)
        if not bloc.isascii():
            releve.fichier("octets", fichier.nom)
        if b"&#" in fin + bloc and _ECHAPPEMENTS.search(fin + bloc):
            releve.fichier("echappement", fichier.nom)
        fin = bloc[-_CHEVAUCHEMENT:]


def _controler_entete(fichier: FichierAAF, releve: Releve) -> None:
    indications = metadonnees(fichier.commentaires())
    if "versionAF" not in indications:
        releve.fichier("metadonnee_absente", fichier.nom)
    if indications.get("degre", "1D") != "1D":
        releve.fichier("degre", fichier.nom)


def controler_fiche(fiche: Fiche, releve: Releve) -> None:
    """Check one record alone: attributes allowed, required values, shape of each value."""
    formes = FORMES[fiche.categorie]
    for nom, valeurs in fiche.attributs.items():
        forme = formes.get(nom)
        if forme is None:
            # An empty unknown attribute passes at most consumers, but not a dozen names: refuse all alike.
            releve.fiche("attribut_inconnu", fiche)
        elif valeurs != ("",):
            _controler_valeurs(fiche, nom, forme, releve)
    for nom in _REQUIS[fiche.categorie]:
        if not fiche.valeur(nom).strip():
            releve.fiche("valeur_requise", fiche, nom)


def _controler_valeurs(fiche: Fiche, nom: str, forme: Forme, releve: Releve) -> None:
    valeurs = fiche.attributs[nom]
    if len(valeurs) > 1 and not forme.multiple:
        releve.fiche("valeur_multiple", fiche, nom)
    if forme.admet is not None and not all(forme.admet(v) for v in valeurs if v):
        releve.fiche(forme.code, fiche, nom)


def _controler_perimetre(uai: set[str], attendues: frozenset[str] | None, releve: Releve) -> None:
    if not uai:
        releve.fichier("annuaire_vide", categorie=Categorie.STRUCTURE)
    if attendues is None:
        return
    for code, ecart in (("uai_inattendue", uai - attendues), ("uai_manquante", attendues - uai)):
        for _ in ecart:
            releve.fichier(code, categorie=Categorie.STRUCTURE, attribut="ENTStructureUAI")
