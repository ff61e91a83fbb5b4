"""Puts aaf_dispatch together; importing has no effect."""

from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

from pydantic import Field, FilePath
from starlette.applications import Starlette

from services._runtime.service import Base, Parts, Service, application
from services._runtime.settings import RuntimeSettings, read_settings
from services._runtime.worker import Worker
from services.aaf_dispatch.fabrique import Fabrique
from services.aaf_dispatch.handlers import router
from services.aaf_dispatch.livreur import Livreur, Regles
from services.aaf_dispatch.mesures import mesurer
from services.aaf_dispatch.remise import Serveur
from services.aaf_dispatch.store import Store


class Settings(RuntimeSettings):
    """What aaf_dispatch needs besides."""

    titulaire: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,39}$", description="name of the titulaire du marché")]
    sftp_host: str
    sftp_port: Annotated[int, Field(ge=1, le=65535)] = 22
    sftp_user: str
    sftp_key_file: Annotated[FilePath, Field(description="private key of this service")]
    sftp_known_hosts: Annotated[FilePath, Field(description="known_hosts file that pins the server's key")]
    sftp_directory: str = "."
    annuaire_source: Annotated[Path, Field(description="directory or zip of the académie's 1D Complet")]
    annuaire_atelier: Annotated[
        Path, Field(description="work directory; holds pupils' data, emptied after each delivery")
    ]
    baisse_max: Annotated[float, Field(ge=0, le=1, description="part of the pupils that may go missing unapproved")] = (
        0.1
    )
    livraison_intervalle: Annotated[float, Field(ge=0, description="seconds between two deliveries at least")] = 60.0


def build(settings: Settings | None = None) -> Starlette:
    """Build the service."""
    given = settings or read_settings(Settings)
    regles = Regles(given.baisse_max, timedelta(seconds=given.livraison_intervalle))
    serveur = Serveur(
        given.sftp_host,
        given.sftp_port,
        given.sftp_user,
        given.sftp_key_file,
        given.sftp_known_hosts,
        given.sftp_directory,
    )

    def store(base: Base) -> Store:
        return Store(base, given.titulaire)

    def parts(store: Store) -> Parts:
        fabrique = Fabrique(given.annuaire_source, given.annuaire_atelier)
        tournee = Worker("livraison", Livreur(store, fabrique, serveur, regles).livrer, idle=1.0)
        mesure = Worker("mesure", partial(mesurer, store), idle=5.0)
        return Parts(workers=[tournee, mesure], context={"tournee": tournee}, resources=[fabrique])

    return application(Service("aaf_dispatch", given, router, store, parts))
