"""Orders and AICc of 50 series by statsforecast's AutoARIMA.

    python arima_golden.py > OUT.json

reads ENSUE_DATASETS and writes the set, the id, the season, the order `p d q P D Q`, whether there is a constant (a mean or
a drift), and the AICc of every series; no values of the series. The series were chosen by their places, before anything was
fitted: every 18th of M4 weekly (season 1), every 40th of hospital from the third on (the first 72 months, season 12), every
40th of M4 hourly summed into days (whole days from the beginning, season 7).

`approximation=None` is R's rule: the search goes by conditional sums of squares where a series has more than 150 values, or
its season more than 12. AICc is as R counts it: the likelihood of the differenced series, the variance is a parameter.
"""

import csv
import gzip
import io
import json
import os
import sys

import numpy as np
import statsforecast
from statsforecast.arima import auto_arima_f

SETS = os.environ["ENSUE_DATASETS"]


def rows(file):
    with gzip.open(os.path.join(SETS, file), "rt") as lines:
        return list(csv.reader(lines))


def m4(name):
    for row in rows(f"m4-{name.lower()}/{name}-train.csv.gz")[1:]:
        yield row[0], np.array([float(x) for x in row[1:] if x != ""])


def chosen():
    for id, values in list(m4("Weekly"))[::18]:
        yield "m4-weekly", id, 1, values
    table = rows("carparts-hospital/hospital.csv.gz")
    for at in list(range(len(table[0])))[3::40]:
        yield "hospital", table[0][at], 12, np.array([float(row[at]) for row in table[1:73]])
    for id, values in list(m4("Hourly"))[::40]:
        days = len(values) // 24
        yield "m4-hourly-days", id, 7, values[: days * 24].reshape(days, 24).sum(axis=1)


def main():
    found = []
    for name, id, season, values in list(chosen())[:50]:
        model = auto_arima_f(values, period=season, approximation=None)
        p, q, P, Q, _, d, D = model["arma"]
        constant = any(key in model["coef"] for key in ("intercept", "drift"))
        order = [p, d, q, P, D, Q]
        found.append({"set": name, "id": id, "season": season, "order": order, "constant": constant,
                      "aicc": round(float(model["aicc"]), 4)})
        print(found[-1], file=sys.stderr, flush=True)
    out = io.StringIO()
    out.write('{"tool": "statsforecast %s", "command": "python benches/peers/arima_golden.py", "series": [\n' % statsforecast.__version__)
    out.write(",\n".join(json.dumps(row) for row in found))
    out.write("\n]}\n")
    print(out.getvalue(), end="")


main()
