"""The récapitulatif and the attestation de dépôt, as PDF: values in, bytes out."""
