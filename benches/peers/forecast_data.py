"""The forecasting sets of `ENSUE_DATASETS` as GluonTS takes them, under the protocols of `benches/src/data`."""

import csv
import gzip
import os
import pathlib

import pandas as pd


def _rows(file):
    with gzip.open(pathlib.Path(os.environ["ENSUE_DATASETS"], file), "rt") as text:
        return list(csv.reader(text))


def _m4(name, start):
    train, test = (_rows(f"m4-{name.lower()}/{name}-{part}.csv.gz")[1:] for part in ("train", "test"))
    assert [row[0] for row in train] == [row[0] for row in test]
    cells = ([cell for cell in past[1:] if cell] + future[1:] for past, future in zip(train, test))
    return start, [[float(cell) for cell in row] for row in cells]


def _hospital():
    return "2000-01-01", [[float(cell) for cell in column] for column in zip(*_rows("carparts-hospital/hospital.csv.gz")[1:])]


def _electricity(clients):
    rows = _rows("electricity-10/item-demand-time.csv.gz")
    return "2014-01-01 01:00", [
        [float(value) for time, value, client in rows if client == wanted and time <= "2014-10-31 23:00:00"]
        for wanted in clients
    ]


SETS = {
    "m4-hourly": ("h", 48, lambda: _m4("Hourly", "1750-01-01 00:00")),
    "m4-weekly": ("W", 13, lambda: _m4("Weekly", "1750-01-05")),
    "hospital": ("ME", 12, _hospital),
    "client-12": ("h", 72, lambda: _electricity(["client_12"])),
    "electricity": ("h", 72, lambda: _electricity(["client_10", "client_12", "client_111"])),
}


def load(name):
    """Frequency, horizon, and the whole series; the last `horizon` steps of each are the answer."""
    freq, horizon, read = SETS[name]
    start, targets = read()
    start = pd.Period(start, freq={"ME": "M"}.get(freq, freq))
    return freq, horizon, [{"item_id": str(at), "start": start, "target": row} for at, row in enumerate(targets)]


def cut(series, steps):
    """The same without the last steps of each: what trains."""
    return [entry | {"target": entry["target"][:-steps]} for entry in series]
