"""Accuracy of GluonTS's DeepAR at its defaults, by GluonTS's own evaluator: one line of JSON for each seed.

    python deepar_accuracy.py SET SEED...        (SET: a name of forecast_data.py)

100 epochs of 50 batches of 32, no covariates, no validation set; the figures that `acceptance deepar-*` names as GluonTS's.
`SET naive` evaluates the seasonal naive instead: the last season once more, no randomness.
"""

import json
import logging
import sys
import tempfile
import time
import warnings

import forecast_data
import lightning.pytorch as pl
import numpy as np
import pandas as pd
from gluonts.dataset.common import ListDataset
from gluonts.evaluation import Evaluator
from gluonts.model.seasonal_naive import SeasonalNaivePredictor
from gluonts.time_feature import get_seasonality
from gluonts.torch.model.deepar import DeepAREstimator

warnings.simplefilter("ignore")
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
METRICS = ["mean_wQuantileLoss", "ND", "MASE", "RMSE", "NRMSE", "MSIS", "sMAPE"]
DECILES = [tenth / 10 for tenth in range(1, 10)]


def evaluate(series, horizon, forecasts):
    answers = [
        pd.Series(entry["target"], index=pd.period_range(entry["start"], periods=len(entry["target"]), freq=entry["start"].freq))
        for entry in series
    ]
    found, _ = Evaluator(quantiles=DECILES, num_workers=None)(iter(answers), iter(forecasts))
    amazon = {f"wQL[{q}]": found[f"wQuantileLoss[{q}]"] for q in (0.9, 0.5, 0.1)}
    # RMSE of the median: Amazon's before November 2020.
    errors = [np.array(entry["target"][-horizon:]) - forecast.quantile(0.5) for entry, forecast in zip(series, forecasts)]
    amazon["RMSE of the median"] = float(np.sqrt(np.mean(np.square(errors))))
    return {metric: float(found[metric]) for metric in METRICS} | amazon


def deepar(train, freq, horizon, seed, folder):
    pl.seed_everything(seed)
    quiet = {"enable_progress_bar": False, "enable_model_summary": False, "logger": False, "accelerator": "cpu"}
    estimator = DeepAREstimator(
        freq=freq, prediction_length=horizon, trainer_kwargs=quiet | {"default_root_dir": folder}
    )
    return estimator.train(train)


def main():
    name, *seeds = sys.argv[1:]
    freq, horizon, series = forecast_data.load(name)
    train = ListDataset(forecast_data.cut(series, horizon), freq=freq)
    for seed in seeds:
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            if seed == "naive":
                predictor = SeasonalNaivePredictor(horizon, season_length=get_seasonality(freq))
            else:
                predictor = deepar(train, freq, horizon, int(seed), folder)
            forecasts = list(predictor.predict(train))
        seconds = time.perf_counter() - start
        result = {"set": name, "seed": seed, "seconds": round(seconds, 1)} | evaluate(series, horizon, forecasts)
        print(json.dumps(result), flush=True)


main()
