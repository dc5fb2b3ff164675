"""Recipes: what a training run does when, as a YAML list of modifiers in the manner of SparseML.

    modifiers:
      - !EpochRangeModifier {start_epoch: 0, end_epoch: 60}
      - !LearningRateFunctionModifier {start_epoch: 0, end_epoch: 60, lr_func: cosine, init_lr: 0.01, final_lr: 0.0002, warmup_epochs: 2}
      - !GMPruningModifier {start_epoch: 4, end_epoch: 40, init_sparsity: 0.05, final_sparsity: 0.75, update_frequency: 0.5, mask_type: [1, 4]}
      - !ConstantPruningModifier {start_epoch: 0}
      - !QuantizationModifier {start_epoch: 50, disable_quantization_observer_epoch: 58}
"""
import math
import pathlib

import yaml

REQUIRED = object()
MODIFIERS = {
    'EpochRangeModifier': {'start_epoch': 0, 'end_epoch': REQUIRED},
    'LearningRateFunctionModifier': {'start_epoch': 0, 'end_epoch': REQUIRED, 'lr_func': 'cosine', 'init_lr': REQUIRED, 'final_lr': REQUIRED, 'warmup_epochs': 0},
    'GMPruningModifier': {'start_epoch': REQUIRED, 'end_epoch': REQUIRED, 'init_sparsity': 0.05, 'final_sparsity': REQUIRED, 'update_frequency': 0.5,
                          'mask_type': [1, 4], 'inter_func': 'cubic', 'layers': {}},
    'ConstantPruningModifier': {'start_epoch': 0},
    'QuantizationModifier': {'start_epoch': REQUIRED, 'disable_quantization_observer_epoch': math.inf},
}


class RecipeError(Exception):
    pass


class _Loader(yaml.SafeLoader):
    pass


def _construct(loader, suffix, node):
    if suffix not in MODIFIERS:
        raise RecipeError(f'{suffix} is not known; there are {", ".join(MODIFIERS)}')
    given = loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else {}
    unknown = [key for key in given if key not in MODIFIERS[suffix]]
    if unknown:
        raise RecipeError(f'{suffix} has no {", ".join(unknown)}; it takes {", ".join(MODIFIERS[suffix])}')
    missing = [key for key, default in MODIFIERS[suffix].items() if default is REQUIRED and key not in given]
    if missing:
        raise RecipeError(f'{suffix} needs {", ".join(missing)}')
    return suffix, {**MODIFIERS[suffix], **given}


_Loader.add_multi_constructor('!', _construct)


class Recipe:
    """One modifier of each kind at most; None where the recipe has none."""

    def __init__(self, path, epochs=None):
        try:
            said = yaml.load(pathlib.Path(path).read_text(), _Loader)
            modifiers = said['modifiers']
            self.kinds = dict(modifiers)
        except (OSError, yaml.YAMLError, UnicodeDecodeError, RecipeError) as error:
            raise RecipeError(f'{path}: {error}') from None
        except (TypeError, KeyError, ValueError):
            raise RecipeError(f'{path}: expected "modifiers:" and a list such as "- !EpochRangeModifier {{end_epoch: 60}}"') from None
        if len(self.kinds) != len(modifiers):
            raise RecipeError(f'{path}: a kind of modifier comes twice')
        if 'EpochRangeModifier' not in self.kinds:
            raise RecipeError(f'{path}: no EpochRangeModifier, which says how many epochs to train')
        self.pruning, self.constant = self.kinds.get('GMPruningModifier'), self.kinds.get('ConstantPruningModifier')
        self.rate, self.quantisation = self.kinds.get('LearningRateFunctionModifier'), self.kinds.get('QuantizationModifier')
        if self.pruning and (self.pruning['inter_func'] != 'cubic' or self.pruning['mask_type'][0] != 1):
            raise RecipeError(f'{path}: GMPruningModifier takes inter_func: cubic and mask_type: [1, N]')
        if self.pruning and self.constant:
            raise RecipeError(f'{path}: GMPruningModifier and ConstantPruningModifier exclude each other')
        self.epochs = self.kinds['EpochRangeModifier']['end_epoch']
        if epochs and epochs != self.epochs:
            self._stretch(epochs / self.epochs)
            self.epochs = epochs

    def _stretch(self, factor):
        """Another number of epochs keeps the shape of the run."""
        for modifier in self.kinds.values():
            for key in modifier:
                if key.endswith('_epoch') or key.endswith('_epochs') or key == 'update_frequency':
                    modifier[key] *= factor

    def learning_rate(self, epoch, default):
        """At a moment of the run, counted in epochs."""
        rate = self.rate or {'start_epoch': 0, 'end_epoch': self.epochs, 'lr_func': 'linear', 'init_lr': default, 'final_lr': default / 100, 'warmup_epochs': 1}
        progress = min(max((epoch - rate['start_epoch']) / max(1e-9, rate['end_epoch'] - rate['start_epoch']), 0), 1)
        share = (1 + math.cos(math.pi * progress)) / 2 if rate['lr_func'] == 'cosine' else 1 - progress
        warm = min(1.0, (epoch - rate['start_epoch']) / rate['warmup_epochs']) if rate['warmup_epochs'] else 1.0
        return (rate['final_lr'] + (rate['init_lr'] - rate['final_lr']) * share) * max(warm, 0.01)

    def sparsity_progress(self, epoch):
        return (epoch - self.pruning['start_epoch']) / max(1e-9, self.pruning['end_epoch'] - self.pruning['start_epoch'])
