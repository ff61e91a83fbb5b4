// One tick for all the dossiers of the page that may be validated together.
for (const formulaire of document.querySelectorAll("form[data-ensemble]")) {
  const cases = [...formulaire.querySelectorAll('input[name="choix"]')];
  const bouton = document.createElement("button");
  bouton.type = "button";
  bouton.className = "fr-btn fr-btn--tertiary fr-btn--sm";
  const nommer = () => {
    bouton.textContent = cases.every((une) => une.checked) ? "Tout décocher" : "Tout cocher";
  };
  bouton.addEventListener("click", () => {
    const cochees = !cases.every((une) => une.checked);
    for (const une of cases) une.checked = cochees;
    nommer();
  });
  formulaire.addEventListener("change", nommer);
  nommer();
  formulaire.prepend(bouton);
}
