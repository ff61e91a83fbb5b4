"""Examines each version of a dossier, and says what it found.

Écoute   DossierDéposé
Publie   PiècesVérifiées
Possède  verifications
"""
