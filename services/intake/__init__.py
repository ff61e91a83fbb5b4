"""Receives dossiers, owns them, decides.

Écoute   SoumettreDossier, PiècesVérifiées, AAFLivré, LivraisonSuspendue
Publie   DossierDéposé, CorrectionDemandée, DossierValidé, DossierRefusé, DossierClassé, LivraisonApprouvée
Possède  dossiers, pieces (GridFS), televersements, brouillons
Possède  comptes, liens, sessions, tentatives, communes, ecoles, referentiels
"""
