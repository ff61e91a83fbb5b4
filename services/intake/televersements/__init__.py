"""A piece that arrives in parts (tus 1.0) or in a form, and what can be said of it at once."""
