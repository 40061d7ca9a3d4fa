"""Daily sums of the bike rentals of `bike-hourly`, and what is known of each day."""

import gzip
import os

import pandas as pd

# Days at the end that are forecast: the first 19 of December 2012, all that the set has of that month.
HORIZON = 19

# Means of a day, or its one value.
REGRESSORS = ["holiday", "workingday", "temp", "humidity", "windspeed"]

# What is compared: settings beside the defaults, and whether the regressors are there.
CASES = {
    "defaults": ({}, False),
    "yearly": ({"yearly_seasonality": True}, False),
    "regressors": ({"yearly_seasonality": True}, True),
    "multiplicative": ({"yearly_seasonality": True, "seasonality_mode": "multiplicative"}, True),
}


def bike():
    """A row for each day on which something was counted: `ds`, `y`, and the regressors."""
    path = os.path.join(os.environ["ENSUE_DATASETS"], "bike-hourly", "kaggle_bike_train.csv.gz")
    hours = pd.read_csv(gzip.open(path))
    hours["ds"] = pd.to_datetime(hours["datetime"]).dt.normalize()
    columns = {"y": ("count", "sum")} | {name: (name, "mean") for name in REGRESSORS}
    return hours.groupby("ds").agg(**columns).reset_index()
