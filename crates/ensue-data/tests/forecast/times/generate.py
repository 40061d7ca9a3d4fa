"""Writes the Parquet files beside it, with pyarrow 26.0.1: one for each way to store a time.

Run: python generate.py
"""

from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

TIMES = [datetime(2019, 1, 1), datetime(2019, 1, 2, 3, 4, 5), datetime(1969, 12, 31, 23)]
KINDS = {
    "seconds": pa.timestamp("s"),
    "milliseconds": pa.timestamp("ms"),
    "microseconds": pa.timestamp("us"),
    "nanoseconds": pa.timestamp("ns"),
    "utc": pa.timestamp("us", tz="UTC"),
    "dates": pa.date32(),
    "text": pa.string(),
}

for name, kind in KINDS.items():
    times = [time.strftime("%Y-%m-%d %H:%M:%S") for time in TIMES] if name == "text" else TIMES
    if name == "dates":
        times = [time.date() for time in TIMES]
    table = pa.table(
        {
            "item_id": pa.array(["tea", "tea", "jam"]),
            "target_value": pa.array([1.5, None, 2.5], pa.float64()),
            "timestamp": pa.array(times, kind),
        }
    )
    pq.write_table(table, f"{name}.parquet")
pq.write_table(table.set_column(2, "timestamp", pa.array([1500, None, 0], pa.timestamp("ms"))), "odd.parquet")
table = table.set_column(2, "timestamp", pa.array(TIMES, pa.timestamp("ns")))
pq.write_table(table, "int96.parquet", use_deprecated_int96_timestamps=True)
