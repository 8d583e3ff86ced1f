"""Import this first: the benchmarks measure the checkout that they lie in, installed or not."""

import sys
import warnings
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / part) for part in ("core", "plugins", "")]
# Pyramid 2.1 imports it; nothing that a benchmark tells about.
warnings.filterwarnings("ignore", "pkg_resources is deprecated", UserWarning)
