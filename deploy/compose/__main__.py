"""`python -m deploy.compose`: makes every secret that compose.yaml mounts, and says what only a person can bring."""

import hashlib
import json
import secrets as hasard
import sys
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import asyncssh
import typer

from deploy.coffre import MONTABLE, Coffre
from deploy.rabbitmq.comptes import installer, noms

DEFINITIONS: Final = "rabbitmq_definitions.json"
HOTES_SFTP: Final = "sftp_hosts"
_OCTETS_CLE_MONGO: Final = 567  # 756 characters: mongod takes 6 to 1024


def main(
    secrets: Annotated[Path, typer.Option(help="dossier que compose.yaml monte ; créé s’il manque, fermé aux autres")],
    producteurs: Annotated[
        str, typer.Option(help="qui peut déposer (HTTP, AMQP) : noms à ajouter, avec des virgules")
    ] = "",
    titulaires: Annotated[str, typer.Option(help="qui écoute les livraisons : noms à ajouter, avec des virgules")] = "",
    rabbitmq: Annotated[str, typer.Option(help="adresse du courtier dans les URL nouvelles")] = "rabbitmq:5672",
    mongodb: Annotated[str, typer.Option(help="membres du replica set dans l’URL nouvelle")] = "mongo:27017",
) -> None:
    """Prépare tous les secrets de compose.yaml.

    Ce qui existe est gardé : relancer la commande ajoute ce qui manque (un producteur nouveau, par exemple ; ensuite,
    « docker compose restart rabbitmq intake » le fait connaître). Les clés d’API sont affichées une seule fois, à leur
    création : intake n’en garde que l’empreinte. Pour changer un secret, effacez son fichier (pour une clé d’API, sa
    ligne dans « producteurs ») et relancez.

    Exemple : python -m deploy.compose --secrets ./secrets --producteurs demo --titulaires editeur
    """
    try:
        listes = noms(producteurs), noms(titulaires)
        coffre = Coffre(secrets, mode=MONTABLE)
        _courtier(coffre, rabbitmq, *listes)
        _base(coffre, mongodb)
        nouvelles = cles_api(coffre, listes[0])
        publique = cle_sftp(coffre)
    except (ValueError, OSError) as erreur:
        sys.exit(f"deploy.compose : {erreur}")
    for nom, cle in nouvelles.items():
        typer.echo(f"Clé d’API de {nom}, affichée cette seule fois : {cle}")
    typer.echo(f"Clé publique à faire autoriser par le titulaire : {publique}")
    if coffre.lire(HOTES_SFTP) is None:
        typer.echo(f"Reste à apporter, dans le fichier {HOTES_SFTP} : la ligne known_hosts du serveur du titulaire")


def cles_api(coffre: Coffre, producteurs: Sequence[str]) -> dict[str, str]:
    """Make the API key of each producer who has none; give the new ones. The file keeps their SHA-256.

    Raises ValueError when nobody would have a key: intake does not start without a producer.
    """
    empreintes = json.loads(coffre.lire("producteurs") or "{}")
    nouvelles = {nom: hasard.token_urlsafe(32) for nom in producteurs if nom not in empreintes}
    empreintes |= {nom: hashlib.sha256(cle.encode()).hexdigest() for nom, cle in nouvelles.items()}
    if not empreintes:
        raise ValueError("il faut au moins un producteur (--producteurs)")
    coffre.ecrire("producteurs", json.dumps(empreintes, indent=1))
    return nouvelles


def cle_sftp(coffre: Coffre) -> str:
    """Give the public half of the key that aaf_dispatch shows the titulaire's server, in authorized_keys format."""
    privee = coffre.garder(
        "sftp_key", lambda: asyncssh.generate_private_key("ssh-ed25519", "aaf_dispatch").export_private_key().decode()
    )
    return asyncssh.import_private_key(privee).export_public_key().decode().strip()


def _courtier(coffre: Coffre, hote: str, producteurs: Sequence[str], titulaires: Sequence[str]) -> None:
    texte = installer(
        coffre, hote=hote, producteurs=producteurs, titulaires=titulaires, anciennes=coffre.lire(DEFINITIONS)
    )
    coffre.ecrire(DEFINITIONS, texte)


def _base(coffre: Coffre, membres: str) -> None:
    coffre.garder("mongo_keyfile", lambda: b64encode(hasard.token_bytes(_OCTETS_CLE_MONGO)).decode())
    coffre.garder("mongo_root_password", lambda: hasard.token_urlsafe(32))
    coffre.garder("mongodb_url", lambda: f"mongodb://ent1d:{hasard.token_urlsafe(32)}@{membres}/?replicaSet=rs0")


if __name__ == "__main__":
    typer.run(main)
