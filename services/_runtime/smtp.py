"""Where the relay is, how to speak to it, and how long to wait for it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, FilePath, SecretStr, model_validator

from contracts.valeurs import Courriel
from services._runtime.settings import RuntimeSettings


class Securite(StrEnum):
    """How the connection is protected: with `starttls` or `tls`, and a valid certificate, or nothing is sent."""

    AUCUNE = "aucune"
    STARTTLS = "starttls"
    TLS = "tls"


class ReglagesSmtp(BaseModel):
    """Where the relay is and how to speak to it; delays in seconds.

    `retour` is the envelope sender: the mailbox where bounces go, which carry our Message-ID. `autorite` is a file of
    certification authorities, when the relay's is not a public one.

    RFC 5321 gives the relay 10 minutes to answer the final dot. A worker holds a lease meanwhile, and a relay that
    filters before accepting answers within a minute: after `delai_reponse` the envoi is in doubt, which has a policy.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    hote: str
    port: Annotated[int, Field(ge=1, le=65535)]
    securite: Securite
    retour: Courriel
    utilisateur: str | None = None
    mot_de_passe: SecretStr | None = None
    autorite: Path | None = None
    delai_connexion: Annotated[float, Field(gt=0)] = 10.0  # TCP, greeting, TLS and login together
    delai_commandes: Annotated[float, Field(gt=0)] = 30.0  # sender, recipient and body together
    delai_reponse: Annotated[float, Field(gt=0)] = 120.0  # after the final dot

    @model_validator(mode="after")
    def _identite_entiere_et_protegee(self) -> Self:
        if (self.utilisateur is None) != (self.mot_de_passe is None):
            raise ValueError("utilisateur et mot_de_passe vont ensemble")
        if self.utilisateur is not None and self.securite is Securite.AUCUNE:
            raise ValueError("un mot de passe ne part pas sans chiffrement : choisir starttls ou tls")
        return self

    @property
    def duree_max(self) -> float:
        """Seconds that one `envoyer` may last: a lease must be longer."""
        return self.delai_connexion + self.delai_commandes + self.delai_reponse


class SmtpSettings(RuntimeSettings):
    """What a service that sends mails needs besides."""

    smtp_host: str
    smtp_port: Annotated[int, Field(ge=1, le=65535)]
    smtp_securite: Annotated[Securite, Field(description="aucune, starttls or tls")]
    smtp_user: str | None = None
    smtp_password: SecretStr | None = None
    smtp_autorite: FilePath | None = None
    mail_from: Annotated[Courriel, Field(description="sender, and mailbox of the bounces")]
    mail_reply_to: Annotated[Courriel, Field(description="a mailbox that somebody reads")]

    def relais(self) -> ReglagesSmtp:
        """Give where the relay is; bounces go to the sender."""
        return ReglagesSmtp(
            hote=self.smtp_host,
            port=self.smtp_port,
            securite=self.smtp_securite,
            retour=self.mail_from,
            utilisateur=self.smtp_user,
            mot_de_passe=self.smtp_password,
            autorite=self.smtp_autorite,
        )
