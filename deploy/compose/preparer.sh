#!/bin/sh
# Makes ./secrets with the image itself: nothing but a container engine is needed on the host.
#   sh deploy/compose/preparer.sh --producteurs demo --titulaires editeur      (or --help)
# MOTEUR: docker (default) or podman. ENT1D_SECRETS, ENT1D_IMAGE: as in compose.yaml.
set -eu
dossier=${ENT1D_SECRETS:-./secrets}
mkdir -p "$dossier"
chmod 700 "$dossier"
exec "${MOTEUR:-docker}" run --rm --network none --read-only --cap-drop ALL --security-opt no-new-privileges \
  --user "$(id -u):$(id -g)" --volume "$(cd "$dossier" && pwd):/secrets" \
  "${ENT1D_IMAGE:-ent1d}" python3 -m deploy.compose --secrets /secrets "$@"
