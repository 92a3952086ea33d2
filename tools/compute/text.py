"""Repair text: broken encodings, markup, emoji, contractions, punctuation, stretched words. Text in, text out."""

# ruff: noqa: E501  (patterns and word lists read better on one line)

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from typing import Any

_TAG = re.compile(r"<(?:/?(?:a|abbr|b|big|blockquote|body|br|center|code|div|em|font|h[1-6]|head|hr|html|i|img|input|label|li|link|meta|ol|p|pre|s|script|section|small|span|strong|style|sub|sup|table|tbody|td|th|thead|tr|u|ul)\b[^<>]{0,2000}|!--.{0,2000}?--|!doctype[^<>]{0,200})>", re.IGNORECASE | re.DOTALL)  # fmt: skip
_HIDDEN = re.compile(r"<(script|style)\b[^<>]{0,2000}>.{0,20000}?</\1\s*>", re.IGNORECASE | re.DOTALL)
_BREAK = re.compile(r"<(?:br|/p|/div|/li|/tr|hr|p|div|li|tr)\b[^<>]{0,2000}>", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:#\d{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{1,30});", re.IGNORECASE)
_RUNS = re.compile(r"([^\W\d_])\1{2,}", re.UNICODE)
_EMOJI = re.compile(
    "[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u2300-\u23ff\U0001f000-\U0001f2ff\u3030\u303d]"
    "[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\u20e3]*(?:\u200d[\U0001f300-\U0001faff\u2600-\u27bf][\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]*)*"
)
_FACES = {
    ":)": "smiling face", ":-)": "smiling face", ":D": "laughing face", ":-D": "laughing face", ":(": "sad face",
    ":-(": "sad face", ";)": "winking face", ";-)": "winking face", ":'(": "crying face", "<3": "heart", ":P": "playful face",
    ":-P": "playful face", ":/": "unsure face", ":-/": "unsure face", ":|": "neutral face", "</3": "broken heart",
}  # fmt: skip
_FACE = re.compile(
    r"(?<![\w])(?:" + "|".join(re.escape(f) for f in sorted(_FACES, key=len, reverse=True)) + r")(?![\w/])"
)
_CONTRACTIONS = {
    "can't": "cannot", "won't": "will not", "shan't": "shall not", "ain't": "is not", "let's": "let us", "i'm": "I am",
    "y'all": "you all", "it's": "it is", "that's": "that is", "what's": "what is", "there's": "there is", "here's": "here is",
    "he's": "he is", "she's": "she is", "who's": "who is", "where's": "where is", "how's": "how is",
}  # fmt: skip
_BARE = {
    "dont": "do not", "didnt": "did not", "doesnt": "does not", "cant": "cannot", "wont": "will not", "isnt": "is not",
    "wasnt": "was not", "arent": "are not", "werent": "were not", "couldnt": "could not", "wouldnt": "would not",
    "shouldnt": "should not", "hasnt": "has not", "havent": "have not", "hadnt": "had not", "youre": "you are",
    "theyre": "they are", "thats": "that is", "ive": "I have", "youve": "you have", "aint": "is not",
}  # fmt: skip
_CONTRACTED = re.compile(r"\b(?:[A-Za-z]+['’](?:t|re|ve|ll|m|d|s)|" + "|".join(_BARE) + r")\b", re.IGNORECASE)
_ENDS = {"n't": " not", "'re": " are", "'ve": " have", "'ll": " will", "'m": " am"}
_CURLY = str.maketrans(
    {"“": '"', "”": '"', "„": '"', "‘": "'", "’": "'", "‚": "'", "…": "...", "–": "-", "—": "-", "´": "'", "`": "'"}
)
_MESSY = re.compile(r"[“”„‘’‚…–—´`]|\s[,.;:!?]|[,.;:!?]{2}|[,;!?][^\W\d_]|[a-z]{2}\.[A-Z][a-z]|\s{2}")
_NOT_WORDS = re.compile(r"[^\w\s]|_", re.UNICODE)


def fixed(text: str) -> str:
    """Text with broken encodings repaired (ftfy) and in composed Unicode; plain ASCII passes untouched.

    >>> fixed("schÃ¶n")
    'schön'
    """
    if text.isascii():
        return text
    try:
        import ftfy
    except ImportError:  # the text extra is not installed: composed Unicode is all that can be done
        return unicodedata.normalize("NFC", text)
    return str(ftfy.fix_text(text, _ftfy_settings()))


@cache
def _ftfy_settings() -> Any:
    import ftfy

    return ftfy.TextFixerConfig(
        uncurl_quotes=False, unescape_html=False, fix_latin_ligatures=True, max_decode_length=100_000
    )


def without_html(text: str) -> str:
    """Text without tags, its entities read; `a < b` and `<3` stay.

    >>> without_html("Great&nbsp;deal!<br />I <b>love</b> it &amp; 3 < 4 <3")
    'Great deal! I love it & 3 < 4 <3'
    """
    if "<" not in text and "&" not in text:
        return text
    bare = text
    if "<" in text:
        bare = _TAG.sub("", _BREAK.sub(" ", _HIDDEN.sub(" ", text)))
    if "&" in bare:
        bare = _ENTITY.sub(lambda m: html.unescape(m.group()), bare)
    if bare == text:
        return text
    return re.sub(r"[ \t\u00a0]{2,}", " ", bare.replace("\u00a0", " ")).strip()


def emoji_as(text: str, how: str = "drop") -> str:
    """Text with emoji and typed faces dropped, or described in words (`how="describe"`).

    >>> emoji_as("Love it 😍 :)", "describe")
    'Love it smiling face with heart-shaped eyes smiling face'
    """
    if text.isascii() and not _FACE.search(text):
        return text
    if how == "describe":
        bare = _EMOJI.sub(lambda m: f" {_emoji_name(m.group())} ", text)
        bare = _FACE.sub(lambda m: f" {_FACES[m.group()]} ", bare)
    else:
        bare = _FACE.sub(" ", _EMOJI.sub(" ", text))
    return text if bare == text else re.sub(r" {2,}", " ", bare).strip()


def _emoji_name(mark: str) -> str:
    names = [unicodedata.name(ch, "").lower() for ch in mark if ch not in "\u200d\ufe0e\ufe0f"]
    return " ".join(n for n in names if n and "modifier" not in n and "selector" not in n)


def expanded(text: str) -> str:
    """Text with contractions written out; negation is kept as `not`.

    >>> expanded("I don't think it's bad, Ann's phone cant ring") == "I do not think it is bad, Ann's phone cannot ring"
    True
    """
    return _CONTRACTED.sub(_expand, text)


def _expand(match: re.Match[str]) -> str:
    found = match.group().replace("’", "'")
    low = found.lower()
    long = _CONTRACTIONS.get(low) or _BARE.get(low)
    if not long:
        end = next((e for e in _ENDS if low.endswith(e)), None)
        if end is None:
            return match.group()  # possessive 's and ambiguous 'd
        long = low[: -len(end)] + _ENDS[end]
    if found.isupper() and len(found) > 3:
        return long.upper()
    return long[0].upper() + long[1:] if found[0].isupper() else long


def punctuated(text: str) -> str:
    """Text with plain quotes and dashes, no space before marks, one after, and runs of marks cut to one.

    >>> punctuated("Great !!!  Works,fine .Really…")
    'Great! Works, fine. Really...'
    """
    if not _MESSY.search(text):
        return text
    bare = text.translate(_CURLY)
    bare = re.sub(r"\.{4,}", "...", bare)
    bare = re.sub(r"([!?])[!?]*(\?)[!?]*", r"?", bare)
    bare = re.sub(r"([!?,;])\1+", r"\1", bare)
    bare = re.sub(r"(?<!\.)\.\.(?!\.)", ".", bare)
    bare = re.sub(r"[ \t]+([,;!?]|\.(?!\w|\.)|:(?=\s))", r"\1", bare)
    bare = re.sub(r"[ \t]+\.(?=[A-Z][a-z])", ". ", bare)
    bare = re.sub(r"([,;!?])(?=[^\W\d_])", r"\1 ", bare)
    bare = re.sub(r"(?<=[a-z]{2}[.!?])(?=[A-Z][a-z]+\s)", " ", bare)
    return re.sub(r"[ \t]{2,}", " ", bare).strip()


def without_punctuation(text: str, marks: str = "") -> str:
    """Text without punctuation, or without the given marks only; apostrophes inside words stay.

    >>> without_punctuation("Wow!! don't, ok?"), without_punctuation("Wow!! ok?", "!")
    ("Wow don't ok", 'Wow ok?')
    """
    if marks:
        bare = text.translate({ord(ch): None for ch in marks})
        return text if bare == text else re.sub(r" {2,}", " ", bare).strip()
    guarded = re.sub(r"(?<=\w)['’](?=\w)", "\ue001", text)
    bare = _NOT_WORDS.sub(lambda m: m.group() if m.group() == "\ue001" else " ", guarded)
    return re.sub(r"\s+", " ", bare).replace("\ue001", "'").strip()


def unstretched(text: str) -> str:
    """Text with letters repeated three times or more cut to two, or to one where only that is a word.

    >>> unstretched("sooooo goooood, yesss!")
    'so good, yes!'
    """
    if not _RUNS.search(text):
        return text
    return re.sub(r"\b[^\W\d_]*([^\W\d_])\1{2,}[^\W\d_]*\b", lambda m: _unstretch(m.group()), text)


def _unstretch(word: str) -> str:
    if word.lower() in ("www", "iii", "viii", "xiii", "xxx", "aaa", "mmm", "ppp"):
        return word
    from opsmith.tools.compute.text_spelling import frequency

    two = _RUNS.sub(r"\1\1", word)
    one = _RUNS.sub(r"\1", word)
    both = [(frequency(w.lower()), w) for w in (two, one)]
    return max(both)[1] if max(both)[0] else two


def word_count(text: str) -> int:
    """Words in a text, by spaces."""
    return len(text.split())
