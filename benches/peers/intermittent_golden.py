"""Writes crates/ensue-forecast/tests/golden/intermittent.json: rates of statsforecast's methods on eight series.

    python benches/peers/intermittent_golden.py > crates/ensue-forecast/tests/golden/intermittent.json
"""

import json

import numpy as np
import statsforecast
from statsforecast.models import ADIDA, TSB, CrostonClassic, CrostonOptimized, CrostonSBA

random = np.random.default_rng(7)
SERIES = [
    [0, 3, 0, 0, 1, 0, 4, 0, 0, 0, 2, 5, 0, 1, 0, 0, 0, 3],
    [0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 7],
    [1, 2, 3, 2, 1, 0, 1, 5, 2, 2],
    [0.5, 0, 0, 2.25, 0, 1.75, 0, 0, 0, 0, 0, 0, 0, 0],
    *[(random.poisson(2, 50) * (random.random(50) < share)).tolist() for share in (0.1, 0.3, 0.5, 0.8)],
]
METHODS = {
    "CrostonClassic": CrostonClassic(),
    "CrostonSBA": CrostonSBA(),
    "CrostonOptimized": CrostonOptimized(),
    "TSB": TSB(alpha_d=0.1, alpha_p=0.1),
    "ADIDA": ADIDA(),
}

rows = [
    {"values": values, **{name: float(m.forecast(np.array(values, dtype=np.float64), h=1)["mean"][0]) for name, m in METHODS.items()}}
    for values in SERIES
]
body = ",\n".join("  " + json.dumps(row) for row in rows)
print('{"tool": "statsforecast %s", "rows": [\n%s\n]}' % (statsforecast.__version__, body))
