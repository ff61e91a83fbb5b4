"""A piece that arrives in parts (tus 1.0) or in a form, and what can be said of it at once.

protocole   what tus says in headers, read and checked
domain      an upload and its life; a refusal; what a person is told. Pure
flux        bytes as they come: bounded, never silent for long, cut into the chunks that are kept
formulaire  a file sent by a form without JavaScript
store       the only door to `televersements`, but for Pieces, which notes there what it has begun
examen      what the bounded readers see in a piece, in a French sentence
reception   what joins all these: receive, keep, examine, attach
"""
