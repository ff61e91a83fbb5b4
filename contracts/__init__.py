"""What a producer, a titulaire and the four services agree on: models and the documents made from them, no rule."""
