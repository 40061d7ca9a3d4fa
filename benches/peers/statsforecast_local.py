"""AutoETS and DynamicOptimizedTheta of statsforecast on one thread, timed on request.

    python statsforecast_local.py SET SEASON        (SET: a name of forecast_data.py, such as m4-weekly)

fits one short series with each to be warm, and says `ready VERSION`. After that each line of standard input, `ets FIRST STEP`
or `theta FIRST STEP`, is answered by one line of JSON: the seconds that fitting and forecasting (with nine quantiles) of
series FIRST, FIRST + STEP, ... took. Ends with its input.
"""

import os

# Before anything reads them.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = "1"

import json  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402

import forecast_data  # noqa: E402
import numpy as np  # noqa: E402
import statsforecast  # noqa: E402
from statsforecast.models import AutoETS, DynamicOptimizedTheta  # noqa: E402

MODELS = {"ets": AutoETS, "theta": DynamicOptimizedTheta}


def forecast(name, values, season, horizon):
    MODELS[name](season_length=season).fit(values).predict(horizon, level=[20, 40, 60, 80])


def main():
    name, season = sys.argv[1], int(sys.argv[2])
    warnings.simplefilter("ignore")
    _, horizon, series = forecast_data.load(name)
    series = [np.array(entry["target"]) for entry in forecast_data.cut(series, horizon)]
    for model in MODELS:
        forecast(model, min(series, key=len), season, horizon)
    print(f"ready {statsforecast.__version__}", flush=True)
    for line in sys.stdin:
        model, first, step = line.split()
        start = time.perf_counter()
        for values in series[int(first) :: int(step)]:
            forecast(model, values, season, horizon)
        print(json.dumps([time.perf_counter() - start]), flush=True)


main()
