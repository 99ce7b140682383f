"""What the page answers to a browser: itself, and what its buttons do.

Whatever a button does ends in a redirect, so that a reload of the page does nothing again.
"""

import secrets
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import parse_qs, urlencode

from lexer_pipeline.sandbox.page import orders
from lexer_pipeline.sandbox.page.render import Renderer
from lexer_pipeline.sandbox.page.view import rules_of, view
from lexer_pipeline.sandbox.service import FreshToken, Service
from lexer_pipeline.sandbox.state import TooManyTokensError
from lexer_pipeline.sandbox.web import Answer, Exchange, TooLargeError

Form = Mapping[str, str]
PLAIN = (("Content-Type", "text/plain; charset=utf-8"),)
HEADERS = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
)


class WrongFormError(Exception):
    """What was filled in cannot be done; the words say why."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Page:
    """The page and its buttons."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._renderer = Renderer()
        self._headers = (*HEADERS, ("Content-Security-Policy", self._renderer.policy))
        self._buttons: Mapping[str, Callable[[Form], str]] = MappingProxyType(
            {
                "/tokens": self._make_token,
                "/tokens/revoke": self._revoke,
                "/rules": self._set_rules,
                "/faults": self._order,
                "/faults/clear": self._clear,
            }
        )

    def answer(self, exchange: Exchange) -> Answer:
        """The page, or what one of its buttons does."""
        path, _, query = exchange.path.partition("?")
        if exchange.command in ("GET", "HEAD") and path == "/":
            return self._show(200, _first(query).get("made", ""))
        button = self._buttons.get(path)
        if exchange.command != "POST" or button is None:
            return Answer(404, b"There is no such page.\n", PLAIN, close=True)
        try:
            form = _first(exchange.form().decode())
        except (ValueError, TooLargeError):
            return Answer(400, b"The form cannot be read.\n", PLAIN, close=True)
        made = form.get("made", "")
        try:
            place = button(form)
        except WrongFormError as wrong:
            return self._show(wrong.status, made, str(wrong))
        fresh = self._service.fresh
        known = urlencode({"made": fresh.page}) if fresh and (fresh.page == made or path == "/tokens") else ""
        return Answer(303, headers=(("Location", f"/?{known}#{place}" if known else f"/#{place}"),))

    def _show(self, status: int, made: str, notice: str = "") -> Answer:
        fresh = self._service.fresh
        seen = fresh if fresh and secrets.compare_digest(fresh.page.encode(), made.encode()) else None
        return Answer(status, self._renderer.page(view(self._service, seen, notice)), self._headers)

    def _make_token(self, form: Form) -> str:
        try:
            secret = self._service.state.new_token(form.get("name", "").strip()[:60] or "unnamed")
        except TooManyTokensError:
            raise WrongFormError(
                409, "Five tokens are active, which is the most. Revoke one first."
            ) from None
        made = self._service.state.token(secret)
        assert made is not None  # it was made a moment ago
        self._service.fresh = FreshToken(secrets.token_urlsafe(12), made.id, secret)
        return "walk"

    def _revoke(self, form: Form) -> str:
        number = form.get("id", "")
        if number.isascii() and number.isdigit():
            self._service.state.revoke_token(int(number[:15]))
            if self._service.fresh and self._service.fresh.id == int(number[:15]):
                self._service.fresh = None
        return "tokens"

    def _set_rules(self, form: Form) -> str:
        wanted = rules_of(form.get("allow_list", ""), form.get("names", ""))
        try:
            self._service.settings = self._service.settings.changed(wanted)
        except ValueError:
            words = "The allow-list holds something that is neither an address nor a network, as 203.0.113.0/24 is one."
            raise WrongFormError(400, words) from None
        return "rules"

    def _order(self, form: Form) -> str:
        try:
            self._service.faults.add(orders.order(form.get("fault", ""), form.get("times", "")))
        except ValueError as wrong:
            raise WrongFormError(400, f"No fault was ordered: {wrong}.") from None
        return "faults"

    def _clear(self, _form: Form) -> str:
        self._service.faults.clear()
        return "faults"


def _first(query: str) -> Form:
    return {name: values[0] for name, values in parse_qs(query, keep_blank_values=True).items()}
