"""Lags and time features of GluonTS 0.17 for each frequency: writes `calendar.json` beside itself.

    python calendar.py        (benches/peers/requirements.txt)

`lags`: what GluonTS' DeepAR feeds itself with at each frequency that Amazon Forecast knows, multiples included
(`get_lags_for_frequency`, its upper bound of 1200 as DeepAR leaves it). `lags_exact` is there only where it differs: the
same rule in exact fractions. GluonTS divides in floating point (`k * 24 // (n / 60)`), so that some lags of odd
multiples fall one short.

`features`: names, and values at dates that calendars trip over. `time` is when the step begins, `values` what
`time_features_from_frequency_str` gives for it, in the order of `names`. GluonTS reads the calendar on the LAST day of a
week (its Sunday) and in the last month of a calendar quarter (`Q`); in all other frequencies, months counted in threes
(`3M`) among them, where the step begins.
"""

import json
import pathlib
import sys
from fractions import Fraction

# A folder's own `calendar.py` would shadow the standard library's.
sys.path.pop(0)

import gluonts  # noqa: E402
import pandas as pd  # noqa: E402
from gluonts.time_feature import (  # noqa: E402
    get_lags_for_frequency,
    time_features_from_frequency_str,
)

# Our units: pandas' offset and period alias, and the largest multiple.
UNITS = {
    "Y": ("YE", "Y", 1),
    "M": ("ME", "M", 11),
    "W": ("W", "W-SUN", 4),
    "D": ("D", "D", 6),
    "H": ("h", "h", 23),
    "min": ("min", "min", 59),
}


def span(*ranges):
    return [lag for first, last in ranges for lag in range(first, last + 1)]


# The table of the requirements: lags above 7.
TABLE = {
    "Y": [],
    "3M": [8, 9, 11, 12, 13],
    "M": span((11, 13), (23, 25), (35, 37)),
    "W": [8, 12] + span((51, 53), (103, 105), (155, 157)),
    "D": [8] + span((13, 15), (20, 22), (27, 31)) + [56, 84] + span((363, 365), (727, 729), (1091, 1093)),
    "H": span(*((24 * k - 1, 24 * k + 1) for k in range(1, 8)))
    + span(*((168 * k - 1, 168 * k + 1) for k in range(2, 5)))
    + span((719, 721)),
}
# Where the table abbreviates: number of lags, and the largest.
COUNTS = {
    "Y": (7, 7),
    "3M": (12, 13),
    "M": (16, 37),
    "W": (18, 157),
    "D": (30, 1093),
    "H": (40, 721),
    "30min": (35, 1009),
    "15min": (35, 673),
    "5min": (34, 1153),
    "1min": (22, 182),
}


def exact_lags(unit, n):
    """The documented rule without rounding: cycles of each coarser unit, neighbours within delta."""

    def cycles(period, count, delta):
        return [k * period // n // 1 + d for k in range(1, count + 1) for d in range(-delta, delta + 1)]

    def weeks(steps):
        return [steps * k // n for k in (4, 8, 12)] + cycles(52 * steps, 3, 1)

    def days(steps):
        return cycles(7 * steps, 4, 1) + cycles(30 * steps, 1, 1)

    n, one = Fraction(n), Fraction(1)
    lags = {
        "Y": lambda: [],
        "M": lambda: cycles(12 * one, 3, 1),
        "W": lambda: weeks(one),
        "D": lambda: days(one) + weeks(7 * one),
        "H": lambda: cycles(24 * one, 7, 1) + days(24 * one) + weeks(168 * one),
        "min": lambda: cycles(60 * one, 3, 2) + cycles(1440 * one, 7, 1) + days(1440 * one) + weeks(10080 * one),
    }[unit]()
    return list(range(1, 8)) + sorted({int(lag) for lag in lags if 7 < lag <= 1200})


def all_lags():
    found = {}
    for unit, (alias, _, most) in UNITS.items():
        for n in range(1, most + 1):
            name = f"{n}{unit}" if n > 1 or unit == "min" else unit
            lags = [int(lag) for lag in get_lags_for_frequency(f"{n}{alias}")]
            found[name] = {"lags": lags}
            exact = exact_lags(unit, n)
            if exact != lags:
                found[name]["lags_exact"] = exact
    assert found["3M"]["lags"] == [int(lag) for lag in get_lags_for_frequency("QE")]
    for name, above in TABLE.items():
        assert found[name]["lags"] == span((1, 7)) + above, name
    for name, (count, largest) in COUNTS.items():
        assert (len(found[name]["lags"]), found[name]["lags"][-1]) == (count, largest), name
    for name in COUNTS:
        assert "lags_exact" not in found[name], name
    return found


# Leap days and the days around them, centuries that leap and that do not, ISO weeks 52, 53 and 1 at both ends of a year,
# ends of short and long months and of quarters, before and after 1970.
DATES = """
1750-01-01 1750-01-05 1899-12-31 1900-02-28 1900-03-01 1959-05-18 1969-12-29 1969-12-31 1970-01-01 1976-02-29
1981-01-01 1990-06-11 1999-12-31 2000-01-01 2000-02-29 2000-12-31 2004-12-27 2005-01-02 2008-12-29 2009-12-31
2010-01-03 2012-02-29 2012-12-31 2014-10-29 2015-06-30 2015-12-28 2016-01-03 2016-02-28 2016-02-29 2016-03-01
2016-12-31 2018-12-31 2019-04-30 2020-02-29 2020-12-27 2020-12-28 2020-12-31 2021-01-03 2021-01-04 2023-07-31
2024-02-29 2024-12-30 2024-12-31 2025-08-17 2026-12-28 2026-12-31
""".split()
# Times of the day, taken in turns.
TIMES = "00:00 23:59 12:00 06:07 00:01 18:30 11:45 23:00 09:55 15:15 21:14".split()


def begins(moment, base, n):
    """When the step of n months or minutes begins that holds the moment: pandas would begin one anywhere."""
    when = pd.Timestamp(moment)
    if base == "M":
        return when.replace(month=(when.month - 1) // n * n + 1, day=1)
    return when.replace(minute=when.minute // n * n) if base == "min" else when


def features(alias, base, n):
    functions = time_features_from_frequency_str(f"{n}{alias}")
    moments = [f"{date}T{TIMES[i % len(TIMES)]}" for i, date in enumerate(DATES)]
    periods = sorted({pd.Period(begins(moment, base, n), freq=f"{n}{base}") for moment in moments})
    index = pd.PeriodIndex(periods)
    columns = [[float(value) for value in function(index)] for function in functions]
    rows = [
        {"time": when.start_time.isoformat(), "values": [column[i] for column in columns]}
        for i, when in enumerate(periods)
    ]
    for row in rows:
        assert all(-0.5 <= value <= 0.5 for value in row["values"]), row
    return {"names": [function.__name__ for function in functions], "rows": rows}


# Pandas' offset alias, its period alias, and how many of them.
FEATURES = {
    "Y": ("YE", "Y", 1),
    "Q": ("QE", "Q-DEC", 1),
    "3M": ("ME", "M", 3),
    "M": ("ME", "M", 1),
    "W": ("W", "W-SUN", 1),
    "D": ("D", "D", 1),
    "H": ("h", "h", 1),
    "30min": ("min", "min", 30),
    "15min": ("min", "min", 15),
    "5min": ("min", "min", 5),
    "1min": ("min", "min", 1),
}


def main():
    found = {
        "gluonts": gluonts.__version__,
        "pandas": pd.__version__,
        "lags": all_lags(),
        "features": {name: features(*how) for name, how in FEATURES.items()},
    }
    out = pathlib.Path(__file__).with_name("calendar.json")
    # One line for each list, so that a difference can be read.
    parts = []
    for key, value in found.items():
        if not isinstance(value, dict):
            parts.append(f"{json.dumps(key)}: {json.dumps(value)}")
        elif key == "lags":
            lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(lags)}" for name, lags in value.items())
            parts.append(f"{json.dumps(key)}: {{\n{lines}\n}}")
        else:
            blocks = []
            for name, block in value.items():
                rows = ",\n".join(f"    {json.dumps(row)}" for row in block["rows"])
                blocks.append(f'  {json.dumps(name)}: {{"names": {json.dumps(block["names"])}, "rows": [\n{rows}\n  ]}}')
            parts.append(f"{json.dumps(key)}: {{\n" + ",\n".join(blocks) + "\n}")
    text = "{\n" + ",\n".join(parts) + "\n}\n"
    assert json.loads(text) == found
    out.write_text(text)


main()
