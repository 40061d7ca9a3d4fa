"""Prophet of PyPI on the daily sums of bike-hourly: a fit and a forecast of 19 days, timed on request.

    python prophet_fit.py

reads ENSUE_DATASETS, fits each case once to be warm and says `ready prophet VERSION`. After that a line `CASE N` (a case of
prophet_data.py) is answered by a JSON list: seconds of N fits with their forecasts. A fit starts Stan's program, as `fit` always
does. Ends with its input.

`acceptance prophet` asks; standing alone, `echo 'defaults 3' | python prophet_fit.py`.
"""

import os

# Before anything reads them.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import json  # noqa: E402
import logging  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

# Answers go where questions come from; what the libraries print goes to standard error.
ANSWERS, sys.stdout = sys.stdout, sys.stderr

import prophet  # noqa: E402
from prophet_data import CASES, HORIZON, REGRESSORS, bike  # noqa: E402

logging.disable(logging.CRITICAL)
days = bike()
history, ahead = days[:-HORIZON], days[-HORIZON:].drop(columns="y")


def once(case):
    settings, with_regressors = CASES[case]
    start = time.perf_counter()
    model = prophet.Prophet(**settings)
    for name in REGRESSORS if with_regressors else []:
        model.add_regressor(name, mode="additive")
    forecast = model.fit(history).predict(ahead)
    seconds = time.perf_counter() - start
    assert len(forecast) == HORIZON
    return seconds


for name in CASES:
    once(name)
print("ready prophet", prophet.__version__, file=ANSWERS, flush=True)
for line in sys.stdin:
    case, times = line.split()
    print(json.dumps([once(case) for _ in range(int(times))]), file=ANSWERS, flush=True)
