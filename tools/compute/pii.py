"""Find personal data in text: e-mail, phone, payment card, IBAN, national numbers, IP addresses. Checked, not guessed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from opsmith.tools.contract import ToolError

KINDS = ("email", "card", "iban", "national_id", "ip", "phone")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.)+[A-Za-z]{2,24}(?![\w-])")
_CARD = re.compile(r"(?<![\w.-])(?:\d[ -]?){12,18}\d(?![\w-])")
# numbers that card networks issue: Visa, Mastercard, American Express, Diners, Discover, JCB, Maestro
_ISSUED = re.compile(
    r"4\d{12}(?:\d{3})?|(?:5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3[068]\d{12}|6(?:011|5\d\d)\d{12}|35\d{14}|6[37]\d{14}"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?!\w)")
_SSN = re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])")
_NINO = re.compile(
    r"(?<!\w)(?!BG|GB|NK|KN|TN|NT|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)"
)
_IP = re.compile(r"(?<![\w.])(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)(?![\w.])")
_MAYBE_PHONE = re.compile(r"\+?\d(?:[\d\s().\-/]{5,})\d")


@dataclass(frozen=True)
class Personal:
    """One piece of personal data in a text: kind and place."""

    kind: str
    start: int
    end: int
    text: str


def find_personal(text: str, kinds: Sequence[str] = KINDS, region: str = "US,GB") -> list[Personal]:
    """Personal data in a text, in order, without overlaps.

    region: countries of phone numbers written without a country code, most likely first, such as `US,GB`.

    >>> [(p.kind, p.text) for p in find_personal("mail ann@x.org, card 4111 1111 1111 1111, not 4111 1111 1111 1112")]
    [('email', 'ann@x.org'), ('card', '4111 1111 1111 1111')]
    """
    if "@" not in text and not any(ch.isdigit() for ch in text):
        return []
    found: list[Personal] = []
    for kind in KINDS:
        if kind not in kinds:
            continue
        for personal in _FINDERS[kind](text, region):
            if all(personal.end <= other.start or personal.start >= other.end for other in found):
                found.append(personal)
    return sorted(found, key=lambda p: p.start)


def known_kinds(kinds: Sequence[str]) -> tuple[str, ...]:
    """The kinds as they are called here. ToolError when one does not exist."""
    names = {"e-mail": "email", "mail": "email", "emails": "email", "telephone": "phone",
        "phones": "phone", "credit_card": "card",
             "cards": "card", "ssn": "national_id", "nino": "national_id", "phone_number": "phone"}  # fmt: skip
    wanted = [names.get(k.strip().lower().replace(" ", "_"), k.strip().lower().replace(" ", "_")) for k in kinds]
    for kind in wanted:
        if kind not in KINDS:
            raise ToolError(f"There is no kind of personal data {kind!r} here. Kinds: {', '.join(KINDS)}.")
    return tuple(wanted) or KINDS


def masked(text: str, kinds: Sequence[str] = KINDS, how: str = "mask", salt: str = "", region: str = "US,GB") -> str:
    """Text with its personal data replaced: [EMAIL] (mask), a stable code (hash), or nothing (drop).

    A hash is short and salted with `salt`: the same value gives the same code, so joins still work. It hides the value
    from readers, not from somebody who can try out all values: phone numbers are few.

    >>> masked("write to ann@x.org")
    'write to [EMAIL]'
    """
    found = find_personal(text, kinds, region)
    if not found:
        return text
    pieces, at = [], 0
    for personal in found:
        pieces += [text[at : personal.start], replacement(personal, how, salt)]
        at = personal.end
    joined = "".join([*pieces, text[at:]])
    return re.sub(r" {2,}", " ", joined).strip() if how == "drop" else joined


def replacement(personal: Personal, how: str, salt: str) -> str:
    """What stands in place of a piece of personal data."""
    if how == "drop":
        return ""
    if how == "hash":
        plain = re.sub(r"[\s().-]", "", personal.text.lower()) if personal.kind != "email" else personal.text.lower()
        return f"{personal.kind}_{hashlib.blake2b(plain.encode(), key=salt.encode()[:64], digest_size=6).hexdigest()}"
    return f"[{personal.kind.upper()}]"


def is_card(digits: str) -> bool:
    """Luhn check (ISO/IEC 7812) over 13 to 19 digits that do not all agree."""
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    total = 0
    for position, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if position % 2 else 1)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


def is_iban(text: str) -> bool:
    """Check digits of an IBAN (ISO 13616, remainder 1 by 97)."""
    bare = text.replace(" ", "").upper()
    if not 15 <= len(bare) <= 34 or not bare.isalnum():
        return False
    return int("".join(str(int(ch, 36)) for ch in bare[4:] + bare[:4])) % 97 == 1


def _plain(kind: str, *patterns: re.Pattern[str]):  # type: ignore[no-untyped-def]
    def find(text: str, region: str) -> Iterator[Personal]:
        for pattern in patterns:
            for match in pattern.finditer(text):
                yield Personal(kind, match.start(), match.end(), match.group())

    return find


def _cards(text: str, region: str) -> Iterator[Personal]:
    for match in _CARD.finditer(text):
        digits = re.sub(r"\D", "", match.group())
        if _ISSUED.fullmatch(digits) and is_card(digits):
            yield Personal("card", match.start(), match.end(), match.group())


def _ibans(text: str, region: str) -> Iterator[Personal]:
    for match in _IBAN.finditer(text):
        words = match.group().split(" ")
        while words and not is_iban(" ".join(words)):
            words.pop()  # a capital word after the number may look like a part of it
        if words:
            found = " ".join(words)
            yield Personal("iban", match.start(), match.start() + len(found), found)


def _phones(text: str, region: str) -> Iterator[Personal]:
    if not _MAYBE_PHONE.search(text):
        return
    try:
        from phonenumbers import Leniency, PhoneNumberMatcher
    except ImportError:
        raise ToolError(
            "Finding phone numbers needs the text extra. Install it with: pip install 'opsmith[text]'"
        ) from None
    for country in region.split(","):
        for match in PhoneNumberMatcher(text, country.strip().upper(), leniency=Leniency.VALID):
            yield Personal("phone", match.start, match.end, match.raw_string)


_FINDERS = {"email": _plain("email", _EMAIL), "card": _cards, "iban": _ibans, "national_id": _plain("national_id", _SSN, _NINO),
            "ip": _plain("ip", _IP), "phone": _phones}  # fmt: skip
