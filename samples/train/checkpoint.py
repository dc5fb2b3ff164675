"""Small checkpoints: float16 weights, of which only those alive under the masks; masks as bits; norms, biases and observed ranges as float32.

Names are those of the float model with its batch norms, whether it was quantised or not: a quantised checkpoint can go on in float, and the other way
round. A head of other classes is adapted: boxes and objectness stay, classes of the same name stay, the others start anew.
"""
import re

import numpy as np
import torch

from model import Yolo
from quantise import is_quantised, trace
from sparsity import Masks


class CheckpointError(Exception):
    pass


def plain_state(model):
    """The state by the float model's names (a folded convolution holds its batch norm inside)."""
    return {re.sub(r'\.conv\.bn\.', '.bn.', name): value.detach().cpu() for name, value in model.state_dict().items()}


def load_plain(model, state):
    """Counterpart of plain_state; ranges that the model does not have are left out."""
    own = model.state_dict()
    model.load_state_dict({name: state[plain] for name in own if (plain := re.sub(r'\.conv\.bn\.', '.bn.', name)) in state}, strict=False)


def save(path, model, masks, **about):
    """about: config, names, imgsz, epoch, result, recipe..."""
    state, bits = {}, {name: torch.from_numpy(np.packbits(mask.cpu().numpy())) for name, mask in masks.masks.items()}
    for name, value in plain_state(model).items():
        if value.dim() == 4:
            layer = name[:-len('.weight')]
            alive = value[masks.masks[layer].cpu()] if layer in masks.masks else value
            state[name] = (tuple(value.shape), alive.half().flatten().clone())
        else:
            state[name] = value.clone()
    torch.save({'format': 1, 'quantised': is_quantised(model), 'state': state, 'masks': bits, **about}, path)


class Checkpoint:
    def __init__(self, path):
        try:
            said = torch.load(path, map_location='cpu')
            self.about = {key: value for key, value in said.items() if key not in ('state', 'masks')}
            self.quantised, self.config, self.names = said['quantised'], said['config'], said['names']
            self.state, self.masks = self._unpacked(said['state'], said['masks'])
        except OSError as error:
            raise CheckpointError(f'{path}: {error.strerror or error}') from None
        except Exception as error:  # torch.load fails in many ways
            raise CheckpointError(f'{path}: not a checkpoint written by train ({type(error).__name__}: {error})') from None

    @staticmethod
    def _unpacked(packed, bits):
        state, masks = {}, {}
        for name, value in packed.items():
            if isinstance(value, tuple):
                shape, alive = value
                layer = name[:-len('.weight')]
                full = torch.zeros(shape)
                if layer in bits:
                    masks[layer] = torch.from_numpy(np.unpackbits(bits[layer].numpy(), count=full.numel())).bool().view(shape)
                    full[masks[layer]] = alive.float()
                else:
                    full = alive.float().view(shape)
                value = full
            state[name] = value
        return state, Masks(masks)

    def model(self, names=None, quantised=None):
        """A model with these weights, for `names`' classes, rounded or float (default: as it was)."""
        names = names or self.names
        model = Yolo(self.config, len(names))
        state = self._with_head(model, names) if list(names) != list(self.names) else self.state
        quantised = self.quantised if quantised is None else quantised
        model = trace(model, rounded=True) if quantised else model
        load_plain(model, state)
        return model

    def _with_head(self, model, names):
        """This state with the detection layers of `model`, into which go the rows that mean the same. No class in common: a wholly new head."""
        state, fresh = dict(self.state), model.state_dict()
        common = [(i, list(self.names).index(name)) for i, name in enumerate(names) if name in self.names]
        for key in [key for key in state if key.startswith('model.24.')]:
            new, old = fresh[key].clone(), self.state[key]
            if common:
                new, old = new.view(3, 5 + len(names), -1), old.view(3, 5 + len(self.names), -1)
                new[:, :5] = old[:, :5]
                for i, j in common:
                    new[:, 5 + i] = old[:, 5 + j]
            state[key] = new.view(fresh[key].shape)
        return state
