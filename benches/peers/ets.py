"""statsforecast's AutoETS on M4 weekly, a fit and a forecast of so many series a line: how long they take.

Started by `acceptance ets`; answers a line `FIRST COUNT` with the milliseconds that these series take together.
"""

import json
import os
import sys
import time
import warnings

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["NUMBA_NUM_THREADS"] = "1"

import numpy as np
import statsforecast
from forecast_data import cut, load
from statsforecast.models import AutoETS

warnings.simplefilter("ignore")
_, horizon, whole = load("m4-weekly")
series = [np.array(entry["target"]) for entry in cut(whole, horizon)]


def run(first, count):
    start = time.perf_counter()
    for values in series[first : first + count]:
        model = AutoETS(season_length=1)
        model.fit(values)
        model.predict(horizon, level=[20, 40, 60, 80])
    return 1000 * (time.perf_counter() - start)


run(0, 2)  # compiles
print(f"ready statsforecast {statsforecast.__version__}", flush=True)
for line in sys.stdin:
    first, count = map(int, line.split())
    print(json.dumps([run(first, count)]), flush=True)
