"""Characters: how wide they are, which can be raised or lowered, and what serves for them in ASCII."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

RAISED = dict(
    zip(
        "0123456789+−=()×abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVW⊤ᵀ′*∗βγδφχ",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ˣᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵀᵀ′**ᵝᵞᵟᵠᵡ",
        strict=True,
    )
)
LOWERED = dict(
    zip("0123456789+−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)

GREEK = {chr(code): unicodedata.name(chr(code)).split()[-1].lower() for code in range(0x3B1, 0x3CA)}
GREEK |= {"λ": "lambda", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ϱ": "rho", "ϖ": "pi"}

NAMES = GREEK | {letter.upper(): name.title() for letter, name in GREEK.items() if letter <= "ω"}
NAMES |= {"∇": "grad", "∑": "sum", "∏": "prod", "∫": "int", "√": "sqrt", "∞": "inf", "∈": "in", "∉": "not in"}
NAMES |= {"∧": "and", "∨": "or", "¬": "not", "∀": "for all", "∃": "exists"}
"""What becomes a word in ASCII."""

MARKS = {
    **{"−": "-", "·": "*", "⋅": "*", "×": "x", "÷": "/", "∗": "(*)", "⋆": "(*)", "⊙": ".*", "⊗": "(x)"},
    **{"≈": "~=", "≤": "<=", "≥": ">=", "≠": "!=", "≡": "==", "∼": "~", "≃": "~=", "∝": "~", "≪": "<<"},
    **{"≫": ">>", "→": "->", "←": "<-", "⇒": "=>", "⇐": "<=", "⇔": "<=>", "↦": "|->", "±": "+/-", "∂": "d"},
    **{"⋯": "...", "…": "...", "⋱": "...", "⋮": ":", "⊤": "T", "′": "'", "″": "''", "‖": "||", "∣": "|"},
    **{"∅": "{}", "∪": "u", "∩": "n", "°": " deg", "–": "-", "—": "--", "‐": "-", "‑": "-", "‘": "'"},
    **{"’": "'", "“": '"', "”": '"', "«": '"', "»": '"', "•": "*", "─": "-", "⁄": "/", "✓": "ok", "✗": "x"},
    **{"đ": "d", "Đ": "D", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ß": "ss", "æ": "ae", "Æ": "AE", "ı": "i"},
    **{"œ": "oe", "Œ": "OE", "ð": "d", "þ": "th", "⌊": "floor(", "⌋": ")", "⌈": "ceil(", "⌉": ")", "ℓ": "l"},
}
"""What becomes other marks in ASCII."""

_SCRIPT = re.compile(
    "([" + re.escape("".join(set(RAISED.values()) - set("*′"))) + "]+)|([" + "".join(LOWERED.values()) + "]+)"
)
_PLAIN = {raised: letter for letter, raised in RAISED.items()} | {"ᵀ": "T"}
_PLAIN |= {lowered: letter for letter, lowered in LOWERED.items()}


def width(text: str) -> int:
    """The cells that `text` takes in a terminal: two for wide East Asian characters, none for accents."""
    return len(text) if text.isascii() else _width(text)


@lru_cache(4096)
def _width(text: str) -> int:
    return sum(_cells(character) for character in text)


@lru_cache(4096)
def _cells(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def plain(text: str) -> str:
    """`text` in ASCII: Greek by name, marks by what is typed for them, `?` where nothing serves."""
    return text if text.isascii() else _plain(text)


@lru_cache(4096)
def _plain(text: str) -> str:
    text = _SCRIPT.sub(lambda run: ("^" if run[1] else "_") + "".join(_PLAIN[mark] for mark in run[0]), text)
    parts: list[str] = []
    named = False
    for character in unicodedata.normalize("NFC", text):
        name = NAMES.get(character)
        if parts and parts[-1][-1:].isalpha() and (named or name) and (name or character.isalnum()):
            parts.append(" ")
        parts.append(name or _spelled(character))
        named = name is not None
    return "".join(parts)


def _spelled(character: str) -> str:
    if character.isascii():
        return character
    if character in MARKS:
        return MARKS[character]
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return ""
    letters = [
        part if part.isascii() else NAMES.get(part) or MARKS.get(part, "")
        for part in unicodedata.normalize("NFKD", character)
    ]
    return "".join(letters) or "?"
