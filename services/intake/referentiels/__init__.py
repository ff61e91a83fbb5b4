"""Communes and schools, as the State publishes them: looked up by the form, imported by `ent1d referentiel`."""
