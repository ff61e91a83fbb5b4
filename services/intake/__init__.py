"""Receives dossiers, owns them, decides.

Écoute   SoumettreDossier, PiècesVérifiées, AAFLivré, LivraisonSuspendue
Publie   DossierDéposé, CorrectionDemandée, DossierValidé, DossierRefusé
Possède  dossiers, pieces (GridFS), televersements
"""
