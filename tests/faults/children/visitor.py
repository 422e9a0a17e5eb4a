"""A browser without a window: cookies, the CSRF token, and no redirect followed."""

import http.client
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode


@dataclass(frozen=True)
class Answer:
    status: int
    location: str
    text: str


@dataclass
class Visitor:
    """Somebody at a served application."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, data: dict[str, str] | list[tuple[str, str]]) -> Answer:
        """Post a form, with the CSRF token of the cookie; a page must have been read before."""
        pairs = list(data.items()) if isinstance(data, dict) else data
        token = next(value for name, value in self.cookies.items() if "csrf" in name)
        return self._ask("POST", path, urlencode([*pairs, ("csrfmiddlewaretoken", token)]))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {
                "Host": f"localhost:{self.port}",
                "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            }
            if body is not None:
                headers["Content-Type"] = "application/x-www-form-urlencoded"
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8", "replace")
            for line in response.headers.get_all("Set-Cookie", []):
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            return Answer(response.status, response.headers.get("Location", ""), text)
        finally:
            connection.close()
