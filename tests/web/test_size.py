"""A page asks as many questions of the database for fifty people as for five."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.web.pages import PREFIX, signed_in
from tests.world import World
from vestibule.directory.actions.populations import create_population


@pytest.mark.parametrize("address", ["/users/", "/users/?q=people", "/companies/"])
def test_the_number_of_questions_does_not_grow_with_the_rows(world: World, address: str) -> None:
    browser = signed_in(world, "practitioner")

    def asked() -> int:
        answer: Any = browser.get(f"{PREFIX}{address}")
        assert answer.status_code == 200
        with CaptureQueriesContext(connection) as captured:
            browser.get(f"{PREFIX}{address}")
        return len(captured)

    few = asked()
    create_population(world.morel.operator(), companies=range(1, 61), people=range(1, 121))
    assert asked() <= few + 1  # one more where somebody's invitation is split by what became of it
