"""What TensorFlow says of itself, asked in a process of its own: it may die there, or hang."""

import json
import subprocess
import sys

from tfnews.errors import visible
from tfnews.records.checkup import Device

_LONGEST = 180  # seconds that it may take to start
_SHOWN = 200  # characters of what it ended with
_ASKED = """
import json, os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf, keras, keras_hub, tfnews.models
devices = [one for one in tf.config.list_physical_devices() if one.device_type != "COMPOSITE"]
details = tf.config.experimental.get_device_details
named = [[one.device_type, details(one).get("device_name", one.name)] for one in devices]
print("\\n" + json.dumps(named))
"""


def seen() -> tuple[tuple[Device, ...], str | None]:
    """Start TensorFlow and what stands on it; return the devices, and what is wrong or `None`."""
    try:
        done = subprocess.run(
            [sys.executable, "-c", _ASKED],
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return (), f"TensorFlow did not start within {_LONGEST} s"
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        return (), f"TensorFlow does not start (exit {done.returncode}): {visible(last)[:_SHOWN]}"
    found = json.loads(done.stdout.strip().splitlines()[-1])
    return tuple(Device(kind, name) for kind, name in found), None
