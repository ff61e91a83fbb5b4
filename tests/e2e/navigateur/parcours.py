"""What people do on the portal, gesture by gesture, by labels and buttons, on the whole running system."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from deploy.demo.dossiers import Exemple
from deploy.local.systeme import Systeme

LIEN = re.compile(r"http://\S+/connexion/lien/\S+")
LONG = 60_000  # milliseconds for the chain to bring a dossier to its end


@dataclass(frozen=True)
class Visiteur:
    """Somebody in front of the portal."""

    page: Page
    systeme: Systeme
    adresse: str

    async def aller(self, chemin: str) -> None:
        """Open a page."""
        await self.page.goto(self.systeme.url + chemin)

    def bouton(self, nom: str) -> Locator:
        """Find a button of the page's content, or a link that looks like one, by what it says."""
        contenu = self.page.get_by_role("main")
        exact = re.compile(f"^{re.escape(nom)}$")
        return contenu.get_by_role("button", name=exact).or_(contenu.get_by_role("link", name=exact)).last

    async def entrer(self) -> None:
        """Log in: ask for a link, read the mail, follow it, confirm."""
        avant = len(self._courriels())
        await self.aller("/connexion")
        await self.page.get_by_label("Votre adresse électronique").fill(self.adresse)
        await self.bouton("Recevoir un lien de connexion").click()
        await self.page.goto(await self._lien(avant))
        await self.page.get_by_role("main").get_by_role("button").click()
        await expect(self.page).to_have_url(re.compile("/dossiers$|/compte$|/agent$"))

    async def commencer(self) -> None:
        """Begin a dossier."""
        await self.aller("/dossiers")
        await self.page.get_by_role("button", name="Commencer un nouveau dossier").first.click()
        await self.titre("Établissement et commune")

    async def identifier(self, siret: str, commune: str) -> None:
        """Say who orders."""
        await self.page.get_by_label("Numéro SIRET").fill(siret)
        await self.page.get_by_label("77 – Seine-et-Marne").check()
        await self.page.get_by_label("Chercher une commune").fill(commune)
        await self.bouton("Chercher la commune").click()
        await self.page.get_by_role("radio", name=re.compile(commune)).check()
        await self.continuer("Déposant")

    async def se_presenter(self, deposant: Mapping[str, str]) -> None:
        """Say who files."""
        await self.page.get_by_label("Madame").check()
        for nom in ("nom", "prenom", "fonction", "telephone"):
            await self.page.locator(f"#{nom}").fill(deposant[nom])
        await self.continuer("Écoles")

    async def choisir(self, ecoles: tuple[str, ...]) -> None:
        """Paste the codes of the schools."""
        await self.page.get_by_label("Codes UAI d’autres écoles").fill("\n".join(ecoles))
        await self.bouton("Vérifier la liste").click()
        for ecole in ecoles:
            await expect(self.page.get_by_role("main")).to_contain_text(ecole)
        await self.continuer("Pièces justificatives")

    async def joindre(self, pieces: Mapping[str, bytes], dossier: Path, *, envoyer: bool = False) -> None:
        """Attach the pieces; `envoyer`: press the button that a browser without JavaScript has."""
        for role, contenu in pieces.items():
            fichier = dossier / (role + (".pdf" if contenu.startswith(b"%PDF") else ".png"))
            fichier.write_bytes(contenu)
            formulaire = self.page.locator(f"form[action$='/pieces/{role}']")
            await formulaire.locator("input[type=file]").set_input_files(fichier)
            if envoyer:
                await formulaire.locator("button[type=submit]").click()
            await expect(self.page.get_by_text(fichier.name).first).to_be_visible(timeout=20_000)
        await self.page.wait_for_load_state("networkidle")

    async def deposer(self) -> str:
        """Read the recap, certify, file; give the number."""
        await self.page.get_by_label("Je certifie").check()
        await self.bouton("Déposer le dossier").click()
        depose = re.compile(r"/dossiers/ENT-[0-9A-Z]{5}-[0-9A-Z]{5}\?fait=depose$")
        await expect(self.page).to_have_url(depose, timeout=LONG)  # the disk may be writing large pieces meanwhile
        return self.page.url.split("/")[-1].partition("?")[0]

    async def remplir(
        self, exemple: Exemple, dossier: Path, *, autres: Mapping[str, bytes] | None = None, envoyer: bool = False
    ) -> str:
        """File this dossier, with some `autres` pieces, from its first page to its number."""
        await self.commencer()
        await self.identifier(exemple.siret, "Melun")
        await self.se_presenter(exemple.deposant)
        await self.choisir(exemple.ecoles)
        await self.joindre(exemple.pieces() | dict(autres or {}), dossier, envoyer=envoyer)
        await self.continuer("Commentaires éventuels")
        await self.continuer("Récapitulatif et dépôt")
        return await self.deposer()

    async def continuer(self, vers: str) -> None:
        """Go on to the page of this title."""
        await self.bouton("Continuer").click()
        await self.titre(vers)

    async def titre(self, attendu: str) -> None:
        """Be on the page of this title."""
        await expect(self.page.get_by_role("heading", level=1)).to_have_text(attendu)

    async def voir_l_etat(self, numero: str, etat: str) -> None:
        """Look at a dossier again until it is there."""
        async with asyncio.timeout(LONG / 1000):
            while True:
                await self.aller(f"/dossiers/{numero}")
                if await self.page.get_by_role("main").get_by_text(etat, exact=True).count():
                    return
                await asyncio.sleep(0.5)  # a page does not change by itself: who follows a dossier looks again

    async def _lien(self, avant: int) -> str:
        async with asyncio.timeout(20):
            while len(courriels := self._courriels()) <= avant:  # noqa: ASYNC110  # a Maildir has no event to wait for
                await asyncio.sleep(0.1)
        corps = courriels[-1].get_body(("plain",))
        assert corps is not None
        trouve = LIEN.search(corps.get_content())
        assert trouve is not None
        return trouve[0]

    def _courriels(self) -> list[EmailMessage]:
        tous = self.systeme.grappe.smtp.messages()
        return [courriel for courriel in tous if courriel["To"] == self.adresse and "lien" in str(courriel).lower()]
