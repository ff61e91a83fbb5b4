"""Reads pages as somebody does: what is said at a field, in the summary of errors, in the title."""

import html
import re

import httpx


def champ_en_erreur(page: httpx.Response, champ: str) -> str:
    """Read the sentence that stands at a field."""
    trouve = re.search(rf'id="{re.escape(champ)}-messages"[^>]*>(.*?)</div>', page.text, re.DOTALL)
    assert trouve is not None
    return html.unescape(re.sub(r"<[^>]+>", "", trouve[1])).replace("\xa0", " ").strip()


def sommaire(page: httpx.Response) -> dict[str, str]:
    """Read the summary of errors: what each link says, by where it leads."""
    trouve = re.search(r'class="fr-alert fr-alert--error sommaire-erreurs".*?</div>', page.text, re.DOTALL)
    liens = re.findall(r'<a href="#([^"]+)">(.*?)</a>', trouve[0] if trouve else "")
    return {champ: html.unescape(texte).replace("\xa0", " ") for champ, texte in liens}


def titre(page: httpx.Response) -> str:
    trouve = re.search("<title>(.*?)</title>", page.text, re.DOTALL)
    assert trouve is not None
    return html.unescape(trouve[1]).replace("\xa0", " ")
