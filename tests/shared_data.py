"""Where the project's shared material lies: `shared/` beside the checkout, or further up."""

from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def shared(name: str) -> Path:
    """The folder `shared/data/<name>`.

    :raises FileNotFoundError: it is nowhere above the checkout
    """
    for folder in CHECKOUT.parents:
        found = folder / "shared" / "data" / name
        if found.is_dir():
            return found
    raise FileNotFoundError(f"shared/data/{name} must lie beside the checkout {CHECKOUT}")
