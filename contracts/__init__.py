"""What a producer, a titulaire and the four services agree on: models only, no I/O, no rule."""
