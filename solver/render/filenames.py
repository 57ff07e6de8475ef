"""Names of files for students: safe on every system whatever an id holds, and never twice the same."""

from __future__ import annotations

import hashlib
import re
import unicodedata

LONGEST = 60

_UNSAFE = re.compile(r"[^\w.@+ -]")
_RESERVED = re.compile(r"(?i:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?")


class FileNames:
    """Gives each id a name of its own in one folder; ids that look alike get a number made from the id."""

    def __init__(self, suffix: str) -> None:
        self.suffix = suffix
        self._taken: set[str] = set()

    def name(self, id_: str) -> str:
        """The name of the file for an id. An id that is asked for twice gets two names."""
        plain = unicodedata.normalize("NFC", id_)
        safe = _UNSAFE.sub("_", plain).strip(" .")[:LONGEST].strip(" .")
        safe = re.sub(r" +", "_", safe.lstrip("-~")) or "student"
        while len(safe.encode("utf-8", "replace")) > 2 * LONGEST:
            safe = safe[:-1]
        safe = f"_{safe}" if _RESERVED.fullmatch(safe) else safe
        if _UNSAFE.search(plain) or len(plain) > LONGEST or self._has(safe):
            digest = hashlib.sha256(id_.encode("utf-8", "surrogatepass")).hexdigest()
            safe = f"{safe.rstrip('. ')}-{digest[:8]}"
        name, count = safe, 1
        while self._has(name):
            count += 1
            name = f"{safe}-{count}"
        self._taken.add(_folded(name))
        return name + self.suffix

    def _has(self, name: str) -> bool:
        return _folded(name) in self._taken


def _folded(name: str) -> str:
    """What file systems that do not tell capitals or accents apart may take for the same name."""
    return unicodedata.normalize("NFKC", name).casefold()
