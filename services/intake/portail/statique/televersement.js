// Makes the forms of the pieces go on after a cut (tus 1.0). Without this file, or where it cannot work, they stay as
// they are and send a file in one go.

const MORCEAU = 8 * 1024 * 1024; // bytes a request
const ATTENTES = [1, 2, 4, 8, 15, 30]; // seconds before each new try
const OUBLI = 24 * 3600 * 1000; // the server forgets what is left for a day
const MO = 1024 * 1024;
const TUS = { "Tus-Resumable": "1.0.0" };
const enCours = new Set();

// What is wrong, in a sentence. `fatale`: trying again is of no use; `perdu`: this upload is no more; `impossible`: the
// network between us lets no such request through.
class Faute extends Error {
  constructor(message, genre = {}) {
    super(message);
    Object.assign(this, { fatale: true }, genre);
  }
}

async function fauteDe(reponse) {
  if (reponse.status === 401 || reponse.type === "opaqueredirect") {
    return new Faute("Votre session a pris fin. Reconnectez-vous, puis choisissez de nouveau ce fichier.");
  }
  if ([405, 501].includes(reponse.status)) {
    return new Faute("Choisissez de nouveau ce fichier, puis envoyez-le avec le bouton.", { impossible: true });
  }
  if (reponse.status >= 500 || [408, 409, 423, 429].includes(reponse.status)) {
    return new Faute("Service occupé.", { fatale: false });
  }
  const texte = reponse.headers.get("Content-Type")?.startsWith("text/plain") ? await reponse.text() : "";
  const sinon = "Ce fichier n’a pas pu être envoyé. Rechargez la page, puis recommencez.";
  return new Faute(texte || sinon, { perdu: [404, 410].includes(reponse.status) });
}

// What was begun, so that a reloaded page may go on with it. Where nothing can be stored, only reloads lose it.
const memoire = {
  lire(cle) {
    try {
      const lu = JSON.parse(localStorage.getItem(cle));
      return lu && Date.now() - lu.le < OUBLI ? lu : null;
    } catch {
      return null;
    }
  },
  noter(cle, quoi) {
    try {
      localStorage.setItem(cle, JSON.stringify({ ...quoi, le: Date.now() }));
    } catch {}
  },
  oublier(cle) {
    try {
      localStorage.removeItem(cle);
    } catch {}
  },
};

const signe = (fichier) => [fichier.name, fichier.size, fichier.lastModified].join("|");
const base64 = (texte) => btoa(String.fromCharCode(...new TextEncoder().encode(texte)));
const taille = (octets) =>
  octets < MO / 10
    ? Math.ceil(octets / 1024).toLocaleString("fr-FR") + "\u00a0ko"
    : (octets / MO).toLocaleString("fr-FR", { maximumFractionDigits: 1 }) + "\u00a0Mo";
const annoncer = (phrase) => (document.getElementById("annonces").textContent = phrase);

// Waits; coming back online ends the wait.
function attendre(secondes, arret) {
  return new Promise((suite) => {
    const fin = () => {
      clearTimeout(minuterie);
      removeEventListener("online", fin);
      arret.removeEventListener("abort", fin);
      suite();
    };
    const minuterie = setTimeout(fin, secondes * 1000);
    addEventListener("online", fin);
    arret.addEventListener("abort", fin);
  });
}

class Place {
  constructor(formulaire) {
    this.formulaire = formulaire;
    this.racine = formulaire.closest("li");
    this.entree = formulaire.querySelector("input[type=file]");
    this.envoi = formulaire.querySelector("[data-envoi]");
    this.progression = formulaire.querySelector("[data-progression]");
    this.barre = this.progression.querySelector("progress");
    this.texte = this.progression.querySelector("[data-texte]");
    this.jeton = formulaire.elements.jeton.value;
    this.base = formulaire.dataset.televersements;
    this.cle = "ent1d:" + this.base + ":" + formulaire.dataset.role;
    this.envoi.hidden = true; // choosing a file sends it
    this.entree.addEventListener("change", () => {
      if (this.envoi.hidden && this.entree.files[0]) this.commencer(this.entree.files[0]);
    });
    this.progression.querySelector("[data-annuler]").addEventListener("click", () => this.annuler());
    this.rappeler();
  }

  // Says what was cut, and how to go on with it: a page that is loaded again has lost the file, not what was sent.
  async rappeler() {
    const note = memoire.lire(this.cle);
    if (!note) return;
    try {
      const { offset, taille } = await this.situer(note.url);
      if (offset === taille) return this.conclure();
      const part = Math.floor((100 * offset) / taille);
      const reste = `s’est arrêté à ${part}\u00a0%. Choisissez de nouveau ce fichier\u00a0: il reprendra là.`;
      if (!enCours.has(this)) this.dire(`L’envoi de «\u00a0${note.nom}\u00a0» ${reste}`, "info");
    } catch (faute) {
      if (faute.perdu) memoire.oublier(this.cle);
    }
  }

  dire(message, genre = "error") {
    const zone = document.getElementById(this.entree.id + "-messages");
    const phrase = document.createElement("p");
    phrase.className = "fr-message fr-message--" + genre;
    phrase.textContent = message;
    zone.replaceChildren(...(message ? [phrase] : []));
    const erreur = Boolean(message) && genre === "error";
    this.entree.setAttribute("aria-invalid", erreur);
    this.entree.parentElement.classList.toggle("fr-upload-group--error", erreur);
  }

  async commencer(fichier) {
    if (!fichier.size) return this.refuser("Ce fichier est vide. Choisissez le document lui-même.");
    if (fichier.size > this.formulaire.dataset.max) {
      return this.refuser("Ce fichier dépasse 200\u00a0Mo. Joignez une version plus légère.");
    }
    const arret = (this.arret = new AbortController());
    this.quart = 0;
    this.dire("");
    this.basculer(true);
    this.montrer(0, fichier);
    annoncer(`Envoi de «\u00a0${fichier.name}\u00a0» commencé.`);
    try {
      await this.insister(fichier, arret.signal);
      annoncer(`«\u00a0${fichier.name}\u00a0» est arrivé.`);
      await this.conclure();
    } catch (faute) {
      this.basculer(false);
      this.refuser(arret.signal.aborted ? "" : faute.message);
      if (faute.impossible) this.envoi.hidden = false;
    }
  }

  refuser(message) {
    this.entree.value = "";
    this.dire(message);
  }

  basculer(actif) {
    const ici = this.racine.contains(document.activeElement);
    if (actif) enCours.add(this);
    else enCours.delete(this);
    this.progression.hidden = !actif;
    this.entree.disabled = actif;
    if (ici) (actif ? this.progression.querySelector("button") : this.entree).focus();
  }

  // Sends until all is there, whatever cuts it, unless it is of no use or somebody gives up.
  async insister(fichier, arret) {
    for (let essai = 0; ; essai += 1) {
      try {
        const suite = await this.reprendre(fichier);
        while (suite.offset < fichier.size) {
          suite.offset = await this.pousser(suite, fichier);
          essai = 0;
        }
        return;
      } catch (faute) {
        if (faute.fatale || arret.aborted) throw faute;
      }
      if (!essai) annoncer("Connexion interrompue. L’envoi reprendra tout seul.");
      const secondes = ATTENTES[Math.min(essai, ATTENTES.length - 1)];
      this.texte.textContent = `Connexion interrompue\u00a0: nouvel essai dans ${secondes}\u00a0s.`;
      await attendre(secondes + Math.random() / 2, arret);
      if (arret.aborted) throw new Faute("");
    }
  }

  // Finds where the server is with this file, or begins.
  async reprendre(fichier) {
    const note = memoire.lire(this.cle);
    if (note?.signe === signe(fichier)) {
      try {
        const { offset } = await this.situer(note.url);
        this.montrer(offset, fichier);
        return { url: note.url, offset };
      } catch (faute) {
        if (!faute.perdu) throw faute;
      }
    }
    const donnees = `role ${base64(this.formulaire.dataset.role)},filename ${base64(fichier.name)}`;
    const entetes = { "Upload-Length": fichier.size, "Upload-Metadata": donnees };
    const reponse = await this.demander("POST", this.base, entetes);
    const url = reponse.headers.get("Location");
    memoire.noter(this.cle, { url, nom: fichier.name, signe: signe(fichier) });
    return { url, offset: 0 };
  }

  async situer(url) {
    const { headers } = await this.demander("HEAD", url);
    return { offset: Number(headers.get("Upload-Offset")), taille: Number(headers.get("Upload-Length")) };
  }

  async pousser({ url, offset }, fichier) {
    const morceau = fichier.slice(offset, offset + MORCEAU);
    try {
      await morceau.slice(0, 1).arrayBuffer();
    } catch {
      throw new Faute("Ce fichier a changé ou n’est plus lisible. Choisissez-le de nouveau.");
    }
    const entetes = { "Content-Type": "application/offset+octet-stream", "Upload-Offset": offset };
    const reponse = await this.demander("PATCH", url, entetes, morceau);
    const suivant = Number(reponse.headers.get("Upload-Offset"));
    this.montrer(suivant, fichier);
    return suivant;
  }

  async demander(method, url, entetes = {}, body = undefined) {
    const coupure = new AbortController();
    const couper = () => coupure.abort();
    if (method !== "DELETE") this.arret?.signal.addEventListener("abort", couper);
    addEventListener("online", couper); // what was sent before the cut may hang for long
    const headers = { ...TUS, "X-Jeton": this.jeton, ...entetes };
    try {
      const reponse = await fetch(url, { method, body, headers, redirect: "manual", signal: coupure.signal });
      if (!reponse.ok) throw await fauteDe(reponse);
      return reponse;
    } catch (panne) {
      throw panne instanceof Faute ? panne : new Faute("Connexion interrompue.", { fatale: false });
    } finally {
      removeEventListener("online", couper);
    }
  }

  montrer(offset, fichier) {
    const part = Math.floor((100 * offset) / fichier.size);
    if (offset) this.barre.value = part;
    else this.barre.removeAttribute("value");
    this.texte.textContent =
      fichier.size - offset > MORCEAU || !offset
        ? `${part}\u00a0%, ${taille(offset)} sur ${taille(fichier.size)}`
        : `${part}\u00a0%, fin de l’envoi et vérification du fichier…`;
    const quart = Math.floor(part / 25);
    if (quart > this.quart && quart < 4) annoncer(`${fichier.name}\u00a0: ${quart * 25}\u00a0%`);
    this.quart = Math.max(this.quart, quart);
  }

  async annuler() {
    const note = memoire.lire(this.cle);
    memoire.oublier(this.cle);
    this.arret?.abort();
    annoncer("Envoi annulé.");
    if (note) await this.demander("DELETE", note.url).catch(() => this.rafraichir()); // too late: it is joined
  }

  async conclure() {
    memoire.oublier(this.cle);
    enCours.delete(this);
    await this.rafraichir();
  }

  // Takes from the server how this piece stands now, and leaves the others, which may be on their way.
  async rafraichir() {
    const adresse = new URL(location);
    adresse.searchParams.delete("erreur");
    const reponse = await fetch(adresse).catch(() => null);
    if (!reponse) return this.dire("Votre fichier est arrivé. Rechargez la page pour le voir.", "valid");
    const page = new DOMParser().parseFromString(await reponse.text(), "text/html");
    const neuve = page.getElementById(this.racine.id);
    const sommaire = page.getElementById("sommaire");
    if (!neuve || !sommaire) return location.reload();
    const ici = this.racine.contains(document.activeElement);
    sommaire.querySelector("[autofocus]")?.removeAttribute("autofocus");
    document.getElementById("sommaire").replaceWith(sommaire);
    this.racine.replaceWith(neuve);
    preparer(neuve);
    if (ici) neuve.querySelector("h3").focus();
  }
}

function preparer(racine) {
  for (const formulaire of racine.querySelectorAll("form[data-televersements]")) new Place(formulaire);
}

addEventListener("beforeunload", (depart) => enCours.size && depart.preventDefault());
preparer(document);
