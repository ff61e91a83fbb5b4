// Saves what is typed as it is typed, and says at once what is already known to be wrong. Without this file, or where it
// cannot work, each page saves when it is sent.

const CALME = 1500; // milliseconds without a key before a save
const ATTENTES = [5, 15, 60]; // seconds before each new try
const SURVIE_MAX = 60_000; // characters: browsers send no more once their page is gone
const SAISIE_MIN = 2; // letters, or digits, before communes are searched for

const HORS_LIGNE = "Non enregistré\u00a0: nous réessayons.";
const REFUS = {
  401: "Non enregistré\u00a0: votre session a pris fin. Reconnectez-vous dans un autre onglet, puis rechargez cette page\u00a0: votre saisie y sera proposée.",
  404: "Non enregistré\u00a0: ce brouillon n’existe plus. Il a été déposé ou supprimé.",
  409: "Non enregistré\u00a0: ces réponses ont été changées ailleurs. Choisissez «\u00a0Continuer\u00a0» pour voir les deux versions.",
};
REFUS[403] = REFUS[401];

const formulaire = document.querySelector("[data-formulaire]");
const { brouillon } = formulaire.dataset;
const { revision, rubrique } = formulaire.elements;
const etat = formulaire.querySelector("[data-enregistrement]");

// What is not saved yet, kept by the browser for as long as this tab lives. Where nothing can be stored, only a reload
// during a cut loses it.
const memoire = {
  cle: "ent1d:" + brouillon + "/" + rubrique.value,
  lire: () => essayer(() => JSON.parse(sessionStorage.getItem(memoire.cle))),
  oublier: () => essayer(() => sessionStorage.removeItem(memoire.cle)),
  noter(envoye = false) {
    const note = { revision: Number(revision.value), saisie: saisie().toString(), envoye };
    essayer(() => sessionStorage.setItem(this.cle, JSON.stringify(note)));
  },
};

function essayer(faire) {
  try {
    return faire();
  } catch {
    return null;
  }
}

// What somebody can change, as a form sends it.
function saisie() {
  const champs = [...new FormData(formulaire)];
  return new URLSearchParams(champs.filter(([nom]) => formulaire.elements[nom]?.type !== "hidden"));
}

function remettre(notee) {
  for (const champ of formulaire.elements) {
    if (["hidden", "submit", "button"].includes(champ.type) || !champ.name) continue;
    if (["checkbox", "radio"].includes(champ.type)) champ.checked = notee.getAll(champ.name).includes(champ.value);
    else if (notee.has(champ.name)) champ.value = notee.get(champ.name);
  }
}

// Builds an element: attributes by name, then what is in it.
function element(nom, attributs = {}, ...contenu) {
  const fait = document.createElement(nom);
  for (const [quoi, valeur] of Object.entries(attributs)) fait.setAttribute(quoi, valeur);
  fait.append(...contenu);
  return fait;
}

// Said once: what is set again, the same, would be read again.
function annoncer(phrase) {
  if (etat.textContent !== phrase) etat.textContent = phrase;
}

const message = (texte, genre) => element("p", { class: "fr-message fr-message--" + genre }, texte);
const alerte = (texte) => element("div", { class: "fr-alert fr-alert--info fr-alert--sm" }, element("p", {}, texte));

// Offers what a cut, or a reload, would have lost.
function rappeler() {
  const note = memoire.lire();
  // Sent and received since: a page is only at a later revision if it was.
  const recue = formulaire.dataset.recu || (note?.envoye && Number(revision.value) > note.revision);
  if (!note || recue || note.saisie === saisie().toString()) return memoire.oublier();
  const reprendre = element("button", { class: "fr-btn fr-btn--sm", type: "button" }, "La reprendre");
  const oublier = element("button", { class: "fr-btn fr-btn--tertiary fr-btn--sm", type: "button" }, "L’oublier");
  const titre = element("p", { class: "fr-alert__title" }, "Une saisie qui n’avait pas pu être enregistrée a été retrouvée");
  const offre = element("div", { class: "fr-alert fr-alert--info", role: "status" }, titre, reprendre, " ", oublier);
  formulaire.before(offre);
  reprendre.addEventListener("click", () => {
    remettre(new URLSearchParams(note.saisie));
    offre.remove();
    enregistreur.noter();
  });
  oublier.addEventListener("click", () => {
    memoire.oublier();
    offre.remove();
  });
}

const enregistreur = {
  changements: 0, // how many there were; what was saved is what was there at some count
  enregistres: 0,
  enCours: false,
  arrete: false,
  essais: 0,
  minuterie: 0,
  reponse: null,

  noter() {
    this.changements += 1;
    memoire.noter();
    this.plusTard(CALME);
  },

  plusTard(delai) {
    clearTimeout(this.minuterie);
    if (!this.arrete) this.minuterie = setTimeout(() => this.enregistrer(), delai);
  },

  requete: (plus) => ({ method: "POST", body: new URLSearchParams([...new FormData(formulaire)]), redirect: "manual", ...plus }),

  async enregistrer() {
    if (this.enCours || this.arrete || this.enregistres === this.changements) return;
    const compte = this.changements;
    this.enCours = true;
    try {
      const reponse = await fetch(brouillon + "/enregistrer", this.requete());
      if (reponse.ok) this.reussir(compte, await reponse.json());
      else this.refuser(reponse.status || 401); // 0: sent to the log-in page
    } catch {
      this.refuser(0);
    } finally {
      this.enCours = false;
    }
  },

  reussir(compte, reponse) {
    this.enregistres = compte;
    this.essais = 0;
    this.reponse = reponse;
    revision.value = reponse.revision;
    annoncer("Enregistré à " + reponse.heure);
    if (compte === this.changements) memoire.oublier();
    else this.noter();
    dire(reponse);
  },

  // An answer is complete: what is wrong with it may be said.
  finir() {
    if (this.enregistres !== this.changements) this.plusTard(0);
    else if (this.reponse) setTimeout(() => dire(this.reponse));
  },

  refuser(statut) {
    annoncer(REFUS[statut] ?? HORS_LIGNE);
    this.arrete = statut in REFUS;
    this.plusTard(ATTENTES[Math.min(this.essais++, ATTENTES.length - 1)] * 1000);
  },

  // The page goes: one last try, that the browser makes by itself.
  partir() {
    clearTimeout(this.minuterie);
    if (this.arrete || this.enregistres === this.changements) return;
    const requete = this.requete({ keepalive: true });
    if (requete.body.toString().length < SURVIE_MAX) fetch(brouillon + "/enregistrer", requete).catch(() => {});
  },
};

// Says of each answer what is known of it, but not of the one that is being typed.
function dire({ champs, ecoles }) {
  for (const [nom, { erreur, avertissement }] of Object.entries(champs)) {
    const champ = document.getElementById(nom);
    const zone = document.getElementById(nom + "-messages");
    if (!champ || !zone || champ === document.activeElement) continue;
    zone.replaceChildren(...(erreur ? [message(erreur, "error")] : []));
    const groupe = zone.parentElement;
    groupe.classList.toggle(groupe.classList[0] + "--error", Boolean(erreur));
    if (erreur) champ.setAttribute("aria-invalid", "true");
    else champ.removeAttribute("aria-invalid");
    const aCote = formulaire.querySelector(`[data-avertissement="${nom}"]`);
    aCote?.replaceChildren(...(avertissement ? [alerte(avertissement)] : []));
  }
  const liste = formulaire.querySelector("[data-ecoles]");
  if (!liste) return;
  formulaire.querySelector("[data-compte]").textContent = ecoles.compte;
  liste.replaceChildren(
    ...ecoles.lignes.map(({ texte, nom, dit, genre }) => {
      const ligne = element("li", {}, element("strong", {}, texte), nom ? " – " + nom : "");
      if (dit) ligne.append(message(dit, genre === "fausse" ? "error" : "info"));
      return ligne;
    }),
  );
}

// Shows the communes that answer as one types: what the button does, without it.
function chercher(recherche) {
  const trouvees = formulaire.querySelector("[data-trouvees]");
  const nombre = formulaire.querySelector("[data-nombre]");
  let [minuterie, demandee] = [0, 0];

  async function demander(rang) {
    const criteres = { q: recherche.value, departement: new FormData(formulaire).get("departement") ?? "" };
    let communes = await (await fetch(recherche.dataset.recherche + "?" + new URLSearchParams(criteres))).json();
    if (!communes.length && criteres.departement) {
      communes = await (await fetch(recherche.dataset.recherche + "?" + new URLSearchParams({ q: criteres.q }))).json();
    }
    if (rang === demandee) montrer(communes);
  }

  function montrer(communes) {
    const choix = communes.map(({ code, libelle }, rang) => {
      const id = "commune_trouvee" + (rang ? "-" + (rang + 1) : "");
      const bouton = element("input", { type: "radio", id, name: "commune_trouvee", value: code });
      const texte = element("label", { class: "fr-label", for: id }, libelle + ", code Insee " + code);
      const choisir = element("div", { class: "fr-radio-group" }, bouton, texte);
      return element("div", { class: "fr-fieldset__element" }, choisir);
    });
    const legende = element("legend", { class: "fr-fieldset__legend" }, "Communes trouvées");
    trouvees.replaceChildren(...(choix.length ? [element("fieldset", { class: "fr-fieldset" }, legende, ...choix)] : []));
    nombre.textContent = choix.length > 1 ? choix.length + " communes trouvées." : choix.length ? "Une commune trouvée." : "Aucune commune trouvée.";
  }

  recherche.addEventListener("input", () => {
    clearTimeout(minuterie);
    demandee += 1;
    if (recherche.value.trim().length < SAISIE_MIN) return;
    minuterie = setTimeout((rang) => demander(rang).catch(() => {}), 300, demandee);
  });
}

function compter(reste) {
  const champ = formulaire.elements[reste.dataset.reste];
  champ.addEventListener("input", () => {
    const libres = Number(reste.dataset.maximum) - [...champ.value.trim()].length;
    const quoi = Math.abs(libres).toLocaleString("fr-FR") + (Math.abs(libres) > 1 ? " caractères." : " caractère.");
    reste.textContent = (libres < 0 ? "Retirez " : "Il reste ") + quoi;
  });
}

formulaire.addEventListener("input", ({ target }) => {
  if (target.name !== "recherche") enregistreur.noter();
});
formulaire.addEventListener("change", () => enregistreur.finir());
formulaire.addEventListener("submit", () => {
  clearTimeout(enregistreur.minuterie);
  if (enregistreur.enregistres !== enregistreur.changements) memoire.noter(true);
  enregistreur.arrete = true;
});
addEventListener("pagehide", () => enregistreur.partir());
addEventListener("pageshow", ({ persisted }) => {
  if (persisted) location.reload(); // come back to, as it was: what stands now may be another
});
addEventListener("online", () => enregistreur.plusTard(0));
formulaire.querySelectorAll("[data-recherche]").forEach(chercher);
formulaire.querySelectorAll("[data-reste]").forEach(compter);
rappeler();
