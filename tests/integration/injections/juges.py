"""Judges what leaves the portal: what a hostile hand typed is text there, and makes nothing. Each gives that text."""

import csv
import email
import io
import json
import re
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import httpx
import pikepdf
import pypdfium2
from lxml import etree, html

from services import notification
from services.intake import portail

from .vecteurs import CALCUL

_PAGES: Final = Path(portail.__file__).parent / "gabarits"
_COURRIELS: Final = Path(notification.__file__).parent / "gabarits"
_SOURCES: Final = "\n".join(g.read_text("utf-8") for d in (_PAGES, _COURRIELS) for g in d.glob("*.j2"))
# What our templates are made of: a tag or an attribute that is not there was made by somebody else.
BALISES: Final = frozenset(re.findall(r"<([a-z][a-z0-9]*)", _SOURCES)) | {"h3", "h4"}
_NUS: Final = "hidden|novalidate|checked|selected|open|autofocus|data-[a-z]+"
_EN_TABLE: Final = r"\"([a-z-]+)\": "  # what a macro is told to add
ATTRIBUTS: Final = frozenset(
    nom
    for forme in (r"[\s\"'}]([a-z][a-z-]*)=", rf"[\s\"'}}]({_NUS})", _EN_TABLE)
    for nom in re.findall(forme, _SOURCES)
)
_ADRESSES: Final = frozenset({"href", "src", "action", "formaction", "data", "poster", "cite", "srcset", "background"})
# This site, and those that our own texts name.
_SITES: Final = frozenset({"", "portail.exemple", *re.findall(r"=\"https://([^/\"{]+)", _SOURCES)})
_ENTETES: Final = re.compile(
    r"content-(type|length|disposition|security-policy)|cache-control|x-content-type-options|referrer-policy|location|"
    r"permissions-policy|cross-origin-(opener|resource)-policy|refresh|set-cookie|allow|tus-[a-z]+|upload-[a-z]+|"
    r"last-modified|etag|accept-ranges|www-authenticate|server|date|connection|retry-after"
)
_COURRIEL: Final = frozenset(
    (
        *("from", "to", "reply-to", "subject", "date", "message-id", "auto-submitted", "x-auto-response-suppress"),
        *("content-language", "mime-version", "content-type", "content-transfer-encoding"),
    )
)
_ACTIFS: Final = frozenset(
    (
        *("/Annots", "/JS", "/JavaScript", "/AA", "/URI", "/Launch", "/GoToR", "/SubmitForm", "/ImportData"),
        *("/RichMedia", "/EmbeddedFiles", "/XFA"),
    )
)
_FORMULE: Final = re.compile(r"[\s\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
_TABLEUR: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def juger(reponse: httpx.Response) -> str:
    """Judge a whole answer: its headers, then its body by what it says it is."""
    juger_entetes(reponse)
    genre = reponse.headers.get("content-type", "").partition(";")[0]
    if genre == "text/html" and reponse.text:  # an answer to HEAD has no text
        return juger_page(reponse.text)
    if genre == "application/json":
        return "\n".join(_feuilles(json.loads(reponse.text)))
    return reponse.text if genre == "text/plain" else ""


def juger_entetes(reponse: httpx.Response) -> None:
    """No header but ours, none that ends before its end, none that leads elsewhere."""
    assert reponse.status_code < 500, reponse.url.path
    for nom, valeur in reponse.headers.raw:
        assert _ENTETES.fullmatch(nom.decode().lower()), nom
        assert not re.search(rb"[\x00-\x1f\x7f]", valeur), (nom, valeur)
    assert reponse.headers["x-content-type-options"] == "nosniff"
    _juger_adresse(reponse.headers.get("location", ""))
    assert all(c.startswith("__Host-ent1d") for c in reponse.headers.get_list("set-cookie"))
    disposition = reponse.headers.get("content-disposition", "inline")
    assert re.fullmatch(r"inline|(attachment|inline); filename=\"[^\"\\/]+\"; filename\*=UTF-8''[\w.%~-]+", disposition)
    nom = unquote(disposition.rpartition("''")[2])
    assert not re.search(r"[\x00-\x1f\x7f/\\\u202a-\u202e\u2066-\u2069]", nom)


def juger_page(texte: str, *, courriel: bool = False) -> str:
    """Only tags and attributes of our templates, no script of a page's own, no address that leaves or runs."""
    # A browser reads NUL as this sign; libxml2 ends there.
    racine = html.document_fromstring(texte.replace("\0", "\ufffd"))
    dits = [racine.text_content()]
    for noeud in racine.iter():
        if not isinstance(noeud.tag, str):
            assert courriel, "un commentaire, ou une instruction"
            continue
        assert noeud.tag in BALISES, noeud.tag
        assert courriel or noeud.tag != "style"
        assert noeud.tag != "script" or (noeud.get("src", "").startswith("/statique/") and not noeud.text)
        dits += _juger_attributs(noeud, courriel=courriel)
    tout = "\n".join(dits)
    assert CALCUL not in tout
    return tout


def _juger_attributs(noeud: Any, *, courriel: bool) -> Iterator[str]:  # noqa: ANN401  # an element of lxml
    for nom, valeur in noeud.attrib.items():
        assert nom in ATTRIBUTS, nom
        assert not nom.startswith("on"), nom
        assert courriel or nom not in {"style", "srcdoc"}, nom
        if nom in _ADRESSES:
            _juger_adresse(valeur)
        elif nom == "http-equiv":
            assert valeur.lower() != "refresh"
        yield valeur


def _juger_adresse(adresse: str) -> None:
    r"""Read an address as browsers do, without its blanks, its « \\ » as « / »: it runs nothing, and stays here."""
    lue = urlsplit(re.sub(r"[\x00-\x20]", "", adresse).replace("\\", "/"))
    assert lue.scheme in {"", "http", "https", "mailto"}, adresse
    assert lue.netloc in _SITES, adresse


def juger_courriel(octets: bytes, destinataire: str) -> str:
    """Our headers, once each; one recipient; a subject that names nobody; two parts that say the same."""
    message = email.message_from_bytes(octets, _class=EmailMessage, policy=default)
    noms = [nom.lower() for nom in message]
    assert sorted(noms) == sorted(set(noms))
    assert set(noms) <= _COURRIEL, noms
    assert [a.addr_spec for a in message["To"].addresses] == [destinataire]
    assert len(message["From"].addresses) == len(message["Reply-To"].addresses) == 1
    assert all("canari" not in str(message[nom]).lower() for nom in noms if nom != "to")
    parties = list(message.walk())
    assert [p.get_content_type() for p in parties] == ["multipart/alternative", "text/plain", "text/html"]
    assert not any(partie.defects for partie in parties)
    assert octets.isascii()
    corps, page = (partie.get_content() for partie in parties[1:])
    assert CALCUL not in corps
    return f"{corps}\n{juger_page(page, courriel=True)}"


def juger_pdf(octets: bytes) -> str:
    """Nothing that acts, leads elsewhere or is carried along: pages, fonts, text."""
    with pikepdf.open(io.BytesIO(octets)) as document:
        for objet in document.objects:
            if isinstance(objet, pikepdf.Dictionary | pikepdf.Stream):
                assert not _ACTIFS & set(objet.keys()), set(objet.keys())
                assert objet.get("/S") not in {"/URI", "/JavaScript", "/Launch"}
    lu = pypdfium2.PdfDocument(octets)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in lu)
    finally:
        lu.close()


def juger_csv(octets: bytes) -> str:
    """As many cells in each line, none that a spreadsheet would run."""
    rangees = list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert len({len(rangee) for rangee in rangees}) == 1
    return _juger_cellules([cellule for rangee in rangees for cellule in rangee])


def juger_xlsx(octets: bytes) -> str:
    """Cells of text alone: no formula, no link, nothing outside of the workbook."""
    archive = zipfile.ZipFile(io.BytesIO(octets))
    assert not [
        nom for nom in archive.namelist() if re.search("external|hyperlink|macro|vba|connection", nom, re.IGNORECASE)
    ]
    cellules = []
    for nom in (nom for nom in archive.namelist() if nom.startswith("xl/worksheets/sheet")):
        feuille = etree.fromstring(archive.read(nom))
        genres = {noeud.tag.removeprefix(_TABLEUR) for noeud in feuille.iter() if isinstance(noeud.tag, str)}
        assert not genres & {"f", "hyperlink", "hyperlinks", "oleObject", "legacyDrawing"}, genres
        for cellule in feuille.iter(f"{_TABLEUR}c"):
            assert cellule.get("t") == "inlineStr"
            cellules.append("".join(cellule.itertext()))
    return _juger_cellules(cellules)


def _juger_cellules(cellules: list[str]) -> str:
    for cellule in cellules:
        assert not _FORMULE.match(cellule), cellule
    return "\n".join(cellules)


def _feuilles(valeur: object) -> Iterator[str]:
    """Give all the texts of a JSON document."""
    if isinstance(valeur, dict):
        for nom, dedans in valeur.items():
            yield nom
            yield from _feuilles(dedans)
    elif isinstance(valeur, list):
        for dedans in valeur:
            yield from _feuilles(dedans)
    else:
        yield str(valeur)
