"""`python -m deploy.rabbitmq`: the broker's accounts and its definitions.json, without the rest of compose.yaml."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from deploy.coffre import Coffre
from deploy.rabbitmq.comptes import installer, noms


def main(
    secrets: Annotated[Path, typer.Option(help="dossier des secrets, fermé aux autres ; créé s’il manque")],
    producteurs: Annotated[str, typer.Option(help="qui peut déposer par AMQP : noms séparés par des virgules")] = "",
    titulaires: Annotated[str, typer.Option(help="qui écoute les livraisons, chacun son flux")] = "",
    sortie: Annotated[Path, typer.Option(help="ce que RabbitMQ importe : des empreintes, aucun mot de passe")] = Path(
        "definitions.json"
    ),
    hote: Annotated[str, typer.Option(help="adresse du courtier dans les URL nouvelles")] = "rabbitmq:5672",
) -> None:
    """Crée les comptes RabbitMQ et le fichier definitions.json.

    Chaque utilisateur sans mot de passe en reçoit un, au hasard, dans SECRETS/rabbitmq_url_… (mode 0600) : un par
    service, rabbitmq_url_operateur, rabbitmq_url_producteur_NOM, rabbitmq_url_titulaire_NOM. Relancer la commande ne
    change rien à ce qui existe, et ajoute les noms nouveaux. Pour changer un mot de passe, effacez son fichier et
    relancez.

    RabbitMQ importe le fichier au démarrage (definitions.local.path) ou par « rabbitmqctl import_definitions ».
    L’import n’efface personne : pour retirer un compte, effacez son fichier, relancez, puis faites
    « rabbitmqctl delete_user ».

    Exemple : python -m deploy.rabbitmq --secrets ./secrets --producteurs demo --titulaires editeur
    """
    try:
        anciennes = sortie.read_text(encoding="utf-8") if sortie.exists() else None
        texte = installer(
            Coffre(secrets),
            hote=hote,
            producteurs=noms(producteurs),
            titulaires=noms(titulaires),
            anciennes=anciennes,
        )
        if texte != anciennes:
            sortie.write_text(texte, encoding="utf-8")
    except (ValueError, OSError) as erreur:
        sys.exit(f"deploy.rabbitmq : {erreur}")
    typer.echo(f"{sortie} : {'inchangé' if texte == anciennes else 'écrit'}")


if __name__ == "__main__":
    typer.run(main)
