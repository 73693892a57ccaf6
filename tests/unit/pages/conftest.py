import sys
from pathlib import Path

# the scripted runs of the diagnostics' tests, importable by name in importlib mode
sys.path.insert(0, str(Path(__file__).parents[1] / "diagnostics"))
