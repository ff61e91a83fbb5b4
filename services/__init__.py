"""The map: what happens to a dossier, and which service does it.

    producer ─▶ intake ──DossierDéposé──▶ verification ──PiècesVérifiées──▶ intake (decides)
                                                                              │
                     CorrectionDemandée / DossierRefusé ◀── not valid ────────┤──── valid ──▶ DossierValidé
                                  │                                           │                    │
                                  ▼                                           ▼                    ▼
                             notification ◀──────────────────────────────────────────────────  aaf_dispatch
                                  ▲                                                                │
                                  └───────────── AAFLivré / LivraisonSuspendue ◀───────────────────┘
                                                 (also to intake, and to the titulaires' feed)

Services import `contracts` and `_runtime`, never one another.
"""
