"""A made-up stress test that the tests of its page and of the run's report share."""

from tfnews.evaluation.stressing.attacks import ATTACKS
from tfnews.records.slices import Rate
from tfnews.records.stress import Side, Stress, Stressed

NAMES = [attack.name for attack in ATTACKS]


def rate(wrong, of=100):
    return Rate(wrong, of, wrong / of, (max(0.0, wrong / of - 0.05), min(1.0, wrong / of + 0.05)))


def side(f1, misses=4, alarms=2):
    return Side(
        f1=f1,
        interval=(f1 - 0.02, min(1.0, f1 + 0.02)),
        accuracy=f1,
        misses=rate(misses),
        alarms=rate(alarms),
    )


def attack(row, f1=0.97, misses=4, alarms=2, **facts):
    """Give what the attack of a row has done."""
    made = {
        "attack": ATTACKS[row].name,
        "doing": ATTACKS[row].doing.format(real="real", fake="fake"),
        "changed": 150,
        "refused": 3,
        "texts": 197,
        "before": side(0.97),
        "after": side(f1, misses, alarms),
        "difference": f1 - 0.97,
        "interval": (f1 - 0.99, f1 - 0.95),
        "corrected": 0.0004 if f1 < 0.9 else 1.0,
        "shown": f1 < 0.9,
        "flipped": rate(misses + alarms, 200),
    }
    return Stressed(**{**made, **facts})


def made(**facts):
    """Give a test with two falls that are shown, and an attack that was not measured."""
    attacks = [attack(row) for row in range(len(ATTACKS) - 1)]
    attacks[NAMES.index("dateline put in")] = attack(NAMES.index("dateline put in"), 0.5, 60)
    attacks[NAMES.index("title alone")] = attack(NAMES.index("title alone"), 0.7, 4, 80)
    skipped = "the training texts are not in English"
    attacks.append(Stressed(attack="synonyms", doing="Swapping", skipped=skipped))
    about = {
        "run": "cnn-1",
        "trained_on": "made_up",
        "class_names": ("real", "fake"),
        "part": "validation",
        "rows": 400,
        "drawn": 200,
        "refused": 7,
        "threshold": 0.5,
        "seed": 0,
        "untouched": side(0.97),
        "attacks": tuple(attacks),
        "worst": "dateline put in",
        "command": "tfnews stress cnn-1",
    }
    return Stress(**{**about, **facts})
