"""Forecasts of `prophet` from PyPI on the daily sums of bike-hourly, and on a made-up series.

    python prophet_golden.py bike > benches/golden/prophet_bike.json
    python prophet_golden.py made > crates/ensue-forecast/tests/golden/prophet.json

`bike` reads ENSUE_DATASETS. Each case is fitted to all days before the last 19 and forecasts those. `y_scale` is the largest
value, by which Prophet divides. Bounds are those of 20,000 samples.

`made` is 420 days of a formula (see `made`), every tenth day missing, with a regressor that is 0 or 1 and one that is not. Beside
Prophet's answer it holds the exact one: the same columns and priors, but the slope's changes split into positive and negative
parts, so that the problem given the noise is a smooth one with bounds; scipy's L-BFGS-B solves it to 1e-12, in turns with the
noise. `log_density` is the logarithm of the posterior density, without the constants that no parameter changes: Stan's L-BFGS
stops where the absolute values of the Laplace prior make a kink, so Prophet's is the lower one.
"""

import json
import logging
import sys

import numpy as np
import pandas as pd
from prophet import Prophet
from prophet_data import CASES, HORIZON, REGRESSORS, bike
from scipy.optimize import minimize

logging.disable(logging.CRITICAL)
SAMPLES = 20_000


def fit(history, settings, regressors):
    model = Prophet(uncertainty_samples=SAMPLES, **settings)
    for name in regressors:
        model.add_regressor(name, mode="additive")
    return model.fit(history)


def parts(model):
    """Time, value, other columns and their priors, as Prophet prepares them."""
    columns, priors, _, _ = model.make_all_seasonality_features(model.history)
    return model.history.t.values, model.history.y_scaled.values, columns.values, np.array(priors)


def log_density(model):
    t, y, columns, priors = parts(model)
    p = {name: value[0] for name, value in model.params.items()}
    trend = model.piecewise_linear(t, p["delta"], p["k"], p["m"], model.changepoints_t)
    seasons = [bool(part) for part in model.train_component_cols["multiplicative_terms"]]
    shares = columns[:, seasons] @ p["beta"][seasons]
    others = np.logical_not(seasons)
    mean = trend * (1 + shares) + columns[:, others] @ p["beta"][others]
    noise = p["sigma_obs"][0]
    density = -len(y) * np.log(noise) - ((y - mean) ** 2).sum() / (2 * noise**2) - 2 * noise**2
    density -= np.abs(p["delta"]).sum() / model.changepoint_prior_scale
    return density - (p["k"][0] ** 2 + p["m"][0] ** 2) / 50 - ((p["beta"] / priors) ** 2).sum() / 2


def answer(model, ahead):
    np.random.seed(0)
    forecast = model.predict(ahead)
    found = {name: [round(x, 3) for x in forecast[name]] for name in ["yhat", "yhat_lower", "yhat_upper"]}
    return found | {"y_scale": model.y_scale}


def exact(model, ahead):
    """The most probable parameters, and what they forecast."""
    t, y, columns, priors = parts(model)
    ramps = np.maximum(t[:, None] - model.changepoints_t, 0)
    design = np.column_stack([np.ones_like(t), t, columns, ramps, -ramps])
    smooth = 2 + columns.shape[1]
    prior = np.concatenate([[5, 5], priors])
    square, product, count = design.T @ design, design.T @ y, len(y)
    found, variance = np.zeros(design.shape[1]), 1.0
    bounds = [(None, None)] * smooth + [(0, None)] * (2 * ramps.shape[1])
    for _ in range(200):
        quadratic, linear = square.copy(), product.copy()
        quadratic[range(smooth), range(smooth)] += variance / prior**2
        linear[smooth:] -= variance / model.changepoint_prior_scale
        found = minimize(
            lambda x: (x @ quadratic @ x / 2 - linear @ x, quadratic @ x - linear),
            found,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 100_000, "maxfun": 200_000, "ftol": 1e-16, "gtol": 1e-12, "maxcor": 60},
        ).x
        error = ((y - design @ found) ** 2).sum()
        before, variance = variance, 2 * error / (count + np.sqrt(count**2 + 16 * error))
        if abs(variance - before) < 1e-12 * before:
            break
    plus, minus = np.split(found[smooth:], 2)
    model.params = {
        "m": found[:1].reshape(1, -1),
        "k": found[1:2].reshape(1, -1),
        "beta": found[2:smooth].reshape(1, -1),
        "delta": (plus - minus).reshape(1, -1),
        "sigma_obs": np.array([[np.sqrt(variance)]]),
    }
    yhat = model.predict(ahead)["yhat"]
    return {
        "yhat": [round(x, 6) for x in yhat],
        "noise": float(f"{np.sqrt(variance):.9f}"),
        "mean_change": float(f"{np.abs(plus - minus).mean():.6f}"),
        "log_density": round(log_density(model), 6),
    }


def made():
    """The formula is in integers and simple fractions, so that another language makes the same numbers."""
    at = np.arange(450)
    day = pd.to_datetime("2020-03-01") + pd.to_timedelta(at, unit="D")
    noise = (at * 7919 + 13) % 101 / 101 - 0.5
    promotion = (at % 17 == 3).astype(float)
    price = 2.0 + (at * 31 % 7) / 4
    y = 50 + 0.1 * at - 0.15 * np.maximum(at - 200, 0) + 5.0 * (at % 7 == 6) + 8 * promotion - 3 * price + 6 * noise
    return pd.DataFrame({"ds": day, "y": y, "promotion": promotion, "price": price})


if sys.argv[1] == "bike":
    days = bike()
    history, ahead = days[:-HORIZON], days[-HORIZON:]
    out = {}
    for name, (settings, with_regressors) in CASES.items():
        out[name] = answer(fit(history, settings, REGRESSORS if with_regressors else []), ahead.drop(columns="y"))
else:
    days = made()
    history, ahead = days[:420], days[420:]
    history = history[np.arange(420) % 10 != 9]
    model = fit(history, {}, ["promotion", "price"])
    theirs = answer(model, ahead) | {"log_density": round(log_density(model), 6)}
    out = {"prophet": theirs, "exact": exact(model, ahead)}
print(json.dumps(out, indent=1).replace(",\n   ", ",").replace("[\n   ", "[").replace("\n  ]", "]"))
