"""CPU seconds of each pass by PyTorch, for the script lstm."""
import sys
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(1)


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [4, 100, 100, 50]
        self.layers = torch.nn.ModuleList(
            torch.nn.LSTM(before, after, batch_first=True) for before, after in zip(sizes, sizes[1:]))
        self.dropout = torch.nn.Dropout(0.2)
        self.linear = torch.nn.Linear(50, 12)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.dropout(layer(x)[0])
        return self.linear(self.dropout(self.layers[-1](x)[0][:, -1]))


network = Network().train()
adam = torch.optim.Adam(network.parameters(), lr=0.002)
values, targets = torch.randn(2016 + 60, 4), torch.randn(2016, 12)
windows = torch.stack([values[i:i + 60] for i in range(2016)])
for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5):
    order = torch.randperm(2016)
    started = time.process_time()
    for first in range(0, 2016, 32):
        chosen = order[first:first + 32]
        adam.zero_grad()
        ((network(windows[chosen]) - targets[chosen]) ** 2).mean().backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        adam.step()
    print(f"{time.process_time() - started:.3f}")
