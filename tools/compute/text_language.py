"""Tell the language of a text by its small words, split it into sentences, leave out stop words but never negation."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

SMALL_WORDS = {
    "en": "the and to of is it in that for was with this have you not are be my they we at from or but very had so",
    "de": "der die das und ist nicht ich ein eine es mit für auf war sehr zu den aber auch wir sie von dem habe bei",
    "fr": "le la les et est pas je un une il que pour avec sur très mais nous vous des du dans ce qui au sont cette",
    "es": "el la los las y es no que un una por para con muy pero del en se lo su este está como más fue son",
    "it": "il la e è non che un una per con molto ma di del sono questo come più gli nel anche ho della si",
    "pt": "o a os as e é não que um uma por para com muito mas do da em se no na foi este como mais são",
    "nl": "de het een en is niet ik dat van op met voor zeer maar ook wij zij was te aan er heb bij deze goed",
    "pl": "i w na z jest nie się to że do jak ale bardzo dla od po ten tak był są",
    "sv": "och är det att en ett inte jag som på för med av till men mycket var den har vi",
    "tr": "ve bir bu çok için ile de da ne ama değil gibi var daha olarak kadar en ben",
}
_SCRIPTS = (
    ("HIRAGANA", "ja"), ("KATAKANA", "ja"), ("HANGUL", "ko"), ("CJK", "zh"), ("CYRILLIC", "ru"), ("ARABIC", "ar"),
    ("GREEK", "el"), ("HEBREW", "he"), ("THAI", "th"), ("DEVANAGARI", "hi"),
)  # fmt: skip
_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+(?=[\"'“‘(]*[A-ZÀ-Þ0-9])|\n{2,}|(?<=[。！？])")
_TITLES = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|No|Inc|Ltd|Co|approx|U\.S|a\.m|p\.m)|\b[A-Z])\.$"
)
_STOP = (
    "a about am an and are as at be been being by can could did do does for from had has have he her here him "
    "his i in into is it its me my of on or our shall she should so than that the their them then there these "
    "they this those to us was we were what which who whom will with would you your "
)
STOP_WORDS = frozenset(_STOP.split())


def language_of(text: str) -> str:
    """ISO code of the language (ten by small words, ten by script); nothing when it cannot be told.

    >>> language_of("Das ist nicht sehr gut und ich bin traurig"), language_of("ok 123")
    ('de', '')
    """
    start = text[:400]
    if not start.isascii():
        scripts: Counter[str] = Counter()
        for ch in start:
            if ch.isalpha() and not ch.isascii():
                name = unicodedata.name(ch, "")
                scripts.update(code for mark, code in _SCRIPTS if name.startswith(mark))
        if scripts and sum(scripts.values()) > sum(ch.isalpha() for ch in start) / 3:
            return "ja" if scripts["ja"] else scripts.most_common(1)[0][0]
    scores: Counter[str] = Counter()
    for word in re.findall(r"[^\W\d_]+", text.lower()[:2000]):
        scores.update(_CODES.get(word, ()))
    (code, best), (_, second) = [*scores.most_common(2), ("", 0), ("", 0)][:2]
    return "" if best < 2 or best == second else code


_CODES: dict[str, list[str]] = {}
for _code, _words in SMALL_WORDS.items():
    for _word in dict.fromkeys(_words.split()):
        _CODES.setdefault(_word, []).append(_code)


def sentences(text: str) -> list[str]:
    """The sentences of a text; abbreviations and initials do not end one.

    >>> sentences("Dr. Who came. He left! Why?")
    ['Dr. Who came.', 'He left!', 'Why?']
    """
    found: list[str] = []
    for piece in _END.split(text):
        piece = (piece or "").strip()
        if not piece:
            continue
        if found and _TITLES.search(found[-1]):
            found[-1] = f"{found[-1]} {piece}"
        else:
            found.append(piece)
    return found


def without_stop_words(text: str) -> str:
    """Text without English stop words; not, no, never and but stay, as they turn a meaning round.

    >>> without_stop_words("It was not the best of phones")
    'not best phones'
    """
    return " ".join(w for w in text.split() if w.lower().strip(".,!?;:\"'") not in STOP_WORDS)
