"""A training step of PyTorch's LSTM or GRU, timed on request.

    python recurrent.py CELL BATCH TIME INPUT HIDDEN LAYERS THREADS

builds layers, a linear head and Adam, warms up, and says `ready PYTORCH-VERSION`. After that every line `N` on standard
input is answered by one line: the milliseconds of N steps (forward, mean squared error, backward, Adam), as JSON. So the
program that asks decides when it runs, and can take turns with its own steps. Ends with its input.

`acceptance recurrent-cpu` asks; standing alone, `echo 30 | python recurrent.py lstm 32 95 50 40 2 1` prints 30 times.
"""

import json
import sys
import time

import torch


def main():
    cell, *sizes = sys.argv[1:]
    batch, steps, width, hidden, layers, threads = map(int, sizes)
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    kind = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell]
    net = kind(width, hidden, layers, batch_first=True)
    head = torch.nn.Linear(hidden, 1)
    adam = torch.optim.Adam([*net.parameters(), *head.parameters()], lr=1e-3)
    x, y = torch.randn(batch, steps, width), torch.randn(batch, steps, 1)

    def step():
        start = time.perf_counter()
        adam.zero_grad()
        loss = ((head(net(x)[0]) - y) ** 2).mean()
        loss.backward()
        adam.step()
        return (time.perf_counter() - start) * 1e3

    for _ in range(5):
        step()
    print(f"ready {torch.__version__}", flush=True)
    for line in sys.stdin:
        print(json.dumps([step() for _ in range(int(line))]), flush=True)


main()
