"""Further clean tables (trips, a ledger, weather stations) and defects of the kind that loads, exports and clocks cause."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .planted_tables import Defect, some

NAMES = ("Ada Byron", "Carl Gauss", "Emmy Noether", "Karl Marx", "Lise Meitner", "Max Born", "Niels Bohr", "Rosa Parks")
REMARKS = ("please", "deliver", "to", "the", "back", "door", "before", "noon", "and", "ring")
STATIONS = {"Alm": 2.0, "Tal": 9.0, "See": 11.0, "Berg": 5.0}


def trips(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Rides of rented bicycles, in order of their start."""
    start = pd.Timestamp("2024-02-01 05:00") + pd.to_timedelta(np.cumsum(rng.exponential(600, n)).round(), "s")
    minutes = rng.gamma(3, 6, n).round(1) + 1
    km = (minutes * rng.uniform(0.18, 0.3, n)).round(2)
    return pd.DataFrame(
        {
            "ride": np.arange(5001, 5001 + n),
            "start": start,
            "end": start + pd.to_timedelta((minutes * 60).round(), "s"),
            "lat": (48.2 + rng.normal(0, 0.04, n)).round(5),
            "lon": (16.37 + rng.normal(0, 0.06, n)).round(5),
            "minutes": minutes,
            "km": km,
            "fare": (1 + 0.22 * minutes + rng.gamma(2, 0.4, n)).round(2),
            "plan": rng.choice(["day", "month", "single"], n, p=(0.2, 0.5, 0.3)),
            "district": rng.choice(["north", "south", "west", "east"], n),
            "bike": rng.choice([f"BK-{i:04d}" for i in range(40, 340)], n),
            "rain": rng.choice([True, False], n, p=(0.15, 0.85)),
        }
    )


def ledger(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Bookings of a trader: several each working day, with what was bought, for how much and by whom."""
    days = pd.bdate_range(end="2025-03-31", periods=min(3000, max(60, n // 12)))
    booked = np.sort(rng.choice(days.to_numpy(), n))
    price = rng.lognormal(3, 0.6, n).round(2)
    quantity = rng.integers(1, 13, n)
    account = rng.integers(100, 100 + max(30, n // 20), n)
    owner = np.array(NAMES)[(np.arange(1_000_000 // 100 + n) * 7919 % 8)][account]
    return pd.DataFrame(
        {
            "entry": [f"E{i:06d}" for i in range(1, n + 1)],
            "booked": booked,
            "account": account,
            "owner": owner,
            "branch": rng.choice(["Graz", "Linz", "Wien", "Wels"], n, p=(0.2, 0.2, 0.45, 0.15)),
            "product": rng.choice(["apples", "bread", "cheese", "dates", "eggs", "flour"], n),
            "price": price,
            "quantity": quantity,
            "total": (price * quantity).round(2),
            "paid_by": rng.choice(["cash", "card", "invoice"], n, p=(0.2, 0.6, 0.2)),
            "postcode": rng.choice([f"{z:05d}" for z in range(1010, 9990, 37)], n),
            "remark": [" ".join(rng.choice(REMARKS, rng.integers(3, 12))) for _ in range(n)],
        }
    )  # fmt: skip


def weather(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """Hourly readings of four stations, station by station within the hour."""
    hours = n // 4
    t = np.repeat(np.arange(hours), 4)
    station = np.tile(list(STATIONS), hours)
    base = np.array([STATIONS[s] for s in station]) + 6 * np.sin(2 * np.pi * t / 24)
    low = (base + rng.normal(0, 1.0, 4 * hours) - 1).round(1)
    high = (low + rng.gamma(3, 0.5, 4 * hours) + 0.1).round(1)
    return pd.DataFrame(
        {
            "time": pd.Timestamp("2024-01-01") + pd.to_timedelta(t, "h"),
            "station": station,
            "low": low,
            "high": high,
            "wind": rng.gamma(2.5, 2, 4 * hours).round(2),
            "pressure": (1010 + rng.normal(0, 4, 4 * hours)).round(1),
            "sky": rng.choice(["clear", "cloudy", "fog"], 4 * hours, p=(0.4, 0.5, 0.1)),
        }
    )


TABLES = {"trips": trips, "ledger": ledger, "weather": weather}
BREAKS: list[Defect] = []


def broken(name, base, ids, columns="", as_csv=False):  # type: ignore[no-untyped-def]
    """Register a function as a defect of one of these tables."""

    def keep(plant):  # type: ignore[no-untyped-def]
        BREAKS.append(Defect(name, base, frozenset(ids.split()), frozenset(columns.split()), plant, None, as_csv))
        return plant

    return keep


def later(d: pd.DataFrame, share: float) -> np.ndarray:
    """The rows after that share of the table."""
    return np.arange(len(d)) > share * len(d)


def stretch(d: pd.DataFrame, first: float, last: float) -> np.ndarray:
    """The rows between two shares of the table."""
    n = np.arange(len(d))
    return (n >= first * len(d)) & (n < last * len(d))


@broken("the decimal point moved in one branch", "ledger", "group_scale mixed_units", "price")
def _(d, rng):
    return d.assign(price=np.where(d.branch == "Wels", (d.price * 100).round(), d.price)).drop(columns="total")


@broken("another currency in one district", "trips", "group_scale mixed_units", "fare")
def _(d, rng):
    return d.assign(fare=np.where(d.district == "east", (d.fare * 24.7).round(2), d.fare))


@broken("the clock jumps by an hour", "weather", "time_step date_gap not_sorted", "time")
def _(d, rng):
    return d.assign(time=d.time + pd.to_timedelta(np.where(later(d, 0.6), 2, 0), "h"))


@broken("the clock goes back", "weather", "time_step not_sorted", "time")
def _(d, rng):
    return d.assign(time=d.time - pd.to_timedelta(np.where(later(d, 0.4), 2, 0), "h"))


@broken("a block pasted again in mid-file", "trips", "duplicates near_duplicates")
def _(d, rng):
    n = len(d)
    return pd.concat([d[: n // 2], d[n // 5 : n // 4], d[n // 2 :]], ignore_index=True)


@broken("a block pasted again under new numbers", "trips", "near_duplicates duplicates")
def _(d, rng):
    n = len(d)
    return pd.concat([d[: n // 2], d[n // 5 : n // 4], d[n // 2 :]], ignore_index=True).assign(
        ride=np.arange(5001, 5001 + n + n // 4 - n // 5)
    )


@broken("account numbers given to others after a date", "ledger", "dependency_violated reassigned", "account owner")
def _(d, rng):
    again = later(d, 0.7) & (d.account % 17 == 3)
    return d.assign(owner=np.where(again, d.owner.map(lambda o: NAMES[(NAMES.index(o) + 3) % 8]), d.owner))


@broken("a category renamed at a date", "ledger", "level_change", "paid_by")
def _(d, rng):
    return d.assign(paid_by=np.where(later(d, 0.55) & (d.paid_by == "invoice"), "on account", d.paid_by))


@broken("yes and no exchanged from a row on", "trips", "level_change", "rain")
def _(d, rng):
    return d.assign(rain=d.rain ^ later(d, 0.5))


@broken("a total without a label in the last row", "ledger", "total_row", "")
def _(d, rng):
    last = dict.fromkeys(d.columns) | {"total": d.total.sum().round(2), "quantity": d.quantity.sum()}
    return pd.concat([d.astype(object), pd.DataFrame([last])], ignore_index=True).astype(
        {"total": float, "quantity": float, "price": float, "account": float, "booked": "datetime64[ns]"}
    )


@broken("rows of a test", "ledger", "test_rows", "owner remark")
def _(d, rng):
    hit = rng.choice(len(d), 5, replace=False)
    owner, remark = d.owner.to_numpy(object), d.remark.to_numpy(object)
    owner[hit[:3]] = "Test User"
    remark[hit[2:]] = "asdf"
    return d.assign(owner=owner, remark=remark)


@broken("two columns exchanged for a stretch", "weather", "order_violated swapped_columns", "low high")
def _(d, rng):
    s = stretch(d, 0.5, 0.53)
    return d.assign(low=np.where(s, d.high, d.low), high=np.where(s, d.low, d.high))


@broken("two text columns exchanged for a stretch", "ledger", "swapped_columns", "branch product")
def _(d, rng):
    s = stretch(d, 0.4, 0.43)
    return d.assign(branch=np.where(s, d["product"], d.branch), product=np.where(s, d.branch, d["product"]))


@broken("latitude and longitude exchanged", "trips", "swapped_columns", "lat lon")
def _(d, rng):
    s = some(rng, len(d), 0.02)
    return d.assign(lat=np.where(s, d.lon, d.lat), lon=np.where(s, d.lat, d.lon))


@broken("one decimal instead of two from a row on", "weather", "precision_change", "wind")
def _(d, rng):
    return d.assign(wind=np.where(later(d, 0.5), d.wind.round(1), d.wind))


@broken("times of day lost from a row on", "trips", "precision_change", "end")
def _(d, rng):
    d = d.assign(end=d.start + pd.Timedelta(days=2))
    return d.assign(end=d.end.where(~later(d, 0.6), d.end.dt.normalize()))


@broken("one station's sensor stuck", "weather", "stuck", "pressure")
def _(d, rng):
    s = (d.station == "See") & stretch(d, 0.3, 0.7)
    return d.assign(pressure=d.pressure.where(~s, 1011.3))


@broken("letters damaged in one category", "ledger", "encoding variants", "branch")
def _(d, rng):
    return d.assign(branch=d.branch.replace({"Graz": "Grätz"}).where(~some(rng, len(d), 0.02), "GrÃ¤tz"))


@broken("HTML entities in a category", "ledger", "markup variants", "product")
def _(d, rng):
    names = d["product"].replace({"bread": "bread & butter"})
    return d.assign(product=names.where(~((names == "bread & butter") & some(rng, len(d), 0.3)), "bread &amp; butter"))


@broken("negative durations", "trips", "impossible wrong_sign outliers", "minutes")
def _(d, rng):
    s = some(rng, len(d), 0.004)
    return d.assign(minutes=np.where(s, -rng.uniform(0.1, 4, len(d)).round(1), d.minutes))


@broken("ends before it starts", "trips", "order_violated", "start end")
def _(d, rng):
    s = some(rng, len(d), 0.005)
    return d.assign(end=d.end.where(~s, d.start - pd.Timedelta(minutes=50)))


@broken("weekends left out for some weeks", "weather", "date_gap", "time")
def _(d, rng):
    d = d.assign(time=pd.Timestamp("2019-01-01") + pd.to_timedelta(np.arange(len(d)) * 4, "h"))
    middle = stretch(d, 0.3, 0.7)
    return d[~(middle & (d.time.dt.day_of_week >= 5))].reset_index(drop=True)


@broken("texts cut at 80 in a few rows", "ledger", "truncated", "remark")
def _(d, rng):
    s = some(rng, len(d), 0.012)
    long = " and then many more words follow here that nobody will ever read to the end"
    return d.assign(remark=[(r + long)[:80] if x else r for r, x in zip(d.remark, s, strict=True)])


@broken("leading zeros lost", "ledger", "odd_format", "postcode")
def _(d, rng):
    s = some(rng, len(d), 0.03)
    return d.assign(postcode=[z.lstrip("0") if x else z for z, x in zip(d.postcode, s, strict=True)])


@broken("numbers of things written otherwise", "trips", "odd_format variants", "bike")
def _(d, rng):
    s = some(rng, len(d), 0.01)
    return d.assign(bike=[b.replace("-", "") if x else b for b, x in zip(d.bike, s, strict=True)])


@broken("a total that is not price times quantity", "ledger", "arithmetic_violated", "total price quantity")
def _(d, rng):
    s = some(rng, len(d), 0.008)
    return d.assign(total=np.where(s, (d.total * rng.uniform(0.5, 0.9, len(d))).round(2), d.total))


@broken("no values for a stretch", "weather", "missing_stretch", "wind")
def _(d, rng):
    return d.assign(wind=d.wind.where(~stretch(d, 0.62, 0.65)))


@broken("one branch without values", "ledger", "missing_stretch missing_by_group missing", "paid_by")
def _(d, rng):
    return d.assign(paid_by=d.paid_by.where(d.branch != "Wels"))


@broken("numbers left out of a running count", "trips", "sequence_gap", "ride")
def _(d, rng):
    return d[~stretch(d, 0.5, 0.53)].reset_index(drop=True)


@broken("hours left out of a regular series", "weather", "time_step date_gap", "time")
def _(d, rng):
    return d[~d.time.between("2024-01-04 03:00", "2024-01-04 09:00")].reset_index(drop=True)


@broken("a new level after calibration", "weather", "level_shift unit_change", "pressure")
def _(d, rng):
    return d.assign(pressure=d.pressure + np.where(later(d, 0.45), 25.0, 0.0))


@broken("an outage written as zeros", "weather", "stuck hidden_missing outlier_burst", "wind")
def _(d, rng):
    return d.assign(wind=np.where(stretch(d, 0.4, 0.45), 0.0, d.wind))


@broken("a year mistyped in January", "ledger", "not_sorted implausible_dates", "booked")
def _(d, rng):
    s = (d.booked.dt.month == 1) & (d.booked.dt.day < 12) & later(d, 0.3)
    return (
        d.assign(booked=d.booked.where(~s, d.booked - pd.DateOffset(years=1)))
        if s.any()
        else d.assign(booked=d.booked.where(~stretch(d, 0.5, 0.51), d.booked - pd.DateOffset(years=1)))
    )


@broken("long numbers written with an exponent", "ledger", "odd_format mixed_types", "parcel", as_csv=True)
def _(d, rng):
    s = some(rng, len(d), 0.02)
    return d.assign(parcel=[f"{4_000_000_000_00 + i * 7}" if not x else f"{4e11:.2E}" for i, x in enumerate(s)])


@broken("addresses without their @", "trips", "odd_format", "rider")
def _(d, rng):
    s = some(rng, len(d), 0.01)
    return d.assign(rider=[f"rider{i}.example.com" if x else f"rider{i}@example.com" for i, x in enumerate(s)])
