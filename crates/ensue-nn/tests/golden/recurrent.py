"""Golden numbers of PyTorch's LSTM and GRU: two layers, forward and every gradient.

    python recurrent.py > recurrent.json          (numpy 2.4.6, torch 2.15.0)

The loss is sum(h * q). Everything is computed in f64 and printed with nine digits.
"""

import json

import torch

BATCH, TIME, INPUT, HIDDEN, LAYERS = 3, 5, 4, 6, 2


def flat(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().reshape(-1).tolist()]


def golden(kind):
    torch.manual_seed(7)
    net = kind(INPUT, HIDDEN, LAYERS, batch_first=True).double()
    x = torch.randn(BATCH, TIME, INPUT, dtype=torch.float64, requires_grad=True)
    q = torch.randn(BATCH, TIME, HIDDEN, dtype=torch.float64)
    start = [torch.randn(LAYERS, BATCH, HIDDEN, dtype=torch.float64, requires_grad=True)]
    if kind is torch.nn.LSTM:
        start.append(torch.randn(LAYERS, BATCH, HIDDEN, dtype=torch.float64, requires_grad=True))
    h, last = net(x, tuple(start) if len(start) > 1 else start[0])
    (h * q).sum().backward()
    last = last if isinstance(last, tuple) else (last,)
    names = ["h", "c"]
    out = {"x": flat(x), "q": flat(q), "h": flat(h), "dx": flat(x.grad)}
    for name, first, end in zip(names, start, last):
        out |= {f"{name}0": flat(first), f"d{name}0": flat(first.grad), f"{name}_last": flat(end)}
    for name, weight in net.named_parameters():
        out |= {name: flat(weight), f"d{name}": flat(weight.grad)}
    return out


sizes = {"batch": BATCH, "time": TIME, "input": INPUT, "hidden": HIDDEN, "layers": LAYERS}
print(json.dumps({"torch": torch.__version__, **sizes, "lstm": golden(torch.nn.LSTM), "gru": golden(torch.nn.GRU)}))
