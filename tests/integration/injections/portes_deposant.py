"""The ways in of a déposant: the form, and the names of its files."""

from base64 import b64encode
from typing import Final
from uuid import uuid4

from lxml import html

from contracts.dossier import RolePiece
from deploy.demo.dossiers import CONFORME, uai
from services.intake.brouillons.champs import LECTEURS
from services.intake.brouillons.saisie import CHAMPS, RUBRIQUE_DE

from .juges import juger
from .monde import Monde
from .vecteurs import debut, essence

ECOLES: Final = (uai(1), uai(2), uai(20))
SAINES: Final = {
    "siret": CONFORME.siret,
    "departement": "77",
    "commune": "77288",
    **CONFORME.deposant,
    "ecoles": "\n".join(ECOLES),
    "commentaires": "Rien à signaler.",
}
_CHOISIS: Final = {"departement", "civilite", "commune"}  # from a list: a page shows no other value


async def remplir(monde: Monde) -> str:
    """Try each field of the form; file a dossier of what it took. Another draft keeps all, right or wrong."""
    numero, sale = await _commencer(monde), await _commencer(monde)
    saisie = dict(SAINES)
    for champ in CHAMPS:
        prise = await monde.essayer(f"formulaire.{champ}", lambda essai, c=champ: _taper(monde, numero, c, essai))
        if prise is not None:  # a person copies addresses with a name around: what is read of it is what is kept
            monde.issues[f"formulaire.{champ}"] = debut(LECTEURS[champ](prise))
        saisie[champ] = SAINES[champ] if prise is None else prise
        await _taper(monde, sale, champ, monde.brut(f"formulaire.{champ}"))
    for rubrique in dict.fromkeys(RUBRIQUE_DE[champ] for champ in CHAMPS):
        siens = {champ: valeur for champ, valeur in saisie.items() if RUBRIQUE_DE[champ] is rubrique}
        reponse = await monde.poster(monde.deposant, f"/brouillons/{numero}/{rubrique}", suite="continuer", **siens)
        assert reponse.status_code == 303, rubrique
    await _joindre(monde, numero)
    return numero


async def deposer(monde: Monde, numero: str) -> str:
    """Certify and file."""
    page = html.document_fromstring((await monde.deposant.navigateur.get(f"/brouillons/{numero}/recapitulatif")).text)
    revision = page.xpath("string(//input[@name='revision']/@value)")
    chemin = f"/brouillons/{numero}/recapitulatif"
    reponse = await monde.poster(monde.deposant, chemin, revision=revision, certifie="oui")
    assert reponse.status_code == 303, juger(reponse)
    return numero


async def _commencer(monde: Monde) -> str:
    reponse = await monde.poster(monde.deposant, "/brouillons")
    numero: str = reponse.headers["location"].split("/")[2]
    monde.brouillons.append(numero)
    return numero


async def _taper(monde: Monde, numero: str, champ: str, essai: str) -> bool:
    """Type in one field of a page. What is refused is said at its field, and shown again as it was typed."""
    rubrique = RUBRIQUE_DE[champ]
    siennes = {c: valeur for c, valeur in SAINES.items() if RUBRIQUE_DE[c] is rubrique} | {champ: essai}
    chemin = f"/brouillons/{numero}/{rubrique}"
    reponse = await monde.poster(monde.deposant, chemin, suite="continuer", **siennes)
    texte = juger(reponse)
    if reponse.status_code == 303:
        return True
    assert reponse.status_code == 422
    liens = html.document_fromstring(reponse.text.replace("\0", "\ufffd")).xpath("//div[@id='erreurs']//a/@href")
    assert set(liens) == {f"#{champ}"} or (champ == "commune" and liens), liens
    assert champ in _CHOISIS or debut(essai) in essence(texte), champ
    return False


async def _joindre(monde: Monde, numero: str) -> None:
    """Send a piece by each way in of the form, the first two under hostile names."""
    pieces = CONFORME.pieces()

    async def par_tus(essai: str) -> bool:
        return await _tus(monde, numero, essai, pieces[RolePiece.ATTESTATION_ADHESION])

    async def par_formulaire(essai: str) -> bool:
        return await multipart(monde, numero, RolePiece.BON_COMMANDE_EDITEUR, essai, pieces)

    await monde.essayer("fichier.tus", par_tus)
    pris = await monde.essayer("fichier.multipart", par_formulaire)
    monde.issues["fichier.multipart"] = None if pris is None else debut(_echapper(pris))
    assert await multipart(monde, numero, RolePiece.BON_COMMANDE_CHORUS, "sain.pdf", pieces)


async def _tus(monde: Monde, numero: str, nom: str, contenu: bytes) -> bool:
    navigateur = monde.deposant.navigateur
    entetes = {"Tus-Resumable": "1.0.0", "X-Jeton": monde.deposant.jeton}
    donnees = ",".join(
        f"{cle} {b64encode(valeur.encode()).decode()}"
        for cle, valeur in (("role", RolePiece.ATTESTATION_ADHESION), ("filename", nom))
    )
    ouvrir = {"Upload-Length": str(len(contenu)), "Upload-Metadata": donnees}
    ouvert = await navigateur.post(f"/brouillons/{numero}/televersements", headers=entetes | ouvrir)
    juger(ouvert)
    if ouvert.status_code != 201:
        return False
    pousser = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    juger(await navigateur.patch(ouvert.headers["location"], headers=entetes | pousser, content=contenu))
    juger(await navigateur.head(ouvert.headers["location"], headers=entetes))
    return True


async def multipart(monde: Monde, numero: str, role: str, nom: str, pieces: dict[str, bytes]) -> bool:
    """Send a file by a form, as a browser does."""
    limite, ecrit = uuid4().hex, _echapper(nom)
    corps = b"".join(
        (
            f'--{limite}\r\nContent-Disposition: form-data; name="jeton"\r\n\r\n{monde.deposant.jeton}\r\n'.encode(),
            f'--{limite}\r\nContent-Disposition: form-data; name="f"; filename="{ecrit}"\r\n'.encode(),
            b"Content-Type: application/pdf\r\n\r\n" + pieces[role] + f"\r\n--{limite}--\r\n".encode(),
        )
    )
    genre = {"Content-Type": f"multipart/form-data; boundary={limite}"}
    reponse = await monde.deposant.navigateur.post(f"/brouillons/{numero}/pieces/{role}", content=corps, headers=genre)
    juger(reponse)
    return "fait=piece_jointe" in reponse.headers.get("location", "")


def _echapper(nom: str) -> str:
    """Write the name of a file as browsers do in a form (HTML, 4.10.21.8); servers read it as it is written."""
    return nom.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
