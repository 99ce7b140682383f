"""The page as HTML, CSS and JavaScript in one document without outside assets."""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from lexer_pipeline.errors import UsageError

try:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    INSTALLED = True
except ImportError:  # only the sandbox needs this package
    INSTALLED = False

FOLDER = Path(__file__).parent


class Renderer:
    """The template, read once; whatever is put into it is escaped."""

    def __init__(self) -> None:
        if not INSTALLED:
            raise UsageError(
                "The sandbox needs jinja2, which is not installed.", "pip install lexer-pipeline[sandbox]"
            )
        environment = Environment(
            loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
            lstrip_blocks=True,
        )  # fmt: skip
        environment.filters["number"] = lambda value: f"{value:,}"
        environment.filters["moment"] = lambda stamp: stamp[:19].replace("T", " ")
        self._template = environment.get_template("page.html")
        self._style, self._script = ((FOLDER / name).read_text("utf-8") for name in ("page.css", "page.js"))

    @property
    def policy(self) -> str:
        """The Content-Security-Policy under which only the page's own script runs, and nothing is loaded."""
        own = b64encode(hashlib.sha256(self._script.encode()).digest()).decode()
        return (
            f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{own}'; connect-src 'self'; "
            "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
        )

    def page(self, shown: Mapping[str, object]) -> bytes:
        """The document that shows these things."""
        return self._template.render(style=self._style, script=self._script, **shown).encode()
