import sys
from pathlib import Path

# the scripted runs of this folder, importable by name in importlib mode
sys.path.insert(0, str(Path(__file__).parent))
