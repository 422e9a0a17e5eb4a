"""`vestibule demo --users --companies`: so many people, however often it is called."""

import io

import pytest

from tests.actions.doing import create, fresh
from tests.support.databases import Database
from tests.world import World
from vestibule.cli.progress import Progress
from vestibule.directory.models import OutboxMessage


class TestHowFarItHasGot:
    def test_is_told_in_a_few_plain_lines_where_nobody_watches(self) -> None:
        out = io.StringIO()
        with Progress(out).step("users", 1000) as advance:
            for _batch in range(100):
                advance(10)
        lines = out.getvalue().splitlines()
        assert len(lines) == 10
        assert lines[-1].startswith("users: 1000 of 1000, ")

    def test_is_a_bar_on_a_terminal(self) -> None:
        class Terminal(io.StringIO):
            def isatty(self) -> bool:
                return True

        out = Terminal()
        with Progress(out).step("users", 20) as advance:
            advance(20)
        assert "20/20" in out.getvalue()

    def test_of_nothing_is_not_told(self) -> None:
        out = io.StringIO()
        with Progress(out).step("users", 0) as advance:
            advance(0)
        assert out.getvalue() == ""


class TestSoManyPeople:
    def test_a_run_that_was_killed_is_completed_by_the_next(
        self, database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from vestibule.cli import demo
        from vestibule.directory import audit
        from vestibule.directory.actions import populations
        from vestibule.directory.models import Firm, User
        from vestibule.directory.scope import firm_scope

        monkeypatch.setattr(demo, "BATCH", 20)
        firm = Firm.objects.get(slug="morel")
        real, calls = populations.create_population, []

        def killed_at_the_fourth(*arguments: object, **keywords: object) -> object:
            calls.append(keywords)
            if len(calls) == 4:
                raise KeyboardInterrupt
            return real(*arguments, **keywords)  # type: ignore[arg-type]

        with firm_scope(firm):
            before = User.objects.filter(firm_id=firm.pk).count()
        monkeypatch.setattr(populations, "create_population", killed_at_the_fourth)
        with pytest.raises(KeyboardInterrupt):
            demo.populate(firm, companies=30, users=50, progress=Progress(io.StringIO()))
        monkeypatch.setattr(populations, "create_population", real)
        demo.populate(firm, companies=30, users=50, progress=Progress(io.StringIO()))

        with firm_scope(firm):
            assert User.objects.filter(firm_id=firm.pk).count() == before + 50
            assert audit.verify(firm.pk).faults == ()


def test_nobody_who_was_invited_by_hand_is_let_in_by_loading_the_demo_again(world: World) -> None:
    """Else a restart of the demo would accept other people's invitations with its own password."""
    from vestibule.cli import demo
    from vestibule.directory.models import Firm

    by_hand = create(world, send_email=True, email="by.hand@people.example", key="by hand")
    its_own = create(world, send_email=True, email="user@demo.example", key="its own")
    firm = Firm.objects.get(slug="morel")

    demo._let_in(firm, world.password, ["user@demo.example"])

    assert (fresh(by_hand).state, fresh(its_own).state) == ("invited", "active")
    with world.scope():
        [mail] = OutboxMessage.objects.filter(user_id=by_hand.pk)
    assert mail.state == "queued"
