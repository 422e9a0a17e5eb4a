"""Where = here = who = what, and all of them agree with a truth found by walking the tree.

The truth below asks each place for its parent, one step at a time, and knows neither paths nor
`reach.py`. Consistency alone would not find a fault that all the answers share; the truth alone
would not find one that only one of them has.
"""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.authz.trees import BANK, EDIT, GATED, INVITE, NOW, PAYROLL, READ, Tree, standing
from vestibule.authz.reach import bits_at, decide, reach, who
from vestibule.authz.standing import Span, Standing

BITS = [READ, EDIT, INVITE, PAYROLL, BANK]
UNDER = {
    "firm": ["group", "company"],
    "group": ["company"],
    "company": ["establishment"],
    "establishment": [],
}

instants = st.integers(-5, 5).map(lambda days: NOW + timedelta(days=days))


@st.composite
def spans(draw: Any) -> Span:
    since = draw(instants)
    length = draw(st.none() | st.integers(0, 6))
    return Span(since, None if length is None else since + timedelta(days=length))


@st.composite
def trees(draw: Any) -> Tree:
    tree = Tree().add(0, None, "firm")
    for number in range(1, draw(st.integers(2, 9))):
        parents = [node for node in tree.nodes.values() if UNDER[node.acts_as]]
        parent = draw(st.sampled_from(parents))
        acts_as = draw(st.sampled_from(UNDER[parent.acts_as]))
        options: dict[str, Any] = {}
        if acts_as == "company":
            options["open"] = tuple(draw(st.lists(spans(), max_size=2)))
            options["enabled"] = tuple(
                draw(st.lists(st.tuples(st.sampled_from([PAYROLL, BANK]), spans()), max_size=3))
            )
        tree = tree.add(number, parent.number, acts_as, **options)
    return tree


@st.composite
def people(draw: Any, tree: Tree) -> Standing:
    grants = draw(
        st.lists(
            st.tuples(
                st.sampled_from(sorted(tree.nodes)),
                st.sets(st.sampled_from(BITS)).map(sum),
                spans(),
            ),
            max_size=5,
        )
    )
    return standing(
        tree,
        *grants,
        is_staff=draw(st.booleans()),
        active=tuple(draw(st.lists(spans(), min_size=1, max_size=2))),
        user=draw(st.integers(1, 1000)),
    )


def truth(tree: Tree, person: Standing, bit: int, number: int, at: Any) -> bool:
    """Answer by walking from the place upwards: some grant says yes, and nothing says no."""
    if not any(
        span.since <= at and not (span.until and span.until <= at) for span in person.active
    ):
        return False
    line = tree.line(number)
    ids = {node.id for node in line}
    given_there = [
        grant
        for grant in person.grants
        if grant.place_id in ids
        and grant.bits & bit
        and grant.span.since <= at
        and (grant.span.until is None or at < grant.span.until)
    ]
    if not given_there:
        return False
    for node in line:
        if node.acts_as != "company":
            continue
        is_open = any(span.holds(at) for span in node.open)
        if not is_open and not person.is_staff:
            return False
        if bit & GATED and not any(mask & bit and span.holds(at) for mask, span in node.enabled):
            return False
    return True


@given(st.data())
def test_every_question_has_the_answer_that_walking_the_tree_gives(data: st.DataObject) -> None:
    tree = data.draw(trees())
    persons = [data.draw(people(tree)) for _ in range(2)]
    at = data.draw(instants)

    for bit in BITS:
        for number in tree.nodes:
            path = tree.path(number)
            expected = [truth(tree, person, bit, number, at) for person in persons]
            assert [bool(decide(person, bit, path, at)) for person in persons] == expected
            assert [reach(person, bit, at).holds_at(path) for person in persons] == expected
            assert [bool(bits_at(person, path, at) & bit) for person in persons] == expected
            assert list(who(persons, bit, path, at)) == [
                person.user_id for person, yes in zip(persons, expected, strict=True) if yes
            ]


@given(st.data())
def test_one_more_grant_takes_nothing_away(data: st.DataObject) -> None:
    tree = data.draw(trees())
    person = data.draw(people(tree))
    at = data.draw(instants)
    place = data.draw(st.sampled_from(sorted(tree.nodes)))
    extra = standing(tree, (place, data.draw(st.sampled_from(BITS)), Span(NOW - timedelta(9))))
    more = replace(person, grants=person.grants + extra.grants)

    for number in tree.nodes:
        before = bits_at(person, tree.path(number), at)
        assert bits_at(more, tree.path(number), at) & before == before


@given(st.data())
def test_a_ceiling_gives_nothing(data: st.DataObject) -> None:
    tree = data.draw(trees())
    person = data.draw(people(tree))
    at = data.draw(instants)
    free = replace(person, companies=(), gated=0)

    for number in tree.nodes:
        path = tree.path(number)
        assert bits_at(person, path, at) & ~bits_at(free, path, at) == 0
        for bit in BITS:
            assert not decide(person, bit, path, at) or decide(free, bit, path, at)


@given(st.data())
def test_closing_a_company_gives_nobody_anything(data: st.DataObject) -> None:
    tree = data.draw(trees())
    person = data.draw(people(tree))
    at = data.draw(instants)
    closed = Tree(
        {
            number: replace(node, open=()) if node.acts_as == "company" else node
            for number, node in tree.nodes.items()
        }
    )
    after = replace(person, companies=closed.companies())

    for number in tree.nodes:
        for bit in BITS:
            path = tree.path(number)
            assert not decide(after, bit, path, at) or decide(person, bit, path, at)


@given(st.data())
def test_between_two_changes_time_changes_nothing(data: st.DataObject) -> None:
    tree = data.draw(trees())
    person = data.draw(people(tree))
    at = data.draw(instants)
    until = person.next_change(at)
    just_before = (until or NOW + timedelta(days=400)) - timedelta(microseconds=1)

    for number in tree.nodes:
        path = tree.path(number)
        assert bits_at(person, path, just_before) == bits_at(person, path, at)
