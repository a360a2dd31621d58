"""The colours and signs of everything that Windlass draws in HTML, light and dark."""

from __future__ import annotations

import re
from html import escape

_LIGHT = {
    "bg": "#ffffff",
    "card": "#ffffff",
    "frame": "#64748b12",
    "text": "#1b2430",
    "muted": "#5b6878",
    "line": "#94a3b8",
    "rule": "#d5dce5",
    "sign": "#ffffff",
    "succeeded": "#15803d",
    "cached": "#0e7490",
    "failed": "#c62828",
    "running": "#2563eb",
    "cancelled": "#b45309",
    "lost": "#8b2fc9",
    "skipped": "#8492a6",
    "waiting": "#8492a6",
}
_DARK = {
    "bg": "#12161c",
    "card": "#1b212a",
    "frame": "#94a3b80f",
    "text": "#e6ebf2",
    "muted": "#97a5b8",
    "line": "#5f6e82",
    "rule": "#303a47",
    "sign": "#10151b",
    "succeeded": "#4ade80",
    "cached": "#2dd4ee",
    "failed": "#ff7b7b",
    "running": "#6ea8ff",
    "cancelled": "#fbbf24",
    "lost": "#d08bff",
    "skipped": "#7d8b9f",
    "waiting": "#7d8b9f",
}


def colours(*, dark: bool) -> dict[str, str]:
    """The colours of a theme by their names, for what cannot follow the page's variables."""
    return dict(_DARK if dark else _LIGHT)


MONO = "ui-monospace,SFMono-Regular,Menlo,Consolas,'Liberation Mono','DejaVu Sans Mono',monospace"
SANS = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"

WORDS = ("succeeded", "cached", "failed", "running", "cancelled", "lost", "skipped", "waiting")
"""What can be the `NodeState.word` of a node; each has a colour and a sign."""

_RING = '<circle cx="8" cy="8" r="7" class="wl-ring"/>'
_DISC = '<circle cx="8" cy="8" r="8" class="wl-disc"/>'
_SIGNS = {
    "succeeded": _DISC + '<path d="M4.5 8.3 7 10.8l4.6-5.1"/>',
    "cached": _DISC + '<path class="wl-full" d="M9.2 3.2 4.6 8.9h2.8l-.6 3.9 4.6-5.7H8.6z"/>',
    "failed": _DISC + '<path d="m5.3 5.3 5.4 5.4m0-5.4-5.4 5.4"/>',
    "running": _RING + '<path class="wl-turn" d="M8 1a7 7 0 0 1 7 7"/>',
    "cancelled": _RING + '<path class="wl-own" d="m3.2 3.2 9.6 9.6"/>',
    "lost": _DISC + '<path d="M6 6.3a2 2 0 1 1 2.9 1.8c-.6.3-.9.7-.9 1.4M8 11.6v.2"/>',
    "skipped": _RING + '<path class="wl-own" d="M5 8h6"/>',
    "waiting": '<circle cx="8" cy="8" r="7" class="wl-ring wl-dots"/>',
}

_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: object) -> str:
    """A text escaped for HTML and XML, also in attributes; what XML cannot hold is replaced."""
    return escape(_NO_XML.sub("\ufffd", str(text)), quote=True)


def sign(word: str) -> str:
    """The sign of a status as SVG, 16 pixels wide; it takes the colour of ``wl-WORD`` around."""
    return f'<g class="wl-sign">{_SIGNS.get(word, _SIGNS["waiting"])}</g>'


def theme_css() -> str:
    """The variables of both themes, and the rules of signs.

    The page's own word, as Jupyter, VS Code and Sphinx themes give it, goes before the system's.
    """
    light, dark = _variables(_LIGHT), _variables(_DARK)
    return (
        f".windlass{{{light}color-scheme:light}}"
        f"@media (prefers-color-scheme:dark){{.windlass{{{dark}color-scheme:dark}}}}"
        f"{_inside(_LIGHT_PAGES)}{{{light}color-scheme:light}}"
        f"{_inside(_DARK_PAGES)}{{{dark}color-scheme:dark}}"
    ) + _SIGN_CSS


_LIGHT_PAGES = ("[data-jp-theme-light=true]", ".vscode-light", "[data-theme=light]")
_DARK_PAGES = ("[data-jp-theme-light=false]", ".vscode-dark", "[data-theme=dark]")

_SIGN_CSS = "".join(f".wl-{word}{{--wl-own:var(--wl-{word})}}" for word in WORDS) + (
    ".wl-sign path{fill:none;stroke:var(--wl-sign);stroke-width:1.8;stroke-linecap:round;"
    "stroke-linejoin:round}"
    ".wl-sign .wl-disc{fill:var(--wl-own)}"
    ".wl-sign .wl-full{fill:var(--wl-sign);stroke:none}"
    ".wl-sign .wl-ring{fill:none;stroke:var(--wl-own);stroke-width:1.6}"
    ".wl-sign .wl-dots{stroke-dasharray:2.2 2.2}"
    ".wl-sign path.wl-own,.wl-sign path.wl-turn{stroke:var(--wl-own)}"
    ".wl-running .wl-ring{stroke-opacity:.3}"
    ".wl-turn{transform-origin:8px 8px;animation:wl-turn 1s linear infinite}"
    "@keyframes wl-turn{to{transform:rotate(1turn)}}"
    "@media (prefers-reduced-motion:reduce){.wl-turn{animation:none}}"
)


def _variables(colours: dict[str, str]) -> str:
    return "".join(f"--wl-{name}:{value};" for name, value in colours.items())


def _inside(pages: tuple[str, ...]) -> str:
    return ",".join(f"{page} .windlass" for page in pages)
