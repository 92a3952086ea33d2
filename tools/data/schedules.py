"""When something is due: `30m`, `6h`, `hourly` … `monthly`, or a cron line; always counted in UTC, so no hour is lost
or doubled when clocks change."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opsmith.tools.contract import ToolError

NAMED = {
    "hourly": "0 * * * *",
    "daily": "0 6 * * *",
    "weekly": "0 6 * * 1",
    "monthly": "0 6 1 * *",
}
_UNITS = {"m": 60, "min": 60, "h": 3600, "d": 86400, "w": 604800}
_INTERVAL = re.compile(r"(\d+)\s*(min|m|h|d|w)")
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WORDS = {3: {name: n for n, name in enumerate(_MONTHS, 1)}, 4: {name: n for n, name in enumerate(_DAYS)}}


@dataclass(frozen=True)
class Schedule:
    """An interval in seconds, or the five sets of a cron line."""

    text: str
    seconds: int = 0
    fields: tuple[frozenset[int], ...] = ()
    both_days: bool = False  # day of month and day of week both restricted: either one is enough, as in cron

    def after(self, moment: datetime) -> datetime:
        """The first time due after `moment` (UTC); intervals count from 1970, so that a restart changes nothing.

        >>> parse("6h").after(datetime(2026, 3, 1, 5, 59, tzinfo=UTC)).isoformat()
        '2026-03-01T06:00:00+00:00'
        >>> parse("30 7 * * mon").after(datetime(2026, 3, 1, tzinfo=UTC)).isoformat()
        '2026-03-02T07:30:00+00:00'
        """
        moment = moment.astimezone(UTC)
        if self.seconds:
            number = int(moment.timestamp()) // self.seconds + 1
            return datetime.fromtimestamp(number * self.seconds, UTC)
        minutes, hours = sorted(self.fields[0]), sorted(self.fields[1])
        start = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for ahead in range(366 * 8 + 3):  # 29 February may be eight years away
            day = (start + timedelta(days=ahead)).date()
            if not self._falls_on(day.month, day.day, (day.weekday() + 1) % 7):
                continue
            for hour in hours:
                for minute in minutes:
                    found = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if found >= start:
                        return found
        raise ToolError(f"The schedule {self.text!r} never falls due. Name one that does, such as daily or 6h.")

    def due_between(self, last: datetime, now: datetime, most: int = 1000) -> int:
        """How many times it fell due after `last` up to `now`; counted no further than `most`."""
        count, moment = 0, last
        while count < most:
            moment = self.after(moment)
            if moment > now:
                break
            count += 1
        return count

    def cron(self) -> str:
        """The nearest cron line, for schedulers that take only those."""
        if not self.seconds:
            return NAMED.get(self.text, self.text)
        minutes = self.seconds // 60
        if minutes < 60 and 60 % minutes == 0:
            return f"*/{minutes} * * * *"
        if minutes % 60 == 0 and minutes // 60 <= 24 and 24 % (minutes // 60) == 0:
            hours = minutes // 60
            return "0 * * * *" if hours == 1 else (f"0 */{hours} * * *" if hours < 24 else "0 0 * * *")
        if minutes == 7 * 24 * 60:
            return "0 0 * * 4"  # 1 January 1970, from which intervals count, was a Thursday
        raise ToolError(
            f"An interval of {self.text} has no cron line. Use one that divides an hour or a day, or `weekly`."
        )

    def _falls_on(self, month: int, day: int, weekday: int) -> bool:
        if month not in self.fields[3]:
            return False
        on_day, on_weekday = day in self.fields[2], weekday in self.fields[4]
        return (on_day or on_weekday) if self.both_days else (on_day and on_weekday)


def parse(text: str) -> Schedule:
    """The schedule that a text means; ToolError that says what is understood when it is none."""
    shown = " ".join(text.strip().lower().split())
    if shown in NAMED:
        return Schedule(shown, fields=_fields(NAMED[shown], shown))
    found = _INTERVAL.fullmatch(shown)
    if found:
        seconds = int(found[1]) * _UNITS[found[2]]
        if 60 <= seconds <= 366 * 86400:
            return Schedule(found[1] + found[2].replace("min", "m"), seconds)
        raise ToolError(f"An interval of {text} is not usable. It must lie between 1m and 52w.")
    if len(shown.split(" ")) == 5:
        parts = shown.split(" ")
        either = not parts[2].startswith("*") and not parts[4].startswith("*")
        schedule = Schedule(shown, fields=_fields(shown, text), both_days=either)
        schedule.after(datetime(2026, 1, 1, tzinfo=UTC))  # a date that never comes is refused now, not at run time
        return schedule
    raise ToolError(
        f"{text!r} is no schedule. Say hourly, daily, weekly, monthly, an interval such as 30m or 6h, "
        "or a cron line such as `0 6 * * 1`."
    )


def _fields(line: str, told: str) -> tuple[frozenset[int], ...]:
    found = []
    for position, part in enumerate(line.split(" ")):
        low, high = _RANGES[position]
        values: set[int] = set()
        for piece in part.split(","):
            match = re.fullmatch(r"(\*|[a-z0-9]+(?:-[a-z0-9]+)?)(?:/(\d+))?", piece)
            if not match:
                raise ToolError(f"{told!r} is no cron line: {piece!r} is not understood.")
            first, last = low, high
            if match[1] != "*":
                ends = [_value(end, position, told) for end in match[1].split("-")]
                first, last = ends[0], (ends[-1] if len(ends) > 1 or not match[2] else high)
            step = int(match[2] or 1)
            if not (low <= first <= last <= high) or step < 1:
                raise ToolError(f"{told!r} is no cron line: {piece!r} lies outside {low}-{high}.")
            values.update(range(first, last + 1, step))
        if position == 4 and 7 in values:
            values = (values - {7}) | {0}
        found.append(frozenset(values))
    return tuple(found)


def _value(text: str, position: int, told: str) -> int:
    if text.isdigit():
        return int(text)
    try:
        return _WORDS[position][text]
    except KeyError:
        raise ToolError(f"{told!r} is no cron line: {text!r} is not understood.") from None
