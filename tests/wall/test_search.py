"""A search finds exactly what each row itself says, whichever way was taken to it."""

import random
import string
from collections.abc import Iterator
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.databases import Database
from tests.world import World
from vestibule.directory import database as declared_database
from vestibule.directory import search
from vestibule.directory.actions.populations import create_population
from vestibule.directory.models import Grant, Place, User
from vestibule.directory.querysets import words_of
from vestibule.directory.scope import OutsideScope, firm_scope, migrating

SEARCHED: dict[str, Any] = {"directory_user": User, "directory_place": Place}
ODD_TEXTS = (
    "100% sûr", "a_b a%b", r"back\slash", 'say "hello"', "o'brien", "near/2 and or not",
    "col:umn ^start *", "(paren) {brace} -minus +plus", "naïve café übergröße", "ǆ ﬁn ℡ ａｂｃ",
    "日本語テキスト", "👩‍👩‍👧 family", "aa", "aaa", "aaaa", "tel", "TEL",
)  # fmt: skip
WORDS = ("%", "_", "\\", '"', "'", "*", "a", "aa", "aaa", "du", "people", "example", "00", "000")


@pytest.fixture
def crowd(world: World) -> World:
    """Fill both firms with people, some of whom have texts that a search could stumble over."""
    for firm in (world.morel, world.rivage):
        create_population(firm.operator(), companies=range(1, 13), people=range(1, 61))
        with firm.scope():
            draw = random.Random(firm.slug)
            rows: list[Any] = [*User.objects.filter(firm_id=firm.id).order_by("pk")]
            rows += Place.objects.filter(firm_id=firm.id, acts_as="company").order_by("pk")
            for row, text in zip(draw.sample(rows, len(ODD_TEXTS)), ODD_TEXTS, strict=True):
                row.search_text = f"{row.search_text} {text}"
                row.save(update_fields=["search_text"])
    return world


@pytest.fixture(params=[(2, 8), (10, 40), (search.RARE, search.WIDE)], ids=lambda few: f"{few[0]}")
def threshold(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let few rows count as rare, so that a small crowd takes every way."""
    rare, wide = request.param
    monkeypatch.setattr(search, "RARE", rare)
    monkeypatch.setattr(search, "WIDE", wide)


def said_of_people(actor: Any) -> dict[UUID, list[str]]:
    """Return what each user whom the actor sees is found by: the plain definition."""
    said = {user.pk: [user.search_text] for user in User.objects.visible_to(actor)}
    places = {place.pk: place.search_text for place in Place.objects.filter(firm_id=actor.firm_id)}
    for grant in Grant.objects.visible_to(actor).not_over().filter(user_id__in=said):
        if grant.user_id != actor.user_id or sees_at(actor, grant):
            said[grant.user_id].append(places[grant.place_id])
    return said


def sees_at(actor: Any, grant: Any) -> bool:
    from vestibule.directory.querysets import reach_of

    found = reach_of(actor, "vestibule.users.read")
    return any(grant.place.path.startswith(root.path) for root in found.roots)


def holding(said: dict[UUID, list[str]], text: str) -> set[UUID]:
    return {
        pk
        for pk, texts in said.items()
        if all(any(word in each for each in texts) for word in words_of(text))
    }


def pieces(said: dict[UUID, list[str]]) -> list[str]:
    """Return parts of what is there, of every length, so that searches find something."""
    draw, found = random.Random(1), []
    texts = [text for texts in said.values() for text in texts if text]
    for _each in range(60):
        text = draw.choice(texts)
        start = draw.randrange(len(text))
        found.append(text[start : start + draw.randint(1, 9)])
    return found


@pytest.mark.usefixtures("threshold")
class TestExactlyThoseThatHoldEachWord:
    def test_among_people(self, crowd: World) -> None:
        with crowd.scope():
            readers = [crowd.actor(name) for name in ("practitioner", "director", "co_director")]
            said = {reader: said_of_people(reader) for reader in readers}
            known = pieces(said[readers[0]])

            @settings(max_examples=60)
            @given(self.texts(known), st.sampled_from(readers))
            def ask(text: str, reader: Any) -> None:
                found = User.objects.visible_to(reader).matching(text)
                assert set(found.values_list("pk", flat=True)) == holding(said[reader], text)

            ask()

    def test_among_places(self, crowd: World) -> None:
        with crowd.scope():
            seen = Place.objects.visible_to(crowd.actor("practitioner"))
            said = {place.pk: [place.search_text] for place in seen}
            known = pieces(said)

            @settings(max_examples=60)
            @given(self.texts(known))
            def ask(text: str) -> None:
                found = set(seen.matching(text).values_list("pk", flat=True))
                assert found == holding(said, text)

            ask()

    def texts(self, known: list[str]) -> st.SearchStrategy[str]:
        letters = string.ascii_letters + string.digits + "%_\\\"'*^:()-+ éèüßñ日本\x00"
        one = st.one_of(
            st.sampled_from(known),
            st.sampled_from((*WORDS, *ODD_TEXTS)),
            st.text(letters, max_size=6),
        )
        return st.lists(one, min_size=1, max_size=4).map(" ".join)


class TestTheIndexFollowsTheRows:
    @pytest.fixture(autouse=True)
    def _in_scope(self, world: World) -> Iterator[None]:
        with world.scope():
            yield

    def found(self, word: str) -> set[UUID]:
        ids = search.rows_holding("directory_user")(word, 1000)
        assert ids is not None
        return ids

    def test_a_changed_text_is_found_and_the_old_one_is_not(self, world: World) -> None:
        pk = world.morel.people["standard"]
        User.objects.filter(pk=pk).update(search_text="zygomorphic")
        assert self.found("zygomorph") == {pk}
        User.objects.filter(pk=pk).update(search_text="something else")
        assert self.found("zygomorph") == set()
        assert pk in self.found("thing els")

    def test_who_is_gone_is_not_found(self, world: World) -> None:
        pk = world.morel.people["standard"]
        User.objects.filter(pk=pk).update(search_text="zygomorphic")
        with connection.cursor() as cursor:
            key = pk if connection.vendor == "postgresql" else pk.hex
            cursor.execute("DELETE FROM directory_user WHERE id = %s", [key])
        assert self.found("zygomorph") == set()


class TestARemakeOfATableOnSqlite:
    """It takes the triggers away: `migrate` makes the index anew."""

    def test_what_was_written_meanwhile_is_found(self, world: World, database: Database) -> None:
        if database.vendor != "sqlite":
            pytest.skip("PostgreSQL keeps the index itself")
        pk = world.morel.people["standard"]
        database.rows("DROP TRIGGER directory_user_search_update")
        database.rows("UPDATE directory_user SET search_text = 'zygomorphic' WHERE id = ?", pk.hex)
        with migrating():
            declared_database.apply(connection)

        with world.scope():
            assert search.rows_holding("directory_user")("zygomorph", 9) == {pk}
        assert declared_database.present(connection) == declared_database.declared(connection)

    def test_after_a_vacuum_each_row_is_still_itself(
        self, world: World, database: Database
    ) -> None:
        if database.vendor != "sqlite":
            pytest.skip("PostgreSQL numbers no rows")
        with world.scope():
            pk = world.morel.people["waiting"]
            User.objects.filter(pk=pk).update(search_text="zygomorphic")
        database.rows("DELETE FROM directory_user WHERE id = ?", world.morel.people["standard"].hex)
        database.rows("VACUUM")
        with world.scope():
            assert search.rows_holding("directory_user")("zygomorph", 9) == {pk}


class TestTheWall:
    """The index knows all firms; nobody is told of another's row."""

    def test_no_word_finds_a_foreign_row(self, crowd: World) -> None:
        for firm, (table, model) in product((crowd.morel, crowd.rivage), SEARCHED.items()):
            with firm.scope():
                own = set(model.objects.filter(firm_id=firm.id).values_list("pk", flat=True))
                for word in ("people", "estran", "moulin", "director", "groupe", "aaa", "%%%"):
                    found = search.rows_holding(table)(word, 100_000)
                    assert found is not None
                    assert found <= own, word

    def test_outside_a_scope_the_index_tells_nothing(
        self, crowd: World, database: Database
    ) -> None:
        find = search.rows_holding("directory_user")
        if database.vendor == "sqlite":
            with pytest.raises(OutsideScope):
                find("people", 10)
            for table in ("directory_user_trigrams", "directory_user_trigrams_data",
                          "directory_place_numbered"):  # fmt: skip
                with pytest.raises(OutsideScope), connection.cursor() as cursor:
                    cursor.execute(f"SELECT * FROM {table}")
            return
        assert find("people", 10) == set()

    def test_on_postgresql_the_role_that_serves_is_not_the_one_that_searches(
        self, crowd: World, database: Database
    ) -> None:
        if database.vendor != "postgresql":
            pytest.skip("SQLite has no roles")
        role = declared_database.SEARCH_ROLE
        for statement in (
            f"SET ROLE {role}",
            f"GRANT {role} TO {declared_database.APP_ROLE}",
            f"ALTER FUNCTION directory_user_holding(text, integer) OWNER TO {declared_database.APP_ROLE}",
            "CREATE OR REPLACE FUNCTION directory_user_holding(word text, most integer)"
            " RETURNS SETOF uuid LANGUAGE sql AS 'SELECT id FROM directory_user'",
        ):
            with pytest.raises(DatabaseError), crowd.scope(), connection.cursor() as cursor:
                cursor.execute(statement)
        assert database.rows(
            "SELECT rolsuper, rolbypassrls, rolcanlogin, rolinherit FROM pg_roles WHERE rolname = ?",
            role,
        ) == [(False, False, False, True)]
        assert database.rows(
            "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.roleid"
            " WHERE r.rolname = ?",
            role,
        ) == [(0,)]

    def test_on_postgresql_a_login_that_is_a_member_of_it_does_not_serve(
        self, database: Database
    ) -> None:
        if database.vendor != "postgresql":
            pytest.skip("SQLite has no roles")
        role = declared_database.SEARCH_ROLE
        database.rows(f"GRANT {role} TO vestibule_owner")
        try:
            assert role in declared_database.app_role_fault(connection)
        finally:
            database.rows(f"REVOKE {role} FROM vestibule_owner")
        assert declared_database.app_role_fault(connection) == ""


def test_a_rare_word_is_looked_up_and_a_common_one_is_not(crowd: World) -> None:
    with firm_scope(crowd.morel.id):
        find = search.rows_holding("directory_user")
        assert find("000042@people", 3) is not None
        assert find("people", 3) is None


def test_without_its_index_a_search_would_miss_nothing(
    crowd: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The index only says where to look."""
    with crowd.scope():
        everybody = User.objects.visible_to(crowd.actor("practitioner"))
        known = [set(everybody.matching(word).values_list("pk", flat=True)) for word in WORDS]
        monkeypatch.setattr(search, "is_indexed", lambda word: False)
        again = [set(everybody.matching(word).values_list("pk", flat=True)) for word in WORDS]
    assert known == again


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=12))
def test_no_text_breaks_a_search(world: World, text: str) -> None:
    with world.scope():
        list(User.objects.visible_to(world.actor("practitioner")).matching(text)[:3])
