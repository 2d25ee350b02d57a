#!/usr/bin/env python3
"""Prints what PyTorch says of the small network in Tests/ForecastingTests/LSTMNetworkTests.swift.

Weights and inputs follow a formula, so that both sides can make them; needs the packages numpy and torch.
"""
import numpy as np
import torch

INPUTS, LAYERS, OUTPUTS, STEPS, BATCH = 2, [3, 2], 2, 4, 2
count = sum(i * 4 * h + h * 4 * h + 4 * h for i, h in zip([INPUTS] + LAYERS, LAYERS)) + LAYERS[-1] * OUTPUTS + OUTPUTS
numbers = 0.5 * np.sin(0.7 * np.arange(count) + 0.3)
position = 0


def take(rows, columns):
    global position
    part = numbers[position:position + rows * columns].reshape(rows, columns)
    position += rows * columns
    return torch.nn.Parameter(torch.tensor(part, dtype=torch.float64))


modules, order, width = [], [], INPUTS
for hidden in LAYERS:
    layer = torch.nn.LSTM(width, hidden, dtype=torch.float64)
    inner, recurrent, bias = take(width, 4 * hidden), take(hidden, 4 * hidden), take(1, 4 * hidden)
    order += [inner, recurrent, bias]
    modules.append((layer, inner, recurrent, bias))
    width = hidden
weight, top = take(width, OUTPUTS), take(1, OUTPUTS)
order += [weight, top]

x = torch.tensor(np.cos(0.37 * np.arange(STEPS * BATCH * INPUTS)).reshape(STEPS, BATCH, INPUTS), dtype=torch.float64)
for layer, inner, recurrent, bias in modules:
    parameters = {"weight_ih_l0": inner.T, "weight_hh_l0": recurrent.T, "bias_ih_l0": bias[0],
                  "bias_hh_l0": torch.zeros_like(bias[0])}
    x = torch.func.functional_call(layer, parameters, (x,))[0]
out = x[-1] @ weight + top
(out ** 2).sum().backward()
gradients = np.concatenate([p.grad.numpy().ravel() for p in order])
print("output", [float(f"{v:.9g}") for v in out.detach().numpy().ravel()])
print("gradients, every ninth", [float(f"{v:.9g}") for v in gradients[::9]])
