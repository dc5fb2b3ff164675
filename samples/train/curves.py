"""The course of a run as pictures: losses, mAP and learning rate by epoch, sparsity by layer and epoch."""
import csv
import pathlib

import matplotlib

matplotlib.use('Agg')
import matplotlib.pyplot as plt  # noqa: E402 (after the choice of a backend without screen)


def read(path):
    with open(path, newline='') as file:
        rows = list(csv.DictReader(file))
    return {key: [float(row[key]) for row in rows] for key in rows[0]} if rows else {}


def draw(folder):
    folder = pathlib.Path(folder)
    results, layers = read(folder / 'results.csv'), read(folder / 'sparsity.csv')
    if not results:
        return
    figure, axes = plt.subplots(2, 2, figsize=(12, 8))
    for axis, title, keys in ((axes[0, 0], 'loss', ('box', 'objectness', 'class')), (axes[0, 1], 'mAP', ('mAP50', 'mAP50-95')),
                              (axes[1, 0], 'sparsity', ('sparsity',)), (axes[1, 1], 'learning rate', ('lr',))):
        for key in keys:
            axis.plot(results['epoch'], results[key], label=key)
        axis.set(title=title, xlabel='epoch')
        axis.legend()
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(folder / 'results.png', dpi=100)
    plt.close(figure)
    names = [key for key in layers if key != 'epoch']
    figure, axis = plt.subplots(figsize=(12, max(4, 0.16 * len(names))))
    image = axis.imshow([layers[name] for name in names], aspect='auto', vmin=0, vmax=1, cmap='viridis', interpolation='nearest',
                        extent=(layers['epoch'][0] - 0.5, layers['epoch'][-1] + 0.5, len(names) - 0.5, -0.5))
    axis.set_yticks(range(len(names)), names, fontsize=6)
    axis.set(title='zeros by layer', xlabel='epoch')
    figure.colorbar(image)
    figure.tight_layout()
    figure.savefig(folder / 'sparsity.png', dpi=100)
    plt.close(figure)
