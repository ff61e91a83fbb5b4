"""One dossier on the desk: what is shown of it, its pieces behind their policy, nothing hostile alive."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from deploy.demo.dossiers import SIRET_EXEMPLE, uai
from services._runtime.clock import now
from services._runtime.mongo import Document, Mongo
from services.intake.decisions import CHAMPS, RAISONS, Raison
from services.intake.domain import REGLE
from services.intake.store import Store
from tests.scene import texte

from .banc import Dossiers, Personne, controle

PDF = b"%PDF-1.7\n% a document\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(64)
JPEG = b"\xff\xd8\xff\xe0" + bytes(64)
PAGE = b"<!doctype html><script>alert(document.cookie)</script>"


async def garder(store: Store, contenu: bytes) -> Document:
    """Keep a piece; give what a dossier says of it, but for its role."""

    async def octets() -> AsyncIterator[bytes]:
        yield contenu

    gardee = await store.pieces.garder("ent1d", "<b>nom\r\n.html", octets())
    return {"id": gardee.id, "sha256": gardee.sha256, "taille": gardee.taille}


async def test_a_dossier_is_shown_with_its_schools_its_report_and_its_author(
    agent: Personne, dossiers: Dossiers
) -> None:
    rapport = {
        "version": 1,
        "regles": "7",
        "controles": [controle("conforme"), controle("bloquant", "ecoles", "Clos.")],
    }
    ident = await dossiers.deposer(rapport=rapport, verdict="bloquant", commentaires="Bonjour.\nMerci.")

    page = await agent.voir(f"/agent/dossiers/{ident}")

    vu = texte(page)
    for attendu in ("École des Lilas", uai(1), "Melun", "217 709 997 00019", "Fictive", "Bonjour.", "Règles : 7"):
        assert attendu in vu
    assert vu.index("Bloquant") < vu.index("Clos.") < vu.index("Contrôles conformes (1)")


async def test_a_dossier_that_is_not_examined_yet_says_so(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer(rapport=None, verdict=None)

    assert "La vérification n’est pas encore faite" in texte(await agent.voir(f"/agent/dossiers/{ident}"))


async def test_no_dossier_no_page(agent: Personne, dossiers: Dossiers) -> None:
    await dossiers.deposer()

    for ident in ("ENT-ZZZZZ-ZZZZZ", "rien", "%24ne"):
        assert (await agent.voir(f"/agent/dossiers/{ident}")).status_code == 404


async def test_script_in_any_field_is_text(agent: Personne, dossiers: Dossiers) -> None:
    mal = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
    deposant = dict.fromkeys(("civilite", "nom", "prenom", "fonction", "courriel", "telephone"), mal)
    avant = {
        "siret": SIRET_EXEMPLE,
        "commune": "77288",
        "deposant": deposant,
        "ecoles": [mal],
        "pieces": [],
        "commentaires": mal,
    }
    avant |= {"version": 1, "depose_le": now()}
    ident = await dossiers.deposer(
        version=2,
        commentaires=mal + "!",
        deposant=deposant,
        versions=[avant],
        chronologie=[{"le": now(), "fait": "DossierDéposé", "version": 2, "constat": mal.replace("\n", "")}],
        rapport={"version": 2, "regles": mal, "controles": [controle("bloquant", "siret", mal) | {"valeurs": [mal]}]},
        verdict="bloquant",
    )

    for chemin in (f"/agent/dossiers/{ident}", f"/agent?q={mal}&onglet=tous", f"/agent?uai={mal}"):
        page = (await agent.voir(chemin)).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "49" not in page or "{{7*7}}" in page


@pytest.mark.parametrize(
    ("contenu", "genre", "suffixe"),
    [(PDF, "application/pdf", ".pdf"), (PNG, "image/png", ".png"), (JPEG, "image/jpeg", ".jpg")],
)
async def test_a_piece_is_shown_by_what_it_is_in_a_sandbox(
    agent: Personne, dossiers: Dossiers, store: Store, contenu: bytes, genre: str, suffixe: str
) -> None:
    piece = await garder(store, contenu)
    ident = await dossiers.deposer(pieces=[{"role": "bon_commande_editeur", **piece}])

    reponse = await agent.voir(f"/agent/dossiers/{ident}/pieces/bon_commande_editeur")

    assert reponse.content == contenu
    assert reponse.headers["content-type"] == genre
    assert reponse.headers["content-length"] == str(len(contenu))
    assert reponse.headers["content-disposition"].startswith(
        f'inline; filename="{ident}_bon_commande_editeur{suffixe}"'
    )
    politique = reponse.headers["content-security-policy"]
    assert politique.startswith("sandbox; default-src 'none';")
    assert "allow-" not in politique
    assert "frame-ancestors 'self'" in politique
    assert reponse.headers["x-content-type-options"] == "nosniff"
    assert reponse.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("contenu", [PAGE, b"PK\x03\x04", b" %PDF-1.7", b"GIF89a", b"<svg xmlns='x'/>"])
async def test_what_is_neither_pdf_nor_image_is_never_shown(
    agent: Personne, dossiers: Dossiers, store: Store, contenu: bytes
) -> None:
    ident = await dossiers.deposer(pieces=[{"role": "bon_commande_chorus", **await garder(store, contenu)}])

    reponse = await agent.voir(f"/agent/dossiers/{ident}/pieces/bon_commande_chorus")

    assert reponse.content == contenu
    assert reponse.headers["content-type"] == "application/octet-stream"
    assert reponse.headers["content-disposition"].startswith("attachment;")
    assert "sandbox" in reponse.headers["content-security-policy"]


async def test_a_piece_is_saved_when_asked_and_is_its_dossiers_alone(
    agent: Personne, dossiers: Dossiers, store: Store
) -> None:
    vieille, neuve = await garder(store, PDF), await garder(store, PNG)
    role = "attestation_adhesion"
    avant = {"version": 1, "pieces": [{"role": role, **vieille}], "ecoles": [], "siret": "", "commune": "77288"}
    avant |= {"deposant": (await _deposant(dossiers)), "commentaires": "", "depose_le": now()}
    ident = await dossiers.deposer(version=2, pieces=[{"role": role, **neuve}], versions=[avant])
    chemin = f"/agent/dossiers/{ident}/pieces/{role}"

    assert (await agent.voir(f"{chemin}?enregistrer=oui")).headers["content-disposition"].startswith("attachment;")
    assert (await agent.voir(f"{chemin}?version=1")).content == PDF
    assert (await agent.voir(chemin)).content == PNG
    assert f"{chemin}?version=1" in (await agent.voir(f"/agent/dossiers/{ident}")).text
    for absent in (f"{chemin}?version=3", f"/agent/dossiers/{ident}/pieces/bon_commande_chorus", f"{chemin}x"):
        assert (await agent.voir(absent)).status_code == 404


async def _deposant(dossiers: Dossiers) -> Document:
    deposant: Document = (await dossiers.lire(await dossiers.deposer()))["deposant"]
    return deposant


async def test_a_piece_that_is_no_longer_kept_is_absent(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()

    assert (await agent.voir(f"/agent/dossiers/{ident}/pieces/bon_commande_chorus")).status_code == 404


async def test_the_chosen_piece_stands_beside_the_report(agent: Personne, dossiers: Dossiers) -> None:
    ident = await dossiers.deposer()

    premiere = (await agent.voir(f"/agent/dossiers/{ident}")).text
    choisie = (await agent.voir(f"/agent/dossiers/{ident}?piece=bon_commande_chorus")).text

    cadre = f'<iframe src="/agent/dossiers/{ident}/pieces/'
    assert f'{cadre}attestation_adhesion#navpanes=0&amp;view=FitH" title="Attestation' in premiere
    assert f'{cadre}bon_commande_chorus#navpanes=0&amp;view=FitH" title="Bon de commande Chorus"' in choisie


async def test_versions_are_compared(agent: Personne, dossiers: Dossiers) -> None:
    premier = await dossiers.lire(await dossiers.deposer(ecoles=[uai(1), uai(3)], commune="94028"))
    ident = await dossiers.deposer(version=2, ecoles=[uai(1), uai(2)], versions=[premier])

    vu = texte(await agent.voir(f"/agent/dossiers/{ident}"))

    assert "De la version 1 à la version 2" in vu
    assert "Commune 94028 77288" in vu
    assert f"Écoles ajoutées : {uai(2)} – École des Roses" in vu
    assert f"Écoles retirées : {uai(3)}" in vu


async def test_each_decision_names_its_author(agent: Personne, dossiers: Dossiers) -> None:
    t1, t2, t3 = (now() - timedelta(minutes=m) for m in (30, 20, 10))
    prise = {
        "geste": "corriger",
        "motivation": "Il manque une école.",
        "demandes": [],
        "par": "agent:agent-7",
        "le": t2,
    }
    premier = await dossiers.lire(await dossiers.deposer())
    constat = f"{CHAMPS['ecoles']} : {RAISONS[Raison.INCOMPLET]}."
    ident = await dossiers.deposer(
        etat="valide",
        version=2,
        versions=[premier | {"decisions": [prise]}],
        chronologie=[
            {"le": t1, "fait": "CorrectionDemandée", "version": 1, "constat": "Le SIRET est faux."},
            {"le": t2, "fait": "CorrectionDemandée", "version": 1, "constat": constat},
            {"le": t3, "fait": "DossierValidé", "version": 2, "constat": "Toutes les vérifications sont conformes."},
        ],
    )

    vu = texte(await agent.voir(f"/agent/dossiers/{ident}"))

    regle, _, version = REGLE.removeprefix("regle:").rpartition(".")
    assert f"Le SIRET est faux. Décidé par la règle « {regle} », version {version}." in vu
    assert f"{constat} Décidé par agent-7. Il manque une école." in vu
    assert f"conformes. Décidé par la règle « {regle} », version {version}." in vu


async def test_what_a_dossier_waits_for_ends_its_history(agent: Personne, dossiers: Dossiers, mongo: Mongo) -> None:
    ident = await dossiers.deposer(etat="valide")
    attente = {"depuis": now() - timedelta(minutes=5), "raison": "le serveur du titulaire ne répond pas"}
    await mongo.database["perimetres"].insert_one({"numero": ident, "version": 1, "attente": attente})

    assert "le serveur du titulaire ne répond pas" in texte(await agent.voir(f"/agent/dossiers/{ident}"))


async def test_other_dossiers_of_a_school_are_linked_and_closed_ones_are_not(
    agent: Personne, dossiers: Dossiers
) -> None:
    ident = await dossiers.deposer(commune="94028")
    meme_ecole = await dossiers.deposer(commune="94048", ecoles=[uai(2)], etat="livre")
    meme_commune = await dossiers.deposer(commune="94028", ecoles=[uai(9)])
    clos = await dossiers.deposer(commune="94028", etat="refuse")
    ailleurs = await dossiers.deposer(commune="77288", ecoles=[uai(8)])

    page = await agent.voir(f"/agent/dossiers/{ident}")

    assert f"/agent/dossiers/{meme_ecole}" in page.text
    assert f"/agent/dossiers/{meme_commune}" in page.text
    assert clos not in page.text
    assert ailleurs not in page.text
    assert f"mêmes écoles : {uai(2)}" in texte(page)
