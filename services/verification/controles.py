"""The contrôles of what the commune declared: SIRET, commune, écoles, list of pieces. Pure: a Depot in, a finding out.

One function a contrôle. It gives None when it has nothing to look at, or when another contrôle already tells the cause:
one cause, one motif. Constats are read by a mairie: what is wrong, what to do.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contracts.dossier import RolePiece
from contracts.evenements import Controle, Depot, Verdict
from contracts.valeurs import DEPARTEMENTS, est_siret, est_uai, lettre_uai

PROCEDURE: Final = "Procédure « Finalisation de commande ENT 1er degré », académie de Créteil"
# The communes whose SIREN does not tell their INSEE code (5 communes nouvelles, and Saint-Denis since 2025).
# Source: @etalab/decoupage-administratif 6.0.0, COG 2026; the other 587 of 77, 93 and 94 follow the rule.
SIREN_PARTICULIERS: Final = {
    "200084036": "77109",
    "217705359": "77136",
    "200073039": "77316",
    "200081628": "77433",
    "200086478": "77504",
    "929939411": "93066",
}
_ENUMERES: Final = 5
_SUGGERES: Final = 3


@dataclass(frozen=True)
class Regle:
    """What every finding of one contrôle shares."""

    id: str
    champ: str
    source: str

    def conforme(self, constat: str) -> Controle:
        """Nothing to say against it."""
        return self.dire(Verdict.CONFORME, constat)

    def avertir(self, constat: str, valeurs: Iterable[str] = ()) -> Controle:
        """An agent should look at it; the commune has nothing to mend."""
        return self.dire(Verdict.AVERTISSEMENT, constat, valeurs)

    def bloquer(self, constat: str, valeurs: Iterable[str] = ()) -> Controle:
        """The dossier cannot go on until the commune corrects it."""
        return self.dire(Verdict.BLOQUANT, constat, valeurs)

    def dire(
        self, verdict: Verdict, constat: str, valeurs: Iterable[str] = (), *, corrigeable: bool = True
    ) -> Controle:
        """Tell the finding."""
        return Controle(
            id=self.id,
            verdict=verdict,
            constat=constat,
            champ=self.champ,
            valeurs=tuple(valeurs),
            source=self.source,
            corrigeable=corrigeable,
        )


def enumerer(noms: Sequence[str]) -> str:
    """Give « A », « A et B » or « A, B, C, D, E et 7 autres »."""
    cites, reste = list(noms[:_ENUMERES]), len(noms) - _ENUMERES
    dernier = f"{reste} autre{'s' if reste > 1 else ''}" if reste > 0 else cites.pop()
    return f"{', '.join(cites)} et {dernier}" if cites else dernier


def commune_du_siren(siren: str) -> str | None:
    """Give the INSEE code of the commune whose SIREN it is, or None when the SIREN does not tell.

    A commune's SIREN is 21, its département, 0, the three digits of its INSEE code, a key; but for SIREN_PARTICULIERS.
    """
    if siren in SIREN_PARTICULIERS:
        return SIREN_PARTICULIERS[siren]
    usuel = re.fullmatch(r"21([0-9]{2})0([0-9]{3})[0-9]", siren)
    return usuel[1] + usuel[2] if usuel else None


def est_dans_l_academie(uai: str) -> bool:
    """Tell whether the UAI is one of the académie: 077, 093 or 094."""
    return uai[0] == "0" and uai[1:3] in DEPARTEMENTS


def siret_cle(depot: Depot) -> Controle:
    """The SIRET is not mistyped. Who files is who the dossier is of: another SIRET is another dossier."""
    regle = Regle("siret-cle", "siret", "Insee, répertoire SIRENE : clé du SIRET, et règle propre à La Poste")
    if est_siret(depot.siret):
        return regle.conforme("La clé de contrôle du SIRET est juste.")
    return regle.dire(
        Verdict.BLOQUANT,
        f"Le SIRET {depot.siret} est inexact : sa clé de contrôle est fausse. Le SIRET de l’établissement déposant ne "
        "peut pas être corrigé dans ce dossier : déposez un nouveau dossier avec le bon SIRET.",
        [depot.siret],
        corrigeable=False,
    )


def siret_collectivite(depot: Depot) -> Controle | None:
    """The SIRET is a public body's, and if a commune's, that of the declared one."""
    regle = Regle("siret-collectivite", "siret", "Insee, répertoire SIRENE : SIREN des organismes publics, COG 2026")
    if not est_siret(depot.siret):
        return None
    commune = commune_du_siren(depot.siret[:9])
    if commune is None and depot.siret[0] not in "12":
        return regle.avertir(
            f"Le SIRET {depot.siret} n’est pas celui d’un organisme public (il ne commence ni par 1 ni par 2). "
            "Un agent de l’académie vérifiera que le déposant peut commander pour la commune.",
            [depot.siret],
        )
    if commune not in {None, depot.commune}:
        return regle.avertir(
            f"Le SIRET {depot.siret} est celui de la commune de code Insee {commune}, alors que la commune déclarée a "
            f"le code {depot.commune}. Un agent de l’académie vérifiera lequel des deux est juste.",
            [depot.siret, depot.commune],
        )
    return regle.conforme("Le SIRET peut être celui de la collectivité déclarée.")


def commune_departement(depot: Depot) -> Controle:
    """The commune is one of the académie's."""
    regle = Regle("commune-departement", "commune", "Académie de Créteil : départements 77, 93 et 94")
    if depot.commune[:2] in DEPARTEMENTS:
        return regle.conforme("La commune est dans l’académie de Créteil.")
    return regle.bloquer(
        f"La commune de code Insee {depot.commune} n’est pas dans l’académie de Créteil (Seine-et-Marne, "
        "Seine-Saint-Denis, Val-de-Marne). Vérifiez la commune choisie et corrigez-la.",
        [depot.commune],
    )


def uai_cle(depot: Depot) -> Controle:
    """No UAI is mistyped: the last letter follows from the seven digits."""
    regle = Regle("uai-cle", "ecoles", "Éducation nationale : lettre de contrôle du code UAI")
    faux = sorted({code for code in depot.ecoles if not est_uai(code)})
    if not faux:
        return regle.conforme("La lettre de contrôle de chaque code UAI est juste.")
    pistes = [f"{code} (si les chiffres sont justes : {code[:7]}{lettre_uai(code[:7])})" for code in faux[:_SUGGERES]]
    reste = len(faux) - len(pistes)
    suite = f" ; et {reste} autre{'s' if reste > 1 else ''}" if reste else ""
    return regle.bloquer(
        f"La dernière lettre ne correspond pas aux chiffres de ces codes UAI : {' ; '.join(pistes)}{suite}. "
        "Vérifiez chaque code et corrigez-le.",
        faux,
    )


def uai_departement(depot: Depot) -> Controle | None:
    """The schools are in the académie, and in the commune's own département. Mistyped UAI are `uai-cle`'s."""
    regle = Regle("uai-departement", "ecoles", "Académie de Créteil : les UAI commencent par 077, 093 ou 094")
    codes = sorted({code for code in depot.ecoles if est_uai(code)})
    hors = [code for code in codes if not est_dans_l_academie(code)]
    if hors:
        return regle.bloquer(
            f"Ces écoles ne sont pas dans l’académie de Créteil (077, 093, 094) : {enumerer(hors)}. "
            "Retirez-les de la liste ou corrigez leur code.",
            hors,
        )
    departement = depot.commune[:2]
    ailleurs = [code for code in codes if departement in DEPARTEMENTS and code[1:3] != departement]
    if ailleurs:
        return regle.avertir(
            f"Ces écoles ne sont pas dans le département de la commune ({departement}) : {enumerer(ailleurs)}. "
            "Un agent de l’académie vérifiera.",
            ailleurs,
        )
    return regle.conforme("Les écoles sont dans le département de la commune.") if codes else None


def uai_doublon(depot: Depot) -> Controle:
    """No school is declared twice."""
    regle = Regle("uai-doublon", "ecoles", PROCEDURE)
    doubles = sorted(code for code, fois in Counter(depot.ecoles).items() if fois > 1)
    if not doubles:
        return regle.conforme("Chaque école est déclarée une seule fois.")
    return regle.bloquer(
        f"Ces écoles sont déclarées plusieurs fois : {enumerer(doubles)}. Gardez une seule ligne par école ; si l’une "
        "des lignes devait être une autre école, corrigez son code.",
        doubles,
    )


def pieces_presentes(depot: Depot) -> Controle:
    """The three pieces are there."""
    regle = Regle("pieces-presentes", "pieces", PROCEDURE)
    joints = {piece.role for piece in depot.pieces}
    manquants = [role for role in RolePiece if role not in joints]
    if not manquants:
        return regle.conforme("Les trois pièces demandées sont jointes.")
    return regle.bloquer(
        f"Il manque : {enumerer([role.nom for role in manquants])}. Joignez chaque pièce manquante au format "
        "PDF, PNG ou JPEG.",
        [role.value for role in manquants],
    )


def pieces_distinctes(depot: Depot) -> Controle | None:
    """No file was joined in place of another."""
    regle = Regle("pieces-distinctes", "pieces", PROCEDURE)
    fois = Counter(piece.sha256 for piece in depot.pieces)
    memes = [piece.role for piece in depot.pieces if fois[piece.sha256] > 1]
    if memes:
        return regle.bloquer(
            f"Le même fichier est joint plusieurs fois : {enumerer([role.nom for role in memes])}. "
            "Joignez pour chaque pièce le document qui lui correspond.",
            [role.value for role in memes],
        )
    return regle.conforme("Les pièces sont des fichiers différents.") if len(depot.pieces) > 1 else None
