"""Defects of texts, types, columns, targets and files: spellings, personal data, constants, gaps, totals."""

import numpy as np
import pandas as pd

from .planted_tables import COUNTRY, defect, some


@defect("numbers as text", "patients", "numbers_as_text", "glucose", as_csv=True)
def _(d, rng):
    return d.assign(glucose=[f"{v:,.2f} " if v < 100 else f"{1000 + v:,.2f}" for v in d.glucose])


@defect("numbers and words mixed", "orders", "mixed_types numbers_as_text", "items", as_csv=True)
def _(d, rng):
    return d.assign(items=[str(v) if rng.random() < 0.6 else "several" for v in d["items"]])


@defect("decimal comma in some rows", "orders", "mixed_decimals", "amount", as_csv=True)
def _(d, rng):
    comma = some(rng, len(d), 0.3)
    return d.assign(
        amount=[f"{v:.2f}".replace(".", ",") if c else f"{v:.2f}" for v, c in zip(d.amount, comma, strict=True)]
    )


@defect("yes and no in many words", "patients", "mixed_booleans variants", "smoker", as_csv=True)
def _(d, rng):
    return d.assign(
        smoker=[rng.choice(["yes", "Y", "true"]) if v == "yes" else rng.choice(["no", "N"]) for v in d.smoker]
    )


@defect("case and blank variants", "orders", "variants", "city")
def _(d, rng):
    wild = some(rng, len(d), 0.1)
    return d.assign(
        city=[(v.upper() if i % 2 else v + " ") if w else v for i, (v, w) in enumerate(zip(d.city, wild, strict=True))]
    ).drop(columns="country")


@defect("typing errors in a category", "orders", "variants", "city")
def _(d, rng):
    return d.assign(city=[v.replace("Lisbon", "Lisbno") if rng.random() < 0.03 else v for v in d.city]).drop(
        columns="country"
    )


@defect("e-mail addresses in notes", "orders", "pii", "note")
def _(d, rng):
    return d.assign(note=[f"{t} mail user{i}@example.com" if i % 25 == 0 else t for i, t in enumerate(d.note)])


@defect("a column of telephone numbers", "patients", "pii", "contact")
def _(d, rng):
    return d.assign(contact=[f"+44 20 79{rng.integers(10, 99)} {rng.integers(1000, 9999)}" for _ in range(len(d))])


@defect("infinite values", "sensors", "infinite", "load")
def _(d, rng):
    return d.assign(load=d["load"].where(~some(rng, len(d), 0.005), np.inf))


@defect("dates in the future", "patients", "future_dates", "visit")
def _(d, rng):
    return d.assign(visit=d.visit.where(~some(rng, len(d), 0.005), pd.Timestamp("2091-05-05")))


@defect("duplicated column", "orders", "duplicated_column", "amount total")
def _(d, rng):
    return d.assign(total=d.amount)


@defect("column of another scale", "patients", "redundant", "height height_in")
def _(d, rng):
    return d.assign(height_in=d.height / 2.54)


@defect("a rare class", "patients", "imbalance", "outcome", target="outcome")
def _(d, rng):
    return d.assign(outcome=np.where(some(rng, len(d), 0.01), "ill", "well"))


@defect("labels that contradict each other", "patients", "conflicting_labels near_duplicates", target="outcome")
def _(d, rng):
    more = d.sample(len(d) // 50, random_state=5)
    more = more.assign(
        outcome=np.where(more.outcome == "well", "ill", "well"), patient_id=[f"Q{i:05d}" for i in range(len(more))]
    )
    return pd.concat([d, more], ignore_index=True)


@defect("estimated, round numbers", "patients", "heaping", "systolic")
def _(d, rng):
    return d.assign(systolic=np.where(some(rng, len(d), 0.6), (d.systolic / 10).round() * 10, d.systolic))


@defect("cut off at a ceiling", "orders", "capped", "amount")
def _(d, rng):
    return d.assign(amount=d.amount.clip(upper=150.0))


@defect("days missing", "sensors", "date_gap", "time")
def _(d, rng):
    d = d.assign(time=pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(len(d)), "D"))
    return d[~d.time.between("2021-03-03", "2021-03-19")].reset_index(drop=True)


@defect("mostly missing", "sensors", "missing", "load")
def _(d, rng):
    return d.assign(load=d["load"].where(~some(rng, len(d), 0.7)))


@defect("empty column", "orders", "all_missing", "coupon")
def _(d, rng):
    return d.assign(coupon=pd.Series([None] * len(d), dtype="string"))


@defect("constant column", "patients", "constant", "hospital")
def _(d, rng):
    return d.assign(hospital="main")


@defect("nearly constant column", "sensors", "near_constant", "mode")
def _(d, rng):
    return d.assign(mode=np.where(np.arange(len(d)) % 700 == 3, "manual", "auto"))


@defect("a dependency broken in a few rows", "orders", "dependency_violated", "city country")
def _(d, rng):
    return d.assign(country=d.country.where(~some(rng, len(d), 0.006), rng.choice(list(COUNTRY.values()), len(d))))


@defect("shipped before ordered", "orders", "order_violated", "ordered shipped")
def _(d, rng):
    return d.assign(shipped=d.shipped.where(~some(rng, len(d), 0.01), d.ordered - pd.Timedelta(days=2)))


@defect("wrong sign", "orders", "wrong_sign", "weight")
def _(d, rng):
    return d.assign(weight=np.where(some(rng, len(d), 0.008), -d.weight, d.weight))


@defect("impossible ages", "patients", "impossible outliers", "age")
def _(d, rng):
    return d.assign(age=d.age.where(~some(rng, len(d), 0.004), 212))


@defect("gaps that tell the target", "patients", "missing_tells_target", "glucose", target="outcome")
def _(d, rng):
    return d.assign(glucose=d.glucose.where(~((d.outcome == "ill") & some(rng, len(d), 0.5))))


@defect("rounded from some row on", "sensors", "precision_change", "humidity")
def _(d, rng):
    return d.assign(humidity=np.where(np.arange(len(d)) > 0.5 * len(d), d.humidity.round(), d.humidity))


@defect("a total in the last row", "orders", "total_row", as_csv=True)
def _(d, rng):
    last = dict.fromkeys(d.columns, "") | {"city": "Total", "amount": d.amount.sum().round(2)}
    return pd.concat([d.astype(object), pd.DataFrame([last])], ignore_index=True)


@defect("the header again among the rows", "patients", "repeated_header", as_csv=True)
def _(d, rng):
    half = len(d) // 2
    return pd.concat(
        [
            d.iloc[:half].astype(object),
            pd.DataFrame([dict(zip(d.columns, d.columns, strict=True))]),
            d.iloc[half:].astype(object),
        ],
        ignore_index=True,
    )


@defect("formulas in cells", "orders", "formula_cells", "note")
def _(d, rng):
    return d.assign(note=['=HYPERLINK("http://x")' if i % 300 == 7 else t for i, t in enumerate(d.note)])
