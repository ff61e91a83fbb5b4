"""Delivers to the titulaire the annuaire of the validated schools: always one cumulative Complet.

Écoute   DossierValidé, LivraisonApprouvée
Publie   AAFLivré, LivraisonSuspendue
Possède  perimetres, livraisons
"""
