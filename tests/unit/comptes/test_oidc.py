"""What a provider may publish of itself."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.intake.comptes.oidc import Decouverte

POINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


def publie(emetteur: str = "https://proconnect.exemple/api/v2", **autres: Any) -> Decouverte:  # noqa: ANN401 - JSON
    return Decouverte.model_validate({"issuer": emetteur, **{p: f"{emetteur}/{p}" for p in POINTS}, **autres})


@pytest.mark.parametrize("point", POINTS)
def test_a_provider_reached_by_https_is_reached_by_nothing_else(point: str) -> None:
    with pytest.raises(ValidationError, match="chiffré"):
        publie(**{point: "http://proconnect.exemple/x"})
    assert publie("http://127.0.0.1:1/api/v2")


def test_our_secret_goes_in_the_body_where_it_may() -> None:
    assert publie().methode == "client_secret_basic"
    assert publie(token_endpoint_auth_methods_supported=["client_secret_post"]).methode == "client_secret_post"
    tout = ["client_secret_basic", "private_key_jwt", "client_secret_post"]
    assert publie(token_endpoint_auth_methods_supported=tout).methode == "client_secret_post"
