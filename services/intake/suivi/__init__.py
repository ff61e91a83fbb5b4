"""What its déposant is shown of a dossier, in words, made from the document alone. Pure: no page, no base."""
