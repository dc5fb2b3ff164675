"""Training: one loop over epochs, in which a recipe sets the learning rate, prunes, and switches to quantised arithmetic.

In the output folder: best.pt and last.pt (small, for eval, export and transfer), resume.pt (everything, to go on after an interruption), results.csv, sparsity.csv and
their curves as PNG. Best is counted anew when pruning ends and when quantisation starts: a denser or unrounded model is no candidate.
"""
import copy
import csv
import math
import os
import pathlib
import sys
import time

import torch

import curves
from checkpoint import Checkpoint, load_plain, plain_state, save
from data import DataSet, Pictures, batches, read_yaml
from evaluate import evaluate
from loss import Loss
from model import CONFIGS, Yolo
from quantise import is_quantised, set_observing, trace
from recipe import Recipe
from sparsity import Masks, layer_sparsity, wanted_sparsity

HYP = {'optimizer': 'sgd', 'lr0': 0.01, 'momentum': 0.937, 'weight_decay': 5e-4, 'box': 0.05, 'obj': 1.0, 'cls': 0.5, 'label_smoothing': 0.0, 'mosaic': 0.9,
       'scale': 0.4, 'zoom': 1.0, 'aim': 0.7, 'hsv_h': 0.01, 'hsv_s': 0.5, 'hsv_v': 0.3, 'fliplr': 0.0, 'ema_decay': 0.9999, 'ema_updates': 1000}
NOMINAL_BATCH = 64  # the learning rate means a loss summed over so many pictures


class TrainError(Exception):
    pass


def hyperparameters(path):
    given = read_yaml(path) if path else {}
    unknown = [key for key in given if key not in HYP]
    if unknown:
        raise TrainError(f'{path}: no such hyperparameter: {", ".join(unknown)}; there are {", ".join(HYP)}')
    return {**HYP, **given}


def model_config(name):
    """A known name, or a YAML file with depth_multiple and width_multiple as YOLOv5's have."""
    if name in CONFIGS:
        return CONFIGS[name]
    said = read_yaml(name)
    try:
        return {'depth': float(said['depth_multiple']), 'width': float(said['width_multiple'])}
    except (TypeError, KeyError, ValueError):
        raise TrainError(f'{name}: expected {", ".join(CONFIGS)}, or a file with depth_multiple and width_multiple') from None


class Average:
    """The moving average of a model's weights: what is evaluated and saved."""

    def __init__(self, model, decay, updates):
        self.model, self.decay, self.rise, self.steps = copy.deepcopy(model).eval(), decay, updates, 0
        for parameter in self.model.parameters():
            parameter.requires_grad_(False)

    def update(self, model):
        self.steps += 1
        keep = self.decay * (1 - math.exp(-self.steps / self.rise))
        with torch.no_grad():
            current = model.state_dict()
            for name, mine in self.model.state_dict().items():
                new = current[name]
                if mine.is_floating_point() and not name.startswith('rounders.'):
                    mine.lerp_(new, 1 - keep)
                else:
                    mine.copy_(new)


def make_optimizer(model, hyp, batch):
    """Weight decay on convolutions only; norms and biases are free."""
    decayed = [p for p in model.parameters() if p.dim() == 4]
    free = [p for p in model.parameters() if p.dim() != 4]
    groups = [{'params': decayed, 'weight_decay': hyp['weight_decay']}, {'params': free, 'weight_decay': 0.0}]
    if hyp['optimizer'] == 'adamw':
        return torch.optim.AdamW(groups, lr=hyp['lr0'], betas=(hyp['momentum'], 0.999))
    if hyp['optimizer'] != 'sgd':
        raise TrainError(f'optimizer {hyp["optimizer"]}: there are sgd and adamw')
    return torch.optim.SGD(groups, lr=hyp['lr0'], momentum=hyp['momentum'], nesterov=True)


def thread_count():
    """As OMP_NUM_THREADS says, else the cores that this process may use (PyTorch's own guess is 1 on some machines)."""
    asked = os.environ.get('OMP_NUM_THREADS', '').split(',')[0]
    return int(asked) if asked else len(os.sched_getaffinity(0))


class Run:
    def __init__(self, options):
        self.options, self.folder = options, pathlib.Path(options.output)
        self.hyp, self.recipe = hyperparameters(options.hyp), Recipe(options.recipe, options.epochs)
        self.data = DataSet(options.data)
        self.device = torch.device(options.device)
        torch.manual_seed(options.seed)
        torch.set_num_threads(thread_count())
        self._start()
        self.loss = Loss(self.hyp, len(self.data.names), options.imgsz)
        self.train_set = self._pictures('train', self.hyp)
        self.valid_set = self._pictures('val', None)
        self.steps = math.ceil(len(self.train_set) / options.batch)
        self.first_epoch, self.best, self.stage, self.pruned_at = 0, -1.0, None, -1.0
        self.folder.mkdir(parents=True, exist_ok=True)

    def _pictures(self, split, hyp):
        return Pictures(self.data.pictures(split), len(self.data.names), self.options.imgsz, hyp, self.options.seed, self.options.cache)

    def _start(self):
        """From a checkpoint, or from nothing. Masks are kept if the recipe prunes or keeps; else the model trains dense."""
        quantisation, masks = self.recipe.quantisation, Masks()
        if self.options.weights:
            checkpoint = Checkpoint(self.options.weights)
            self.config = checkpoint.config
            begin_rounded = checkpoint.quantised and quantisation is not None and quantisation['start_epoch'] <= 0
            model = checkpoint.model(self.data.names, quantised=begin_rounded)
            masks = checkpoint.masks if self.recipe.pruning or self.recipe.constant else masks
            if self.recipe.constant and not masks.masks:
                raise TrainError(f'{self.options.weights}: has no masks for ConstantPruningModifier to keep')
        else:
            self.config = model_config(self.options.cfg)
            model = Yolo(self.config, len(self.data.names))
        self.masks = Masks({name: mask.to(self.device) for name, mask in masks.masks.items()})
        self._adopt(model)

    def _adopt(self, model):
        self.model = model.to(self.device, memory_format=torch.channels_last).train()  # the faster layout on CPUs
        self.masks.apply(self.model)
        self.optimizer = make_optimizer(self.model, self.hyp, self.options.batch)
        self.average = Average(self.model, self.hyp['ema_decay'], self.hyp['ema_updates'])

    def _quantise(self):
        """Goes on from the averaged weights, which are better than the last ones."""
        model = Yolo(self.config, len(self.data.names)).to(self.device)
        load_plain(model, plain_state(self.average.model))
        self._adopt(trace(model, rounded=True))

    # ---- the loop ----------------------------------------------------------------------------------------------------------------------------

    def train(self):
        for epoch in range(self.first_epoch, math.ceil(self.recipe.epochs)):
            begin = time.time()
            losses = self._epoch(epoch)
            result = evaluate(self.average.model, self.valid_set, self.data.names, self.options.batch, self.options.workers, self.device)
            self._record(epoch, losses, result, time.time() - begin)
        return result

    def _epoch(self, epoch):
        quantisation = self.recipe.quantisation
        if quantisation and epoch + 1 > quantisation['start_epoch'] and not is_quantised(self.model):
            self._quantise()
        if quantisation:
            set_observing(self.model, epoch < quantisation['disable_quantization_observer_epoch'])
        total, told, begin = torch.zeros(3), 0.0, time.time()
        loader = batches(self.train_set, self.options.batch, self.options.workers, epoch, self.options.seed)
        for step, (pictures, targets) in enumerate(loader):
            moment = epoch + step / self.steps
            self._prune(moment)
            total += self._step(moment, pictures, targets)
            if sys.stderr.isatty() and time.time() - told > 0.5:
                told = time.time()
                box, obj, cls = (total / (step + 1)).tolist()
                print(f'\repoch {epoch + 1}/{math.ceil(self.recipe.epochs)} {step + 1:5}/{self.steps}  box {box:.4f} obj {obj:.4f} cls {cls:.4f} '
                      f' {(told - begin) / (step + 1):.2f} s/step ', end='', file=sys.stderr, flush=True)
        self._prune(epoch + 1)
        return (total / self.steps).tolist()

    def _prune(self, moment):
        pruning = self.recipe.pruning
        if not pruning or moment < pruning['start_epoch'] or self.pruned_at >= pruning['end_epoch']:
            return
        if moment < pruning['end_epoch'] and moment - self.pruned_at < pruning['update_frequency']:
            return
        self.pruned_at = moment
        progress = self.recipe.sparsity_progress(moment)
        self.masks.prune(self.model, lambda name: wanted_sparsity(pruning, name, progress), pruning['mask_type'][1])
        self.masks.apply(self.average.model)

    def _step(self, moment, pictures, targets):
        for group in self.optimizer.param_groups:
            group['lr'] = self.recipe.learning_rate(moment, self.hyp['lr0'])
        maps = self.model(pictures.to(self.device, memory_format=torch.channels_last).float() / 255)
        loss, parts = self.loss(maps, targets.to(self.device))
        if not torch.isfinite(loss):
            raise TrainError(f'the loss is {loss.item()} at epoch {moment:.2f}: try a lower learning rate')
        self.optimizer.zero_grad(set_to_none=True)
        (loss * NOMINAL_BATCH / len(pictures)).backward()
        self.masks.apply_to_gradients(self.model)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
        self.optimizer.step()
        self.masks.apply(self.model)
        self.average.update(self.model)
        self.masks.apply(self.average.model)
        return parts.cpu()

    # ---- what is kept --------------------------------------------------------------------------------------------------------------------------

    def _record(self, epoch, losses, result, seconds):
        layers, sparsity = layer_sparsity(self.average.model)
        row = {'epoch': epoch + 1, 'box': losses[0], 'objectness': losses[1], 'class': losses[2], 'mAP50': result['mAP50'], 'mAP50-95': result['mAP50-95'],
               'lr': self.optimizer.param_groups[0]['lr'], 'sparsity': sparsity, 'quantised': int(is_quantised(self.model)), 'seconds': seconds}
        print(f'\repoch {epoch + 1}/{math.ceil(self.recipe.epochs)}  box {losses[0]:.4f} obj {losses[1]:.4f} cls {losses[2]:.4f}  mAP50 {result["mAP50"]:.3f} '
              f'mAP50-95 {result["mAP50-95"]:.3f}  sparsity {sparsity:.3f}{"  int8" if row["quantised"] else ""}  {seconds:.0f} s', flush=True)
        _append(self.folder / 'results.csv', row, epoch == 0)
        _append(self.folder / 'sparsity.csv', {'epoch': epoch + 1, **layers}, epoch == 0)
        pruning = self.recipe.pruning
        stage = (not pruning or epoch + 1 >= pruning['end_epoch'], row['quantised'])
        fitness = 0.1 * result['mAP50'] + 0.9 * result['mAP50-95']
        about = {'config': self.config, 'names': self.data.names, 'imgsz': self.options.imgsz, 'epoch': epoch + 1, 'result': result, 'hyp': self.hyp}
        save(self.folder / 'last.pt', self.average.model, self.masks, **about)
        if stage != self.stage or fitness > self.best:
            self.best, self.stage = fitness, stage
            save(self.folder / 'best.pt', self.average.model, self.masks, **about)
        self._save_resume(epoch + 1)
        curves.draw(self.folder)

    def _save_resume(self, epoch):
        state = {'epoch': epoch, 'best': self.best, 'stage': self.stage, 'pruned_at': self.pruned_at, 'quantised': is_quantised(self.model),
                 'model': self.model.state_dict(), 'average': self.average.model.state_dict(), 'average_steps': self.average.steps,
                 'optimizer': self.optimizer.state_dict(), 'masks': self.masks.masks}
        torch.save(state, self.folder / 'resume.tmp')
        (self.folder / 'resume.tmp').replace(self.folder / 'resume.pt')  # whole or not at all

    def resume(self):
        path = self.folder / 'resume.pt'
        if not path.exists():
            raise TrainError(f'{path}: nothing to resume')
        state = torch.load(path, map_location=self.device)
        self.masks = Masks(state['masks'])
        if state['quantised'] and not is_quantised(self.model):
            self._quantise()
        self.model.load_state_dict(state['model'])
        self.average.model.load_state_dict(state['average'])
        self.average.steps = state['average_steps']
        self.optimizer.load_state_dict(state['optimizer'])
        self.first_epoch, self.best, self.stage, self.pruned_at = state['epoch'], state['best'], state['stage'], state['pruned_at']
        for name in ('results.csv', 'sparsity.csv'):
            _cut(self.folder / name, self.first_epoch)


def _append(path, row, first):
    with open(path, 'w' if first else 'a', newline='') as file:
        writer = csv.DictWriter(file, row)
        if first:
            writer.writeheader()
        writer.writerow({key: f'{value:.6g}' if isinstance(value, float) else value for key, value in row.items()})


def _cut(path, epochs):
    """Drops rows of an epoch that was interrupted after it was written."""
    lines = path.read_text().splitlines(keepends=True)
    path.write_text(''.join(lines[:1 + epochs]))
