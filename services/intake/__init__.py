"""Receives dossiers, owns them, decides.

Écoute   SoumettreDossier, PiècesVérifiées, AAFLivré, LivraisonSuspendue
Publie   DossierDéposé, CorrectionDemandée, DossierValidé, DossierRefusé, DossierClassé, LivraisonApprouvée
Possède  dossiers, pieces (GridFS), televersements, brouillons, comptes, liens, sessions, tentatives, communes, ecoles
"""
