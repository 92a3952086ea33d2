"""What the functions of the formula language compute on texts: plain Python, NumPy and regular expressions."""

from __future__ import annotations

import functools
import re
import sys
import zlib

import numpy as np


def words_of(text):
    """The words of a text in small letters, plural endings taken off.

    >>> list(words_of("Two Accidents, no speeding!"))
    ['two', 'accident', 'no', 'speeding']
    """
    found = re.findall(r"[^\W\d_]+", text.lower())
    return [w[:-1] if len(w) > 3 and w.endswith("s") and not w.endswith("ss") else w for w in found]


def terms_of(text):
    """Single words and pairs of neighbours, each once."""
    words = words_of(text)
    pairs = [f"{a} {b}" for a, b in zip(words[:-1], words[1:], strict=True)]  # noqa: RUF007
    return list(dict.fromkeys([*words, *pairs]))


def letters(texts):
    """How many letters and marks a text has."""
    return np.array([len(t) for t in texts], dtype=float)


def word_count(texts):
    return np.array([len(words_of(t)) for t in texts], dtype=float)


def share_of_capitals(texts):
    """The share of the letters that are capitals."""
    return np.array([sum(c.isupper() for c in t) / max(1, sum(c.isalpha() for c in t)) for t in texts], dtype=float)


def digits(texts):
    return np.array([sum(c.isdigit() for c in t) for t in texts], dtype=float)


def marks(texts):
    """How many exclamation and question marks a text has."""
    return np.array([t.count("!") + t.count("?") for t in texts], dtype=float)


def word_at(texts, position):
    """The word at a place, counted from 1; from the end with -1."""
    found = [re.findall(r"\w+", t) for t in texts]
    place = int(position)
    return np.array([w[place - (place > 0)] if len(w) >= abs(place) else None for w in found], dtype=object)


def title_of(names):
    """The first word before a full stop in a name, or the first common title without one; missing where there is none."""
    common = "Mr|Mrs|Ms|Miss|Mx|Master|Dr|Prof|Rev|Sir|Lady|Capt|Col|Major|Herr|Frau|Mme|Mlle|Sr|Sra"
    found = [re.search(rf"\b(?:([A-Za-z]+)\.(?=\s|$)|({common})\b(?!\.))", t) for t in names]
    return np.array([(m.group(1) or m.group(2)) if m else None for m in found], dtype=object)


def letters_before_digits(codes):
    """The letters that a code begins with; missing where it begins with none."""
    found = [re.match(r"\s*([^\W\d_]+)", t) for t in codes]
    return np.array([m.group(1) if m else None for m in found], dtype=object)


def mentions(texts, *keywords):
    """How many of the keywords a text mentions; a word right after no, not, never or without does not count."""
    patterns = []
    for keyword in keywords:
        body = r"\W+".join(re.escape(part) for part in keyword.lower().split())
        patterns.append(re.compile(r"(?<!\w)(?:(?P<no>no|not|never|without|non)\W+(?:\w+\W+)?)?" + body + r"\w*"))
    return np.array(
        [sum(any(not m["no"] for m in p.finditer(t.lower())) for p in patterns) for t in texts], dtype=float
    )


def keyword_risk(texts, *keywords, learned):
    """The sum of the weights of the terms that a text mentions."""
    weights = learned["weights"]
    return np.array([sum(weights[w] for w in terms_of(t) if w in weights) for t in texts], dtype=float)


def letter_groups(text):
    """Places from 1 to 256, with a sign, of a text's words and of their groups of three to five letters."""
    found = []
    for word in re.findall(r"[^\W_]+", text.lower())[:300]:
        padded = f"<{word}>"
        groups = [padded[i : i + size] for size in (3, 4, 5) for i in range(len(padded) - size + 1)]
        for group in [padded, *groups]:
            number = zlib.crc32(group.encode())
            found.append((number % 256 + 1) * (1 if number & 1048576 else -1))
    return found


def embedded(texts):
    """Each text as 256 numbers of length 1: hashed letter groups, so that spellings of a word lie near each other."""
    if not len(texts):
        return np.zeros((0, 256))
    parts = [np.asarray(letter_groups(text), dtype=int) for text in texts]
    places = np.concatenate(parts)
    rows = np.repeat(np.arange(len(parts)), [len(p) for p in parts])
    counts = np.bincount(rows * 256 + np.abs(places) - 1, np.sign(places).astype(float), len(parts) * 256)
    result = counts.reshape(len(parts), 256)
    return result / np.maximum(np.sqrt((result**2).sum(axis=1, keepdims=True)), 1e-12)


def wording(texts, learned):
    """What the wording of a text says of the outcome: its embedding along the direction that was learned."""
    return embedded(texts) @ np.array(learned["direction"])


def topic(texts, index, learned):
    """One component of the texts' words (TF-IDF, then singular vectors)."""
    weights = learned["weights"]
    result = np.zeros(len(texts))
    for row, one in enumerate(texts):
        words = words_of(one)
        counts = {w: words.count(w) for w in set(words) if w in weights}
        values = {w: (1 + np.log(n)) * weights[w][0] for w, n in counts.items()}
        length = np.sqrt(sum(v * v for v in values.values())) or 1.0
        result[row] = sum(v / length * weights[w][1] for w, v in values.items())
    return result


def sentiment(texts):
    """Kind minus unkind words of a short list, by the number of words; after no or not a word counts the other way."""
    kind = {
        "good", "great", "excellent", "happy", "satisfied", "pleased", "friendly", "helpful", "love", "loved", "perfect", "best",
        "fine", "nice", "reliable", "easy", "fast", "recommend", "thank", "wonderful", "amazing", "awesome", "delicious", "fresh",
        "tasty", "careful", "safe", "polite",
    }  # fmt: skip
    unkind = {
        "bad", "poor", "terrible", "awful", "angry", "unhappy", "rude", "slow", "broken", "late", "worst", "hate", "hated",
        "horrible", "disappointed", "disappointing", "complaint", "complained", "refund", "problem", "fail", "failed", "failure",
        "wrong", "waste", "useless", "dirty", "careless", "reckless", "aggressive", "dangerous", "threatened",
    }  # fmt: skip
    result = []
    for text in texts:
        words = words_of(text)
        score, turned = 0, 0
        for word in words:
            value = (word in kind) - (word in unkind)
            score += -value if turned else value
            turned = 2 if word in ("no", "not", "never", "without", "don", "isn", "wasn") else max(0, turned - 1)
        result.append(score / max(1, len(words)))
    return np.array(result, dtype=float)


def _remembering(function, short, entries, letters_):
    """The same function, which keeps what it said of short texts: a search asks for the same texts many times."""
    kept = functools.lru_cache(entries)(lambda text: short(function(text)))

    @functools.wraps(function)
    def remembered(text):
        return kept(text) if len(text) <= letters_ else function(text)

    return remembered


# A generated module has these as they stand above.
words_of = _remembering(words_of, lambda words: tuple(map(sys.intern, words)), 60_000, 200)
terms_of = _remembering(terms_of, lambda words: tuple(map(sys.intern, words)), 60_000, 200)
letter_groups = _remembering(letter_groups, lambda places: np.array(places, dtype=np.int16), 40_000, 400)
