"""Requests made from what the API says of itself, right and wrong: it never fails, and answers as it says."""

from typing import TYPE_CHECKING

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

if TYPE_CHECKING:
    from tests.integration.intake.conftest import Intake

JUGES = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
CLE = {"Authorization": "Bearer cle-de-demo"}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("mode", GenerationMode, ids=str)
def test_whatever_is_asked_the_api_answers_as_it_says(intake: "Intake", mode: GenerationMode) -> None:
    api = schemathesis.openapi.from_url(f"{intake.url}/api/openapi.json")
    operations = [trouvee.ok() for trouvee in api.get_all_operations()]

    for operation in operations:

        @settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def juger(case: schemathesis.Case) -> None:
            case.call_and_validate(base_url=intake.url, headers=CLE, checks=JUGES, timeout=30)

        juger()

    assert len(operations) == 4
