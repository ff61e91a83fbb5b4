"""The outside witness: a producer that writes down every answer it gets, and the checker that compares the books.

It shares no code with the services, nor with the contracts they are made from: what it knows of them is what their
documentation tells a producer, a mail relay, a titulaire and an operator. import-linter keeps it so.
"""
