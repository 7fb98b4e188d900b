"""Pickles as torch.save writes them, made without torch."""

import collections
import io
import pickle
import zipfile

import numpy as np


class Name:
    """Pickles as a global of another module, which need not exist here."""

    def __init__(self, module, name):
        self.path = (module, name)

    def __call__(self, *args):
        return Call(self, args)


class Call:
    """Pickles as a call of a global."""

    def __init__(self, function, args):
        self.function, self.args = function, args


class Storage:
    """Pickles as a reference to numbers beside the pickle."""

    def __init__(self, *reference):
        self.reference = reference


class Pickler(pickle._Pickler):
    """Writes what torch.save writes, without torch."""

    def save(self, obj, save_persistent_id=True):
        if isinstance(obj, Name):
            self.write(pickle.GLOBAL + "\n".join(obj.path).encode() + b"\n")
        elif isinstance(obj, Call):
            self.save(obj.function)
            self.save(obj.args)
            self.write(pickle.REDUCE)
        elif isinstance(obj, Storage):
            self.save(obj.reference)
            self.write(pickle.BINPERSID)
        else:
            super().save(obj, save_persistent_id)


FLOATS = Name("torch", "FloatStorage")
NUMBERS = np.arange(12, dtype="<f4")


def tensor(
    offset=0, shape=(3, 4), strides=(4, 1), storage=FLOATS, size=12, key="0", kind="storage"
):
    place = Storage(kind, storage, key, "cpu", size)
    rebuild = Name("torch._utils", "_rebuild_tensor_v2")
    return rebuild(place, offset, shape, strides, False, collections.OrderedDict())


def pickled(content):
    file = io.BytesIO()
    Pickler(file, 2).dump(content)
    return file.getvalue()


def write(path, content, numbers=NUMBERS, extra=(), compression=zipfile.ZIP_STORED):
    """Write a zip archive as torch.save does."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("model/data.pkl", pickled(content))
        archive.writestr("model/data/0", numbers.tobytes())
        for name, data in extra:
            archive.writestr(name, data)
    return path
