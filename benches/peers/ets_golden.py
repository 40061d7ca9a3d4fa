"""Writes crates/ensue-forecast/tests/golden/ets.json: what statsforecast's AutoETS makes of made-up series.

    python benches/peers/ets_golden.py > crates/ensue-forecast/tests/golden/ets.json
"""

import json
import warnings

import numpy as np
import statsforecast
from statsforecast.models import AutoETS

warnings.simplefilter("ignore")
random = np.random.default_rng(11)
t = np.arange(1, 97)
month = np.tile(np.array([3, 1, -1, -2, -3, -2, 0, 1, 2, 1, 0, 0], float), 8)
walk = np.cumsum(random.normal(0, 1, 96))
SERIES = [
    (1, 50 + walk + random.normal(0, 2, 96)),
    (1, 20 + 0.7 * t + random.normal(0, 3, 96)),
    (1, 100 * np.exp(0.01 * t + np.cumsum(random.normal(0, 0.02, 96)))),
    (12, 40 + 2 * month + random.normal(0, 1, 96)),
    (12, 40 + 0.3 * t + 3 * month + random.normal(0, 1, 96)),
    (12, (60 + 0.5 * t) * (1 + 0.06 * month) * np.exp(random.normal(0, 0.02, 96))),
    (4, 10 + np.tile([2.0, -1, 0, -1], 24) + 0.3 * walk + random.normal(0, 0.5, 96)),
    (12, np.cumsum(random.normal(0, 1, 96))),
]
rows = []
for season, values in SERIES:
    values = np.round(values, 3)
    model = AutoETS(season_length=season)
    model.fit(values)
    found = model.predict(6, level=[80])
    rows.append({
        "season": season,
        "values": values.tolist(),
        "model": model.model_["components"],
        "aicc": float(model.model_["aicc"]),
        "mean": [round(float(x), 6) for x in found["mean"]],
        "p90": [round(float(x), 6) for x in found["hi-80"]],
    })
print('{"tool": "statsforecast %s", "rows": [' % statsforecast.__version__)
print(",\n".join(json.dumps(row) for row in rows))
print("]}")
