"""What the tests stand on: databases, servers, mail, a browser, time. No test lives here."""
