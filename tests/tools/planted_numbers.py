"""Defects of rows, numbers, dates and order: leaks, copies, placeholders, units, stuck columns, bursts, keys."""

import numpy as np
import pandas as pd

from .planted_tables import defect, some


@defect("a column that gives the target away", "orders", "leak", "refund", target="returned")
def _(d, rng):
    return d.assign(refund=np.where(d.returned == 1, d.amount, 0.0))


@defect("a noisy copy of the target", "patients", "leak", "score", target="outcome")
def _(d, rng):
    return d.assign(score=(d.outcome == "ill") + rng.normal(0, 0.05, len(d)))


@defect("near-duplicate rows, one cell changed", "orders", "near_duplicates")
def _(d, rng):
    more = d.sample(len(d) // 40, random_state=1).assign(rating=lambda x: x.rating % 5 + 1)
    return pd.concat([d, more.assign(order_id=np.arange(90_000, 90_000 + len(more)))], ignore_index=True)


@defect("near-duplicate rows, other case and blanks", "patients", "near_duplicates")
def _(d, rng):
    more = d.sample(len(d) // 40, random_state=1)
    return pd.concat(
        [d, more.assign(patient_id=more.patient_id.str.lower(), ward=more.ward.str.upper(), sex=more.sex + " ")],
        ignore_index=True,
    )


@defect("exact duplicate rows", "sensors", "duplicates")
def _(d, rng):
    return pd.concat([d, d.sample(len(d) // 50, random_state=2)], ignore_index=True)


@defect("copies under a new id", "orders", "near_duplicates")
def _(d, rng):
    more = d.sample(len(d) // 50, random_state=3)
    return pd.concat([d, more.assign(order_id=np.arange(80_000, 80_000 + len(more)))], ignore_index=True)


@defect("hidden missing numbers -999", "patients", "hidden_missing", "age")
def _(d, rng):
    return d.assign(age=d.age.where(~some(rng, len(d), 0.03), -999))


@defect("hidden missing zero", "patients", "hidden_missing", "glucose")
def _(d, rng):
    return d.assign(glucose=d.glucose.where(~some(rng, len(d), 0.04), 0.0))


@defect("hidden missing 9999 inside of floats", "sensors", "hidden_missing", "humidity")
def _(d, rng):
    return d.assign(humidity=d.humidity.where(~some(rng, len(d), 0.02), 9999.0))


@defect("hidden missing words", "orders", "hidden_missing", "city")
def _(d, rng):
    return d.assign(city=d.city.where(~some(rng, len(d), 0.03), "unknown")).drop(columns="country")


@defect("hidden missing dates 1900-01-01", "patients", "hidden_missing implausible_dates", "visit")
def _(d, rng):
    return d.assign(visit=d.visit.where(~some(rng, len(d), 0.03), pd.Timestamp("1900-01-01")))


@defect("another unit from the middle on (x1000)", "orders", "unit_change mixed_units", "weight")
def _(d, rng):
    return d.assign(weight=np.where(np.arange(len(d)) > 0.55 * len(d), d.weight * 1000, d.weight))


@defect("Fahrenheit from the middle on", "sensors", "unit_change", "temperature")
def _(d, rng):
    return d.assign(temperature=np.where(np.arange(len(d)) > 0.6 * len(d), d.temperature * 1.8 + 32, d.temperature))


@defect("metres among centimetres", "patients", "mixed_units", "height")
def _(d, rng):
    return d.assign(height=np.where(some(rng, len(d), 0.1), d.height / 100, d.height))


@defect("units in the text", "patients", "mixed_units", "weight_kg", as_csv=True)
def _(d, rng):
    other = some(rng, len(d), 0.2)
    return d.assign(
        weight_kg=[f"{w * 2.2046:.1f} lb" if o else f"{w:.1f} kg" for w, o in zip(d.weight_kg, other, strict=True)]
    )


@defect("day and month swapped", "sensors", "swapped_dates", "time")
def _(d, rng):
    d = d.assign(time=pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(d)) * 2, "h"))
    swap = some(rng, len(d), 0.05) & (d.time.dt.day <= 12)
    turned = [t.replace(month=t.day, day=t.month) if s else t for t, s in zip(d.time, swap, strict=True)]
    return d.assign(time=turned)


@defect("day first and month first in one column", "orders", "swapped_dates mixed_dates", "ordered", as_csv=True)
def _(d, rng):
    us = some(rng, len(d), 0.3)
    return d.assign(
        ordered=[t.strftime("%m/%d/%Y" if u else "%d/%m/%Y") for t, u in zip(d.ordered, us, strict=True)]
    ).drop(columns="shipped")


@defect("dates in several layouts", "orders", "mixed_dates swapped_dates", "ordered", as_csv=True)
def _(d, rng):
    layouts = rng.choice(["%Y-%m-%d", "%d.%m.%Y", "%b %d, %Y"], len(d))
    return d.assign(ordered=[t.strftime(f) for t, f in zip(d.ordered, layouts, strict=True)]).drop(columns="shipped")


@defect("dates as text", "patients", "dates_as_text", "visit")
def _(d, rng):
    return d.assign(visit=d.visit.dt.strftime("%d.%m.%Y"))


@defect("text cut at a length", "orders", "truncated", "note")
def _(d, rng):
    return d.assign(note=d.note.str[:50])


@defect("encoding damage", "orders", "encoding", "note")
def _(d, rng):
    hurt = some(rng, len(d), 0.02)
    return d.assign(note=[f"{t} cafÃ© mÃ¼de" if h else t for t, h in zip(d.note, hurt, strict=True)])


@defect("replacement characters in names", "patients", "encoding", "ward")
def _(d, rng):
    return d.assign(ward=d.ward.where(~some(rng, len(d), 0.02), "n\ufffdrth"))


@defect("constant after a date", "sensors", "stuck", "load")
def _(d, rng):
    return d.assign(load=np.where(np.arange(len(d)) > 0.8 * len(d), 31.25, d["load"]))


@defect("stuck in the middle", "sensors", "stuck", "humidity")
def _(d, rng):
    n = np.arange(len(d))
    return d.assign(humidity=np.where((n > 0.4 * len(d)) & (n < 0.5 * len(d)), 51.3, d.humidity))


@defect("outlier burst", "sensors", "outlier_burst outliers", "temperature")
def _(d, rng):
    n = np.arange(len(d))
    return d.assign(
        temperature=np.where(
            (n > 0.5 * len(d)) & (n < 0.515 * len(d)), d.temperature + rng.normal(60, 10, len(d)), d.temperature
        )
    )


@defect("scattered outliers x1000", "orders", "outliers", "amount")
def _(d, rng):
    return d.assign(amount=np.where(some(rng, len(d), 0.003), d.amount * 1000, d.amount))


@defect("scattered outliers in a bell", "patients", "outliers impossible", "systolic")
def _(d, rng):
    return d.assign(systolic=np.where(some(rng, len(d), 0.004), d.systolic * 10, d.systolic))


@defect("key violated", "patients", "key_violated", "patient_id")
def _(d, rng):
    ids = d.patient_id.to_numpy().copy()
    at = rng.choice(len(d), 12, replace=False)
    ids[at[:6]] = ids[at[6:]]
    return d.assign(patient_id=ids)
