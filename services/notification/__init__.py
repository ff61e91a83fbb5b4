"""Tells people: each mail once, in French, and a journal of what became of it.

Écoute   DossierDéposé, CorrectionDemandée, DossierValidé, DossierRefusé, DossierClassé, AAFLivré, LivraisonSuspendue
Publie   rien
Possède  envois
"""
