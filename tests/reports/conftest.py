"""A headless browser, and pages to open in it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT


def browser_path() -> str | None:
    """Chromium of the system, or what EVENFLOW_CHROMIUM names."""
    asked = os.environ.get("EVENFLOW_CHROMIUM")
    names = [asked] if asked else ["chromium", "chromium-browser", "google-chrome", "chrome"]
    return next((found for name in names if name and (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    sync = pytest.importorskip(
        "playwright.sync_api", reason="needs playwright: pip install -c constraints.txt playwright"
    )
    path = browser_path()
    if path is None:
        pytest.skip("needs a browser: install chromium, or name one in EVENFLOW_CHROMIUM")
    with sync.sync_playwright() as play:
        try:
            browser = play.chromium.launch(
                executable_path=path, args=["--no-sandbox", "--disable-gpu"]
            )
        except sync.Error as error:
            pytest.skip(f"{path} does not start: {str(error).splitlines()[0]}")
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium) -> Iterator[Any]:
    """Opens a file; what goes wrong in the page, or leaves it, fails the test."""
    opened: list[tuple[Any, list[str]]] = []

    def call(path: Path, **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1280, "height": 860}, **options})
        page = context.new_page()
        page.set_default_timeout(20_000)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.on(
            "request",
            lambda r: (
                None
                if r.url.startswith(("blob:", "data:")) or r.url.split("#")[0] == path.as_uri()
                else wrong.append(f"asked for {r.url[:100]}")
            ),
        )
        page.goto(path.as_uri())
        opened.append((context, wrong))
        return page

    yield call
    for context, wrong in opened:
        context.close()
        assert not wrong


@pytest.fixture(scope="session")
def axe() -> str:
    """The source of axe-core, which `npm ci` in web/ brings."""
    path = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
    if not path.is_file():
        pytest.skip("needs axe-core: run npm ci in web/")
    return path.read_text(encoding="utf-8")
