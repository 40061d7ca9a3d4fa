"""Golden numbers of the forecast metrics, by GluonTS's evaluator.

Run, with gluonts 0.17 installed, from this folder:

    python forecast_metrics.py > forecast_metrics.json

Each case is a list of series with past, actual values and a forecast of 11 quantile levels and the
mean; beside it stand the evaluator's aggregate numbers. Missing values are null, infinite ones "inf".
"""

import json
import math

import numpy as np
import pandas as pd
from gluonts.evaluation import Evaluator
from gluonts.model.forecast import QuantileForecast, SampleForecast

HORIZON = 6
LEVELS = [0.025, *(tenth / 10 for tenth in range(1, 10)), 0.975]
NUMBERS = (
    "mean_wQuantileLoss ND RMSE NRMSE MASE MSIS sMAPE MAPE abs_target_sum seasonal_error "
    "num_masked_target_values"
).split()
random = np.random.default_rng(20180)


def plain(value):
    value = float(value)
    if math.isnan(value):
        return None
    return value if math.isfinite(value) else str(value)


def numbers(values):
    return [plain(value) for value in values]


def quantile_forecast(values, start):
    """Sorted noise around a level, so that quantiles do not cross."""
    level = np.nanmean(values) if np.isfinite(values).any() else 3.0
    spread = random.normal(0.0, 1.0 + abs(level) / 3, (len(LEVELS), HORIZON))
    rows = np.round(np.sort(level + spread, axis=0), 4)
    mean = np.round(rows.mean(axis=0) + 0.25, 4)
    return QuantileForecast(
        forecast_arrays=np.vstack([rows, mean]),
        forecast_keys=[*map(str, LEVELS), "mean"],
        start_date=start,
    )


def sample_forecast(values, start):
    level = np.nanmean(values) if np.isfinite(values).any() else 3.0
    samples = np.round(level + random.normal(0.0, 2.0, (40, HORIZON)), 4)
    return SampleForecast(samples=samples, start_date=start)


def case(name, frequency, series, make, seasonality=None):
    """`series`: whole targets, whose last HORIZON values are the actual ones."""
    origin = pd.Period("2020-01-01", freq=frequency)
    targets, forecasts, rows = [], [], []
    for values in series:
        values = np.asarray(values, dtype=np.float64)
        start = origin + (len(values) - HORIZON)
        index = pd.period_range(origin, periods=len(values), freq=frequency)
        targets.append(pd.Series(values, index=index))
        forecast = make(values[:-HORIZON], start)
        forecasts.append(forecast)
        rows.append(
            {
                "past": numbers(values[:-HORIZON]),
                "actual": numbers(values[-HORIZON:]),
                "mean": numbers(forecast.mean),
                "quantiles": [numbers(forecast.quantile(level)) for level in LEVELS],
            }
        )
    evaluator = Evaluator(num_workers=0, seasonality=seasonality)
    totals, _ = evaluator(iter(targets), iter(forecasts), num_series=len(targets))
    deciles = [tenth / 10 for tenth in range(1, 10)]
    expected = {key: plain(totals[key]) for key in NUMBERS}
    expected["wQuantileLoss"] = [plain(totals[f"wQuantileLoss[{q}]"]) for q in deciles]
    expected["Coverage"] = [plain(totals[f"Coverage[{q}]"]) for q in deciles]
    return {
        "name": name,
        "frequency": frequency,
        "seasonality": seasonality,
        "series": rows,
        "expected": expected,
    }


def walk(length, level=10.0):
    return np.round(level + random.normal(0.0, 0.5, length).cumsum() + random.normal(0, 2, length), 3)


def with_gaps(values, at):
    values = values.copy()
    values[list(at)] = np.nan
    return values


nan = np.nan
hourly = [walk(length) for length in (31, 40, 55, 60)]
gaps = [
    with_gaps(walk(40), [0, 3, 4, 17, 36]),
    with_gaps(walk(30), range(24, 30)),  # no actual value
    np.zeros(20),  # all zero
    np.append(np.full(12, 5.0), walk(HORIZON)),  # a past without change
    walk(9),  # shorter than the season
    np.append([7.0], walk(HORIZON)),  # one point
    with_gaps(walk(20), range(14)),  # no past value
    np.append(walk(14), [0.0, 0.0, 4.0, nan, 0.0, 1.0]),
]
finite = [series for at, series in enumerate(gaps) if at not in (2, 3)]
cases = [
    case("quantiles of hourly series", "h", hourly, quantile_forecast),
    case("samples of hourly series", "h", hourly, sample_forecast),
    case("gaps and degenerate series", "h", gaps, quantile_forecast),
    case("gaps without infinite errors", "M", finite, quantile_forecast, seasonality=3),
    case("zeros alone", "D", [np.zeros(20), np.zeros(12)], quantile_forecast),
    case("no actual values", "W", [with_gaps(walk(20), range(14, 20))], sample_forecast),
]
print(json.dumps({"levels": LEVELS, "cases": cases}, indent=None))
