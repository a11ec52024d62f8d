"""The HTML page of a diagram in a browser: it pans, zooms and opens folded blocks."""

import html
import json
import re
import shutil
import subprocess

import pytest
from diagram_examples import transformer

import visualize

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)


def in_chromium(page, tmp_path, script):
    """Run a script in the page with headless Chromium; return what the script returns."""
    path = tmp_path / "page with a space.html"
    ending = (
        "<script>document.body.dataset.result = JSON.stringify((() => {"
        f"{script}"
        "})());</script></body>"
    )
    path.write_text(page.replace("</body>", ending))
    done = subprocess.run(
        [
            CHROMIUM,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1000,800",
            f"--user-data-dir={tmp_path / 'profile'}",
            "--dump-dom",
            path.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = re.search(r'data-result="([^"]*)"', done.stdout)
    assert found, done.stderr
    return json.loads(html.unescape(found[1]))


USE_THE_PAGE = """
const place = () => document.querySelector('#view > div:not([hidden])').style.transform;
const box = element => element.getBoundingClientRect();
const visible = id => { const e = document.getElementById(id); return !!e && box(e).width > 0; };
const steps = {start: place(), folded: visible('d0-node5'), opened: visible('d1-node5')};
const title = [...document.querySelectorAll('text')].find(e => e.textContent === 'block × 12');
const inside = [...document.querySelectorAll('text')].every(e => {
  if (!box(e).width) return true;
  const page = box(e.closest('svg'));
  return box(e).left >= page.left - 1 && box(e).right <= page.right + 1
    && box(e).top >= page.top - 1 && box(e).bottom <= page.bottom + 1;
});
const view = document.getElementById('view');
view.dispatchEvent(new WheelEvent('wheel', {deltaY: -200, clientX: 300, clientY: 300}));
steps.zoomed = place();
const pointer = (where, kind, x, y) =>
  where.dispatchEvent(new PointerEvent(kind, {clientX: x, clientY: y, bubbles: true}));
pointer(view, 'pointerdown', 100, 100); pointer(window, 'pointermove', 150, 180);
pointer(window, 'pointerup', 150, 180);
steps.dragged = place();
title.dispatchEvent(new MouseEvent('click', {bubbles: true}));
steps.notOnDrag = visible('d1-node5');
pointer(view, 'pointerdown', 100, 100); pointer(window, 'pointerup', 100, 100);
title.dispatchEvent(new MouseEvent('click', {bubbles: true}));
steps.openedByClick = visible('d1-node5');
steps.boxes = document.querySelectorAll('#view > div:not([hidden]) g.node').length;
document.getElementById('open').click();
steps.foldedAgain = visible('d0-node5') && !visible('d1-node5');
steps.foldedBoxes = document.querySelectorAll('#view > div:not([hidden]) g.node').length;
steps.inside = inside;
steps.outside = performance.getEntriesByType('resource').map(e => e.name);
return steps;
"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")
def test_the_page_pans_zooms_and_opens_blocks(tmp_path):
    diagram = visualize.plot_architecture(transformer(), engine="pygraphviz")
    page = diagram.html()
    assert not re.search(r'(?:src|href)="?(?:https?:)?//', page)

    steps = in_chromium(page, tmp_path, USE_THE_PAGE)
    assert len({steps["start"], steps["zoomed"], steps["dragged"]}) == 3
    assert (steps["folded"], steps["opened"]) == (True, False)
    assert not steps["notOnDrag"]
    assert steps["openedByClick"]
    assert steps["boxes"] == len(diagram.opened.nodes)
    assert steps["foldedAgain"]
    assert steps["foldedBoxes"] == len(diagram.graph.nodes)
    assert steps["inside"]
    assert steps["outside"] == []
