"""What a thief of the server could do to the trail, so that a test sees it found."""

from tests.support.databases import Database


def past_every_guard(database: Database, *statements: str) -> None:
    """Do what somebody with the keys of the database server could do."""
    connection = database.connect()
    try:
        if database.vendor == "postgresql":
            connection.execute("ALTER TABLE directory_event DISABLE TRIGGER USER")
        else:
            connection.execute("DROP TRIGGER directory_event_no_update")
            connection.execute("DROP TRIGGER directory_event_no_delete")
            connection.execute("PRAGMA foreign_keys=OFF")
        for statement in statements:
            connection.execute(statement)
    finally:
        connection.close()
