"""Golden numbers of the sampled losses, by PyTorch's autograd in double precision.

Run, with PyTorch installed, from this folder:

    python sampled_losses.py > sampled_losses.json

The inputs are drawn once with a fixed seed and stored with the results, so that the test that
reads the file needs no generator. Places are rows of `table`; the list of negatives has accidental
hits and a place that stands twice; one right answer has weight 0.
"""

import json

import torch
import torch.nn.functional as F

torch.manual_seed(20180)
torch.set_default_dtype(torch.float64)
ROWS, WIDTH, PLACES, CHOICES = 6, 5, 9, 2

hidden = torch.randn(ROWS, WIDTH)
table = torch.randn(PLACES, WIDTH)
bias = torch.randn(PLACES) * 0.5
values = torch.randn(2)
targets = torch.tensor([[0, 3], [1, 1], [2, 7], [8, 0], [4, 5], [6, 2]])
weights = torch.tensor([[1.0, 0.5], [0.25, 2.0], [1.0, 0.0], [0.0, 0.75], [1.5, 1.0], [0.5, 0.5]])
shared = [3, 5, 0, 8, 3, 1, 7]
corrections = torch.randn(len(shared)) * 0.3
target_corrections = torch.randn(ROWS, CHOICES) * 0.3
offsets = [0, 1, 1, 3, 3, 5, 6]
classes = [3, 7, 5, 4, 1, 6]
codes = [0, 1, 0, 0, 1, 1]
# What single precision keeps of them, so that rounding of the inputs is no difference.
for tensor in (hidden, table, bias, values, corrections, target_corrections):
    tensor.copy_(tensor.float().double())

KINDS = {
    "soft-max": ("soft-max", 0.0, 0.0),
    "bpr-max": ("bpr-max", 0.7, 0.0),
    "bpr-max with elu": ("bpr-max", 0.7, 0.5),
    "top1-max": ("top1-max", 0.0, 0.0),
}


def one(kind, regularization, elu, own, others):
    """Loss of a right answer with logit `own` against the logits `others`."""
    if kind == "soft-max":
        logits = torch.cat([own[None], others])[None]
        return F.cross_entropy(logits, torch.tensor([0]))
    if elu > 0:
        own, others = F.elu(own, elu), F.elu(others, elu)
    share = F.softmax(others, dim=0)
    if kind == "bpr-max":
        win = (share * torch.sigmoid(own - others)).sum()
        return -torch.log(win + 1e-24) + regularization * (share * others**2).sum()
    return (share * (torch.sigmoid(others - own) + torch.sigmoid(others**2))).sum()


def loss(kind, regularization, elu, hidden, table, bias, values):
    total = torch.zeros(())
    for i in range(ROWS):
        logits = table @ hidden[i] + bias
        terms = {classes[e]: values[codes[e]] for e in range(offsets[i], offsets[i + 1])}
        logits = torch.stack([logits[p] + terms.get(p, 0.0) for p in range(PLACES)])
        right = [k for k in range(CHOICES) if weights[i, k] != 0]
        answers = {int(targets[i, k]) for k in right}
        others = [logits[p] + corrections[j] for j, p in enumerate(shared) if p not in answers]
        for k in right:
            own = logits[targets[i, k]] + target_corrections[i, k]
            value = one(kind, regularization, elu, own, torch.stack(others))
            total = total + weights[i, k] * value
    return total


def results(kind):
    inputs = [x.clone().requires_grad_() for x in (hidden, table, bias, values)]
    value = loss(*kind, *inputs)
    value.backward()
    names = ("hidden", "table", "bias", "values")
    grads = {name: x.grad.flatten().tolist() for name, x in zip(names, inputs)}
    return {"loss": value.item(), "gradients": grads}


print(
    json.dumps(
        {
            "torch": torch.__version__.split("+")[0],
            "inputs": {
                "hidden": hidden.tolist(),
                "table": table.tolist(),
                "bias": bias.tolist(),
                "values": values.tolist(),
                "targets": targets.tolist(),
                "weights": weights.tolist(),
                "shared": shared,
                "corrections": corrections.tolist(),
                "target_corrections": target_corrections.flatten().tolist(),
                "offsets": offsets,
                "classes": classes,
                "codes": codes,
            },
            "losses": {name: results(kind) for name, kind in KINDS.items()},
        },
        indent=1,
    )
)
