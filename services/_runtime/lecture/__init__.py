"""What a file is, found by bounded worker processes: facts and codes, never its text, and no judgement of them.

How a person is told of it is in `mots`.
"""
