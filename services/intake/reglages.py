"""The settings of intake, and what of them the portal needs."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, DirectoryPath, Field, HttpUrl, SecretStr, model_validator
from yarl import URL

from contracts.valeurs import Courriel
from services._runtime.smtp import SmtpSettings


class Theme(StrEnum):
    """What dresses the pages: ours, or the DSFR, which the State's licence reserves for its services."""

    NEUTRE = "neutre"
    DSFR = "dsfr"


class ReglagesFournisseur(BaseModel):
    """A provider of identities, by OpenID Connect. The rest is read from its discovery document."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    nom: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,29}$", description="names its routes: proconnect")]
    libelle: Annotated[str, Field(min_length=1, max_length=60, description="what its button says: ProConnect")]
    emetteur: HttpUrl
    client: str
    secret: SecretStr
    portees: tuple[str, ...] = ("openid", "email")
    acr: Annotated[tuple[str, ...], Field(description="levels of assurance: asked for, and no other is accepted")] = ()
    agents: bool = False  # whether it may also identify agents, its own second factor being theirs


PORTAIL: Final = "ent1d"  # as a producteur


def _pas_le_portail(nom: str) -> str:
    if nom == PORTAIL:
        raise ValueError("ce nom est celui du portail")
    return nom


Mention: TypeAlias = Annotated[str, Field(max_length=300)]


class Settings(SmtpSettings):
    """What intake needs besides."""

    producteurs: Annotated[
        dict[Annotated[str, AfterValidator(_pas_le_portail)], Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]],
        Field(min_length=1, description='JSON: {"name": "SHA-256 of its API key, in hex"}'),
    ]
    public_url: Annotated[HttpUrl, Field(description="public base URL of intake, for the links and the cookies")]
    fournisseurs: tuple[ReglagesFournisseur, ...] = ()
    validation_automatique: Annotated[bool, Field(description="false: an agent validates what is conforme")] = True
    theme: Theme = Theme.NEUTRE
    dsfr_dir: DirectoryPath | None = None
    service: Annotated[str, Field(description="who answers for the procedure, as pages and papers name it")] = (
        "Académie de Créteil"
    )

    dpo: Annotated[Courriel | Literal[""], Field(description="the data protection officer, for the legal page")] = ""
    publication: Annotated[Mention, Field(description="who directs the publication, as the law wants it said")] = ""
    hebergement: Annotated[Mention, Field(description="who hosts the service: name, address, telephone")] = ""

    @model_validator(mode="after")
    def _le_dsfr_est_la(self) -> Self:
        if self.theme is Theme.DSFR and not (self.dsfr_dir and (self.dsfr_dir / "dsfr.min.css").is_file()):
            raise ValueError("THEME=dsfr demande DSFR_DIR, le dossier dist du paquet @gouvfr/dsfr")
        return self


@dataclass(frozen=True)
class ReglagesPortail:
    """What pages need to know of the settings. `base` ends with no slash."""

    base: str
    service: str
    theme: Theme
    fournisseurs: tuple[ReglagesFournisseur, ...]
    dsfr_dir: Path | None = None
    aide: str = ""  # a mailbox that somebody reads
    dpo: str = ""
    publication: str = ""
    hebergement: str = ""

    @classmethod
    def de(cls, settings: Settings) -> Self:
        """Take them from the settings."""
        return cls(
            base=str(settings.public_url).rstrip("/"),
            service=settings.service,
            theme=settings.theme,
            fournisseurs=settings.fournisseurs,
            dsfr_dir=settings.dsfr_dir,
            aide=settings.mail_reply_to,
            dpo=settings.dpo,
            publication=settings.publication,
            hebergement=settings.hebergement,
        )

    @property
    def origine(self) -> str:
        """Give the origin that browsers name: scheme, host and port."""
        return str(URL(self.base).origin())

    @property
    def hote(self) -> str:
        """Give the one host name that requests may ask for."""
        return URL(self.base).host or ""

    @property
    def chiffre(self) -> bool:
        """Tell whether people reach us by HTTPS: then the cookie travels by nothing else."""
        return self.base.startswith("https://")

    @property
    def cookie(self) -> str:
        """Name the session cookie. `__Host-` binds it to this host and to HTTPS."""
        return "__Host-ent1d" if self.chiffre else "ent1d"
