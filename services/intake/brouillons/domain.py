"""Judges what was typed: a Soumission, or what is wrong with it, each in French at its field. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from contracts.dossier import Deposant, PieceJointe, RolePiece, Soumission
from services.intake.brouillons import ecoles as listes
from services.intake.brouillons.champs import LECTEURS, Refus, nombre, piste_courriel
from services.intake.brouillons.ecoles import ECOLES_MAX, Mention
from services.intake.brouillons.saisie import CHAMPS_DE, LIBELLES, Rubrique, tient
from services.intake.referentiels.domain import Commune, Ecole

ERREURS_D_ECOLES: Final = 10  # told one by one; beyond, how many more
_DEPOSANT: Final = CHAMPS_DE[Rubrique.DEPOSANT]


class Erreur(NamedTuple):
    """What must be corrected before the deposit, and how."""

    champ: str
    message: str


class Avertissement(NamedTuple):
    """What looks odd but stops nobody: an agent will look at it too."""

    champ: str
    message: str


@dataclass(frozen=True, slots=True)
class PieceDuBrouillon:
    """A file joined to a draft. `constat` says, in French, why it will not do; empty when nothing is against it."""

    id: str
    sha256: str
    taille: int
    nom: str
    constat: str = ""


@dataclass(frozen=True)
class Connu:
    """What the référentiels say of what was typed."""

    commune: Commune | None = None
    ecoles: Mapping[str, Ecole] = field(default_factory=dict)


@dataclass(frozen=True)
class Examen:
    """What is to be said of a draft. `soumission` is there if, and only if, nothing is to be corrected."""

    erreurs: tuple[Erreur, ...]
    avertissements: tuple[Avertissement, ...]
    mentions: tuple[Mention, ...]
    commune: str  # its INSEE code, empty while it is not known
    connu: Connu
    soumission: Soumission | None

    def erreurs_de(self, rubrique: Rubrique) -> tuple[Erreur, ...]:
        """Give what must be corrected on a page."""
        return tuple(erreur for erreur in self.erreurs if erreur.champ in CHAMPS_DE[rubrique])

    @property
    def ecoles(self) -> tuple[str, ...]:
        """Give the schools that are understood, each once."""
        return listes.codes(self.mentions)


@dataclass(frozen=True)
class Lecture:
    """What is understood of a draft by itself: `lus`, the fields that are right; and what is wrong with the others."""

    brouillon: Mapping[str, Any]
    lus: Mapping[str, str]
    refus: tuple[Erreur, ...]
    mentions: tuple[Mention, ...] | None  # None: a list that is no list of schools, by its size

    @property
    def ecoles(self) -> tuple[str, ...]:
        """Give the schools that are understood, each once."""
        return listes.codes(self.mentions or ())


def lire(brouillon: Mapping[str, Any]) -> Lecture:
    """Read each field of a draft, whatever it holds."""
    valeurs, lus, refus = brouillon["valeurs"], {}, []
    for champ in LECTEURS:
        try:
            lus[champ] = _lire(champ, valeurs[champ])
        except Refus as raison:
            refus.append(Erreur(champ, str(raison)))
    mentions = tuple(listes.lire(valeurs["ecoles"])) if tient("ecoles", valeurs["ecoles"]) else None
    return Lecture(brouillon, lus, tuple(refus), mentions)


def juger(lecture: Lecture, connu: Connu) -> Examen:
    """Judge what was read. A Soumission that this gives is one that contracts accept."""
    # A commune that has merged since is filed as the one it is now part of.
    lus = {**lecture.lus, **({"commune": connu.commune.code} if connu.commune else {})}
    erreurs = (
        *lecture.refus,
        *_erreurs_de_commune(lus),
        *_erreurs_d_ecoles(lecture.mentions),
        *_erreurs_de_pieces(lecture.brouillon["pieces"]),
    )
    return Examen(
        erreurs=erreurs,
        avertissements=(*_avertissements(lus, connu), *_avertissements_d_ecoles(lecture.ecoles, lus, connu)),
        mentions=lecture.mentions or (),
        commune=lus.get("commune", ""),
        connu=connu,
        soumission=None if erreurs else _soumission(lecture, lus),
    )


def _lire(champ: str, valeur: str) -> str:
    if not tient(champ, valeur):
        raise Refus("Ce texte est trop long pour être enregistré : raccourcissez-le.")
    return LECTEURS[champ](valeur)


def _erreurs_de_commune(lus: Mapping[str, str]) -> Iterator[Erreur]:
    if not lus.get("commune", "").startswith(lus.get("departement", "")) and "commune" in lus:
        yield Erreur("commune", "Cette commune n’est pas dans le département choisi : changez l’un ou l’autre.")


def _erreurs_d_ecoles(mentions: tuple[Mention, ...] | None) -> Iterator[Erreur]:
    if mentions is None:
        yield Erreur("ecoles", "Cette liste est trop longue pour être enregistrée : gardez les codes UAI seuls.")
        return
    if not mentions:
        yield Erreur("ecoles", "Indiquez au moins une école : cochez-la, ou saisissez son code UAI.")
    fausses = [mention for mention in mentions if mention.probleme]
    for mention in fausses[:ERREURS_D_ECOLES]:
        yield Erreur("ecoles", f"« {mention.saisie} » : {mention.probleme}")
    autres = len(fausses) - ERREURS_D_ECOLES
    if autres > 0:
        quoi = "autre ligne est" if autres == 1 else "autres lignes sont"
        yield Erreur("ecoles", f"{nombre(autres)} {quoi} à corriger dans la liste.")
    trop = len(listes.codes(mentions)) - ECOLES_MAX
    if trop > 0:
        yield Erreur(
            "ecoles", f"Un dossier compte 500 écoles au plus : retirez-en {nombre(trop)}, pour un autre dossier."
        )


def _erreurs_de_pieces(pieces: Mapping[str, Any]) -> Iterator[Erreur]:
    for role in RolePiece:
        champ = f"pieces.{role}"
        if role not in pieces:
            yield Erreur(champ, f"{LIBELLES[champ]} : joignez cette pièce.")
        elif pieces[role]["constat"]:
            yield Erreur(champ, f"{LIBELLES[champ]} : {pieces[role]['constat']}")


def _avertissements(lus: Mapping[str, str], connu: Connu) -> Iterator[Avertissement]:
    siret, commune = lus.get("siret"), connu.commune
    if siret and commune and commune.siren and siret[:9] != commune.siren:
        yield Avertissement(
            "siret",
            f"Ce SIRET n’est pas celui de la commune de {commune.nom}. C’est normal si vous déposez pour une "
            "intercommunalité, un syndicat, un CCAS ou une caisse des écoles ; sinon, vérifiez-le.",
        )
    if "commune" in lus and commune is None:
        yield Avertissement("commune", "Nous ne connaissons pas cette commune : vérifiez son code Insee.")
    piste = piste_courriel(lus.get("courriel", ""))
    if piste:
        yield Avertissement("courriel", f"Vouliez-vous écrire {piste} ? Si oui, corrigez l’adresse.")


def _avertissements_d_ecoles(uais: Iterable[str], lus: Mapping[str, str], connu: Connu) -> Iterator[Avertissement]:
    commune = lus.get("commune", "")
    douteuses = sum(bool(listes.remarque(uai, connu.ecoles.get(uai), commune)) for uai in uais)
    if douteuses:
        quoi = "Une école est" if douteuses == 1 else f"{nombre(douteuses)} écoles sont"
        yield Avertissement("ecoles", f"{quoi} à vérifier. Vous pouvez continuer : un agent vérifiera aussi.")


def _soumission(lecture: Lecture, lus: Mapping[str, str]) -> Soumission:
    brouillon = lecture.brouillon
    return Soumission(
        siret=lus["siret"],
        commune=lus["commune"],
        deposant=Deposant.model_validate({champ: lus[champ] for champ in _DEPOSANT}),
        ecoles=lecture.ecoles,
        pieces=tuple(_jointe(role, brouillon["pieces"][role]) for role in RolePiece),
        commentaires=lus["commentaires"],
        corrige=brouillon["_id"] if brouillon["corrige"] else None,
    )


def _jointe(role: RolePiece, piece: Mapping[str, Any]) -> PieceJointe:
    return PieceJointe(role=role, id=piece["id"], sha256=piece["sha256"])
