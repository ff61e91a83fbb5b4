"""Drafts as they are kept: whose change stands, who may read, what reopens, how long."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID, uuid4

import pytest

from contracts.dossier import RolePiece
from contracts.evenements import Verdict
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.brouillons.domain import PieceDuBrouillon
from services.intake.brouillons.saisie import CHAMPS, PIECES, Rubrique
from services.intake.brouillons.store import BROUILLONS_MAX, TropDeBrouillons
from services.intake.comptes.identite import Identite
from services.intake.decisions import derniere
from services.intake.domain import numero_de
from services.intake.reglages import PORTAIL
from services.intake.store import Store

Lire: TypeAlias = Callable[..., Awaitable[Document]]

CAMILLE = Identite("c" * 32, "camille@exemple.fr", "jeton")
DOMINIQUE = Identite("d" * 32, "dominique@exemple.fr", "jeton")
PIECE = PieceDuBrouillon("0" * 32, "a" * 64, 1234, "bon.pdf")
DOSSIER: Document = {
    "numero": "ENT-00000-00000",
    "compte": CAMILLE.compte,
    "invites": [],
    "version": 1,
    "siret": "21770999700019",
    "commune": "77288",
    "deposant": {
        "civilite": "Mme",
        "nom": "Fictive",
        "prenom": "Camille",
        "fonction": "DGS",
        "courriel": "camille@exemple.fr",
        "telephone": "01 99 00 12 34",
    },
    "ecoles": ["0779001X"],
    "commentaires": "",
    "depose_le": now(),
    "pieces": [{"role": role.value, "id": uuid4().hex, "sha256": "a" * 64, "taille": 12} for role in RolePiece],
}


def controle(champ: str, constat: str = "Constat.", ident: str = "essai", *valeurs: str) -> Document:
    return {
        "id": ident,
        "verdict": Verdict.BLOQUANT.value,
        "constat": constat,
        "champ": champ,
        "valeurs": list(valeurs),
    }


def examine(*controles: Document, **plus: object) -> Document:
    return {**DOSSIER, "rapport": {"version": 1, "controles": list(controles)}, **plus}


@pytest.fixture
async def numero(store: Store) -> str:
    return await store.brouillons.creer(CAMILLE)


@pytest.fixture
def lire(store: Store) -> Callable[..., Awaitable[Document]]:
    async def brouillon(numero: str, identite: Identite = CAMILLE) -> Document:
        trouve = await store.brouillons.lire(numero, identite)
        assert trouve is not None
        return trouve

    return brouillon


async def test_a_draft_has_the_number_that_its_deposit_will_have(numero: str, lire: Lire) -> None:
    neuf = await lire(numero)
    assert numero == numero_de(PORTAIL, UUID(neuf["cle"]))
    assert neuf["valeurs"] == dict.fromkeys(CHAMPS, "") | {"ecoles": [], "courriel": CAMILLE.courriel}


@pytest.mark.usefixtures("store")
async def test_mongodb_forgets_a_draft_three_months_after_its_last_change(mongo: Mongo) -> None:
    index = await mongo.database["brouillons"].index_information()
    (ttl,) = (decrit for decrit in index.values() if "expireAfterSeconds" in decrit)
    assert (ttl["key"], ttl["expireAfterSeconds"]) == ([("modifie_le", 1)], timedelta(days=92).total_seconds())


async def test_a_save_moves_that_moment_and_one_that_changes_nothing_does_not(
    mongo: Mongo, store: Store, numero: str, lire: Lire
) -> None:
    avant = now() - timedelta(days=30)
    for valeur, bouge in (("A", True), ("A", False)):
        await mongo.database["brouillons"].update_one({"_id": numero}, {"$set": {"modifie_le": avant}})
        await store.brouillons.enregistrer(numero, {"nom": valeur})
        assert ((await lire(numero))["modifie_le"] - avant > timedelta(days=1)) is bouge


async def test_one_account_has_fifty_drafts_at_most(store: Store) -> None:
    premier = await store.brouillons.creer(CAMILLE)
    for _ in range(BROUILLONS_MAX - 1):
        await store.brouillons.creer(CAMILLE)
    with pytest.raises(TropDeBrouillons):
        await store.brouillons.creer(CAMILLE)
    with pytest.raises(TropDeBrouillons):
        await store.brouillons.dupliquer(DOSSIER, CAMILLE)
    await store.brouillons.corriger(DOSSIER)  # a dossier can always be corrected
    await store.brouillons.creer(DOMINIQUE)
    await store.brouillons.supprimer(premier)
    await store.brouillons.creer(CAMILLE)


async def test_the_later_save_of_an_older_page_undoes_nothing(store: Store, numero: str, lire: Lire) -> None:
    enregistrer = store.brouillons.enregistrer
    assert await enregistrer(numero, {"nom": "A"}, revision=1, onglet="un") == 2
    assert await enregistrer(numero, {"nom": "B", "prenom": "Perdu"}, revision=1, onglet="deux") == 0
    assert await enregistrer(numero, {"prenom": "Camille"}, revision=1, onglet="deux") == 3
    assert await enregistrer(numero, {"nom": "A"}, revision=1, onglet="deux") == 3  # says the same: no conflict
    assert await enregistrer(numero, {"nom": "B"}, revision=3, onglet="deux") == 4  # has seen it
    assert {c: v for c, v in (await lire(numero))["valeurs"].items() if c in {"nom", "prenom"}} == {
        "nom": "B",
        "prenom": "Camille",
    }


async def test_a_page_whose_answer_was_lost_does_not_contradict_itself(store: Store, numero: str) -> None:
    enregistrer = store.brouillons.enregistrer
    assert await enregistrer(numero, {"nom": "Fic"}, revision=1, onglet="un")
    assert await enregistrer(numero, {"nom": "Fictive"}, revision=1, onglet="un")


async def test_saves_at_the_same_instant_are_all_kept(store: Store, numero: str, lire: Lire) -> None:
    champs = [champ for champ in CHAMPS if champ != "ecoles"]
    faites = await asyncio.gather(*(store.brouillons.enregistrer(numero, {champ: champ}) for champ in champs))
    assert sorted(faites) == list(range(2, len(champs) + 2))
    assert (await lire(numero))["valeurs"] == {champ: champ for champ in champs} | {"ecoles": []}


@pytest.mark.parametrize(
    ("champ", "valeur"),
    [("nom", "a" * 1_001), ("commentaires", "a" * 20_001), ("ecoles", ["a"] * 2_001), ("ecoles", ["a" * 100_001])],
)
async def test_what_does_not_fit_is_left_out(store: Store, numero: str, lire: Lire, champ: str, valeur: object) -> None:
    avant = (await lire(numero))["valeurs"][champ]
    await store.brouillons.enregistrer(numero, {champ: valeur, "prenom": "Camille"})
    tenues = (await lire(numero))["valeurs"]
    assert (tenues[champ], tenues["prenom"]) == (avant, "Camille")


async def test_values_are_data_for_mongodb(store: Store, numero: str, lire: Lire) -> None:
    hostiles = {"nom": "$where", "prenom": '{"$gt": ""}', "commentaires": "a\x00b.c", "ecoles": ["$set", "a.b"]}
    await store.brouillons.enregistrer(numero, hostiles)
    assert hostiles.items() <= (await lire(numero))["valeurs"].items()


async def test_a_field_that_no_form_has_is_left_out(store: Store, numero: str, lire: Lire) -> None:
    avant = await lire(numero)
    assert await store.brouillons.enregistrer(numero, {"compte": "x", "pieces.attestation_adhesion": "x"}) == 1
    assert await lire(numero) == avant


async def test_a_draft_is_its_owner_s_and_his_guests(store: Store, numero: str) -> None:
    lire = store.brouillons.lire
    assert await lire(numero, DOMINIQUE) is None
    assert await store.brouillons.inviter(numero, DOMINIQUE.courriel)
    assert await lire(numero, DOMINIQUE)
    assert [brouillon["_id"] for brouillon in await store.brouillons.lister(DOMINIQUE)] == [numero]
    await store.brouillons.desinviter(numero, DOMINIQUE.courriel)
    assert await lire(numero, DOMINIQUE) is None


async def test_ten_colleagues_at_most_are_invited(store: Store, numero: str) -> None:
    invites = [await store.brouillons.inviter(numero, f"{rang}@exemple.fr") for rang in range(12)]
    assert invites == [True] * 10 + [False] * 2


async def test_drafts_are_listed_the_last_changed_first(store: Store) -> None:
    premier, second = await store.brouillons.creer(CAMILLE), await store.brouillons.creer(CAMILLE)
    await store.brouillons.enregistrer(premier, {"nom": "A"})
    assert [brouillon["_id"] for brouillon in await store.brouillons.lister(CAMILLE)] == [premier, second]


async def test_a_piece_takes_the_place_of_the_one_before(store: Store, numero: str, lire: Lire) -> None:
    role = RolePiece.BON_COMMANDE_CHORUS
    assert await store.brouillons.joindre(numero, role, PieceDuBrouillon("1" * 32, "b" * 64, 1, "ancien.pdf"))
    assert await store.brouillons.joindre(numero, role, PIECE)
    assert (await lire(numero))["pieces"][role]["nom"] == "bon.pdf"
    assert await store.brouillons.detacher(numero, role)
    assert (await lire(numero))["pieces"] == {}
    assert not await store.brouillons.joindre("ENT-ABSEN-T0000", role, PIECE)


async def test_a_duplicate_says_the_same_without_the_pieces(store: Store, lire: Lire) -> None:
    copie = await lire(await store.brouillons.dupliquer({**DOSSIER, "compte": "autre"}, DOMINIQUE), DOMINIQUE)
    assert copie["valeurs"] == {
        "siret": DOSSIER["siret"],
        "departement": "77",
        "commune": "77288",
        "ecoles": ["0779001X"],
        **DOSSIER["deposant"],
        "commentaires": "",
    }
    assert (copie["pieces"], copie["corrige"], copie["compte"]) == ({}, False, DOMINIQUE.compte)


async def test_only_what_is_to_be_corrected_reopens_with_its_reason(store: Store, lire: Lire, mongo: Mongo) -> None:
    role = RolePiece.BON_COMMANDE_EDITEUR
    (editeur,) = (piece for piece in DOSSIER["pieces"] if piece["role"] == role)
    await mongo.database["pieces.files"].insert_one({"_id": editeur["id"], "filename": "bon.pdf"})
    await store.brouillons.corriger(examine(controle(f"pieces.{role}", "Le fichier est abîmé.")))
    brouillon = await lire(DOSSIER["numero"])
    assert brouillon["a_corriger"] == [f"pieces.{role}"]
    assert brouillon["motifs"] == [{"champ": f"pieces.{role}", "phrases": ["Le fichier est abîmé."]}]
    assert brouillon["pieces"][role]["nom"] == "bon.pdf"
    assert UUID(brouillon["cle"])
    assert await store.brouillons.enregistrer(brouillon["_id"], {"nom": "Autre"}) == 1
    assert await store.brouillons.joindre(brouillon["_id"], role, PIECE)
    assert not await store.brouillons.joindre(brouillon["_id"], RolePiece.BON_COMMANDE_CHORUS, PIECE)
    assert not await store.brouillons.detacher(brouillon["_id"], RolePiece.BON_COMMANDE_CHORUS)
    assert (await lire(DOSSIER["numero"]))["valeurs"]["nom"] == "Fictive"


@pytest.mark.parametrize(
    ("dossier", "ouverts"),
    [
        (examine(controle("commune")), ["departement", "commune"]),
        (examine(controle("ecoles"), controle("ecoles")), ["ecoles"]),
        (
            examine(controle("pieces.bon_commande_editeur", "Il manque 0779001X.", "bon-commande-ecoles")),
            ["ecoles", "pieces.bon_commande_editeur"],
        ),
        (
            examine(controle("pieces", "Même fichier.", "x", "attestation_adhesion", "bon_commande_chorus")),
            ["pieces.attestation_adhesion", "pieces.bon_commande_chorus"],
        ),
        (examine(controle("pieces")), list(PIECES)),
        (
            examine(
                controle("ecoles"),
                decisions=[{"demandes": [{"champ": "deposant", "raison": "a_mettre_a_jour"}], "motivation": "Bonjour"}],
            ),
            ["civilite", "nom", "prenom", "fonction", "courriel", "telephone"],
        ),
        (examine(), [*CHAMPS, *PIECES]),
        (DOSSIER, [*CHAMPS, *PIECES]),
        (examine(controle("dossier")), [*CHAMPS, *PIECES]),
        (examine(controle("commune"), siret="21770999700018"), ["siret", "departement", "commune"]),
        (
            examine(controle("commune"), pieces=DOSSIER["pieces"][:2]),
            ["departement", "commune", "pieces.bon_commande_chorus"],
        ),
    ],
)
async def test_what_reopens_is_what_was_named_or_could_not_be_filed_again(
    store: Store, lire: Lire, dossier: Document, ouverts: list[str]
) -> None:
    await store.brouillons.corriger(dossier)
    brouillon = await lire(DOSSIER["numero"])
    assert brouillon["a_corriger"] == ouverts
    assert brouillon["motivation"] == derniere(dossier).get("motivation", "")


async def test_a_correction_begun_stays_as_it_is_until_the_next_version(store: Store, lire: Lire) -> None:
    dossier = examine(controle("ecoles"))
    await store.brouillons.corriger(dossier)
    premier = await lire(DOSSIER["numero"])
    await store.brouillons.enregistrer(premier["_id"], {"ecoles": ["0779002W"]}, soumise=Rubrique.ECOLES)
    await asyncio.gather(*(store.brouillons.corriger(dossier | {"invites": [DOMINIQUE.courriel]}) for _ in range(5)))
    meme = await lire(DOSSIER["numero"], DOMINIQUE)
    assert (meme["cle"], meme["valeurs"]["ecoles"], meme["revision"]) == (premier["cle"], ["0779002W"], 2)
    await store.brouillons.corriger({**dossier, "version": 2})
    suivant = await lire(DOSSIER["numero"])
    assert suivant["cle"] != premier["cle"]
    assert suivant["valeurs"]["ecoles"] == ["0779001X"]


async def test_the_end_of_a_deposit_spares_the_correction_that_came_since(store: Store, lire: Lire) -> None:
    await store.brouillons.corriger(DOSSIER)
    await store.brouillons.supprimer(DOSSIER["numero"], cle=str(uuid4()))
    correction = await lire(DOSSIER["numero"])
    await store.brouillons.supprimer(DOSSIER["numero"], cle=correction["cle"])
    assert await store.brouillons.lire(DOSSIER["numero"], CAMILLE) is None
