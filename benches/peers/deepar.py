"""DeepAR of GluonTS (PyTorch, Lightning) on one thread: training epochs and sampling, timed on request.

    python deepar.py SET [CONTEXT] [CELLS] [LAYERS]        (SET: a name of forecast_data.py, such as m4-hourly)

reads the set from ENSUE_DATASETS, builds GluonTS's DeepAR with its defaults (context = horizon, 2 layers of 40 cells, 50
batches of 32 an epoch), trains a first epoch to be warm, and says `ready VERSIONS`. After that each line of standard input
is answered by one line of JSON:

    epoch N     seconds of N more training epochs, from the start of one to the start of the next
    sample N    seconds of N times forecasting every series by 100 sample paths
    memory      peak resident memory in MiB: once the libraries were loaded, and so far

So the program that asks decides when it runs, and can take turns with its own work. Progress bar and logger are off, which
is in GluonTS's favour; its checkpoint of the best epoch stays on, as `train` has it. Ends with its input.

`acceptance deepar-speed` asks; standing alone, `printf 'epoch 3\nsample 1\nmemory\n' | python deepar.py m4-hourly`.
"""

import os

# Before anything reads them.
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = "1"

import json  # noqa: E402
import logging  # noqa: E402
import resource  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402

import forecast_data  # noqa: E402
import gluonts  # noqa: E402
import lightning.pytorch as pl  # noqa: E402
import torch  # noqa: E402
from gluonts.dataset.common import ListDataset  # noqa: E402
from gluonts.torch.model.deepar import DeepAREstimator  # noqa: E402

# Answers go where questions come from; what the libraries print goes to standard error.
ANSWERS, sys.stdout = sys.stdout, sys.stderr


def answer(text):
    print(text, file=ANSWERS, flush=True)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


LOADED = peak()


class Turns(pl.Callback):
    """Between two epochs, waits for the next line, and answers what is no epoch."""

    def __init__(self, estimator, series):
        self.estimator, self.series = estimator, series
        self.began, self.seconds, self.wanted = None, [], 1
        self.ready = False

    def on_train_epoch_start(self, trainer, module):
        if self.began is not None:
            self.seconds.append(time.perf_counter() - self.began)
        if len(self.seconds) == self.wanted:
            if self.ready:
                answer(json.dumps(self.seconds))
            else:
                answer(f"ready {gluonts.__version__} on PyTorch {torch.__version__}")
                self.ready = True
            self.wait(module)
        self.began = time.perf_counter()

    def wait(self, module):
        for line in sys.stdin:
            match line.split():
                case ["epoch", n]:
                    self.seconds, self.wanted = [], int(n)
                    return
                case ["sample", n]:
                    answer(json.dumps(self.sample(module, int(n))))
                case ["memory"]:
                    answer(json.dumps([LOADED, peak()]))
        # Nobody asks any more; leaving Lightning's loop any other way takes it longer.
        os._exit(0)

    def sample(self, module, times):
        copy = self.estimator.create_lightning_module()
        copy.load_state_dict(module.state_dict())
        predictor = self.estimator.create_predictor(self.estimator.create_transformation(), copy)
        seconds = []
        for _ in range(times):
            start = time.perf_counter()
            paths = [forecast.samples for forecast in predictor.predict(self.series, num_samples=100)]
            seconds.append(time.perf_counter() - start)
            assert len(paths) == len(self.series)
            assert all(path.shape == (100, self.estimator.prediction_length) for path in paths)
        return seconds


def main():
    name, *sizes = sys.argv[1:]
    freq, horizon, series = forecast_data.load(name)
    context, cells, layers = [int(size) for size in sizes] + [horizon, 40, 2][len(sizes) :]
    torch.set_num_threads(1)
    torch.set_num_interop_threads(1)
    warnings.simplefilter("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    pl.seed_everything(0)
    train = ListDataset(forecast_data.cut(series, horizon), freq=freq)
    with tempfile.TemporaryDirectory() as folder:
        estimator = DeepAREstimator(
            freq=freq,
            prediction_length=horizon,
            context_length=context,
            hidden_size=cells,
            num_layers=layers,
            trainer_kwargs={
                "max_epochs": 1_000_000,
                "enable_progress_bar": False,
                "enable_model_summary": False,
                "logger": False,
                "accelerator": "cpu",
                "default_root_dir": folder,
            },
        )
        estimator.trainer_kwargs["callbacks"] = [Turns(estimator, train)]
        estimator.train(train)


main()
