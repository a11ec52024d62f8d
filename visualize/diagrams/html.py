"""One self-contained HTML page with a diagram: it pans, zooms and opens folded blocks."""

import html
import re

from visualize.diagrams.dot import clean

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>@TITLE@</title>
<style>
html, body { margin: 0; height: 100%; overflow: hidden; background: #fff;
  font: 14px Helvetica, Arial, "DejaVu Sans", sans-serif; color: #1b1f24; }
#view { position: absolute; inset: 0; cursor: grab; touch-action: none; }
#view:active { cursor: grabbing; }
#view > div { position: absolute; transform-origin: 0 0; }
#view > div[hidden] { display: none; }
#bar { position: absolute; top: 8px; right: 8px; display: flex; gap: 6px; }
#bar button { font: inherit; padding: 4px 10px; border: 1px solid #8a929c; border-radius: 4px;
  background: #fff; cursor: pointer; }
.folded { cursor: zoom-in; }
</style>
</head>
<body>
<main id="view" role="img" aria-label="@TITLE@">
@DRAWINGS@
</main>
<nav id="bar">
<button id="open" @HIDDEN@>Open repeated blocks</button>
<button id="in" aria-label="zoom in">+</button>
<button id="out" aria-label="zoom out">&minus;</button>
<button id="fit">Fit</button>
</nav>
<script>
"use strict";
const view = document.getElementById("view");
const drawings = [...view.children];
const openButton = document.getElementById("open");
let shown = 0, scale = 1, left = 0, top_ = 0;
const drawing = () => drawings[shown];
const size = () => {
  const svg = drawing().querySelector("svg");
  return [svg.width.baseVal.value, svg.height.baseVal.value];
};
function place() {
  drawing().style.transform = `translate(${left}px, ${top_}px) scale(${scale})`;
}
function fit() {
  const [width, height] = size();
  scale = Math.min(view.clientWidth / width, view.clientHeight / height, 1.5);
  scale = Math.max(scale, Math.min(0.6, view.clientWidth / width));
  left = (view.clientWidth - width * scale) / 2;
  top_ = Math.max(0, (view.clientHeight - height * scale) / 2);
  place();
}
function zoom(factor, x, y) {
  const next = Math.min(20, Math.max(0.02, scale * factor));
  left = x - (x - left) * next / scale;
  top_ = y - (y - top_) * next / scale;
  scale = next;
  place();
}
function show(number, key) {
  drawings[shown].hidden = true;
  shown = number;
  drawings[shown].hidden = false;
  openButton.textContent = shown ? "Fold repeated blocks" : "Open repeated blocks";
  fit();
  const node = key && drawing().querySelector(`[id="d${shown}-${key}"]`);
  if (node) {
    const box = node.getBoundingClientRect();
    left += view.clientWidth / 2 - box.x - box.width / 2;
    top_ += view.clientHeight / 4 - box.y;
    place();
  }
}
view.addEventListener("wheel", event => {
  event.preventDefault();
  zoom(Math.exp(-event.deltaY * 0.0015), event.clientX, event.clientY);
}, {passive: false});
let held = null, moved = false;
view.addEventListener("pointerdown", event => {
  held = [event.clientX, event.clientY];
  moved = false;
});
window.addEventListener("pointermove", event => {
  if (!held) return;
  const [x, y] = [event.clientX - held[0], event.clientY - held[1]];
  if (!moved && Math.hypot(x, y) < 4) return;
  moved = true;
  left += x; top_ += y;
  held = [event.clientX, event.clientY];
  place();
});
window.addEventListener("pointerup", () => { held = null; });
view.addEventListener("click", event => {
  const block = event.target.closest(".folded");
  if (block && !moved) show(1, block.dataset.first);
});
for (const block of view.querySelectorAll('[id^="d0-fold-"]')) {
  block.classList.add("folded");
  block.dataset.first = block.id.slice("d0-fold-".length);
}
openButton.onclick = () => show(1 - shown);
const closer = factor => zoom(factor, view.clientWidth / 2, view.clientHeight / 2);
document.getElementById("in").onclick = () => closer(1.3);
document.getElementById("out").onclick = () => closer(1 / 1.3);
document.getElementById("fit").onclick = fit;
window.addEventListener("keydown", event => {
  const steps = {ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60]};
  if (steps[event.key]) { left += steps[event.key][0]; top_ += steps[event.key][1]; place(); }
  else if (event.key === "+") closer(1.3);
  else if (event.key === "-") closer(1 / 1.3);
  else if (event.key === "0") fit();
});
window.addEventListener("resize", fit);
fit();
</script>
</body>
</html>
"""


def write_page(title, folded, opened=None):
    """Write the page.

    Args:
        title: the page's title.
        folded: the drawing as SVG.
        opened: the drawing with all blocks opened, as SVG; None if nothing is folded.

    Returns:
        The text of the page.
    """
    drawings = []
    for number, svg in enumerate(filter(None, (folded, opened))):
        svg = svg[svg.index("<svg") :]  # without the XML declaration
        # There may be two drawings in the page: a prefix keeps their ids and links apart.
        svg = re.sub(r'\bid="', f'id="d{number}-', svg)
        svg = re.sub(r'(href="#|url\(#)', rf"\g<1>d{number}-", svg)
        drawings.append(f"<div{' hidden' if number else ''}>{svg}</div>")
    parts = {
        "TITLE": html.escape(clean(title)),
        "HIDDEN": "" if opened else "hidden",
        "DRAWINGS": "\n".join(drawings),
    }
    return re.sub("@([A-Z]+)@", lambda found: parts[found[1]], PAGE)
