"""What `tfnews doctor` finds on a machine."""

from dataclasses import dataclass, replace

from tfnews.records.record import Record


@dataclass(frozen=True)
class Library:
    """A library that tfnews stands on.

    Attributes:
        name: As it is installed.
        wanted: The versions that are allowed; "" for any.
        version: That is installed; `None` where it is missing.
        fault: What is wrong with it; `None` where nothing is.
    """

    name: str
    wanted: str
    version: str | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Extra:
    """Libraries that one command needs, or a part of one.

    Attributes:
        name: As it stands in `pip install 'tfnews[NAME]'`.
        needed_for: The commands.
        libraries: That it brings.
    """

    name: str
    needed_for: str
    libraries: tuple[Library, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The libraries of it that are missing or wrong."""
        return tuple(one.name for one in self.libraries if one.fault)


@dataclass(frozen=True)
class Processor:
    """The processor and what training in it gains.

    Attributes:
        name: As the system tells it.
        logical: Logical processors of the machine.
        usable: Of these, those that this process may use.
        features: Instructions that matter here; `None` where the system does not tell them.
        advice: Which precision they make worth it.
    """

    name: str | None
    logical: int
    usable: int
    features: tuple[str, ...] | None
    advice: str


@dataclass(frozen=True)
class Place:
    """A folder that tfnews writes to.

    Attributes:
        name: What it is for.
        path: With ~ for the home; left out of what is passed on.
        free_gb: Of the disk it is on, 10**9 bytes.
        used_gb: By what is in it; `None` where that is not counted.
        fault: What is wrong with it; `None` where nothing is.
    """

    name: str
    path: str | None = None
    free_gb: float | None = None
    used_gb: float | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Device:
    """What TensorFlow computes on: its kind, such as CPU or GPU, and its name."""

    kind: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Checkup(Record):
    """What a machine has and lacks.

    Attributes:
        tfnews: Its version.
        python: Its version.
        system: Name, release and kind of machine.
        libraries: That every command needs.
        extras: That some need.
        processor: Of the machine.
        memory_gb: In all, 10**9 bytes; of a container what it may have; `None` where not known.
        available_gb: Of it, now.
        gpu_driver: Of NVIDIA, its version; `None` where there is none.
        devices: That TensorFlow sees; `None` where it was not started.
        places: Folders and the disks they are on.
        variables: Names of the environment's variables that change what is done.
        faults: What makes commands fail, with what to do.
        notes: What may matter.
    """

    tfnews: str
    python: str
    system: str
    libraries: tuple[Library, ...]
    extras: tuple[Extra, ...]
    processor: Processor
    memory_gb: float | None = None
    available_gb: float | None = None
    gpu_driver: str | None = None
    devices: tuple[Device, ...] | None = None
    places: tuple[Place, ...] = ()
    variables: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def passed_on(self) -> "Checkup":
        """Return it without the paths, which may name a user."""
        return replace(self, places=tuple(replace(one, path=None) for one in self.places))
