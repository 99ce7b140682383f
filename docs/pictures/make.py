"""The pictures of the README, made anew: `make pictures`. Everybody on them is invented."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lexer_pipeline import Options, prepare
from playwright.sync_api import Browser, Page, sync_playwright

from bench.generate import Recipe, generate

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
DATE = "20240306"
REPORT, FIELDS, REVIEW = "report.png", "report_fields.png", "review.png"


def report(folder: Path) -> Path:
    """The page on the third of three nights, the earlier of which were larger."""
    for night, scale in enumerate((0.004, 0.0042, 0.003)):
        generate(folder, Recipe(scale, 20240304 + night, 0.03), ["order_lines.csv"])
        source = folder / f"order_lines_{night}.csv"
        (folder / "order_lines.csv").rename(source)
        made = prepare([str(source)], "purchase", folder / "batches", Options(date=DATE, max_invalid=0.1))
    return made.batches[0].path / "report.html"


@contextmanager
def review(folder: Path) -> Iterator[str]:
    """The address of the page on an export in which some cells are wrong."""
    generate(folder, Recipe(0.002, 20240304, 0.03), ["order_lines.csv"])
    words = [
        sys.executable,
        "-m",
        "lexer_pipeline",
        "review",
        "order_lines.csv",
        "--spec",
        "purchase",
        "--no-browser",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "pipeline")}
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        try:
            yield running.stdout.readline().split()[-1]
        finally:
            running.terminate()


def look_at_a_fault(page: Page) -> None:
    """The page with the focus in a faulty cell."""
    page.locator(".ag-cell[col-id=said]", has_text="price_paid").first.click()
    page.locator(".ag-cell-focus.faulty").wait_for()
    page.wait_for_timeout(500)


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser without a window: playwright's own, or Chromium where that lies on the path."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])


def main() -> int:
    """Write the pictures beside this file."""
    with tempfile.TemporaryDirectory() as name, browser() as chromium:
        page = chromium.new_page(viewport={"width": 1000, "height": 840}, color_scheme="light")
        page.goto(report(Path(name)).as_uri())
        page.screenshot(path=HERE / REPORT)
        page.locator("section", has_text="What leaves").screenshot(path=HERE / FIELDS)
        with review(Path(name)) as address:
            page.goto(address)
            look_at_a_fault(page)
            page.screenshot(path=HERE / REVIEW)
    return 0


if __name__ == "__main__":
    sys.exit(main())
