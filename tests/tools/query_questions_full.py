"""Questions over the full data sets, with answers that pandas computes on its own: (file, question, what the answer must be).

A file may be `book.xlsx:Sheet` or `shop.sqlite:table`; `A + B` asks the first with the second beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

Question = tuple[str, str, Callable[..., Any]]
BIKE = "drift/bike_sharing_hourly.csv"
ADULT = "tabular/adult_income.csv.gz"
BANK = "tabular/bank_marketing_semicolon.csv"
CREDIT = "tabular/credit_scoring.csv"
STOCKS = "finance/tech_stocks_2000_2013.csv.gz"
SP500 = "finance/sp500_daily_2000_2020.csv"
WEATHER = "multi/nycflights13_weather.csv.gz"
PLANES = "multi/nycflights13_planes.csv"
AIRPORTS = "multi/nycflights13_airports.csv"
FLIGHTS = "multi/nycflights13_flights.parquet"
AIRLINES = "multi/nycflights13_airlines.csv"
STORE = "multi/superstore.csv.gz"
STRIKES = "insurance/wildlife_strikes.csv"
INJURY = "insurance/auto_bodily_injury.csv"
JANUARY = "multi/supermarket_sales.xlsx:January"
LOANS, OUTCOMES = "drift/car_loan_current.csv", "drift/car_loan_current_target.csv"
SHOP = "multi/chinook.sqlite"


def _year(dates: pd.Series) -> pd.Series:
    return pd.to_datetime(dates).dt.year


FULL: list[Question] = [
    (BIKE, "average cnt by season", lambda d: d.groupby("season").cnt.mean().to_dict()),
    (BIKE, "total cnt on holidays", lambda d: d[d.holiday == 1].cnt.sum()),
    (BIKE, "at which hr is the mean cnt highest?", lambda d: [d.groupby("hr").cnt.mean().idxmax()]),
    (BIKE, "how many rows have windspeed equal to 0", lambda d: (d.windspeed == 0).sum()),
    (BIKE, "correlation between temp and atemp", lambda d: d.temp.corr(d.atemp)),
    (BIKE, "median cnt when hum is above 0.8", lambda d: d[d.hum > 0.8].cnt.median()),
    (BIKE, "95th percentile of cnt", lambda d: d.cnt.quantile(0.95)),
    (ADULT, "average hours-per-week by sex", lambda d: d.groupby("sex")["hours-per-week"].mean().to_dict()),
    (ADULT, "how many people have a capital-gain above 10000?", lambda d: (d["capital-gain"] > 10000).sum()),
    (ADULT, "median age of people with education Masters", lambda d: d[d.education == "Masters"].age.median()),
    (ADULT, "top 5 occupations", lambda d: d.occupation.value_counts().head(5).to_dict()),
    (ADULT, "how many different native countries are there?", lambda d: d["native-country"].nunique()),
    (ADULT, "how many values are missing in workclass", lambda d: d.workclass.isna().sum()),
    (ADULT, "what is the share of income >50K by marital-status", lambda d: d.groupby("marital-status")["income >50K"].mean().to_dict()),
    (ADULT, "maximum age of women working more than 60 hours per week", lambda d: d[(d.sex == "Female") & (d["hours-per-week"] > 60)].age.max()),
    (ADULT, "count of rows by race and sex", lambda d: d.groupby(["race", "sex"]).size().to_dict()),
    (BANK, "average balance by job", lambda d: d.groupby("job").balance.mean().to_dict()),
    (BANK, "how many customers have housing = yes and are married", lambda d: ((d.housing == "yes") & (d.marital == "married")).sum()),
    (BANK, "what percentage have y = yes by poutcome", lambda d: (d.y == "yes").groupby(d.poutcome).mean().to_dict()),
    (BANK, "longest duration", lambda d: d.duration.max()),
    (BANK, "number of rows with negative balance", lambda d: (d.balance < 0).sum()),
    (BANK, "which job has the highest median balance?", lambda d: [d.groupby("job").balance.median().idxmax()]),
    (BANK, "standard deviation of age for students", lambda d: d[d.job == "student"].age.std()),
    (CREDIT, "mean Income by Home", lambda d: d.groupby("Home").Income.mean().dropna().to_dict()),
    (CREDIT, "how many have bad status and no records", lambda d: ((d.Status == "bad") & (d.Records == "no")).sum()),
    (CREDIT, "share of bad status by job", lambda d: (d.Status == "bad").groupby(d.Job).mean().to_dict()),
    (CREDIT, "average Amount for people aged 30 to 40", lambda d: d[d.Age.between(30, 40)].Amount.mean()),
    (CREDIT, "total Debt of owners", lambda d: d[d.Home == "owner"].Debt.sum()),
    (CREDIT, "how many duplicate rows are there?", lambda d: d.duplicated().sum()),
    (STOCKS, "average Close by Ticker", lambda d: d.groupby("Ticker").Close.mean().to_dict()),
    (STOCKS, "highest Adj Close of AAPL", lambda d: d[d.Ticker == "AAPL"]["Adj Close"].max()),
    (STOCKS, "total Volume of GOOG in 2008", lambda d: d[(d.Ticker == "GOOG") & (_year(d.Date) == 2008)].Volume.sum()),
    (STOCKS, "average Close of IBM by year", lambda d: d[d.Ticker == "IBM"].groupby(_year(d.Date)).Close.mean().to_dict()),
    (STOCKS, "how many rows per Ticker", lambda d: d.groupby("Ticker").size().to_dict()),
    (SP500, "trend of close by year", lambda d: d.groupby(_year(d.date)).close.mean().to_dict()),
    (SP500, "average volume since 2015", lambda d: d[_year(d.date) >= 2015].volume.mean()),
    (SP500, "lowest low in 2008", lambda d: d[_year(d.date) == 2008].low.min()),
    (SP500, "how many days was close above 3000", lambda d: (d.close > 3000).sum()),
    (WEATHER, "mean temp by origin", lambda d: d.groupby("origin").temp.mean().to_dict()),
    (WEATHER, "highest wind_gust at JFK", lambda d: d[d.origin == "JFK"].wind_gust.max()),
    (WEATHER, "average humid by month for EWR", lambda d: d[d.origin == "EWR"].groupby("month").humid.mean().to_dict()),
    (WEATHER, "how many values of pressure are missing by origin", lambda d: d.pressure.isna().groupby(d.origin).sum().to_dict()),
    (WEATHER, "share of hours with precip over 0 by origin", lambda d: (d.precip > 0).groupby(d.origin).mean().to_dict()),
    (PLANES, "number of planes by manufacturer with more than 100 planes", lambda d: d.manufacturer.value_counts()[lambda s: s > 100].to_dict()),
    (PLANES, "average seats by engine", lambda d: d.groupby("engine").seats.mean().to_dict()),
    (PLANES, "how many planes were built before 1990", lambda d: (d.year < 1990).sum()),
    (PLANES, "the 3 planes with the most seats", lambda d: set(d.nlargest(3, "seats").seats)),
    (AIRPORTS, "which name has the highest alt", lambda d: [d.loc[d.alt.idxmax(), "name"]]),
    (AIRPORTS, "number of airports by tz", lambda d: d.groupby("tz").size().to_dict()),
    (FLIGHTS, "mean arr_delay by carrier", lambda d: d.groupby("carrier").arr_delay.mean().dropna().to_dict()),
    (FLIGHTS, "how many flights have an arr_delay of more than 60", lambda d: (d.arr_delay > 60).sum()),
    (FLIGHTS, "share of flights with missing dep_time by month", lambda d: d.dep_time.isna().groupby(d.month).mean().to_dict()),
    (FLIGHTS, "top 3 dest by number of flights", lambda d: d.dest.value_counts().head(3).to_dict()),
    (FLIGHTS, "median air_time for flights from LGA to ATL", lambda d: d[(d.origin == "LGA") & (d.dest == "ATL")].air_time.median()),
    (STORE, "total Profit by Region and Category", lambda d: d.groupby(["Region", "Category"]).Profit.sum().to_dict()),
    (STORE, "which State has the lowest total profit?", lambda d: [d.groupby("State").Profit.sum().idxmin()]),
    (STORE, "average Discount for Tables", lambda d: d[d["Sub-Category"] == "Tables"].Discount.mean()),
    (STORE, "share of sales by segment", lambda d: (d.groupby("Segment").Sales.sum() / d.Sales.sum()).to_dict()),
    (STORE, "number of orders in California with negative profit", lambda d: ((d.State == "California") & (d.Profit < 0)).sum()),
    (STORE, "bottom 5 sub-categories by total profit", lambda d: d.groupby("Sub-Category").Profit.sum().nsmallest(5).to_dict()),
    (STRIKES, "number of strikes by phase_of_flt", lambda d: d.phase_of_flt.value_counts().to_dict()),
    (STRIKES, "average height by time_of_day", lambda d: d.groupby("time_of_day").height.mean().to_dict()),
    (STRIKES, "how many remarks mention engine", lambda d: d.remarks.str.contains("engine", case=False).sum()),
    (STRIKES, "top 5 species", lambda d: d.species.value_counts().head(5).to_dict()),
    (INJURY, "mean LOSS by ATTORNEY", lambda d: d.groupby("ATTORNEY").LOSS.mean().to_dict()),
    (INJURY, "compare the median LOSS between SEATBELT 1 and 2", lambda d: d.groupby("SEATBELT").LOSS.median().to_dict()),
    (INJURY, "how many claims have a LOSS over 100", lambda d: (d.LOSS > 100).sum()),
    (JANUARY, "total Total by City", lambda d: d.groupby("City").Total.sum().to_dict()),
    (JANUARY, "average Rating of members", lambda d: d[d["Customer type"] == "Member"].Rating.mean()),
    (JANUARY, "number of sales by payment", lambda d: d.groupby("Payment").size().to_dict()),
    ("insurance/bad_drivers.csv", "5 states with the highest insurance_premiums", lambda d: set(d.nlargest(5, "insurance_premiums").state)),
    ("insurance/bad_drivers.csv", "correlation of perc_alcohol and losses", lambda d: d.perc_alcohol.corr(d.losses)),
    ("text/fine_food_reviews.jsonl", "how many reviews mention coffee", lambda d: d.review.str.contains("coffee", case=False).sum()),
    ("text/fine_food_reviews.jsonl", "share of great scores", lambda d: (d.score == "great").mean()),
    (f"{SHOP}:Invoice", "total Total by BillingCountry", lambda d: d.groupby("BillingCountry").Total.sum().to_dict()),
    (f"{SHOP}:Invoice", "sum of Total by year", lambda d: d.groupby(_year(d.InvoiceDate)).Total.sum().to_dict()),
    (f"{SHOP}:Invoice", "average Total in the USA", lambda d: d[d.BillingCountry == "USA"].Total.mean()),
    (f"{SHOP}:Track", "how many tracks have no composer", lambda d: d.Composer.isna().sum()),
    (f"{SHOP}:Track", "Name with the highest Milliseconds", lambda d: [d.loc[d.Milliseconds.idxmax(), "Name"]]),
    (f"{FLIGHTS} + {AIRLINES}", "average dep_delay by airline name", lambda d, o: d.merge(o, on="carrier").groupby("name").dep_delay.mean().dropna().to_dict()),
    (f"{FLIGHTS} + {PLANES}", "join by tailnum: mean seats by carrier", lambda d, o: d.merge(o, on="tailnum").groupby("carrier").seats.mean().to_dict()),
    (f"{LOANS} + {OUTCOMES}", "repaid rate by loan_length", lambda d, o: d.merge(o, on="id").groupby("loan_length").repaid.mean().to_dict()),
    (f"{SHOP}:Track + {SHOP}:Genre", "number of tracks by genre name", lambda d, o: d.merge(o, on="GenreId").groupby("Name_y").size().to_dict()),
    (f"{JANUARY} + multi/supermarket_sales.xlsx:February", "compare the mean Rating in both", lambda d, o: {JANUARY: d.Rating.mean(), "multi/supermarket_sales.xlsx:February": o.Rating.mean()}),
]  # fmt: skip
