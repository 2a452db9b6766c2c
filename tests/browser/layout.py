"""What can be measured of a page as it is laid out: what is too small for a finger, and text that is not where it should be."""

from __future__ import annotations

from playwright.sync_api import Page

# Things to touch that are lower or narrower than 44 px (WCAG 2.5.5).
# A link in the middle of a sentence is as large as its words; a box counts with its label.
TOO_SMALL = """[...document.querySelectorAll('a, button, summary, select, label:has(> input[type=checkbox]), label:has(> input[type=radio]), input:not([type=hidden], [type=checkbox], [type=radio], [type=file])')]
    .filter(e => e.checkVisibility() && !e.matches('.tk-skip, p a:not(.btn), li p a, .visually-hidden, dd p a, li code ~ a, svg a'))
    .map(e => [e.getBoundingClientRect(), e])
    .filter(([box]) => box.height < 43.5 || box.width < 43.5)
    .map(([box, e]) => `${e.outerHTML.slice(0, 100)} ${box.width}x${box.height}`)"""  # noqa: E501

_OUT_OF_PLACE = """() => {
  const BOXES = '.card, .btn, button, summary, .tk-note, .tk-choice, .tk-badge, .tk-poster, td, li, main, nav, header, body';
  // What sticks to the top lies over what was scrolled there.
  scrollTo(0, 0);
  const found = [];
  const pieces = [];
  const say = (what, node) => found.push(`${what}: "${node.data.trim().slice(0, 40)}" in ${
    node.parentElement.closest('[class]')?.className ?? node.parentElement.tagName}`);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.data.trim() || !parent.checkVisibility({visibilityProperty: true, opacityProperty: true})) continue;
    if (parent.closest('.visually-hidden, .tk-skip, script, style, noscript, option, textarea')) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const around = parent.closest(BOXES);
    const box = around.getBoundingClientRect();
    // A panel over the page, or a bar that stays, is a layer of its own.
    let layer = null;
    const clips = [];
    for (let at = parent; at; at = at.parentElement) {
      const style = getComputedStyle(at);
      if (style.position === 'fixed' || at.matches('.tk-menu-panel, .tk-several')) layer = layer ?? at;
      if (at === document.body || at === document.documentElement) continue;
      if (style.overflowX !== 'visible' || style.overflowY !== 'visible') clips.push([at, style]);
    }
    for (const rect of range.getClientRects()) {
      let {left, right, top, bottom} = rect;
      if (right - left < 2 || bottom - top < 2) continue;
      let isCut = false, scrolls = false;
      for (const [at, style] of clips) {
        const edge = at.getBoundingClientRect();
        const shortened = style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none';
        if (/auto|scroll/.test(style.overflowX + style.overflowY)) scrolls = true;
        if (!shortened && !scrolls) {
          const middle = (top + bottom) / 2;
          if (left < edge.left - 1 || right > edge.right + 1 || middle < edge.top || middle > edge.bottom) isCut = true;
        }
        left = Math.max(left, edge.left); right = Math.min(right, edge.right);
        top = Math.max(top, edge.top); bottom = Math.min(bottom, edge.bottom);
        if (right - left < 2 || bottom - top < 2) break;
      }
      if (isCut) { say('is cut off', node); break; }
      if (right - left < 2 || bottom - top < 2) continue;
      if (!scrolls && (left < box.left - 1 || right > box.right + 1)) { say('sticks out', node); break; }
      const slack = (bottom - top) / 4;
      pieces.push({node, layer, left: left + 1, right: right - 1, top: top + slack, bottom: bottom - slack});
    }
  }
  pieces.sort((a, b) => a.top - b.top);
  const told = new Set();
  for (let i = 0; i < pieces.length; i++) {
    for (let j = i + 1; j < pieces.length && pieces[j].top < pieces[i].bottom; j++) {
      const [a, b] = [pieces[i], pieces[j]];
      if (a.node === b.node || a.layer !== b.layer || told.has(b.node)) continue;
      if (a.left < b.right && b.left < a.right) { told.add(b.node); say('lies over "' + a.node.data.trim().slice(0, 20) + '"', b.node); }
    }
  }
  return found;
}"""  # noqa: E501


def sideways(page: Page) -> bool:
    """Whether anything sticks out at the side of the window."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def faults_of_layout(page: Page) -> list[str]:
    """What is out of place in what the page shows now: at its side, under a finger, in and over other text."""
    size = page.viewport_size
    assert size is not None
    found = ["scrolls sideways"] if sideways(page) else []
    found += [f"small: {small}" for small in page.evaluate(TOO_SMALL)]
    found += page.evaluate(_OUT_OF_PLACE)
    return [f"{fault} at {size['width']}" for fault in found]
