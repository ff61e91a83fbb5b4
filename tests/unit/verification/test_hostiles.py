"""Hostile files, through real workers: each gets its answer within the bounds, and the next file is read."""

import hashlib
import resource
import zlib
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from deploy.demo.pieces import bon_commande_editeur, chiffrer, numeriser
from services._runtime.lecture.inspection import Inspecteur
from services._runtime.lecture.protocole import Limites
from services._runtime.lecture.resultat import Inspection

pytestmark = pytest.mark.asyncio(loop_scope="module")

MEMOIRE = Limites().memoire
SAIN = bon_commande_editeur(["0779001R"], "Commune d’Exemple", "21770288500013")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def inspecteur() -> AsyncIterator[Inspecteur]:
    async with Inspecteur(Limites(memoire=MEMOIRE, cpu=3, delai=10), lecteurs=1) as celui:
        yield celui


@pytest.fixture(scope="module")
def fichier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pieces") / "piece"


def ecrire(fichier: Path, octets: bytes) -> str:
    fichier.write_bytes(octets)
    return hashlib.sha256(octets).hexdigest()


async def lire(inspecteur: Inspecteur, fichier: Path, octets: bytes) -> Inspection:
    return await inspecteur.inspecter(fichier, ecrire(fichier, octets))


def sommet_de_memoire(pid: int) -> int:
    """The most memory the process ever held, in KB."""
    etat = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(ligne.split()[1]) for ligne in etat.splitlines() if ligne.startswith("VmHWM"))


def environnement(pid: int) -> tuple[bytes, Path]:
    return Path(f"/proc/{pid}/environ").read_bytes(), Path(f"/proc/{pid}/cwd").resolve()


def pdf(corps: bytes, fin: bytes = b"") -> bytes:
    """A PDF of one page whose catalogue is object 1 and page tree object 2; `corps` holds objects 4 and on."""
    objets = b"1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj "
    objets += b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>endobj "
    texte = b"%PDF-1.4\n" + objets + corps
    rangs = [texte.index(b"%d 0 obj" % n) for n in range(1, 5)]
    table = b"xref\n0 5\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % rang for rang in rangs)
    return texte + b"\n" + table + b"trailer<</Size 5/Root 1 0 R%s>>startxref\n%d\n%%%%EOF" % (fin, len(texte) + 1)


def zeros_comprimes(nombre: int) -> bytes:
    """A zlib stream of so many zeros (a multiple of 10 MB), made in no time: one block, over and over."""
    bloc = zlib.compressobj(wbits=-15)
    dix_megas = bloc.compress(bytes(10_000_000)) + bloc.flush(zlib.Z_FULL_FLUSH)
    somme = (nombre % 65521 << 16 | 1).to_bytes(4, "big")
    return b"\x78\x9c" + dix_megas * (nombre // 10_000_000) + b"\x03\x00" + somme


def flux(dictionnaire: bytes, octets: bytes) -> bytes:
    return b"4 0 obj<<%s/Length %d>>stream\n%s\nendstream endobj " % (dictionnaire, len(octets), octets)


def xref_en_boucle() -> bytes:
    octets = pdf(flux(b"", b""))
    return octets.replace(b"/Root 1 0 R", b"/Root 1 0 R/Prev %d" % octets.index(b"xref"))


def flate_empile() -> bytes:
    return pdf(flux(b"/Filter[/FlateDecode/FlateDecode]", zlib.compress(zeros_comprimes(4_000_000_000))))


def flux_d_objets_gonfle() -> bytes:
    """Object 1, the catalogue, is said to be inside an object stream that inflates to 2 GB."""
    bombe = zlib.compress(zeros_comprimes(2_000_000_000))
    filtre = b"/Type/ObjStm/N 1/First 4/Filter[/FlateDecode/FlateDecode]"
    texte = b"%PDF-1.5\n" + flux(filtre, bombe)
    table = bytes.fromhex("00000000ff 0200000400 0000000000 0000000000") + b"\1" + (9).to_bytes(3, "big") + b"\0"
    xref = b"<</Type/XRef/Size 5/W[1 3 1]/Root 1 0 R/Length %d>>stream\n%s\nendstream endobj" % (len(table), table)
    return texte + b"5 0 obj" + xref + b"\nstartxref\n%d\n%%%%EOF" % len(texte)


def avec(modifier: Callable[[pikepdf.Pdf], None]) -> bytes:
    sortie = BytesIO()
    with pikepdf.open(BytesIO(SAIN)) as document:
        modifier(document)
        document.save(sortie, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return sortie.getvalue()


def javascript(document: pikepdf.Pdf) -> None:
    action = pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="app.alert(1)")
    document.pages[0].AA = pikepdf.Dictionary(O=document.make_indirect(action))


def lancement(document: pikepdf.Pdf) -> None:
    document.Root.OpenAction = pikepdf.Dictionary(S=document.make_indirect(pikepdf.Name.Launch), F="calc.exe")


def fichier_joint(document: pikepdf.Pdf) -> None:
    document.attachments["facture.xml"] = pikepdf.AttachedFileSpec(document, b"<x/>")


def cent_mille_objets(document: pikepdf.Pdf) -> None:
    document.Root.Beaucoup = pikepdf.Array(document.make_indirect(pikepdf.Dictionary(A=n)) for n in range(100_000))


def pages_en_boucle(document: pikepdf.Pdf) -> None:
    document.Root.Pages.Kids = pikepdf.Array([document.Root.Pages])


def image(vers: str) -> bytes:
    sortie = BytesIO()
    Image.new("RGB", (64, 64)).save(sortie, format=vers)
    return sortie.getvalue()


def png_immense() -> bytes:
    entete = b"IHDR" + (60_000).to_bytes(4, "big") * 2 + b"\x08\x02\0\0\0"
    return image("PNG")[:12] + entete + zlib.crc32(entete).to_bytes(4, "big") + image("PNG")[33:]


def jpeg_immense() -> bytes:
    octets = bytearray(image("JPEG"))
    rang = octets.index(b"\xff\xc0")
    octets[rang + 5 : rang + 9] = (60_000).to_bytes(2, "big") * 2
    return bytes(octets)


def jpeg_et_pdf() -> bytes:
    octets, cache = image("JPEG"), b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n"
    return octets[:2] + b"\xff\xfe" + (len(cache) + 2).to_bytes(2, "big") + cache + octets[2:]


HOSTILES: dict[str, tuple[Callable[[], bytes], set[str | None]]] = {
    "empty": (lambda: b"", {"vide"}),
    "one byte": (lambda: b"%", {"type"}),
    "text renamed .pdf": (lambda: b"Bonjour, voici le bon de commande.", {"type"}),
    "html": (lambda: b"<!DOCTYPE html><html><script>alert(1)</script></html>", {"type"}),
    "svg": (lambda: b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', {"type"}),
    "html before a pdf": (lambda: b"<html><!-- -->" + SAIN, {"type"}),
    "jpeg that is a pdf": (jpeg_et_pdf, {"type"}),
    "zip after a pdf": (lambda: SAIN + b"PK\x03\x04" + bytes(3000), {"abime"}),
    "pdf cut": (lambda: SAIN[: len(SAIN) * 2 // 3], {"abime"}),
    "pdf header alone": (lambda: b"%PDF-1.7\n", {"abime"}),
    "png cut": (lambda: numeriser(SAIN, "PNG")[:-3000], {"abime"}),
    "jpeg cut": (lambda: numeriser(SAIN, "JPEG")[:-3000], {"abime"}),
    "password": (lambda: chiffrer(SAIN, "secret"), {"chiffre"}),
    "png of 60000 x 60000": (png_immense, {"demesure"}),
    "jpeg of 60000 x 60000": (jpeg_immense, {"demesure"}),
    "xref loop": (xref_en_boucle, {"abime"}),
    "page tree loop": (lambda: avec(pages_en_boucle), {"abime"}),
    "no page": (lambda: avec(lambda document: document.pages.__delitem__(0)), {"abime"}),
    "stacked flate, 4 GB": (flate_empile, {"memoire", "delai", "plantage"}),
    "object stream, 2 GB": (flux_d_objets_gonfle, {"memoire", "abime"}),
    "a million nested arrays": (lambda: pdf(b"4 0 obj" + b"[" * 1_000_000 + b" endobj "), {"abime", None}),
    "100,000 objects": (lambda: avec(cent_mille_objets), {None}),
}


@pytest.mark.parametrize("nom", HOSTILES)
async def test_a_hostile_file_gets_its_answer_and_the_next_file_is_read(
    inspecteur: Inspecteur, fichier: Path, nom: str
) -> None:
    fabriquer, attendues = HOSTILES[nom]
    assert (await lire(inspecteur, fichier, fabriquer())).cause in attendues
    (lecteur,) = inspecteur._lecteurs
    if lecteur.processus is not None:
        assert sommet_de_memoire(lecteur.processus.pid) < 512 * 1024
    assert (await lire(inspecteur, fichier, SAIN)).uai == ("0779001R",)
    suivant = await lire(inspecteur, fichier, SAIN + b"\n")  # not the same bytes: a worker reads it, no memory of ours
    assert suivant.uai == ("0779001R",)


@pytest.mark.parametrize(
    ("modifier", "actif"),
    [(javascript, "javascript"), (lancement, "lancement"), (fichier_joint, "fichier-joint")],
)
async def test_active_content_inside_object_streams_is_found(
    inspecteur: Inspecteur, fichier: Path, modifier: Callable[[pikepdf.Pdf], None], actif: str
) -> None:
    octets = avec(modifier)
    assert b"JavaScript" not in octets
    assert b"Launch" not in octets
    assert (await lire(inspecteur, fichier, octets)).contenu_actif == (actif,)


async def test_a_pdf_of_200_megabytes_is_read_within_the_memory_bound(inspecteur: Inspecteur, fichier: Path) -> None:
    avant, apres = pdf(flux(b"", b"") + b"5 0 obj<</Length 200000000>>stream\n@\nendstream endobj ").split(b"@")
    table = apres.index(b"xref")
    depart = len(avant) + 200_000_000 + table
    with fichier.open("wb") as sortie:
        sortie.write(avant)
        sortie.seek(200_000_000, 1)
        sortie.write(apres[: apres.index(b"startxref")] + b"startxref\n%d\n%%%%EOF" % depart)
    inspection = await inspecteur.inspecter(fichier, "0" * 64)
    assert (inspection.cause, inspection.pages) == (None, 1)


async def test_the_bounds_are_those_of_the_process_itself(inspecteur: Inspecteur, fichier: Path) -> None:
    await lire(inspecteur, fichier, SAIN + b"\n\n")
    (lecteur,) = inspecteur._lecteurs
    assert lecteur.processus is not None
    pid = lecteur.processus.pid
    assert MEMOIRE < resource.prlimit(pid, resource.RLIMIT_AS)[0] < MEMOIRE + 400 * 1024 * 1024
    assert resource.prlimit(pid, resource.RLIMIT_FSIZE) == (0, 0)
    assert 0 < resource.prlimit(pid, resource.RLIMIT_CPU)[0] < 60  # -1 is no limit
    variables, dossier = environnement(pid)
    assert b"HOME" not in variables
    assert dossier == Path("/")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=300).map(lambda suite: b"%PDF-1.7\n" + suite),
        st.lists(st.tuples(st.integers(0, len(SAIN) - 1), st.integers(0, 255)), min_size=1, max_size=20).map(
            lambda coups: bytes(dict(coups).get(rang, octet) for rang, octet in enumerate(SAIN))
        ),
    )
)
async def test_any_bytes_get_an_answer(inspecteur: Inspecteur, fichier: Path, octets: bytes) -> None:
    assert (await lire(inspecteur, fichier, octets)).cause in {None, "vide", "type", "abime", "chiffre"}
