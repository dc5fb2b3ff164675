"""python3 samples/train train|eval|export ...: trains sparse, quantised YOLOv5 detectors, scores them, and writes them as ONNX."""
import argparse
import json
import os
import pathlib
import sys

import torch

import checkpoint
import data
import recipe
import train as training

HERE = pathlib.Path(__file__).parent


def picture_size(text):
    size = int(text)
    if size < 32 or size % 32:
        raise argparse.ArgumentTypeError(f'{size} is not a multiple of 32')
    return size


def parse(arguments):
    parser = argparse.ArgumentParser(prog='samples/train', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)

    train = commands.add_parser('train', help='train by a recipe')
    train.add_argument('--weights', help='checkpoint to start from (default: from nothing)')
    train.add_argument('--recipe', default=str(HERE / 'recipes' / 'scratch.yaml'))
    train.add_argument('--data', required=True, help='data.yaml of a dataset in YOLOv5 format')
    train.add_argument('--cfg', default='yolov5n', help='yolov5n, yolov5s, or a YAML file with depth_multiple and width_multiple')
    train.add_argument('--hyp', help='YAML file with hyperparameters that differ from the defaults')
    train.add_argument('--epochs', type=int, help="stretches the recipe to this length (default: the recipe's)")
    train.add_argument('--imgsz', type=picture_size, default=640)
    train.add_argument('--batch', type=int, default=16)
    train.add_argument('--cache', action='store_true', help='keep pictures in memory')
    train.add_argument('--device', default='cpu', help='cpu, cuda, cuda:1 ...')
    train.add_argument('--workers', type=int, default=min(4, os.cpu_count() or 1), help='processes that prepare pictures')
    train.add_argument('--output', default='runs/train', help='folder for checkpoints, logs and curves')
    train.add_argument('--resume', action='store_true', help='go on with the run in --output')
    train.add_argument('--seed', type=int, default=0)

    score = commands.add_parser('eval', help='mean average precision on a dataset')
    what = score.add_mutually_exclusive_group(required=True)
    what.add_argument('--weights', help='checkpoint to run')
    what.add_argument('--found', metavar='JSON', help='what `sparsec detect MODEL --json --conf 0.001 PICTURE...` printed, in place of a checkpoint')
    score.add_argument('--data', required=True)
    score.add_argument('--split', choices=('train', 'val', 'test'), default='val')
    score.add_argument('--imgsz', type=picture_size, help="default: the checkpoint's")
    score.add_argument('--batch', type=int, default=16)
    score.add_argument('--device', default='cpu')
    score.add_argument('--workers', type=int, default=0)
    score.add_argument('--json', action='store_true', help='print JSON instead of a table')

    export = commands.add_parser('export', help='write ONNX')
    export.add_argument('--weights', required=True)
    export.add_argument('--output', help='default: beside the checkpoint')
    export.add_argument('--imgsz', type=picture_size, nargs='+', help="height and width, or one for both (default: the checkpoint's)")
    export.add_argument('--batch', type=int, default=1)
    export.add_argument('--dynamic', action='store_true', help='leave batch, height and width free')
    return parser.parse_args(arguments)


def run_train(options):
    run = training.Run(options)
    if options.resume:
        run.resume()
    run.train()


def run_eval(options):
    import evaluate
    dataset = data.DataSet(options.data)
    if options.found:
        result = evaluate.evaluate_found(options.found, dataset.pictures(options.split), dataset.names)
        print(json.dumps(result) if options.json else evaluate.table(result))
        return
    loaded = checkpoint.Checkpoint(options.weights)
    if list(dataset.names) != list(loaded.names):
        raise checkpoint.CheckpointError(f'{options.weights}: knows {", ".join(loaded.names)}; {options.data} has {", ".join(dataset.names)}')
    pictures = data.Pictures(dataset.pictures(options.split), len(dataset.names), options.imgsz or loaded.about['imgsz'])
    result = evaluate.evaluate(loaded.model().to(options.device), pictures, dataset.names, options.batch, options.workers, options.device)
    print(json.dumps(result) if options.json else evaluate.table(result))


def run_export(options):
    import onnx

    import export
    loaded = checkpoint.Checkpoint(options.weights)
    size = options.imgsz or [loaded.about['imgsz']]
    made = export.onnx_model(loaded.model(), loaded.names, (size[0], size[-1]), options.batch, options.dynamic)
    path = options.output or str(pathlib.Path(options.weights).with_suffix('.onnx'))
    onnx.save(made, path)
    print(f'{path}: {os.path.getsize(path) / 1e6:.2f} MB')


def main(arguments=None):
    options = parse(arguments)
    try:
        if options.command == 'train' or options.command == 'eval':
            torch.device(options.device)
        {'train': run_train, 'eval': run_eval, 'export': run_export}[options.command](options)
    except (data.DataError, recipe.RecipeError, checkpoint.CheckpointError, training.TrainError, OSError) as error:
        sys.exit(f'samples/train: {error}')


if __name__ == '__main__':
    main()
