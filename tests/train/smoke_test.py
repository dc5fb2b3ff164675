#!/usr/bin/env python3
"""The whole way once, very small: scenes, sparse quantised training, interruption and resumption, score, export, and the exported file in sparsec.

    smoke_test.py [SPARSEC]      without the program's path, its part is left out, and said so
"""
import csv
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / 'samples' / 'train'))
SIZE = 160
RECIPE = '''modifiers:
  - !EpochRangeModifier {start_epoch: 0, end_epoch: 10}
  - !LearningRateFunctionModifier {start_epoch: 0, end_epoch: 10, lr_func: cosine, init_lr: 0.003, final_lr: 0.0005, warmup_epochs: 0.5}
  - !GMPruningModifier {start_epoch: 1, end_epoch: 5, final_sparsity: 0.7, update_frequency: 0.5}
  - !QuantizationModifier {start_epoch: 8}
'''
STOP_AFTER = 9  # in the middle of quantised training
TRANSFER = '''modifiers:
  - !EpochRangeModifier {start_epoch: 0, end_epoch: 2}
  - !ConstantPruningModifier {start_epoch: 0}
  - !QuantizationModifier {start_epoch: 1}
'''


def command(*words, **options):
    environment = dict(os.environ, OMP_NUM_THREADS=os.environ.get('OMP_NUM_THREADS', '2'))
    done = subprocess.run([str(word) for word in words], env=environment, capture_output=True, text=True, **options)
    assert done.returncode == 0, f'{words}: {done.stderr}'
    return done.stdout


def tool(*words):
    return command(sys.executable, ROOT / 'samples' / 'train', *words)


def rows(path):
    with open(path, newline='') as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def scenes(folder, *more):
    command(sys.executable, ROOT / 'samples/roadsigns/generate.py', folder, '--train', 32, '--valid', 8, '--test', 4, '--size', SIZE, '--jobs', 2, *more)


def same_seed_same_bytes(folder):
    scenes(folder / 'again', '--jobs', '1')
    for path in sorted((folder / 'data').rglob('*')):
        if path.is_file():
            assert path.read_bytes() == (folder / 'again' / path.relative_to(folder / 'data')).read_bytes(), path


def trained(folder):
    (folder / 'recipe.yaml').write_text(RECIPE)
    words = ['train', '--data', folder / 'data/data.yaml', '--recipe', folder / 'recipe.yaml', '--cfg', 'tiny', '--imgsz', SIZE, '--batch', 4, '--workers', 0,
             '--cache', '--output', folder / 'run']
    hyp = folder / 'hyp.yaml'
    hyp.write_text('optimizer: adamw\nema_updates: 10\nmosaic: 0\n')
    # Interrupted: the first process is stopped once it has recorded STOP_AFTER epochs, a second one goes on.
    first = subprocess.Popen([sys.executable, '-u', str(ROOT / 'samples' / 'train'), *map(str, words), '--hyp', str(hyp)], stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True, env=dict(os.environ, OMP_NUM_THREADS=os.environ.get('OMP_NUM_THREADS', '2')))
    said = ''
    for line in first.stdout:
        said += line
        if f'epoch {STOP_AFTER + 1}/' in line:
            break
        if f'epoch {STOP_AFTER}/' in line:
            while not curves_written(folder / 'run', STOP_AFTER) and first.poll() is None:
                pass
            first.kill()
            break
    first.wait()
    assert (folder / 'run/resume.pt').exists(), said
    tool(*words, '--hyp', hyp, '--resume')
    results = rows(folder / 'run/results.csv')
    assert [row['epoch'] for row in results] == list(range(1, 11)), results
    total = [row['box'] + row['class'] for row in results]  # objectness has a target that rises with the boxes' IoU
    assert total[-1] < 0.9 * total[0], f'the loss does not fall: {total}'
    assert abs(results[-1]['sparsity'] - 0.7) < 0.01 and results[-1]['quantised'] == 1, results[-1]
    for name in ('results.png', 'sparsity.png', 'best.pt', 'last.pt'):
        assert (folder / 'run' / name).stat().st_size > 0
    print(f'box and class loss {total[0]:.4f} -> {total[-1]:.4f}, sparsity {results[-1]["sparsity"]:.3f}')
    return folder / 'run/last.pt'


def curves_written(run, epoch):
    """resume.pt of this epoch is complete: it is put in place in one step."""
    import torch
    try:
        return torch.load(run / 'resume.pt', map_location='cpu')['epoch'] >= epoch
    except (OSError, EOFError, RuntimeError):
        return False


def zeros_in_blocks(path, masks):
    """Counts in the file itself: every masked block of int8 weights is zero."""
    import onnx
    from onnx import numpy_helper
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer if tensor.name.endswith('.weight_q')}
    blocks = zero = 0
    for layer, mask in masks.items():
        weight = weights[f'{layer}.weight_q']
        assert not weight[~mask.numpy()].any(), layer
        grouped = np.abs(weight.astype(int)).reshape(weight.shape[0], -1, 4, *weight.shape[2:]).sum(2)
        blocks, zero = blocks + grouped.size, zero + np.count_nonzero(grouped == 0)
    assert zero / blocks >= 0.69, f'{zero} of {blocks} blocks are zero'


def agrees(sparsec, folder, weights, options=()):
    """The compiled model's output is the Python model's own, rounded as in training."""
    import torch

    import checkpoint
    import data
    from model import decode
    exported = folder / f'model{len(options)}.onnx'
    print(tool('export', '--weights', weights, '--output', exported, *options).strip())
    loaded = checkpoint.Checkpoint(weights)
    zeros_in_blocks(exported, loaded.masks.masks)
    dataset = data.DataSet(folder / 'data/data.yaml')
    picture = data.Pictures(dataset.pictures('test'), len(dataset.names), SIZE)[(0, 0)][0][None].float() / 255
    with torch.no_grad():
        own = decode(loaded.model().eval()(picture)).numpy()
    if not sparsec:
        print('SKIPPED: no sparsec program given')
        return
    np.save(folder / 'x.npy', picture.numpy())
    shape = ['--input-shape', SIZE, SIZE, '--batch', 1] if '--dynamic' in options else []
    command(sparsec, 'run', exported, '--input', folder / 'x.npy', '--output', folder / 'y.npy', *shape)
    compiled = np.load(folder / 'y.npy')
    assert compiled.shape == own.shape, (compiled.shape, own.shape)
    for part in (slice(0, 2), slice(2, 4), slice(4, None)):
        a, b = compiled[..., part].ravel().astype(float), own[..., part].ravel().astype(float)
        cosine = a @ b / np.sqrt((a @ a) * (b @ b))
        print(f'cosine {cosine:.6f}, greatest difference {np.abs(a - b).max():.4f}')
        assert cosine >= 0.99
    command(sparsec, 'detect', exported, folder / 'data/test/images', '--json', '--conf', '0.001', *shape)


def transferred(folder, weights):
    """Other classes: a new head, the same zeros."""
    import checkpoint
    scenes(folder / 'other', '--classes', 'roundabout,warning,stop')
    (folder / 'transfer.yaml').write_text(TRANSFER)
    tool('train', '--weights', weights, '--data', folder / 'other/data.yaml', '--recipe', folder / 'transfer.yaml', '--imgsz', SIZE, '--batch', 8,
         '--workers', 0, '--output', folder / 'transfer')
    before, after = checkpoint.Checkpoint(weights), checkpoint.Checkpoint(folder / 'transfer/last.pt')
    assert after.names == ['roundabout', 'warning', 'stop'] and after.quantised
    for layer, mask in before.masks.masks.items():
        assert not after.state[f'{layer}.weight'][~mask].any(), layer
    curve = [row['sparsity'] for row in rows(folder / 'transfer/results.csv')]
    assert max(curve) - min(curve) < 1e-3, curve


def main():
    sparsec = sys.argv[1] if len(sys.argv) > 1 and os.path.exists(sys.argv[1]) else None
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.environ['XDG_CACHE_HOME'] = str(folder / 'cache')
        scenes(folder / 'data')
        same_seed_same_bytes(folder)
        weights = trained(folder)
        print(tool('eval', '--weights', weights, '--data', folder / 'data/data.yaml', '--split', 'test').splitlines()[1])
        agrees(sparsec, folder, weights)
        agrees(sparsec, folder, weights, ('--dynamic',))
        transferred(folder, weights)
    print('smoke run passed')


if __name__ == '__main__':
    main()
