"""The one way in: a submission, from either door, becomes a dossier or a new version of one, exactly once."""

from dataclasses import dataclass
from uuid import UUID

from contracts.dossier import PieceDeposee, Soumission
from services._runtime.clock import now
from services._runtime.mongo import Document
from services.intake.domain import Proprietaire, SoumissionRefusee, depose, empreinte, numero_de, pieces_deposees
from services.intake.store import Deposant, Store


@dataclass(frozen=True)
class Accuse:
    """The answer to a deposit, the same each time the same deposit is tried again."""

    numero: str
    version: int


async def deposer(
    store: Store, producteur: str, cle: UUID, soumission: Soumission, *, proprietaire: Proprietaire | None = None
) -> Accuse:
    """File a submission under its idempotency key, for the account that it belongs to, if it does to one.

    Raises SoumissionRefusee when a piece is unknown, when the key was used for another submission, or when the dossier
    named in `corrige` is not to be corrected.
    """
    # Read first: a deposit tried again gets its answer, whatever has become of its dossier and pieces since.
    deja = await store.depot_de(producteur, cle)
    if deja is None:
        deposant = Deposant(producteur, proprietaire)
        accuse = await (_ouvrir if soumission.corrige is None else _corriger)(store, deposant, cle, soumission)
        if accuse is not None:
            return accuse
        deja = await store.depot_de(producteur, cle)
    if deja is None:  # also, once in 10^15, a new dossier whose number is another's
        raise SoumissionRefusee(
            409, "correction_non_demandee", "corrige", "Ce dossier n’est pas, ou n’est plus, à corriger."
        )
    return _rejeu(deja, cle, soumission)


async def retrouver(store: Store, producteur: str, cle: UUID) -> Accuse | None:
    """Give the answer that the deposit made with this key received, if there was one."""
    dossier = await store.depot_de(producteur, cle)
    return Accuse(dossier["_id"], _depot_fait(dossier, cle)["version"]) if dossier else None


async def _ouvrir(store: Store, qui: Deposant, cle: UUID, soumission: Soumission) -> Accuse | None:
    """Open a dossier; None when another deposit took its number or its key meanwhile."""
    numero = numero_de(qui.producteur, cle)
    pieces = await _pieces(store, qui.producteur, soumission)
    evenement = depose(numero, 1, soumission, pieces, now())
    ouvert = await store.ouvrir(qui, _depot(cle, soumission, 1), soumission, pieces, evenement)
    return Accuse(numero, 1) if ouvert else None


async def _corriger(store: Store, qui: Deposant, cle: UUID, soumission: Soumission) -> Accuse | None:
    """File the next version of a dossier; None when it is not, or no longer, to be corrected."""
    numero = str(soumission.corrige)
    dossier = await store.dossier(numero, qui.producteur)
    if dossier is None or dossier.get("compte") != qui.compte:
        raise SoumissionRefusee(
            422, "dossier_inconnu", "corrige", "Aucun dossier de ce numéro n’a été déposé avec ce compte."
        )
    version = dossier["version"] + 1
    pieces = await _pieces(store, qui.producteur, soumission)
    evenement = depose(numero, version, soumission, pieces, now())
    redepose = await store.redeposer(dossier, _depot(cle, soumission, version), soumission, pieces, evenement)
    return Accuse(numero, version) if redepose else None


async def _pieces(store: Store, producteur: str, soumission: Soumission) -> tuple[PieceDeposee, ...]:
    ids = [piece.id for piece in soumission.pieces]
    return pieces_deposees(soumission.pieces, await store.pieces.connues(producteur, ids))


def _depot(cle: UUID, soumission: Soumission, version: int) -> Document:
    return {"cle": str(cle), "empreinte": empreinte(soumission), "version": version}


def _depot_fait(dossier: Document, cle: UUID) -> Document:
    return next(depot for depot in dossier["depots"] if depot["cle"] == str(cle))


def _rejeu(dossier: Document, cle: UUID, soumission: Soumission) -> Accuse:
    """Answer a deposit already made; refuse the same key with another content."""
    depot = _depot_fait(dossier, cle)
    if depot["empreinte"] != empreinte(soumission):
        raise SoumissionRefusee(
            422, "cle_deja_utilisee", "Idempotency-Key", "Cette clé a déjà servi pour une autre soumission."
        )
    return Accuse(dossier["_id"], depot["version"])
