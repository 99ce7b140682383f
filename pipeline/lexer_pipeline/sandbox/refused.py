"""The upload API's errors: a status, and a body with plain words.

The statuses are those that the vendor documents (response codes and common errors): 400, 401, 404, 429, 500, 503.
Which of them answers what is our guess where it does not say, and so is the body, `{"message": ...}`: the vendor
asks to go by the code.
"""

import json

from msgspec.structs import replace

from lexer_pipeline.sandbox.web import Answer

JSON = ("Content-Type", "application/json; charset=utf-8")
MESSAGES = {
    400: "The request is not one that this address takes.",
    401: "The token is missing or wrong.",
    403: "This is forbidden.",
    404: "There is no such address.",
    429: "Too many requests. Slow down and try again.",
    500: "Something went wrong on our side. Try again later.",
    503: "The service is not available right now. Try again later.",
}


class RefusedError(Exception):
    """The request is answered with an error."""

    def __init__(
        self, status: int, code: str, message: str, headers: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.answer = Answer(status, json.dumps({"message": message}).encode(), (JSON, *headers))


class OrderedError(RefusedError):
    """An answer that a fault orders, whatever it is."""

    def __init__(self, answer: Answer, message: str) -> None:
        super().__init__(answer.status, "fault", message)
        self.answer = answer


def nowhere() -> Answer:
    """The answer of the API at an address that it does not have; the body of the request may be unread."""
    return replace(RefusedError(404, "not_found", MESSAGES[404]).answer, close=True)
